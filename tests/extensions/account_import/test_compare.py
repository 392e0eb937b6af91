"""What differs between the account's extensions and ours: a pure function, as a table."""

import pytest

from callbacks.extensions.account_import import (
    ImportPlan,
    MissingExtension,
    NewExtension,
    OwnExtension,
    RenamedExtension,
    UnusableExtension,
    compare,
)
from callbacks.voicenter import AccountExtension as Theirs

DANA, NOA = Theirs("101", "Dana"), Theirs("102", "Noa")
MINE = OwnExtension("101", "Dana")

ROWS: list[tuple[str, list[Theirs], list[OwnExtension], ImportPlan]] = [
    ("nothing differs", [DANA], [MINE], ImportPlan(1, same=1)),
    ("new", [DANA, NOA], [MINE], ImportPlan(2, new=(NewExtension("102", "Noa"),), same=1)),
    (
        "renamed",
        [Theirs("101", "Dana Levi")],
        [MINE],
        ImportPlan(1, renamed=(RenamedExtension("101", "Dana", "Dana Levi"),)),
    ),
    (
        "gone",
        [NOA],
        [MINE, OwnExtension("102", "Noa")],
        ImportPlan(1, gone=(MissingExtension("101", "Dana"),), same=1),
    ),
    ("an empty answer says nothing", [], [MINE], ImportPlan()),
    (
        "case counts",
        [Theirs("sipA", "A")],
        [OwnExtension("SIPa", "A")],
        ImportPlan(1, new=(NewExtension("sipA", "A"),), gone=(MissingExtension("SIPa", "A"),)),
    ),
    (
        "switched off here and still there stays off",
        [Theirs("101", "Other")],
        [OwnExtension("101", "Dana", is_active=False)],
        ImportPlan(1, off=("101",)),
    ),
    (
        "switched off here and gone is no news",
        [NOA],
        [OwnExtension("101", is_active=False), OwnExtension("102", "Noa")],
        ImportPlan(1, same=1),
    ),
    (
        "a phone number of ours is in no list",
        [DANA],
        [MINE, OwnExtension("972505550142", kind="phone")],
        ImportPlan(1, same=1),
    ),
    (
        "a trunk and a login code neither",
        [DANA],
        [MINE, OwnExtension("trunk", kind="siptrunk"), OwnExtension("7", kind="logincode")],
        ImportPlan(1, same=1),
    ),
    (
        "a number that is another kind here",
        [Theirs("7", "Seven")],
        [OwnExtension("7", kind="logincode")],
        ImportPlan(
            1, unusable=(UnusableExtension("7", "here it is the number of another kind of phone"),)
        ),
    ),
    (
        "a code that cannot be rung",
        [Theirs("10 1", "Odd")],
        [],
        ImportPlan(
            1,
            unusable=(
                UnusableExtension(
                    "10 1", "it cannot be rung: must be a phone number in digits, or a SIP code"
                ),
            ),
        ),
    ),
    (
        "a word of the provider's own",
        [Theirs("SIPTRUNK", "Odd")],
        [],
        ImportPlan(
            1,
            unusable=(
                UnusableExtension(
                    "SIPTRUNK",
                    "it cannot be rung: SIPTRUNK and logincode are for phone only, spelled so",
                ),
            ),
        ),
    ),
    ("no name keeps ours", [Theirs("101")], [MINE], ImportPlan(1, same=1)),
    (
        "the user's name where the extension has none",
        [Theirs("102", user_name="Noa")],
        [],
        ImportPlan(1, new=(NewExtension("102", "Noa"),)),
    ),
    (
        "a name as long as fits",
        [Theirs("102", "x" * 200)],
        [],
        ImportPlan(1, new=(NewExtension("102", "x" * 100),)),
    ),
    (
        "one that is named twice counts once",
        [DANA, Theirs("101", "Again")],
        [MINE],
        ImportPlan(1, same=1),
    ),
]


@pytest.mark.parametrize(
    ("account", "ours", "plan"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_what_differs(account: list[Theirs], ours: list[OwnExtension], plan: ImportPlan) -> None:
    assert compare(account, ours) == plan


def test_the_order_of_the_answer_makes_no_other_plan() -> None:
    one, other = compare([DANA, NOA], []), compare([NOA, DANA], [])
    assert one.fingerprint == other.fingerprint
    assert one.fingerprint != compare([DANA], []).fingerprint
    assert one.fingerprint != compare([DANA, Theirs("102", "N")], []).fingerprint
