"""TCP ports of 127.0.0.1: finds a free one, and names the process that holds one we need."""

import errno
import random
import socket

import psutil

from callbacks.localrun.errors import CannotStart

# Below those that the kernel gives to outgoing connections and to whoever asks for any port
# (net.ipv4.ip_local_port_range), and without any that browsers refuse to open.
_PORTS = range(11_000, 20_000)


def free_port() -> int:
    """A port that nothing listens on at this moment, and that few programs would take by chance
    before it is used.
    """
    for port in random.sample(_PORTS, len(_PORTS)):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise CannotStart("No port between 11000 and 20000 is free on this machine.")


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def require_free(variable: str, port: int) -> None:
    """Raises CannotStart if `port`, set by the environment's `variable`, cannot be used."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            reason = (
                f"is in use by {_listener(port)}. Stop that"
                if error.errno == errno.EADDRINUSE
                else f"cannot be used ({error.strerror}). Allow it"
            )
            raise CannotStart(
                f"Port {port} {reason}, or take another port: {variable}={port + 1} make run"
            ) from error


def _listener(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            address = connection.laddr
            listens = connection.status == psutil.CONN_LISTEN and address and address.port == port
            if listens and connection.pid is not None:
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        pass  # another user's process
    return "another process"
