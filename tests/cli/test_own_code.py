"""Models in whose ``call`` TensorFlow's functions are, from the command line: listed, planned, built and rendered."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from PIL import Image

from tests.cli.conftest import Gallery

CODE = '''
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers


class Edges(keras.Model):
    """Side outputs, resized to the picture and fused."""

    def __init__(self):
        super().__init__()
        self.block1 = keras.Sequential([layers.Conv2D(6, 3, padding="same", activation="relu", name="conv1")])
        self.block2 = keras.Sequential([layers.MaxPooling2D(), layers.Conv2D(8, 3, padding="same", name="conv2")])
        self.sides = [layers.Conv2D(1, 1, name="side1"), layers.Conv2D(1, 1, name="side2")]
        self.fuse = layers.Conv2D(1, 1, name="fuse")

    def call(self, image, training=False):
        height, width = tf.shape(image)[1], tf.shape(image)[2]
        first = self.block1(image / 255.0)
        second = tf.nn.relu(self.block2(first))
        sides = [tf.image.resize(side(x), [height, width]) for side, x in zip(self.sides, [first, second])]
        fused = self.fuse(tf.concat(sides, axis=-1))
        return (*sides, fused) if training else tf.nn.sigmoid(fused)


def edges():
    model = Edges()
    model(tf.zeros((1, 32, 32, 3)))
    return model


def never_called():
    return Edges()
'''
CONFIG = dedent("""\
    photos: [chelsea]
    filters: 2
    render: {size: 24, steps: 3, margin: 4}
    models:
      - {name: edges, source: "fgt_edges:edges"}
      - {name: later, source: "fgt_edges:never_called", input_shape: [24, 32, 3]}
    """)


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    """Return a folder with a module of models, and a configuration that names them."""
    sys.modules.pop("fgt_edges", None)  # another test's, from another folder
    (tmp_path / "fgt_edges.py").write_text(CODE)
    (tmp_path / "config.yaml").write_text(CONFIG)
    return Gallery(tmp_path)


@pytest.mark.case("tf-call")
def test_a_model_that_calls_tensorflow_is_listed_planned_built_and_rendered(gallery: Gallery) -> None:
    listed = gallery.run("layers", "edges")
    assert listed.status == 0, listed.err
    rows = [line.split() for line in listed.out.splitlines()[1:6]]
    assert [(row[1], row[-1]) for row in rows] == [
        *(("sequential/conv1", "3x3"), ("sequential_1/conv2", "8x8")),
        *(("side1", "3x3"), ("side2", "8x8"), ("fuse", "10x10")),
    ]
    assert gallery.run("plan").status == 0
    built = gallery.run("build")
    assert built.status == 0, built.err
    assert "Traceback" not in built.err
    models = json.loads((gallery.folder / "site" / "manifest.json").read_text())["models"]
    assert [(model["name"], model["input_shape"]) for model in models] == [
        ("edges", [32, 32, 3]),
        ("later", [24, 32, 3]),
    ]
    for model in models:
        assert [layer["read_at"].split("/")[-1] for layer in model["layers"]] == [
            *("conv1", "Relu", "side1", "side2", "Sigmoid")
        ]
        for layer in model["layers"]:
            for one in layer["filters"]:
                assert (gallery.folder / "site" / one["picture"]).is_file() or one["verdict"] == "dead"
                assert len(one["feature_maps"]) == 1
    assert "Everything is rendered already" in gallery.run("build").err
    rendered = gallery.run("render", "edges", "fuse", "0", "-o", "fuse.png")
    assert rendered.status == 0, rendered.err
    assert "read at Sigmoid" in rendered.out
    assert Image.open(gallery.folder / "fuse.png").size == (24, 24)


@pytest.mark.case("mtcnn-unbuilt")
def test_a_model_that_was_never_called_is_told_to_be_so(gallery: Gallery) -> None:
    done = gallery.run("layers", "fgt_edges:never_called")
    assert done.status == 1
    assert done.errors == [
        "Error: the subclassed model was never called, so that the shape of its input is not known. Say it with "
        "`input_shape: [height, width, channels]`, or call the model once before it is returned or saved"
    ]
