"""The messages that wait in the broker's queue."""

import base64
import json
from datetime import datetime
from functools import cache

import redis
from django.conf import settings

from callbacks import tasks
from callbacks.common import task_publisher


@cache
def _broker() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL)


def queued(*, empty: bool = False) -> list[tuple[str, int]]:
    """(task, primary key) of each waiting message, oldest first; `empty` also deletes them.

    Without messages that name no row: `queued_without_key`.
    """
    broker = _broker()
    found = []
    for raw in reversed(broker.lrange("callbacks", 0, -1)):
        message = json.loads(raw)
        arguments, _keywords, _embed = json.loads(base64.b64decode(message["body"]))
        found.append((message["headers"]["task"], *arguments))
    if empty:
        broker.delete("callbacks")
    return [message for message in found if len(message) > 1]


def queued_without_key() -> list[str]:
    """The tasks of the messages without a key, oldest first."""
    messages = [json.loads(raw) for raw in reversed(_broker().lrange("callbacks", 0, -1))]
    return [it["headers"]["task"] for it in messages if it["headers"]["argsrepr"] == "()"]


def expiries(task: str) -> list[datetime | None]:
    """When each waiting message of `task` expires, oldest first; None: never."""
    messages = [json.loads(raw) for raw in reversed(_broker().lrange("callbacks", 0, -1))]
    return [
        datetime.fromisoformat(expires) if (expires := it["headers"]["expires"]) else None
        for it in messages
        if it["headers"]["task"] == task
    ]


def follow_changed_hours() -> None:
    """Does what workers do after a change of hours, until none of its steps is queued."""
    while task_publisher.FOLLOW_CHANGED_HOURS in queued_without_key():
        queued(empty=True)
        tasks.follow_changed_hours()
