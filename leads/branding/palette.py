"""The colours of a source's pages, worked out from the one that a manager has chosen.

The chosen colour fills buttons, as it is. As the colour of links, and of signs on the page, it is
darkened on a light page and lightened on a dark one, until it can be read there (contrast.LEAST).
All functions are pure.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from leads.branding import contrast

# Against what is beside it, the edge of a button (WCAG 2.2, 1.4.11).
LEAST_EDGE: Final = 3.0
_STEPS: Final = 100
# Shares of another colour, in hundredths.
_SOFT, _STRONGER, _HOVER = 10, 25, 15


@dataclass(frozen=True)
class Scheme:
    """What site.css says of a light or a dark page. `far`: what text is drawn towards on it."""

    ground: str
    surface: str
    far: str
    soft: int = _SOFT


LIGHT: Final = Scheme("#f3f5f8", "#ffffff", contrast.BLACK)
DARK: Final = Scheme("#0f151c", "#18212b", contrast.WHITE, soft=20)


def colours(colour: str, scheme: Scheme) -> dict[str, str]:
    """The values of the custom properties of site.css that the chosen colour decides."""
    soft = mixed(scheme.surface, colour, scheme.soft)
    grounds = (scheme.ground, scheme.surface, soft)
    accent = _readable(colour, grounds, scheme.far)
    ink = contrast.text_on(colour)
    away = contrast.BLACK if ink == contrast.WHITE else contrast.WHITE
    stands_out = all(contrast.ratio(colour, it) >= LEAST_EDGE for it in grounds[:2])
    return {
        "--accent": accent,
        "--accent-strong": mixed(accent, scheme.far, _STRONGER),
        "--accent-soft": soft,
        "--fill": colour,
        "--fill-strong": mixed(colour, away, _HOVER),
        "--on-fill": ink,
        "--fill-line": "transparent" if stands_out else accent,
    }


@lru_cache(maxsize=256)
def stylesheet(colour: str) -> str:
    """For pages that have site.css, and in the widget's frame frame.css, before it."""
    light, dark = (_rules(colours(colour, it)) for it in (LIGHT, DARK))
    return (
        f":root {{\n{light}}}\n\n"
        f"@media (prefers-color-scheme: dark) {{\n:root {{\n{dark}}}\n}}\n\n"
        "/* In a page without dark colours: frame.css. */\n"
        f':root[data-scheme="light"] {{\n{light}}}\n'
    )


def version(colour: str) -> str:
    """The same for the same style sheet, also from another release."""
    return hashlib.sha256(stylesheet(colour).encode()).hexdigest()[:8]


def mixed(one: str, other: str, share: int) -> str:
    """`one` with so many hundredths of `other`; both as "#0b57c4"."""
    parts = (
        (int(one[at : at + 2], 16) * (_STEPS - share) + int(other[at : at + 2], 16) * share)
        for at in (1, 3, 5)
    )
    return "#" + "".join(f"{round(it / _STEPS):02x}" for it in parts)


def _readable(colour: str, grounds: tuple[str, ...], far: str) -> str:
    """The nearest to `colour`, on the way to `far`, that can be read on all of the grounds."""
    tried = (mixed(colour, far, share) for share in range(_STEPS + 1))
    readable = (
        it for it in tried if all(contrast.ratio(it, on) >= contrast.LEAST for on in grounds)
    )
    return next(readable, far)


def _rules(values: dict[str, str]) -> str:
    return "".join(f"  {name}: {value};\n" for name, value in values.items())
