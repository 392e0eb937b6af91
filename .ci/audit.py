"""`make audit`: are there known weaknesses in what the lock files install?

Asks an advisory database by pip-audit: PyPI's, and where that has none, OSV's. Ends with 0 only
when one has been asked that knows of weaknesses at all: a mirror of PyPI may leave them out, and
would call everything safe. 1: something was found. 2: nobody could be asked, so nothing is known.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

LOCKS = ("requirements.lock", "requirements-dev.lock")
SERVICES = {"pypi": "PyPI", "osv": "OSV"}
# Weaknesses of this old release have been public for years: who has none of them has no database.
PROBE = "django==3.2"
Run = Callable[[Sequence[str]], str]


class NoAnswerError(Exception):
    """pip-audit came to no result; its words are not told, since they may name an address."""


def pip_audit(arguments: Sequence[str]) -> str:
    """What pip-audit says, as JSON. Raises NoAnswerError."""
    command = [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off"]
    command += ["--disable-pip", "--no-deps", "--timeout", "15", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    # 1 is for weaknesses that were found, and for its own errors, which have no document.
    if done.returncode not in {0, 1} or not done.stdout.strip():
        raise NoAnswerError
    return done.stdout


def weak(answer: str) -> list[str]:
    """A line for every weakness in pip-audit's document. Raises NoAnswerError for half a one."""
    try:
        packages = json.loads(answer)["dependencies"]
        skipped = [it["name"] for it in packages if it.get("skip_reason")]
        lines = [
            f"{it['name']} {it['version']}: {found['id']}"
            f" (mended in {', '.join(found['fix_versions']) or 'no release yet'})"
            for it in packages
            if not it.get("skip_reason")
            for found in it["vulns"]
        ]
    except (ValueError, KeyError, TypeError):
        raise NoAnswerError from None
    if skipped or not packages:
        raise NoAnswerError
    return lines


def knows_weaknesses(service: str, run: Run) -> bool:
    """Whether this service answers, and has an advisory database behind it."""
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder) / "requirements.txt"
        asked.write_text(f"{PROBE}\n")
        try:
            return bool(
                weak(run(["--vulnerability-service", service, "--requirement", str(asked)]))
            )
        except NoAnswerError:
            return False


def audit(run: Run = pip_audit, say: Callable[[str], None] = print) -> int:
    """Asks about each lock file; the exit code."""
    service = next((it for it in SERVICES if knows_weaknesses(it, run)), None)
    if service is None:
        say(
            "No advisory database can be reached from here: neither PyPI's (a mirror may leave it "
            "out) nor OSV's. It is not known whether the dependencies are safe. Run `make audit` "
            "where one can be reached."
        )
        return 2
    found: set[str] = set()
    for lock in LOCKS:
        try:
            answer = run(["--vulnerability-service", service, "--requirement", lock])
            found.update(weak(answer))
        except NoAnswerError:
            say(
                f"{SERVICES[service]} has not answered about all of {lock}: nothing is known of it."
            )
            return 2
    for line in sorted(found):
        say(line)
    verdict = f"{len(found)} known weaknesses" if found else "no known weakness"
    say(f"{SERVICES[service]}'s advisories, {' and '.join(LOCKS)}: {verdict}.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(audit())
