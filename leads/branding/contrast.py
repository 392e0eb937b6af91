"""Contrast of text on a colour, calculated as in WCAG 2.2 (1.4.3). Pure functions."""

from typing import Final

LEAST: Final = 4.5  # for text of any size
WHITE, BLACK = "#ffffff", "#000000"
_LINEAR_UNTIL = 0.04045


def text_on(colour: str) -> str:
    """White or black, whichever reads better on a colour such as "#0b57c4". One of the two always
    has a contrast of at least LEAST.
    """
    return max((WHITE, BLACK), key=lambda it: ratio(it, colour))


def ratio(one: str, other: str) -> float:
    """From 1 (equal) to 21 (black and white), in either order."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= _LINEAR_UNTIL else ((part + 0.055) / 1.055) ** 2.4
