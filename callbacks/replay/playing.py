"""The leads of some days, replayed with the firm as it is, and with changes."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from callbacks.models import Schedule
from callbacks.replay import history
from callbacks.replay.changes import Change, applied, given_up_sooner
from callbacks.replay.engine import simulate
from callbacks.replay.history import Period
from callbacks.replay.leads import SimulatedLead, taken
from callbacks.replay.metrics import Figures, figures

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Variant:
    """A change, and the id of the schedule whose hours the team gets."""

    change: Change
    schedule: int | None = None


@dataclass(frozen=True)
class Times:
    """The figures of one run, and its times to ring in seconds."""

    figures: Figures
    times: tuple[float, ...]


@dataclass(frozen=True)
class Played:
    """What really happened, the replay without a change, and one with each change, in order."""

    really: Times
    simulated: Times
    changed: tuple[Times, ...]


class TooManyLeads(Exception):  # noqa: N818  # said to a person
    """There are more leads than can be replayed in the time."""


def played(
    period: Period,
    about: Collection[int],
    variants: Sequence[Variant],
    now: datetime,
    *,
    most: int,
    progress: Progress,
) -> Played:
    """Replays the leads of a period, and the planned follow-ups in it, which take up phones too.

    `about`: the ids of the leads that the figures are about. `progress` is told how many of how
    many have come. Raises NothingToDrawFrom and TooManyLeads, and ValueError if a change removes
    more people than there are.
    """
    firm = history.scenario_now(period)
    leads = history.leads_of(period, most + 1)
    if len(leads) > most:
        raise TooManyLeads
    came = history.historic_leads(leads, period)
    owners = history.owners_before(period, leads)
    firms = [(firm, came)]
    for variant in variants:
        spans = None
        if variant.schedule is not None:
            spans = period.spans(Schedule.objects.get(pk=variant.schedule).calendar())
        other = applied(firm, variant.change, period.start, period.end, spans=spans)
        firms.append((other, given_up_sooner(came, variant.change)))
    done: list[Times] = []
    for which, its in firms:
        lives = simulate(
            which,
            taken(which, its),
            owners=owners,
            progress=lambda it, _of: progress(len(done) * len(came) + it, len(firms) * len(came)),
        )
        done.append(_times([life for life in lives if life.request.id in about]))
    mine = [lead for lead in leads if lead.pk in about]
    took = [it.time_to_ring.total_seconds() for it in mine if it.time_to_ring is not None]
    really = Times(history.really(mine, now), tuple(sorted(took)))
    return Played(really, done[0], tuple(done[1:]))


def _times(lives: Sequence[SimulatedLead]) -> Times:
    took = [it.request.clock_at(it.rang_at) for it in lives if it.rang_at is not None]
    return Times(figures(lives), tuple(sorted(took)))
