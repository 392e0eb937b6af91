"""A session that takes too long is cut while another thread works with it."""

import smtplib
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any

import pytest

from callbacks.mailing import backends

# No certificate is needed.
_ANONYMOUS = "AECDH-AES256-SHA:@SECLEVEL=0"


class CutAsItReads(ssl.SSLSocket):
    """The session's time is over just when its thread has begun to read."""

    cut: Callable[[], None] | None = None

    def read(self, *args: Any) -> Any:
        if self.cut is not None:
            self.cut()
        return super().read(*args)


def secured() -> tuple[ssl.SSLSocket, ssl.SSLSocket]:
    """Both ends of a connection with TLS."""
    ours, theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.check_hostname, ours.verify_mode = False, ssl.CERT_NONE
    for it in (ours, theirs):
        it.maximum_version = ssl.TLSVersion.TLSv1_2
        it.set_ciphers(_ANONYMOUS)
    ours.sslsocket_class = CutAsItReads
    here, there = socket.socketpair()
    for end in (here, there):
        end.settimeout(60)
    client = ours.wrap_socket(here, do_handshake_on_connect=False)
    server = theirs.wrap_socket(there, server_side=True, do_handshake_on_connect=False)
    return client, server


def test_a_session_with_tls_that_is_cut_ends_like_one_that_the_server_ended() -> None:
    client, server = secured()
    handshake = threading.Thread(target=server.do_handshake)
    handshake.start()
    client.do_handshake()
    handshake.join()
    session = backends._BoundedSsl()
    session.sock = client
    client.cut = session._shut
    with server, pytest.raises(smtplib.SMTPServerDisconnected):
        session.getreply()
