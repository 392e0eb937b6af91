"""Whether this web server is about to stop: /healthz says so, for some seconds before."""

import threading

_stops = threading.Event()


def begin() -> None:
    """It has been told to stop, and takes requests for a while."""
    _stops.set()


def has_begun() -> bool:
    """Whether whoever spreads requests should send them elsewhere."""
    return _stops.is_set()
