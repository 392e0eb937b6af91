"""What is written after a talk, and how it changes the lead's further calls."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import transaction

from callbacks.calling import after_talk
from callbacks.calling.after_talk import Writing
from callbacks.calling.apply_outcome import apply
from callbacks.calling.manual_requests import CannotCall
from callbacks.models import CallAttempt, CallNote, Extension
from callbacks.models.attempt_states import AttemptState
from callbacks.reconciliation import corrections
from callbacks.routing import claim as claims
from callbacks.routing import config
from leads import intake, never_call, sla
from leads.models import Disposition, Lead, LeadSource, LeadStatus
from tests.support.asking import asked
from tests.support.together import at_once

MakeLead = Callable[..., Lead]
Dispositions = dict[str, Disposition]
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("extension", "dispositions"),
]
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday
TOMORROW = NOON + timedelta(days=1)
PHONE = "+972505550101"


@pytest.fixture(autouse=True)
def _at_noon() -> Any:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def dana(extension: Extension) -> User:
    user = User.objects.create_user("dana")
    Extension.objects.filter(pk=extension.pk).update(user=user)
    return user


def live(lead: Lead) -> CallAttempt:
    """An attempt that is calling the lead now."""
    teams = [team.pk for team in config.current().teams_for(lead.source_id)]
    claim = claims.claim(lead.pk, asked(*teams), NOON, timedelta(hours=1))
    assert claim
    return claim.attempt


def end(attempt: CallAttempt, state: str) -> Lead:
    at = NOON + timedelta(seconds=40)
    values = {"connected_at": NOON + timedelta(seconds=20)} if state == "bridged" else {}
    with transaction.atomic():
        assert attempt.finish(AttemptState(state), at, **values)
        apply(attempt, at)
    return Lead.objects.get(pk=attempt.lead_id)


def say(
    attempt: CallAttempt, name: str = "", user: object = None, note: str = "",
    at: datetime | None = None, seen: int | None = None, now: datetime = NOON,
    **values: Any,
) -> CallNote:  # fmt: skip
    disposition = Disposition.objects.get(name=name) if name else None
    writing = Writing(disposition, note, at)
    return after_talk.write(attempt.pk, writing, user, now, seen=seen, **values)


# What was said and how the call ended; then the lead's status, whether the number is listed, and
# which call is planned.
PLANNED = "planned"
ROWS: dict[str, tuple[str, str, str, bool, str]] = {
    "interested, after a talk": ("Interested", "bridged", "connected", False, ""),
    "not interested, after a talk": ("Not interested", "bridged", "connected", False, ""),
    "call again, after a talk": ("Call again", "bridged", "connected", False, "a follow-up"),
    "wrong number, after a talk": ("Wrong number", "bridged", "connected", False, ""),
    "spam, after a talk": ("Spam", "bridged", "connected", False, ""),
    "never again, after a talk": ("Never call again", "bridged", "connected", True, ""),
    "a message left, after a talk": ("Left a message", "bridged", "connected", False, ""),
    # Here the record says that nobody talked, so the lead would be called again.
    "interested, by the record too short": ("Interested", "short_talk", "cancelled", False, ""),
    "wrong number, by the record too short": ("Wrong number", "short_talk", "cancelled", False, ""),
    "spam, by the record not answered": ("Spam", "lead_no_answer", "cancelled", False, ""),
    "never again, by the record too short":
        ("Never call again", "short_talk", "cancelled", True, ""),
    "call again, by the record too short": ("Call again", "short_talk", "waiting", False, "itself"),
    "a message left, not answered": ("Left a message", "lead_no_answer", "waiting", False, ""),
}  # fmt: skip


@pytest.mark.parametrize("when", ["while it is on", "when it is over"])
@pytest.mark.parametrize("row", ROWS)
def test_what_follows(row: str, when: str, make_lead: MakeLead, dana: User) -> None:
    name, state, status, is_listed, planned = ROWS[row]
    attempt = live(make_lead(PHONE))
    at = TOMORROW if planned else None
    if when == "while it is on":
        note = say(attempt, name, dana, at=at)
        assert Lead.objects.get(pk=attempt.lead_id).status == "calling"
        lead = end(attempt, state)
    else:
        end(attempt, state)
        note = say(attempt, name, dana, at=at)
        lead = Lead.objects.get(pk=attempt.lead_id)
    note.refresh_from_db()
    assert lead.status == status
    assert lead.disposition == note.disposition
    assert (never_call.entry(PHONE) is not None) == is_listed
    assert not note.is_pending
    others = list(Lead.objects.exclude(pk=lead.pk))
    if planned == "a follow-up":
        [follow_up] = others
        assert (follow_up.status, follow_up.follow_up_of) == ("waiting", lead)
        assert follow_up.call_after == follow_up.clock_started_at == TOMORROW
        assert follow_up.due_at == TOMORROW + timedelta(seconds=60)
        assert (follow_up.name, follow_up.phone) == (lead.name, lead.phone)
        assert note.follow_up == follow_up
    else:
        assert others == []
        assert note.follow_up == (lead if planned == "itself" else None)
    if planned == "itself":
        assert lead.call_after == lead.gap_until == TOMORROW


def test_the_same_once_more_changes_nothing(make_lead: MakeLead, dana: User) -> None:
    attempt = live(make_lead(PHONE))
    end(attempt, "bridged")
    first = say(attempt, "Call again", dana, at=TOMORROW)
    assert say(attempt, "Call again", dana, at=TOMORROW) == first
    assert CallNote.objects.count() == 1
    assert Lead.objects.count() == 2


def test_two_taps_at_once_plan_one_call(make_lead: MakeLead, dana: User) -> None:
    attempt = live(make_lead(PHONE))
    end(attempt, "bridged")
    at_once(4, lambda: say(attempt, "Call again", dana, at=TOMORROW))
    assert CallNote.objects.count() == 1
    assert Lead.objects.filter(follow_up_of=attempt.lead_id).count() == 1


def test_a_note_alone_keeps_what_was_said_and_its_history(make_lead: MakeLead, dana: User) -> None:
    attempt = live(make_lead(PHONE))
    end(attempt, "bridged")
    first = say(attempt, "Call again", dana, at=TOMORROW)
    second = say(attempt, "Call again", dana, note="about the blue one", at=TOMORROW, seen=first.pk)
    assert second.follow_up_id == first.follow_up_id
    assert list(CallNote.objects.values_list("note", "stands")) == [
        ("", False), ("about the blue one", True),
    ]  # fmt: skip
    assert Lead.objects.count() == 2


def test_what_somebody_else_has_written_meanwhile_is_shown_first(
    make_lead: MakeLead, dana: User
) -> None:
    attempt = live(make_lead(PHONE))
    end(attempt, "bridged")
    manager = User.objects.create_user("rina")
    theirs = say(attempt, "Spam", manager)
    with pytest.raises(CannotCall, match="rina wrote “Spam” about this call"):
        say(attempt, "Interested", dana)
    assert say(attempt, "Interested", dana, seen=theirs.pk).disposition
    assert CallNote.objects.count() == 2


CHANGES: dict[str, tuple[str, str, str, str]] = {
    # The first and the second answer about an unanswered call; then the status of the lead and of
    # the follow-up.
    "wrong number, and it was not": ("Wrong number", "Left a message", "waiting", ""),
    "spam, and it was a call again": ("Spam", "Call again", "cancelled", "waiting"),
    "interested, and then not": ("Interested", "Not interested", "cancelled", ""),
    "never again, and it was another": ("Never call again", "Left a message", "waiting", ""),
}


@pytest.mark.parametrize("row", CHANGES)
def test_a_change_takes_back_what_was_done(row: str, make_lead: MakeLead, dana: User) -> None:
    first, then, status, planned = CHANGES[row]
    attempt = live(make_lead(PHONE))
    before = end(attempt, "lead_no_answer")
    note = say(attempt, first, dana)
    assert Lead.objects.get(pk=attempt.lead_id).status == "cancelled"
    say(attempt, then, dana, at=TOMORROW if planned else None, seen=note.pk)
    lead = Lead.objects.get(pk=attempt.lead_id)
    assert lead.status == status
    assert never_call.entry(PHONE) is None
    if status == "waiting":
        assert (lead.call_after, lead.gap_until) == (before.call_after, before.gap_until)
    follow_ups = Lead.objects.filter(follow_up_of=lead).values_list("status", flat=True)
    assert list(follow_ups) == ([planned] if planned else [])


@pytest.mark.parametrize(
    ("then", "at", "status"),
    [
        ("Interested", None, "cancelled"),
        ("Left a message", None, "cancelled"),
        ("Call again", TOMORROW + timedelta(hours=1), "waiting"),
        ("Never call again", None, "cancelled"),
    ],
)
def test_a_planned_call_is_moved_or_withdrawn(
    then: str, at: datetime | None, status: str, make_lead: MakeLead, dana: User
) -> None:
    attempt = live(make_lead(PHONE))
    end(attempt, "bridged")
    note = say(attempt, "Call again", dana, at=TOMORROW)
    say(attempt, then, dana, at=at, seen=note.pk)
    [follow_up] = Lead.objects.filter(follow_up_of=attempt.lead_id)
    assert follow_up.status == status
    if at:
        assert follow_up.call_after == follow_up.clock_started_at == at


def test_a_planned_call_that_is_moved_has_the_target_of_today(
    make_lead: MakeLead, dana: User
) -> None:
    """Its due time agrees with the target that its page shows."""
    attempt = live(make_lead(PHONE))
    end(attempt, "bridged")
    note = say(attempt, "Call again", dana, at=TOMORROW)
    LeadSource.objects.update(sla_target=1800)
    say(attempt, "Call again", dana, at=TOMORROW + timedelta(hours=1), seen=note.pk)
    follow_up = Lead.objects.get(follow_up_of=attempt.lead_id)
    assert follow_up.sla_target == 1800
    assert follow_up.due_at - follow_up.clock_started_at == timedelta(minutes=30)


def test_never_again_is_a_managers_to_take_back_after_a_while(
    make_lead: MakeLead, dana: User
) -> None:
    attempt = live(make_lead(PHONE))
    end(attempt, "bridged")
    note = say(attempt, "Never call again", dana)
    later = NOON + after_talk.TAKES_BACK_WITHIN + timedelta(seconds=1)
    changed = say(attempt, "Interested", dana, seen=note.pk, now=later)
    assert never_call.entry(PHONE)
    assert not changed.has_listed


def test_the_lead_repeats_what_was_said_of_its_newest_call(make_lead: MakeLead, dana: User) -> None:
    attempt = live(make_lead(PHONE))
    lead = end(attempt, "lead_no_answer")
    Lead.objects.filter(pk=lead.pk).update(call_after=NOON, gap_until=None, counted_from=NOON)
    later = NOON + timedelta(minutes=5)
    teams = [team.pk for team in config.current().teams_for(lead.source_id)]
    claim = claims.claim(lead.pk, asked(*teams), later, timedelta(hours=1))
    assert claim
    say(claim.attempt, "Interested", dana)
    say(attempt, "Left a message", dana)
    assert Lead.objects.get(pk=lead.pk).disposition.name == "Interested"  # type: ignore[union-attr]


def test_wrong_number_of_an_earlier_call_holds_when_the_one_that_is_on_is_over(
    make_lead: MakeLead, dana: User
) -> None:
    attempt = live(make_lead(PHONE))
    lead = end(attempt, "lead_no_answer")
    Lead.objects.filter(pk=lead.pk).update(call_after=NOON)
    later = NOON + timedelta(minutes=5)
    teams = [team.pk for team in config.current().teams_for(lead.source_id)]
    claim = claims.claim(lead.pk, asked(*teams), later, timedelta(hours=1))
    assert claim
    assert say(attempt, "Wrong number", dana).is_pending
    claim.attempt.finish(AttemptState.LEAD_NO_ANSWER, later)
    apply(claim.attempt, later)
    assert Lead.objects.get(pk=lead.pk).status == "cancelled"


def test_a_talk_that_is_told_late_keeps_the_call_that_was_agreed(
    make_lead: MakeLead, dana: User
) -> None:
    attempt = live(make_lead(PHONE))
    end(attempt, "short_talk")
    say(attempt, "Call again", dana, at=TOMORROW)
    attempt.refresh_from_db()
    with transaction.atomic():
        corrections.correct(attempt, AttemptState.BRIDGED, NOON, [])
    lead = Lead.objects.get(pk=attempt.lead_id)
    assert lead.status == "connected"
    [follow_up] = Lead.objects.filter(follow_up_of=lead)
    assert (follow_up.status, follow_up.call_after) == ("waiting", TOMORROW)


def again(lead: Lead, **values: Any) -> Lead:
    """The visitor sends the form again."""
    return intake.store(
        intake.Submission(
            source=lead.source, key=intake.key_from("again", str(values)), name="Noa Levi",
            phone=lead.phone, submitter=lead.submitter, **values,
        )
    )  # fmt: skip


def test_a_visitor_who_asks_again_meanwhile_is_called_at_once_and_counts(
    make_lead: MakeLead, dana: User
) -> None:
    attempt = live(make_lead(PHONE))
    lead = end(attempt, "bridged")
    say(attempt, "Call again", dana, at=TOMORROW)
    [follow_up] = Lead.objects.filter(follow_up_of=lead)
    assert list(Lead.objects.filter(sla.counted())) == [lead]
    assert list(Lead.objects.filter(sla.follow_ups())) == [follow_up]
    later = NOON + timedelta(hours=1)
    with time_machine.travel(later, tick=False):
        assert again(lead).status == "duplicate"
    follow_up.refresh_from_db()
    assert (follow_up.call_after, follow_up.status) == (later, "waiting")
    assert set(Lead.objects.filter(sla.counted())) == {lead, follow_up}


def test_what_was_asked_during_a_call_that_ended_with_never_again_asks_for_no_other(
    make_lead: MakeLead, dana: User
) -> None:
    attempt = live(make_lead(PHONE))
    joined = again(attempt.lead)
    say(attempt, "Never call again", dana)
    end(attempt, "lead_no_answer")
    assert [it.status for it in Lead.objects.order_by("pk")] == ["cancelled", "duplicate"]
    # A later request is held, so that a manager reads it.
    assert again(joined, message="please do call").status == "held"


def test_a_call_that_is_planned_while_another_request_waits_joins_it(
    make_lead: MakeLead, dana: User
) -> None:
    attempt = live(make_lead(PHONE))
    lead = end(attempt, "bridged")
    newer = again(lead)
    assert newer.status == "waiting"
    note = say(attempt, "Call again", dana, at=TOMORROW)
    newer.refresh_from_db()
    assert newer.call_after == NOON  # never pushed back
    assert note.follow_up
    assert (note.follow_up.status, note.follow_up.duplicate_of) == ("duplicate", newer)


def test_a_follow_up_is_late_after_its_time_and_not_before(make_lead: MakeLead, dana: User) -> None:
    attempt = live(make_lead(PHONE))
    end(attempt, "bridged")
    say(attempt, "Call again", dana, at=TOMORROW)
    due = TOMORROW + timedelta(seconds=60)
    later = due + timedelta(seconds=1)
    assert not Lead.objects.filter(sla.overdue_and_follow_ups(due)).exists()
    assert Lead.objects.filter(sla.overdue_and_follow_ups(later)).count() == 1
    assert not Lead.objects.filter(sla.overdue(later)).exists()
    assert not Lead.objects.filter(sla.missed(due + timedelta(days=1))).exists()


def test_a_call_that_is_gone_and_a_message_are_refused_in_a_sentence(make_lead: MakeLead) -> None:
    message = CallAttempt.objects.create(
        lead=make_lead(), kind="message", phone="+972505550199", record_name="hello",
        claimed_at=NOON, hold_until=NOON,
    )  # fmt: skip
    with pytest.raises(CannotCall, match="a recorded message"):
        say(message, "Interested")
    message.pk = 0
    with pytest.raises(CannotCall, match="no longer exists"):
        say(message, "Interested")


def test_a_disposition_that_is_deleted_meanwhile_is_refused_in_a_sentence(
    make_lead: MakeLead, dispositions: Dispositions
) -> None:
    attempt = live(make_lead(PHONE))
    gone = dispositions["Spam"]
    Disposition.objects.filter(pk=gone.pk).delete()
    with pytest.raises(CannotCall, match="no longer available"):
        after_talk.write(attempt.pk, Writing(gone), None, NOON, seen=None)
    assert not CallNote.objects.exists()


def test_the_end_of_a_call_and_a_tap_at_once_plan_one_call(make_lead: MakeLead, dana: User) -> None:
    attempt = live(make_lead(PHONE))
    at_once(
        1,
        lambda: end(attempt, "bridged").pk,
        lambda: say(attempt, "Call again", dana, at=TOMORROW).pk,
    )
    [follow_up] = Lead.objects.filter(follow_up_of=attempt.lead_id)
    assert follow_up.status == LeadStatus.WAITING
    assert not CallNote.objects.filter(is_pending=True).exists()
