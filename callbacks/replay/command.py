"""`manage.py replay`: the last days' leads against a changed team."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from callbacks.common.formatting import in_words, percent
from callbacks.console.output import Output, cell
from callbacks.models import Schedule
from callbacks.replay import history
from callbacks.replay.engine import ASSUMED, NothingToDrawFrom, simulate
from callbacks.replay.history import Period
from callbacks.replay.leads import taken
from callbacks.replay.metrics import Figures, figures
from callbacks.replay.scenario import Scenario, ScenarioTeam, changed

MOST_DAYS = 90
MOST_LEADS = 50_000
MOST_EXTENSIONS = 10_000
# Seconds; shorter runs report no progress.
_SILENT_FOR = 2.0

_EXTENSIONS_FROM_NOW = (
    "Leads of before are played against the extensions, hours and rules of now; extensions that "
    "are off or blocked now are left out."
)


@dataclass(eq=False)
class CannotReplay(Exception):  # noqa: N818  # said to a person
    """Why there is no result. `reason`: one word for machines. `exit_code`: the command's."""

    words: str
    reason: str
    exit_code: int

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True)
class ReplayOptions:
    """What to replay. `extensions`: how many more, or fewer."""

    days: int
    team: str = ""
    extensions: int = 0
    schedule: str = ""
    strategy: str = ""
    seed: int = 0

    @property
    def changes_something(self) -> bool:
        """Whether a changed team is to be compared."""
        return bool(self.extensions or self.schedule or self.strategy)


@dataclass(frozen=True)
class Found:
    """Figures as measured, of the team as it is, and of the changed team."""

    period: Period
    change: str
    really: Figures
    simulated: Figures
    changed: Figures | None


def run(asked: ReplayOptions, output: Output, now: datetime) -> None:
    """Replays the leads and prints the result. Raises CannotReplay."""
    found = replayed(asked, now, _signs_of_life(output))
    _tell(found, output)
    output.document(
        ok=True,
        exit_code=0,
        start=found.period.start,
        end=found.period.end,
        seed=asked.seed,
        change=found.change,
        really=_record(found.really),
        simulated=_record(found.simulated),
        changed=_record(found.changed),
        difference=_difference(found.simulated, found.changed),
        assumed=[_EXTENSIONS_FROM_NOW, *ASSUMED],
    )


def replayed(
    asked: ReplayOptions,
    now: datetime,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Found:
    """Replays the leads of the last days, unchanged and changed. Raises CannotReplay."""
    period = Period(now - timedelta(days=asked.days), now)
    firm = history.scenario_now(period)
    other, change, sources = _changed(asked, firm, period)
    leads = history.leads_of(period, MOST_LEADS + 1)
    if len(leads) > MOST_LEADS:
        raise _wrong(
            f"There are more than {MOST_LEADS:,} leads in {asked.days} days. Choose fewer days."
        )
    about = {
        lead.pk for lead in leads if lead.source_id in sources and not history.is_follow_up(lead)
    }
    if not about:
        days = "day" if asked.days == 1 else f"{asked.days} days"
        raise _no_data(f"No leads were submitted in the last {days}: there is no data.")
    came = history.historic_leads(leads, period)
    owners = history.owners_before(period, leads)
    firms = [it for it in (firm, other) if it]

    def played(which: Scenario) -> Figures:
        before = firms.index(which) * len(came)
        lives = simulate(
            which,
            taken(which, came),
            owners=owners,
            seed=asked.seed,
            progress=lambda done, _of: progress(before + done, len(firms) * len(came)),
        )
        return figures(life for life in lives if life.request.id in about)

    try:
        return Found(
            period,
            change,
            history.really([lead for lead in leads if lead.pk in about], now),
            played(firm),
            played(other) if other else None,
        )
    except NothingToDrawFrom:
        raise _no_data(
            "No calls were made to these leads, so there is nothing to base a replay on."
        ) from None


def _changed(
    asked: ReplayOptions, firm: Scenario, period: Period
) -> tuple[Scenario | None, str, set[int]]:
    """The changed firm, the change in words, and the sources whose leads are replayed."""
    if not asked.changes_something:
        if asked.team:
            team = _team(asked, firm)
            return None, "", _answered(firm, team)
        return None, "", set(firm.sources)
    team = _team(asked, firm)
    there = sum(phone.team_id == team.id for phone in firm.phones)
    words = []
    spans = None
    if asked.extensions:
        words.append(f"{there + asked.extensions} extensions instead of {there}")
    if asked.schedule:
        schedule = Schedule.objects.filter(name=asked.schedule).first()
        if schedule is None:
            names = ", ".join(Schedule.objects.values_list("name", flat=True)) or "none"
            raise _wrong(f'There is no schedule "{asked.schedule}". There are: {names}.')
        spans = period.spans(schedule.calendar())
        words.append(f"the hours of {schedule.name}")
    if asked.strategy:
        words.append(f"the strategy {asked.strategy}")
    try:
        other = changed(
            firm, team.id, extensions=asked.extensions, spans=spans, strategy=asked.strategy
        )
    except ValueError as problem:
        raise _wrong(str(problem)) from None
    return other, f"{team.name} with {' and '.join(words)}", _answered(firm, team)


def _team(asked: ReplayOptions, firm: Scenario) -> ScenarioTeam:
    """The team to change. Raises CannotReplay."""
    teams = {team.name: team for team in firm.teams.values()}
    if not teams:
        raise _wrong("No active team answers a source: there is nothing to change.")
    names = ", ".join(sorted(teams))
    if asked.team and asked.team not in teams:
        raise _wrong(f'There is no active team "{asked.team}" that answers a source: {names}.')
    if not asked.team and len(teams) > 1:
        raise _wrong(f"Say which team is changed, with --team: {names}.")
    return teams[asked.team or next(iter(teams))]


def _answered(firm: Scenario, team: ScenarioTeam) -> set[int]:
    return {
        source.id
        for source in firm.sources.values()
        if any(rules.id == team.id for rules in source.teams)
    }


def _wrong(words: str) -> CannotReplay:
    return CannotReplay(words, "usage", 2)


def _no_data(words: str) -> CannotReplay:
    return CannotReplay(words, "no_data", 1)


# --- telling --------------------------------------------------------------------------------------


def _tell(found: Found, output: Output) -> None:
    period = found.period
    output.say(
        f"{found.really.leads:,} leads from {cell(period.start)} to {cell(period.end)} "
        f"({timezone.get_current_timezone_name()})"
    )
    if found.change:
        output.say(f"Changed: {found.change}")
    output.say()
    columns = [found.really, found.simulated]
    heads = ["", "REALLY", "SIMULATED"]
    rows = [
        ["phones that rang", *(f"{it.rang:,}" for it in columns)],
        ["time to ring, p50", *(_time(it.ring_p50) for it in columns)],
        ["time to ring, p90", *(_time(it.ring_p90) for it in columns)],
        ["within target", *(_share(it) for it in columns)],
    ]
    if changed_ := found.changed:
        heads += ["CHANGED", "DIFFERENCE"]
        simulated = found.simulated
        added = [
            (f"{changed_.rang:,}", f"{changed_.rang - simulated.rang:+,}"),
            (_time(changed_.ring_p50), _longer(simulated.ring_p50, changed_.ring_p50)),
            (_time(changed_.ring_p90), _longer(simulated.ring_p90, changed_.ring_p90)),
            (_share(changed_), _points(simulated, changed_)),
        ]
        for row, pair in zip(rows, added, strict=True):
            row.extend(pair)
    output.table(heads, rows)
    output.say()
    output.say("This assumes:")
    for line in (_EXTENSIONS_FROM_NOW, *ASSUMED):
        output.say(f"- {line}")


def _time(seconds: float | None) -> str:
    return "no data" if seconds is None else in_words(seconds)


def _share(of: Figures) -> str:
    share = of.share_within_target
    return "no data" if share is None else percent(share)


def _longer(before: float | None, after: float | None) -> str:
    if before is None or after is None:
        return ""
    difference = after - before
    if abs(difference) < 0.05:
        return "none"
    return f"{'+' if difference > 0 else '-'}{in_words(abs(difference))}"


def _points(before: Figures, after: Figures) -> str:
    if before.share_within_target is None or after.share_within_target is None:
        return ""
    points = 100 * (after.share_within_target - before.share_within_target)
    return "none" if abs(points) < 0.05 else f"{points:+.1f} points"


def _record(of: Figures | None) -> dict[str, Any] | None:
    return None if of is None else {**asdict(of), "share_within_target": of.share_within_target}


def _difference(before: Figures, after: Figures | None) -> Mapping[str, float | None] | None:
    if after is None:
        return None
    names = ("ring_p50", "ring_p90", "share_within_target")
    pairs = {name: (getattr(before, name), getattr(after, name)) for name in names}
    return {
        name: None if one is None or other is None else other - one
        for name, (one, other) in pairs.items()
    }


def _signs_of_life(output: Output) -> Callable[[int, int], None]:
    """Reports each tenth of a long run."""
    began, told = time.monotonic(), 0

    def progress(done: int, of: int) -> None:
        nonlocal told
        tenths = done * 10 // of
        if tenths > told and time.monotonic() - began > _SILENT_FOR:
            told = tenths
            output.note(f"{tenths * 10} % ({done:,} of {of:,})")

    return progress
