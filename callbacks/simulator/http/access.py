"""The account's allow-list of IP addresses. Pure."""

import ipaddress

from callbacks.simulator.engine.settings import Settings


def allowed(settings: Settings, host: str) -> bool:
    """Whether requests from this IP address are accepted."""
    if settings.forbid:
        return False
    if settings.allowed_ips is None:
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in network for network in settings.allowed_ips)
