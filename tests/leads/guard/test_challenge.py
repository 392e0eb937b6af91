"""A solved challenge releases a mildly suspicious request, once, and nothing else."""

import base64
import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import altcha
import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from leads.guard import challenge, findings, held
from leads.guard.verdicts import Finding, Judgement, Verdict
from leads.models import Challenge, Lead, LeadSource, NeverCallNumber
from tests.support.challenges import solve
from tests.support.together import at_once

pytestmark = pytest.mark.django_db
MakeLead = Callable[..., Lead]
MILD = Finding("robot", Verdict.HOLD, "Too quick.", is_mild=True)
HARD = Finding("rate", Verdict.HOLD, "Too many.")
UNANSWERED = Finding("rate", Verdict.HOLD, "Nobody answers.", is_unanswered=True)


@pytest.fixture(autouse=True)
def _less_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(challenge, "MOST", 40)


@pytest.fixture
def hold(make_lead: MakeLead) -> MakeLead:
    def make(*against: Finding, **values: object) -> Lead:
        lead = make_lead(status="held", is_held_back=True, **values)
        findings.keep(lead, Judgement(against), timezone.now())
        return lead

    return make


def address(lead: Lead) -> str:
    return f"/contact/{lead.source.slug}/{lead.public_id}/challenge/"


def asked(client: Client, lead: Lead) -> dict[str, Any]:
    answer = client.get(address(lead))
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    return dict(answer.json())


def sent(client: Client, lead: Lead, solution: str) -> int:
    return client.post(address(lead), {"altcha": solution}).status_code


def status(lead: Lead) -> str:
    return Lead.objects.get(pk=lead.pk).status


def test_a_solved_one_has_the_lead_called_with_its_clock(hold: MakeLead, client: Client) -> None:
    lead = hold(MILD)
    assert sent(client, lead, solve(asked(client, lead))) == 200
    found = Lead.objects.get(pk=lead.pk)
    assert (found.status, found.error_message, found.is_held_back) == ("waiting", "", False)
    assert found.clock_started_at == lead.clock_started_at
    assert found.submitted_at == lead.submitted_at
    assert found.challenge.solved_at is not None
    assert [it.reason for it in found.findings.all()] == ["Too quick."]  # kept for managers


# The findings against a lead, its status, and whether its page offers a challenge.
ASKED = [
    ("only mild", [MILD], "held", True),
    ("two mild", [MILD, MILD], "held", True),
    ("many numbers of one address besides", [MILD, HARD], "held", True),
    ("nothing mild", [HARD], "held", False),
    ("Redis was away besides", [MILD, UNANSWERED], "held", True),
    ("Redis was away, and nothing else", [UNANSWERED], "held", False),
    ("held before there were findings", [], "held", False),
    ("called anyway", [MILD], "waiting", False),
    ("rejected", [MILD], "cancelled", False),
]


@pytest.mark.parametrize(
    ("name", "against", "stands", "is_asked"), ASKED, ids=[a[0] for a in ASKED]
)
def test_where_it_is_asked(
    name: str, against: list[Finding], stands: str, is_asked: bool, hold: MakeLead, client: Client
) -> None:
    lead = hold(*against)
    closed = timezone.now() if stands == "cancelled" else None
    Lead.objects.update(status=stands, closed_at=closed)
    page = client.get(f"/contact/{lead.source.slug}/{lead.public_id}/").content.decode()
    assert ("altcha" in page) == is_asked
    assert client.get(address(lead)).status_code == (200 if is_asked else 404)
    assert sent(client, lead, "x") == (400 if is_asked else 404)
    assert status(lead) == stands


@pytest.mark.parametrize("is_held_back", [True, False])
def test_the_page_does_not_tell_that_somebody_waits_with_the_number(
    hold: MakeLead, client: Client, is_held_back: bool
) -> None:
    first, lead = hold(), hold(MILD)
    Lead.objects.filter(pk=first.pk).update(status="waiting")
    Lead.objects.filter(pk=lead.pk).update(
        status="duplicate",
        duplicate_of=first.pk,
        is_held_back=is_held_back,
        closed_at=timezone.now(),
    )
    assert client.get(address(lead)).status_code == (200 if is_held_back else 404)
    if is_held_back:
        assert sent(client, lead, solve(asked(client, lead))) == 200
    assert (status(lead), status(first)) == ("duplicate", "waiting")


def test_what_has_become_serious_is_not_lifted(hold: MakeLead, client: Client) -> None:
    """Something serious is found between the question and the answer."""
    for change in ("listed", "another finding"):
        lead = hold(MILD)
        solution = solve(asked(client, lead))
        if change == "listed":
            NeverCallNumber.objects.create(phone=lead.phone)
        else:
            findings.keep(lead, Judgement((HARD,)), timezone.now())
        sent(client, lead, solution)
        assert status(lead) == "held"


def changed(solution: str, **values: object) -> str:
    told = json.loads(base64.b64decode(solution))
    for name, value in values.items():
        for part in (told["challenge"]["parameters"], told["solution"]):
            if name in part:
                part[name] = value
    return base64.b64encode(json.dumps(told).encode()).decode()


def own(lead: Lead, **values: Any) -> str:
    """A solved challenge that somebody else made."""
    made = altcha.create_challenge(
        challenge.ALGORITHM,
        1,
        counter=0,
        expires_at=timezone.now() + timedelta(hours=1),
        data={"lead": str(lead.public_id)},
        hmac_secret=values.get("secret", "theirs"),
        hmac_key_secret=values.get("secret", "theirs"),
    )
    return solve(made.to_dict())


FORGED: dict[str, Callable[[str, Lead], str]] = {
    "empty": lambda *_: "",
    "no base64": lambda *_: "%%%",
    "no JSON": lambda *_: base64.b64encode(b"x").decode(),
    "a list": lambda *_: base64.b64encode(b"[]").decode(),
    "long": lambda *_: "A" * 60_000,
    "not text": lambda *_: "\x00\ud7ff",
    "no work": lambda it, _lead: changed(it, counter=0, derivedKey="00" * 32),
    "less work": lambda it, _lead: changed(it, cost=1),
    "an easier prefix": lambda it, _lead: changed(it, keyPrefix=""),
    "valid for longer": lambda it, _lead: changed(it, expiresAt=4_000_000_000),
    "never expires": lambda it, _lead: changed(it, expiresAt=None),
    "for another lead": lambda it, _lead: changed(it, data={"lead": str(uuid.uuid4())}),
    "made by themselves": lambda _it, lead: own(lead),
    "made with an empty secret": lambda _it, lead: own(lead, secret=b""),
}


@pytest.mark.parametrize("name", FORGED)
def test_what_is_forged_counts_for_nothing(name: str, hold: MakeLead, client: Client) -> None:
    lead = hold(MILD)
    forged = FORGED[name](solve(asked(client, lead)), lead)
    assert sent(client, lead, forged) == 400
    assert status(lead) == "held"
    assert Challenge.objects.get().solved_at is None


def test_it_runs_out(hold: MakeLead, client: Client) -> None:
    lead, now = hold(MILD), timezone.now()
    solution = solve(asked(client, lead))
    with time_machine.travel(now + challenge.VALID_FOR + timedelta(seconds=2), tick=False):
        assert sent(client, lead, solution) == 400
    assert status(lead) == "held"


def test_a_day_later_nobody_is_called_for_opening_the_page(hold: MakeLead, client: Client) -> None:
    lead = hold(MILD)
    Lead.objects.update(submitted_at=timezone.now() - held.ASKED_AGAIN_WITHIN)
    assert client.get(address(lead)).status_code == 404
    page = client.get(f"/contact/{lead.source.slug}/{lead.public_id}/").content.decode()
    assert "altcha" not in page


def test_one_solution_is_for_one_lead(hold: MakeLead, client: Client) -> None:
    first, second = hold(MILD), hold(MILD)
    solution = solve(asked(client, first))
    asked(client, second)
    assert sent(client, second, solution) == 400
    assert status(second) == "held"
    assert sent(client, first, solution) == 200


def test_the_database_keeps_a_solution_to_one_lead(hold: MakeLead) -> None:
    now = timezone.now()
    Challenge.objects.create(lead=hold(MILD), nonce="ab", solved_at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Challenge.objects.create(lead=hold(MILD), nonce="ab", solved_at=now)


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_counts(hold: MakeLead, client: Client) -> None:
    lead, now = hold(MILD), timezone.now()
    solutions = [solve(asked(client, lead)) for _ in range(2)]
    acts = [lambda it=it: challenge.answer(lead, it, now) for it in solutions]
    assert sorted(at_once(4, *acts)) == [False] * 7 + [True]
    assert status(lead) == "waiting"
    assert Challenge.objects.exclude(solved_at=None).count() == 1


def test_with_redis_away_it_waits_for_the_answer(
    hold: MakeLead, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = hold(MILD, UNANSWERED)
    assert sent(client, lead, solve(asked(client, lead))) == 200
    assert status(lead) == "held"
    monkeypatch.setattr(held.pipeline, "judge", lambda *_: Judgement())
    held.judge_again()
    assert status(lead) == "waiting"


def test_an_answer_alone_does_not_lift_what_is_mild(
    hold: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = hold(MILD, UNANSWERED)
    monkeypatch.setattr(held.pipeline, "judge", lambda *_: Judgement())
    held.judge_again()
    assert status(lead) == "held"


def test_what_joined_it_and_is_serious_stays_held_back(
    hold: MakeLead, make_lead: MakeLead, client: Client
) -> None:
    who = uuid.uuid4()
    lead = hold(MILD, submitter=who)
    closed = timezone.now()
    joined = [
        make_lead(status="duplicate", duplicate_of=lead, submitter=who, closed_at=closed,
                  is_held_back=True)
        for _ in range(2)
    ]  # fmt: skip
    for request, against in zip(joined, (MILD, HARD), strict=True):
        findings.keep(request, Judgement((against,)), timezone.now())
    assert sent(client, lead, solve(asked(client, lead))) == 200
    assert [Lead.objects.get(pk=it.pk).is_held_back for it in joined] == [False, True]


def test_the_address_of_nobody(source: LeadSource, client: Client) -> None:
    nobody = f"/contact/{source.slug}/{uuid.uuid4()}/challenge/"
    assert client.get(nobody).status_code == 404
    assert client.post(nobody, {"altcha": "x"}).status_code == 404
    assert client.put(nobody).status_code == 405


def test_a_body_that_cannot_be_read(hold: MakeLead, client: Client) -> None:
    lead = hold(MILD)
    assert client.post(address(lead), b"<x/>", content_type="text/xml").status_code == 415


def test_a_good_day_asks_for_nothing(make_lead: MakeLead, client: Client) -> None:
    lead = make_lead()
    page = client.get(f"/contact/{lead.source.slug}/{lead.public_id}/").content.decode()
    assert "altcha" not in page
    assert "challenge" not in page
    assert "altcha" not in client.get(f"/contact/{lead.source.slug}/").content.decode()
