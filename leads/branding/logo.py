"""A logo that a manager uploads: what is accepted, and what is stored and sent to visitors.

Visitors never get the uploaded file itself. It is read as a picture, by its content and never by
its name, scaled down, and written again without its other data. SVG is refused: an SVG file is a
document that may run scripts.
"""

import struct
import zlib
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from typing import Final

from django.utils.translation import gettext
from PIL import Image, ImageOps

from leads.branding import contrast

FORMATS: Final = ("PNG", "JPEG", "WEBP")
MOST_BYTES: Final = 1024 * 1024
# Unpacked in memory, at four bytes a pixel.
MOST_PIXELS: Final = 16_000_000
# Of one side. Each row takes memory too: a picture 1 pixel wide and 16 million high takes more than
# half a gigabyte.
MOST_SIDE: Final = 16_000
# Size on the page, in CSS pixels; stored with SHARPER times as many, for sharp screens.
MOST_WIDTH, MOST_HEIGHT, SHARPER = 240, 64, 3
# Above this size, a picture is stored as JPEG or with 256 colours.
_MANY_BYTES: Final = 100_000
_JPEG_QUALITY: Final = 88
# An alpha below this counts as transparent.
_SEEN_FROM: Final = 32
# What Pillow's readers raise for a broken file.
_BROKEN = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, OverflowError, MemoryError,
    struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip


class Plate(StrEnum):
    """The background that a logo needs, to be seen on light and on dark pages."""

    NONE = ""  # the logo has its own background
    LIGHT = "light"
    DARK = "dark"


class NotALogo(Exception):  # noqa: N818  # said of the file, to a person
    """Refuses a file; the message is a sentence for the manager."""


@dataclass(frozen=True)
class Read:
    """What is stored. `kind`: the content type. `width`, `height`: on the page, in CSS pixels."""

    image: bytes
    kind: str
    width: int
    height: int
    plate: Plate


def read(uploaded: bytes) -> Read:
    """Turns an uploaded file into the picture to store. Raises NotALogo."""
    if len(uploaded) > MOST_BYTES:
        sentence = gettext("The file has more than %(most)s MB. Choose a smaller one.")
        raise NotALogo(sentence % {"most": MOST_BYTES // 1024**2})
    try:
        picture = _opened(uploaded)
    except _BROKEN:
        sentence = gettext("This cannot be read as a picture. Choose a PNG, JPEG or WebP file.")
        raise NotALogo(sentence) from None
    wide, high = picture.size
    scale = min(1.0, MOST_WIDTH / wide, MOST_HEIGHT / high)
    width, height = max(1, round(wide * scale)), max(1, round(high * scale))
    picture.thumbnail((width * SHARPER, height * SHARPER), Image.Resampling.LANCZOS)
    plate = _plate(picture)
    image, kind = _written(picture)
    return Read(image, kind, width, height, plate)


def _opened(uploaded: bytes) -> Image.Image:
    """The picture in RGBA, the right way up. Its size is checked before anything is unpacked."""
    with Image.open(BytesIO(uploaded), formats=FORMATS) as picture:
        wide, high = picture.size
        if wide * high > MOST_PIXELS or max(wide, high) > MOST_SIDE:
            sentence = gettext("The picture has %(wide)s by %(high)s pixels. Choose a smaller one.")
            raise NotALogo(sentence % {"wide": wide, "high": high})
        picture.load()
        return ImageOps.exif_transpose(picture).convert("RGBA")


def _plate(picture: Image.Image) -> Plate:
    """Chosen by the mean colour of the visible pixels, if the logo is transparent around them."""
    small = picture.resize((48, 48), Image.Resampling.BOX)
    seen = [it for it in _pixels(small) if it[3] >= _SEEN_FROM]
    is_opaque = min(picture.getchannel("A").tobytes()) >= _SEEN_FROM
    if is_opaque or not seen:
        return Plate.NONE
    mean = "#" + "".join(f"{sum(it[at] for it in seen) // len(seen):02x}" for at in range(3))
    is_dark = contrast.ratio(mean, contrast.WHITE) >= contrast.ratio(mean, _DARK_PLATE)
    return Plate.LIGHT if is_dark else Plate.DARK


_DARK_PLATE: Final = "#18212b"


def _pixels(picture: Image.Image) -> list[tuple[int, int, int, int]]:
    data = picture.tobytes()
    return [(data[at], data[at + 1], data[at + 2], data[at + 3]) for at in range(0, len(data), 4)]


def _written(picture: Image.Image) -> tuple[bytes, str]:
    """As PNG; photographs, which are large as PNG, as JPEG."""
    png = _saved(picture, "PNG", optimize=True)
    if len(png) <= _MANY_BYTES:
        return png, "image/png"
    if min(picture.getchannel("A").tobytes()) == 255:
        jpeg = _saved(picture.convert("RGB"), "JPEG", quality=_JPEG_QUALITY, optimize=True)
        return jpeg, "image/jpeg"
    fewer = picture.quantize(256, method=Image.Quantize.FASTOCTREE)
    return _saved(fewer, "PNG", optimize=True), "image/png"


def _saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    there = BytesIO()
    clean = picture.copy()
    clean.info = {}  # texts, colour profiles, where a photograph was taken
    clean.save(there, kind, **options)
    return there.getvalue()
