"""The pass over a dataset against ``predict`` of the same network over the same files, and its memory.

python -m benchmarks.dataset [VGG16|SqueezeNet SIDE COUNT [--predict]]
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from generator import assets
from generator.config.values import Dataset, ModelEntry
from generator.dataset.chunk import images_of_chunk
from generator.dataset.folder import open_folder
from generator.dataset.images import Feed, in_groups
from generator.store import Store

TITLE = "The pass over a dataset"
TEXT = (
    "Every filter of every layer is measured on JPEG files of the network's size, two threads decoding, chunks stored"
    " as they are done. `predict` is Keras's, of the network up to its last convolution, over a `tf.data` pipeline of"
    " the same files that decodes on as many threads as it likes, in batches of the same size; it keeps that layer's"
    " means. Both are compiled before they are timed, in one process, in turns, and the better of two rounds counts."
    " Memory is the largest resident set of a process that measures 1,000 images, and of one that measures 10,000."
)
HEAD = (
    "| network | images a second | `predict` | time, of `predict`'s | MiB for 1,000 | MiB for 10,000 | ratio |",
    "| --- | --- | --- | --- | --- | --- | --- |",
)

COUNT, FEW, MANY = 2_000, 1_000, 10_000
ROUNDS = 2
NETWORKS = (("VGG16", 96), ("SqueezeNet", 96))


def rows() -> Iterator[str]:
    """Measure, and yield the rows of the table."""
    for name, side in NETWORKS:
        timed = _measured(name, side, COUNT, "--predict")
        few, many = (_measured(name, side, count)["peak"] for count in (FEW, MANY))
        ours, theirs = COUNT / timed["ours"], COUNT / timed["predict"]
        cells = (f"{name}, {side} pixels", f"{ours:.0f}", f"{theirs:.0f}", f"{timed['ours'] / timed['predict']:.2f}")
        yield f"| {' | '.join(cells)} | {few:.0f} | {many:.0f} | {many / few:.2f} |"


def _measured(name: str, side: int, count: int, *more: str) -> dict[str, float]:
    from benchmarks.process import answer

    measured: dict[str, float] = answer("benchmarks.dataset", name, str(side), str(count), *more)
    return measured


def write_images(folder: Path, count: int, side: int) -> None:
    """Write JPEG files, no two the same: crops of the bundled photos of any size, at one side."""
    rng = np.random.default_rng(0)
    photos = [Image.open(assets.photo_path(name)).convert("RGB") for name in assets.PHOTOS]
    for number in range(count):
        photo = photos[number % len(photos)]
        length = int(rng.integers(side, min(photo.size)))
        left, top = (int(rng.integers(0, whole - length)) for whole in photo.size)
        crop = photo.resize((side, side), Image.Resampling.BILINEAR, (left, top, left + length, top + length))
        crop.save(folder / f"{number:05d}.jpg", quality=90)


def _model(name: str) -> Any:
    from benchmarks.common import load

    if name == "SqueezeNet":
        return load(ModelEntry("squeeze", "squeeze", "callable", "benchmarks.squeeze:network", folder="."))
    return load(ModelEntry(name, "net", "application", name, weights="random", input_shape=(None, None, 3)))


def main(name: str, side: int, count: int, predict: bool) -> None:
    """Measure one network, and print a line of JSON."""
    from benchmarks.process import peak
    from generator.pipeline.image_pass import ImagePass

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "images")
        folder.mkdir()
        write_images(folder, count, side)
        model = _model(name)
        layers = tuple(layer.index for layer in model.summary.layers)
        images = open_folder(Dataset("folder", str(folder)))
        feed = Feed((side, side), model.summary.channels, model.summary.bands)
        image_pass = ImagePass(model, layers, images, feed, 9)
        groups = list(in_groups(range(len(images)), images_of_chunk(sum(x.filters for x in model.summary.layers))))
        image_pass.measure(groups[0])
        theirs = _predict(model, folder, image_pass.batch, side) if predict else None
        times: dict[str, list[float]] = {"ours": [], "predict": []}
        for round_ in range(ROUNDS if theirs else 1):
            began = time.monotonic()
            store = Store(Path(temporary, f"store-{round_}"))
            for places in groups:
                image_pass.store(places, "0" * 64, store, lambda done: None)
            times["ours"].append(time.monotonic() - began)
            if theirs:
                began = time.monotonic()
                theirs()
                times["predict"].append(time.monotonic() - began)
        print(json.dumps({"peak": peak(), **{key: min(own) for key, own in times.items() if own}}))


def _predict(model: Any, folder: Path, batch: int, side: int) -> Any:
    """Return what predicts the files, once it has been compiled."""
    import keras
    import tensorflow as tf

    preprocess = model.summary.preprocess
    matrix, offset = np.array(preprocess.matrix, np.float32), np.array(preprocess.offset, np.float32)
    own = model.keras_model
    last = own.get_layer(model.summary.layers[-1].read_at).output
    network = keras.Model(own.inputs, keras.layers.GlobalAveragePooling2D()(last))

    def decoded(path: Any) -> Any:
        pixels = tf.cast(tf.io.decode_jpeg(tf.io.read_file(path), 3), tf.float32)
        return tf.ensure_shape(pixels @ matrix + offset, (side, side, 3))

    paths = sorted(map(str, folder.glob("*.jpg")))
    files = tf.data.Dataset.from_tensor_slices(paths).map(decoded, tf.data.AUTOTUNE).batch(batch).prefetch(2)
    network.predict(files.take(2), verbose=0)
    return lambda: network.predict(files, verbose=0)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), "--predict" in sys.argv)
    else:
        for line in (*HEAD, *rows()):
            print(line, flush=True)
