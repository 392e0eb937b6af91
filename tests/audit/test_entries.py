"""Who changed what, when and from where: kept whichever way it was changed."""

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from callbacks.audit.acting import telling
from callbacks.models import AuditEntry, CallPrice, Erasure, Extension, SpendCount, SpendLimit, Team
from leads.models import Lead, LeadSource, NeverCallNumber

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def owner(db: None) -> User:
    return User.objects.create_superuser("owner", password="a long pass phrase")


@pytest.fixture
def signed_in(owner: User) -> Client:
    client = Client()
    client.force_login(owner)
    return client


def kept(kind: str, act: str = "") -> list[AuditEntry]:
    """The entries about tables of this name, the oldest first."""
    found = AuditEntry.objects.filter(kind=kind).order_by("pk")
    return list(found.filter(act=act) if act else found)


def only(kind: str, act: str) -> AuditEntry:
    (entry,) = kept(kind, act)
    return entry


def test_a_form_in_the_admin(signed_in: Client, owner: User) -> None:
    price = CallPrice.objects.create(prefix="+4414", country="", set_up=0, per_minute=1)
    began = timezone.now()
    answer = signed_in.post(
        f"/admin/callbacks/callprice/{price.pk}/change/",
        {"prefix": "+4414", "country": "", "set_up": "0", "per_minute": "2.5"},
        REMOTE_ADDR="192.0.2.7",
    )
    assert answer.status_code == 302
    entry = only("callbacks_callprice", "changed")
    assert (entry.user_id, entry.username) == (owner.pk, "owner")
    assert (entry.address, entry.way) == ("192.0.2.7", "admin")
    assert (entry.thing_id, entry.thing_name) == (str(price.pk), "+4414")
    assert (entry.before, entry.after) == ({"per_minute": 1.0}, {"per_minute": 2.5})
    assert began <= entry.at <= timezone.now()


def test_an_address_that_somebody_claims_to_have_changes_nothing(signed_in: Client) -> None:
    signed_in.post(
        "/admin/auth/group/add/",
        {"name": "Auditors"},
        REMOTE_ADDR="192.0.2.7",
        headers={"X-Forwarded-For": "198.51.100.1"},
    )
    assert only_named("auth_group", "Auditors").address == "192.0.2.7"


def only_named(kind: str, name: str) -> AuditEntry:
    return AuditEntry.objects.get(kind=kind, thing_name=name)


def _form(team: Team) -> None:
    team.strategy = "round_robin" if team.strategy != "round_robin" else "least_busy"
    team.wrap_up = 33
    team.save()


def _many(team: Team) -> None:
    Team.objects.filter(pk=team.pk).update(wrap_up=33)


def _by_hand(team: Team) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE callbacks_team SET wrap_up = 33 WHERE id = %s", [team.pk])


@pytest.mark.parametrize("change", [_form, _many, _by_hand])
def test_no_way_of_changing_a_setting_is_missed(change: Callable[[Team], None], team: Team) -> None:
    change(team)
    entry = only("callbacks_team", "changed")
    assert entry.after["wrap_up"] == 33
    assert (entry.user_id, entry.username, entry.way) == (None, "", "")  # the program itself


def test_what_changes_nothing_is_no_entry(team: Team) -> None:
    Team.objects.filter(pk=team.pk).update(name=team.name)
    assert kept("callbacks_team", "changed") == []


def test_what_is_deleted_says_what_stood_there(team: Team) -> None:
    key = str(team.pk)
    team.delete()
    entry = only("callbacks_team", "deleted")
    assert (entry.thing_id, entry.thing_name, entry.after) == (key, "Sales", {})
    assert entry.before["name"] == "Sales"
    assert only("callbacks_team_sources", "deleted").before["team_id"] == int(key)


@pytest.mark.parametrize(
    ("columns", "is_kept"),
    [
        ({"last_called_at": timezone.now()}, False),
        ({"missed_in_a_row": 2, "wrap_up_until": timezone.now()}, False),
        ({"queue_position": 7.5}, False),
        ({"is_active": False}, True),
        ({"number": "102"}, True),
        ({"languages": ["he", "ru"]}, True),
    ],
)
def test_of_an_extension_what_a_manager_sets(
    columns: dict[str, Any], is_kept: bool, extension: Extension
) -> None:
    Extension.objects.filter(pk=extension.pk).update(**columns)
    changed = kept("callbacks_extension", "changed")
    assert [set(entry.after) for entry in changed] == ([set(columns)] if is_kept else [])


def test_rights_that_are_given_and_taken(owner: User) -> None:
    dana = User.objects.create_user("dana")
    group = Group.objects.create(name="Night shift")
    with telling({"user": owner.pk, "address": "192.0.2.7", "way": "admin"}):
        dana.groups.add(group)
        User.objects.filter(pk=dana.pk).update(is_staff=True)
        dana.groups.clear()
    given, taken = kept("auth_user_groups")
    assert (given.act, given.username) == ("added", "owner")
    assert given.after == {"user_id": dana.pk, "group_id": group.pk}
    assert (taken.act, taken.before) == ("deleted", {"user_id": dana.pk, "group_id": group.pk})
    assert only("auth_user", "changed").after == {"is_staff": True}


def test_no_secret_and_no_visitors_number_is_kept(owner: User, source: LeadSource) -> None:
    owner.set_password("another long pass phrase")
    owner.save()
    entry = only("auth_user", "changed")
    assert entry.before == entry.after == {"password": {"hidden": True}}
    listed = NeverCallNumber.objects.create(phone="+972505550177", reason="Noa Levi asked for it")
    NeverCallNumber.objects.filter(pk=listed.pk).update(reason="She called again")
    listed.delete()
    everything = str(list(AuditEntry.objects.values()))
    for canary in ("5550177", "Noa", "She called", "pbkdf2", "argon2", "md5$"):
        assert canary not in everything
    assert [entry.act for entry in kept("leads_nevercallnumber")] == ["added", "changed", "deleted"]


def test_an_act_has_its_sentence_in_the_history_and_no_copy(
    owner: User, signed_in: Client, make_lead: Callable[..., Lead]
) -> None:
    lead = make_lead()
    sentence = "Noa Levi at +972505550177 wants it"
    LogEntry.objects.log_actions(owner.pk, [lead], CHANGE, sentence, single_object=True)
    entry = only("leads_lead", "done")
    assert (entry.username, entry.thing_id) == ("owner", str(lead.pk))
    page = "/admin/callbacks/auditentry/?kind=leads_lead"
    assert sentence in signed_in.get(page).content.decode()
    assert "Noa" not in str(list(AuditEntry.objects.values()))
    LogEntry.objects.update(change_message="… wants it")  # as an erasure does
    assert "wants it" in (text := signed_in.get(page).content.decode())
    assert "Noa Levi at" not in text


def test_a_form_of_a_lead_says_which_fields_it_has_changed(
    signed_in: Client, make_lead: Callable[..., Lead], owner: User
) -> None:
    lead = make_lead()
    LogEntry.objects.log_actions(
        owner.pk, [lead], CHANGE, [{"changed": {"fields": ["Name"]}}], single_object=True
    )
    assert only("leads_lead", "changed").before == {}
    page = signed_in.get("/admin/callbacks/auditentry/?kind=leads_lead").content.decode()
    assert "Changed Name." in page


def test_a_form_of_a_setting_is_one_entry(signed_in: Client, owner: User, team: Team) -> None:
    with telling({"user": owner.pk}):
        Team.objects.filter(pk=team.pk).update(wrap_up=33)
        message = [{"changed": {"fields": ["Wrap-up"]}}]
        LogEntry.objects.log_actions(owner.pk, [team], CHANGE, message, single_object=True)
    assert len(kept("callbacks_team")) == 2  # that it was added, and that it was changed


def test_signing_in_and_out(owner: User) -> None:
    client = Client()
    words = {"username": "owner", "password": "a long pass phrase"}
    client.post("/admin/login/", words, REMOTE_ADDR="192.0.2.7")
    client.post("/admin/logout/", REMOTE_ADDR="192.0.2.8")
    came, went = (only("auth_user", act) for act in ("signed_in", "signed_out"))
    assert (came.user_id, came.address, came.way) == (owner.pk, "192.0.2.7", "admin")
    assert (went.user_id, went.address, went.way) == (owner.pk, "192.0.2.8", "admin")


def test_what_is_written_after_a_request_is_not_the_last_ones(signed_in: Client) -> None:
    signed_in.post("/admin/auth/group/add/", {"name": "Auditors"})
    assert only_named("auth_group", "Auditors").username == "owner"
    Group.objects.create(name="Others")
    assert only_named("auth_group", "Others").username == ""


def test_what_is_rolled_back_leaves_no_entry_and_no_name(owner: User) -> None:
    with telling({"user": owner.pk}):
        with transaction.atomic():
            Group.objects.create(name="Auditors")
            transaction.set_rollback(True)
        Group.objects.create(name="Others")
    assert not AuditEntry.objects.filter(thing_name="Auditors").exists()
    assert only_named("auth_group", "Others").username == "owner"
    Group.objects.create(name="The program's")
    assert only_named("auth_group", "The program's").username == ""


def test_a_command_is_named() -> None:
    run = subprocess.run(
        [sys.executable, "manage.py", "shell", "--command", _MAKE_A_GROUP],
        env={
            **os.environ,
            "DATABASE_URL": _url(),
            "SECRET_KEY": "for-the-tests-" + "0123456789abcdef" * 3,
        },
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    entry = only_named("auth_group", "By a command")
    assert (entry.user_id, entry.way) == (None, "manage.py shell")


_MAKE_A_GROUP = (
    "from django.contrib.auth.models import Group; Group.objects.create(name='By a command')"
)


def _url() -> str:
    of = connection.settings_dict
    password = f":{of['PASSWORD']}" if of["PASSWORD"] else ""
    return f"postgres://{of['USER']}{password}@{of['HOST']}:{of['PORT']}/{of['NAME']}"


def test_who_erases_a_person_and_not_whom(owner: User) -> None:
    with telling({"user": owner.pk, "way": "admin"}):
        Erasure.objects.create(
            way="page", username="owner", wanted={"numbers": ["+972505550177"]}, digests=["d1"]
        )
    entry = only("callbacks_erasure", "added")
    assert entry.username == "owner"
    assert entry.after["wanted"] == {"hidden": True}
    assert "5550177" not in str(list(AuditEntry.objects.values()))


def test_a_limit_that_is_opened_again(signed_in: Client) -> None:
    limit, _made = SpendLimit.objects.get_or_create(scope="all", defaults={"time_zone": "UTC"})
    count = SpendCount.objects.create(limit=limit, span="hour", began_at=timezone.now())
    SpendCount.objects.filter(pk=count.pk).update(calls=1, cost=2)  # with each call
    assert kept("callbacks_spendcount") == []
    SpendCount.objects.filter(pk=count.pk).update(opened=1)
    assert set(only("callbacks_spendcount", "changed").after) == {"opened"}
