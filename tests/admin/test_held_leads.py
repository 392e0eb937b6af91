"""The list of held leads: what it shows, who may decide, and what a decision does."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callbacks.models import Extension
from leads.models import BlockEntry, Lead, LeadStatus, NeverCallNumber
from tests.support.admin_posting import confirm, said

MakeLead = Callable[..., Lead]
LIST = "/admin/leads/heldlead/"
WHY = "More than 20 requests came from the address 203.0.113.7 within 10 minutes."


@pytest.fixture
def hold(make_lead: MakeLead) -> MakeLead:
    def make(**values: object) -> Lead:
        values = {"submitted_from": "203.0.113.7", "error_message": WHY, **values}
        return make_lead(status=LeadStatus.HELD, is_held_back=True, **values)

    return make


def ask(client: Client, action: str, leads: list[Lead], query: str = "", **said: Any) -> Any:
    chosen = {"action": action, "_selected_action": [str(lead.pk) for lead in leads]}
    return client.post(LIST + query, {**chosen, **said}, follow=True)


def decide(client: Client, action: str, leads: list[Lead], **said: Any) -> list[str]:
    answer = ask(client, action, leads, confirmed="yes", **said)
    assert answer.status_code == 200
    return [str(message) for message in answer.context["messages"]]


def listed(client: Client, query: str = "") -> list[int]:
    return [lead.pk for lead in client.get(LIST + query).context["cl"].result_list]


def test_it_shows_what_is_held_and_why(
    managing: Client, hold: MakeLead, make_lead: MakeLead
) -> None:
    make_lead()
    lead = hold(email="dana@shop.example")
    page = managing.get(LIST)
    assert [it.pk for it in page.context["cl"].result_list] == [lead.pk]
    text = page.content.decode().replace("<wbr>", "")
    for shown in (WHY, "203.0.113.7", "dana@shop.example", f"/admin/leads/lead/{lead.pk}/change/"):
        assert shown in text
    assert "others held" not in page.content.decode().partition("result_list")[2]


def test_newest_first_and_oldest_by_a_click(managing: Client, hold: MakeLead) -> None:
    now = timezone.now()
    first, second = (hold(submitted_at=now - timedelta(hours=2 - it)) for it in range(2))
    assert listed(managing) == [second.pk, first.pk]
    assert listed(managing, "?o=1") == [first.pk, second.pk]


SENDERS = [
    ("an address", "submitted_from", ["203.0.113.7"] * 2, "203.0.113.8", "address=203.0.113.7"),
    (
        "an IPv6 network",
        "submitted_from",
        ["2001:db8::1", "2001:db8::ffff:2"],
        "2001:db8:0:1::1",
        "address=2001%3Adb8%3A%3A%2F64",
    ),
    (
        "a mail domain",
        "email",
        ["a@shop.example", "b@SHOP.example"],
        "a@other.example",
        "domain=shop.example",
    ),
]


@pytest.mark.parametrize(
    ("field", "same", "other", "query"), [it[1:] for it in SENDERS], ids=[it[0] for it in SENDERS]
)
def test_how_many_others_of_a_sender_are_held(
    field: str, same: list[str], other: str, query: str, managing: Client, hold: MakeLead
) -> None:
    known = {"submitted_from": None, "email": ""}
    of_one = [hold(**{**known, field: value}) for value in same]
    hold(**{**known, field: other})
    page = managing.get(LIST).content.decode()
    assert page.count("1 other held") == 2
    assert f"{LIST}?{query}" in page
    assert sorted(listed(managing, f"?{query}")) == sorted(it.pk for it in of_one)


def test_an_address_that_is_none_lists_nothing(managing: Client, hold: MakeLead) -> None:
    hold()
    assert listed(managing, "?address=%27%3B--") == []


def test_its_queries_do_not_grow_with_its_rows(managing: Client, hold: MakeLead) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            managing.get(LIST)
        return len(captured)

    hold(email="a@shop.example")
    queries()
    before = queries()
    for place in range(5):
        hold(email=f"b{place}@shop.example", submitted_from=f"203.0.113.{place}")
    assert queries() == before


@pytest.mark.parametrize("action", ["release_selected", "reject_selected", "block_selected"])
def test_each_asks_first(action: str, managing: Client, hold: MakeLead) -> None:
    leads = [hold(), hold()]
    page = ask(managing, action, leads).content.decode()
    assert 'name="confirmed"' in page
    assert {it.status for it in Lead.objects.all()} == {"held"}
    assert not LogEntry.objects.exists()


def test_released_leads_are_called_at_once_with_the_clock_of_their_submission(
    managing: Client, hold: MakeLead, extension: Extension
) -> None:
    earlier = timezone.now() - timedelta(minutes=10)
    due = earlier + timedelta(minutes=1)
    times = {"submitted_at": earlier, "clock_started_at": earlier, "waiting_since": earlier}
    leads = [hold(due_at=due, **times) for _ in range(2)]
    decide(managing, "release_selected", leads)
    for lead in Lead.objects.all():
        assert (lead.status, lead.is_held_back, lead.error_message) == ("waiting", False, "")
        assert lead.call_after <= timezone.now()
        assert (lead.clock_started_at, lead.due_at) == (earlier, due)
        assert lead.waited_held >= timedelta(minutes=9)  # for a decision
    entries = LogEntry.objects.filter(change_message="Released")
    assert sorted(it.object_id for it in entries) == sorted(str(it.pk) for it in leads)
    assert {it.content_type.model for it in entries} == {"lead"}


def test_a_chosen_time_that_lies_ahead_is_kept(
    managing: Client, hold: MakeLead, extension: Extension
) -> None:
    chosen = timezone.now() + timedelta(hours=2)
    lead = hold(chosen_at=chosen, call_after=chosen, clock_started_at=chosen, due_at=chosen)
    decide(managing, "release_selected", [lead])
    lead.refresh_from_db()
    assert (lead.status, lead.call_after) == ("waiting", chosen)


def test_a_listed_number_is_not_released(managing: Client, hold: MakeLead) -> None:
    lead = hold()
    NeverCallNumber.objects.create(phone=lead.phone, reason="asked for it")
    [said] = decide(managing, "release_selected", [lead])
    assert "never-call list: asked for it" in said
    assert Lead.objects.get().status == "held"


def test_what_somebody_else_has_decided_stays(managing: Client, hold: MakeLead) -> None:
    lead = hold()
    Lead.objects.update(status="cancelled", closed_at=timezone.now())
    assert decide(managing, "release_selected", [lead]) == []
    assert Lead.objects.get(pk=lead.pk).status == "cancelled"


def test_rejected_leads_are_cancelled_and_count_for_nothing(
    managing: Client, hold: MakeLead
) -> None:
    decide(managing, "reject_selected", [hold(), hold()])
    for lead in Lead.objects.all():
        assert (lead.status, lead.cancelled_while_held) == ("cancelled", True)
    assert LogEntry.objects.filter(change_message="Rejected").count() == 2


def test_blocked_numbers_are_listed_and_their_leads_closed(
    managing: Client, hold: MakeLead
) -> None:
    leads = [hold(), hold()]
    decide(managing, "block_selected", leads, reason="a prank")
    assert {it.status for it in Lead.objects.all()} == {"cancelled"}
    assert set(NeverCallNumber.objects.values_list("phone", "reason")) == {
        (lead.phone, "a prank") for lead in leads
    }


def test_all_of_one_address_are_decided_at_once(managing: Client, hold: MakeLead) -> None:
    of_one = [hold() for _ in range(40)]
    other = hold(submitted_from="198.51.100.1")
    query = "?address=203.0.113.7"
    page = ask(managing, "reject_selected", of_one[:1], query, select_across="1").content.decode()
    assert page.count('name="_selected_action"') == 40
    decide(managing, "reject_selected", of_one)
    assert Lead.objects.filter(status="cancelled").count() == 40
    assert Lead.objects.get(pk=other.pk).status == "held"


MAY = [
    ("sees leads", ("leads.view_lead",), 200, set()),
    ("judges", ("leads.view_lead", "leads.judge_heldlead"), 200, {"release", "reject"}),
    (
        "judges and lists",
        ("leads.view_lead", "leads.judge_heldlead", "leads.add_nevercallnumber"),
        200,
        {"release", "reject", "block"},
    ),
    ("judges blindly", ("leads.judge_heldlead",), 403, set()),
    ("sees sources", ("leads.view_leadsource",), 403, set()),
]


@pytest.mark.parametrize(
    ("permissions", "status", "actions"), [it[1:] for it in MAY], ids=[it[0] for it in MAY]
)
def test_who_may_see_and_decide(
    permissions: tuple[str, ...],
    status: int,
    actions: set[str],
    staff_with: Callable[..., Client],
    hold: MakeLead,
) -> None:
    lead, client = hold(), staff_with(*permissions)
    assert client.get(LIST).status_code == status
    for action in ("release", "reject", "block"):
        if action not in actions:
            ask(client, f"{action}_selected", [lead], confirmed="yes", reason="")
            assert Lead.objects.get().status == "held"
            assert not NeverCallNumber.objects.exists()
    if actions:
        offered = client.get(LIST).content.decode()
        every = ("release", "reject", "block")
        assert {it for it in every if f"{it}_selected" in offered} == actions


def test_its_tile_and_the_side_bar_lead_there(managing: Client, hold: MakeLead) -> None:
    hold()
    assert managing.get("/admin/").content.decode().count(f'href="{LIST}"') >= 2


BLOCKED = {
    "the number": (["number"], {("number", "+972505550102")}),
    "the address": (["address"], {("address", "203.0.113.7")}),
    "the domain": (["domain"], {("domain", "shop.example")}),
    "all of it": (
        ["number", "address", "domain"],
        {
            ("number", "+972505550102"), ("address", "203.0.113.7"), ("domain", "shop.example"),
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", BLOCKED)
def test_who_sent_it_is_blocked_for_a_time(
    managing: Client, manager: User, hold: MakeLead, row: str
) -> None:
    what, wanted = BLOCKED[row]
    lead = hold(phone="+972505550102", email="dana@SHOP.example")
    question = ask(managing, "block_sender_selected", [lead]).content.decode()
    for shown in ("Address: 203.0.113.7", "Mail domain: shop.example"):
        assert shown in question
    said = decide(
        managing, "block_sender_selected", [lead], what=what, verdict="refuse", span="week",
        reason="a prank",
    )  # fmt: skip
    assert "on the block list" in str(said)
    entries = BlockEntry.objects.all()
    assert {(it.kind, it.value) for it in entries} == wanted
    for entry in entries:
        assert (entry.verdict, entry.reason, entry.added_by) == ("refuse", "a prank", manager)
        assert entry.until
        assert timedelta(days=6) < entry.until - timezone.now() <= timedelta(days=7)
    assert Lead.objects.get().status == "cancelled"


def test_many_are_blocked_at_once_and_everybodys_domain_is_not(
    managing: Client, hold: MakeLead
) -> None:
    leads = [hold(email="dana@gmail.com") for _ in range(4)]
    leads.append(hold(email="dana@shop.example", submitted_from="2001:db8::7"))
    question = ask(managing, "block_sender_selected", leads).content.decode()
    assert question.count("gmail.com") == 1  # in the explanation
    decide(
        managing, "block_sender_selected", leads, what=["address", "domain"], verdict="hold",
        span="ever",
    )  # fmt: skip
    assert set(BlockEntry.objects.values_list("value", "until")) == {
        ("203.0.113.7", None), ("shop.example", None), ("2001:db8::/64", None),
    }  # fmt: skip
    assert set(Lead.objects.values_list("status", flat=True)) == {"cancelled"}


def test_an_entry_that_is_there_holds_no_shorter(managing: Client, hold: MakeLead) -> None:
    BlockEntry.objects.create(kind="address", value="203.0.113.7")
    chosen = {"what": ["address"], "verdict": "hold", "span": "day"}
    decide(managing, "block_sender_selected", [hold()], **chosen)
    assert BlockEntry.objects.get().until is None


def test_blocking_who_sent_it_is_a_right(client: Client, hold: MakeLead) -> None:
    user = User.objects.create_user("dana", is_staff=True)
    rights = ["view_lead", "judge_heldlead", "add_nevercallnumber"]
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client.force_login(user)
    lead = hold()
    assert "block_sender_selected" not in client.get(LIST).content.decode()
    ask(client, "block_sender_selected", [lead], confirmed="yes")
    assert not BlockEntry.objects.exists()


@pytest.mark.parametrize("may_judge", [False, True])
def test_a_held_lead_is_called_by_no_other_button_than_release(
    staff_with: Callable[..., Client],
    make_lead: Callable[..., Lead],
    extension: Extension,
    may_judge: bool,
) -> None:
    held = make_lead(status=LeadStatus.HELD, is_held_back=True)
    rights = ["leads.view_lead", "leads.call_lead", *["leads.judge_heldlead"] * may_judge]
    page = f"/admin/leads/lead/{held.pk}/call-now/"
    answer = confirm(staff_with(*rights), page)
    held.refresh_from_db()
    assert held.status == LeadStatus.HELD
    assert any("Ask a manager" in it for it in said(answer)) is not may_judge
