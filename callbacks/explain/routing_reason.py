"""Which extension was rung and why, and why not the others, in a sentence.

An attempt's routing trace may come from an older version, so it is read like outside input: what
cannot be understood is left out, and nothing here raises.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from callbacks.common.formatting import listed, when
from callbacks.routing import rules

# At most so many extensions are named; the others are counted.
NAMED = 6
_LONGEST_NUMBER = 64
_FAR_OFF = 32_503_680_000  # the year 3000, in epoch seconds

CHOSEN = "chosen"

# Why an extension was not rung: without a time, and with the time until which the reason holds.
_REASONS = {
    rules.OFF: (_("off"), _("off until %(time)s")),
    rules.BLOCKED: (_("blocked by the provider"), _("blocked by the provider until %(time)s")),
    rules.PAUSED: (_("paused"), _("paused until %(time)s")),
    rules.ON_CALL: (_("on a call"), _("on a call until %(time)s")),
    rules.UNTOLD: (_("may be on a call"), _("may be on a call until %(time)s")),
    rules.OFF_SHIFT: (_("off shift"), _("off shift until %(time)s")),
    rules.OUT: (_("out"), _("out until %(time)s")),
    rules.CAPPED: (_("at the daily limit"), _("at the daily limit until %(time)s")),
    rules.RESTING: (_("resting"), _("resting until %(time)s")),
    rules.SEEN_BUSY: (
        _("busy according to the provider"),
        _("busy according to the provider until %(time)s"),
    ),
    rules.REFUSED: (
        _("refused for this lead before"),
        _("refused for this lead before, until %(time)s"),
    ),
}
# Why this extension was chosen: without and with the number of extensions that were free.
_STRATEGIES = {
    rules.LONGEST_IDLE: (_("idle longest"), _("idle longest of %(free)d free")),
    rules.ROUND_ROBIN: (_("next in turn"), _("next in turn of %(free)d free")),
    rules.WEIGHTED: (_("next by weight"), _("next by weight of %(free)d free")),
    rules.FAIR: (_("next by conversations"), _("next by conversations of %(free)d free")),
}


@dataclass(frozen=True)
class LookedAt:
    """An extension that was looked at and not rung. `until`: None if not known."""

    number: str
    reason: str
    until: datetime | None = None


def sentence(trace: object, number: str, at: datetime, zone: tzinfo, language: str = "") -> str:
    """ "101, idle longest of 3 free; 102 on a call, 104 off shift until 14:00".

    `trace`: the attempt's routing trace, whatever is in it. `number`: the extension that was rung,
    at `at`. `language`: the lead's. Times are in `zone`. "" if nothing in the trace can be
    understood.
    """
    kept = trace if isinstance(trace, dict) else {}
    rule = said_rule(kept.get("rule"), kept.get("free"), language)
    if not rule:
        return ""
    chosen = gettext("%(number)s, %(rule)s") % {"number": number, "rule": rule}
    # An extension that refused this lead before is rung when no other is free.
    others_seen = [it for it in looked(trace) if it.number != number]
    if not others_seen:
        return chosen
    others = said_others(others_seen, at, zone, language)
    return gettext("%(chosen)s; %(others)s") % {"chosen": chosen, "others": others}


def said_rule(rule: object, free: object, language: str = "") -> str:
    """Why this extension was chosen: "idle longest of 3 free", "speaks ru"; "" if unknown."""
    if rule == rules.OWNER:
        return gettext("talked with this number before")
    if rule == rules.ASSIGNED:
        return gettext("the lead is assigned to them")
    if rule == rules.LANGUAGE and language:
        return gettext("speaks %(language)s") % {"language": language}
    if rule == rules.LANGUAGE:
        return gettext("speaks the lead's language")
    if rule == CHOSEN:
        return gettext("chosen by a manager")
    if not isinstance(rule, str) or rule not in _STRATEGIES:
        return ""
    alone, of_several = _STRATEGIES[rule]
    if isinstance(free, bool) or not isinstance(free, int) or free < 1:
        return str(alone)
    return gettext("the only one free") if free == 1 else of_several % {"free": free}


def said_others(
    others: Iterable[LookedAt], at: datetime, zone: tzinfo, language: str = "", named: int = NAMED
) -> str:
    """ "102 on a call, 104 off shift until 14:00, and 40 more on a call".

    The first `named` are named, the others counted by reason.
    """
    those = list(others)
    said = [
        gettext("%(number)s %(reason)s")
        % {"number": it.number, "reason": said_reason(it.reason, it.until, at, zone, language)}
        for it in those[:named]
    ]
    counted = Counter(said_reason(it.reason, None, at, zone, language) for it in those[named:])
    more = [
        ngettext("%(count)d more %(reason)s", "%(count)d more %(reason)s", count)
        % {"count": count, "reason": reason}
        for reason, count in counted.most_common()
    ]
    if not more:
        return listed(said)
    return gettext("%(named)s, and %(more)s") % {"named": listed(said), "more": listed(more)}


def said_reason(
    reason: str, until: datetime | None, at: datetime, zone: tzinfo, language: str = ""
) -> str:
    """ "off shift until 14:00" """
    if reason == rules.LANGUAGE and language:
        return gettext("not speaking %(language)s") % {"language": language}
    if reason == rules.LANGUAGE:
        return gettext("not speaking the lead's language")
    if reason not in _REASONS:
        return reason
    plain, with_time = _REASONS[reason]
    return with_time % {"time": when(until, at, zone)} if until else str(plain)


def looked(trace: object) -> Sequence[LookedAt]:
    """The extensions that were not free, as far as the trace can be read."""
    rows: Any = trace.get("looked") if isinstance(trace, dict) else None
    if not isinstance(rows, list):
        return []
    return [row for row in map(_row, rows) if row]


def _row(row: Any) -> LookedAt | None:
    if not isinstance(row, list) or len(row) < 2:
        return None
    number, reason = row[0], row[1]
    if not isinstance(number, str) or not isinstance(reason, str) or reason not in _KNOWN:
        return None
    return LookedAt(number[:_LONGEST_NUMBER], reason, _instant(row[2] if len(row) > 2 else None))


_KNOWN = {*_REASONS, rules.LANGUAGE}


def _instant(seconds: Any) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    if not 0 < seconds < _FAR_OFF:
        return None
    return datetime.fromtimestamp(seconds, UTC)
