"""What the processes of `make run` are told."""

from pathlib import Path

import pytest

from callbacks.common.local_servers import Urls
from callbacks.localrun.__main__ import child_environment


def test_no_request_from_this_machine_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RATES_EXEMPT", raising=False)
    assert child_environment(tmp_path, Urls("", ""))["RATES_EXEMPT"] == "127.0.0.0/8,::1"
    monkeypatch.setenv("RATES_EXEMPT", "10.0.0.0/8")
    assert child_environment(tmp_path, Urls("", ""))["RATES_EXEMPT"] == "10.0.0.0/8"
