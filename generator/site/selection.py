"""Selections of a layer's filters, as ``embed``, the Sphinx directive and the custom element write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from generator.plan import spread
from generator.site.records import Layer
from generator.site.sheets import BEST

EXPECTED_SELECTION = f"expected all, a number above zero, indices such as 5,0,7, or strongest:N up to {BEST}"


@dataclass(frozen=True)
class Strongest:
    """The ``count`` filters of a layer with the highest scores, the highest first."""

    count: int

    def __str__(self) -> str:
        return f"strongest:{self.count}"


SiteSelection = Literal["all"] | int | Strongest | tuple[int, ...]
"""All, a number spread over the layer as in config.yaml, the strongest ones, or indices in the order given."""


def parse_selection(text: str) -> SiteSelection:
    """Return the selection of a text; ``5,`` is a list of one.

    Raises ValueError, with ``EXPECTED_SELECTION``, for anything else.
    """
    parts = [part.strip() for part in text.split(",")]
    if parts == ["all"]:
        return "all"
    if len(parts) > 1 and any(parts) and all(re.fullmatch(r"\d*", part, re.ASCII) for part in parts):
        return tuple(dict.fromkeys(int(part) for part in parts if part))
    match = re.fullmatch(r"(strongest\s*:\s*)?(\d+)", parts[0], re.ASCII) if len(parts) == 1 else None
    count = int(match[2]) if match else 0
    if match is None or not count or (match[1] and count > BEST):
        raise ValueError(EXPECTED_SELECTION)
    return Strongest(count) if match[1] else count


def selection_text(selection: SiteSelection) -> str:
    """Return the text that is parsed as this selection."""
    return (
        ",".join(map(str, selection)) + "," * (len(selection) == 1) if isinstance(selection, tuple) else str(selection)
    )


def select_filters(selection: SiteSelection, layer: Layer) -> tuple[int, ...]:
    """Return the indices of the selected filters of a layer; a list is returned as it is."""
    indices = layer.indices
    if selection == "all":
        return indices
    if isinstance(selection, int):
        return tuple(indices[place] for place in spread(len(indices), selection))
    return layer.strongest[: selection.count] if isinstance(selection, Strongest) else selection


def filter_count_text(shown: int, filters: int) -> str:
    """Return ``64 of 512 filters`` for a part of a layer, ``512 filters`` for all of it."""
    return f"{shown} of {filters} filters" if shown < filters else f"{shown} filter{'s' if shown != 1 else ''}"
