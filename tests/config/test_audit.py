"""`make audit` passes only after an advisory database that works has found no weakness."""

import importlib.util
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
_spec = importlib.util.spec_from_file_location("audit", ROOT / ".ci" / "audit.py")
assert _spec
assert _spec.loader
audit = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(audit)

ID = {"id": "PYSEC-2026-1", "fix_versions": ["5.2.99"], "aliases": [], "description": "..."}
WEAK = {"name": "django", "version": "3.2", "vulns": [ID]}
WELL = {"name": "redis", "version": "8.1.0", "vulns": []}
SKIPPED = {"name": "inner", "skip_reason": "Dependency not found on PyPI"}


def document(*packages: dict[str, Any]) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


def answering(probe: dict[str, str], lock: str) -> Callable[[Sequence[str]], str]:
    """A pip-audit with these answers: to the probe, by service, and to each lock file."""

    def run(arguments: Sequence[str]) -> str:
        service, asked = arguments[1], arguments[3]
        said = lock if asked in audit.LOCKS else probe.get(service, "")
        if not said:
            raise audit.NoAnswerError
        return said

    return run


KNOWS, KNOWS_NOTHING = document(WEAK), document({**WEAK, "vulns": []})
CASES = {
    "all is well": ({"pypi": KNOWS}, document(WELL), 0, "no known weakness"),
    "something is known": ({"pypi": KNOWS}, document(WELL, WEAK), 1, "django 3.2: PYSEC-2026-1"),
    "nobody answers": ({}, document(WELL), 2, "No advisory database"),
    "a mirror without advisories": (
        {"pypi": KNOWS_NOTHING}, document(WELL), 2, "No advisory database"
    ),
    "the other one knows": (
        {"pypi": KNOWS_NOTHING, "osv": KNOWS}, document(WELL), 0, "OSV's advisories"
    ),
    "one package was passed over": (
        {"pypi": KNOWS}, document(WELL, SKIPPED), 2, "nothing is known of it"
    ),
    "no answer about the lock file": ({"pypi": KNOWS}, "", 2, "nothing is known of it"),
    "not a document": ({"pypi": KNOWS}, "<html>", 2, "nothing is known of it"),
    "an empty one": ({"pypi": KNOWS}, document(), 2, "nothing is known of it"),
}  # fmt: skip


@pytest.mark.parametrize(("probe", "lock", "code", "words"), CASES.values(), ids=CASES)
def test_it_ends_as_what_is_known(probe: dict[str, str], lock: str, code: int, words: str) -> None:
    said: list[str] = []
    assert audit.audit(answering(probe, lock), said.append) == code
    assert words in "\n".join(said)


def test_the_lock_files_are_what_is_installed() -> None:
    for lock in audit.LOCKS:
        assert "--hash=sha256:" in (ROOT / lock).read_text()
