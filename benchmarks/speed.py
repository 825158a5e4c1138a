"""The engine against the reference loop: same method, size and optimisation step."""

from __future__ import annotations

import time
from collections.abc import Iterator

from benchmarks.common import load_named
from benchmarks.pace import BARE, ROUNDS, SIZE, STEPS, Ours, in_turns, layer_named, tuned, vgg16
from generator.models.load import LoadedModel
from generator.models.start import start_keras

start_keras()  # before TensorFlow, which would log

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

LAYERS = ("block1_conv2", "block3_conv3", "block5_conv3")
DEMO_LAYERS, DEMO_SIZE = ("block1_conv2", "block4_conv1"), 64

TITLE = "Speed against the reference loop"
TEXT = (
    "Method `pixel`. The reference is the notebooks' loop: eager, one filter at a time, gradient normalised. Ours "
    "takes as many filters at once as a build would; its own choice is the precision and the batch that a build's "
    "tuning picks for this network and machine. Milliseconds for each filter and step, compiled already: the best "
    f"step of {STEPS} in each of {ROUNDS} rounds, in which the loops take turns."
)
HEAD = (
    "| layer | reference | ours, float32 | times as fast | ours, own choice | its choice | times as fast |",
    "| --- | --- | --- | --- | --- | --- | --- |",
)


class Reference:
    """The notebooks' loop at one filter of a layer, going on from call to call."""

    def __init__(self, model: LoadedModel, name: str, index: int, size: int) -> None:
        output = model.keras_model.get_layer(name).output
        self._submodel = keras.Model(model.keras_model.input, output)
        self._image = tf.random.uniform((1, size, size, model.summary.channels))
        self._index = index

    def step(self) -> None:
        """Make one step."""
        image = self._image
        with tf.GradientTape() as tape:
            tape.watch(image)
            loss = tf.reduce_mean(self._submodel(image)[:, :, :, self._index])
        self._image = image + tf.math.l2_normalize(tape.gradient(loss, image)) * 4.0

    def pace(self) -> float:
        """Return the milliseconds of a step: the best of as many as ours makes."""
        self.step()
        paces = []
        for _ in range(STEPS):
            began = time.monotonic()
            self.step()
            paces.append(1000 * (time.monotonic() - began))
        return min(paces)


def compared(model: LoadedModel, title: str, size: int, layers: tuple[str, ...]) -> Iterator[str]:
    """Yield a row for each layer."""
    settings = {**BARE["pixel"], "size": size}
    tuning = tuned(model, **settings)
    for name in layers:
        own = Ours.at(model, name, tuning, **settings)
        full = Ours.at(model, name, tuning, **settings, precision="float32")
        reference = Reference(model, name, layer_named(model, name).filters // 2, size)
        theirs, plain, chosen = in_turns(reference.pace, full.pace, own.pace)
        yield (
            f"| {title} {name}, {size} pixels | {theirs:.2f} | {plain:.2f} | {theirs / plain:.1f} "
            f"| {chosen:.2f} | {own.title} | {theirs / chosen:.1f} |"
        )


def rows() -> Iterator[str]:
    """Yield the table's rows."""
    yield from compared(vgg16(), "VGG16", SIZE, LAYERS)
    yield from compared(load_named("demo"), "demo", DEMO_SIZE, DEMO_LAYERS)
