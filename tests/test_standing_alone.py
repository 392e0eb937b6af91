"""Modules that need nothing of Django, and libraries that need nothing of the project.

The import contract in pyproject.toml says which package may use which; these tests check what is
loaded when one module is imported by itself, without settings.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
Loaded = Callable[[str], list[str]]

LIBRARIES = ["callbacks.voicenter", "callbacks.simulator.__main__"]
RULES = [
    "callbacks.common.typed_time",
    "callbacks.opening_hours.calendar",
    "callbacks.opening_hours.sla_clock",
    "callbacks.policy.number_bounds",
    "callbacks.policy.rules",
    "callbacks.replay.engine",
    "callbacks.replay.metrics",
    "callbacks.routing.rules",
    "callbacks.scheduling.next_call",
    "callbacks.telephony.call_identity",
    "callbacks.telephony.call_parameters",
    "callbacks.telephony.call_result",
]
# Also without the database, but their sentences are translated.
RULES_WITH_SENTENCES = [
    "callbacks.common.formatting",
    "callbacks.explain.routing_reason",
    "leads.phones",
]

# Each module is imported by a process of its own, forked before anything is loaded.
_LOADED = """
import importlib, json, os, sys
for name in sys.argv[1:]:
    sys.stdout.flush()
    if child := os.fork():
        os.waitpid(child, 0)
        continue
    try:
        importlib.import_module(name)
        print(json.dumps([name, sorted(sys.modules)]))
    except Exception as problem:
        print(json.dumps([name, f"cannot be imported by itself: {problem}"]))
    break
"""


@pytest.fixture(scope="module")
def all_loaded() -> dict[str, list[str] | str]:
    """What the import of each module loads, or why it cannot be imported."""
    environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    ended = subprocess.run(
        [sys.executable, "-c", _LOADED, *LIBRARIES, *RULES, *RULES_WITH_SENTENCES],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return dict(json.loads(line) for line in ended.stdout.splitlines())


@pytest.fixture
def loaded(all_loaded: dict[str, list[str] | str]) -> Loaded:
    """What the import of one module loads."""

    def of(name: str) -> list[str]:
        modules = all_loaded[name]
        assert isinstance(modules, list), modules
        return modules

    return of


def below(modules: list[str], *packages: str) -> list[str]:
    """The `modules` that are in one of `packages`, or are one of them."""
    return [it for it in modules if f"{it}.".startswith(tuple(f"{name}." for name in packages))]


@pytest.mark.parametrize(
    ("library", "package"),
    [
        ("callbacks.voicenter", "callbacks.voicenter"),
        ("callbacks.simulator.__main__", "callbacks.simulator"),
    ],
)
def test_a_library_loads_nothing_of_the_project(loaded: Loaded, library: str, package: str) -> None:
    ours = below(loaded(library), "callbacks", "leads")
    assert set(ours) - set(below(ours, package)) == {"callbacks"}
    assert below(loaded(library), "django", "celery") == []


def test_the_simulator_shares_no_http_client_with_what_it_judges(
    loaded: Loaded,
) -> None:
    assert below(loaded("callbacks.simulator.__main__"), "requests", "urllib3") == []


@pytest.mark.parametrize("rules", RULES)
def test_rules_load_no_django(loaded: Loaded, rules: str) -> None:
    assert below(loaded(rules), "django", "celery", "leads.models", "callbacks.models") == []


@pytest.mark.parametrize("rules", RULES_WITH_SENTENCES)
def test_rules_with_sentences_load_no_database(loaded: Loaded, rules: str) -> None:
    assert below(loaded(rules), "django.db", "celery", "leads.models", "callbacks.models") == []
