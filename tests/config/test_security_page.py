"""The tests that docs/security.md names exist."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()


def test_every_test_that_is_named_is_there() -> None:
    named = set(re.findall(r"`(tests/[\w/]+\.py)`", PAGE))
    assert len(named) > 30
    assert [it for it in sorted(named) if not (ROOT / it).is_file()] == []


def test_every_chapter_has_a_row_or_a_reason() -> None:
    said = {int(number) for number in re.findall(r"\bV(\d+)(?:\.\d)?\b", PAGE)}
    assert said == set(range(1, 18))
