"""Which commands of manage.py use the database's clock."""

import pytest

from callbacks.common import clock
from callbacks.config import start
from leads import refused_connections

# Calling for their help is enough: the clock is measured before anything else.
COMMANDS = {
    "who_rings": True,
    "hold_waiting": True,
    "voicenter": True,  # the period of its Call Log ends now; `import` stores when it was made
    "check": False,
    "migrate": False,
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("command", "measures"), COMMANDS.items())
def test_it_measures_where_it_goes_by_times(
    command: str, measures: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "_reading", None)
    level = refused_connections.log.level
    try:
        with pytest.raises(SystemExit) as ended:
            start.command(["manage.py", command, "--help"])
    finally:
        refused_connections.log.setLevel(level)
    assert ended.value.code in (None, 0)
    assert (clock._reading is not None) == measures
