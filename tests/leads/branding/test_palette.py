"""The colours of a source's pages: whichever is chosen, all text stays readable."""

import re
from pathlib import Path

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from leads.branding import contrast, palette
from leads.branding.shown import branding
from leads.models import LeadSource, Widget

SITE = Path(__file__).parents[3] / "static/leads/site.css"
COLOURS = st.integers(0, 0xFFFFFF).map(lambda it: f"#{it:06x}")
ON_THE_EDGE = (
    "#000000", "#ffffff", "#0b57c4", "#767676", "#777777", "#ffd23f", "#00ff00", "#ff0000",
    "#18212b", "#0f151c", "#f3f5f8", "#808080",
)  # fmt: skip


def check(colour: str) -> None:
    for scheme in (palette.LIGHT, palette.DARK):
        found = palette.colours(colour, scheme)
        assert found["--fill"] == colour
        for filled in (found["--fill"], found["--fill-strong"]):
            assert contrast.ratio(found["--on-fill"], filled) >= 4.5
        for ground in (scheme.ground, scheme.surface, found["--accent-soft"]):
            assert contrast.ratio(found["--accent"], ground) >= 4.5
            assert contrast.ratio(found["--accent-strong"], ground) >= 4.5
        for ground in (scheme.ground, scheme.surface):
            edge = found["--fill-line"]
            edge = found["--fill"] if edge == "transparent" else edge
            assert contrast.ratio(edge, ground) >= 3


@given(COLOURS)
def test_any_colour_can_be_read(colour: str) -> None:
    check(colour)


@pytest.mark.parametrize("colour", ON_THE_EDGE)
def test_these_too(colour: str) -> None:
    check(colour)


@pytest.mark.parametrize(
    ("colour", "light", "dark"),
    [
        ("#7a1fa2", "#7a1fa2", "#af79c7"),
        ("#ffd23f", "#856d21", "#ffd23f"),
        ("#ffffff", "#707070", "#ffffff"),
        ("#000000", "#000000", "#878787"),
    ],
)
def test_what_is_readable_stays_as_it_was_chosen(colour: str, light: str, dark: str) -> None:
    assert palette.colours(colour, palette.LIGHT)["--accent"] == light
    assert palette.colours(colour, palette.DARK)["--accent"] == dark


def test_the_pages_colours_are_those_of_the_style_sheet() -> None:
    """palette.py assumes the colours of site.css, and sets only colours that site.css has."""
    light, dark = (dict(re.findall(r"(--[\w-]+): ([^;]+);", it)) for it in _roots())
    for scheme, said in ((palette.LIGHT, light), (palette.DARK, dark)):
        assert (said["--ground"], said["--surface"]) == (scheme.ground, scheme.surface)
    assert palette.colours("#123456", palette.LIGHT).keys() <= light.keys()


def _roots() -> tuple[str, str]:
    text = SITE.read_text()
    light = text[text.index(":root {") :]
    dark = text[text.index("@media (prefers-color-scheme: dark)") :]
    return light[: light.index("}")], dark[: dark.index("}")]


@pytest.mark.django_db
def test_the_pages_of_a_source_name_its_sheet_in_the_frame_too(source: LeadSource) -> None:
    for address in ("/contact/website/", "/widget/website/"):
        assert "/colours/" not in Client().get(address).text
    Widget.objects.create(source=source, colour="#ffd23f")
    sheet = branding(source).stylesheet
    assert sheet.startswith("/colours/ffd23f.css?v=")
    for address in ("/contact/website/", "/widget/website/"):
        page = Client().get(address).text
        assert f'<link rel="stylesheet" href="{sheet}">' in page
        assert page.index("/leads/site") < page.index(sheet)
    page = Client().get("/widget/website/").text
    assert page.index("/leads/frame") < page.index(sheet)
    # The widget's button has the same colour.
    assert Client().get("/widget/website/settings/").json()["colour"] == "#ffd23f"


@pytest.mark.django_db
def test_the_sheet_is_kept_and_told_by_its_tag() -> None:
    answer = Client().get("/colours/ffd23f.css?v=1")
    assert answer["Content-Type"] == "text/css; charset=utf-8"
    assert "--fill: #ffd23f;" in answer.text
    assert "--on-fill: #000000;" in answer.text
    again = Client().get("/colours/ffd23f.css", headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert Client().post("/colours/ffd23f.css").status_code == 405
    for wrong in ("FFD23F", "ffd23", "ffd23f0", "red", "ffd23g", "ffd23f.css%0a"):
        assert Client().get(f"/colours/{wrong}.css").status_code == 404
