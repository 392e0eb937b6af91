"""The colours of a source's pages, calculated from the colour that a manager chose.

Buttons are filled with the chosen colour itself. For links and signs the colour is darkened on a
light page and lightened on a dark one until it is readable (contrast.LEAST). All functions are
pure.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from leads.branding import contrast

# Contrast of a button's edge with its surroundings (WCAG 2.2, 1.4.11).
LEAST_EDGE: Final = 3.0
_STEPS: Final = 100
# Shares of the other colour, in hundredths.
_SOFT, _STRONGER, _HOVER = 10, 25, 15


@dataclass(frozen=True)
class Scheme:
    """The site.css colours of a light or dark page. `far`: the colour that text is mixed
    towards.
    """

    ground: str
    surface: str
    far: str
    soft: int = _SOFT


LIGHT: Final = Scheme("#f3f5f8", "#ffffff", contrast.BLACK)
DARK: Final = Scheme("#0f151c", "#18212b", contrast.WHITE, soft=20)


def colours(colour: str, scheme: Scheme) -> dict[str, str]:
    """The custom properties of site.css that depend on the chosen colour, with their values."""
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
    """A style sheet for pages with site.css and for the widget's frame, loaded before frame.css."""
    light, dark = (_rules(colours(colour, it)) for it in (LIGHT, DARK))
    return (
        f":root {{\n{light}}}\n\n"
        f"@media (prefers-color-scheme: dark) {{\n:root {{\n{dark}}}\n}}\n\n"
        "/* In a page without dark colours: frame.css. */\n"
        f':root[data-scheme="light"] {{\n{light}}}\n'
    )


def version(colour: str) -> str:
    """Equal for equal style sheets, in every release."""
    return hashlib.sha256(stylesheet(colour).encode()).hexdigest()[:8]


def mixed(one: str, other: str, share: int) -> str:
    """`one` with `share` hundredths of `other`; colours such as "#0b57c4"."""
    parts = (
        (int(one[at : at + 2], 16) * (_STEPS - share) + int(other[at : at + 2], 16) * share)
        for at in (1, 3, 5)
    )
    return "#" + "".join(f"{round(it / _STEPS):02x}" for it in parts)


def _readable(colour: str, grounds: tuple[str, ...], far: str) -> str:
    """The colour nearest to `colour`, on the way to `far`, that is readable on all grounds."""
    tried = (mixed(colour, far, share) for share in range(_STEPS + 1))
    readable = (
        it for it in tried if all(contrast.ratio(it, on) >= contrast.LEAST for on in grounds)
    )
    return next(readable, far)


def _rules(values: dict[str, str]) -> str:
    return "".join(f"  {name}: {value};\n" for name, value in values.items())
