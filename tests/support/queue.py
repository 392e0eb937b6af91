"""What waits in the broker's queue."""

import base64
import json
from functools import cache

import redis
from django.conf import settings


@cache
def _broker() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL)


def queued(*, empty: bool = False) -> list[tuple[str, int]]:
    """(task, primary key) of each waiting message, oldest first; `empty` throws them away."""
    broker = _broker()
    found = []
    for raw in reversed(broker.lrange("callbacks", 0, -1)):
        message = json.loads(raw)
        arguments, _keywords, _embed = json.loads(base64.b64decode(message["body"]))
        found.append((message["headers"]["task"], *arguments))
    if empty and found:
        broker.delete("callbacks")
    return found
