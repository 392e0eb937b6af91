"""A Redis that answers but refuses our password; and /readyz as read with curl at night."""

from collections.abc import Iterator

import pytest
import redis
from django.test import Client
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks.common import heartbeats

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def another_password(signs: redis.Redis, settings: SettingsWrapper) -> Iterator[None]:
    where = settings.REDIS_URL.rpartition("@")[2]
    settings.REDIS_URL = f"redis://:of-yesterday@{where}"
    heartbeats._client.forget()
    yield
    heartbeats._client.forget()


def test_a_password_that_is_wrong_is_no_silence(another_password: None) -> None:
    answer = Client().get("/readyz")
    found = answer.json()["checks"]
    assert answer.status_code == 503
    assert found["redis"]["advice"].startswith(
        "Redis does not answer, or refuses the password. Check that it is running and that "
        "REDIS_URL is correct."
    )
    for name in ("beat", "worker", "sweep", "clocks"):
        assert found[name]["advice"] == "Unknown while Redis is unavailable."


def test_each_check_has_its_line_and_quotation_marks_are_as_they_are(signs: redis.Redis) -> None:
    signs.flushdb()
    text = Client().get("/readyz").content.decode()
    assert "“When Redis has lost its data”" in text
    assert '"redis": {' in [it.strip() for it in text.splitlines()]
