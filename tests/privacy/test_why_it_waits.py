"""An erasure that is not finished at once says why, on the page and at the command line."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from callbacks.admin.privacy import person_page
from callbacks.management.commands import person as command
from callbacks.models import Erasure, Extension
from callbacks.privacy import course
from callbacks.routing import claim as claims
from leads import intake, transitions
from leads.intake import Submission
from leads.models import Lead, LeadSource
from tests.support import together

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER, EMAIL = "+972505550142", "noa@example.com"
CALL, DECISION, OTHERS = (
    "A call to this person is in progress",
    "is held, and somebody",
    "continues automatically",
)
ALL = {CALL, DECISION, OTHERS, "Everything about this person is erased"}


@pytest.fixture
def held_locks() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def situation(
    source: LeadSource, extension: Extension, held_locks: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], None]:
    """Sets up what the erasure of EMAIL meets."""

    def submit(name: str, email: str, phone: str = NUMBER) -> Lead:
        return intake.store(
            Submission(
                source=source, key=intake.key_from(name), name=name, phone=phone, email=email,
                submitter=intake.key_from("by", name),
            )
        )  # fmt: skip

    def called(phone: str = NUMBER) -> None:
        lead = submit("Noa Levi", EMAIL, phone)
        assert claims.claim_chosen(lead.pk, extension.pk, timezone.now(), timedelta(hours=1))

    def held() -> None:
        lead = submit("Noa Levi", EMAIL)
        submit("Dana Bar", "dana@example.com")
        assert transitions.hold(lead.pk, timezone.now(), "Too many of them")

    def both() -> None:
        held()
        lead = submit("Noa Cohen", EMAIL, "+972505550143")
        assert claims.claim_chosen(lead.pk, extension.pk, timezone.now(), timedelta(hours=1))

    def somebody_is_at_it(seconds: float | None = None) -> None:
        """Another process locks the erasure as soon as it begins, as a step of the sweep does. The
        page and the command do not wait long.
        """
        begin = course.begin

        def begun(*given: Any, **more: Any) -> Erasure:
            erasure = begin(*given, **more)
            let_go = held_locks.enter_context(together.locked_by_another(erasure))
            if seconds is not None:
                threading.Timer(seconds, let_go).start()
            return erasure

        monkeypatch.setattr(course, "begin", begun)
        for takes in (person_page, command):
            monkeypatch.setattr(takes, "_TAKES", 0.3 if seconds is None else 60)

    def held_alone() -> None:
        assert transitions.hold(submit("Noa Levi", EMAIL).pk, timezone.now(), "Too many of them")
        somebody_is_at_it()

    made: dict[str, Callable[[], Any]] = {
        "a call is on": called,
        "held, for others too": held,
        "both": both,
        "somebody is at it": lambda: (submit("Noa Levi", EMAIL), somebody_is_at_it()),
        "somebody is at the texts": somebody_is_at_it,
        "somebody is at it, and one is held": held_alone,
        "somebody was at it": lambda: (submit("Noa Levi", EMAIL), somebody_is_at_it(0.2)),
    }
    return lambda name: made[name]()


@pytest.mark.parametrize(
    ("name", "says", "code", "waits_for"),
    [
        ("a call is on", {CALL}, 3, ["call"]),
        ("held, for others too", {DECISION}, 3, ["decision"]),
        ("both", {CALL, DECISION}, 3, ["call", "decision"]),
        ("somebody is at it", {OTHERS}, 4, []),
        ("somebody is at the texts", {OTHERS}, 4, []),
        ("somebody is at it, and one is held", {OTHERS}, 4, []),
        ("somebody was at it", {"Everything about this person is erased"}, 0, []),
    ],
)
@pytest.mark.parametrize("way", ["page", "command"])
def test_it_says_why_it_is_not_finished(
    situation: Callable[[str], None], name: str, says: set[str], code: int, waits_for: list[str],
    way: str,
) -> None:  # fmt: skip
    situation(name)
    if way == "page":
        client = Client()
        client.force_login(User.objects.create_superuser("manager"))
        asked = {"number": "", "email": EMAIL, "do": "erase"}
        page = client.post("/admin/person/", asked, follow=True).content.decode()
        assert {it for it in ALL if it in page} == says
        return
    out, ended_with, told = StringIO(), 0, ""
    try:
        call_command("person", "erase", "--email", EMAIL, "--yes", "--json", stdout=out)
    except CommandError as error:
        ended_with, told = error.returncode, str(error)
    assert ended_with == code
    assert {it for it in ALL if it in told} == (says if code else set())
    found = json.loads(out.getvalue())
    assert (found["ok"], found.get("waits_for")) == (code == 0, waits_for)
