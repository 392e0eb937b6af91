"""docs/simulator.md describes everything that the simulator can be asked for."""

import re

import pytest

from callbacks.simulator.__main__ import _parser
from callbacks.simulator.engine.calls import REACTIONS
from callbacks.simulator.engine.control import KEYS, PRESENCES
from callbacks.simulator.engine.faults import KINDS, SERVICES
from callbacks.simulator.http.app import VENDORS
from tests.support.simulator import ROOT

PAGE = (ROOT / "docs" / "simulator.md").read_text()
OPTIONS = re.findall(r"--[a-z-]+", _parser().format_help())
VARIABLES = re.findall(r"(?:SIMULATOR|VOICENTER)_[A-Z_]+", _parser().format_help())


@pytest.mark.parametrize("name", sorted({*KEYS, *KINDS, *SERVICES, *OPTIONS, *VARIABLES}))
def test_every_name_is_in_it(name: str) -> None:
    assert re.search(rf"`{re.escape(name)}\b", PAGE) or name == "--help"


@pytest.mark.parametrize("word", sorted(REACTIONS | PRESENCES))
def test_every_word_is_in_it(word: str) -> None:
    assert re.search(rf"\b{word}\b", PAGE)


@pytest.mark.parametrize("path", sorted(VENDORS))
def test_every_address_is_in_it(path: str) -> None:
    assert path in PAGE.lower()
