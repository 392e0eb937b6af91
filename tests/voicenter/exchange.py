"""A provider whose answer depends on the request, and a client for it."""

import json

from callbacks.voicenter import Client, services_at

from .server import Provider, http

CODE = "canary-7f3a9"


class Clerk:
    """Stands in for a rate limiter: counts the calls of acquire()."""

    def __init__(self):
        self.asked = 0

    def acquire(self):
        self.asked += 1


def client_of(provider: Provider, **options) -> Client:
    base = provider.url.rpartition("/")[0]
    options = {"limiter": Clerk(), "connect_timeout": 20, "read_timeout": 20} | options
    return Client(code=CODE, services=services_at(base), **options)


def answering(provider: Provider, answer) -> None:
    """Answers each request with what `answer(values)` returns: an object, or (status, object)."""

    def behave(sock, stop):
        given = answer(provider.requests[-1].values)
        status, body = given if isinstance(given, tuple) else ("200 OK", given)
        sock.sendall(http(json.dumps(body).encode(), status))
        return True

    provider.behaviour = behave
