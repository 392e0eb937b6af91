"""Held leads: what is held and why, and how they relate to other requests for their number."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from callbacks.models import Extension
from leads import appointments, intake, leaving, never_call, transitions, wishes
from leads.guard import pipeline
from leads.guard.circumstances import Circumstances
from leads.guard.verdicts import CannotAnswer, Finding, Refused, Verdict
from leads.models import Lead, LeadSource, LeadStatus
from leads.submission import Submission

pytestmark = pytest.mark.django_db
PHONE = "+972505550101"
STRANGER = Circumstances(address=None)


def submission(source: LeadSource, name: str = "Dana", **values: object) -> Submission:
    values.setdefault("circumstances", STRANGER)
    return Submission(source=source, key=uuid.uuid4(), name=name, phone=PHONE, **values)  # type: ignore[arg-type]


@pytest.fixture
def suspicion(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that holds anybody called Mallory and refuses anybody called Eve."""

    def check(asked: Submission, _now: datetime) -> Iterator[Finding]:
        if asked.name == "Mallory":
            yield Finding("name", Verdict.HOLD, "Mallory is held.")
        if asked.name == "Eve":
            yield Finding("name", Verdict.REFUSE, "Eve is refused.")

    monkeypatch.setitem(pipeline.OF_STRANGERS, "name", check)


def add(monkeypatch: pytest.MonkeyPatch, name: str, *findings: Finding | Exception) -> None:
    def check(_asked: Submission, _now: datetime) -> Iterator[Finding]:
        for it in findings:
            if isinstance(it, Exception):
                raise it
            yield it

    monkeypatch.setitem(pipeline.OF_STRANGERS, name, check)


A, H, R = Verdict.ACCEPT, Verdict.HOLD, Verdict.REFUSE
STRICTEST = [
    ("nothing against it", [], A, ""),
    ("one holds", [[], [Finding("one", H, "Why.")]], H, "Why."),
    ("two hold", [[Finding("one", H, "A.")], [Finding("two", H, "B.")]], H, "A. B."),
    ("refused counts more", [[Finding("one", H, "A.")], [Finding("two", R, "B.")]], R, "B."),
    ("a check with nobody to ask", [[CannotAnswer("Redis is away.")]], H, "Redis is away."),
    (
        "a check that breaks",
        [[KeyError("secret")]],
        H,
        "The check “0” failed because of a fault in it. Decide for yourself.",
    ),
    ("what it said before it broke does not count", [[Finding("a", R, "A."), KeyError()]], H, None),
]


@pytest.mark.parametrize(
    ("checks", "verdict", "reason"), [it[1:] for it in STRICTEST], ids=[it[0] for it in STRICTEST]
)
def test_the_strictest_check_wins(
    checks: list[list[Finding | Exception]],
    verdict: Verdict,
    reason: str | None,
    source: LeadSource,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number, findings in enumerate(checks):
        add(monkeypatch, str(number), *findings)
    judged = pipeline.judge(submission(source), timezone.now())
    assert judged.verdict is verdict
    assert reason is None or judged.reason == reason


def test_what_a_follow_up_is_for_is_no_strangers_wish(source: LeadSource, suspicion: None) -> None:
    lead = intake.store(submission(source, "Mallory", circumstances=None))
    assert lead.status == LeadStatus.WAITING


def test_a_listed_number_is_held_for_a_follow_up_too(source: LeadSource) -> None:
    never_call.add(PHONE, "asked for it", None)
    lead = intake.store(submission(source, circumstances=None))
    assert (lead.status, lead.is_held_back) == (LeadStatus.HELD, True)
    found = lead.findings.get()
    assert (found.asked, found.verdict) == ("never_call", "hold")
    assert found.reason == lead.error_message == never_call.refusal(never_call.entry(PHONE))  # type: ignore[arg-type]


def test_what_is_refused_is_not_stored(source: LeadSource, suspicion: None) -> None:
    with pytest.raises(Refused):
        intake.store(submission(source, "Eve"))
    assert not Lead.objects.exists()


def test_what_was_stored_keeps_its_first_answer(
    source: LeadSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = submission(source)
    first = intake.store(sent)
    add(monkeypatch, "late", Finding("late", Verdict.REFUSE, "Too much."))
    assert intake.store(sent) == first
    add(monkeypatch, "late", Finding("late", Verdict.HOLD, "Too much."))
    assert intake.store(sent) == first
    assert not first.findings.exists()


def test_a_refused_correction_takes_nothing_back(source: LeadSource, suspicion: None) -> None:
    submitter = uuid.uuid4()
    first = intake.store_newest(submission(source, submitter=submitter))
    other = Submission(
        source=source, key=uuid.uuid4(), name="Eve", phone="+972505550102", submitter=submitter,
        circumstances=STRANGER,
    )  # fmt: skip
    for store in (intake.store_newest, intake.store_correction):
        with pytest.raises(Refused):
            store(other)
        first.refresh_from_db()
        assert first.status == LeadStatus.WAITING


# --- one open lead for each number ----------------------------------------------------------------


def test_a_held_lead_gives_way_to_a_request_that_is_accepted(
    source: LeadSource, suspicion: None
) -> None:
    held = intake.store(submission(source, "Mallory", message="Mallory's"))
    again = intake.store(submission(source, "Mallory"))
    owner = intake.store(submission(source, "Dana"))
    for lead in (held, again):
        lead.refresh_from_db()
        assert (lead.status, lead.duplicate_of) == (LeadStatus.DUPLICATE, owner)
        assert lead.is_held_back
        assert lead.closed_at is not None
    owner = Lead.objects.get(pk=owner.pk)
    assert (owner.status, owner.duplicate_of, owner.closed_at) == (LeadStatus.WAITING, None, None)
    assert not owner.is_held_back
    # Salespeople see nothing of the stranger's request.
    assert owner.newest_request() == owner


def test_where_the_number_is_listed_the_later_one_is_held_too(source: LeadSource) -> None:
    never_call.add(PHONE, "", None)
    first, later = (intake.store(submission(source)) for _ in range(2))
    assert (later.status, later.duplicate_of) == (LeadStatus.DUPLICATE, first)
    assert later.is_held_back
    assert Lead.objects.get(pk=first.pk).status == LeadStatus.HELD


def test_a_held_wish_moves_nothing(source: LeadSource, suspicion: None) -> None:
    soon = timezone.now() + timedelta(hours=2)
    owner = intake.store(submission(source, chosen_at=soon))
    before = Lead.objects.values().get(pk=owner.pk)
    stranger = intake.store(submission(source, "Mallory", language="he", message="Now!"))
    assert (stranger.status, stranger.duplicate_of) == (LeadStatus.DUPLICATE, owner)
    assert Lead.objects.values().get(pk=owner.pk) == before
    assert Lead.objects.get(pk=owner.pk).newest_request().name == "Dana"


def test_a_held_request_makes_no_appointment(source: LeadSource, suspicion: None) -> None:
    owner, now = intake.store(submission(source)), timezone.now()
    intake.store(submission(source, "Mallory", chosen_at=now + timedelta(hours=1)))
    later = now + timedelta(minutes=1)
    assert appointments.ahead(owner.pk, now, sent_before=later) is None
    assert not wishes.has_asked_since(owner.pk, now - timedelta(minutes=1))
    intake.store(submission(source, "Dana", chosen_at=now + timedelta(hours=2)))
    assert appointments.ahead(owner.pk, now, sent_before=later) == now + timedelta(hours=2)
    assert wishes.has_asked_since(owner.pk, now - timedelta(minutes=1))


@pytest.mark.parametrize(("name", "moves"), [("Dana", True), ("Mallory", False)])
def test_after_a_call_that_is_followed_by_another_a_held_wish_moves_nothing(
    name: str, moves: bool, source: LeadSource, extension: Extension, suspicion: None
) -> None:
    since = timezone.now()
    later = since + timedelta(hours=2)
    owner = intake.store(submission(source, chosen_at=later))
    Lead.objects.update(status=LeadStatus.CALLING)
    intake.store(submission(source, name))
    Lead.objects.filter(pk=owner.pk).update(status=LeadStatus.WAITING, call_after=later)
    with transaction.atomic():
        leaving.follow(owner.pk, since, timezone.now())
    assert (Lead.objects.get(pk=owner.pk).call_after < later) is moves


def closed_after_a_call(lead: Lead, since: datetime) -> None:
    now = timezone.now()
    Lead.objects.filter(pk=lead.pk).update(status=LeadStatus.CALLING)
    assert transitions.close(lead.pk, LeadStatus.UNREACHED, now, claimed_at=since)
    leaving.release(lead.pk, since, now)


def test_a_held_request_that_is_left_after_a_call_is_held(
    source: LeadSource, suspicion: None
) -> None:
    owner, since = intake.store(submission(source)), timezone.now()
    strangers = [intake.store(submission(source, "Mallory")) for _ in range(2)]
    closed_after_a_call(owner, since)
    first, second = Lead.objects.filter(pk__in=[it.pk for it in strangers]).order_by("pk")
    assert (first.status, first.duplicate_of, first.closed_at) == (LeadStatus.HELD, None, None)
    assert (second.status, second.duplicate_of) == (LeadStatus.DUPLICATE, first)


def test_after_a_call_the_accepted_request_is_called_and_not_the_held_one(
    source: LeadSource, suspicion: None
) -> None:
    owner, since = intake.store(submission(source)), timezone.now()
    stranger = intake.store(submission(source, "Mallory"))
    later = intake.store(submission(source, "Dana"))
    closed_after_a_call(owner, since)
    later.refresh_from_db()
    stranger.refresh_from_db()
    assert later.status == LeadStatus.WAITING
    assert (stranger.status, stranger.duplicate_of) == (LeadStatus.DUPLICATE, later)


def test_a_second_click_on_what_is_held_is_the_same_request(
    source: LeadSource, suspicion: None
) -> None:
    intake.store(submission(source))
    click = submission(source, "Mallory", submitter=uuid.uuid4())
    assert intake.store_newest(click) == intake.store_newest(click)


def test_a_manager_who_has_it_called_releases_it(source: LeadSource, suspicion: None) -> None:
    held = intake.store(submission(source, "Mallory"))
    now = timezone.now()
    assert transitions.open_again(held.pk, now, now)
    lead = Lead.objects.get(pk=held.pk)
    assert (lead.status, lead.is_held_back) == (LeadStatus.WAITING, False)
    assert (lead.clock_started_at, lead.due_at) == (held.clock_started_at, held.due_at)


# --- what visitors see ----------------------------------------------------------------------------


def test_the_visitor_of_a_held_lead_sees_an_ordinary_page(
    source: LeadSource, suspicion: None, client: Client
) -> None:
    fields = {"source": source.slug, "name": "Mallory", "phone": "050-555 0101"}
    answer = client.post("/api/leads/", fields)
    assert answer.status_code == 201
    assert client.get(answer.json()["status_url"]).json()["status"] == "received"
    page = client.post(f"/contact/{source.slug}/", fields, follow=True)
    assert page.status_code == 200
    assert "We have your request" in page.content.decode()
    assert "Mallory is held" not in page.content.decode()
