"""Calls whose outcome nobody knows: what the list shows, who may decide, what is logged."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callbacks.models import CallAttempt, CallRecord, Extension
from leads.models import Lead
from tests.support.admin_posting import confirm, said

MakeLead = Callable[..., Lead]
LIST = "/admin/callbacks/unknownoutcome/"
SEES = ("callbacks.view_callattempt", "leads.view_lead")


@pytest.fixture
def make_question(make_lead: MakeLead, extension: Extension) -> Callable[..., CallAttempt]:
    def make(**values: object) -> CallAttempt:
        now = timezone.now()
        lead = make_lead(status="failed", closed_at=now, counted_from=now - timedelta(hours=1))
        return CallAttempt.objects.create(
            **{
                "lead": lead, "extension": extension, "phone": lead.phone, "state": "ended",
                "outcome": "never_known",
                "extension_number": "101", "claimed_at": now, "sent_at": now, "ended_at": now,
                "hold_until": now, "answered_at": now, "failure_reason": "read_timeout", **values,
            }
        )  # fmt: skip

    return make


@pytest.fixture
def question(make_question: Callable[..., CallAttempt]) -> CallAttempt:
    return make_question()


def talked(attempt: CallAttempt) -> str:
    return f"{LIST}{attempt.pk}/they-talked/"


def again(attempt: CallAttempt) -> str:
    return f"{LIST}{attempt.pk}/call-again/"


def test_it_shows_what_is_known(
    managing: Client, make_question: Callable[..., CallAttempt]
) -> None:
    attempt = make_question(
        call_id="C-known",
        lookup_count=7,
        next_lookup_at=timezone.now(),
        picked_up_at=timezone.now(),
    )
    CallRecord.objects.create(
        call_id="C-known", type="Click2Call leg1", leg=1, status="ANSWER", attempt=attempt,
        payload={},
    )  # fmt: skip
    page = managing.get(LIST).content.decode()
    for fact in (
        "Noa Levi", "+972 50-555", "Dana", "101", "The provider did not answer in time.",
        "The salesperson picked up", "Record of leg 1: ANSWER.", "C-known",
        "asked 7 times and will be asked again", talked(attempt), again(attempt),
    ):  # fmt: skip
        assert fact in page, fact


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("worker_lost", "Our worker stopped"),
        ("http_503", "HTTP status 503"),
        ("a_word_of_tomorrow", "a_word_of_tomorrow"),
    ],
)
def test_it_says_how_the_answer_was_lost(
    reason: str, words: str, managing: Client, make_question: Callable[..., CallAttempt]
) -> None:
    make_question(failure_reason=reason)
    assert words in managing.get(LIST).content.decode()


def test_what_is_known_or_was_called_again_is_not_in_it(
    managing: Client, make_question: Callable[..., CallAttempt]
) -> None:
    make_question(outcome="no_record")
    make_question(state="lead_no_answer", outcome="lead_no_answer")
    later = make_question()
    Lead.objects.filter(pk=later.lead_id).update(counted_from=timezone.now())
    assert managing.get(LIST).context["cl"].result_count == 0


def test_it_costs_as_many_queries_for_thirty_rows_as_for_three(
    managing: Client, make_question: Callable[..., CallAttempt], extension: Extension
) -> None:
    def queries(rows: int) -> int:
        for _ in range(rows):
            attempt = make_question()
            CallRecord.objects.create(
                call_id=str(attempt.pk), type="x", attempt=attempt, payload={}
            )
        with CaptureQueriesContext(connection) as captured:
            assert managing.get(LIST).context["cl"].result_count >= rows
        return len(captured)

    queries(1)
    assert queries(2) == queries(27)


def test_they_talked_closes_the_lead_and_is_logged_there(
    managing: Client, manager: User, question: CallAttempt
) -> None:
    assert "Did they talk?" in managing.get(talked(question)).content.decode()
    assert Lead.objects.get().status == "failed"
    answer = confirm(managing, talked(question))
    assert said(answer) == ["Noa Levi: The lead is connected and is not called again."]
    assert Lead.objects.get().status == "connected"
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (manager, str(question.lead_id))
    assert entry.change_message.startswith("They talked (call of ")
    page = managing.get(f"/admin/leads/lead/{question.lead_id}/change/").content.decode()
    assert "dana: They talked" in page


def test_call_again_opens_the_lead_and_is_logged_there(
    managing: Client, question: CallAttempt
) -> None:
    assert "is called a second time" in managing.get(again(question)).content.decode()
    confirm(managing, again(question))
    assert Lead.objects.get().status == "waiting"
    assert LogEntry.objects.get().change_message.startswith("Call again (call of ")


def test_the_second_of_two_people_is_told_and_nothing_is_logged(
    managing: Client, question: CallAttempt
) -> None:
    confirm(managing, talked(question))
    for address in (talked(question), again(question)):
        [message] = said(confirm(managing, address))
        known = "The outcome is now known: they talked. Nothing was changed."
        assert known in message
    assert LogEntry.objects.count() == 1


def test_the_page_of_one_has_both_buttons(managing: Client, question: CallAttempt) -> None:
    page = managing.get(f"{LIST}{question.pk}/change/").content.decode()
    assert talked(question) in page
    assert again(question) in page
    assert "hang-up" not in page


def test_the_leads_own_page_leads_to_the_question(managing: Client, question: CallAttempt) -> None:
    page = f"/admin/leads/lead/{question.lead_id}/"
    assert f"{page}they-talked/" in managing.get(f"{page}change/").content.decode()
    answer = managing.get(f"{page}they-talked/")
    assert (answer.status_code, answer.headers["Location"]) == (302, talked(question))
    confirm(managing, talked(question))
    assert "they-talked" not in managing.get(f"{page}change/").content.decode()
    assert said(managing.get(f"{page}they-talked/", follow=True)) == [
        "Somebody else has decided in the meantime."
    ]


def test_the_first_page_and_the_side_bar_count_them(
    managing: Client, make_question: Callable[..., CallAttempt]
) -> None:
    tile = "Unknown outcomes"
    page = managing.get("/admin/")
    assert [it.count for it in page.context["tiles"] if it.title == tile] == [0]
    make_question()
    make_question()
    page = managing.get("/admin/")
    [shown] = [it for it in page.context["tiles"] if it.title == tile]
    assert (shown.count, shown.alarming, shown.address) == (2, True, LIST)
    badges = [
        item.get("badge")
        for group in page.context["sidebar_navigation"]
        for item in group["items"]
        if item["title"] == "Unknown outcomes"
    ]
    assert badges == [2]


def test_who_may_only_look_is_offered_nothing_and_forged_posts_are_refused(
    manager: User, staff_with: Callable[..., Client], question: CallAttempt
) -> None:
    looking = staff_with(*SEES)
    for place in (LIST, f"{LIST}{question.pk}/change/", f"/admin/leads/lead/{question.lead_id}/"):
        page = looking.get(place, follow=True).content.decode()
        assert "they-talked" not in page
        assert "call-again" not in page
    forging = Client(enforce_csrf_checks=True)
    forging.force_login(manager)
    for client in (looking, forging, staff_with("callbacks.settle_outcome")):
        for address in (talked(question), again(question)):
            assert client.post(address, {"confirmed": "yes"}).status_code == 403
    assert Lead.objects.get().status == "failed"
    assert not LogEntry.objects.exists()


def test_who_may_decide_but_not_call_cannot_have_them_called(
    staff_with: Callable[..., Client], question: CallAttempt
) -> None:
    client = staff_with(*SEES, "callbacks.settle_outcome")
    assert client.post(again(question), {"confirmed": "yes"}).status_code == 403
    assert again(question) not in client.get(LIST).content.decode()
    assert client.post(talked(question), {"confirmed": "yes"}).status_code == 302
    assert Lead.objects.get().status == "connected"


def test_who_may_not_see_attempts_sees_none_of_it(
    staff_with: Callable[..., Client], question: CallAttempt
) -> None:
    client = staff_with("leads.view_lead")
    assert client.get(LIST).status_code == 403
    assert LIST not in client.get("/admin/").content.decode()


@pytest.mark.parametrize("pk", ["999999", "x", "999999999999999999999999"])
def test_an_attempt_that_is_not_there_is_not_found(pk: str, managing: Client) -> None:
    assert managing.get(f"{LIST}{pk}/they-talked/").status_code == 404


# --- calls whose answer was lost, while they are looked for --------------------------------------


@pytest.fixture
def lost(make_lead: Callable[..., Lead], extension: Extension) -> CallAttempt:
    lead, at = make_lead(status="calling"), timezone.now() - timedelta(minutes=1)
    return CallAttempt.objects.create(
        lead=lead, extension=extension, extension_number="101", phone=lead.phone, state="unknown",
        claimed_at=at, sent_at=at, hold_until=at + timedelta(hours=1),
    )  # fmt: skip


def test_the_first_page_counts_them_and_a_manager_says_that_no_call_came(
    managing: Client, lost: CallAttempt
) -> None:
    tiles = {it.title: it for it in managing.get("/admin/").context["tiles"]}
    shown = tiles["A call may be in progress, not known yet"]
    assert (shown.count, shown.alarming) == (1, True)
    assert managing.get(shown.address).context["cl"].result_count == 1
    page = f"/admin/callbacks/callattempt/{lost.pk}/"
    assert f"{page}no-call-came/" in managing.get(f"{page}change/").content.decode()
    confirm(managing, f"{page}no-call-came/")
    lost.refresh_from_db()
    assert (lost.state, Lead.objects.get().status) == ("never_placed", "waiting")
    assert LogEntry.objects.get().change_message == "No call came"
    assert "no-call-came" not in managing.get(f"{page}change/").content.decode()


def test_who_may_not_settle_is_not_offered_it(
    staff_with: Callable[..., Client], lost: CallAttempt
) -> None:
    looking = staff_with(*SEES)
    page = f"/admin/callbacks/callattempt/{lost.pk}/"
    assert "no-call-came" not in looking.get(f"{page}change/").content.decode()
    assert looking.post(f"{page}no-call-came/", {"confirmed": "yes"}).status_code == 403
    lost.refresh_from_db()
    assert lost.is_live
