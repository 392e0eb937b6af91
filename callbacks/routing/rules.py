"""Which team is asked, and which of its extensions rings next. Pure; see docs/matching.md.

The claim (claim.sql) does in the database what `choose` does here, on the extensions that are free
at that moment; previews and the replay use `choose`. An extension's place in its team's queue is a
number, and a strategy defines how that number moves: here in `position_at_claim` and
`position_after`, in SQL in step 8 of claim.sql and in `rotation`. An extension's first place is set
in positions.sql. A new strategy also needs its choice in `models.teams`, its words in
`admin.teams.forms` and `explain.routing_reason`, and its name in the command `replay`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

LONGEST_IDLE, ROUND_ROBIN, WEIGHTED, FAIR = "longest_idle", "round_robin", "weighted", "fair"
# Strategies whose positions count turns; the others' positions are times, in epoch seconds.
BY_TURNS = (WEIGHTED, FAIR)
# How many turns somebody who was away may lag behind the others. Without a limit, a person back
# from holiday would get every call of the day.
CATCH_UP = 5.0

# Why an extension is not rung, in the order of the checks: the first reason is shown.
OFF, BLOCKED, PAUSED, ON_CALL, OFF_SHIFT = "off", "blocked", "paused", "on_call", "off_shift"
OUT, CAPPED, RESTING, SEEN_BUSY = "out", "capped", "resting", "seen_busy"
# Shown instead of ON_CALL: the answer to the call was lost, so the extension may be on a call.
UNTOLD = "untold"
# Reasons for one lead only.
REFUSED, LANGUAGE = "refused", "language"

# Rules that take precedence over a strategy: the salesperson who last talked with this number, or
# the one to whom a manager assigned the lead.
OWNER, ASSIGNED = "owner", "assigned"
# Some leads have an owner in every team (Lead.has_owner). A planned follow-up's owner is whoever
# talked within FOLLOW_UP_OWNED_FOR; an assigned lead's owner is the person it is assigned to. The
# lead waits for FOLLOW_UP_WAITS while that person is on a call. Longer values of a team take
# precedence.
FOLLOW_UP_OWNED_FOR = timedelta(days=120)
FOLLOW_UP_WAITS = timedelta(minutes=5)


@dataclass(frozen=True)
class TeamRules:
    """What a manager has set for a team that answers a source. Waits in seconds.

    `language_wait` None: only speakers of the lead's language are ever rung. `has_languages`:
    whether any extension names its languages.
    """

    id: int
    name: str
    strategy: str = LONGEST_IDLE
    overflow_after: int = 0
    language_wait: int | None = 0
    sticky_agent_days: int = 0
    sticky_agent_wait: int = 0
    has_languages: bool = False

    @property
    def only_speakers(self) -> bool:
        """Whether the team only ever rings people who speak a lead's language."""
        return self.has_languages and self.language_wait is None

    def owned_for(self, *, is_owned: bool) -> timedelta:
        """How long after a talk a number has an owner; zero: never."""
        own = timedelta(days=self.sticky_agent_days)
        return max(own, FOLLOW_UP_OWNED_FOR) if is_owned else own

    def waits_for_owner(self, *, is_owned: bool) -> timedelta:
        """How long a lead waits for an owner who is on a call."""
        own = timedelta(seconds=self.sticky_agent_wait)
        return max(own, FOLLOW_UP_WAITS) if is_owned else own


class TeamOffer(NamedTuple):
    """A team that is asked for a lead now, and on which terms.

    `any_language`: salespeople who do not speak the lead's language are rung too. `owner_since`: a
    talk after this makes an owner; None: there are no owners. `holds_for_owner`: the lead waits for
    an owner who is on a call.
    """

    team_id: int
    team: str
    strategy: str
    any_language: bool
    owner_since: datetime | None
    holds_for_owner: bool
    has_languages: bool


@dataclass(frozen=True)
class ExtensionState:
    """An extension as a claim sees it.

    `reason` None: free. `until`: when the reason ends, if known. `salesperson`: the phone's owner;
    None: nobody, the phone counts as its own person. `comes_back`: whether an extension that is on
    a call can be rung after it, as far as is known.
    """

    id: int
    number: str
    name: str
    team_id: int
    tier: int
    weight: int
    queue_position: float
    languages: tuple[str, ...]
    reason: str | None
    until: datetime | None
    salesperson: int | None = None
    comes_back: bool = True

    def speaks(self, language: str) -> bool:
        """Whether somebody there speaks the language; an extension that names none speaks all."""
        return speaks(self.languages, language)

    def names(self, language: str) -> bool:
        """Whether the extension names this language; "he" matches "he-IL"."""
        return _names(self.languages, language)


@dataclass(frozen=True)
class Owner:
    """The owner of a lead: who last talked with its number, or the person it is assigned to.

    `extension_id`, `talked_at`: the phone and the time of that talk; `talked_at` None: assigned.
    The owner is a person, whatever phones they have now. `salesperson` None: the phone was nobody's
    then.
    """

    extension_id: int | None = None
    talked_at: datetime | None = None
    salesperson: int | None = None

    @property
    def rule(self) -> str:
        """The rule by which the owner is rung: OWNER or ASSIGNED."""
        return ASSIGNED if self.talked_at is None else OWNER

    def has(self, state: ExtensionState) -> bool:
        """Whether the extension is one of the owner's phones."""
        if self.salesperson is None:
            return state.id == self.extension_id
        return state.salesperson == self.salesperson


@dataclass(frozen=True)
class Choice:
    """The extension that rings, its team's offer, and the rule that chose it.

    `rule`: OWNER, ASSIGNED, LANGUAGE, or the team's strategy.
    """

    extension: ExtensionState
    turn: TeamOffer
    rule: str


def speaks(languages: Collection[str], language: str) -> bool:
    """Whether a phone with these languages takes `language`; a phone that names none takes all."""
    return not languages or not language or _names(languages, language)


def _names(languages: Collection[str], language: str) -> bool:
    return first_part(language) in map(first_part, languages)


def first_part(language: str) -> str:
    """ "pt-BR" -> "pt": what codes of the same language have in common."""
    return language.partition("-")[0].lower()


def offers(
    teams: Sequence[TeamRules], waited: timedelta, now: datetime, *, is_owned: bool = False
) -> list[TeamOffer]:
    """The teams that are asked for a lead that could have been called for `waited`, in order.

    `teams`: the open ones. The first of them is asked at once: no lead waits for a closed team.
    `is_owned`: the lead has an owner in every team (Lead.has_owner).
    """
    in_order = sorted(teams, key=lambda team: (team.overflow_after, team.name))
    return [
        TeamOffer(
            team_id=team.id,
            team=team.name,
            strategy=team.strategy,
            any_language=team.language_wait is not None and _has_waited(waited, team.language_wait),
            owner_since=now - owned_for
            if (owned_for := team.owned_for(is_owned=is_owned))
            else None,
            holds_for_owner=waited < team.waits_for_owner(is_owned=is_owned),
            has_languages=team.has_languages,
        )
        for team in in_order
        if waited >= steps_in(team, teams)
    ]


def steps_in(team: TeamRules, open_teams: Sequence[TeamRules]) -> timedelta:
    """How long a lead has waited when `team` is asked, given the teams that are open with it."""
    first = min((it.overflow_after for it in open_teams), default=team.overflow_after)
    return timedelta(seconds=max(team.overflow_after - first, 0))


def choose(
    states: Sequence[ExtensionState],
    asked: Sequence[TeamOffer],
    *,
    language: str = "",
    owner: Owner | None = None,
    refused: Collection[int] = (),
) -> Choice | None:
    """Which extension rings; None: the lead waits.

    `refused`: extensions with which the provider refused this lead (error 1); in their team they
    come last.
    """
    if owner:
        for state, turn in _theirs(states, asked, owner, refused):
            if state.reason is None:
                return Choice(state, turn, owner.rule)
        if holds_for(states, asked, owner, refused):
            return None
    for turn in asked:
        if choice := _of_team(states, turn, language, refused):
            return choice
    return None


def holds_for(
    states: Sequence[ExtensionState],
    asked: Sequence[TeamOffer],
    owner: Owner | None,
    refused: Collection[int] = (),
) -> ExtensionState | None:
    """The owner's phone for which the lead is kept waiting; None: it waits for no owner."""
    theirs = _theirs(states, asked, owner, refused) if owner else []
    if any(state.reason is None for state, _ in theirs):
        return None
    waited_for = (
        state
        for state, turn in theirs
        if state.reason == ON_CALL and state.comes_back and turn.holds_for_owner
    )
    return next(waited_for, None)


def position_at_claim(
    strategy: str, position: float, weight: int, next_free: float | None, now: datetime
) -> float:
    """The queue position of an extension after it was taken.

    `next_free`: the position of the next free extension of the same team and tier; None: none.
    """
    if strategy not in BY_TURNS:
        return now.timestamp()
    if next_free is not None:
        position = max(position, next_free - CATCH_UP)
    return position + 1 / weight


def position_after(
    strategy: str, position: float, weight: int, now: datetime, *, rang: bool, talked: bool
) -> float:
    """The queue position after a call.

    `rang`: whether the extension's phone rang. `talked`: whether the two talked or may have.
    """
    if strategy == LONGEST_IDLE:
        return now.timestamp()
    counts = talked if strategy == FAIR else rang
    if strategy in BY_TURNS and not counts:
        return position - 1 / weight
    return position


def _has_waited(waited: timedelta, seconds: int) -> bool:
    return waited >= timedelta(seconds=seconds)


def _theirs(
    states: Sequence[ExtensionState],
    asked: Sequence[TeamOffer],
    owner: Owner,
    refused: Collection[int],
) -> list[tuple[ExtensionState, TeamOffer]]:
    """The owner's phones that may be rung for the lead as its owner's, each with its team's offer.

    Only in teams that are asked. Unless the lead is assigned, the talk must also be recent enough
    for the team. The phone they talked on comes first.
    """
    places = {turn.team_id: (place, turn) for place, turn in enumerate(asked)}
    found = [
        (state, *places[state.team_id])
        for state in states
        if owner.has(state) and state.id not in refused and state.team_id in places
    ]
    found.sort(
        key=lambda it: (
            owner.extension_id not in (None, it[0].id), it[1],
            it[0].tier, it[0].queue_position, it[0].id,
        )
    )  # fmt: skip
    return [
        (state, turn)
        for state, _, turn in found
        if owner.talked_at is None or (turn.owner_since and owner.talked_at > turn.owner_since)
    ]


def _of_team(
    states: Sequence[ExtensionState], turn: TeamOffer, language: str, refused: Collection[int]
) -> Choice | None:
    queue = sorted(
        (it for it in states if it.team_id == turn.team_id and it.reason is None),
        key=lambda it: (it.tier, it.queue_position, it.id),
    )
    speaking = [it for it in queue if it.speaks(language)]
    anybody = queue if turn.any_language else speaking
    for some in (speaking, anybody):
        for state in some:
            if state.id not in refused:
                return Choice(state, turn, _rule(state, turn, language))
    return Choice(anybody[0], turn, _rule(anybody[0], turn, language)) if anybody else None


def _rule(state: ExtensionState, turn: TeamOffer, language: str) -> str:
    if language and state.names(language):
        return LANGUAGE
    return turn.strategy
