"""What a visitor can change on the page of their request, depending on its status.

This is the table of docs/architecture.md ("What a visitor can change"): each status is reached as
in production, and each act is sent in each of them.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from callbacks.models import CallAttempt, Extension, Team
from callbacks.models.attempt_states import LIVE_STATES, AttemptState
from leads import acts, never_call
from leads.models import Lead, LeadSource, TakenBack
from tests.support.simulator import SimulatorProcess
from tests.support.visitors import (
    E164,
    Visitor,
    call,
    ends,
    hidden,
    in_days,
    waits_for_a_retry,
)

pytestmark = pytest.mark.django_db(transaction=True)
RIGHT, RIGHT_E164 = "050-555 0102", "+972505550102"
ACTS = ("time", "number", "not-mine", "cancel")


def waiting(visitor: Visitor) -> None:
    visitor.sends()


def delayed(visitor: Visitor) -> None:
    visitor.sends()
    Lead.objects.update(call_after=timezone.now() - timedelta(minutes=5))


def scheduled(visitor: Visitor) -> None:
    visitor.sends(call_at=in_days(4))


def between_two_calls(visitor: Visitor) -> None:
    waits_for_a_retry(visitor)


def calling(visitor: Visitor) -> None:
    assert call(visitor.sends())


def on_the_phone(visitor: Visitor) -> None:
    calling(visitor)
    CallAttempt.objects.update(picked_up_at=timezone.now())


def talking(visitor: Visitor) -> None:
    on_the_phone(visitor)
    CallAttempt.objects.update(lead_answered_at=timezone.now())


def hung_up(visitor: Visitor) -> None:
    talking(visitor)
    CallAttempt.objects.update(hung_up_at=timezone.now())


def unknown(visitor: Visitor) -> None:
    calling(visitor)
    CallAttempt.objects.update(state=AttemptState.UNKNOWN)


def connected(visitor: Visitor) -> None:
    calling(visitor)
    ends(CallAttempt.objects.get(), "ANSWER", "ANSWER")


def closed_as(status: str) -> Callable[[Visitor], None]:
    def state(visitor: Visitor) -> None:
        lead = visitor.sends()
        Lead.objects.filter(pk=lead.pk).update(status=status, closed_at=timezone.now())

    return state


def held(visitor: Visitor) -> None:
    lead = visitor.sends()
    Lead.objects.filter(pk=lead.pk).update(status="held", is_held_back=True)


def nobody_answers(visitor: Visitor) -> None:
    visitor.sends()
    Team.objects.get().sources.clear()


def cancelled(visitor: Visitor) -> None:
    visitor.sends()
    visitor.does("cancel")


ALL = {"time", "number", "not-mine", "cancel"}
# How the request reaches the state, the status on the page, and the acts that are done.
STATES: dict[str, tuple[Callable[[Visitor], None], str, set[str]]] = {
    "waiting": (waiting, "waiting", ALL),
    "delayed": (delayed, "delayed", ALL),
    "scheduled": (scheduled, "scheduled", ALL),
    "between two calls": (between_two_calls, "scheduled", ALL),
    "calling": (calling, "calling", ALL),
    "on the phone": (on_the_phone, "on_the_phone", ALL),
    "unknown": (unknown, "checking", ALL),
    "hung up": (hung_up, "checking", ALL),
    "talking": (talking, "talking", set()),
    "connected": (connected, "connected", set()),
    "called": (closed_as("called"), "called", {"number"}),
    "unreached": (closed_as("unreached"), "unreached", {"number"}),
    "held": (held, "received", {"number", "not-mine", "cancel"}),
    "failed": (closed_as("failed"), "received", {"number", "not-mine", "cancel"}),
    "nobody answers": (nobody_answers, "received", {"number", "not-mine", "cancel"}),
    "cancelled by a manager": (closed_as("cancelled"), "cancelled", {"number"}),
    "cancelled on the page": (cancelled, "cancelled", {"number"}),
}
FIELDS = {"time": {"call_at": in_days(6)}, "number": {"phone": RIGHT}}


@pytest.fixture(autouse=True)
def _a_call_that_rings(
    source: LeadSource, extension: Extension, simulator: SimulatorProcess
) -> None:
    simulator.control(answer_after=600)


def is_called_for(phone: str) -> bool:
    """Whether a call to the number is live or will come by itself."""
    waits = Lead.objects.filter(phone=phone, status__in=("waiting", "calling")).exists()
    live = CallAttempt.objects.filter(phone=phone, state__in=LIVE_STATES)
    return waits or live.filter(stopped_at=None).exists()


def test_the_table_has_every_standing() -> None:
    assert {shown for _state, shown, _done in STATES.values()} == set(acts.OFFERED)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("state", STATES)
def test_an_act_in_a_state(state: str, act: str) -> None:
    reach, shown, done = STATES[state]
    visitor = Visitor()
    reach(visitor)
    assert visitor.status() == shown
    offers = f'<li data-act="{act}"><a' in visitor.reads()
    assert offers == (act in done)
    was_calling = shown in acts.RINGING
    before = list(Lead.objects.values_list("pk", "status", "call_after"))
    page, answer = visitor.page, visitor.does(act, **FIELDS.get(act, {}))
    old = Lead.objects.get(public_id=page.split("/")[-2])
    if act not in done:
        # For a cancelled request, the act redirects to the page that says so.
        assert answer.status_code == (303 if shown == "cancelled" else 409)
        assert list(Lead.objects.values_list("pk", "status", "call_after")) == before
        assert not TakenBack.objects.exclude(why="cancelled").exists()
        return
    assert answer.status_code == 303
    if act == "time":
        new = Lead.objects.latest("pk")
        assert new.chosen_at == datetime.fromisoformat(FIELDS["time"]["call_at"])
        assert visitor.status() == "scheduled"
        assert call(new.duplicate_of or new) is None
    elif act == "number":
        new = Lead.objects.get(phone=RIGHT_E164)
        assert visitor.page.endswith(f"/{new.public_id}/")
        assert (new.name, new.submitter) == (old.name, old.submitter)
        assert not is_called_for(E164)
    else:
        assert visitor.status() == "cancelled"
        assert not is_called_for(E164)
    if was_calling:
        page_of_old = Client().get(page).text
        assert "had already started" in page_of_old
        assert "data-final" not in page_of_old
        assert "data-caller" not in page_of_old
        CallAttempt.objects.update(
            state=AttemptState.STOPPED, outcome="stopped", ended_at=timezone.now()
        )
        page_of_old = Client().get(page).text
        assert "had already started" not in page_of_old
        assert "data-final" in page_of_old
    if act in {"cancel", "not-mine"}:
        assert TakenBack.objects.get().why == {"cancel": "cancelled", "not-mine": "not_theirs"}[act]
        assert TakenBack.objects.get().was_called == was_calling
        assert visitor.does(act).status_code == 303  # repeating it changes nothing


@pytest.mark.parametrize("method", ["get", "head", "options", "put", "delete"])
@pytest.mark.parametrize("act", [*ACTS, "feedback", "never-call"])
def test_only_a_post_changes_anything(act: str, method: str) -> None:
    visitor = Visitor()
    lead = visitor.sends()
    answer = getattr(visitor.client, method)(f"{visitor.page}{act}/?yes=1&call_at={in_days(3)}")
    assert answer.status_code == (200 if method in {"get", "head"} else 405)
    lead.refresh_from_db()
    assert lead.status == "waiting"
    assert Lead.objects.count() == 1
    assert not TakenBack.objects.exists()
    assert never_call.entry(E164) is None


FOREIGN = {"Sec-Fetch-Site": "cross-site", "Origin": "https://elsewhere.example"}


@pytest.mark.parametrize("act", [*ACTS, "feedback", "never-call"])
def test_a_page_of_a_foreign_website_does_nothing(act: str) -> None:
    visitor = Visitor(Client(headers=FOREIGN))
    lead = Visitor().sends()
    visitor.page = f"/contact/website/{lead.public_id}/"
    answer = visitor.does(act, **FIELDS.get(act, {}))
    assert answer.status_code == 403
    assert "This was sent from another website." in answer.text
    lead.refresh_from_db()
    assert (lead.status, Lead.objects.count()) == ("waiting", 1)


@pytest.mark.parametrize("act", ["time", "number"])
def test_the_same_page_sent_twice_is_one_change(act: str) -> None:
    visitor = Visitor()
    visitor.sends()
    page = visitor.page
    asked = visitor.client.get(f"{page}{act}/").text
    sent = {**hidden(asked), **FIELDS[act]}
    answers = [visitor.client.post(f"{page}{act}/", sent)["Location"] for _ in range(2)]
    assert len(set(answers)) == 1
    assert Lead.objects.count() == 2


@pytest.mark.parametrize("act", ["cancel", "not-mine", "number"])
def test_a_request_that_is_claimed_anew_each_time_is_not_taken_back_and_the_page_says_so(
    act: str,
) -> None:
    visitor = Visitor()
    lead = visitor.sends()
    # As if the request were always claimed just after its live call was looked up.
    Lead.objects.filter(pk=lead.pk).update(status="calling")
    answer = visitor.does(act, **FIELDS.get(act, {}))
    assert answer.status_code == 409
    assert "Your request is being processed right now." in answer.text
    assert Lead.objects.get(pk=lead.pk).status == "calling"
    assert not TakenBack.objects.exists()


def test_another_number_may_be_of_another_country(extension: Extension) -> None:
    """The page has the form's list of countries, and reads the number by the chosen one."""
    visitor = Visitor()
    visitor.sends()
    assert 'name="country"' not in visitor.client.get(f"{visitor.page}number/").text
    LeadSource.objects.update(allowed_countries=["IL", "GB"])
    page = visitor.client.get(f"{visitor.page}number/").text
    assert '<option value="IL" selected>Israel</option>' in page
    assert '<option value="GB">United Kingdom</option>' in page
    wrong = visitor.does("number", phone="020 7946 0", country="GB")
    assert wrong.status_code == 422
    assert '<option value="GB" selected>' in wrong.text
    assert 'value="020 7946 0"' in wrong.text
    again = {**hidden(wrong.text), "phone": "020 7946 0018"}
    sent = visitor.client.post(f"{visitor.page}number/", {**again, "country": "GB"})
    assert sent.status_code == 303
    assert Lead.objects.filter(status="waiting").get().phone == "+442079460018"


def test_a_country_that_is_none_of_them_counts_as_none(extension: Extension) -> None:
    LeadSource.objects.update(allowed_countries=["IL", "GB"])
    visitor = Visitor()
    visitor.sends()
    assert visitor.does("number", phone=RIGHT, country="US<b>").status_code == 303
    assert Lead.objects.filter(status="waiting").get().phone == RIGHT_E164
