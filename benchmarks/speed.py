"""The engine against the reference loop: same method, filters, size and steps."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from benchmarks.common import load_named, spread
from generator.config.load import entry_for_source
from generator.config.values import complete_settings
from generator.models.load import LoadedModel, load
from generator.render.ascent import Ascender

FILTERS = 16


def seconds(work: Callable[[], object]) -> float:
    """Return how long some work takes."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def reference(model: LoadedModel, layer: int, index: int, size: int, steps: int) -> None:
    """The notebooks' loop: eager, one filter at a time."""
    output = model.keras_model.get_layer(model.card.layers[layer - 1].name).output
    submodel = keras.Model(model.keras_model.input, output)
    image = tf.random.uniform((1, size, size, 3))
    for _ in range(steps):
        with tf.GradientTape() as tape:
            tape.watch(image)
            loss = tf.reduce_mean(submodel(image)[:, :, :, index])
        image = image + tf.math.l2_normalize(tape.gradient(loss, image)) * 4.0


def compare(model: LoadedModel, layer: int, size: int, steps: int) -> tuple[float, float]:
    """Return the milliseconds a filter and step takes in the reference loop and in the engine, compiled already."""
    filters = spread(model, layer, FILTERS)
    ascender = Ascender(model, layer, complete_settings({"method": "pixel", "size": size, "steps": steps}))
    ascender.run(filters)
    reference(model, layer, 0, size, 2)
    theirs = seconds(lambda: reference(model, layer, 0, size, steps)) / steps
    ours = seconds(lambda: ascender.run(filters)) / steps / len(filters)
    again = seconds(lambda: reference(model, layer, 1, size, steps)) / steps
    return 1000 * float(np.mean([theirs, again])), 1000 * ours


def rows() -> list[str]:
    """Return the table's rows."""
    entry = entry_for_source("VGG16", Path())
    assert entry is not None
    vgg = load(replace(entry, weights="random", input_shape=(96, 96, 3)))
    cases = [(vgg, "VGG16, random", 96, name, 20) for name in ("block1_conv2", "block3_conv3", "block5_conv3")]
    cases += [(load_named("demo"), "demo", 64, name, 32) for name in ("block1_conv2", "block4_conv1")]
    found = []
    for model, title, size, name, steps in cases:
        layer = next(each.index for each in model.card.layers if each.name == name)
        theirs, ours = compare(model, layer, size, steps)
        found.append(f"| {title} {name}, {size} pixels | {theirs:.1f} | {ours:.1f} | {theirs / ours:.1f} |")
    return found
