import ast
import itertools
import re
from pathlib import Path

import pytest

from callbacks.policy import from_settings
from callbacks.policy.from_settings import in_settings
from callbacks.policy.rules import OPENING, Policy

ROOT = Path(__file__).parent.parent.parent
NAMED = re.compile(r"^#([A-Z][A-Z0-9_]*)=")
# Set by tools, or by one part of the project for another; nobody sets them by hand.
NOT_SETTINGS = {"DJANGO_SETTINGS_MODULE", "PATH", "PYTHONUNBUFFERED"}


def variables_read(source: str) -> set[str]:
    """Names that Python code asks the environment for: env.str("A"), os.environ.get("A"), ["A"]."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and is_environment(node.func):
            found.update(constants(node.args[:1]))
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
            found.update(constants([node.slice]))
    return found - NOT_SETTINGS


def is_environment(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) and (
        ast.unparse(function) == "os.environ.get" or ast.unparse(function.value) == "env"
    )


def constants(nodes: list[ast.expr]) -> set[str]:
    return {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def documented() -> list[str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return [match[1] for line in lines if (match := NAMED.match(line))]


def used() -> set[str]:
    sources = [ROOT / "gunicorn.conf.py", *(ROOT / "callbacks").rglob("*.py")]
    found = {name for source in sources for name in variables_read(source.read_text())}
    in_shell = re.findall(r"\$\{?([A-Z][A-Z0-9_]*)", (ROOT / "Procfile").read_text())
    in_compose = re.findall(r"\$\{([A-Z][A-Z0-9_]*)", (ROOT / "docker-compose.yml").read_text())
    in_run = re.findall(
        r'\("([A-Z_]*PORT)", ', (ROOT / "callbacks/localrun/__main__.py").read_text()
    )
    return found | set(in_shell) | set(in_compose) | set(in_run)


def test_every_setting_is_documented():
    assert used() - set(documented()) == set()


def test_every_documented_setting_is_read():
    assert set(documented()) - used() == set()


def test_no_setting_is_documented_twice():
    assert len(documented()) == len(set(documented()))


def test_every_documented_setting_has_a_line_of_comment():
    lines = (ROOT / ".env.example").read_text().splitlines()
    for before, line in itertools.pairwise(lines):
        if NAMED.match(line):
            # Two variables that belong together share one comment.
            assert before.startswith("# ") or NAMED.match(before), line


def of_the_policy() -> dict[str, str]:
    """The default settings of the policy."""
    policy = Policy()
    seconds = {
        "CALL_GAP": policy.gap, "OFFLINE_COOLDOWN": policy.offline_for,
        "MISSED_COOLDOWN": policy.missed_for,
    }  # fmt: skip
    return {
        "RETRY_AFTER_NO_ANSWER": ",".join(in_settings(policy.after_no_answer)),
        "RETRY_AFTER_ERROR": ",".join(in_settings(policy.after_error)),
        "CALLS_A_DAY": str(policy.calls_a_day),
        "MISSED_IN_A_ROW": str(policy.missed_in_a_row),
        **{name: f"{wait.total_seconds():g}" for name, wait in seconds.items()},
    }


def test_the_policys_settings_are_documented_with_its_defaults():
    lines = (ROOT / ".env.example").read_text().splitlines()
    assert [f"#{name}={value}" for name, value in of_the_policy().items()
            if f"#{name}={value}" not in lines] == []  # fmt: skip


def test_the_policys_settings_are_its_defaults(settings):
    assert from_settings.policy() == Policy()


def test_the_docs_tell_the_policys_defaults():
    docs = (ROOT / "docs/architecture.md").read_text()
    values = of_the_policy()
    assert f"`CALL_GAP`, {values['CALL_GAP']} s |" in docs
    assert f"`CALLS_A_DAY`, {values['CALLS_A_DAY']} |" in docs
    minutes = [it.total_seconds() / 60 for it in Policy().after_no_answer if it != OPENING]
    waits = ", ".join(f"{it:g} minutes" if it < 60 else f"{it / 60:g} hours" for it in minutes)
    assert f"called again after {waits}, and when a team next opens" in " ".join(docs.split())


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ('env.str("A", default="")', {"A"}),
        ('B = env.bool(\n    "B")', {"B"}),
        ('os.environ.get("C") or 1', {"C"}),
        ('os.environ["D"]', {"D"}),
        ('values.get("E")', set()),
        ('os.environ.get("PATH")', set()),
    ],
)
def test_the_names_are_read_from_the_code(code, names):
    assert variables_read(code) == names
