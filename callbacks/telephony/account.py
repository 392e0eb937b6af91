"""The account we dial with: the Voicenter client, and what it is asked for."""

import logging
import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings

from callbacks.models import CallAttempt
from callbacks.models.extensions import first_leg
from callbacks.routing.claim import Claim
from callbacks.routing.config import RoutingConfig
from callbacks.routing.config import current as current_setup
from callbacks.telephony.call_identity import PlacedCall
from callbacks.telephony.call_parameters import Layer, resolved_arguments
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
from callbacks.voicenter.http.addresses import services_beside
from callbacks.voicenter.http.limiter import shared_limiter
from callbacks.voicenter.values.phones import to_provider
from leads.models import Lead

log = logging.getLogger(__name__)

# Beyond the longest a call can last, for clocks that differ and records that come late.
_HOLD_MARGIN = timedelta(seconds=60)
# Seconds. A worker has better things to do than to wait for its turn; it asks again later.
_LOG_WAIT = 1.0
# Seconds. The provider's own default of 30 (vendor's page 1.3) would cut a longer message.
MESSAGE_LASTS = 120
# What is said of calls and holds for messages too: a message has one leg, the lead's, which in a
# call is the second one.
_OF_MESSAGES = {
    "record": "record",
    "target_caller_id": "target_caller_id",
    "target_caller_name": "target_caller_name",
    "target_max_dial_time": "phone_max_dial_time",
}
EXTENSION, SOURCE, SETTINGS = "extension", "source", "settings"


@cache
def client(log_wait: float | None = None, patience: float = math.inf) -> Client:
    """One client for the process; it keeps a connection per thread.

    `log_wait`: seconds to wait for one's turn at the Call Log at most; None: as long as it takes.
    `patience`: seconds to wait for an answer at most, where the settings would wait longer.
    Raises ConfigurationError or InvalidCall when the settings could not make a call: better here,
    before a lead is claimed, than with every lead.
    """
    _sample_call()
    return Client(
        url=settings.VOICENTER_URL,
        code=settings.VOICENTER_CODE,
        method=settings.VOICENTER_METHOD,
        answer_format=settings.VOICENTER_FORMAT,
        connect_timeout=settings.VOICENTER_CONNECT_TIMEOUT,
        read_timeout=min(settings.VOICENTER_TIMEOUT, patience),
        limiter=shared_limiter(
            services_beside(settings.VOICENTER_URL).call_log_url, max_wait=log_wait
        ),
    )


def active_calls(patience: float = math.inf) -> Sequence[ExtensionCalls] | None:
    """What every extension of the account is on right now; None when nobody tells.

    `patience`: as of `client`, for whom a late answer is no use.
    """
    try:
        return client(patience=patience).active_calls()
    except VoicenterError as error:
        log.warning("active calls not to be had reason=%s", error.reason)
    return None


def call_log(since: datetime, until: datetime) -> Sequence[CallLogRecord] | None:
    """The legs of all click2calls that began in a window of time; None when nobody tells.

    By time alone: how numbers are spelled in a search nobody has promised, and what it misses must
    not be taken for a call that never was.
    """
    search = CallLogSearch(since, until, types=CLICK2CALL_TYPES)
    try:
        return list(client(_LOG_WAIT).call_log(search))
    except Forbidden as error:
        log.warning(
            "Call Log refuses us reason=%s: what became of calls without a record stays unknown "
            "until their limit; have the provider allow this machine and code",
            error.reason,
        )
    except VoicenterError as error:
        log.warning("Call Log not to be had reason=%s", error.reason)
    return None


def asked(attempt: CallAttempt) -> PlacedCall:
    """What the call of an attempt is recognised by in the provider's lists."""
    sent_at = attempt.sent_at or attempt.claimed_at
    rings = rings_for(attempt.lead.source_id, attempt.extension_id)
    return PlacedCall(
        attempt=str(attempt.public_id),
        call_id=attempt.call_id,
        phone=attempt.phone,
        extension=attempt.extension_number,
        sent_at=sent_at,
        settled_by=sent_at + answer_is_lost_after() + rings,
    )


def settings_problem() -> str | None:
    """What is wrong with the call parameters in the settings, as a sentence; None: nothing."""
    try:
        _sample_call()
    except InvalidCall as problem:
        return str(problem)
    return None


def answer_is_lost_after() -> timedelta:
    """An attempt that was taken on and is `dialing` for longer has lost its worker."""
    longest = settings.VOICENTER_CONNECT_TIMEOUT + settings.VOICENTER_TIMEOUT
    return timedelta(seconds=longest + 10)


def places(setup: RoutingConfig, source_id: int | None, extension_id: int | None) -> list[Layer]:
    """Who says how a call is made, the most particular first (see `call_parameters`)."""
    found = []
    if extension_id is not None and extension_id in setup.parameters_by_extension:
        found.append(Layer(EXTENSION, setup.parameters_by_extension[extension_id]))
    if source_id is not None and source_id in setup.parameters_by_source:
        found.append(Layer(SOURCE, setup.parameters_by_source[source_id]))
    return [*found, Layer(SETTINGS, _from_settings())]


def call_for(claim: Claim, lead: Lead, setup: RoutingConfig) -> Call:
    """The click2call that bridges the claimed extension with `lead`. Raises InvalidCall.

    Our variables come back with the call's records and identify both; no personal data.
    """
    attempt = claim.attempt
    parameters: dict[str, Any] = resolved_arguments(
        places(setup, lead.source_id, attempt.extension_id)
    )
    own = {"lead": str(lead.public_id), "attempt": str(attempt.public_id)}
    parameters["variables"] = {**parameters.get("variables", {}), **own}
    return Call(
        **first_leg(claim.extension_kind, attempt.extension_number),
        target=to_provider(attempt.phone),
        **parameters,
    )


def message_for(attempt: CallAttempt, setup: RoutingConfig) -> Message:
    """The recorded message that the attempt plays to its lead. Raises InvalidCall."""
    holds: dict[str, Any] = resolved_arguments(places(setup, attempt.lead.source_id, None))
    return Message(
        phone=to_provider(attempt.phone),
        pre_rec=attempt.record_name,
        max_duration=MESSAGE_LASTS,
        **{ours: holds[name] for name, ours in _OF_MESSAGES.items() if name in holds},
    )


def hold_for(call: Call | Message) -> timedelta:
    """The longest that `call`, accepted now, can keep its extension and its number."""
    longest = (call.phone_max_dial_time or 0) + (call.max_duration or 0)
    if isinstance(call, Call):
        longest += call.target_max_dial_time or 0
    return timedelta(seconds=longest) + _HOLD_MARGIN


def hold() -> timedelta:
    """The same for a call that no source or extension says anything about."""
    return hold_for(_sample_call())


def rings() -> timedelta:
    """The longest that the phones of a call ring, one after the other, as the settings have it."""
    return _rings(_from_settings())


def rings_for(source_id: int, extension_id: int | None) -> timedelta:
    """The same for a lead of this source through this extension."""
    return _rings(resolved_arguments(places(current_setup(), source_id, extension_id)))


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
