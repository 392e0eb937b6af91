"""A lead's lateness in one sentence, its parts by length. They add up to it, to the second."""

from collections.abc import Callable

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from callbacks.common.formatting import listed, to_the_second, whole_seconds
from callbacks.common.translation import Text
from callbacks.lateness.explained import Cause, End, Lateness, Part
from callbacks.lateness.phones import Held
from callbacks.models.attempt_states import AttemptOutcome
from callbacks.routing import rules

# At most so many parts are named. The others are added up, as are parts below a second, and parts
# that are short both in seconds and as a share of the lateness.
_MOST = 5
_SMALL, _SMALL_SHARE = 10.0, 0.01

_PARTS: dict[Cause, Text] = {
    Cause.BUSY: _("%(time)s with nobody free"),
    Cause.LOST: _("%(time)s with call outcomes unknown"),
    Cause.PAUSED: _("%(time)s with nobody free"),
    Cause.NOBODY: _("%(time)s with nobody on shift"),
    Cause.UNTAKEN: _("%(time)s while a phone may have been free"),
    Cause.OWNER: _("%(time)s waiting for the salesperson who talked with this number before"),
    Cause.ASSIGNED: _("%(time)s waiting for the salesperson it is assigned to"),
    Cause.LANGUAGE: _("%(time)s waiting for somebody who speaks its language"),
    Cause.CHOSEN: _("%(time)s waiting for the time the visitor chose"),
    Cause.CLOSED: _("%(time)s outside opening hours"),
    Cause.TURN: _("%(time)s waiting for its turn after opening"),
    Cause.NUMBER: _("%(time)s while its number was on another call or resting after one"),
    Cause.LIMIT: _("%(time)s waiting for a spending limit"),
    Cause.HELD: _("%(time)s held for a manager"),
    Cause.REST: _("%(time)s closed or held until somebody had it called again"),
    Cause.PERSON: _("%(time)s waiting for somebody to deal with it"),
    Cause.PROVIDER: _("%(time)s until the provider answered"),
    Cause.LEG1: _("%(time)s while the salesperson's phone rang"),
    Cause.LEG2: _("%(time)s while the visitor's number was dialled but did not ring"),
    Cause.UNKNOWN: _("%(time)s with the outcome of its own call unknown"),
    Cause.UNRECORDED: _("%(time)s with no recorded cause"),
    Cause.HOURS: _("%(time)s because opening hours have changed since"),
}
_AFTER: dict[str, Text] = {
    AttemptOutcome.OFFLINE: _("%(time)s between two tries after a salesperson's phone was offline"),
    AttemptOutcome.BLOCKED: _("%(time)s between two tries after the provider blocked an extension"),
    AttemptOutcome.INVALID: _("%(time)s between two tries after the provider refused the number"),
    AttemptOutcome.MISCONFIGURED: _(
        "%(time)s between two tries after an extension turned out to be set up wrongly"
    ),
    AttemptOutcome.PROVIDER_ERROR: _("%(time)s between two tries after the provider refused"),
    AttemptOutcome.NOT_SENT: _(
        "%(time)s between two tries after the provider could not be reached"
    ),
    AttemptOutcome.AGENT_NO_ANSWER: _(
        "%(time)s between two tries after the salesperson did not answer"
    ),
    AttemptOutcome.AGENT_UNREACHED: _(
        "%(time)s between two tries after the salesperson's phone was busy or not reached"
    ),
    AttemptOutcome.LEAD_BUSY: _("%(time)s between two tries after the visitor's line was busy"),
    AttemptOutcome.BAD_NUMBER: _(
        "%(time)s between two tries after the visitor's number was not reached"
    ),
    AttemptOutcome.LEAD_NOT_RUNG: _(
        "%(time)s between two tries after the visitor's phone did not ring"
    ),
    AttemptOutcome.NO_RECORD: _("%(time)s between two tries after a call without a record"),
    AttemptOutcome.NEVER_KNOWN: _(
        "%(time)s between two tries after a call with an unknown outcome"
    ),
}
_AFTER_ANYTHING = _("%(time)s between two tries")


def of(lateness: Lateness) -> str:
    """ "4 min 12 s late: 3 min 37 s with nobody free (5 of 5 on calls), 35 s between two tries
    after the provider refused."
    """
    large, small = _by_size(lateness)
    seconds = whole_seconds([*(it.took.total_seconds() for it in large), small])
    late = sum(seconds)
    if not late:
        return _whole(lateness, gettext("Less than a second"), "")
    said = [
        words(part, to_the_second(its)) for part, its in zip(large, seconds, strict=False) if its
    ]
    if seconds[-1]:
        said.append(gettext("%(time)s other") % {"time": to_the_second(seconds[-1])})
    return _whole(lateness, to_the_second(late), listed(said))


def _whole(lateness: Lateness, late: str, parts: str) -> str:
    templates = _IN_HOURS if lateness.in_hours else _ALWAYS
    alone, with_parts = templates[lateness.end]
    return (with_parts if parts else alone) % {"late": late, "parts": parts}


_ALWAYS: dict[End, tuple[Text, Text]] = {
    End.RANG: (_("%(late)s late."), _("%(late)s late: %(parts)s.")),
    End.RUNS: (_("%(late)s late so far."), _("%(late)s late so far: %(parts)s.")),
    End.CLOSED: (
        _("%(late)s late when it was closed; its phone never rang."),
        _("%(late)s late when it was closed, and its phone never rang: %(parts)s."),
    ),
}
_IN_HOURS: dict[End, tuple[Text, Text]] = {
    End.RANG: (
        _("%(late)s late in opening hours."),
        _("%(late)s late in opening hours: %(parts)s."),
    ),
    End.RUNS: (
        _("%(late)s late in opening hours so far."),
        _("%(late)s late in opening hours so far: %(parts)s."),
    ),
    End.CLOSED: (
        _("%(late)s late in opening hours when it was closed; its phone never rang."),
        _("%(late)s late in opening hours when it was closed, and its phone never rang: "
          "%(parts)s."),
    ),
}  # fmt: skip


def _by_size(lateness: Lateness) -> tuple[list[Part], float]:
    """The parts to name, and the seconds of the others."""
    seconds = [it.took.total_seconds() for it in lateness.parts]
    least = max(1.0, min(_SMALL, sum(seconds) * _SMALL_SHARE))
    count = min(max(sum(it >= least for it in seconds), 1), _MOST)
    return list(lateness.parts[:count]), sum(seconds[count:])


def words(part: Part, time: str) -> str:
    """One part: "3 min 56 s with nobody free (5 of 5 on calls)"."""
    if part.cause is Cause.RETRY:
        return _AFTER.get(part.after, _AFTER_ANYTHING) % {"time": time}
    said = _PARTS[part.cause] % {"time": time}
    if part.cause is Cause.LOST and part.held:
        count = part.held.count(rules.UNTOLD)
        said = ngettext(
            "%(time)s with the outcome of %(count)d call unknown",
            "%(time)s with the outcomes of %(count)d calls unknown",
            count,
        ) % {"time": time, "count": count}
    if part.held is None or not (who := held_by(part.held, mostly=part.mostly)):
        return said
    return gettext("%(part)s (%(who)s)") % {"part": said, "who": who}


def held_by(held: Held, *, mostly: bool = False) -> str:
    """ "5 of 5 on calls", "2 of 5 paused, 3 on calls"; "" if no phone was held."""
    said: list[str] = []
    for reason, (alone, of) in _HELD.items():
        if count := held.count(reason):
            words_for = alone if said else of
            said.append(words_for(count) % {"count": count, "all": held.phones})
    if not said:
        return ""
    who = listed(said)
    if held.about:
        return gettext("about %(who)s") % {"who": who}
    return gettext("mostly %(who)s") % {"who": who} if mostly else who


# In this order; the first one also says how many phones there are.
_HELD: dict[str, tuple[Callable[[int], str], Callable[[int], str]]] = {
    rules.UNTOLD: (
        lambda n: ngettext("%(count)d held by it", "%(count)d held by them", n),
        lambda n: ngettext(
            "%(count)d of %(all)d phones held by it", "%(count)d of %(all)d phones held by them", n
        ),
    ),
    rules.PAUSED: (
        lambda n: ngettext("%(count)d paused", "%(count)d paused", n),
        lambda n: ngettext("%(count)d of %(all)d paused", "%(count)d of %(all)d paused", n),
    ),
    rules.ON_CALL: (
        lambda n: ngettext("%(count)d on a call", "%(count)d on calls", n),
        lambda n: ngettext("%(count)d of %(all)d on a call", "%(count)d of %(all)d on calls", n),
    ),
    rules.RESTING: (
        lambda n: ngettext("%(count)d resting after a call", "%(count)d resting after calls", n),
        lambda n: ngettext(
            "%(count)d of %(all)d resting after a call",
            "%(count)d of %(all)d resting after calls",
            n,
        ),
    ),
    rules.BLOCKED: (
        lambda n: ngettext("%(count)d blocked", "%(count)d blocked", n),
        lambda n: ngettext("%(count)d of %(all)d blocked", "%(count)d of %(all)d blocked", n),
    ),
    rules.OUT: (
        lambda n: ngettext("%(count)d not reached", "%(count)d not reached", n),
        lambda n: ngettext(
            "%(count)d of %(all)d not reached", "%(count)d of %(all)d not reached", n
        ),
    ),
    rules.CAPPED: (
        lambda n: ngettext("%(count)d at the daily limit", "%(count)d at the daily limit", n),
        lambda n: ngettext(
            "%(count)d of %(all)d at the daily limit", "%(count)d of %(all)d at the daily limit", n
        ),
    ),
    rules.SEEN_BUSY: (
        lambda n: ngettext("%(count)d busy elsewhere", "%(count)d busy elsewhere", n),
        lambda n: ngettext(
            "%(count)d of %(all)d busy elsewhere", "%(count)d of %(all)d busy elsewhere", n
        ),
    ),
    rules.REFUSED: (
        lambda n: ngettext(
            "%(count)d refused for this lead before", "%(count)d refused for this lead before", n
        ),
        lambda n: ngettext(
            "%(count)d of %(all)d refused for this lead before",
            "%(count)d of %(all)d refused for this lead before",
            n,
        ),
    ),
}
