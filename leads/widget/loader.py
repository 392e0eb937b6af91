"""The loader's script as it is sent: without comments and indentation, with its words inside.

It includes, in every language, the few sentences that it needs when our server does not answer.
"""

import json
import re
from pathlib import Path
from typing import Final

from django.utils import translation

from leads import language_choice
from leads.widget import told

SOURCE: Final = Path(__file__).with_name("loader.js")
# Bytes, compressed.
MOST: Final = 5_000
_PLACE = "const WORDS = {};"


def script() -> str:
    """The whole script."""
    known = json.dumps(_words(), ensure_ascii=False, separators=(",", ":"))
    lines = (re.sub(r"\s*// .*$", "", line).strip() for line in SOURCE.read_text().splitlines())
    short = "\n".join(line for line in lines if line)
    return short.replace(_PLACE, f"const WORDS = {known};") + "\n"


def _words() -> dict[str, list[str]]:
    """The sentences by language code, English first; leaves out a language whose sentences equal an
    earlier one's.
    """
    found: dict[str, list[str]] = {}
    for code in language_choice.codes():
        with translation.override(code):
            known = told.words()
        said = [known["close"], known["failed"], known["open"]]
        if said not in found.values():
            found[code] = said
    return found
