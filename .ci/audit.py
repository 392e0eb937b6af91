"""`make audit`: checks for known weaknesses in what the lock files install.

Uses pip-audit with the advisory database of PyPI, or of OSV if PyPI's has no advisories: a mirror
of PyPI may leave them out, and would call everything safe. Exit codes: 0 if nothing was found by a
database that has advisories, 1 if something was found, 2 if no such database could be reached.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

LOCKS = ("requirements.lock", "requirements-dev.lock")
SERVICES = {"pypi": "PyPI", "osv": "OSV"}
# This old release's weaknesses were published years ago: a service without them has no advisories.
PROBE = "django==3.2"
Run = Callable[[Sequence[str]], str]


class NoAnswerError(Exception):
    """pip-audit got no result. Its message is not shown, because it may contain an address."""


def pip_audit(arguments: Sequence[str]) -> str:
    """pip-audit's result, as JSON. Raises NoAnswerError."""
    command = [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off"]
    command += ["--disable-pip", "--no-deps", "--timeout", "15", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    # 1 means weaknesses, or an error in pip-audit itself, which prints no document.
    if done.returncode not in {0, 1} or not done.stdout.strip():
        raise NoAnswerError
    return done.stdout


def weak(answer: str) -> list[str]:
    """A line for every weakness in pip-audit's document. Raises NoAnswerError if incomplete."""
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
    """Whether this service answers and has advisories."""
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
    """Checks each lock file. Returns the exit code."""
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
