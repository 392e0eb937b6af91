"""Whether an order is accepted: presence, device-state checks and the blacklist. Pure."""

from callbacks.simulator.engine.parameters import INVALID, Order, Refusal, line_key
from callbacks.simulator.engine.settings import Settings

OFFLINE = Refusal(3, "Extension representative is offline")
TARGET_OFFLINE = Refusal(3, "Target extension is offline")
BLOCKED = Refusal(4, "Extension is blocked for Click2Call calls")
# The vendor's page has no code for a blacklisted number. Code 4 would mean that the extension is
# blocked, whatever number it calls.
PHONE_LISTED = Refusal(INVALID, "Phone is blacklisted")
TARGET_LISTED = Refusal(INVALID, "Target is blacklisted")


def presence_of(settings: Settings, key: str) -> str:
    """The presence of a line: online, offline, blocked or busy; without a setting, online."""
    return settings.extensions.get(key, "online")


def admit(order: Order, settings: Settings) -> Order | Refusal:
    """The order if it is accepted, else the refusal."""
    if refusal := _listed(order, settings):
        return refusal
    phone = presence_of(settings, line_key(order.phone))
    if phone == "blocked":
        return BLOCKED
    # The page refuses an offline extension only with checkphonedevicestate, but lists error 3
    # without a condition. So the order is refused unless it turns the check off.
    if phone == "offline" and order.check_phone is not False:
        return OFFLINE
    if (
        order.target is not None
        and order.check_target
        and presence_of(settings, line_key(order.target)) == "offline"
    ):
        return TARGET_OFFLINE
    return order


def _listed(order: Order, settings: Settings) -> Refusal | None:
    if line_key(order.phone) in settings.blacklist and "phone" not in order.ignores_dnc:
        return PHONE_LISTED
    target = order.target
    if target and line_key(target) in settings.blacklist and "target" not in order.ignores_dnc:
        return TARGET_LISTED
    return None
