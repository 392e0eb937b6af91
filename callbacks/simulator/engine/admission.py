"""Whether an order is accepted: presence, device-state checks and the blacklist. Pure."""

from callbacks.simulator.engine.parameters import INVALID, Order, Refusal, line_key
from callbacks.simulator.engine.settings import Settings

OFFLINE = Refusal(3, "Extension representative is offline")
TARGET_OFFLINE = Refusal(3, "Target extension is offline")
BLOCKED = Refusal(4, "Extension is blocked for Click2Call calls")
# The page has no code for it. Not 4: that one is about the extension, whatever it is to call.
PHONE_LISTED = Refusal(INVALID, "Phone is blacklisted")
TARGET_LISTED = Refusal(INVALID, "Target is blacklisted")


def presence_of(settings: Settings, key: str) -> str:
    """online, offline, blocked or busy; a line nobody named is online."""
    return settings.extensions.get(key, "online")


def admit(order: Order, settings: Settings) -> Order | Refusal:
    """The order, or why it is refused."""
    if refusal := _listed(order, settings):
        return refusal
    phone = presence_of(settings, line_key(order.phone))
    if phone == "blocked":
        return BLOCKED
    # The page blocks an offline extension only where checkphonedevicestate asks for it, and
    # lists error 3 without a condition: refused unless the check is turned off by name.
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
