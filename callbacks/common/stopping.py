"""Whether this web server is about to stop: /healthz says so some seconds before."""

import threading

_stops = threading.Event()


def begin() -> None:
    """Notes that the server was told to stop; it still takes requests for a while."""
    _stops.set()


def has_begun() -> bool:
    """Whether the load balancer should send requests elsewhere."""
    return _stops.is_set()
