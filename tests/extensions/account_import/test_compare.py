"""What differs between the account's extensions and ours: a pure function, as a table."""

import pytest

from callbacks.extensions.account_import import Gone, New, Ours, Plan, Renamed, Unusable, compare
from callbacks.voicenter import AccountExtension as Theirs

DANA, NOA = Theirs("101", "Dana"), Theirs("102", "Noa")
MINE = Ours("101", "Dana")

ROWS: list[tuple[str, list[Theirs], list[Ours], Plan]] = [
    ("nothing differs", [DANA], [MINE], Plan(1, same=1)),
    ("new", [DANA, NOA], [MINE], Plan(2, new=(New("102", "Noa"),), same=1)),
    (
        "renamed",
        [Theirs("101", "Dana Levi")],
        [MINE],
        Plan(1, renamed=(Renamed("101", "Dana", "Dana Levi"),)),
    ),
    ("gone", [NOA], [MINE, Ours("102", "Noa")], Plan(1, gone=(Gone("101", "Dana"),), same=1)),
    ("an empty answer says nothing", [], [MINE], Plan()),
    (
        "case counts",
        [Theirs("sipA", "A")],
        [Ours("SIPa", "A")],
        Plan(1, new=(New("sipA", "A"),), gone=(Gone("SIPa", "A"),)),
    ),
    ("switched off here and still there stays off",
     [Theirs("101", "Other")], [Ours("101", "Dana", is_active=False)], Plan(1, off=("101",))),
    ("switched off here and gone is no news",
     [NOA], [Ours("101", is_active=False), Ours("102", "Noa")], Plan(1, same=1)),
    ("a phone number of ours is in no list", [DANA], [MINE, Ours("972505550142", kind="phone")],
     Plan(1, same=1)),
    ("a trunk and a login code neither", [DANA],
     [MINE, Ours("trunk", kind="siptrunk"), Ours("7", kind="logincode")], Plan(1, same=1)),
    ("a number that is another kind here", [Theirs("7", "Seven")], [Ours("7", kind="logincode")],
     Plan(1, unusable=(Unusable("7", "here it is the number of another kind of phone"),))),
    ("a code that cannot be rung", [Theirs("10 1", "Odd")], [],
     Plan(1, unusable=(Unusable(
         "10 1", "it cannot be rung: must be a phone number in digits, or a SIP code"),))),
    ("a word of the provider's own", [Theirs("SIPTRUNK", "Odd")], [],
     Plan(1, unusable=(Unusable(
         "SIPTRUNK",
         "it cannot be rung: SIPTRUNK and logincode are for phone only, spelled so"),))),
    ("no name keeps ours", [Theirs("101")], [MINE], Plan(1, same=1)),
    ("the user's name where the extension has none", [Theirs("102", user_name="Noa")], [],
     Plan(1, new=(New("102", "Noa"),))),
    ("a name as long as fits", [Theirs("102", "x" * 200)], [],
     Plan(1, new=(New("102", "x" * 100),))),
    ("one that is named twice counts once", [DANA, Theirs("101", "Again")], [MINE],
     Plan(1, same=1)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("account", "ours", "plan"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_what_differs(account: list[Theirs], ours: list[Ours], plan: Plan) -> None:
    assert compare(account, ours) == plan


def test_the_order_of_the_answer_makes_no_other_plan() -> None:
    one, other = compare([DANA, NOA], []), compare([NOA, DANA], [])
    assert one.fingerprint == other.fingerprint
    assert one.fingerprint != compare([DANA], []).fingerprint
    assert one.fingerprint != compare([DANA, Theirs("102", "N")], []).fingerprint
