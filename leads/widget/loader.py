"""The loader's script as it is sent: without comments and indents, with its words inside.

It has the few sentences that it needs where our server does not answer, in every language.
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
    """All of it."""
    known = json.dumps(_words(), ensure_ascii=False, separators=(",", ":"))
    lines = (re.sub(r"\s*// .*$", "", line).strip() for line in SOURCE.read_text().splitlines())
    short = "\n".join(line for line in lines if line)
    return short.replace(_PLACE, f"const WORDS = {known};") + "\n"


def _words() -> dict[str, list[str]]:
    """By the code of the language, English first: what says the same in another is left out."""
    found: dict[str, list[str]] = {}
    for code in language_choice.codes():
        with translation.override(code):
            known = told.words()
        said = [known["close"], known["failed"], known["open"]]
        if said not in found.values():
            found[code] = said
    return found
