"""One POST to a URL that somebody typed, which must not reach into our own network.

Otherwise anybody who may set up a webhook could make this server send requests to its neighbours
(server-side request forgery). So the URL must be https, without user name or password, and all
addresses of its host must be public. The host is looked up once, and the connection goes to the
address that was checked, even if the name changes meanwhile. Redirects are not followed, proxies in
the environment are not used, and only the status of the answer is read. WEBHOOKS_TO_LOOPBACK allows
requests to this machine, also by http: for tests and `make run`.
"""

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext

# Seconds until the connection is made, and from the beginning until the answer.
CONNECT_WITHIN = 4.0
ANSWER_WITHIN = 10.0
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotAllowed(ValueError):  # noqa: N818  # shown to a person
    """Nothing may be posted to the URL; the message is a sentence that says why."""


class NotSent(Exception):  # noqa: N818
    """This process can start no thread now: the receiver was not asked."""


class NoAnswer(Exception):  # noqa: N818
    """There was no answer; the message is a sentence that says why."""


@dataclass(frozen=True)
class Target:
    """The parts of the URL to post to."""

    host: str
    port: int
    path: str
    is_https: bool


def target_of(url: str) -> Target:
    """The parts of the URL. Raises NotAllowed; looks nothing up."""
    try:
        if not (url.isascii() and url.isprintable()) or " " in url or "\\" in url:
            raise ValueError
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
        host.encode("idna")
    except ValueError:
        raise NotAllowed(gettext("This is not an address. Enter one like https://…")) from None
    if parts.scheme not in (("https", "http") if settings.WEBHOOKS_TO_LOOPBACK else ("https",)):
        raise NotAllowed(gettext("The address must begin with https://."))
    if not host or port == 0:
        raise NotAllowed(gettext("This is not an address. Enter one like https://…"))
    if "@" in parts.netloc:
        raise NotAllowed(gettext("The address must not contain a user name or password."))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    is_https = parts.scheme == "https"
    return Target(host, port or (443 if is_https else 80), path, is_https)


def allowed_address(target: Target) -> str:
    """The IP address to connect to. Raises NotAllowed if one of the host's addresses may not be
    used, and NoAnswer if the host is unknown.
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NoAnswer(gettext("The host of the address is not known.")) from None
    addresses = [str(sockaddr[0]) for *_, sockaddr in found]
    for address in addresses:
        if not may_be_asked(ipaddress.ip_address(address)):
            raise NotAllowed(
                gettext("The address is in a private network. Nothing is posted there.")
            )
    return addresses[0]


def may_be_asked(address: Address) -> bool:
    """Whether the address is public, also as an IPv4 address inside IPv6; or this machine's, if
    WEBHOOKS_TO_LOOPBACK allows it.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return may_be_asked(address.ipv4_mapped)
        if address in _NAT64:
            return may_be_asked(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address.sixtofour or address.teredo or address.is_site_local:
            return False
    if address.is_loopback:
        return bool(settings.WEBHOOKS_TO_LOOPBACK)
    return address.is_global and not address.is_multicast and not address.is_reserved


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """The HTTP status of the answer. Raises NotAllowed, NoAnswer or NotSent."""
    target = target_of(url)
    connection = _Connection(target, allowed_address(target))
    deadline = threading.Timer(ANSWER_WITHIN, connection.abort)
    deadline.daemon = True
    try:
        deadline.start()
    except RuntimeError:
        raise NotSent from None
    try:
        connection.request("POST", target.path, body, {**headers, "Connection": "close"})
        status = connection.getresponse().status
        # Headers that are cut off look complete.
        if not connection.was_aborted:
            return status
        reason = ""
    except ssl.SSLError:
        reason = gettext("No secure connection is possible: its certificate is not accepted.")
    except ConnectionRefusedError:
        reason = gettext("It refuses the connection.")
    except TimeoutError:
        # The socket's timeout, which is as long, came before the deadline.
        connection.was_aborted = True
    except (OSError, http.client.HTTPException, ValueError):
        reason = gettext("It closed the connection, or its answer is not HTTP.")
    finally:
        deadline.cancel()
        connection.close()
    if connection.was_aborted:
        reason = gettext("It did not answer within %(seconds)s s.") % {
            "seconds": f"{ANSWER_WITHIN:g}"
        }
    raise NoAnswer(reason)


class _Connection(http.client.HTTPConnection):
    """A connection to an address that was checked, whatever the host name resolves to now."""

    def __init__(self, target: Target, address: str) -> None:
        super().__init__(target.host, target.port, timeout=ANSWER_WITHIN)
        self._target = target
        self._address = address
        self.was_aborted = False
        if target.is_https:
            self.default_port = 443

    def connect(self) -> None:
        """Connects; with https, accepts only a certificate of the host."""
        raw = socket.create_connection((self._address, self._target.port), CONNECT_WITHIN)
        raw.settimeout(ANSWER_WITHIN)
        self.sock = raw
        if self._target.is_https:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(
                raw, server_hostname=self._target.host, do_handshake_on_connect=False
            )
            self.sock.do_handshake()

    def abort(self) -> None:
        """Ends the exchange, from another thread."""
        self.was_aborted = True
        if self.sock is not None:
            with contextlib.suppress(OSError):
                # Not SSLSocket's own, which would change what the other thread is reading.
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)
