"""The table of tests.scheduling.test_next_call: when a lead is called next."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import time, timedelta
from typing import Any

from callbacks.policy.rules import Outcome

NO_ANSWER, ERROR = Outcome.LEAD_NO_ANSWER, Outcome.PROVIDER_ERROR
ISRAEL, NEW_YORK = "+972505550199", "+12125550199"  # New York is five hours behind, in winter
# A Russian mobile may be anywhere from Kaliningrad (UTC+2) to Kamchatka (UTC+12).
RUSSIA, VLADIVOSTOK, KAZAKHSTAN = "+79145550199", "+74235550199", "+77015550199"
INDONESIA, BERMUDA = "+6281255550199", "+14415550199"
WORKDAYS, SATURDAY, NO_DAY = (0, 1, 2, 3, 4), (5,), ()
AT_ONCE, NEVER, AND_SO_ON = "at once", "never", "..."
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Hours:
    """A team that is open on `days` (0 is Monday) and on the dates `only`; `always`: round the
    clock.

    `calls`: how often a number may be rung in a day; the source's bound is `source_calls` in Row.
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
    """A call that ends at `at`, with `outcome` each time; None: a new lead arrives at `at`.

    `again`: the times of all later calls, until the lead is closed. `before`: when the number was
    called for other leads. `waiting`: how many others wait for an opening, because they arrived at
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
    # --- the wait after an outcome, and opening hours ---------------------------------------------
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
    # --- a bound may end at an hour that nobody asked for -----------------------------------------
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
    """The same row, but the last team has the window instead of the source."""
    *others, last = row.teams
    return replace(row, teams=[*others, replace(last, window=row.window)], window=None)


ROWS |= {
    f"{name}, of a team": of_a_team(row)
    for name, row in ROWS.items()
    if row.window and all(it.window is None for it in row.teams)
}
