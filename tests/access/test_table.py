"""Every address of the project, and every action of a list, for every role: one table.

The table is addresses.txt. A line is an address as the URL patterns have it, then who may GET it
and who may POST to it, one sign for each role in the order of ROLES:

    +  allowed          -  refused: 403, or 404, as for a row that is not theirs
    >  asked to sign in .  this method is not there: 405

An address that is not in the table fails the test, which prints the line as it is answered now:
read each sign, ask whether it should be so, and only then copy the line.
"""

from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model
from django.template.response import SimpleTemplateResponse
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from callbacks.access.roles import Role
from callbacks.models import Wallboard
from callbacks.wallboard import snapshot
from tests.access import world as worlds
from tests.access.world import TICKET, World

ROLES: tuple[Role | None, ...] = (
    Role.OWNER, Role.MANAGER, Role.INTEGRATOR, Role.TEAM_LEADER, Role.ANALYST, Role.SALESPERSON,
    None,
)  # fmt: skip
TABLE = Path(__file__).with_name("addresses.txt")
UNKNOWN_ID = "0b0e7a52-7f5b-4e9e-9a0c-3f1f6f3f0a11"


def read(text: str) -> dict[str, str]:
    """The signs by address: GET and POST of each role in turn."""
    found = {}
    for it in text.splitlines():
        if it and not it.startswith("#"):
            key, get, post = it.rsplit(maxsplit=2)
            found[key.strip()] = "".join(a + b for a, b in zip(get, post, strict=True))
    return found


EXPECTED = read(TABLE.read_text())


@pytest.fixture
def world(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    # Access is decided before a page is rendered, and rendering takes most of the time.
    monkeypatch.setattr(SimpleTemplateResponse, "rendered_content", "")
    snapshot.forget()  # the boards of earlier tests
    return world


@pytest.mark.parametrize("role", ROLES)
def test_every_address_is_answered_as_the_table_says(role: Role | None, world: World) -> None:
    place = ROLES.index(role)
    client, rows = world.as_(role), rows_of(world, role)
    wrong = []
    for key in sorted(EXPECTED.keys() & {*addresses(), *actions()}):
        wanted = EXPECTED[key][2 * place : 2 * place + 2]
        if (found := answers(key, role, client, world, rows)) != wanted:
            wrong.append(f"{key}: GET {found[0]} POST {found[1]}, not {wanted[0]} and {wanted[1]}")
    assert not wrong, "\n".join(wrong)


def test_no_address_is_missing_in_the_table(world: World) -> None:
    there = {*addresses(), *actions()}
    missing = dict.fromkeys(sorted(there - EXPECTED.keys()), "")
    for role in ROLES if missing else ():
        client, rows = world.as_(role), rows_of(world, role)
        for key in missing:
            missing[key] += answers(key, role, client, world, rows)
    said = [line(key, signs) for key, signs in missing.items()]
    gone = [f"There is no such address: {key}" for key in sorted(EXPECTED.keys() - there)]
    assert not said + gone, "\n".join([*said, *gone])


def answers(
    key: str, role: Role | None, client: Client, world: World, rows: dict[type[Model], Model]
) -> str:
    """The signs of GET and POST."""
    if " action=" in key:
        return _action(key, world.people[role])
    return _get_and_post(client, address(key, world, rows))


def line(key: str, signs: str) -> str:
    return f"{key:<90} {signs[::2]} {signs[1::2]}"


# --- addresses ------------------------------------------------------------------------------------


def addresses() -> list[str]:
    return sorted(set(_walk(get_resolver())))


def _walk(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for it in resolver.url_patterns:
        route = before + str(it.pattern)
        if isinstance(it, URLPattern):
            yield f"/{route}"
        else:
            yield from _walk(it, route)


def rows_of(world: World, role: Role | None) -> dict[type[Model], Model]:
    user = world.people[role] or User.objects.create_user("nobody-in-particular")
    return world.of_no_team | world.own.rows | worlds.theirs(user)


def address(route: str, world: World, rows: dict[type[Model], Model]) -> str:
    """The route's address, with an existing object for each parameter."""
    own = world.own
    board = Wallboard.objects.get()
    fixed = {
        "<slug:ticket>": TICKET,
        "<uuid:key>": UNKNOWN_ID,
        "(?P<digits>[1-9][0-9]{6,14})": own.lead.phone.lstrip("+"),
        "<path:content_type_id>/<path:object_id>": "1/1",
        "(?P<app_label>auth|axes|callbacks|leads)": "callbacks",
        "(?P<url>.*)": "nothing/here",
        "<int:pk>/pause": f"{own.extension.pk}/pause",
        "<int:pk>/available": f"{own.extension.pk}/available",
        "calls/<int:pk>": f"calls/{own.attempt.pk}",
        "wallboard/<str:token>": f"wallboard/{board.token}",
        "<int:version>": "1",
        "<str:token>": "none",
        "<uidb64>/<token>": "MQ/none",
        "(?P<secret>[^/]+)": settings.CDR_SECRET,
        "(?P<slug>[-a-zA-Z0-9_]+)": own.source.slug,
        "<slug:slug>": own.source.slug,
        "<slug:colour>": "7a1fa2",
        "<slug:digest>": "0" * 32,
        "<uuid:public_id>": str(own.lead.public_id),
        "<str:public_id>": str(own.lead.public_id),
        "(?P<public_id>[^/]+)": str(own.lead.public_id),
    }
    parts = route.strip("/").split("/")
    if (
        len(parts) > 3
        and parts[0] == "admin"
        and parts[1] != "r"
        and parts[3] in ("<path:object_id>", "<id>")
    ):
        parts[3] = str(rows[apps.get_model(parts[1], parts[2])].pk)
        route = "/" + "/".join(parts) + "/" * route.endswith("/")
    for written, meant in fixed.items():
        route = route.replace(written, meant)
    route = route.replace("^", "").replace("/?$", "/").replace("$", "")
    assert not set("<>()?*") & set(route), f"Say in `fixed` what stands for the parameter: {route}"
    return route


def _get_and_post(client: Client, path: str) -> str:
    signs = ""
    for method in ("get", "post"):
        cookies = client.cookies.output()
        with transaction.atomic():
            signs += _sign(getattr(client, method)(path))
            transaction.set_rollback(True)
        client.cookies = SimpleCookie()
        client.cookies.load(cookies.replace("Set-Cookie: ", ""))
    return signs


def _sign(answer: Any) -> str:
    to = answer.headers.get("Location", "")
    if to.startswith(("/admin/login/", "/desk/login/")):
        return ">"
    if to == "/admin/" and not answer.request["PATH_INFO"].endswith(("/login/", "/logout/")):
        return "-"  # "it does not exist, perhaps it was deleted"
    assert answer.status_code != 500, f"{answer.request['PATH_INFO']}: {answer.status_code}"
    return {401: "-", 403: "-", 404: "-", 405: "."}.get(answer.status_code, "+")


# --- actions --------------------------------------------------------------------------------------


def actions() -> list[str]:
    """ "/admin/leads/lead/ action=call_selected"."""
    found = []
    for model, its in admin.site._registry.items():
        names = [name for _function, name, _words in its._get_base_actions()]
        found += [
            f"/admin/{model._meta.app_label}/{model._meta.model_name}/ action={name}"
            for name in names
        ]
    return sorted(found)


def _action(key: str, user: User | None) -> str:
    """The two signs: an action is posted to its list."""
    path, name = key.split(" action=")
    _, _, app, model, _ = path.split("/")
    if user is None or not user.is_staff:
        return "->"
    request = RequestFactory().get(path)
    request.user = user
    its = admin.site._registry[apps.get_model(app, model)]
    offered = its.has_view_or_change_permission(request) and name in its.get_actions(request)
    return "-+" if offered else "--"
