"""What waits in the broker's queue."""

import base64
import json

import redis
from django.conf import settings


def queued(*, empty: bool = False) -> list[tuple[str, int]]:
    """(task, primary key) of each waiting message, oldest first; `empty` throws them away."""
    broker = redis.Redis.from_url(settings.REDIS_URL)
    found = []
    for raw in reversed(broker.lrange("callbacks", 0, -1)):
        message = json.loads(raw)
        arguments, _keywords, _embed = json.loads(base64.b64decode(message["body"]))
        found.append((message["headers"]["task"], *arguments))
    if empty:
        broker.delete("callbacks")
    return found
