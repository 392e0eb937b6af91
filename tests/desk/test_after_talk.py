"""The result of a talk, at the desk: buttons, a note, a time; for one's own calls only."""

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client

from callbacks.models import CallAttempt, CallNote, Extension, OpeningHours, Schedule, Team
from leads import never_call
from leads.models import Disposition, Lead, LeadSource

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("dispositions")]
MakeAttempt = Callable[..., CallAttempt]
Dispositions = dict[str, Disposition]
NOON = datetime(2026, 3, 25, 10, 0, tzinfo=UTC)  # a Wednesday, 12:00 in Jerusalem


@pytest.fixture(autouse=True)
def _at_noon() -> object:
    with time_machine.travel(NOON, tick=False):
        yield


def post(client: Client, attempt: CallAttempt, **values: object) -> tuple[int, str]:
    answer = client.post(f"/desk/calls/{attempt.pk}/", values)
    return answer.status_code, html.unescape(answer.content.decode())


def buttons(page: str) -> list[tuple[str, str]]:
    """The value and the words of each button that makes a choice."""
    found = re.findall(r'name="choice" value="([^"]*)"[^>]*>(.*?)</button>', page, re.DOTALL)
    return [
        (value, " ".join(re.sub("<[^>]+>", " ", words).split()))
        for value, words in found
    ]  # fmt: skip


@pytest.mark.parametrize("state", ["accepted", "bridged", "short_talk", "ended"])
def test_one_tap_on_the_page_writes_it(
    state: str, hers: Client, dana: User, extension: Extension, make_attempt: MakeAttempt,
    dispositions: Dispositions,
) -> None:  # fmt: skip
    attempt = make_attempt(extension, state)
    page = hers.get("/desk/").content.decode()
    assert "How did it go?" in page
    value = str(dispositions["Interested"].pk)
    assert (value, "Interested") in buttons(page)
    assert post(hers, attempt, choice=value, note="wants the blue one")[0] == 303
    note = CallNote.objects.get()
    assert (note.attempt, note.written_by) == (attempt, dana)
    assert (note.disposition, note.note) == (dispositions["Interested"], "wants the blue one")
    assert Lead.objects.get(pk=attempt.lead_id).disposition == dispositions["Interested"]
    page = hers.get("/desk/").content.decode()
    assert "Saved: Interested." in page
    assert page.count("wants the blue one") == 1


def test_what_was_said_of_a_call_stands_in_the_list_and_is_asked_no_more(
    hers: Client, extension: Extension, make_attempt: MakeAttempt, dispositions: Dispositions
) -> None:
    attempt = make_attempt(extension, "bridged")
    assert 'class="card talk"' in hers.get("/desk/").content.decode()
    post(hers, attempt, choice=dispositions["Spam"].pk)
    page = hers.get("/desk/").content.decode()
    assert 'class="card talk"' not in page
    assert "<b><bdi>Spam</bdi></b>" in page
    assert f'href="/desk/calls/{attempt.pk}/">Change</a>' in page


@pytest.mark.parametrize(
    ("state", "minutes", "asked"),
    [("bridged", 29, True), ("bridged", 31, False), ("agent_no_answer", 1, False),
     ("lead_no_answer", 1, False), ("refused", 1, False)],
)  # fmt: skip
def test_it_is_asked_after_a_talk_for_a_while(
    state: str, minutes: int, asked: bool, hers: Client, extension: Extension,
    make_attempt: MakeAttempt,
) -> None:  # fmt: skip
    attempt = make_attempt(extension, state, at=NOON - timedelta(minutes=minutes))
    page = hers.get("/desk/").content.decode()
    assert ('class="card talk"' in page) is asked
    # From the list, the result can be written at any time.
    assert f'href="/desk/calls/{attempt.pk}/"' in page


def test_it_asks_of_the_call_that_is_on_before_the_last_one(
    hers: Client, extension: Extension, make_attempt: MakeAttempt
) -> None:
    make_attempt(extension, "bridged", name="Noa Levi", at=NOON - timedelta(minutes=9))
    make_attempt(extension, "bridged", name="Gal Cohen", at=NOON - timedelta(minutes=5))
    asked = hers.get("/desk/now/").json()["parts"]["talks"]["html"]
    assert ("Gal Cohen" in asked, "Noa Levi" in asked) == (True, False)
    make_attempt(extension, "accepted", name="Rina Dahan")
    asked = hers.get("/desk/now/").json()["parts"]["talks"]["html"]
    assert ("Rina Dahan" in asked, "Gal Cohen" in asked) == (True, False)


def test_call_again_is_one_tap_for_the_usual_times(
    hers: Client, extension: Extension, make_attempt: MakeAttempt, dispositions: Dispositions
) -> None:
    attempt = make_attempt(extension, "bridged")
    again = dispositions["Call again"].pk
    offered = [it for it in buttons(hers.get("/desk/").content.decode()) if "@" in it[0]]
    assert offered == [
        (f"{again}@2026-03-25T13:00+02:00", "In an hour 13:00"),
        (f"{again}@2026-03-26T09:00+02:00", "Tomorrow morning Thu 26 Mar 09:00"),
        # By then the clocks have gone forward.
        (f"{again}@2026-04-01T09:00+03:00", "Next week Wed 01 Apr 09:00"),
        (f"{again}@", "Another time…"),
    ]
    assert post(hers, attempt, choice=offered[1][0])[0] == 303
    [follow_up] = Lead.objects.filter(follow_up_of=attempt.lead_id)
    assert follow_up.call_after == datetime(2026, 3, 26, 7, tzinfo=UTC)
    assert "The next call is planned for Thu 26 Mar 09:00." in hers.get("/desk/").content.decode()


@pytest.fixture
def office(team: Team) -> Schedule:
    """Opening hours from Sunday to Wednesday, nine to half past twelve, in Jerusalem."""
    schedule = Schedule.objects.create(name="Office", time_zone="Asia/Jerusalem")
    for weekday in (6, 0, 1, 2):
        OpeningHours.objects.create(
            schedule=schedule, weekday=weekday, opens_at=time(9), closes_at=time(12, 30)
        )
    Team.objects.update(schedule=schedule)
    return schedule


@pytest.mark.usefixtures("office")
def test_the_usual_times_are_moved_to_when_somebody_is_there(
    hers: Client, extension: Extension, make_attempt: MakeAttempt
) -> None:
    make_attempt(extension, "bridged")
    words = [words for value, words in buttons(hers.get("/desk/").content.decode()) if "@" in value]
    assert words == [
        # "In an hour" and "tomorrow morning" both lead to the next opening.
        "In an hour Sun 29 Mar 09:00 first possible time",
        "Next week Wed 01 Apr 09:00",
        "Another time…",
    ]


TIMES: dict[str, tuple[str, str, str | None]] = {
    # What was typed, the answer, and what is offered instead.
    "nothing": ("", "Choose when to call again.", None),
    "no time": ("soon", "This is not a valid time.", None),
    "over": ("2026-03-25T11:59", "This time has passed.", None),
    "too far": ("2026-09-01T10:00", "This is more than 90 days ahead.", None),
    "a year that is none": ("9999-12-31T23:59", "This is not a valid time.", None),
    "a year before all": ("0001-01-01T00:00", "This is not a valid time.", None),
    "closed": (
        "2026-03-26T10:00", "We are closed then. The next possible time is Sun 29 Mar 09:00.",
        "2026-03-29T09:00+03:00",
    ),
}  # fmt: skip


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("row", TIMES)
def test_a_time_that_does_not_fit_is_said_with_the_next_that_does(
    row: str, hers: Client, extension: Extension, make_attempt: MakeAttempt,
    dispositions: Dispositions,
) -> None:  # fmt: skip
    typed, said, instead = TIMES[row]
    attempt = make_attempt(extension, "bridged")
    again = f"{dispositions['Call again'].pk}@"
    status, page = post(hers, attempt, choice=again, again=typed, note="call <her> then")
    assert status == 422
    assert said in page
    assert "call <her> then</textarea>" in page  # nothing typed is lost
    assert not CallNote.objects.exists()
    if instead:
        assert (f"@{instead}", "Call then: Sun 29 Mar 09:00") in buttons(page)
        assert post(hers, attempt, choice=f"@{instead}", note="call her then")[0] == 303
        [follow_up] = Lead.objects.filter(follow_up_of=attempt.lead_id)
        assert follow_up.call_after == datetime.fromisoformat(instead)


def test_the_numbers_own_window_holds_too(
    hers: Client, extension: Extension, make_attempt: MakeAttempt, dispositions: Dispositions
) -> None:
    LeadSource.objects.update(call_from=time(9), call_until=time(20))
    attempt = make_attempt(extension, "bridged")
    choice = f"{dispositions['Call again'].pk}@"
    _status, page = post(hers, attempt, choice=choice, again="2026-03-25T21:00")
    assert (
        "This number may not be called at that hour. The next possible time is Thu 26 Mar 09:00."
        in page
    )


def test_times_are_those_of_the_salespersons_own_hours(
    hers: Client, extension: Extension, make_attempt: MakeAttempt, dispositions: Dispositions
) -> None:
    london = Schedule.objects.create(name="London", time_zone="Europe/London")
    for weekday in range(7):
        OpeningHours.objects.create(
            schedule=london, weekday=weekday, opens_at=time(0), closes_at=time(23, 59)
        )
    Extension.objects.update(schedule=london)
    attempt = make_attempt(extension, "bridged")
    page = hers.get(f"/desk/calls/{attempt.pk}/").content.decode()
    assert "Times are in London time." in page
    choice = f"{dispositions['Call again'].pk}@"
    assert post(hers, attempt, choice=choice, again="2026-03-25T15:00")[0] == 303
    assert CallNote.objects.get().call_again_at == datetime(2026, 3, 25, 15, tzinfo=UTC)


WRONG: dict[str, tuple[dict[str, str], str]] = {
    "nothing at all": ({}, "Choose how it went, or write a note."),
    "a disposition that is gone": ({"choice": "99999999"}, "That choice is no longer available."),
    "no number": ({"choice": "x' OR 1"}, "That choice is no longer available."),
    "a huge number": ({"choice": "9" * 60}, "That choice is no longer available."),
    "too long a note": ({"note": "x" * 1001}, "at most 1000 characters"),
    "a NUL": ({"note": "a\x00b"}, "Null characters"),
    "spaces alone": ({"note": " \n "}, "Choose how it went, or write a note."),
}


@pytest.mark.parametrize("row", WRONG)
def test_what_cannot_be_understood_is_said_and_nothing_is_written(
    row: str, hers: Client, extension: Extension, make_attempt: MakeAttempt
) -> None:
    values, said = WRONG[row]
    status, page = post(hers, make_attempt(extension, "bridged"), **values)
    assert (status, CallNote.objects.count()) == (422, 0)
    assert said in page


def test_a_disposition_that_is_switched_off_is_offered_no_more_and_what_was_said_stays(
    hers: Client, extension: Extension, make_attempt: MakeAttempt, dispositions: Dispositions
) -> None:
    attempt = make_attempt(extension, "bridged")
    post(hers, attempt, choice=dispositions["Spam"].pk)
    Disposition.objects.filter(name="Spam").update(is_active=False)
    other = make_attempt(extension, "bridged")
    assert (
        "That choice is no longer available."
        in post(hers, other, choice=dispositions["Spam"].pk, note="typed")[1]
    )
    page = hers.get(f"/desk/calls/{attempt.pk}/").content.decode()
    assert "Spam" not in [words for _, words in buttons(page)]
    note = CallNote.objects.get()
    assert post(hers, attempt, note="a bot", seen=note.pk)[0] == 303
    assert CallNote.objects.get(stands=True).disposition == dispositions["Spam"]


def test_what_a_manager_has_written_meanwhile_is_shown_first(
    hers: Client, extension: Extension, make_attempt: MakeAttempt, dispositions: Dispositions
) -> None:
    attempt = make_attempt(extension, "bridged")
    rina = User.objects.create_user("rina")
    theirs = CallNote.objects.create(
        attempt=attempt, lead=attempt.lead, note="I heard the call", written_by=rina,
        written_at=NOON,
    )  # fmt: skip
    choice = dispositions["Interested"].pk
    status, page = post(hers, attempt, choice=choice, note="typed", seen="")
    assert status == 422
    assert "rina wrote “I heard the call” about this call." in page
    assert "typed</textarea>" in page
    assert f'name="seen" value="{theirs.pk}"' in page
    assert post(hers, attempt, choice=choice, note="typed", seen=theirs.pk)[0] == 303


def test_the_record_says_that_nobody_talked(
    hers: Client, extension: Extension, make_attempt: MakeAttempt, dispositions: Dispositions
) -> None:
    attempt = make_attempt(extension, "lead_no_answer")
    page = hers.get(f"/desk/calls/{attempt.pk}/").content.decode()
    assert "According to its record, nobody talked on this call: lead did not answer." in page
    assert post(hers, attempt, choice=dispositions["Wrong number"].pk)[0] == 303


def test_never_call_again_is_done_at_once(
    hers: Client, extension: Extension, make_attempt: MakeAttempt, dispositions: Dispositions
) -> None:
    attempt = make_attempt(extension, "accepted")
    post(hers, attempt, choice=dispositions["Never call again"].pk, note="asked us to stop")
    entry = never_call.entry(attempt.phone)
    assert entry
    assert entry.reason == "asked us to stop"
    assert "This number will not be called again." in hers.get("/desk/").content.decode()


def test_who_takes_never_call_again_back_too_late_is_told_who_can(
    hers: Client, extension: Extension, make_attempt: MakeAttempt, dispositions: Dispositions
) -> None:
    attempt = make_attempt(extension, "bridged")
    post(hers, attempt, choice=dispositions["Never call again"].pk)
    CallNote.objects.update(written_at=NOON - timedelta(hours=1))
    post(hers, attempt, choice=dispositions["Interested"].pk)
    assert never_call.entry(attempt.phone)
    told = "The number stays on the never-call list until a manager removes it."
    assert told in hers.get("/desk/").content.decode()


def test_a_call_of_who_had_the_phone_before_is_not_offered(
    hers: Client, extension: Extension, make_attempt: MakeAttempt
) -> None:
    omer = User.objects.create_user("omer")
    attempt = make_attempt(extension, "bridged", salesperson=omer)
    page = hers.get("/desk/").content.decode()
    assert f"/desk/calls/{attempt.pk}/" not in page


def test_the_talk_before_is_told_when_the_follow_up_rings(
    hers: Client, dana: User, extension: Extension, make_attempt: MakeAttempt,
    dispositions: Dispositions,
) -> None:  # fmt: skip
    before = make_attempt(extension, "bridged", at=NOON - timedelta(days=1))
    CallNote.objects.create(
        attempt=before, lead=before.lead, note="about the blue one", written_by=dana,
        disposition=dispositions["Call again"], written_at=NOON - timedelta(days=1),
    )  # fmt: skip
    now = make_attempt(extension, "accepted")
    Lead.objects.filter(pk=now.lead_id).update(follow_up_of=before.lead)
    page = hers.get("/desk/").content.decode()
    assert "After your last talk: <bdi>Call again: about the blue one</bdi>" in page


# --- whose call it is -----------------------------------------------------------------------------


def test_the_permission_table(
    hers: Client, dana: User, team: Team, extension: Extension, make_attempt: MakeAttempt,
    dispositions: Dispositions,
) -> None:  # fmt: skip
    omer = User.objects.create_user("omer", is_staff=True)
    his = Extension.objects.create(number="102", team=team, user=omer)
    second = Extension.objects.create(number="103", team=team, user=dana)
    nobodys = Extension.objects.create(number="104", team=team)
    calls = {
        "hers": make_attempt(extension, "bridged", salesperson=dana),
        "hers, on her other phone": make_attempt(second, "bridged", salesperson=dana),
        "hers, before whose it was was kept": make_attempt(extension, "bridged"),
        "hers, on a phone that is his now": make_attempt(his, "bridged", salesperson=dana),
        "his": make_attempt(his, "bridged", salesperson=omer),
        "his, on a phone that is hers now": make_attempt(extension, "bridged", salesperson=omer),
        "nobody's": make_attempt(nobodys, "bridged"),
    }
    choice = dispositions["Interested"].pk
    statuses = {}
    for name, attempt in calls.items():
        statuses[name] = (
            hers.get(f"/desk/calls/{attempt.pk}/").status_code,
            post(hers, attempt, choice=choice)[0],
        )
    yes, no = (200, 303), (404, 404)
    assert statuses == {
        "hers": yes,
        "hers, on her other phone": yes,
        "hers, before whose it was was kept": yes,
        "hers, on a phone that is his now": yes,
        "his": no,
        "his, on a phone that is hers now": no,
        "nobody's": no,
    }
    assert CallNote.objects.count() == 4
    assert Client().get(f"/desk/calls/{calls['hers'].pk}/").status_code == 302
    for pk in (0, 99_999_999_999_999_999_999):
        answer = hers.post(f"/desk/calls/{pk}/", {"choice": choice})
        assert answer.status_code == 404
        assert "That is not your call" in answer.content.decode()


def test_it_takes_a_token(
    dana: User, extension: Extension, make_attempt: MakeAttempt, dispositions: Dispositions
) -> None:
    attempt = make_attempt(extension, "bridged")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(dana)
    assert post(strict, attempt, choice=dispositions["Interested"].pk)[0] == 403
    assert not CallNote.objects.exists()
