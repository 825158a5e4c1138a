"""Is what a filter is said to say to the classes what they lose without it? Silence it, and see their scores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import NETWORKS, load_named, network_input  # it starts Keras
from generator import assets
from generator.config.values import Dataset
from generator.dataset.images import Feed, ImageError, fed
from generator.models.activation_point import activation_point
from generator.models.describe import conv_positions
from generator.models.load import LoadedModel
from generator.pipeline.dataset import fed_size, open_dataset
from generator.render.effects import Effects

Array = NDArray[Any]

IMAGES = 48

TITLE = "What filters say to the classes"
TEXT = (
    "Of four layers of each network, every filter is silenced by itself, and the scores of all classes are taken again"
    f" on {IMAGES} of the bundled crops. The correlation is that between what they lose in the mean and what the filter"
    " is said to say to them, over all filters and classes, each less its mean over the classes. In the last column is"
    " for how many of the filters the sign of the largest is right."
)
HEAD = (
    "| network, layer | filters | correlation | sign of the largest |",
    "| --- | --: | --: | --: |",
)


def rows() -> Iterator[str]:
    """Measure, and yield the rows of the table."""
    for name in NETWORKS:
        model = load_named(name)
        dataset = Dataset("bundled", str(assets.images_path()), limit=IMAGES)
        images = open_dataset(dataset)
        feed = Feed(fed_size(images, dataset, model.summary), model.summary.channels, model.summary.bands)
        pixels = np.stack([p for _, p in fed(images, range(len(images)), feed) if not isinstance(p, ImageError)])
        (head,) = [layer for layer in model.summary.layers if layer.gives_answers]
        before = [layer.index for layer in model.summary.layers if layer.index < head.index]
        answers = [(head.index, index) for index in range(head.filters)]
        for layer in sorted({before[0], before[len(before) // 3], before[2 * len(before) // 3], before[-1]}):
            effects = Effects(model, [layer], answers, pixels.shape[1:3])
            for first in range(0, len(pixels), effects.batch):
                effects.add(pixels[first : first + effects.batch])
            said, lost = (
                _centred(values) for values in (effects.of(layer), silenced(model, layer, head.index, pixels))
            )
            correlation = float(np.corrcoef(said.ravel(), lost.ravel())[0, 1])
            largest = np.abs(said).argmax(axis=1)[:, None]
            right = np.take_along_axis(said, largest, 1) * np.take_along_axis(lost, largest, 1) > 0
            fires = np.abs(said).max(axis=1) > 0
            title = model.summary.layers[layer - 1].title
            yield f"| {name}, {title} | {fires.sum()} | {correlation:.2f} | {right[fires].mean():.0%} |"


def silenced(model: LoadedModel, layer: int, head: int, pixels: Array) -> Array:
    """Return (filters, classes): what each score loses, in the mean over images, where a filter gives zero."""
    graph = model.graph
    positions = conv_positions(graph)
    end, last = activation_point(graph, positions[layer - 1]).last, positions[head - 1]
    values = {graph.input: network_input(model, pixels.astype(np.float32))}
    for position in range(end + 1):
        graph.calls[position](values)
    tensor = graph.calls[end].outputs[0]
    activation = np.asarray(values[tensor])

    def scores(given: Array) -> Array:
        own = {**values, tensor: given}
        for position in range(end + 1, last + 1):
            graph.calls[position](own)
        return np.asarray(own[graph.calls[last].outputs[0]], np.float64).mean(axis=(0, 1, 2))

    whole = scores(activation)
    lost = []
    for index in range(activation.shape[-1]):
        without = activation.copy()
        without[..., index] = 0
        lost.append(whole - scores(without))
    return np.array(lost)


def _centred(values: Array) -> Array:
    return values - values.mean(axis=1, keepdims=True)


if __name__ == "__main__":
    print("\n".join((*HEAD, *rows())))
