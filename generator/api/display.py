"""A layer's pictures as Jupyter shows them: labelled, in rows, as HTML, and as one PNG where HTML is not shown."""

from __future__ import annotations

import base64
import io
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from markupsafe import escape
from PIL import Image

from generator.files import write_named
from generator.names import slug

WIDEST = 192
"""Pixels that a picture is shown wide at most, so that a few stand in a row."""


@dataclass(frozen=True, eq=False, repr=False)
class Display(ABC):
    """One picture for each of some ``filters`` of a ``layer`` of a ``model``, both by name."""

    model: str
    layer: str
    filters: tuple[int, ...]

    @abstractmethod
    def images(self) -> list[Image.Image]:
        """Return the pictures as Pillow images."""

    @abstractmethod
    def _captions(self) -> list[str]:
        """Return a caption for each picture, to follow its filter's number."""

    def save(self, folder: str | Path) -> list[Path]:
        """Write each picture as a PNG file named by model, layer and filter; returns the files.

        Raises UsageError if they cannot be written.
        """
        paths = [Path(folder) / f"{slug(self.model)}-{slug(self.layer)}-{index}.png" for index in self.filters]
        for path, image in zip(paths, self.images(), strict=True):
            write_named(path, _png(image))
        return paths

    def __len__(self) -> int:
        """Return how many pictures there are."""
        return len(self.filters)

    def __repr__(self) -> str:
        """Return in one line what this is."""
        some = ", ".join(map(str, self.filters[:8])) + (", ..." if len(self.filters) > 8 else "")
        word = "filter" if len(self.filters) == 1 else "filters"
        return f"<{type(self).__name__} of {self.model}/{self.layer}: {word} {some}>"

    def _repr_html_(self) -> str:
        figures = "".join(
            f'<figure style="margin:0"><img src="data:image/png;base64,{base64.b64encode(_png(image)).decode()}"'
            f' width="{min(image.width, WIDEST)}" style="display:block;height:auto"'
            f' alt="Filter {index} of {escape(self.layer)}">'
            f"<figcaption>{index} · {escape(caption)}</figcaption></figure>"
            for index, image, caption in zip(self.filters, self.images(), self._captions(), strict=True)
        )
        head = f"<p><b>{escape(self.layer)}</b> of {escape(self.model)}</p>"
        return f'<div>{head}<div style="display:flex;flex-wrap:wrap;gap:12px">{figures}</div></div>'

    def _repr_png_(self) -> bytes:
        from generator.imaging.contact_sheet import Section, Sheet, Tile, as_png, draw

        tiles = tuple(
            Tile(f"{index}", partial(Image.Image.copy, image))
            for index, image in zip(self.filters, self.images(), strict=True)
        )
        return as_png(draw(Sheet(self.layer, self.model, (Section("", tiles),), min(8, max(1, len(tiles))), 128)))


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
