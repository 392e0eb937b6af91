"""Finds the address that a request comes from: reads past trusted proxies, and no further.

Each proxy appends the address that connected to it to X-Forwarded-For. So the header is read from
its right end, as long as the hop that wrote the entry is one of ours (TRUSTED_PROXIES); everything
left of the first foreign hop may be invented by that hop. An entry that is not an address ends the
reading, because nobody knows what stood before it.
"""

import ipaddress
import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from django.conf import settings
from django.http import HttpRequest

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Providers give each customer an IPv6 network with a prefix of this many bits.
_CUSTOMER = 64
# "192.0.2.1:1234", "[2001:db8::1]", "[2001:db8::1]:1234": some proxies write it like this.
_WITH_PORT = re.compile(r"\[(?P<six>[^\]]*)\](?::[0-9]*)?|(?P<four>[0-9.]+):[0-9]*")


def of_request(request: HttpRequest) -> Address | None:
    """The sender's address; None if the server does not know it."""
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
    """An identity for the sender; "" if the address may belong to an undeclared proxy, behind which
    anybody may be.
    """
    found = of_request(request)
    if found is None or is_in(found, settings.TRUSTED_PROXIES):
        return ""
    asked = read(str(request.META.get("REMOTE_ADDR") or ""))
    if found == asked and "X-Forwarded-For" in request.headers:
        return ""
    return customer(found)


def read(text: str) -> Address | None:
    """The address in a text, with or without a port; None for any other text.

    An IPv4 address written as IPv6 (::ffff:192.0.2.1) is read as the IPv4 address.
    """
    text = text.strip()
    if parts := _WITH_PORT.fullmatch(text):
        text = parts["six"] or parts["four"] or ""
    try:
        found = ipaddress.ip_address(text.partition("%")[0])  # without a link-local zone
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def is_in(address: Address, networks: list[Network]) -> bool:
    """Whether the address belongs to one of the networks."""
    return any(address in network for network in networks)


def customer(address: Address) -> str:
    """An identity for the holder of an address: the address itself, or its 64-bit network for
    IPv6.
    """
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((address, _CUSTOMER), strict=False))
