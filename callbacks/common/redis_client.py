"""A Redis client for callers that may not wait long."""

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry


def bounded_client(url: str, timeout: float) -> redis.Redis:
    """A client that tries once; connecting and each answer take at most `timeout` seconds."""
    return redis.Redis.from_url(
        url,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
    )
