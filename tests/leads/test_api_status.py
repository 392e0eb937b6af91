"""GET /api/leads/<uuid>/: what a visitor may see of a lead."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import AttemptState
from callbacks.policy.rules import Outcome
from leads import standings
from leads.models import Lead, LeadStatus

MakeLead = Callable[..., Lead]
# Without a team that answers, nobody is told to wait.
pytestmark = pytest.mark.usefixtures("team")


def url(lead: Lead) -> str:
    return f"/api/leads/{lead.public_id}/"


def in_status(make_lead: MakeLead, status: str, **values: object) -> Lead:
    is_open = status in {LeadStatus.HELD, LeadStatus.WAITING, LeadStatus.CALLING}
    now = timezone.now()
    return make_lead(
        status=status,
        closed_at=None if is_open else now,
        connected_at=now if status == LeadStatus.CONNECTED else None,
        **values,
    )


@pytest.mark.parametrize(
    ("status", "shown", "final"),
    [
        ("waiting", "waiting", False),
        ("calling", "calling", False),
        ("connected", "connected", True),
        ("called", "called", True),
        ("unreached", "unreached", True),
        ("held", "received", True),
        ("failed", "received", True),
        ("cancelled", "cancelled", True),
    ],
)
def test_every_status_has_a_word_for_visitors(
    status: str, shown: str, final: bool, client: Client, make_lead: MakeLead
) -> None:
    answer = client.get(url(in_status(make_lead, status)))
    body = answer.json()

    assert answer.status_code == 200
    assert set(body) == {
        "status", "language", "title", "message", "call_after", "final", "ask_after", "acts",
        "estimate", "caller_number",
    }  # fmt: skip
    assert (body["status"], body["final"], body["call_after"]) == (shown, final, None)
    assert body["title"]
    assert body["message"]


def test_what_needs_one_of_us_cannot_be_told_apart(client: Client, make_lead: MakeLead) -> None:
    answers = {
        client.get(url(in_status(make_lead, status))).content for status in ["held", "failed"]
    }
    assert len(answers) == 1


def test_a_lead_for_later_says_when(client: Client, make_lead: MakeLead) -> None:
    at = timezone.now() + timedelta(hours=30)
    body = client.get(url(in_status(make_lead, "waiting", call_after=at))).json()

    assert body["status"] == "scheduled"
    assert parse_datetime(body["call_after"]) == at
    assert body["message"].startswith("We will call you ")
    assert not body["final"]


def test_after_a_call_in_vain_it_says_when_we_try_again(
    client: Client, make_lead: MakeLead, extension: Extension
) -> None:
    at = timezone.now() + timedelta(minutes=15)
    lead = in_status(make_lead, "waiting", call_after=at, attempts=1)
    assert client.get(url(lead)).json()["title"] == "Your call is planned"
    CallAttempt.objects.create(
        lead=lead, extension=extension, phone=lead.phone, state=AttemptState.LEAD_NO_ANSWER,
        outcome=Outcome.LEAD_NO_ANSWER.value, claimed_at=lead.submitted_at,
        ended_at=lead.submitted_at, hold_until=lead.submitted_at,
    )  # fmt: skip
    assert client.get(url(lead)).json()["title"] == "We will try again"


def test_a_few_seconds_are_no_appointment(client: Client, make_lead: MakeLead) -> None:
    at = timezone.now() + timedelta(seconds=30)
    body = client.get(url(in_status(make_lead, "waiting", call_after=at))).json()
    assert (body["status"], body["call_after"]) == ("waiting", None)


@pytest.mark.parametrize("status", ["calling", "connected", "failed"])
def test_a_second_request_stands_where_the_first_does_for_the_same_person_only(
    status: str, client: Client, make_lead: MakeLead
) -> None:
    first = make_lead("+972505550150")
    second = make_lead("+972505550150")
    stranger = make_lead("+972505550150")
    Lead.objects.filter(pk__in=[first.pk, second.pk]).update(submitter=uuid.uuid4())
    assert second.duplicate_of == first
    now = timezone.now()
    Lead.objects.filter(pk=first.pk).update(
        status=status,
        closed_at=None if status == "calling" else now,
        connected_at=now if status == "connected" else None,
    )
    assert client.get(url(second)).content == client.get(url(first)).content
    if status != "calling":  # "calling" is checked in test_no_oracle
        assert client.get(url(stranger)).json()["status"] == "received"


def test_nothing_inside_shows(client: Client, make_lead: MakeLead) -> None:
    lead = in_status(
        make_lead,
        "failed",
        name="Noa Levi",
        email="noa@example.com",
        message="private",
        call_id="CALLID-1",
        error_code=2,
        error_message="Phone is missing",
        attempts=4,
    )
    text = client.get(url(lead)).text
    for secret in ["Noa", "5055", "example.com", "private", "CALLID", "Phone is missing", "error"]:
        assert secret not in text


def test_it_is_four_queries_and_kept_nowhere(
    client: Client, make_lead: MakeLead, django_assert_num_queries: Callable[[int], object]
) -> None:
    client.get(url(make_lead("+972505550150")))  # loads the configuration
    duplicate = make_lead("+972505550150")
    # The lead, whether the account is refused, who can take calls, and whether a call came since.
    with django_assert_num_queries(4):  # type: ignore[attr-defined]
        answer = client.get(url(duplicate))
    assert answer["Cache-Control"] == "no-store, private"
    assert not answer.cookies


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name", ["4d0a5a2e-2f6b-4c1d-9b60-5f1f5a0c7e11", "1", "nonsense", "%00", "a" * 3000]
)
def test_an_unknown_lead_is_a_404_in_json(name: str, client: Client) -> None:
    answer = client.get(f"/api/leads/{name}/")
    assert answer.status_code == 404
    assert answer.json() == {"errors": {"id": ["There is no such lead."]}}


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_it_only_answers_questions(method: str, client: Client, make_lead: MakeLead) -> None:
    answer = getattr(client, method)(url(make_lead()))
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")


# Monday 23 November 2026, 14:30 in Jerusalem (UTC+2).
NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "sentence"),
    [
        (
            datetime(2026, 11, 23, 14, 30, tzinfo=UTC),
            "We will call you today at 16:30.",
        ),
        (
            datetime(2026, 11, 23, 21, 59, tzinfo=UTC),
            "We will call you today at 23:59.",
        ),
        (
            datetime(2026, 11, 23, 22, 0, tzinfo=UTC),
            "We will call you tomorrow, Tuesday, at 00:00.",
        ),
        (
            datetime(2026, 11, 24, 7, 0, tzinfo=UTC),
            "We will call you tomorrow, Tuesday, at 09:00.",
        ),
        (
            datetime(2026, 11, 29, 7, 0, tzinfo=UTC),
            "We will call you on Sunday, 29 November, at 09:00.",
        ),
        # Summer time by then.
        (
            datetime(2027, 4, 4, 6, 0, tzinfo=UTC),
            "We will call you on Sunday, 4 April, at 09:00.",
        ),
    ],
)
def test_the_sentence_names_the_day_in_the_sites_time_zone(at: datetime, sentence: str) -> None:
    with timezone.override("Asia/Jerusalem"):
        said = standings.FIRST_CALL.text(at, NOW)
    assert said == sentence.removesuffix(".") + " (Jerusalem time)."
