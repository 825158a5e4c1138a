"""Lucid's recipe, to measure against: Olah, Mordvintsev and Schubert, "Feature Visualization", Distill 2017.

Written from ``tensorflow/lucid``: ``optvis/param/spatial.py`` and ``color.py`` (the variable), ``optvis/transform.py``
(``standard_transforms``), ``optvis/render.py`` (the loop) and ``misc/redirected_relu_grad.py`` (the relief), with
their oddities: the legacy bilinear resizing, turning by nearest neighbour into black corners, and 3.14 for pi. Adam is
that of TensorFlow 1. Filters of a layer share a batch and its transforms, as in Lucid. Two things differ:
``render_vis`` makes one step more than asked for, and starts from other random numbers.

The relief acts, as in Lucid, on every ReLU and ReLU6 up to the objective, wherever in the graph they stand and
however Keras spells them: it replaces the gradient of TensorFlow's operations of these names.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from benchmarks.common import Array, activation
from generator.models.start import start_keras

start_keras()  # before TensorFlow, which would log

import tensorflow as tf  # noqa: E402

from generator.models.load import LoadedModel  # noqa: E402

SPREAD = 0.01
COLOURS = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
PADDING, GRAY = 12, 0.5
FIRST_CROP, SECOND_CROP = 8, 4
SCALES = tuple(1 + (i - 5) / 50 for i in range(11))
ANGLES = (*range(-10, 11), *(0,) * 5)
PI = 3.14
LEARNING_RATE, BETAS, EPSILON = 0.05, (0.9, 0.999), 1e-8
RELIEF = 16
"""The last step, counted from 0, in which inactive ReLUs let gradient through."""

BATCH = 32

Tensor = Any


def pictures(model: LoadedModel, layer: int, filters: tuple[int, ...], size: int, steps: int, seed: int = 0) -> Array:
    """Return the pictures (n, size, size, channels shown) of some filters, with values from 0 to 1.

    ``layer`` is the index in the model's summary. A network of one input size gets pictures of that size.
    """
    optimizer = LucidOptimizer(model, layer, model.summary.picture_size(size))
    parts = [filters[start : start + BATCH] for start in range(0, len(filters), BATCH)]
    return np.concatenate([optimizer.run(part, steps, seed)[0] for part in parts])


class LucidOptimizer:
    """Lucid's optimisation for one layer; its step is compiled once for every number of filters."""

    def __init__(self, model: LoadedModel, layer: int, size: tuple[int, int]) -> None:
        self._model, self._size, self._channels = model, size, model.summary.channels
        self._layer = layer
        self._step = tf.function(self._make_step, autograph=False)

    def run(self, filters: tuple[int, ...], steps: int, seed: int) -> tuple[Array, Array]:
        """Return the pictures (n, h, w, c), and the objective (steps, n) before every step.

        A start depends on the seed and the filter alone; the transforms of a step are the same for all pictures.
        """
        variable = tf.constant(start(filters, self._channels, *self._size, seed))
        state = variable, tf.zeros_like(variable), tf.zeros_like(variable)
        indices, draws = tf.constant(filters, tf.int32), np.random.default_rng(seed)
        trace = []
        for step in range(steps):
            state, values = self._step(state, indices, tf.constant(step), *map(tf.constant, drawn(draws)))
            trace.append(values)
        return image(state[0], *self._size).numpy(), np.array(trace)

    def _make_step(self, state: Any, filters: Tensor, step: Tensor, *draw: Tensor) -> tuple[Any, Tensor]:
        with relieved(step <= RELIEF):
            values = self.objective(transformed(image(state[0], *self._size), *draw), filters)
            gradient = tf.gradients(-tf.reduce_sum(values), state[0])[0]
        return adam(state, gradient, tf.cast(step + 1, tf.float32)), values

    def objective(self, pictures: Tensor, filters: Tensor) -> Tensor:
        """Return (n,): the spatial mean of each picture's own channel, where this project reads responses."""
        if not self._model.summary.any_size:
            pictures = tf.image.resize_with_crop_or_pad(pictures, *self._size)  # Lucid: ``crop_or_pad_to``
        means = tf.reduce_mean(activation(self._model, self._layer, pictures * 255.0), axis=(1, 2))
        return tf.gather(means, filters, axis=1, batch_dims=1)


def frequencies(height: int, width: int) -> Array:
    """Return the frequency, in cycles for each pixel, of every term of the half-spectrum; an odd width has one more."""
    across = np.fft.fftfreq(width)[: width // 2 + (2 if width % 2 else 1)]
    radial: Array = np.hypot(np.fft.fftfreq(height)[:, None], across)
    return radial


def scale(height: int, width: int) -> Array:
    """Return what every term of the half-spectrum is multiplied by, the division of the pixels by 4 not included."""
    lowest = 1.0 / max(width, height)
    scales: Array = np.sqrt(width * height) / np.maximum(frequencies(height, width), lowest)
    return scales


def start(filters: tuple[int, ...], channels: int, height: int, width: int, seed: int) -> Array:
    """Return the first variables (2, n, channels, h, w // 2 + 1): real and imaginary parts."""
    shape = (2, channels, *frequencies(height, width).shape)
    variables = [np.random.default_rng([seed, index]).normal(0, SPREAD, shape) for index in filters]
    return np.stack(variables, axis=1).astype(np.float32)


def image(variable: Tensor, height: int, width: int) -> Tensor:
    """Return the pictures (n, h, w, c), values from 0 to 1, of variables (2, n, c, h, w // 2 + 1)."""
    scaled = variable * tf.constant(scale(height, width), variable.dtype)
    pixels = tf.transpose(tf.signal.irfft2d(tf.complex(scaled[0], scaled[1])), (0, 2, 3, 1))[:, :height, :width] / 4.0
    if pixels.shape[-1] == 3:
        matrix = COLOURS / np.linalg.norm(COLOURS, axis=0).max()
        pixels = pixels @ tf.constant(matrix.T, pixels.dtype)
    return tf.sigmoid(pixels)


def drawn(rng: np.random.Generator) -> tuple[Array, np.float32, np.float32, Array]:
    """Return one step's draws: the first crop's corner, the scale, the angle (radians), the second crop's corner."""
    return (
        rng.integers(0, FIRST_CROP + 1, 2).astype(np.int32),
        np.float32(rng.choice(SCALES)),
        np.float32(PI * rng.choice(ANGLES) / 180.0),
        rng.integers(0, SECOND_CROP + 1, 2).astype(np.int32),
    )


def transformed(pictures: Tensor, first: Tensor, factor: Tensor, angle: Tensor, second: Tensor) -> Tensor:
    """Return pictures as one step shows them to the network."""
    sides = (PADDING, PADDING)
    padded = tf.pad(pictures, [(0, 0), sides, sides, (0, 0)], constant_values=GRAY)
    cropped = crop(padded, first, FIRST_CROP)
    side = tf.cast(factor * tf.cast(tf.shape(cropped)[1:3], tf.float32), tf.int32)
    scaled = tf.raw_ops.ResizeBilinear(images=cropped, size=side)  # corners aligned at the top left, as before TF 2
    return crop(rotated(scaled, angle), second, SECOND_CROP)


def crop(pictures: Tensor, corner: Tensor, less: int) -> Tensor:
    """Return the part of pictures that is ``less`` pixels smaller and begins at a corner (top, left)."""
    shape = tf.shape(pictures)
    size = tf.stack([shape[0], shape[1] - less, shape[2] - less, shape[3]])
    part = tf.slice(pictures, tf.stack([0, corner[0], corner[1], 0]), size)
    return tf.ensure_shape(part, (None, None, None, pictures.shape[-1]))


def rotated(pictures: Tensor, angle: Tensor) -> Tensor:
    """Return pictures turned about their centre, as ``tfa.image.rotate`` does by default."""
    height, width = (tf.cast(side, tf.float32) for side in tf.unstack(tf.shape(pictures)[1:3]))
    cos, sin = tf.cos(angle), tf.sin(angle)
    right = ((width - 1) - (cos * (width - 1) - sin * (height - 1))) / 2
    down = ((height - 1) - (sin * (width - 1) + cos * (height - 1))) / 2
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=pictures,
        transforms=tf.stack([cos, -sin, right, sin, cos, down, 0.0, 0.0])[None],
        output_shape=tf.shape(pictures)[1:3],
        fill_value=0.0,
        interpolation="NEAREST",
        fill_mode="CONSTANT",
    )


def adam(state: Any, gradient: Tensor, step: Tensor) -> Any:
    """Return the variable and its two running means after one step downhill; ``step`` counts from 1."""
    variable, first, second = state
    first = BETAS[0] * first + (1 - BETAS[0]) * gradient
    second = BETAS[1] * second + (1 - BETAS[1]) * tf.square(gradient)
    rate = LEARNING_RATE * tf.sqrt(1 - BETAS[1] ** step) / (1 - BETAS[0] ** step)
    return variable - rate * first / (tf.sqrt(second) + EPSILON), first, second


_NOW = "benchmarks.lucid.relief"


@contextmanager
def relieved(now: Tensor) -> Iterator[None]:
    """Give the ReLUs and ReLU6s of the graph that is being traced Lucid's gradient, while ``now`` is true."""
    graph = tf.compat.v1.get_default_graph()
    graph.add_to_collection(_NOW, now)
    with graph.gradient_override_map({"Relu": "RelievedRelu", "Relu6": "RelievedRelu6"}):
        yield


@tf.RegisterGradient("RelievedRelu")
def _relieved_relu(op: Any, gradient: Tensor) -> Tensor:
    return relief(gradient, op.inputs[0], op.inputs[0] < np.inf, op.graph.get_collection(_NOW)[-1])


@tf.RegisterGradient("RelievedRelu6")
def _relieved_relu6(op: Any, gradient: Tensor) -> Tensor:
    return relief(gradient, op.inputs[0], op.inputs[0] <= 6.0, op.graph.get_collection(_NOW)[-1])


def relief(gradient: Tensor, value: Tensor, below: Tensor, now: Tensor) -> Tensor:
    """Return the gradient (n, ...) at the inputs ``value`` of ReLUs; ``below`` is where they are not saturated.

    The loss falls along the negative gradient. For each picture whose whole gradient is zero, what pushes inactive
    inputs up, and saturated ones down, is let through.
    """
    nothing = tf.zeros_like(gradient)
    own = tf.where((value < 0) | ~below, nothing, gradient)
    wrong = ((value < 0) & (gradient > 0)) | (~below & (gradient < 0))
    passes = tf.reduce_any(tf.not_equal(tf.reshape(own, (tf.shape(own)[0], -1)), 0), axis=1)
    passes = tf.reshape(passes, tf.concat([tf.shape(own)[:1], tf.ones(tf.rank(own) - 1, tf.int32)], 0))
    return tf.where(passes | ~now, own, tf.where(wrong, nothing, gradient))
