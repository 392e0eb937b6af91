"""Numbers of lines that can be dialled in two spellings."""

from itertools import permutations

import pytest

# The number that is stored and dialled, the other spelling, and the country.
TWO_CODES = {
    "a Palestinian mobile": ("+970595550167", "+972595550167", "PS"),
    "a Palestinian landline": ("+97022241234", "+97222241234", "PS"),
    "San Marino": ("+3780549880101", "+390549880101", "SM"),
    "Northern Ireland": ("+442896496001", "+3534896496001", "GB"),
    "Réunion": ("+262263001234", "+33263001234", "RE"),
    "Mayotte": ("+262269601234", "+33269601234", "YT"),
    "Martinique": ("+596596501234", "+33596501234", "MQ"),
    "Saint-Pierre-et-Miquelon": ("+508411234", "+33508411234", "PM"),
}
ARGENTINA = ("+541155550101", "+5491155550101")  # stored as it was typed
PAIRS = {**{name: it[:2] for name, it in TWO_CODES.items()}, "Argentina": ARGENTINA}
BOTH = [
    pytest.param(*pair, id=f"{name}, {pair[0]}")
    for name, its in PAIRS.items()
    for pair in permutations(its)
]
