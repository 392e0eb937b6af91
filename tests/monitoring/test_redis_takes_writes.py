"""The metric of an alert in docs/deploy.md: a full Redis still answers, but accepts no writes."""

import pytest
import redis
from django.test import Client

from tests.monitoring.test_lost_signs import own_redis  # noqa: F401  # a fixture


@pytest.mark.django_db(transaction=True)
def test_a_redis_that_refuses_writes_is_up_and_a_figure_says_what_it_refuses(
    own_redis: redis.Redis,  # noqa: F811
) -> None:
    assert "\ncallbacks_redis_takes_writes 1.0\n" in Client().get("/metrics").text
    own_redis.config_set("maxmemory-policy", "noeviction")
    own_redis.config_set("maxmemory", 1)
    found = Client().get("/metrics").text
    assert "\ncallbacks_redis_takes_writes 0.0\n" in found
    assert '\ncallbacks_up{part="redis"} 1.0\n' in found
