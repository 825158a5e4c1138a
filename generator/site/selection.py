"""Which filters of a layer are meant, in the words that ``embed``, the directive and the element share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from generator.site.records import Layer
from generator.site.sheets import BEST
from generator.plan import spread

EXPECTED = f"expected all, a number above zero, indices such as 5,0,7, or strongest:N up to {BEST}"


@dataclass(frozen=True)
class Strongest:
    """So many of a layer's filters, those with the highest scores first."""

    count: int

    def __str__(self) -> str:
        return f"strongest:{self.count}"


Selection = Literal["all"] | int | Strongest | tuple[int, ...]
"""All, a number spread over the layer as in config.yaml, the strongest ones, or a list in its own order."""


def parse(text: str) -> Selection:
    """Return what a text asks for; ``5,`` is a list of one.

    Raises ValueError, whose text is ``EXPECTED``, for anything else.
    """
    parts = [part.strip() for part in text.split(",")]
    if parts == ["all"]:
        return "all"
    if len(parts) > 1 and any(parts) and all(re.fullmatch(r"\d*", part, re.ASCII) for part in parts):
        return tuple(dict.fromkeys(int(part) for part in parts if part))
    found = re.fullmatch(r"(strongest\s*:\s*)?(\d+)", parts[0], re.ASCII) if len(parts) == 1 else None
    count = int(found[2]) if found else 0
    if found is None or not count or (found[1] and count > BEST):
        raise ValueError(EXPECTED)
    return Strongest(count) if found[1] else count


def write(selection: Selection) -> str:
    """Return the text that is parsed as this."""
    return ",".join(map(str, selection)) + "," * (len(selection) == 1) if isinstance(selection, tuple) else str(selection)


def choose(selection: Selection, layer: Layer) -> tuple[int, ...]:
    """Return the filters of a layer that are meant; a list is returned as it is."""
    indices = layer.indices
    if selection == "all":
        return indices
    if isinstance(selection, int):
        return tuple(indices[place] for place in spread(len(indices), selection))
    return layer.strongest[: selection.count] if isinstance(selection, Strongest) else selection


def counted(shown: int, filters: int) -> str:
    """Return ``64 of 512 filters`` for a part of a layer, ``512 filters`` for all of it."""
    return f"{shown} of {filters} filters" if shown < filters else f"{shown} filter{'s' if shown != 1 else ''}"
