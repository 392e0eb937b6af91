"""Gives erasures enough time on a slow machine."""

import pytest

from callbacks.admin.privacy import person_page


@pytest.fixture(autouse=True)
def _an_erasure_may_take_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """After 3 s the page would leave the rest to the sweep, and a busy machine is slow."""
    monkeypatch.setattr(person_page, "_TAKES", 120)
