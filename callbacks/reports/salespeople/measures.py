"""What the people report counts and measures, and how it is defined.

- A call is an attempt of kind "call": a salesperson's phone was to ring, whether the rules decided
  it or a manager with "Call with". Recorded messages and the conference room are not calls.
- A call belongs to the person whose phone it was then (`CallAttempt.salesperson`), or to the phone
  if it had no login. All of it belongs to the day on which that phone was chosen.
- Only times on calls, shifts and pauses are cut at midnight and at the ends of the period.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from callbacks.models.attempt_states import LIVE_STATES
from callbacks.policy.rules import Outcome, picked_up
from callbacks.reports.measures import Condition, Measure, Unit
from callbacks.reports.percentiles import seconds_of

# Our fault or the provider's, before any phone could ring: nobody was offered the call.
_NOT_OFFERED = (
    Outcome.NOT_SENT, Outcome.PROVIDER_ERROR, Outcome.INVALID, Outcome.MISCONFIGURED,
)  # fmt: skip
# Outcomes that say nothing about leg 1: only a pop-up shows whether the salesperson picked up.
_SILENT = (Outcome.STOPPED, Outcome.NO_RECORD, Outcome.NEVER_KNOWN)
_DEVICE = (Outcome.OFFLINE, Outcome.BLOCKED)


def _is(*outcomes: Outcome) -> Q:
    return Q(outcome__in=[it.value for it in outcomes])


def offered() -> Q:
    """Calls that the person's phone was offered, or is being offered."""
    return ~_is(*_NOT_OFFERED)


def answered() -> Q:
    """The salesperson picked up."""
    told = Q(picked_up_at__isnull=False)
    live = Q(state__in=LIVE_STATES)
    return _is(*(it for it in Outcome if picked_up(it))) | (told & (live | _is(*_SILENT)))


def missed() -> Q:
    """The phone rang unanswered, was rejected, or went to voicemail: the person missed it."""
    return _is(Outcome.AGENT_NO_ANSWER)


def refused_by_device() -> Q:
    """The provider had no phone to ring. This says nothing about the person."""
    return _is(*_DEVICE)


def not_reached() -> Q:
    """Busy, or the network failed. This says nothing about the person."""
    return _is(Outcome.AGENT_UNREACHED)


def not_told() -> Q:
    """Offered, but none of the four is known."""
    told = answered() | missed() | refused_by_device() | not_reached()
    return offered() & ~told


def talked() -> Q:
    """The two talked."""
    return _is(Outcome.BRIDGED)


def _with_pick_up() -> Q:
    # If the time of picking up is unknown, time_accounting leaves leg 1 or leg 2 without a time.
    rest = Q(leg2_time__gt=timedelta(0)) | Q(unknown_time__gt=timedelta(0))
    return answered() & Q(leg1_time__gt=timedelta(0)) & rest


def _always(condition: Callable[[], Q]) -> Condition:
    return lambda _now: condition()


def _calls(
    key: str, name: Any, definition: Any, condition: Callable[[], Q], **more: Any
) -> Measure:
    more = {"counts": "calls", "listed": "calls"} | more
    return Measure(key, name, definition, _always(condition), **more)


CALL_MEASURES = {
    it.key: it
    for it in (
        _calls(
            "offered", _("Offered"),
            _(
                "Calls for which the provider was asked to ring the person's phone. Calls that "
                "were not sent, were refused because of their parameters or failed with a "
                "provider error do not count."
            ),
            offered,
        ),
        _calls(
            "answered", _("Answered"),
            _("The salesperson picked up, whether or not the lead answered."),
            answered,
        ),
        _calls(
            "answered_share", _("Picked up"),
            _("Answered calls as a share of answered and missed calls."),
            answered, unit=Unit.SHARE, out_of=_always(lambda: answered() | missed()), better=1,
        ),
        _calls(
            "calls_missed", _("Missed"),
            _(
                "Nobody picked up, or the call was rejected or went to voicemail. Calls stopped "
                "by a manager do not count."
            ),
            missed, better=-1,
        ),
        _calls(
            "rejected", _("Rejected"),
            _("Missed calls that were rejected on the phone, if the provider reported it."),
            lambda: missed() & Q(rejected_leg=1), better=-1,
        ),
        _calls(
            "device", _("Refused by the device"),
            _(
                "The provider could not ring the phone: it was offline, or is blocked for such "
                "calls. This says nothing about the person."
            ),
            refused_by_device, better=-1,
        ),
        _calls(
            "not_put_through", _("Not reached"),
            _(
                "The phone was busy, or the network failed. This says nothing about the person."
            ),
            not_reached,
        ),
        _calls(
            "not_told", _("Not known"),
            _(
                "Offered calls that are in progress, were stopped by a manager or have no "
                "record, and it is unknown whether the salesperson picked up."
            ),
            not_told,
        ),
        _calls(
            "pick_up_p50", _("Time to pick up, p50"),
            _(
                "From the provider's answer, when the salesperson's phone starts to ring, until "
                "they picked up. Covers answered calls for which both times are known. Half of "
                "them took no longer; between two calls, the value is interpolated."
            ),
            _with_pick_up, unit=Unit.SECONDS, value=seconds_of(F("leg1_time")), fraction=0.5,
            better=-1,
        ),
        _calls(
            "talks", _("Talks"),
            _("Calls in which the salesperson and the lead talked."),
            talked, better=1,
        ),
        _calls(
            "talk_time", _("Talk time"),
            _(
                "The total length of their talks, according to the provider's records. The "
                "whole talk counts on the day of its call. Talks of unknown length are not "
                "included."
            ),
            lambda: talked() & Q(talk_time__isnull=False),
            unit=Unit.SECONDS, value=F("talk_time"), added=True,
        ),
        _calls(
            "talk_length", _("Mean talk"),
            _("Talk time divided by the number of talks of known length."),
            lambda: talked() & Q(talk_time__isnull=False),
            unit=Unit.SECONDS, value=F("talk_time"),
        ),
        _calls(
            "people_reached", _("Reached"),
            _(
                "Leads this person talked with, each counted once. A lead that two people "
                "talked with counts for both, and once in the total."
            ),
            talked, distinct=F("lead_id"), listed="talked_leads", better=1,
        ),
    )
}  # fmt: skip

ON_CALLS = Measure(
    "on_calls", _("On calls"),
    _(
        "From the moment the salesperson picked up until the talk ended or "
        "the lead's phone stopped ringing. Split at midnight and cut at "
        "the start and end of the period. A call in progress counts once "
        "it has ended."
    ),
    _always(answered), Unit.SECONDS, counts="times", listed="times", added=True,
)  # fmt: skip
SHIFT = Measure(
    "shift", _("Shift"),
    _(
        "Time when the person's phones could get calls, up to now, "
        "according to the current hours of the teams and the phones. Time "
        "when the login was switched off is left out. If a person has two "
        "phones, overlapping time counts once. Not known for a person "
        "without a phone."
    ),
    _always(answered), Unit.SECONDS, counts="shift", listed="", added=True,
)  # fmt: skip
SHIFT_SHARE = Measure(
    "shift_share", _("Shift on calls"),
    _("The share of the shift spent on calls. Calls outside the shift are not included."),
    _always(answered), Unit.SHARE, counts="times", listed="times",
)  # fmt: skip

Lengths = Callable[[float], bool]


def _pauses(key: str, name: Any, definition: Any, **more: Any) -> Measure:
    return Measure(
        key, name, definition, _always(Q), **{"counts": "pauses", "listed": "pauses"} | more
    )


PAUSES = _pauses(
    "pauses", _("Pauses"),
    _(
        "Pauses that kept a phone from getting calls for part of the "
        "shift. A pause that was changed counts as two. A login that is "
        "switched off does not count as a pause."
    ),
)  # fmt: skip
PAUSED = _pauses(
    "paused", _("Paused"),
    _(
        "Time during the shift when the person was paused. Split at midnight and cut at the "
        "start and end of the period. If pauses on two phones overlap, the overlap counts once."
    ),
    unit=Unit.SECONDS, added=True,
)  # fmt: skip
LONGEST = _pauses(
    "pause_longest", _("Longest"), _("The longest pause, counting only the part within the shift."),
    unit=Unit.SECONDS, added=True,
)  # fmt: skip
# Lengths of pauses: the key, above so many seconds, up to so many, and the name.
LENGTHS = (
    ("pauses_15", 0, 900, _("Up to 15 min")),
    ("pauses_30", 900, 1800, _("15 to 30 min")),
    ("pauses_60", 1800, 3600, _("30 min to 1 h")),
    ("pauses_more", 3600, float("inf"), _("Over 1 h")),
)
_LENGTH = _("Pauses of this length, counting only the part within the shift.")
OWN = _pauses(
    "pauses_own", _("Their own"), _("Pauses the salesperson started."),
)  # fmt: skip
OTHERS = _pauses(
    "pauses_others", _("By others"), _("Pauses a manager or anybody else started."),
)  # fmt: skip
SYSTEM = _pauses(
    "pauses_system", _("Automatic"),
    _(
        "Pauses started automatically, after several missed calls in a row "
        "or because the provider refused the phone's setup, and pauses of "
        "unknown origin."
    ),
)  # fmt: skip
PAUSE_MEASURES = {
    it.key: it
    for it in (
        PAUSES, PAUSED, LONGEST,
        *(_pauses(key, name, _LENGTH) for key, _above, _up_to, name in LENGTHS),
        OWN, OTHERS, SYSTEM,
    )
}  # fmt: skip

ALL = CALL_MEASURES | {it.key: it for it in (ON_CALLS, SHIFT, SHIFT_SHARE)} | PAUSE_MEASURES
