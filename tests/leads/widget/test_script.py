"""The loader as it is sent: small, cached, the same for everybody; and how colours are judged."""

import gzip
import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from leads.branding import contrast
from leads.widget import loader
from leads.widget.urls import urlpatterns

ROOT = Path(__file__).parents[3]


def get(**headers: str):
    return Client().get("/widget.js", headers=headers)


def test_it_is_small() -> None:
    """The limit that the benchmark shows and CI enforces."""
    assert len(gzip.compress(loader.script().encode(), 9)) <= loader.MOST


def test_it_has_its_words_and_no_comments() -> None:
    script = loader.script()
    assert 'const WORDS = {"en":["Close","The form cannot be shown here.",' in script
    assert "//" not in script
    assert script.count("\n") > 100


def test_how_it_is_sent(db: None) -> None:
    plain, packed = get(), get(**{"Accept-Encoding": "gzip, br"})
    assert gzip.decompress(packed.content) == plain.content == loader.script().encode()
    assert plain["Content-Type"] == "text/javascript; charset=utf-8"
    assert packed["Content-Encoding"] == "gzip"
    assert plain["ETag"] != packed["ETag"]
    for answer in (plain, packed):
        assert answer["Vary"] == "Accept-Encoding"
        assert answer["Cache-Control"] == "public, max-age=3600"
        assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert get(**{"If-None-Match": plain["ETag"]}).status_code == 304


COLOURS = {
    "our blue": ("#0b57c4", "#ffffff"),
    "yellow": ("#ffd23f", "#000000"),
    "white": ("#ffffff", "#000000"),
    "black": ("#000000", "#ffffff"),
    "the middle": ("#757575", "#ffffff"),
    "a bit lighter": ("#777777", "#000000"),
}


@pytest.mark.parametrize(("colour", "text"), COLOURS.values(), ids=COLOURS)
def test_the_text_that_can_be_read(colour: str, text: str) -> None:
    assert contrast.text_on(colour) == text


def test_on_every_colour_one_of_them_can_be_read() -> None:
    for grey in range(256):
        colour = f"#{grey:02x}{grey:02x}{grey:02x}"
        assert contrast.ratio(contrast.text_on(colour), colour) >= contrast.LEAST
    assert contrast.ratio("#000000", "#ffffff") == pytest.approx(21)


def test_each_page_of_a_visitor_has_one_in_the_frame() -> None:
    """Pages in the frame link to other pages in the frame."""
    framed = {it.name for it in urlpatterns}
    names = get_resolver("leads.urls").reverse_dict
    api_and_script = {"home", "widget-script", "api-create", "colours", "logo"}
    assert {it for it in names if isinstance(it, str)} - api_and_script <= framed
    assert reverse("leads:contact", args=["website"], current_app="widget") == "/widget/website/"


def test_the_light_colours_of_the_frame_are_those_of_the_other_pages() -> None:
    named = r"--[a-z-]+: [^;]+;"
    site, frame = (
        (ROOT / "static" / "leads" / name).read_text() for name in ("site.css", "frame.css")
    )
    light = frame.partition(':root[data-scheme="light"] {')[2]
    assert re.findall(named, light) == re.findall(named, site.partition("--radius")[0])
