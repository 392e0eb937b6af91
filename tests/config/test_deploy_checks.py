"""`manage.py check --deploy` names our variables instead of Django's settings."""

from pathlib import Path

import pytest

from callbacks.config import deploy_checks
from tests.config.test_wrong_settings import started

SERVED = {"HTTPS": "true", "BEHIND_PROXY": "true", "TRUSTED_PROXIES": "127.0.0.1"}
CASES = {
    "all is well": (SERVED, "System check identified no issues"),
    "without TLS": ({"HTTPS": "false"}, "(callbacks.W080) HTTPS is off"),
    "TLS may be left out": (SERVED | {"HSTS_SECONDS": "0"}, "(callbacks.W081) HSTS_SECONDS is 0"),
    "work on the code": ({"DEBUG": "true"}, "(callbacks.W082) DEBUG is on"),
    "a weak key": (SERVED | {"SECRET_KEY": "weak"}, "(callbacks.E001) SECRET_KEY is too short"),
    "a weak old key": (
        SERVED | {"SECRET_KEY_FALLBACKS": "weak"},
        "(callbacks.E001) One of SECRET_KEY_FALLBACKS is too short",
    ),
    "any host": (SERVED | {"ALLOWED_HOSTS": "*"}, "(callbacks.E061) ALLOWED_HOSTS contains *"),
}


@pytest.mark.parametrize(("given", "says"), CASES.values(), ids=CASES)
def test_each_warning_names_the_variable_to_set(
    given: dict[str, str], says: str, tmp_path: Path
) -> None:
    _, said = started(["manage.py", "check", "--deploy"], given, tmp_path)
    assert says in said
    assert "security.W" not in said


def test_what_django_would_say_has_a_case_here() -> None:
    """Except for what is a matter of choice."""
    named = {name for name in deploy_checks.SILENCED.values() if name != "HSTS_SUBDOMAINS"}
    assert named <= {name for given, _ in CASES.values() for name in given}
