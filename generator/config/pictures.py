"""Which files are pictures that every browser shows, and how large they are."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image, UnidentifiedImageError

from generator.numbers import MEGABYTE

SUFFIXES = {"PNG": ".png", "WEBP": ".webp", "JPEG": ".jpg", "GIF": ".gif", "AVIF": ".avif"}
SVG = "{http://www.w3.org/2000/svg}svg"
EXPECTED = "expected an SVG, PNG, WebP, JPEG, GIF or AVIF"
PIXELS = 50_000_000
"""More than any page needs; a file of a few kilobytes can claim billions."""


@dataclass(frozen=True)
class PictureFile:
    """What a picture's content says of it: a file name's ending, and its pixels (0 where an SVG does not say)."""

    suffix: str
    width: int
    height: int


def inspect(path: Path, megabytes: int) -> PictureFile:
    """Read a picture as far as it takes to know that it is one.

    Raises ValueError, with what is wrong, if it is too large or none that browsers show, OSError if it cannot be read.
    """
    state = path.stat()
    if not stat.S_ISREG(state.st_mode):
        raise ValueError("is not a file")
    size = state.st_size
    if size > megabytes * MEGABYTE:
        raise ValueError(f"is too large: {size / MEGABYTE:.1f} MB, at most {megabytes} MB")
    try:
        with Image.open(path) as image:
            if image.format not in SUFFIXES:
                raise ValueError(f"is of a kind that browsers do not show ({image.format}); {EXPECTED}")
            if image.width * image.height > PIXELS:
                raise ValueError(f"is too large: {image.width} x {image.height} pixels")
            image.load()
            return PictureFile(SUFFIXES[image.format], image.width, image.height)
    except UnidentifiedImageError:
        return _vector(path)
    except Image.DecompressionBombError:
        raise ValueError("is too large: it has too many pixels") from None
    except PermissionError:
        raise
    except (OSError, SyntaxError, EOFError) as error:  # what Pillow raises for a file that is cut off or damaged
        raise ValueError(f"is damaged: {error}") from None


def _vector(path: Path) -> PictureFile:
    try:
        _, root = next(ElementTree.iterparse(path, events=("start",)))
    except (ElementTree.ParseError, StopIteration, ValueError, LookupError):
        raise ValueError(f"is no picture; {EXPECTED}") from None
    if root.tag == "svg":
        raise ValueError('is an SVG that browsers do not show: it lacks xmlns="http://www.w3.org/2000/svg"')
    if root.tag != SVG:
        raise ValueError(f"is no picture; {EXPECTED}")
    box = [_pixels(side) for side in re.split(r"[\s,]+", root.get("viewBox", "").strip())]
    width, height = _pixels(root.get("width", "")), _pixels(root.get("height", ""))
    if not (width and height) and len(box) == 4:
        width, height = box[2:]
    return PictureFile(".svg", round(width), round(height))


def _pixels(text: str) -> float:
    """Return a length in pixels, or 0 for one that is relative or none."""
    number = re.fullmatch(r"(\d{1,5}(?:\.\d*)?)(?:px)?", text.strip())
    return float(number[1]) if number else 0.0
