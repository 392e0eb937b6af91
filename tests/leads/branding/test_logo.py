"""Logos: which files are accepted, how they are converted, and how they are served."""

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from leads.branding import logo
from leads.branding.logo import Plate
from leads.models import Lead, LeadSource, Logo
from tests.support.pictures import LIGHT, file_of, lettered


def opened(read: logo.Read) -> Image.Image:
    return Image.open(BytesIO(read.image))


TAKEN: dict[str, tuple[Callable[[], bytes], Any]] = {
    # (width, height) on the page, content type, plate
    "png, transparent": (lambda: file_of(lettered()), (240, 64, "image/png", "light")),
    "png, light letters": (
        lambda: file_of(lettered(ink=LIGHT)), (240, 64, "image/png", "dark")
    ),
    "png on white": (
        lambda: file_of(lettered(ground=(255, 255, 255))), (240, 64, "image/png", "")
    ),
    "jpeg": (
        lambda: file_of(lettered(ground=(255, 255, 255)), "JPEG"), (240, 64, "image/png", "")
    ),
    "webp": (lambda: file_of(lettered(), "WEBP"), (240, 64, "image/png", "light")),
    "high": (lambda: file_of(lettered((300, 900))), (21, 64, "image/png", "light")),
    "wide": (lambda: file_of(lettered((3000, 60))), (240, 5, "image/png", "light")),
    "small stays small": (lambda: file_of(lettered((90, 30))), (90, 30, "image/png", "light")),
    "a palette": (
        lambda: file_of(lettered(ground=LIGHT).convert("P")), (240, 64, "image/png", "")
    ),
    "grey, 16 bits": (
        lambda: file_of(Image.new("I;16", (300, 80), 40_000)), (240, 64, "image/png", "")
    ),
    "cmyk": (lambda: file_of(Image.new("CMYK", (300, 80)), "JPEG"), (240, 64, "image/png", "")),
    "a photograph": (
        lambda: file_of(Image.effect_noise((900, 240), 90), "JPEG"), (240, 64, "image/jpeg", "")
    ),
    "all transparent": (
        lambda: file_of(Image.new("RGBA", (30, 30), (0, 0, 0, 0))), (30, 30, "image/png", "")
    ),
}  # fmt: skip


@pytest.mark.parametrize(("made", "expected"), TAKEN.values(), ids=TAKEN)
def test_what_is_taken(made: Callable[[], bytes], expected: Any) -> None:
    read = logo.read(made())
    assert (read.width, read.height, read.kind, read.plate) == expected
    assert opened(read).format == {"image/png": "PNG", "image/jpeg": "JPEG"}[read.kind]
    assert opened(read).width <= 3 * logo.MOST_WIDTH
    assert opened(read).height <= 3 * logo.MOST_HEIGHT
    assert len(read.image) < 250_000


def test_a_large_transparent_picture_has_fewer_colours_and_stays_transparent() -> None:
    noise = Image.merge("RGBA", [Image.effect_noise((720, 192), 90) for _ in range(4)])
    read = logo.read(file_of(noise))
    assert read.kind == "image/png"
    assert len(read.image) < 250_000
    assert opened(read).convert("RGBA").getchannel("A").getextrema()[0] < 100


def test_a_turned_photograph_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    read = logo.read(file_of(lettered((60, 30), ground=LIGHT), "JPEG", exif=exif))
    assert (read.width, read.height) == (30, 60)


def test_nothing_else_of_the_file_is_kept() -> None:
    exif = Image.Exif()
    exif[0x010E] = "where it was taken: 31.77, 35.21"
    for kind in ("JPEG", "PNG", "WEBP"):
        picture = Image.effect_noise((720, 192), 90) if kind == "JPEG" else lettered(ground=LIGHT)
        made = file_of(picture, kind, exif=exif, icc_profile=b"the profile of a screen")
        data = made + b"<script>alert(1)</script>"
        assert b"31.77" in data
        stored = logo.read(data).image
        assert b"31.77" not in stored
        assert b"script" not in stored
        assert b"ICC_PROFILE" not in stored
        assert b"iCCP" not in stored


def bomb() -> bytes:
    """A PNG that says it has 60,000 x 60,000 pixels, in a few bytes."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 6, 0, 0, 0)
    chunk = b"IHDR" + header
    return (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(header)) + chunk
        + struct.pack(">I", zlib.crc32(chunk)) + b"\0" * 100
    )  # fmt: skip


NO_PICTURE = "This cannot be read as a picture. Choose a PNG, JPEG or WebP file."
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", NO_PICTURE),
    "a page": (lambda: b"<html><script>alert(1)</script></html>", NO_PICTURE),
    "svg": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', NO_PICTURE),
    "gif": (lambda: file_of(lettered(ground=LIGHT).convert("P"), "GIF"), NO_PICTURE),
    "an icon": (lambda: file_of(lettered((32, 32)), "ICO"), NO_PICTURE),
    "tiff": (lambda: file_of(lettered(), "TIFF"), NO_PICTURE),
    "cut off": (lambda: file_of(lettered())[:300], NO_PICTURE),
    "cut off in a JPEG": (lambda: file_of(lettered(ground=LIGHT), "JPEG")[:900], NO_PICTURE),
    "the beginning of one alone": (lambda: b"\x89PNG\r\n\x1a\n", NO_PICTURE),
    "broken inside": (
        lambda: file_of(lettered()).replace(b"IDAT", b"IDAX"), NO_PICTURE
    ),
    "too many pixels": (
        lambda: file_of(Image.new("1", (5000, 4000))),
        "The picture has 5000 by 4000 pixels. Choose a smaller one.",
    ),
    "few, in too many rows": (
        lambda: file_of(Image.new("1", (1, 16_001))),
        "The picture has 1 by 16001 pixels. Choose a smaller one.",
    ),
    "far too many": (bomb, "This cannot be read"),
    "too large": (
        lambda: b"\0" * (logo.MOST_BYTES + 1),
        "The file has more than 1 MB. Choose a smaller one.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("made", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_says_what_to_do(made: Callable[[], bytes], sentence: str) -> None:
    with pytest.raises(logo.NotALogo) as refused:
        logo.read(made())
    assert str(refused.value).startswith(sentence)


# --- served ---------------------------------------------------------------------------------------


def stored(source: LeadSource, **options: Any) -> Logo:
    made = Logo(source=source, name="Galil <Kitchens>")
    made.take(logo.read(file_of(lettered(**options))))
    made.save()
    return made


@pytest.mark.django_db
def test_a_logo_is_served_as_what_it_is(source: LeadSource) -> None:
    made = stored(source)
    answer = Client().get(f"/logos/{made.digest}/")
    assert answer.content == made.image
    assert answer["Content-Type"] == "image/png"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    again = Client().get(f"/logos/{made.digest}/", headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert Client().get("/logos/" + "0" * 32 + "/").status_code == 404
    assert Client().post(f"/logos/{made.digest}/").status_code == 405
    assert Client().get(f"/logos/{made.digest}.html/").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["contact", "widget"])
def test_it_stands_on_every_page_of_its_source(
    kind: str, make_lead: Callable[..., Lead], office: object
) -> None:
    lead = make_lead("+972505550101")
    made = stored(lead.source)
    of_it = f"/{kind}/website/{lead.public_id}/"
    pages = [
        f"/{kind}/website/",
        of_it,
        *(f"{of_it}{act}/" for act in ("time", "number", "cancel")),
    ]
    for address in pages:
        page = Client().get(address).text
        tag = f'<img src="/logos/{made.digest}/" alt="Galil &lt;Kitchens&gt;" width="240"'
        assert tag in page, address
        assert "logo-on-light" in page
    made.delete()
    for address in pages:
        assert 'class="logo' not in Client().get(address).text


@pytest.mark.django_db
def test_another_logo_has_another_address(source: LeadSource) -> None:
    one = stored(source).digest
    Logo.objects.all().delete()
    assert stored(source, ink=LIGHT).digest != one
    assert Logo.objects.get().plate == Plate.DARK
