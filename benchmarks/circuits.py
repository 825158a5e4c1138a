"""Is what a filter is said to be made of worth something? Silence it, and see the filter's response fall.

python -m benchmarks.circuits MODEL [IMAGES]     a folder of images, else the bundled crops
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from benchmarks.common import NETWORKS, load_named, network_input  # it starts Keras
from generator import assets
from generator.analysis.circuit import COUNT, layer_circuit
from generator.config.values import Dataset
from generator.dataset.images import Feed, ImageError, fed
from generator.models.activation_point import activation_point, has_own_activation
from generator.models.conv_weights import conv_weights
from generator.models.describe import conv_positions
from generator.models.load import LoadedModel
from generator.pipeline.dataset import fed_size, open_dataset
from generator.render.contributions import Contributions

Array = NDArray[Any]

TITLE = "What filters are made of"
TEXT = (
    f"Of three layers of each network, for every filter that fires: its {COUNT} inputs that are said to excite it most"
    " are set to zero where its convolution reads them, and its response to its nine best examples is taken again. The"
    f" same with the {COUNT} inputs of the largest kernel norm, and with {COUNT} at random. A number is the share of"
    " the response that is lost, in the mean over filters. What filters are made of is measured on one half of the"
    " images, the examples are of the other half: 384 crops of photos, or those that are named."
)
HEAD = (
    "| network, layer | filters | those named | largest norm | at random |",
    "| --- | --: | --: | --: | --: |",
)
EXAMPLES = 9


def rows() -> Iterator[str]:
    """Measure, and yield the rows of the table."""
    for name in NETWORKS:
        yield from rows_of(name, None)


def rows_of(name: str, folder: str | None) -> Iterator[str]:
    """Yield the rows of one network."""
    model = load_named(name)
    dataset = Dataset("folder", folder, limit=1000) if folder else Dataset("bundled", str(assets.images_path()))
    images = open_dataset(dataset)
    size = fed_size(images, dataset, model.summary)
    feed = Feed(size, model.summary.channels, model.summary.bands)
    pixels = np.stack([p for _, p in fed(images, range(len(images)), feed) if not isinstance(p, ImageError)])
    layers = [layer.index for layer in model.summary.layers if layer.index > 1 and layer.type == "Conv2D"]
    for layer in (layers[0], layers[len(layers) // 2], layers[-1]):
        lost = silenced(model, layer, pixels[::2], pixels[1::2])
        title = model.summary.layers[layer - 1].title
        cells = (f"{name}, {title}", f"{len(lost)}", *(f"{share:.0%}" for share in lost.mean(axis=0)))
        yield f"| {' | '.join(cells)} |"


def silenced(model: LoadedModel, layer: int, measured: Array, tested: Array) -> Array:
    """Return (filters, 3) for those that fire: what each loses without those named, the largest, and some at random."""
    graph = model.graph
    point = activation_point(graph, conv_positions(graph)[layer - 1])
    conv = graph.calls[point.conv]
    contributions = Contributions(model, [layer], measured.shape[1:3])
    for first in range(0, len(measured), contributions.batch):
        contributions.add(measured[first : first + contributions.batch])
    own = contributions.of(layer)
    circuit = layer_circuit(own.values, own.kernels, own.groups)
    norm = graph.calls[point.norm].op if point.norm is not None else None
    _, bias = conv_weights(conv.op).folded(norm)
    inputs, activations = _passed(model, layer, tested)
    peaks = activations.max(axis=(1, 2))
    rng = np.random.default_rng(0)
    lost = []
    for index in range(own.values.shape[1]):
        best = np.argsort(-peaks[:, index], kind="stable")[:EXAMPLES]
        best = best[peaks[best, index] > 0]
        named = circuit.inputs[index, :COUNT]
        if not len(best) or not (named >= 0).any():
            continue
        kernel = own.kernels[..., index]
        norms = np.argsort(-np.square(kernel).sum(axis=(0, 1)), kind="stable")[:COUNT]
        chance = rng.permutation(kernel.shape[-1])[:COUNT]
        whole = _response(conv.op, inputs[best], kernel, bias[index], None)
        without = [
            _response(conv.op, inputs[best], kernel, bias[index], channels)
            for channels in (named[named >= 0], norms, chance)
        ]
        lost.append([1 - response / whole for response in without])
    return np.array(lost)


def _passed(model: LoadedModel, layer: int, pixels: Array) -> tuple[Array, Array]:
    """Return what a convolution reads of images, and its activations."""
    graph = model.graph
    point = activation_point(graph, conv_positions(graph)[layer - 1])
    conv = graph.calls[point.conv]
    act = conv.op.activation if has_own_activation(conv.op) else keras.activations.relu
    assert act is keras.activations.relu, "the test is for layers with a ReLU"
    inputs, activations = [], []
    for first in range(0, len(pixels), 32):
        batch = keras.ops.convert_to_tensor(pixels[first : first + 32].astype(np.float32))
        values = {graph.input: network_input(model, batch)}
        for position in graph.needed([point.last]):
            graph.calls[position](values)
        inputs.append(np.asarray(values[conv.inputs[0]]))
        activations.append(np.maximum(np.asarray(values[graph.calls[point.last].outputs[0]]), 0))
    return np.concatenate(inputs), np.concatenate(activations)


def _response(op: Any, inputs: Array, kernel: Array, bias: float, without: Array | None) -> float:
    """Return a filter's mean response to what it reads, some channels of which are set to zero."""
    given = inputs.copy()
    if without is not None:
        given[..., without] = 0
    result = tf.nn.conv2d(
        given, kernel[..., None].astype(np.float32), op.strides, op.padding.upper(), dilations=op.dilation_rate
    )
    return float(np.maximum(np.asarray(result) + bias, 0).mean())


if __name__ == "__main__":
    print("\n".join((*HEAD, *rows_of(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None))))
