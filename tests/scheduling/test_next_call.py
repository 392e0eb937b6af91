"""When a lead is called next: one table, asked four ways, and all four give the same time.

`apply_outcome` (for new leads: the submission) writes it to PostgreSQL, the preview and the
consequences tell it, the replay plays it. Each row's times are worked out by hand, in UTC; the year
is 2026, and 23 November a Monday.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks.calling import apply_outcome, dispatch
from callbacks.explain import preview
from callbacks.explain.consequences import OUTCOMES, consequences
from callbacks.models import (
    CallAttempt,
    Extension,
    OpeningHours,
    Schedule,
    ScheduleException,
    Team,
)
from callbacks.models.attempt_states import AttemptState
from callbacks.policy.from_settings import policy
from callbacks.policy.rules import LeadStep, Outcome, next_step
from callbacks.replay import history
from callbacks.replay.engine import simulate
from callbacks.replay.history import Period
from callbacks.replay.leads import HistoricAttempt, HistoricLead, taken
from callbacks.routing import claim as claims
from callbacks.routing import config, number_limits
from callbacks.scheduling import calling_hours
from leads import intake
from leads.models import Lead, LeadSource, LeadStatus
from tests.support.asking import asked

pytestmark = pytest.mark.django_db(transaction=True)

NO_ANSWER, ERROR = Outcome.LEAD_NO_ANSWER, Outcome.PROVIDER_ERROR
ISRAEL, NEW_YORK = "+972505550199", "+12125550199"  # New York is five hours behind, in winter
# A mobile of Russia may be anywhere from Kaliningrad (two hours ahead) to Kamchatka (twelve).
RUSSIA, VLADIVOSTOK, KAZAKHSTAN = "+79145550199", "+74235550199", "+77015550199"
INDONESIA, BERMUDA = "+6281255550199", "+14415550199"
WORKDAYS, SATURDAY, NO_DAY = (0, 1, 2, 3, 4), (5,), ()
AT_ONCE, NEVER, AND_SO_ON = "at once", "never", "..."
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Hours:
    """A team: open on `days` (0 is Monday) and on `only` those dates; `always`: round the clock.

    `calls`: how often a number may be rung in a day; a row's `source_calls` is its source's bound.
    """

    opens: str = "09:00"
    closes: str = "17:00"
    days: Sequence[int] = WORKDAYS
    only: Sequence[str] = ()
    zone: str = "UTC"
    rate: int | None = None
    always: bool = False
    calls: int | None = None
    window: tuple[int, int] | None = None


OFFICE, ALWAYS = (Hours(),), (Hours(always=True),)


@dataclass(frozen=True)
class Row:
    """A call that ends at `at` with `outcome` each time (None: a new lead comes then).

    `again`: when the lead is called next, each time, until it is closed. `before`: when the number
    was called for other leads. `waiting`: so many others wait for an opening, because they come at
    night or chose `waiting_for`, a time at night.
    """

    at: str
    outcome: Outcome | None
    again: Sequence[str]
    teams: Sequence[Hours] = OFFICE
    phone: str = ISRAEL
    window: tuple[int, int] | None = None
    chosen: str = ""
    before: Sequence[str] = ()
    waiting: int = 0
    waiting_for: str = ""
    waiting_elsewhere: bool = False
    numbers: dict[str, Any] = field(default_factory=dict)
    source_calls: int | None = None


def paced(*rates: int | None) -> tuple[Hours, ...]:
    return tuple(Hours(rate=rate) for rate in rates)


AT_OPENING: dict[str, Any] = {"RETRY_AFTER_NO_ANSWER": ["opening"]}
EVENING = {"waiting_for": "23 Nov 18:00"}
MORNINGS = Hours(days=WORKDAYS, closes="12:00")
JERUSALEM = Hours(zone="Asia/Jerusalem", days=(6, 0, 1, 2, 3))

USUAL: dict[str, Any] = {"NEW_CALLING_HOURS": (time(8), time(21))}  # in Israel from 6:00 UTC
ONE_A_DAY: dict[str, Any] = {"CALLS_A_DAY": 1, **USUAL}

ROWS = {
    # --- the wait of the outcome, and opening hours -----------------------------------------------
    "inside opening hours": Row(
        "23 Nov 12:00", NO_ANSWER,
        ["23 Nov 12:02", "23 Nov 12:17", "23 Nov 14:17", "24 Nov 09:00"],
    ),
    "the wait ends after closing": Row(
        "23 Nov 16:59", NO_ANSWER,
        ["24 Nov 09:00", "24 Nov 09:15", "24 Nov 11:15", "25 Nov 09:00"],
    ),
    "closing soon, and still in time": Row(
        "23 Nov 16:57", NO_ANSWER,
        ["23 Nov 16:59", "24 Nov 09:00", "24 Nov 11:00", "25 Nov 09:00"],
    ),
    "the wait ends as it closes": Row("23 Nov 16:58", NO_ANSWER, ["24 Nov 09:00", AND_SO_ON]),
    "over the weekend": Row(
        "27 Nov 16:50", NO_ANSWER,
        ["27 Nov 16:52", "30 Nov 09:00", "30 Nov 11:00", "01 Dec 09:00"],
    ),
    "always open": Row(
        "23 Nov 12:00", NO_ANSWER,
        ["23 Nov 12:02", "23 Nov 12:17", "23 Nov 14:17", "24 Nov 14:17"], ALWAYS,
    ),
    "nobody opens any more": Row(
        "23 Nov 16:59", NO_ANSWER, [NEVER], (Hours(days=NO_DAY, only=["23 Nov"]),)
    ),
    "the team that opens first": Row(
        "23 Nov 16:59", NO_ANSWER, ["24 Nov 07:30", AND_SO_ON], (*OFFICE, Hours("07:30", "08:00"))
    ),
    "salesperson does not pick up": Row("23 Nov 12:00", Outcome.AGENT_NO_ANSWER, [AT_ONCE]),
    "extension offline": Row("23 Nov 12:00", Outcome.OFFLINE, [AT_ONCE]),
    "extension blocked": Row("23 Nov 12:00", Outcome.BLOCKED, [AT_ONCE]),
    "invalid parameters": Row("23 Nov 12:00", Outcome.INVALID, [AT_ONCE]),
    "an outage": Row(
        "23 Nov 12:00", ERROR,
        ["23 Nov 12:00:05", "23 Nov 12:00:35", "23 Nov 12:02:35", "23 Nov 12:12:35",
         "23 Nov 12:22:35", AND_SO_ON],
    ),
    "an outage at closing time": Row("23 Nov 16:59:58", ERROR, ["24 Nov 09:00", AND_SO_ON]),
    "they talk": Row("23 Nov 12:00", Outcome.BRIDGED, []),
    "no record comes": Row("23 Nov 12:00", Outcome.NO_RECORD, []),
    "nobody ever knows": Row("23 Nov 12:00", Outcome.NEVER_KNOWN, []),
    # --- retries at an opening --------------------------------------------------------------------
    "at an opening: not at the one that is on": Row(
        "23 Nov 12:00", NO_ANSWER, ["24 Nov 09:00"], numbers=AT_OPENING
    ),
    "at an opening: another team's, the same day": Row(
        "23 Nov 12:00", NO_ANSWER, ["23 Nov 13:00"], (*OFFICE, Hours("13:00")), numbers=AT_OPENING
    ),
    "at an opening: all are always open": Row(
        "23 Nov 12:00", NO_ANSWER, ["24 Nov 12:00"], ALWAYS, numbers=AT_OPENING
    ),
    "at an opening: one of two is always open": Row(
        "23 Nov 12:00", NO_ANSWER, ["24 Nov 09:00"], (*OFFICE, *ALWAYS), numbers=AT_OPENING
    ),
    "at an opening: it takes its turn": Row(
        "23 Nov 12:00", NO_ANSWER, ["24 Nov 09:00:12"], paced(10), waiting=2, **EVENING,
        numbers=AT_OPENING,
    ),
    "at an opening: the lead's window opens later": Row(
        "23 Nov 14:00", NO_ANSWER, ["24 Nov 13:00"], phone=NEW_YORK, window=(8, 20),
        numbers=AT_OPENING,
    ),
    # --- turns at an opening ----------------------------------------------------------------------
    "paced: nobody else waits": Row(
        "23 Nov 16:59", NO_ANSWER, ["24 Nov 09:00", "24 Nov 09:15", AND_SO_ON], paced(10)
    ),
    "paced: after three who wait": Row(
        "23 Nov 16:59", NO_ANSWER,
        ["24 Nov 09:00:18", "24 Nov 09:15:18", "24 Nov 11:15:18", "25 Nov 09:00"],
        paced(10), waiting=3, **EVENING,
    ),
    "paced: after the leads of another source": Row(
        "23 Nov 16:59", NO_ANSWER, ["24 Nov 09:00:18", AND_SO_ON], paced(10), waiting=3, **EVENING,
        waiting_elsewhere=True,
    ),
    "paced: teams add their rates": Row(
        "23 Nov 16:59", NO_ANSWER, ["24 Nov 09:00:06", AND_SO_ON], paced(10, 20), waiting=3,
        **EVENING,
    ),
    "paced: a team without a rate takes all": Row(
        "23 Nov 16:59", NO_ANSWER, ["24 Nov 09:00", AND_SO_ON], paced(10, None), waiting=3,
        **EVENING,
    ),
    "paced: a team that opens later adds nothing": Row(
        "23 Nov 16:59", NO_ANSWER, ["24 Nov 09:00:18", AND_SO_ON],
        (Hours(rate=10), Hours("10:00", rate=60)), waiting=3, **EVENING,
    ),
    "paced: no turn before it closes again": Row(
        "23 Nov 09:00:30", NO_ANSWER, ["25 Nov 09:00", AND_SO_ON],
        (Hours(closes="09:01", rate=2),), waiting=2, **EVENING,
    ),
    "paced: an outage at closing time": Row(
        "23 Nov 16:59:58", ERROR, ["24 Nov 09:00:06", "24 Nov 09:00:36", AND_SO_ON], paced(10),
        waiting=1, **EVENING,
    ),
    # --- the number's gap and bound of the day ----------------------------------------------------
    "the gap is longer than the wait": Row(
        "23 Nov 12:00", NO_ANSWER,
        ["23 Nov 12:30", "23 Nov 13:00", "23 Nov 15:00", "24 Nov 09:00"],
        numbers={"CALL_GAP": 1800},
    ),
    "the bound of the day": Row(
        "23 Nov 12:00", NO_ANSWER,
        ["24 Nov 10:00", "24 Nov 12:00", "25 Nov 10:00", "26 Nov 09:00"],
        before=["23 Nov 10:00"], numbers={"CALLS_A_DAY": 2},
    ),
    "the bound of the day, round the clock": Row(
        "23 Nov 12:00", NO_ANSWER, ["24 Nov 12:00", "25 Nov 12:00", AND_SO_ON], ALWAYS,
        numbers={"CALLS_A_DAY": 1},
    ),
    "an outage does not count for the day": Row(
        "23 Nov 12:00", ERROR, ["23 Nov 12:00:05", AND_SO_ON], numbers={"CALLS_A_DAY": 1}
    ),
    "the bound of the day ends off hours": Row(
        "27 Nov 16:30", NO_ANSWER, ["30 Nov 09:00", AND_SO_ON],
        before=["27 Nov 16:00"], numbers={"CALLS_A_DAY": 2},
    ),
    "the bound of the day ends off hours, and others wait": Row(
        "27 Nov 16:30", NO_ANSWER, ["30 Nov 09:00:06", AND_SO_ON], paced(10),
        before=["27 Nov 16:00"], waiting=1, waiting_for="27 Nov 18:00", numbers={"CALLS_A_DAY": 2},
    ),
    "the bound of the day ends after the next opening": Row(
        "23 Nov 12:00", NO_ANSWER, ["25 Nov 09:00"], before=["23 Nov 11:30"],
        numbers={"CALLS_A_DAY": 2, **AT_OPENING},
    ),
    "the bound of the day: the source's own": Row(
        "23 Nov 12:00", NO_ANSWER,
        ["23 Nov 12:02", "24 Nov 12:00", "24 Nov 14:00", "26 Nov 09:00"], source_calls=2,
    ),
    "the bound of the day: the team's own": Row(
        "23 Nov 12:00", NO_ANSWER,
        ["23 Nov 12:02", "24 Nov 12:00", "24 Nov 14:00", "26 Nov 09:00"], (Hours(calls=2),),
    ),
    "the bound of the day: the source's is smaller than the team's": Row(
        "23 Nov 12:00", NO_ANSWER, ["24 Nov 12:00", AND_SO_ON], (Hours(calls=2),), source_calls=1
    ),
    "the bound of the day: the team's is smaller than the source's": Row(
        "23 Nov 12:00", NO_ANSWER, ["24 Nov 12:00", AND_SO_ON], (Hours(calls=1),), source_calls=2
    ),
    "the bound of the day: that of the team that steps in, which is smaller": Row(
        "23 Nov 12:00", NO_ANSWER, ["24 Nov 12:00", AND_SO_ON],
        (Hours(calls=3), Hours("10:00", calls=1)),
    ),
    "the bound of the day: the settings' is smaller than the source's and the team's": Row(
        "23 Nov 12:00", NO_ANSWER, ["24 Nov 12:00", AND_SO_ON], (Hours(calls=3),), source_calls=2,
        numbers={"CALLS_A_DAY": 1},
    ),
    "the bound of the day: the source's own, and calls for other leads": Row(
        "23 Nov 12:00", NO_ANSWER, ["24 Nov 10:00", AND_SO_ON], before=["23 Nov 10:00"],
        source_calls=2,
    ),
    "the bound of the day: the source's own ends off hours, and others wait": Row(
        "27 Nov 16:30", NO_ANSWER, ["30 Nov 09:00:06", AND_SO_ON], paced(10),
        before=["27 Nov 16:00"], waiting=1, waiting_for="27 Nov 18:00", source_calls=2,
    ),
    # --- the lead's own hours ---------------------------------------------------------------------
    "it has become late where the lead is": Row(
        "24 Nov 00:59", NO_ANSWER,
        ["24 Nov 13:00", "24 Nov 13:15", "24 Nov 15:15", "25 Nov 15:15"],
        ALWAYS, phone=NEW_YORK, window=(8, 20),
    ),
    "its window and the teams' hours meet days later": Row(
        "28 Nov 16:59", NO_ANSWER, ["05 Dec 13:00", AND_SO_ON],
        (MORNINGS, Hours("13:00", days=SATURDAY)), phone=NEW_YORK, window=(8, 20),
    ),
    "its window and the teams' hours never meet again": Row(
        "28 Nov 16:59", NO_ANSWER, [NEVER],
        (MORNINGS, Hours("13:00", days=NO_DAY, only=["28 Nov"])), phone=NEW_YORK, window=(8, 20),
    ),
    "its window opens after the teams, and others wait for that": Row(
        "23 Nov 16:59", NO_ANSWER, ["24 Nov 13:00:12", AND_SO_ON], paced(10), phone=NEW_YORK,
        window=(8, 20), waiting=2, **EVENING,
    ),
    # --- clocks that change -----------------------------------------------------------------------
    "the clocks go forward": Row("26 Mar 14:59", NO_ANSWER, ["29 Mar 06:00", AND_SO_ON],
                                 (JERUSALEM,)),
    "the clocks go back": Row("22 Oct 13:59", NO_ANSWER, ["25 Oct 07:00", AND_SO_ON], (JERUSALEM,)),
    "it opens in the hour that is left out": Row(
        "26 Mar 07:59", NO_ANSWER, ["27 Mar 00:00", AND_SO_ON],
        (Hours("02:30", "10:00", zone="Asia/Jerusalem", days=(3, 4)),),
    ),
    "the clocks go back where the lead is": Row(
        "31 Oct 23:59", NO_ANSWER, ["01 Nov 13:00", AND_SO_ON], ALWAYS, phone=NEW_YORK,
        window=(8, 20),
    ),
    # --- new leads --------------------------------------------------------------------------------
    "new: in opening hours": Row("23 Nov 12:00", None, [AT_ONCE]),
    "new: at night": Row("23 Nov 20:00", None, ["24 Nov 09:00"]),
    "new: as it opens": Row("24 Nov 09:00", None, [AT_ONCE], paced(10), waiting=2),
    "new: at night, after three who wait": Row(
        "23 Nov 20:00", None, ["24 Nov 09:00:18"], paced(10), waiting=3
    ),
    "new: nobody ever opens": Row("23 Nov 12:00", None, [NEVER], (Hours(days=NO_DAY),)),
    "new: too early where it is": Row(
        "23 Nov 12:00", None, ["23 Nov 13:00"], ALWAYS, phone=NEW_YORK, window=(8, 20)
    ),
    "new: a mobile of Russia, and no hour fits all of it": Row(
        "23 Nov 12:00", None, [NEVER], ALWAYS, phone=RUSSIA, window=(9, 18)
    ),
    "new: a mobile of Russia, and an hour would fit by the team's clock": Row(
        "23 Nov 10:00", None, [NEVER], phone=RUSSIA, window=(9, 18)
    ),
    "new: a mobile of Russia, and no hour fits at the chosen time": Row(
        "23 Nov 10:00", None, [NEVER], phone=RUSSIA, window=(9, 18), chosen="24 Nov 11:00"
    ),
    "new: a mobile of Russia, and two hours fit all of it": Row(
        "23 Nov 12:00", None, ["24 Nov 06:00"], ALWAYS, phone=RUSSIA, window=(8, 20)
    ),
    "new: a number of Vladivostok, ten hours ahead": Row(
        "23 Nov 12:00", None, ["23 Nov 23:00"], ALWAYS, phone=VLADIVOSTOK, window=(9, 18)
    ),
    "new: a mobile of Kazakhstan, which has Russia's code, five hours ahead": Row(
        "23 Nov 13:00", None, ["24 Nov 04:00"], ALWAYS, phone=KAZAKHSTAN, window=(9, 18)
    ),
    "new: a mobile of Indonesia, seven to nine hours ahead": Row(
        "23 Nov 09:30", None, ["24 Nov 02:00"], ALWAYS, phone=INDONESIA, window=(9, 18)
    ),
    "new: a number of Bermuda, which has America's code, four hours behind": Row(
        "23 Nov 12:00", None, ["23 Nov 13:00"], ALWAYS, phone=BERMUDA, window=(9, 18)
    ),
    # --- hours of the source and of its teams: the narrowest hold, by the number's own clock ------
    "new: a team's own hours": Row(
        "23 Nov 12:00", None, ["23 Nov 14:00"], (Hours(always=True, window=(9, 20)),),
        phone=NEW_YORK, window=(7, 21),
    ),
    "new: the source's hours, of which the team's are wider": Row(
        "23 Nov 12:00", None, ["23 Nov 14:00"], (Hours(always=True, window=(7, 21)),),
        phone=NEW_YORK, window=(9, 20),
    ),
    "new: the hours of two teams, whichever rings it": Row(
        "23 Nov 12:00", None, ["23 Nov 15:00"],
        (Hours(always=True, window=(8, 20)), Hours(always=True, window=(10, 22))), phone=NEW_YORK,
    ),
    "new: hours of the source and of its team that never meet": Row(
        "23 Nov 12:00", None, [NEVER], (Hours(always=True, window=(8, 12)),), window=(14, 20)
    ),
    "the end of a team's hours where the lead is": Row(
        "23 Nov 23:59", NO_ANSWER, ["24 Nov 14:00", AND_SO_ON],
        (Hours(always=True, window=(9, 19)),), phone=NEW_YORK, window=(8, 20),
    ),
    "new: its window and the teams' hours never meet": Row(
        "23 Nov 10:00", None, [NEVER], (MORNINGS,), phone=NEW_YORK, window=(8, 20)
    ),
    "new: the number's gap": Row(
        "23 Nov 12:00", None, ["23 Nov 12:00:30"], before=["23 Nov 11:59:30"]
    ),
    "new: the number's bound of the day": Row(
        "23 Nov 12:00", None, ["24 Nov 10:00"], before=["23 Nov 10:00"],
        numbers={"CALLS_A_DAY": 1},
    ),
    "new: the source's own bound of the day": Row(
        "23 Nov 12:00", None, ["24 Nov 10:00"], before=["23 Nov 10:00"], source_calls=1
    ),
    "new: the team's own bound of the day": Row(
        "23 Nov 12:00", None, ["24 Nov 10:00"], (Hours(calls=1),), before=["23 Nov 10:00"]
    ),
    "new: the bound of the day ends off hours, and others wait": Row(
        "27 Nov 12:00", None, ["30 Nov 09:00:06"], paced(10), before=["27 Nov 10:00"],
        waiting=1, waiting_for="27 Nov 18:00", numbers={"CALLS_A_DAY": 1},
    ),
    # --- the end of a bound is an hour that nobody has asked for ----------------------------------
    "new: the bound of the day ends at night": Row(
        "23 Nov 12:00", None, ["24 Nov 06:00"], ALWAYS, before=["23 Nov 01:00"], numbers=ONE_A_DAY
    ),
    "new: the bound of the day ends by day": Row(
        "23 Nov 12:00", None, ["24 Nov 10:00"], ALWAYS, before=["23 Nov 10:00"], numbers=ONE_A_DAY
    ),
    "new: at night, and the bound of the day ends soon": Row(
        "24 Nov 00:30", None, ["24 Nov 01:00"], ALWAYS, before=["23 Nov 01:00"], numbers=ONE_A_DAY
    ),
    "new: at night, and the number's gap": Row(
        "24 Nov 00:30", None, ["24 Nov 00:30:30"], ALWAYS, before=["24 Nov 00:29:30"],
        numbers=USUAL,
    ),
    "new: the bound ends at night, and the source calls by night": Row(
        "23 Nov 12:00", None, ["24 Nov 01:00"], ALWAYS, window=(0, 23), before=["23 Nov 01:00"],
        numbers=ONE_A_DAY,
    ),
    "new: the bound ends at night, and only then somebody answers": Row(
        "24 Nov 00:30", None, ["24 Nov 02:30"], (Hours("00:00", "04:00"),),
        before=["23 Nov 02:30"], numbers=ONE_A_DAY,
    ),
    "new: the bound ends at night, and all hours are usual": Row(
        "23 Nov 12:00", None, ["24 Nov 01:00"], ALWAYS, before=["23 Nov 01:00"],
        numbers={"CALLS_A_DAY": 1, "NEW_CALLING_HOURS": None},
    ),
    "a retry is over, and the bound of the day ends at night": Row(
        "23 Nov 12:00", NO_ANSWER,
        ["24 Nov 06:00", "24 Nov 12:00", "25 Nov 06:00", "26 Nov 06:00"], ALWAYS,
        before=["23 Nov 01:00"], numbers={"CALLS_A_DAY": 2, **USUAL},
    ),
    "new: a chosen time": Row(
        "23 Nov 12:00", None, ["24 Nov 11:00"], paced(10), chosen="24 Nov 11:00",
        waiting=2, **EVENING,
    ),
    "new: a chosen time off hours, after two who wait": Row(
        "23 Nov 12:00", None, ["24 Nov 09:00:12"], paced(10), chosen="23 Nov 19:00",
        waiting=2, **EVENING,
    ),
}  # fmt: skip


def of_a_team(row: Row) -> Row:
    """The same, where not the source has the window but the last of its teams."""
    *others, last = row.teams
    return replace(row, teams=[*others, replace(last, window=row.window)], window=None)


ROWS |= {
    f"{name}, of a team": of_a_team(row)
    for name, row in ROWS.items()
    if row.window and all(it.window is None for it in row.teams)
}


def window_of(hours: tuple[int, int] | None) -> dict[str, time | None]:
    begins, ends = (time(hour) for hour in hours) if hours else (None, None)
    return {"call_from": begins, "call_until": ends}


@pytest.fixture(params=ROWS.values(), ids=ROWS)
def row(request: pytest.FixtureRequest, source: LeadSource, settings: SettingsWrapper) -> Row:
    """A row of the table, as it is set up in the database when the call of it ends."""
    row: Row = request.param
    for name, value in row.numbers.items():
        setattr(settings, name, value)
    source.allowed_countries = ["IL", "US", "RU", "KZ", "ID", "BM"]
    for name, at in window_of(row.window).items():
        setattr(source, name, at)
    source.calls_a_day = row.source_calls
    source.save()
    elsewhere = LeadSource.objects.create(slug="landing", name="Landing page")
    for number, hours in enumerate(row.teams, 1):
        team = Team.objects.create(
            name=f"Team {number}",
            schedule=schedule_of(hours, number),
            opening_rate=hours.rate,
            calls_a_day=hours.calls,
            **window_of(hours.window),
        )
        team.sources.add(source, elsewhere)
        Extension.objects.bulk_create(
            Extension(number=f"{number}{n:02}", team=team) for n in range(30)
        )
    for lead in others(row):
        store(lead)
    for number, at in enumerate(row.before):
        called_before(row, source, number, moment(at))
    return row


def test_all_four_ways_give_the_same_time(row: Row, source: LeadSource) -> None:
    found: dict[str, Sequence[str]] = {
        "preview": by_preview(row, source),
        "consequences": by_consequences(row, source),
        "replay": by_replay(row, source),
        "apply_outcome": by_apply_outcome(row, source),
    }
    if row.outcome is None:
        del found["consequences"]  # of calls
    if row.chosen:
        del found["preview"]  # which knows no chosen times
    assert found == {way: list(row.again) for way in found}


# --- the four ways --------------------------------------------------------------------------------


def by_preview(row: Row, source: LeadSource) -> list[str]:
    at = moment(row.at)
    answer = preview.answer(preview.PreviewQuestion(source, at, row.phone), at)
    if row.outcome is None:
        return told(row, [answer.called_at or NEVER])
    assert answer.called_at == at
    return told_consequence(row, answer.follows)


def by_consequences(row: Row, source: LeadSource) -> list[str]:
    found = consequences(config.current(), source.pk, row.phone, moment(row.at), policy(), UTC)
    return told_consequence(row, found) if row.outcome else []


def told_consequence(row: Row, found: Sequence[Any]) -> list[str]:
    [its] = [it for (of, _words), it in zip(OUTCOMES, found, strict=True) if of is row.outcome]
    if not its.again and "at once" in its.lead:
        return told(row, [AT_ONCE])
    never = [NEVER] if its.lead.endswith("it waits until somebody opens") else []
    return told(row, [*its.again, *never])


def by_replay(row: Row, source: LeadSource) -> list[str]:
    """Calls that end as they begin. `others` are called too, once each."""
    at = moment(row.at)
    period = Period(at - timedelta(days=1), at + timedelta(days=20))
    chosen_at = moment(row.chosen) if row.chosen else None
    ours = Lead(
        pk=1_000, source=source, phone=row.phone, language="", submitted_at=at, chosen_at=chosen_at
    )
    before = [
        Lead(pk=2_000 + n, source=source, phone=row.phone, language="", submitted_at=moment(it))
        for n, it in enumerate(row.before)
    ]
    [subject, *rest] = history.historic_leads([ours, *before, *others(row)], period)
    went = HistoricAttempt(row.outcome or Outcome.BRIDGED, None, 0)
    talk = HistoricAttempt(Outcome.BRIDGED, None, 0)
    played: list[HistoricLead] = [replace(subject, tries=(went,) * 25)]
    played += [replace(lead, tries=(talk,)) for lead in rest]
    scenario = history.scenario_now(period)
    lives = simulate(scenario, taken(scenario, played))
    [life] = [life for life in lives if life.request.id == ours.pk]
    called = [datetime.fromtimestamp(it, UTC) for it in life.claimed_at]
    if row.outcome is None:
        return told(row, called[:1] or [NEVER])
    assert called[0] == at
    step = next_step(row.outcome, len(called) - 1, len(called), policy())
    never = [NEVER] if step.lead is LeadStep.CALL_AGAIN and len(called) < 25 else []
    return told(row, [*called[1:], *never])


def by_apply_outcome(row: Row, source: LeadSource) -> list[str]:
    """On PostgreSQL. A new lead: its submission and, where its number rests, the claim."""
    at = moment(row.at)
    with time_machine.travel(at, tick=False) as clock:
        chosen_at = moment(row.chosen) if row.chosen else None
        lead = store(Lead(pk=1_000, source=source, phone=row.phone, submitted_at=at,
                          chosen_at=chosen_at))  # fmt: skip
        if row.outcome is None:
            if number_limits.lead_limited_until(lead.pk, at) and lead.call_after <= at:
                assert dispatch.call_lead(lead.pk) is None
            return told(row, [called_at(lead)])
        found: list[datetime | str] = []
        while len(found) <= len(row.again):
            clock.move_to(max(at, lead.call_after))
            end(claimed(lead), row.outcome, max(at, lead.call_after))
            lead.refresh_from_db()
            if lead.status != LeadStatus.WAITING:
                break
            found.append(called_at(lead))
            if found[-1] == NEVER:
                break
        return told(row, found)


def called_at(lead: Lead) -> datetime | str:
    lead.refresh_from_db()
    opens = calling_hours.next_time(config.current(), lead.source_id, lead.phone, lead.call_after)
    return NEVER if opens is None else lead.call_after


def claimed(lead: Lead) -> CallAttempt:
    teams = [team.pk for team in config.current().teams_for(lead.source_id)]
    now = datetime.now(UTC)
    claim = claims.claim(lead.pk, asked(*teams), now, timedelta(hours=1))
    assert claim
    return claim.attempt


def end(attempt: CallAttempt, outcome: Outcome, at: datetime) -> None:
    """As the provider's answer or a record ends it."""
    codes = {Outcome.INVALID: 1, Outcome.PROVIDER_ERROR: 2, Outcome.OFFLINE: 3, Outcome.BLOCKED: 4}
    if outcome in codes:
        assert attempt.refuse(outcome, codes[outcome], "", "", at)
    else:
        states = {Outcome.NO_RECORD: AttemptState.ENDED, Outcome.NEVER_KNOWN: AttemptState.ENDED}
        state = states.get(outcome) or AttemptState(outcome.value)
        connected_at = at if outcome is Outcome.BRIDGED else None
        assert attempt.finish(state, at, connected_at=connected_at)
    apply_outcome.apply(attempt, at)


# --- setting up and telling -----------------------------------------------------------------------


def moment(text: str) -> datetime:
    form = "%Y %d %b %H:%M:%S" if text.count(":") == 2 else "%Y %d %b %H:%M"
    return datetime.strptime(f"2026 {text}", form).replace(tzinfo=UTC)


def told(row: Row, times: Sequence[datetime | str]) -> list[str]:
    """As the row has it."""
    words = []
    for it in times:
        if isinstance(it, datetime):
            seconds = ":%S" if it.second else ""
            words.append(AT_ONCE if it <= moment(row.at) else f"{it:%d %b %H:%M{seconds}}")
        else:
            words.append(it)
    if AND_SO_ON in row.again:
        return [*words[: len(row.again) - 1], AND_SO_ON]
    # A lead that is called again at once is so each time, or closed next.
    return words[:1] if words[:1] == [AT_ONCE] else words


def schedule_of(hours: Hours, number: int) -> Schedule | None:
    if hours.always:
        return None
    schedule = Schedule.objects.create(name=f"Hours {number}", time_zone=hours.zone)
    for day in hours.days:
        OpeningHours.objects.create(
            schedule=schedule, weekday=day, opens_at=hours.opens, closes_at=hours.closes
        )
    for day_of_year in hours.only:
        on: date = moment(f"{day_of_year} 00:00").date()
        ScheduleException.objects.create(
            schedule=schedule, date=on, opens_at=hours.opens, closes_at=hours.closes
        )
    return schedule


def others(row: Row) -> list[Lead]:
    """Leads that came just before, and wait for an opening."""
    slug = "landing" if row.waiting_elsewhere else "website"
    source = LeadSource.objects.get(slug=slug)
    chosen_at = moment(row.waiting_for) if row.waiting_for else None
    return [
        Lead(
            pk=3_000 + n, source=source, phone=f"{row.phone[:-2]}{n:02}", language="",
            submitted_at=moment(row.at) - (row.waiting - n) * SECOND, chosen_at=chosen_at,
        )
        for n in range(row.waiting)
    ]  # fmt: skip


def store(lead: Lead) -> Lead:
    """As the form does."""
    return intake.store(
        intake.Submission(
            source=lead.source, key=intake.key_from("next", str(lead.pk)), name="Noa Levi",
            phone=lead.phone, chosen_at=lead.chosen_at,
        ),
        now=lead.submitted_at,
    )  # fmt: skip


def called_before(row: Row, source: LeadSource, number: int, at: datetime) -> None:
    """A call for another lead of the same number, who talked."""
    lead = Lead.objects.create(
        source=source, phone=row.phone, status=LeadStatus.CONNECTED, submitted_at=at,
        waiting_since=at, clock_started_at=at, due_at=at, call_after=at, closed_at=at,
        connected_at=at,
    )  # fmt: skip
    CallAttempt.objects.create(
        lead=lead, extension=Extension.objects.all()[number], phone=row.phone,
        state=AttemptState.BRIDGED, call_id=f"C-{number}", error_code=0, claimed_at=at, sent_at=at,
        connected_at=at, ended_at=at, hold_until=at, extension_number="101",
    )  # fmt: skip
