"""From which address a request comes: read past the proxies that we trust, and no further.

Each proxy appends to X-Forwarded-For the address that it was asked from. So the header is read from
its right end, as long as the hop that wrote it is one of ours (TRUSTED_PROXIES); what stands to the
left of the first foreign hop is that hop's invention. An entry that is no address ends the reading:
nobody knows what stood before it.
"""

import ipaddress
import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from django.conf import settings
from django.http import HttpRequest

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# With this many bits of it a provider gives an IPv6 network to one customer.
_CUSTOMER = 64
# "192.0.2.1:1234", "[2001:db8::1]", "[2001:db8::1]:1234": as some proxies write it.
_WITH_PORT = re.compile(r"\[(?P<six>[^\]]*)\](?::[0-9]*)?|(?P<four>[0-9.]+):[0-9]*")


def of_request(request: HttpRequest) -> Address | None:
    """The address of whoever has sent the request; None where the server does not know it."""
    found = read(str(request.META.get("REMOTE_ADDR") or ""))
    for text in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
        if found is None or not is_in(found, settings.TRUSTED_PROXIES):
            break
        named = read(text)
        if named is None:
            break
        found = named
    return found


def sender(request: HttpRequest) -> str:
    """What stands for whoever has sent the request; "" where the address may be that of a proxy
    which nobody has declared, so that it is anybody's.
    """
    found = of_request(request)
    if found is None or is_in(found, settings.TRUSTED_PROXIES):
        return ""
    asked = read(str(request.META.get("REMOTE_ADDR") or ""))
    if found == asked and "X-Forwarded-For" in request.headers:
        return ""
    return customer(found)


def read(text: str) -> Address | None:
    """The address that a text names, with or without a port; None for any other text.

    An IPv4 address that is written as an IPv6 one (::ffff:192.0.2.1) is the IPv4 address.
    """
    text = text.strip()
    if parts := _WITH_PORT.fullmatch(text):
        text = parts["six"] or parts["four"] or ""
    try:
        found = ipaddress.ip_address(text.partition("%")[0])  # without the zone of a link
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def is_in(address: Address, networks: list[Network]) -> bool:
    """Whether the address belongs to one of the networks."""
    return any(address in network for network in networks)


def customer(address: Address) -> str:
    """What stands for whoever has this address: itself, or its network of 64 bits in IPv6."""
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((address, _CUSTOMER), strict=False))
