"""Pictures that managers upload."""

from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw

DARK, LIGHT = (20, 40, 90), (250, 250, 240)


def lettered(
    size: tuple[int, int] = (600, 160),
    ink: tuple[int, int, int] = DARK,
    ground: tuple[int, int, int] | None = None,
) -> Image.Image:
    """A bar and a disc, like a logo; transparent around them without `ground`."""
    made = Image.new("RGBA", size, (*ground, 255) if ground else (0, 0, 0, 0))
    draw = ImageDraw.Draw(made)
    wide, high = size
    draw.ellipse((0, 0, high - 1, high - 1), fill=(*ink, 255))
    if wide > 1.2 * high:
        draw.rectangle((high * 1.2, high * 0.3, wide - 1, high * 0.7), fill=(*ink, 255))
    return made


def file_of(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    there = BytesIO()
    flat = picture.convert("RGB") if kind == "JPEG" else picture
    flat.save(there, kind, **options)
    return there.getvalue()
