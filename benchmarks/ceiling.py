"""The optimisation step against what the machine can do: its operations a second over those of a matrix product."""

from __future__ import annotations

import time
from collections.abc import Iterator
from math import prod

from benchmarks.pace import BARE, SIZE, STEPS, Ours, in_turns, layer_named, tuned, vgg16
from generator.models.describe import conv_positions
from generator.models.load import LoadedModel
from generator.models.start import start_keras
from generator.render.network import Network

start_keras()  # before TensorFlow, which would log

import tensorflow as tf  # noqa: E402

LAYERS = (
    *("block1_conv2", "block3_conv1", "block3_conv2", "block3_conv3"),
    *("block4_conv1", "block4_conv2", "block4_conv3", "block5_conv1", "block5_conv2", "block5_conv3"),
)
PRECISIONS = ("float32", "bfloat16")
SIDE, ROUNDS = 4096, 2

TITLE = "Speed against the ceiling"
TEXT = (
    f"VGG16 with random weights at {SIZE} pixels, method `pixel`, the batch that a build would take. The ceiling is "
    f"the product of two matrices of {SIDE} by {SIDE} in the same precision, in turns with the steps: the best of "
    f"{STEPS} in each of {ROUNDS} rounds, of both. Operations of a step are the multiplications and additions of its "
    "convolutions, forward and for the gradient at each one's input, as in a direct convolution; of the layer that "
    "is optimised for, only the channels that are computed. Nothing else is counted: neither pooling, activations, nor "
    "the picture's own update, though all take time. A convolution that needs fewer operations than a direct one "
    "(Winograd) can pass 100 %. GFLOP/s."
)
HEAD = (
    "| layer | precision | at once | matrix product | step | share of the ceiling |",
    "| --- | --- | --- | --- | --- | --- |",
)


def operations(model: LoadedModel, name: str, size: int, filters: int) -> float:
    """Return the multiplications and additions of a step for each filter, ``filters`` being optimised together."""
    target = layer_named(model, name)
    positions, graph = conv_positions(model.graph), model.graph
    shapes = graph.shapes(size, size, model.summary.channels)
    needed = set(graph.needed([positions[target.index - 1]]))
    passed = 0.0
    for position, layer in zip(positions, model.summary.layers, strict=True):
        if position in needed:
            computed = 1.0
            if layer.index == target.index and Network(model).narrows(layer.index):
                computed = filters / layer.filters
            places = prod(shapes[graph.calls[position].outputs[0]][:2])
            passed += computed * places * sum(map(prod, layer.kernel_shapes))
    return 2 * 2 * passed  # a multiplication and an addition each; forward, and once back


class Product:
    """A large matrix product."""

    def __init__(self, precision: str) -> None:
        self._factors = [tf.cast(tf.random.normal((SIDE, SIDE), seed=seed), precision) for seed in (1, 2)]
        self._multiply = tf.function(tf.matmul, autograph=False)

    def pace(self) -> float:
        """Return the milliseconds that it takes: the best of as many as an optimisation makes steps."""
        paces = []
        for _ in range(STEPS + 1):
            began = time.monotonic()
            self._multiply(*self._factors)
            paces.append(1000 * (time.monotonic() - began))
        return min(paces[1:])


def rows(layers: tuple[str, ...] = LAYERS) -> Iterator[str]:
    """Yield the table's rows."""
    model = vgg16()
    settings = {**BARE["pixel"], "size": SIZE}
    tuning = tuned(model, **settings)
    for precision in PRECISIONS:
        product = Product(precision)
        for name in layers:
            own = Ours.at(model, name, tuning, **settings, precision=precision)
            product_pace, step_pace = in_turns(product.pace, own.pace, rounds=ROUNDS)
            ceiling = 2 * SIDE**3 / product_pace / 1e6
            reached = operations(model, name, SIZE, len(own.filters)) / step_pace / 1e6
            yield (
                f"| {name} | {precision} | {len(own.filters)} | {ceiling:.0f} | {reached:.0f} "
                f"| {reached / ceiling:.0%} |"
            )
