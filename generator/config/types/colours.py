"""The ways in which CSS writes a colour, as far as a configuration needs them."""

from __future__ import annotations

import re
from typing import Annotated

from PIL import ImageColor
from pydantic import BeforeValidator, Field

from generator.errors import nearest, quoted

# Pillow puts tuples in place of the texts of the names that it was asked for, so its table is not read directly.
NAMES = {name: "#" + bytes(ImageColor.getrgb(name)[:3]).hex() for name in tuple(ImageColor.colormap)}
"""CSS's names of colours, each with its ``#rrggbb``."""


def hex_colour(value: object) -> str:
    """Return ``#rgb``, ``#rrggbb`` or a CSS name as ``#rrggbb``.

    Raises ValueError for anything else.
    """
    text = value.strip().lower() if isinstance(value, str) else ""
    if re.fullmatch(r"#[0-9a-f]{6}", text):
        return text
    if re.fullmatch(r"#[0-9a-f]{3}", text):
        return "#" + "".join(2 * sign for sign in text[1:])
    if text in NAMES:
        return NAMES[text]
    expected = f'expected a colour such as "#1a6" or "#11aa66", in quotes, or a CSS name, got {quoted(value)}'
    # Without its quotes a colour is a comment to YAML, or a number.
    raise ValueError(f"{expected}. {nearest(text, NAMES)}".removesuffix(". "))


Colour = Annotated[str, Field(min_length=1, examples=["#1a6", "#11aa66", "teal"]), BeforeValidator(hex_colour)]
