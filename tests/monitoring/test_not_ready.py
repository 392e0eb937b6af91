"""The web server logs why /readyz answers 503, and the advice is complete."""

import re
from pathlib import Path

import pytest
import redis
from django.test import Client

from callbacks.monitoring import notices, readiness

NIGHT = Path(__file__).parents[2] / "docs" / "night.md"

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
    """The workers read the code at their start, so correcting it alone does nothing."""
    for table in (readiness._REFUSED, notices._ACCOUNT):
        of_the_code = [str(it) for it in table.values() if "VOICENTER_CODE" in str(it)]
        assert len(of_the_code) == 2
        assert all("restart the workers" in it for it in of_the_code)


def test_each_check_has_its_row_on_the_page_for_the_night() -> None:
    _, _, after = NIGHT.read_text().partition("## The checks of /readyz\n")
    rows = re.findall(r"^\| `(\w+)` \|(.+)\|(.+)\|(.+)\|$", after, re.MULTILINE)
    assert [name for name, *_ in rows] == [it.name for it in readiness.checks()]
    assert all(cell.strip() for row in rows for cell in row)
