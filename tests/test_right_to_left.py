"""The pages of visitors and salespeople use one set of styles for both directions of writing."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHEETS = [
    *sorted(
        path
        for folder in ("leads", "desk", "wallboard", "signin")
        for path in (ROOT / "static" / folder).glob("*.css")
    ),
    ROOT / "leads" / "widget" / "loader.js",  # which has its own style sheet
]
# For example margin-left, left: 0, text-align: right, background-position: right 1rem,
# border-top-left-radius.
A_SIDE = re.compile(r"(?<![\w-])([\w-]*-)?(left|right)(-[\w-]+)?(?=\s*[:;,)]|\s+[\w.%-]|$)")
SIDEWAYS = re.compile(r"translateX|(?<![\w-])translate\(")
SHORTHAND = re.compile(r"(?<![\w-])(margin|padding|inset):\s*([^;]+);")
PAGES = sorted(
    path
    for folder in ("leads", "desk", "signin", "wallboard")
    for path in (ROOT / "templates" / folder).glob("*.html")
)
NUMBER = re.compile(
    r"(<[^<>]*>…?)?\{\{ ?(?:[\w.]*\.)?"
    r"(phone|last_digits|digits|caller|caller_number|call_id|email) ?\}\}"
)


def without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/|(?m:^\s*//.*$)", "", text, flags=re.S)


def sides(text: str) -> list[str]:
    """The lines that name a fixed side, whatever the direction of writing."""
    found = []
    for line in without_comments(text).splitlines():
        if A_SIDE.search(line) or SIDEWAYS.search(line):
            found.append(line.strip())
        for _name, value in SHORTHAND.findall(line):
            parts = re.findall(r"(?:[\w.%-]|\([^()]*(?:\([^()]*\)[^()]*)*\))+", value)
            if len(parts) == 4 and parts[1] != parts[3]:
                found.append(line.strip())
    return found


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda it: f"{it.parent.name}/{it.name}")
def test_a_style_sheet_names_no_side(sheet: Path) -> None:
    text = sheet.read_text()
    if sheet.suffix == ".js":
        text = text.partition("const css =")[2].partition("`;")[0]
    assert text
    assert sides(text) == []


@pytest.mark.parametrize(
    "rule",
    [
        "margin-left: 1rem;",
        "left: 0;",
        "text-align: right;",
        "float: left;",
        "background-position: right 1rem center;",
        "border-top-left-radius: 4px;",
        "transform: translateX(4px);",
        "padding: 0 1rem 0 2rem;",
        "margin: 0 0 0 calc(1rem + 2px);",
    ],
)
def test_a_side_is_found(rule: str) -> None:
    assert sides(f"  {rule}") == [rule]


@pytest.mark.parametrize(
    "rule",
    [
        "margin-inline-start: 1rem;",
        "inset-inline-end: 0;",
        "text-align: start;",
        "padding: 1rem 2rem;",
        "padding: 1.25rem 1.25rem 0;",
        "padding: 0 1rem 0 1rem;",
        "/* the right one */ color: red;",
        ".left-out { color: red; }",
    ],
)
def test_what_follows_the_text_is_none(rule: str) -> None:
    assert sides(rule) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda it: f"{it.parent.name}/{it.name}")
def test_numbers_are_written_from_the_left_on_every_page(page: Path) -> None:
    alone = [it[0] for it in NUMBER.finditer(page.read_text()) if 'dir="ltr"' not in (it[1] or "")]
    assert alone == []


@pytest.mark.parametrize(
    ("html", "is_found"),
    [
        ("<b>{{ last_digits }}</b>", True),
        ("Call {{ lead.phone }}", True),
        ('<b class="digits" dir="ltr">{{ last_digits }}</b>', False),
        ('<bdi dir="ltr">{{ call.phone }}</bdi>', False),
        ("{{ phones }}", False),
    ],
)
def test_a_number_that_is_not_isolated_is_found(html: str, is_found: bool) -> None:
    found = NUMBER.search(html)
    assert bool(found and 'dir="ltr"' not in (found[1] or "")) is is_found


def test_scripts_write_times_in_the_digits_of_the_server() -> None:
    """Browsers would write Arabic times with other digits."""
    for folder in ("leads", "desk", "wallboard", "signin"):
        for path in (ROOT / "static" / folder).glob("*.js"):
            script = path.read_text()
            written = len(re.findall(r"toLocale\w*String\(|Intl\.DateTimeFormat\(", script))
            assert bool(written) == ("-u-nu-latn" in script), path.name
