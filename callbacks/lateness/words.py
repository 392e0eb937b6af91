"""The causes of lateness, and what would have helped, in words."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.common.formatting import in_words
from callbacks.common.translation import Text
from callbacks.lateness.explained import Cause
from callbacks.models.attempt_states import AttemptOutcome

# A p90 that is less than this share shorter is the same.
_SAME = 0.02

# What it is called, and what it means.
CAUSES: dict[Cause, tuple[Text, Text]] = {
    Cause.BUSY: (
        _("Nobody was free"),
        _("It could be called, and every phone was on a call, resting after one, or kept from it."),
    ),
    Cause.LOST: (
        _("Outcomes of calls not known"),
        _("Nobody was free, and calls whose answer or record was lost held some of the phones."),
    ),
    Cause.PAUSED: (
        _("Pauses"),
        _("Nobody was free, and at least half of the phones were paused."),
    ),
    Cause.NOBODY: (_("Nobody on shift"), _("Its team was open, and no phone of it was on shift.")),
    Cause.UNTAKEN: (
        _("A phone may have been free"),
        _(
            "Nothing that is stored tells what held the phones: nobody worked off the queue, or "
            "somebody had paused."
        ),
    ),
    Cause.OWNER: (
        _("Waiting for the same salesperson"),
        _("A phone seems to have been free, and who had talked with the number was on a call."),
    ),
    Cause.ASSIGNED: (
        _("Waiting for whom it is assigned to"),
        _("A phone seems to have been free, and who the lead is assigned to was on a call."),
    ),
    Cause.LANGUAGE: (
        _("Waiting for the language"),
        _("A phone seems to have been free, and who speaks the lead's language was on a call."),
    ),
    Cause.CHOSEN: (_("Chosen time"), _("Until the time that the visitor had chosen.")),
    Cause.CLOSED: (
        _("Outside opening hours"),
        _("No team was open, or its number could not be rung at that hour."),
    ),
    Cause.TURN: (
        _("Turns at the opening"),
        _("Its team was open, and leads before it were called at the rate of the team."),
    ),
    Cause.RETRY: (
        _("Between two tries"),
        _("The gap after a call of its own that came to nothing."),
    ),
    Cause.NUMBER: (
        _("Its number rested"),
        _("The number was on a call for another request, or rested after one."),
    ),
    Cause.LIMIT: (
        _("Spending limit"),
        _("A spending limit was reached, until its hour or day was over or it was opened again."),
    ),
    Cause.HELD: (
        _("Held for a manager"),
        _("A check held it, until a manager let it be called."),
    ),
    Cause.REST: (
        _("Closed, then called again"),
        _(
            "It was closed, until somebody had it called again. Before held leads had a cause of "
            "their own, they were counted here."
        ),
    ),
    Cause.PERSON: (_("Waiting for a person"), _("It had failed, until a person saw to it.")),
    Cause.PROVIDER: (
        _("The provider's answer"),
        _("From the decision to call until the provider had answered."),
    ),
    Cause.LEG1: (
        _("Salespeople's phones rang"),
        _("Until one was picked up: also those that nobody picked up."),
    ),
    Cause.LEG2: (
        _("The number did not ring"),
        _("It was dialled, and was busy or not reached."),
    ),
    Cause.UNKNOWN: (
        _("Its own call was not known"),
        _("Nobody knew what had become of a call for this very lead."),
    ),
    Cause.UNRECORDED: (
        _("Not stored"),
        _("An older release has not stored what this time went for."),
    ),
    Cause.HOURS: (
        _("Hours changed since"),
        _("Its clock has counted more than today's opening hours would."),
    ),
}  # fmt: skip


def name(key: str) -> str:
    """Of a cause, by its key: "Nobody was free", "Between two tries (error of the provider)"."""
    cause, _colon, after = key.partition(":")
    called = str(CAUSES[Cause(cause)][0])
    if after not in AttemptOutcome.values:
        return called
    return gettext("%(cause)s (%(outcome)s)") % {
        "cause": called,
        "outcome": AttemptOutcome(after).label,
    }


def meaning(key: str) -> str:
    """What counts as this cause."""
    return str(CAUSES[Cause(key.partition(":")[0])][1])


_NO_REMEDY = _("Neither more people nor other hours would have changed this.")


def remedy(
    found: Mapping[str, Any] | None, simulated: float | None, teams: Mapping[int, str]
) -> str:
    """ "One more person in Sales between 09:00 and 11:00 would have brought p90 from 6 min 10 s to
    48 s."

    `found`: a stored remedies.Remedy; None: there is nothing to try. `simulated`: p90 without it.
    `teams`: names by id.
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
            "One more person in %(team)s between %(from)s and %(to)s would have brought p90 from "
            "%(before)s to %(after)s."
        ), gettext(
            "One more person in %(team)s between %(from)s and %(to)s would not have brought p90 "
            "below %(before)s."
        )
    if change["earlier"]:
        return gettext(
            "Opening %(team)s half an hour earlier would have brought p90 from %(before)s to "
            "%(after)s."
        ), gettext(
            "Opening %(team)s half an hour earlier would not have brought p90 below %(before)s."
        )
    if change["no_turns"]:
        return gettext(
            "Calling all leads at the opening of %(team)s at once would have brought p90 from "
            "%(before)s to %(after)s."
        ), gettext(
            "Calling all leads at the opening of %(team)s at once would not have brought p90 below "
            "%(before)s."
        )
    if change["ring"]:
        return gettext(
            "Giving up a phone that nobody picks up after 15 s would have brought p90 from "
            "%(before)s to %(after)s."
        ), gettext(
            "Giving up a phone that nobody picks up after 15 s would not have brought p90 below "
            "%(before)s."
        )
    if change["no_owner"] or change["any_language"]:
        return gettext(
            "Ringing whoever of %(team)s is free at once would have brought p90 from %(before)s to "
            "%(after)s."
        ), gettext(
            "Ringing whoever of %(team)s is free at once would not have brought p90 below "
            "%(before)s."
        )
    return gettext(
        "Half the gap between two tries would have brought p90 from %(before)s to %(after)s."
    ), gettext("Half the gap between two tries would not have brought p90 below %(before)s.")
