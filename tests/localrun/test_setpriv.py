import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from callbacks.localrun import setpriv
from callbacks.localrun.errors import CannotStart

COMMAND = ["/bin/sh", "-c", "exit"]
NOBODY = setpriv.Account(65534, 65534)


@pytest.fixture(autouse=True)
def _looked_for_anew() -> Iterator[None]:
    setpriv._program.cache_clear()
    yield
    setpriv._program.cache_clear()


@pytest.fixture(params=["none", "too old"])
def _no_setpriv(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A PATH with no setpriv, or with one that does not know --pdeathsig."""
    if request.param == "too old":
        program = tmp_path / "setpriv"
        program.write_text("#!/bin/sh\nexit 1\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("_no_setpriv")
def test_without_it_a_server_that_needs_no_other_user_starts_all_the_same(tmp_path):
    wrapped = setpriv.wrapped(
        COMMAND, directory=tmp_path, account=None, death_signal=signal.SIGTERM
    )
    assert wrapped == COMMAND


@pytest.mark.usefixtures("_no_setpriv")
def test_without_it_root_is_told_what_to_do(tmp_path):
    with pytest.raises(CannotStart, match="Run this as a user other than root, or set DATABASE_"):
        setpriv.wrapped(COMMAND, directory=tmp_path, account=NOBODY)


def test_a_capability_is_given_only_below_a_directory_that_others_may_not_enter():
    assert not any(
        "caps" in step for step in setpriv.wrapped(COMMAND, directory=Path("/"), account=NOBODY)
    )
