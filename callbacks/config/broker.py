"""Celery's options for its broker: Redis, or RabbitMQ with quorum queues. The URL decides.

Taken from kombu 5.7 and celery 5.7 (transport/redis.py, transport/pyamqp.py, worker/consumer/).
"""

from typing import Any

from callbacks.config import addresses

REDIS_SCHEMES = frozenset({"redis", "rediss"})
AMQP_SCHEMES = frozenset({"amqp", "amqps"})

# Seconds after which Redis redelivers a task that was not acknowledged. Far above the longest task:
# a dial with the longest timeouts that callbacks.E007 allows, and its database work.
VISIBILITY_TIMEOUT = 600


def usable(url: str) -> str:
    """`url`, or a stand-in if Celery could not even load it: callbacks.E010 and E031 say why."""
    is_good = not addresses.broker_problem(url, REDIS_SCHEMES | AMQP_SCHEMES, "")
    return url if is_good else "redis://127.0.0.1:6379/0"


def is_rabbitmq(url: str) -> bool:
    """Whether `url` is the address of RabbitMQ."""
    return url.partition("://")[0] in AMQP_SCHEMES


def transport_options(url: str, seconds: float) -> dict[str, Any]:
    """Options that limit each wait for the broker to `seconds`.

    Without them a publisher waits forever for a broker that accepts the connection and is silent.
    They do not affect a worker's idle connection, which kombu's health checks (Redis) or AMQP
    heartbeats (RabbitMQ) watch.
    """
    if is_rabbitmq(url):
        return {
            # basic.publish has no answer, so without confirms a message may be lost unnoticed.
            "confirm_publish": True,
            "connect_timeout": seconds,
            "read_timeout": seconds,
            "write_timeout": seconds,
        }
    return {
        "socket_connect_timeout": seconds,
        "socket_timeout": seconds,
        "socket_keepalive": True,
        # For the worker's blocking read: a half-open connection is dropped after at most twice
        # this, plus a second.
        "health_check_interval": 10,
        "visibility_timeout": VISIBILITY_TIMEOUT,
    }
