"""The causes of lateness, and what would have helped, in words."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.common.formatting import in_words
from callbacks.common.translation import Text
from callbacks.lateness.explained import Cause
from callbacks.models.attempt_states import AttemptOutcome

# A p90 that is shorter by less than this share counts as the same.
_SAME = 0.02

# The name and the meaning of each cause.
CAUSES: dict[Cause, tuple[Text, Text]] = {
    Cause.BUSY: (
        _("Nobody was free"),
        _("The lead could be called, but every phone was on a call, resting "
          "after one, or otherwise unavailable."),
    ),
    Cause.LOST: (
        _("Call outcomes unknown"),
        _("Nobody was free, and some phones were held by calls whose answer "
          "or record was lost."),
    ),
    Cause.PAUSED: (
        _("Pauses"),
        _("Nobody was free, and at least half of the phones were paused."),
    ),
    Cause.NOBODY: (
        _("Nobody on shift"),
        _("The team was open, but none of its phones was on shift."),
    ),
    Cause.UNTAKEN: (
        _("A phone may have been free"),
        _(
            "Nothing stored tells what kept the phones busy: perhaps the queue "
            "was not being processed, or somebody had paused."
        ),
    ),
    Cause.OWNER: (
        _("Waiting for the same salesperson"),
        _("A phone seems to have been free, but the salesperson who talked "
          "with this number before was on a call."),
    ),
    Cause.ASSIGNED: (
        _("Waiting for the assigned salesperson"),
        _("A phone seems to have been free, but the salesperson the lead is "
          "assigned to was on a call."),
    ),
    Cause.LANGUAGE: (
        _("Waiting for the language"),
        _("A phone seems to have been free, but the people who speak the "
          "lead's language were on calls."),
    ),
    Cause.CHOSEN: (_("Chosen time"), _("Until the time the visitor chose.")),
    Cause.CLOSED: (
        _("Outside opening hours"),
        _("No team was open, or the number could not be called at that hour."),
    ),
    Cause.TURN: (
        _("Turn after opening"),
        _("The team was open, but earlier leads were being called first, at "
          "the team's rate."),
    ),
    Cause.RETRY: (
        _("Between two tries"),
        _("The gap after a call to this lead that did not succeed."),
    ),
    Cause.NUMBER: (
        _("Number resting"),
        _("The number was on a call for another request, or resting after "
          "one."),
    ),
    Cause.LIMIT: (
        _("Spending limit"),
        _("A spending limit was used up until its hour or day ended or "
          "somebody reopened it."),
    ),
    Cause.HELD: (
        _("Held for a manager"),
        _("A check held the lead until a manager released it."),
    ),
    Cause.REST: (
        _("Closed, then called again"),
        _(
            "The lead was closed until somebody had it called again. In older "
            "data, held leads are also counted here."
        ),
    ),
    Cause.PERSON: (
        _("Waiting for a person"),
        _("The lead had failed until somebody dealt with it."),
    ),
    Cause.PROVIDER: (
        _("The provider's answer"),
        _("From the decision to call until the provider answered."),
    ),
    Cause.LEG1: (
        _("Salespeople's phones rang"),
        _("Until one was picked up, including phones that nobody picked up."),
    ),
    Cause.LEG2: (
        _("The number did not ring"),
        _("The number was dialled, but was busy or could not be reached."),
    ),
    Cause.UNKNOWN: (
        _("Outcome of its own call unknown"),
        _("The outcome of a call to this lead was unknown."),
    ),
    Cause.UNRECORDED: (
        _("Not recorded"),
        _("An older release did not record what this time was spent on."),
    ),
    Cause.HOURS: (
        _("Hours changed since"),
        _("The lead's clock counted more time than today's opening hours "
          "would give."),
    ),
}  # fmt: skip


def name(key: str) -> str:
    """A cause's name, by its key: "Nobody was free", "Between two tries (provider error)"."""
    cause, _colon, after = key.partition(":")
    called = str(CAUSES[Cause(cause)][0])
    if after not in AttemptOutcome.values:
        return called
    return gettext("%(cause)s (%(outcome)s)") % {
        "cause": called,
        "outcome": AttemptOutcome(after).label,
    }


def meaning(key: str) -> str:
    """What counts as this cause, by its key."""
    return str(CAUSES[Cause(key.partition(":")[0])][1])


_NO_REMEDY = _("Neither more people nor different hours would have changed this.")


def remedy(
    found: Mapping[str, Any] | None, simulated: float | None, teams: Mapping[int, str]
) -> str:
    """ "One more person in Sales between 09:00 and 11:00 would have reduced p90 from 6 min 10 s to
    48 s."

    `found`: a stored remedies.Remedy; None if there was nothing to try. `simulated`: the p90
    without it. `teams`: names by id.
    """
    if found is None or simulated is None:
        return str(_NO_REMEDY)
    change = found["change"]
    values = {
        "team": teams.get(change["team"], ""),
        "from": f"{change['from_hour'] or 0:02}:00",
        "to": f"{change['to_hour'] or 0:02}:00",
        "before": in_words(simulated),
    }
    after = found["p90"]
    helped, did_not = _templates(change)
    if after is None or after > simulated * (1 - _SAME):
        return did_not % values
    return helped % {**values, "after": in_words(after)}


def _templates(change: Mapping[str, Any]) -> tuple[str, str]:
    if change["people"]:
        return gettext(
            "One more person in %(team)s between %(from)s and %(to)s would "
            "have reduced p90 from %(before)s to %(after)s."
        ), gettext(
            "One more person in %(team)s between %(from)s and %(to)s would not "
            "have reduced p90 below %(before)s."
        )
    if change["earlier"]:
        return gettext(
            "Opening %(team)s half an hour earlier would have reduced p90 from "
            "%(before)s to %(after)s."
        ), gettext(
            "Opening %(team)s half an hour earlier would not have reduced p90 below %(before)s."
        )
    if change["no_turns"]:
        return gettext(
            "Calling all leads at once when %(team)s opens would have reduced "
            "p90 from %(before)s to %(after)s."
        ), gettext(
            "Calling all leads at once when %(team)s opens would not have "
            "reduced p90 below %(before)s."
        )
    if change["ring"]:
        return gettext(
            "Giving up after 15 s when nobody picks up a phone would have "
            "reduced p90 from %(before)s to %(after)s."
        ), gettext(
            "Giving up after 15 s when nobody picks up a phone would not have "
            "reduced p90 below %(before)s."
        )
    if change["no_owner"] or change["any_language"]:
        return gettext(
            "Calling anyone in %(team)s who is free at once would have reduced "
            "p90 from %(before)s to %(after)s."
        ), gettext(
            "Calling anyone in %(team)s who is free at once would not have "
            "reduced p90 below %(before)s."
        )
    return gettext(
        "Halving the gap between two tries would have reduced p90 from %(before)s to %(after)s."
    ), gettext("Halving the gap between two tries would not have reduced p90 below %(before)s.")
