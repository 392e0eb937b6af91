"""What the web server's log says while /readyz answers 503."""

import pytest
import redis
from django.test import Client

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_log_names_what_is_not_well_in_one_line(
    signs: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    assert Client().get("/readyz").status_code == 200
    assert "not ready" not in caplog.text
    signs.flushdb()
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    found = [name for name, check in answer.json()["checks"].items() if not check["ok"]]
    (line,) = [it for it in caplog.records if it.levelname in ("WARNING", "ERROR")]
    assert (line.name, line.getMessage()) == (
        "callbacks.monitoring.views",
        f"not ready: {', '.join(found)}",
    )
