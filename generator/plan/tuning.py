"""The precision and batch sizes that a measurement on this machine gave for a model. Part of the plan, and recorded."""

from __future__ import annotations

import math
import os
from dataclasses import asdict, dataclass
from typing import Any

from generator.config.values import RenderSettings
from generator.models.summary import ConvLayer, ModelSummary

LARGEST_BATCH = 32
"""More pictures at once gain nothing on a CPU, and make a batch that is redone after a kill longer."""

VERSION = 1
PRECISIONS = ("float32", "bfloat16")


@dataclass(frozen=True)
class Tuning:
    """The ``precision`` of the optimisation, and the batch that ran best, by a layer's activations per input pixel.

    Without a measurement: float32, and whatever fits into memory.
    """

    precision: str = "float32"
    batches: tuple[tuple[float, int], ...] = ()

    def batch_size(self, summary: ModelSummary, layer: ConvLayer, settings: RenderSettings) -> int:
        """Return how many pictures are rendered at once: as measured at the nearest layer, if they fit into memory."""
        nearest = min(
            self.batches, key=lambda pair: abs(math.log(pair[0] / layer.floats)), default=(0.0, LARGEST_BATCH)
        )
        return max(settings.diversity, min(nearest[1], memory_limit(summary, layer, settings)))

    def to_json(self) -> dict[str, Any]:
        """Return the tuning as plain data that ``from_json`` reads back."""
        return {"version": VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, data: dict[str, Any] | None) -> Tuning | None:
        """Return the tuning, or None if there is none or another version wrote it."""
        if data is None or data.get("version") != VERSION or data["precision"] not in PRECISIONS:
            return None
        return cls(data["precision"], tuple((float(floats), int(batch)) for floats, batch in data["batches"]))


def memory_limit(summary: ModelSummary, layer: ConvLayer, settings: RenderSettings) -> int:
    """Return how many pictures fit into an eighth of the machine's memory (1 GiB at most), 32 at most."""
    height, width = summary.for_layer(layer).canvas_size(settings.size, settings.margin)
    # Every activation of the pass is stored for the gradient; as much again is in flight.
    each = 2 * 4 * layer.floats * height * width * max(1, settings.crops)
    return max(1, min(LARGEST_BATCH, int(memory_for_batches() / max(each, 1))))


def memory_for_batches() -> int:
    """Return the bytes that one batch may take, in a few steps, so that machines of one kind agree."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        total = 4 << 30
    return max(256 << 20, min(1 << 30, 1 << (total // 8).bit_length() - 1))
