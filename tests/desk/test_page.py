"""What a salesperson sees: their own phones, who rings, their calls of today."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from callbacks.models import CallAttempt, Extension, Team
from leads import intake
from leads.models import Answers

pytestmark = pytest.mark.django_db
MakeAttempt = Callable[..., CallAttempt]
NOON = datetime(2026, 3, 25, 10, 0, tzinfo=UTC)  # 12:00 in Jerusalem


def page_of(client: Client) -> str:
    return client.get("/desk/").content.decode()


@pytest.mark.parametrize(
    ("values", "state", "note"),
    [
        ({}, "Available", "Your phone rings as soon as a lead comes in."),
        (
            {"is_paused": True, "pause_reason": "lunch", "paused_until": NOON + timedelta(hours=1)},
            "Paused until 13:00", "lunch",
        ),
        ({"is_blocked": True}, "Blocked by the provider", "Ask your sales manager"),
        (
            {
                "provider_busy_until": NOON + timedelta(seconds=9),
                "provider_busy_as": "team meeting",
            },
            "Team meeting", "according to the provider",
        ),
        (
            {
                "unavailable_until": NOON + timedelta(minutes=3),
                "unavailable_reason": "did not answer",
            },
            "Out until 12:03", "did not answer",
        ),
    ],
)  # fmt: skip
def test_it_says_how_the_phone_stands(
    values: dict[str, object], state: str, note: str, dana: User, client: Client
) -> None:
    Extension.objects.update(**values)
    with time_machine.travel(NOON, tick=False):
        client.force_login(dana)
        page = page_of(client)
    assert f"<span data-state>{state}</span>" in page
    assert note in page


@pytest.mark.parametrize(
    ("state", "values", "title"),
    [
        ("dialing", {"call_id": ""}, "Your phone is about to ring"),
        ("accepted", {}, "Your phone is ringing"),
        ("accepted", {"picked_up_at": NOON}, "On the line"),
        # Nobody reported that they picked up, but no phone rings for that long.
        ("accepted", {"answered_at": NOON}, "On the line"),
        ("unknown", {"call_id": ""}, "A call may be in progress"),
    ],
)
def test_while_it_rings_it_says_who_it_is(
    state: str, values: dict[str, object], title: str,
    hers: Client, extension: Extension, make_attempt: MakeAttempt,
) -> None:  # fmt: skip
    attempt = make_attempt(
        extension, state, name="Noa <Levi>", message="Do you deliver\nto Haifa?", **values
    )
    page = page_of(hers)
    assert title in page
    assert "Noa &lt;Levi&gt;" in page
    assert "Do you deliver\nto Haifa?" in page
    assert "Website" in page
    assert attempt.phone[-4:] in page
    assert attempt.phone[:-4] not in page
    assert "On a call" in page
    assert f"<title>{title}: Noa &lt;Levi&gt;</title>" in page


def test_a_pause_during_a_call_is_shown_to_come_after_it(
    hers: Client, extension: Extension, make_attempt: MakeAttempt
) -> None:
    make_attempt(extension)
    Extension.objects.update(is_paused=True, pause_reason="lunch")
    page = page_of(hers)
    assert "<span data-state>On a call</span>" in page
    assert "Your phone will be paused after this call." in page
    assert "I am available" in page


def test_the_calls_of_today_are_listed_latest_first(
    dana: User, client: Client, extension: Extension, make_attempt: MakeAttempt
) -> None:
    with time_machine.travel(NOON, tick=False):
        client.force_login(dana)
        for hours, state, values in (
            (3, "lead_no_answer", {}),
            (2, "bridged", {"talk_time": 200}),
            (1, "agent_no_answer", {}),
            (13, "bridged", {"name": "Of yesterday"}),
        ):
            make_attempt(extension, state, at=NOON - timedelta(hours=hours), **values)
        page = page_of(client)
    order = ["You did not pick up", "You talked", "3 min 20 s", "Did not answer"]
    places = [page.index(words) for words in order]
    assert places == sorted(places)
    assert "Of yesterday" not in page
    assert ">11:00</time>" in page
    assert "3 calls, 1 talk<" in page


def test_every_end_of_a_call_has_words(
    hers: Client, extension: Extension, make_attempt: MakeAttempt
) -> None:
    states = ["bridged", "lead_no_answer", "agent_no_answer", "ended", "refused", "not_sent",
              "never_placed"]  # fmt: skip
    for state in states:
        make_attempt(extension, state)
    assert page_of(hers).count('class="outcome"') == len(states)


def test_nothing_of_anybody_else_is_shown(
    hers: Client, team: Team, make_attempt: MakeAttempt
) -> None:
    # Ids, digests and tokens of the page may have "102" in them.
    theirs = Extension.objects.create(
        number="SIP-his", name="Omer", team=team, user=User.objects.create_user("omer")
    )
    nobodys = Extension.objects.create(number="SIP-free", name="Lior", team=team)
    make_attempt(theirs, name="Rings elsewhere")
    make_attempt(theirs, "bridged", name="Talked elsewhere")
    make_attempt(nobodys, "bridged", name="Talked to nobody")
    for path in ("/desk/", "/desk/now/"):
        shown = hers.get(path).content.decode()
        for words in ("Omer", "Lior", "elsewhere", "nobody", "SIP-his", "SIP-free"):
            assert words not in shown


def test_it_refreshes_without_javascript(hers: Client) -> None:
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page_of(hers)


def test_what_is_asked_every_few_seconds_is_sent_when_it_has_changed(
    hers: Client, extension: Extension, make_attempt: MakeAttempt
) -> None:
    first = hers.get("/desk/now/").json()
    assert first["title"] == "Available"
    assert set(first["parts"]) == {"live", "talks", "assigned", "phones", "calls"}
    again = hers.get("/desk/now/", {"seen": first["seen"]})
    assert (again.status_code, again.content) == (204, b"")
    make_attempt(extension, name="Noa Levi")
    changed = hers.get("/desk/now/", {"seen": first["seen"]}).json()
    assert changed["title"] == "Your phone is ringing: Noa Levi"
    assert "Noa Levi" in changed["parts"]["live"]["html"]
    for part, same in (("live", False), ("talks", False), ("phones", False), ("calls", True)):
        before, after = (it["parts"][part]["seen"] for it in (first, changed))
        assert (before == after) is same


def queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


@pytest.mark.parametrize("path", ["/desk/", "/desk/now/"])
def test_it_takes_as_many_queries_for_many_calls_and_phones_as_for_one(
    path: str, hers: Client, dana: User, extension: Extension, team: Team, make_attempt: MakeAttempt
) -> None:
    make_attempt(extension)
    make_attempt(extension, "bridged")
    queries(hers, path)
    with_few = queries(hers, path)
    for number in range(200, 205):
        other = Extension.objects.create(number=str(number), team=team, user=dana)
        make_attempt(other)
        for _ in range(5):
            make_attempt(other, "bridged")
    assert queries(hers, path) == with_few
    assert with_few < 25


def test_it_says_whom_to_ask_for(
    hers: Client, extension: Extension, make_attempt: MakeAttempt
) -> None:
    make_attempt(extension, phone_extension="12")
    assert 'Ask for extension <b class="digits" dir="ltr">12</b>' in page_of(hers)


def test_the_newest_request_of_the_number_is_shown_and_the_earlier_messages(
    hers: Client, extension: Extension, make_attempt: MakeAttempt
) -> None:
    lead = make_attempt(extension, message="In two weeks").lead
    for name, message in [("Noa Levi", ""), ("Noa Cohen", "Now, please")]:
        intake.store(
            intake.Submission(
                lead.source, uuid.uuid4(), name, lead.phone, email="c@example.com", message=message
            )
        )
    page = page_of(hers)
    assert "<bdi>Noa Cohen</bdi>" in page
    assert "Your phone is ringing: Noa Cohen" in page
    assert page.index("Now, please") < page.index("In two weeks")
    assert page.count('<blockquote class="words"') == 2


def test_what_the_form_asked_stands_below_the_message(
    hers: Client, extension: Extension, make_attempt: MakeAttempt
) -> None:
    lead = make_attempt(extension, message="Hello").lead
    given = [{"key": "rooms", "label": "Rooms <b>", "value": "3"},
             {"key": "garden", "label": "Garden", "value": True}]  # fmt: skip
    Answers.objects.create(lead=lead, given=given)
    page = page_of(hers)
    assert "<dt><bdi>Rooms &lt;b&gt;</bdi></dt><dd><bdi>3</bdi></dd>" in page
    assert "<dt><bdi>Garden</bdi></dt><dd><bdi>Yes</bdi></dd>" in page


def test_a_salesperson_says_of_a_lost_call_that_none_came(
    hers: Client, extension: Extension, make_attempt: MakeAttempt
) -> None:
    at = datetime.now(UTC) - timedelta(minutes=1)
    attempt = make_attempt(extension, "unknown", call_id="", at=at)
    button = f"/desk/calls/{attempt.pk}/no-call/"
    assert f'action="{button}"' in page_of(hers)
    assert hers.get(button).status_code == 303  # a GET changes nothing
    attempt.refresh_from_db()
    assert attempt.is_live
    assert hers.post(button).status_code == 303
    attempt.refresh_from_db()
    assert attempt.state == "never_placed"
    assert button not in page_of(hers)


def test_nobody_says_it_of_anothers_call_or_of_one_that_is_on(
    hers: Client, extension: Extension, team: Team, make_attempt: MakeAttempt
) -> None:
    at = datetime.now(UTC) - timedelta(minutes=1)
    anothers = make_attempt(
        Extension.objects.create(number="102", team=team), "unknown", call_id="", at=at
    )
    assert hers.post(f"/desk/calls/{anothers.pk}/no-call/").status_code == 404
    on = make_attempt(extension, "accepted", at=at)
    assert "no-call" not in page_of(hers)
    hers.post(f"/desk/calls/{on.pk}/no-call/")
    for attempt in (anothers, on):
        attempt.refresh_from_db()
        assert attempt.is_live
    assert Client().post(f"/desk/calls/{on.pk}/no-call/").status_code == 302
