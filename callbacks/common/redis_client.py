"""A client of Redis for things that nobody may wait long for."""

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry


def bounded_client(url: str, timeout: float) -> redis.Redis:
    """Tries once; connecting and each answer take `timeout` seconds at most."""
    return redis.Redis.from_url(
        url,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
    )
