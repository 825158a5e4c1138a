"""The summary of a model for the rest of the program: plain data that can be cached as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from pydantic import TypeAdapter

from generator.models.preprocess import Preprocess

SUMMARY_VERSION = 12
"""Raised when a summary holds more, or other things, than before: cached ones are then computed anew."""

PICTURE = -1
"""What feeds the layers that take the picture itself: no row of the architecture."""

PICTURE_LAYER = 0
"""What feeds the input channels of convolutions that take the picture itself, in place of a layer's index."""

WHOLE_INPUT = -1
"""The receptive field of a unit that depends on every pixel."""

Shape = tuple[int | None, ...]

NEVER_BELOW_ZERO = frozenset(
    {
        *("relu", "relu6", "sigmoid", "hard_sigmoid", "hardsigmoid", "softplus", "softmax", "exponential"),
        *("squareplus", "sparse_plus", "sparse_sigmoid", "sparsemax", "thresholded_relu"),
    }
)
SLIGHTLY_BELOW_ZERO = frozenset(
    {"silu", "swish", "hard_silu", "hard_swish", "hardsilu", "hardswish", "gelu", "mish"},
)
"""Activations whose negative side is little, -0.17 to -0.38 at most, and next to nothing far below zero."""

NEGLIGIBLE = 1e-3
"""What such an activation may be below zero and still pass on next to nothing."""


def layer_title(name: str, call: int) -> str:
    """Return a layer's name with the number of its call; Keras allows an empty name."""
    name = name.strip() or "(unnamed)"
    return f"{name} (call {call})" if call > 1 else name


@dataclass(frozen=True)
class ChannelRun:
    """So many of a convolution's input channels in a row, and the filters that they come from.

    ``first`` are (layer's index, filter) of the first channel; each channel after it comes from the filter after. There
    are several behind an addition, and none where that could not be followed. Unless ``known`` there may be more.
    """

    count: int
    first: tuple[tuple[int, int], ...]
    known: bool

    def of(self, channel: int) -> tuple[tuple[int, int], ...]:
        """Return the (layer's index, filter) that a channel of the run, from 0, comes from."""
        return tuple((layer, filter_ + channel) for layer, filter_ in self.first)


@dataclass(frozen=True)
class ConvLayer:
    """One call of a convolutional layer.

    ``index`` counts convolutional calls from 1 in the order of the network; ``call`` counts the calls of a shared
    layer. Shapes leave out the batch. ``receptive_field`` is (height, width) in input pixels, None if it could not
    be followed. ``macs`` and ``floats`` are multiplications and activations of one forward pass up to this layer,
    for each pixel of the input. ``ceiling`` is the value that its activations never pass in the network, None if there
    is none. ``inputs`` are its input channels with where they come from. A layer of its ``own_size`` takes pictures of
    the size that the network was built for alone, whatever the other layers take. That of an ``is_head`` gives the
    network's answers: each filter is one of them, and ``answers_with`` is the activation that makes an answer of it.
    ``linear_in`` is the layer of whose activations it is a linear function, 0 if of none.

    A dense layer that ends the network is one, too: its filters are its units.
    """

    index: int
    call: int
    name: str
    slug: str
    type: str
    kernel_shapes: tuple[tuple[int, ...], ...]
    output_shape: Shape
    filters: int
    parameters: int
    receptive_field: tuple[int, int] | None
    read_at: str
    activation: str
    macs: float
    floats: float
    ceiling: float | None = None
    inputs: tuple[ChannelRun, ...] = ()
    own_size: bool = False
    is_head: bool = False
    answers_with: str = ""
    linear_in: int = 0

    @property
    def is_dense(self) -> bool:
        """Tell whether it is a dense layer, whose filters are called units."""
        return self.type == "Dense"

    @property
    def gives_answers(self) -> bool:
        """Tell whether its filters are plainly the network's answers, and not the features of one without a head."""
        return self.is_head and (self.is_dense or self.answers_with in ("softmax", "sigmoid"))

    @property
    def word(self) -> str:
        """Return what one of its filters is called."""
        return "unit" if self.is_dense else "filter"

    @property
    def has_maps(self) -> bool:
        """Tell whether its activations lie at places; those of a dense layer at the end are numbers."""
        return len(self.output_shape) == 3

    def sources(self) -> list[tuple[tuple[int, int], ...]]:
        """Return for each input channel the (layer's index, filter) that it is known to come from."""
        return [run.of(channel) for run in self.inputs for channel in range(run.count)]

    @property
    def provenance(self) -> float:
        """Return the share of input channels of which all sources are known."""
        count = sum(run.count for run in self.inputs)
        return sum(run.count for run in self.inputs if run.known) / count if count else 0.0

    @property
    def title(self) -> str:
        """Return the layer's name with the number of its call."""
        return layer_title(self.name, self.call)

    @property
    def signed(self) -> bool:
        """Tell whether responses can be plainly negative, so that zero is not the least of them."""
        return self.activation not in NEVER_BELOW_ZERO | SLIGHTLY_BELOW_ZERO

    @property
    def below_zero(self) -> bool:
        """Tell whether responses can be negative at all: then one of zero or less may still pass something on."""
        return self.activation not in NEVER_BELOW_ZERO

    @property
    def negligible(self) -> float:
        """Return what a response may be below zero and count as zero."""
        return NEGLIGIBLE if self.activation in SLIGHTLY_BELOW_ZERO else 0.0


@dataclass(frozen=True)
class ArchitectureRow:
    """One layer of the whole network, for the table and the drawing that show the convolutions in their place.

    ``inputs`` are the positions, from 0, of the rows that feed it, ``PICTURE`` for the picture itself.
    """

    name: str
    type: str
    output_shape: Shape
    parameters: int
    conv: int | None
    inputs: tuple[int, ...] = ()


@dataclass(frozen=True)
class ModelSummary:
    """What a model is, without its weights.

    ``any_size`` tells whether it takes other sizes than its own; their sides must be multiples of ``multiple``.
    ``bands`` are the channels of the input that are shown as red, green and blue, or the one that is shown as gray.
    ``warnings`` are for who builds, ``notes`` for who reads the pages.
    """

    digest: str
    input_shape: Shape
    channels: int
    any_size: bool
    parameters: int
    preprocess: Preprocess
    layers: tuple[ConvLayer, ...]
    architecture: tuple[ArchitectureRow, ...]
    left_out: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    multiple: int = 1
    bands: tuple[int, ...] = (0, 1, 2)
    notes: tuple[str, ...] = ()

    @property
    def layers_in_words(self) -> str:
        """Return how many layers are walked, such as ``13 convolutional layers and a dense one``."""
        dense = sum(layer.is_dense for layer in self.layers)
        convolutions = len(self.layers) - dense
        counted = f"{convolutions} convolutional layer{'' if convolutions == 1 else 's'}"
        return counted + (
            f" and {'a' if dense == 1 else dense} dense {'one' if dense == 1 else 'ones'}" if dense else ""
        )

    def for_layer(self, layer: ConvLayer) -> ModelSummary:
        """Return the summary whose sizes are those that one layer takes."""
        return replace(self, any_size=False) if layer.own_size and self.any_size else self

    def for_images(self) -> ModelSummary:
        """Return the summary whose sizes are those that every layer takes."""
        return replace(self, any_size=False) if any(layer.own_size for layer in self.layers) else self

    def photo_size(self) -> tuple[int, int]:
        """Return the (height, width) at which photos are fed: large enough to read, the network's own if fixed."""
        return self._sized(224)

    def canvas_size(self, size: int, margin: int) -> tuple[int, int]:
        """Return the (height, width) on which a picture is optimised."""
        return self._sized(size + 2 * margin, at_least=False)

    def picture_size(self, size: int) -> tuple[int, int]:
        """Return the (height, width) of a finished picture."""
        return self._sized(size, at_least=False)

    def _sized(self, side: int, at_least: bool = True) -> tuple[int, int]:
        height, width = self.input_shape[:2]
        if not self.any_size and height and width:
            return height, width
        sides = (max(side, height or 0), max(side, width or 0)) if at_least else (side, side)
        down, right = (-(-length // self.multiple) * self.multiple for length in sides)
        return down, right

    def to_json(self) -> dict[str, Any]:
        """Return the summary as plain data that ``from_json`` reads back."""
        return {"version": SUMMARY_VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ModelSummary | None:
        """Return the summary, or None if it was written by another version of this program, or has another shape."""
        if data.get("version") != SUMMARY_VERSION or data.keys() != {"version", *(field.name for field in fields(cls))}:
            return None
        try:
            return TypeAdapter(cls).validate_json(json.dumps(data, allow_nan=False), strict=True)
        except (ValueError, RecursionError):
            return None
