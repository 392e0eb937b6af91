"""The Voicenter account that we dial with: its client, and the requests that we send with it."""

import logging
import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

from django.conf import settings
from django.utils import timezone

from callbacks.models import CallAttempt
from callbacks.models.extensions import first_leg, first_leg_refusal
from callbacks.routing.claim import Claim
from callbacks.routing.config import RoutingConfig
from callbacks.routing.config import current as current_config
from callbacks.telephony.call_identity import PlacedCall
from callbacks.telephony.call_parameters import Layer, resolved_arguments
from callbacks.telephony.rate_limit import RedisRateLimiter
from callbacks.voicenter import (
    CLICK2CALL_TYPES,
    Call,
    CallLogRecord,
    CallLogSearch,
    Client,
    ExtensionCalls,
    Forbidden,
    InvalidCall,
    Message,
    VoicenterError,
)
from callbacks.voicenter.click2call.call import CALL_PARAMETERS
from callbacks.voicenter.client import AnswerFormat, Method
from callbacks.voicenter.http.addresses import services_beside
from callbacks.voicenter.values.phones import to_provider
from leads.models import Lead

log = logging.getLogger(__name__)

# An unknown outcome is found or given up within this many times the delay of the Call Log.
LOG_DELAYS = 3

# Added to the longest duration of a call, because clocks differ and records come late.
_HOLD_MARGIN = timedelta(seconds=60)
# A Date header has whole seconds and is as old as the answer took, so small differences do not
# count. A larger difference than the second value is not a clock error, and would only make
# searches longer.
_AGREES_WITHIN, _DIFFERS_AT_MOST = timedelta(seconds=5), timedelta(hours=1)
# Seconds that a worker waits for its turn at the Call Log. After that it tries again later.
_LOG_WAIT = 1.0
# Seconds. The provider's own default of 30 (vendor's page 1.3) would cut a longer message.
MESSAGE_LASTS = 120
# Call parameters that also apply to messages. A message has one leg, the lead's, which is the
# second leg of a call.
_OF_MESSAGES = {
    "record": "record",
    "target_caller_id": "target_caller_id",
    "target_caller_name": "target_caller_name",
    "target_max_dial_time": "phone_max_dial_time",
}
# The .env variable of each call parameter in the settings.
_VARIABLES = {
    "record": "VOICENTER_RECORD",
    "target_caller_id": "VOICENTER_TARGET_CALLER_ID",
    "phone_max_dial_time": "VOICENTER_PHONE_MAX_DIAL_TIME",
    "target_max_dial_time": "VOICENTER_TARGET_MAX_DIAL_TIME",
    "max_duration": "VOICENTER_MAX_DURATION",
}
EXTENSION, SOURCE, SETTINGS = "extension", "source", "settings"


@cache
def client(log_wait: float | None = None, patience: float = math.inf) -> Client:
    """The process's client, which keeps one connection per thread.

    `log_wait`: the longest wait in seconds for a turn at the Call Log; None: no limit. `patience`:
    the longest wait in seconds for an answer, if the settings allow a longer one. Raises
    ConfigurationError or InvalidCall if the settings allow no call, so that the error appears
    before a lead is claimed.
    """
    _sample_call()
    return Client(
        url=settings.VOICENTER_URL,
        code=settings.VOICENTER_CODE,
        method=cast("Method", settings.VOICENTER_METHOD),  # callbacks.E005, E006
        answer_format=cast("AnswerFormat", settings.VOICENTER_FORMAT),
        connect_timeout=settings.VOICENTER_CONNECT_TIMEOUT,
        read_timeout=min(settings.VOICENTER_TIMEOUT, patience),
        limiter=RedisRateLimiter(
            services_beside(settings.VOICENTER_URL).call_log_url, max_wait=log_wait
        ),
    )


def active_calls(patience: float = math.inf) -> Sequence[ExtensionCalls] | None:
    """The current calls of every extension of the account; None if the provider does not tell.

    `patience`: as in `client`, for callers that cannot use a late answer.
    """
    try:
        asker = client(patience=patience) if patience < math.inf else client()
        return asker.active_calls()
    except VoicenterError as error:
        log.warning("active calls could not be read reason=%s", error.reason)
    return None


def call_log(since: datetime, until: datetime) -> Sequence[CallLogRecord] | None:
    """The legs of all click2calls that began in a period; None if the provider does not tell.

    Searches by time only. The provider does not document how a search by number compares spellings,
    and a call that such a search missed would count as never placed.
    """
    search = CallLogSearch(since, until, types=CLICK2CALL_TYPES)
    try:
        return list(client(_LOG_WAIT).call_log(search))
    except Forbidden as error:
        log.warning(
            "the Call Log refuses this machine reason=%s; calls without a record stay unknown "
            "until their limit; ask the provider to allow this machine and code",
            error.reason,
        )
    except VoicenterError as error:
        log.warning("the Call Log could not be read reason=%s", error.reason)
    return None


def clocks_differ() -> timedelta:
    """How much the provider's clock differs from ours, in either direction.

    Measured from the newest answer in this process; zero if there is none, or if the clocks agree.
    """
    theirs = client().providers_time()
    if theirs is None:
        return timedelta()
    differ = abs(theirs - timezone.now())
    return min(differ, _DIFFERS_AT_MOST) if differ > _AGREES_WITHIN else timedelta()


def asked(attempt: CallAttempt) -> PlacedCall:
    """The attempt's call, with everything that identifies it in the provider's lists."""
    sent_at = attempt.sent_at or attempt.claimed_at
    rings = rings_for(attempt.lead.source_id, attempt.extension_id)
    return PlacedCall(
        attempt=str(attempt.public_id),
        call_id=attempt.call_id,
        phone=attempt.phone,
        extension=attempt.extension_number,
        sent_at=sent_at,
        settled_by=sent_at + answer_is_lost_after() + rings,
        clocks_differ=clocks_differ(),
    )


def settings_problems() -> list[tuple[str, str]]:
    """The call parameters in the settings that make a call invalid, as (variable, sentence)."""
    found = []
    for name, value in _from_settings().items():
        try:
            Call(phone="101", target="972505550100", **{name: value})
        except InvalidCall as problem:
            found.append((_VARIABLES[name], str(problem)))
    return found


def answer_is_lost_after() -> timedelta:
    """The worker of an attempt that has been `dialing` for longer than this is lost."""
    longest = settings.VOICENTER_CONNECT_TIMEOUT + settings.VOICENTER_TIMEOUT
    return timedelta(seconds=longest + 10)


def places(config: RoutingConfig, source_id: int | None, extension_id: int | None) -> list[Layer]:
    """The layers of call parameters, the most specific first (see `call_parameters`)."""
    found = []
    if extension_id is not None and extension_id in config.parameters_by_extension:
        found.append(Layer(EXTENSION, config.parameters_by_extension[extension_id]))
    if source_id is not None and source_id in config.parameters_by_source:
        found.append(Layer(SOURCE, config.parameters_by_source[source_id]))
    return [*found, Layer(SETTINGS, _from_settings())]


def call_for(claim: Claim, lead: Lead, config: RoutingConfig) -> Call:
    """The click2call that connects the claimed extension with `lead`. Raises InvalidCall.

    Our variables come back with the call's records and identify lead and attempt. They contain no
    personal data.
    """
    attempt = claim.attempt
    parameters: dict[str, Any] = resolved_arguments(
        places(config, lead.source_id, attempt.extension_id)
    )
    own = {"lead": str(lead.public_id), "attempt": str(attempt.public_id)}
    variables = parameters.get("variables", {})
    # The column may contain any JSON, whatever the admin's form accepts.
    if not isinstance(variables, Mapping):
        raise InvalidCall("variables: must be names and texts", parameter="variables")
    parameters["variables"] = {**variables, **own}
    countries = {each for source in config.sources.values() for each in source.allowed_countries}
    kind, number = claim.extension_kind, attempt.extension_number
    if words := first_leg_refusal(kind, number, countries):
        raise InvalidCall(words, parameter="phone")
    return Call(
        **first_leg(kind, number),
        target=to_provider(attempt.phone),
        **parameters,
    )


def is_extensions(parameter: str, extension_id: int | None, config: RoutingConfig) -> bool:
    """Whether a call parameter belongs to the extension: its number, or a value set only for it."""
    if extension_id is None:
        return False
    own = config.parameters_by_extension.get(extension_id, {})
    return parameter in {"phone", "phone_login_code"} or parameter in own


def message_for(attempt: CallAttempt, config: RoutingConfig) -> Message:
    """The recorded message that the attempt plays to its lead. Raises InvalidCall."""
    holds: dict[str, Any] = resolved_arguments(places(config, attempt.lead.source_id, None))
    return Message(
        phone=to_provider(attempt.phone),
        pre_rec=attempt.record_name,
        max_duration=MESSAGE_LASTS,
        **{ours: holds[name] for name, ours in _OF_MESSAGES.items() if name in holds},
    )


def told_by(attempt: CallAttempt, now: datetime) -> datetime:
    """Until when a call with a lost answer is held: by then the provider's log has it.

    Counted from `now` if the loss is noticed late.
    """
    return max(asked(attempt).settled_by, now) + log_tells_within()


def log_tells_within() -> timedelta:
    """After a look-up, further look-ups find the outcome within this time, or it is given up."""
    return LOG_DELAYS * timedelta(seconds=settings.VOICENTER_LOG_DELAY)


def hold_for(call: Call | Message) -> timedelta:
    """How long `call`, if accepted now, can occupy its extension and its number at most."""
    longest = (call.phone_max_dial_time or 0) + (call.max_duration or 0)
    if isinstance(call, Call):
        longest += call.target_max_dial_time or 0
    return timedelta(seconds=longest) + _HOLD_MARGIN


def hold() -> timedelta:
    """How long a call can last at most if only the settings determine its parameters."""
    return hold_for(_sample_call())


def rings() -> timedelta:
    """How long both phones of a call ring at most, one after the other, if only settings apply."""
    return _rings(_from_settings())


def rings_for(source_id: int, extension_id: int | None) -> timedelta:
    """How long both phones ring at most for a lead of this source through this extension."""
    return _rings(resolved_arguments(places(current_config(), source_id, extension_id)))


def _rings(values: Mapping[str, Any]) -> timedelta:
    names = ("phone_max_dial_time", "target_max_dial_time")
    return timedelta(
        seconds=sum(int(values.get(name) or CALL_PARAMETERS[name].default or 0) for name in names)
    )


def _sample_call() -> Call:
    return Call(phone="101", target="972505550100", **_from_settings())


def _from_settings() -> dict[str, Any]:
    values = {
        "record": settings.VOICENTER_RECORD,
        "target_caller_id": settings.VOICENTER_TARGET_CALLER_ID or None,
        "phone_max_dial_time": settings.VOICENTER_PHONE_MAX_DIAL_TIME,
        "target_max_dial_time": settings.VOICENTER_TARGET_MAX_DIAL_TIME,
        "max_duration": settings.VOICENTER_MAX_DURATION,
    }
    return {name: value for name, value in values.items() if value is not None}
