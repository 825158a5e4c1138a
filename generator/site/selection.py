"""Which filters of a layer are wanted, in the words that ``embed``, the directive and the element share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from generator.pages.sheets.thumbnails import BEST
from generator.plan import spread

EXPECTED = f"expected all, a number above zero, indices such as 5,0,7, or strongest:N up to {BEST}"


@dataclass(frozen=True)
class Strongest:
    """So many of a layer's filters, those with the highest scores first."""

    count: int

    def __str__(self) -> str:
        return f"strongest:{self.count}"


Wanted = Literal["all"] | int | Strongest | tuple[int, ...]
"""All, a number spread over the layer as in config.yaml, the strongest ones, or a list in its own order."""


def parse(text: str) -> Wanted:
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


def write(wanted: Wanted) -> str:
    """Return the text that is parsed as this."""
    return ",".join(map(str, wanted)) + "," * (len(wanted) == 1) if isinstance(wanted, tuple) else str(wanted)


def choose(wanted: Wanted, shown: Sequence[int], strongest: Sequence[int]) -> tuple[int, ...]:
    """Return filters of a layer of which these are ``shown``; a list is returned as it is.

    ``strongest`` begins with the filters of the highest scores, as many as are known.
    """
    if wanted == "all":
        return tuple(shown)
    if isinstance(wanted, int):
        return tuple(shown[place] for place in spread(len(shown), wanted))
    return tuple(strongest[: wanted.count]) if isinstance(wanted, Strongest) else wanted
