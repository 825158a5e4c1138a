"""What the store holds of a model's circuits, as pages show it: of what a filter is made, and what it feeds."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from generator.analysis.circuit import COUNT, NONE, LayerCircuit, LayerEffects, circuit_key
from generator.analysis.expansion import LINKS, LayerExpansion
from generator.arrays import layers_from_bytes
from generator.dataset.stored import Looked
from generator.models.summary import ConvLayer, ModelSummary
from generator.numbers import shortened
from generator.plan import PhotoIdentity
from generator.store import Store

RED, BLUE = np.array([178.0, 24.0, 43.0]), np.array([33.0, 102.0, 172.0])
"""The colours of weights above and below zero; zero is white."""


@dataclass(frozen=True)
class InputView:
    """An input channel of a filter's layer, and what it contributes.

    ``sources`` are the (layer's index, filter) that it comes from, ``PICTURE_LAYER`` for the picture itself; without
    ``known`` there may be more. ``share`` is of all that the filter's inputs contribute, for and against; those that
    are not ``positive`` hold the filter back. ``kernel`` is its slice of the kernel as a data URI.
    """

    channel: int
    sources: tuple[tuple[int, int], ...]
    known: bool
    share: float
    positive: bool
    kernel: str

    @property
    def first(self) -> tuple[int, int] | None:
        """Return the source whose picture stands for the input."""
        return self.sources[0] if self.sources else None


@dataclass(frozen=True)
class OutputView:
    """A filter of a later layer, by the layer's index, and the share that it has of this one's channel."""

    layer: int
    filter: int
    share: float
    positive: bool


@dataclass(frozen=True)
class LinkView:
    """A filter further back, by its layer's index, with its linear effect; see ``analysis.expansion``.

    ``share`` is of all filters as far back; ``kernel`` is the effect as a data URI.
    """

    layer: int
    filter: int
    share: float
    kernel: str


@dataclass(frozen=True)
class CircuitView:
    """What a filter is made of, and what it feeds; the strongest first.

    It was measured on ``count`` images: those of the dataset, or the photos unless ``of_dataset``. Without ``measured``
    the filter never fired there, or its layer sees the picture alone. ``says`` is what it says to the answers; of an
    answer whose inputs are not known, ``heard`` are the filters of the last layer before it that say most to it.
    ``links`` are what lies further back, by the number of convolutions.
    """

    inputs: tuple[InputView, ...]
    outputs: tuple[OutputView, ...]
    count: int
    of_dataset: bool
    measured: bool
    says: tuple[EffectView, ...] = ()
    heard: tuple[OutputView, ...] = ()
    links: tuple[tuple[int, tuple[LinkView, ...]], ...] = ()

    @property
    def spoken_for_by(self) -> tuple[OutputView, ...]:
        """Return the filters that say most for it."""
        return tuple(view for view in self.heard if view.positive)

    @property
    def spoken_against_by(self) -> tuple[OutputView, ...]:
        """Return the filters that say most against it."""
        return tuple(view for view in self.heard if not view.positive)

    @property
    def excited_by(self) -> tuple[InputView, ...]:
        """Return the inputs that excite it."""
        return tuple(view for view in self.inputs if view.positive)

    @property
    def held_back_by(self) -> tuple[InputView, ...]:
        """Return the inputs that hold it back."""
        return tuple(view for view in self.inputs if not view.positive)

    @property
    def excites(self) -> tuple[OutputView, ...]:
        """Return the filters that it excites."""
        return tuple(view for view in self.outputs if view.positive)

    @property
    def holds_back(self) -> tuple[OutputView, ...]:
        """Return the filters that it holds back."""
        return tuple(view for view in self.outputs if not view.positive)


@dataclass(frozen=True)
class EffectView:
    """What a filter says to an answer, a (layer's index, filter): how much that would lose without it.

    ``share`` is of the largest that it says to any answer, 1 or less.
    """

    layer: int
    filter: int
    effect: float
    share: float

    @property
    def positive(self) -> bool:
        """Tell whether it speaks for the answer."""
        return self.effect > 0


class Circuits:
    """The circuits of a model's layers, which the store may hold or not."""

    def __init__(
        self,
        summary: ModelSummary,
        looked: Looked | None,
        photos: Sequence[PhotoIdentity],
        store: Store,
    ) -> None:
        self._layers: dict[int, LayerCircuit] = {}
        self._count, self._of_dataset = 0, looked is not None
        self._uses: dict[tuple[int, int], list[tuple[int, int]]] = {}
        self._effects: dict[int, LayerEffects] = {}
        self._answers: list[tuple[int, int]] = []
        self._links: dict[int, LayerExpansion] = {}
        self._summary = summary
        self._sources = {layer.index: layer.sources() for layer in summary.layers}
        key = circuit_key(summary.digest, None if looked is None else looked.identity, photos)
        stored = store.circuit(key) if key else None
        if stored is None:
            return
        layers = [layer for layer in stored["layers"] if 1 <= layer <= len(summary.layers)]
        try:
            self._layers = layers_from_bytes(LayerCircuit, store.blob(stored["numbers"]), layers)
            if stored["effects"]:
                affecting = [layer for layer in stored["affecting"] if 1 <= layer <= len(summary.layers)]
                self._effects = layers_from_bytes(LayerEffects, store.blob(stored["effects"]), affecting)
                self._answers = [(layer, index) for layer, index in stored["answers"]]
            if stored["links"]:
                linked = [layer for layer in stored["linked"] if 1 <= layer <= len(summary.layers)]
                self._links = layers_from_bytes(LayerExpansion, store.blob(stored["links"]), linked)
        except ValueError:  # damaged: it is measured again by a build with --force
            return
        self._count = stored["count"]
        self._known = {
            layer.index: [run.known for run in layer.inputs for _ in range(run.count)] for layer in summary.layers
        }
        for layer in self._layers:
            for channel, sources in enumerate(self._sources[layer]):
                for source in sources:
                    self._uses.setdefault(source, []).append((layer, channel))

    def of(self, layer: ConvLayer, index: int) -> CircuitView | None:
        """Return what a filter is made of and what it feeds, None if neither is known."""
        if not self._layers:
            return None
        inputs, outputs = tuple(self._inputs(layer.index, index)), tuple(self._outputs(layer.index, index))
        says, heard = self._says(layer.index, index), self._heard(layer, index)
        if heard:
            inputs = ()
        links = self._linked(layer.index, index)
        return CircuitView(inputs, outputs, self._count, self._of_dataset, bool(inputs), says, heard, links)

    def _inputs(self, layer: int, index: int) -> list[InputView]:
        own = self._layers.get(layer)
        if own is None or index >= len(own.inputs):
            return []
        taken = [place for place, channel in enumerate(own.inputs[index].tolist()) if channel != NONE]
        largest = float(np.abs(own.kernels[index]).max(initial=0.0))
        found = []
        for place in taken:
            channel, share = int(own.inputs[index, place]), float(own.shares[index, place])
            sources, known = self._sources[layer][channel], self._known[layer][channel]
            drawn = _drawn(own.kernels[index, place], largest)
            found.append(InputView(channel, sources, known, shortened(abs(share), 4), share > 0, drawn))
        return found

    def _linked(self, layer: int, index: int) -> tuple[tuple[int, tuple[LinkView, ...]], ...]:
        """Return what lies further back, by the number of convolutions."""
        own = self._links.get(layer)
        if own is None or index not in own.filters:
            return ()
        row = own.filters.tolist().index(index)
        found = []
        for place, distance in enumerate(own.distances.tolist()):
            views = []
            for at in range(place * LINKS, (place + 1) * LINKS):
                if own.layers[row, at] == NONE:
                    continue
                kernel = own.kernels[row, at].astype(np.float32)
                there = np.isfinite(kernel)
                drawn = _drawn(kernel[there.any(axis=1)][:, there.any(axis=0)], 1.0)
                share = shortened(float(own.shares[row, at]), 4)
                views.append(LinkView(int(own.layers[row, at]), int(own.sources[row, at]), share, drawn))
            if views:
                found.append((distance, tuple(views)))
        return tuple(found)

    def _heard(self, layer: ConvLayer, index: int) -> tuple[OutputView, ...]:
        """Return what the filters of the last layer say to an answer, if it is not known what it is made of."""
        before = [other for other in self._effects if other < layer.index]
        if (layer.index, index) not in self._answers or layer.provenance or not before:
            return ()
        values = self._effects[max(before)].values
        own = values[:, self._answers.index((layer.index, index))].copy()
        same = [place for place, (head, _) in enumerate(self._answers) if head == layer.index]
        if layer.answers_with == "softmax" and len(same) > 1:
            own -= values[:, same].mean(axis=1)
        own[~np.isfinite(own)] = 0
        total = float(np.abs(own).sum()) or 1.0
        ranked = sorted(range(len(own)), key=lambda filter_: (-abs(own[filter_]), filter_))
        views = [
            OutputView(max(before), filter_, shortened(abs(float(own[filter_])) / total, 4), bool(own[filter_] > 0))
            for filter_ in ranked
            if own[filter_]
        ]
        return tuple(view for sign in (True, False) for view in [v for v in views if v.positive is sign][:COUNT])

    def _says(self, layer: int, index: int) -> tuple[EffectView, ...]:
        """Return what a filter says to each answer, the most for it first; compared with the others of its layer.

        A softmax answers with differences alone: what is said to all of them alike is taken away.
        """
        own = self._effects.get(layer)
        if own is None or index >= len(own.values) or not np.isfinite(own.values[index]).all():
            return ()
        values = own.values[index].copy()
        heads = np.array([head for head, _ in self._answers])
        for head in set(heads.tolist()):
            if self._summary.layers[head - 1].answers_with == "softmax" and np.sum(heads == head) > 1:
                values[heads == head] -= values[heads == head].mean()
        largest = float(np.abs(values).max(initial=0.0))
        if not largest > 0:
            return ()
        order = np.argsort(-values, kind="stable")
        return tuple(
            EffectView(head, answer, shortened(float(value)), round(abs(float(value)) / largest, 4))
            for (head, answer), value in ((self._answers[place], values[place]) for place in order.tolist())
        )

    def _outputs(self, layer: int, index: int) -> list[OutputView]:
        """Return the filters that use any of the channels that come from this one, each by its largest share."""
        largest: dict[tuple[int, int], float] = {}
        for consumer, channel in self._uses.get((layer, index), []):
            own = self._layers[consumer]
            for user, share in zip(own.outputs[channel].tolist(), own.output_shares[channel].tolist(), strict=True):
                if user != NONE and abs(share) > abs(largest.get((consumer, user), 0.0)):
                    largest[consumer, user] = share
        ranked = sorted(largest.items(), key=lambda item: (-abs(item[1]), item[0]))
        views = [OutputView(*place, shortened(abs(share), 4), share > 0) for place, share in ranked]
        return [view for sign in (True, False) for view in [v for v in views if v.positive is sign][:COUNT]]


def _drawn(kernel: NDArray[Any], largest: float) -> str:
    """Return a slice of a kernel as the data URI of a picture, a pixel for each weight."""
    strength = np.clip(kernel / (largest or 1.0), -1, 1)[..., None]
    colour = 255 + np.where(strength > 0, strength * (RED - 255), -strength * (BLUE - 255))
    buffer = io.BytesIO()
    Image.fromarray(np.rint(colour).astype(np.uint8)).save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
