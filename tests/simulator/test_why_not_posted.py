"""The simulator says why a record could not be posted, and never to which address."""

from pathlib import Path

import pytest

from callbacks.simulator.posts.delivery import _why_not
from tests.support.simulator import SimulatorProcess, eventually
from tests.support.stack import free_port

ANSWERS = [
    (200, b'{"Err": 0}', ""),
    (200, b'{"Err": 1, "Errdesc": "parse error"}', "the product answered with Err 1"),
    (200, b"<html>", 'the product answered 200, and not {"Err": 0}'),
    (200, b"[]", 'the product answered 200, and not {"Err": 0}'),
    (503, b"", "the product answered with HTTP status 503"),
    (404, b"", "HTTP status 404 (is the secret in the address the product's CDR_SECRET?)"),
]


@pytest.mark.parametrize(("status", "body", "says"), ANSWERS)
def test_each_answer_has_its_reason(status: int, body: bytes, says: str) -> None:
    why = _why_not(status, body)
    assert why.endswith(says) if says else why == ""


def test_a_product_that_is_away_is_said_with_the_time(tmp_path: Path) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}/webhooks/voicenter/hush/cdr/"
    with SimulatorProcess(cdr_url=nowhere, cdr_tries=2, cdr_backoff=0.05) as simulator:
        call = {"action": "call", "phone": "101", "target": "0505550101", "code": simulator.code}
        assert simulator.http.post(simulator.click2call_url, data=call).status_code == 200
        eventually(lambda: all(it["posts"] == 2 for it in simulator.ledger()[0]["cdrs"]) and
                   simulator.ledger()[0]["cdrs"])  # fmt: skip
        said = simulator.stop()
    assert "could not be posted yet: the product could not be reached (ConnectError)" in said
    assert "gave up on" in said
    assert "+00:00 WARNING simulator " in said
    assert "hush" not in said
