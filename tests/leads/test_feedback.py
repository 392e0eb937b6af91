"""The question after the talk: who is asked, how the answer is stored, and who sees it."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from callbacks.models import CallAttempt, Extension
from callbacks.privacy.erasing import Numbers, erase_lead
from leads.feedback import CHANGEABLE
from leads.models import Feedback, Lead, LeadSource
from tests.leads.test_visitor_acts import STATES
from tests.support.simulator import SimulatorProcess
from tests.support.visitors import Visitor, call, ends

pytestmark = pytest.mark.django_db(transaction=True)
UNKNOWN = "050-555 0172"


@pytest.fixture(autouse=True)
def _a_call_that_rings(
    source: LeadSource, extension: Extension, simulator: SimulatorProcess
) -> None:
    simulator.control(answer_after=600)


def has_talked(phone: str = "050-555 0101") -> Visitor:
    visitor = Visitor()
    attempt = call(visitor.sends(phone=phone))
    assert attempt
    ends(attempt, "ANSWER", "ANSWER")
    return visitor


def kept() -> list[tuple[int, str]]:
    return list(Feedback.objects.values_list("score", "words"))


@pytest.mark.parametrize("state", STATES)
def test_only_whoever_has_talked_is_asked(state: str) -> None:
    reach, shown, _done = STATES[state]
    visitor = Visitor()
    reach(visitor)
    is_asked = shown == "connected"
    assert ('<div class="question" data-act="feedback">' in visitor.reads()) == is_asked
    told = Client().get(f"/api/leads/{visitor.page.split('/')[-2]}/").json()
    assert ("feedback" in told["acts"]) == is_asked
    answer = visitor.does("feedback", score="4", words="Quick and kind")
    # For a cancelled request, the act redirects to the page that says so.
    assert answer.status_code == (303 if is_asked or shown == "cancelled" else 409)
    assert kept() == ([(4, "Quick and kind")] if is_asked else [])
    assert (Lead.objects.get().helped == 4) == is_asked


def test_the_answer_is_thanked_for_and_can_be_changed_for_a_while() -> None:
    visitor = has_talked()
    assert visitor.does("feedback", score="2").status_code == 303
    page = visitor.reads()
    assert "You answered 2 out of 5. Thank you." in page
    assert "Change your answer" in page
    assert 'class="question"' not in page
    assert visitor.does("feedback", score="5", words="They called again").status_code == 303
    assert kept() == [(5, "They called again")]
    assert Lead.objects.get().helped == 5
    with time_machine.travel(timezone.now() + CHANGEABLE, tick=False):
        page = visitor.reads()
        assert "You answered 5 out of 5. Thank you." in page
        assert "Change your answer" not in page
        assert visitor.does("feedback", score="1").status_code == 409
    assert kept() == [(5, "They called again")]


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({}, "Choose a number from 1 to 5."),
        ({"score": ""}, "Choose a number from 1 to 5."),
        ({"score": "0"}, "Choose a number from 1 to 5."),
        ({"score": "6"}, "Choose a number from 1 to 5."),
        ({"score": "-1"}, "Choose a number from 1 to 5."),
        ({"score": "4.5"}, "Choose a number from 1 to 5."),
        ({"score": "٤"}, "Choose a number from 1 to 5."),
        ({"score": "four"}, "Choose a number from 1 to 5."),
        ({"score": "4", "words": "a" * 501}, "Use at most 500 characters; you have used 501."),
    ],
    ids=["nothing", "empty", "0", "6", "-1", "4.5", "other digits", "a word", "too long"],
)
def test_what_is_no_answer_is_asked_for_again_and_nothing_that_was_typed_is_lost(
    sent: dict[str, str], sentence: str
) -> None:
    visitor = has_talked()
    answer = visitor.does("feedback", **{"words": "Thank you, Dana", **sent})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert sent.get("words", "Thank you, Dana") in answer.text
    assert kept() == []


def test_words_are_cleaned_and_shown_as_text() -> None:
    visitor = has_talked()
    visitor.does("feedback", score="3", words="<b>so</b>\x00 so \u202e")
    assert kept()[0][1].startswith("<b>so</b> so")
    assert "<b>so</b>" not in visitor.client.get(f"{visitor.page}feedback/").text


def test_it_belongs_to_the_lead_that_one_person_has_asked_for_twice() -> None:
    visitor = Visitor()
    first = visitor.sends()
    again = Visitor()
    attempt = call(first)
    again.token = visitor.token
    second = visitor.sends_from_the_page(message="And about my bill")
    assert second.duplicate_of == first
    assert attempt
    ends(attempt, "ANSWER", "ANSWER")
    visitor.does("feedback", score="4")
    assert Feedback.objects.get().lead == first


def test_what_a_stranger_says_of_somebody_elses_talk_is_not_the_talks() -> None:
    owner = Visitor()
    first = owner.sends()
    stranger = Visitor()
    own = stranger.sends()
    attempt = call(first)
    assert attempt
    ends(attempt, "ANSWER", "ANSWER")
    if stranger.status() == "connected":  # the page reads as if the number were theirs
        stranger.does("feedback", score="1", words="Rude")
        assert Feedback.objects.get().lead == own
    first.refresh_from_db()
    assert first.helped is None
    assert "You answered" not in owner.reads()
    owner.does("feedback", score="5", words="Very kind")
    assert "Rude" not in owner.reads()
    assert "5 out of 5" not in stranger.reads()


def test_it_is_answered_in_the_widgets_frame_too() -> None:
    visitor = has_talked()
    visitor.page = visitor.page.replace("/contact/", "/widget/")
    answer = visitor.does("feedback", score="4")
    assert answer["Location"].startswith("/widget/website/")


# --- where the answer is read -------------------------------------------------------------------


@pytest.fixture
def answered(extension: Extension, django_user_model: Any) -> Lead:
    user = django_user_model.objects.create_superuser("boss", password="x")
    Extension.objects.update(user=user)
    has_talked().does("feedback", score="2", words="Nobody knew <my> order")
    CallAttempt.objects.update(salesperson=user)
    return Lead.objects.get()


@pytest.fixture
def boss(answered: Lead, client: Client, django_user_model: Any) -> Client:
    client.force_login(django_user_model.objects.get())
    return client


def test_the_leads_page_says_it_and_its_story_too(boss: Client, answered: Lead) -> None:
    page = boss.get(f"/admin/leads/lead/{answered.pk}/change/").text
    assert page.count("Did it help? 2 out of 5") == 2
    assert "Nobody knew &lt;my&gt; order" in page


@pytest.mark.parametrize(
    ("asked", "is_listed"), [("any", True), ("low", True), ("middle", False), ("high", False)]
)
def test_the_list_is_narrowed_down_by_it(
    asked: str, is_listed: bool, boss: Client, answered: Lead
) -> None:
    page = boss.get(f"/admin/leads/lead/?helped={asked}").text
    assert (f"/admin/leads/lead/{answered.pk}/change/" in page) == is_listed


def test_the_desk_shows_it_to_whoever_talked(boss: Client) -> None:
    page = boss.get("/desk/").text
    assert "Did it help? 2 out of 5" in page
    assert "Nobody knew &lt;my&gt; order" in page


def test_the_export_has_both(boss: Client) -> None:
    answer = boss.post("/admin/leads/lead/export/", {"format": "csv"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    header, row = text.splitlines()[:2]
    assert "Did it help (1 to 5)" in header
    assert "Nobody knew <my> order" in row


def test_the_report_has_the_mean_by_salesperson_and_marks_so_few(boss: Client) -> None:
    page = boss.get("/admin/reports/callback-times/?show=helped&by=salesperson").text
    assert "Did it help?" in page
    assert "2.0" in page
    assert "few leads" in page.lower() or "small" in page.lower()


def test_it_is_erased_with_the_person_but_for_the_number() -> None:
    has_talked().does("feedback", score="2", words="My name is Noa")
    lead = Lead.objects.get()
    assert erase_lead(lead.pk, Numbers(), timezone.now() + timedelta(days=1))
    assert kept() == [(2, "")]
    assert Lead.objects.get().helped == 2
