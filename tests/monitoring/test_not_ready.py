"""What the web server's log says while /readyz answers 503, and that its advice is whole."""

import pytest
import redis
from django.test import Client

from callbacks.monitoring import notices, readiness

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


def test_a_code_to_be_corrected_comes_with_the_restart_that_makes_it_hold() -> None:
    """The workers read it at their start: whoever only corrects it waits in vain."""
    for table in (readiness._REFUSED, notices._ACCOUNT):
        of_the_code = [str(it) for it in table.values() if "VOICENTER_CODE" in str(it)]
        assert len(of_the_code) == 2
        assert all("restart the workers" in it for it in of_the_code)
