"""What people really train: a model of every kind, saved by a script of its own, then built to a site by the command.

And what cannot be built: one clear line for each, and the others are built all the same.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from tests.cli.conftest import Gallery, environment

CODE = '''\
import keras
from keras import layers


@keras.saving.register_keras_serializable("mine")
class Scale(layers.Layer):
    """A layer of one's own."""

    def call(self, x):
        return x * 0.5


class Block(layers.Layer):
    """Two convolutions in one layer."""

    def build(self, shape):
        self.one = layers.Conv2D(6, 3, padding="same", activation="relu", name="one")
        self.two = layers.Conv2D(5, 1, name="two")
        self.one.build(shape)
        self.two.build((*shape[:-1], 6))

    def call(self, x):
        return self.two(self.one(x))

    def compute_output_shape(self, shape):
        return (*shape[:-1], 5)


class Network(keras.Model):
    """A subclassed model."""

    def __init__(self, **more):
        super().__init__(**more)
        self.stem = layers.Conv2D(4, 3, activation="relu", name="stem")
        self.norm = layers.BatchNormalization(name="norm")
        self.last = layers.Conv2D(3, 3, name="last")

    def call(self, x, training=True):
        return self.last(self.norm(self.stem(x / 255.0), training=training))


def small():
    return keras.Sequential([keras.Input((None, None, 3)), layers.Rescaling(1 / 255), layers.Conv2D(4, 3, name="c")])


def subclassed():
    model = Network()
    model(keras.ops.zeros((1, 24, 24, 3)))
    return model
'''

SAVE = """\
import keras, json
from keras import layers
from nets import Block, Network, Scale, small, subclassed

keras.utils.set_random_seed(0)

def functional(channels=3, side=24, body=None, **form):
    shape = (channels, side, side) if form else (side, side, channels)
    x = image = keras.Input(shape)
    x = layers.Rescaling(1 / 255)(x)
    return keras.Model(image, body(x))

def conv(name, filters=4, **more):
    return layers.Conv2D(filters, 3, padding="same", activation="relu", name=name, **more)

def several_kinds(x):
    x = layers.DepthwiseConv2D(3, padding="same", name="depthwise")(x)
    x = layers.SeparableConv2D(4, 3, padding="same", name="separable")(x)
    x = layers.Conv2DTranspose(4, 3, strides=2, padding="same", name="transposed")(x)
    return layers.Conv2D(4, 3, groups=2, name="grouped")(x)

def nested(x):
    inner = keras.Sequential([layers.Conv2D(3, 3, padding="same", name="deep")], name="inner")
    middle = keras.Sequential([inner, conv("mid")], name="middle")
    shared = conv("shared", 3)
    return shared(shared(middle(x)[..., :3]))

functional(body=lambda x: conv("second")(conv("first")(x))).save("plain.keras")
functional(body=lambda x: conv("second")(conv("first")(x))).save("plain.h5")
functional(body=several_kinds).save("kinds.keras")
functional(body=nested).save("nested.keras")
functional(channels=1, side=28, body=conv("gray")).save("gray.keras")
functional(channels=2, body=conv("two")).save("two.keras")
functional(channels=6, body=conv("six")).save("six.keras")
first = dict(data_format="channels_first")
functional(body=lambda x: conv("after", **first)(conv("first", **first)(x)), **first).save("turned.keras")
functional(body=lambda x: conv("own")(Scale()(x))).save("custom.keras")
functional(body=lambda x: Block(name="block")(x)).save("block.keras")
subclassed().save("subclassed.keras")
a, b = keras.Input((24, 24, 3), name="a"), keras.Input((7,), name="b")
x = conv("both")(layers.Multiply()([layers.Rescaling(1 / 255)(a), layers.Reshape((1, 1, 3))(layers.Dense(3)(b))]))
x = layers.Add()([x, conv("seen")(layers.Rescaling(1 / 255)(a))])
keras.Model([a, b], [x, layers.GlobalAveragePooling2D()(x)]).save("inputs.keras")
keras.config.set_dtype_policy("mixed_float16")
functional(body=lambda x: conv("second")(conv("first")(x))).save("mixed.keras")
keras.config.set_dtype_policy("bfloat16")
functional(body=lambda x: conv("first")(x)).save("half.keras")
keras.config.set_dtype_policy("float32")
whole = functional(body=lambda x: conv("second")(conv("first")(x)))
open("net.json", "w").write(whole.to_json())
whole.save_weights("net.weights.h5")
keras.applications.MobileNetV3Small(weights=None, include_top=False).save_weights("mobile.weights.h5")

strange = keras.Sequential([keras.Input((24, 24, 3)), *(conv("x") for _ in range(4))][:2])
names = ["Conv", "conv", "<script>alert(1)</script>", "../../etc", "été 漢字", "a/b"]
stack = [layers.Conv2D(3, 1, name=f"layer{i}") for i in range(len(names))]
strange = keras.Sequential([keras.Input((24, 24, 3)), *stack])
for layer, name in zip(stack, names):
    layer.name = name
strange.save("strange.h5")

# What cannot be built.
functional(body=lambda x: conv("c")(layers.Lambda(lambda v: v + 1, name="plus")(x))).save("lambda.keras")
keras.Sequential([keras.Input((40, 2)), layers.Conv1D(3, 3)]).save("line.keras")
keras.Sequential([keras.Input((8, 8, 8, 1)), layers.Conv3D(3, 3)]).save("volume.keras")
keras.Sequential([keras.Input((None,), dtype="int32"), layers.Embedding(9, 4), layers.Conv1D(3, 3)]).save("text.keras")
functional(body=lambda x: conv("second", 7)(conv("first")(x))).save_weights("other.weights.h5")
import pickle
pickle.dump({"not": "a model"}, open("pickled.keras", "wb"))
open("notes.keras", "w").write("dear diary")
"""

KINDS = {
    # model: its layers' folders
    "plain": ["001-first", "002-second"],
    "old": ["001-first", "002-second"],
    "kinds": ["001-depthwise", "002-separable", "003-transposed", "004-grouped"],
    "nested": ["001-middle-inner-deep", "002-middle-mid", "003-shared", "004-shared"],
    "gray": ["001-gray"],
    "two": ["001-two"],
    "six": ["001-six"],
    "turned": ["001-first", "002-after"],
    "custom": ["001-own"],
    "block": ["001-block-one", "002-block-two"],
    "subclassed": ["001-stem", "002-last"],
    "inputs": ["001-both", "002-seen"],
    "mixed": ["001-first", "002-second"],
    "half": ["001-first"],
    "net": ["001-first", "002-second"],
    "small": ["001-c"],
    "strange": ["001-conv", "002-conv", "003-script-alert-1-script", "004-etc", "005-ete", "006-a-b"],
    "mobile": ["001-conv"],
}

CONFIG = """\
title: Every kind
photos: [chelsea]
filters: 2
render: {size: 24, steps: 3, precision: float32}
models:
  - plain.keras
  - {name: old, source: plain.h5}
  - kinds.keras
  - nested.keras
  - gray.keras
  - two.keras
  - {source: six.keras, bands: [5, 3, 1], filters: {most_active: 2}}
  - turned.keras
  - {source: custom.keras, custom_objects: ["nets:Scale"]}
  - {source: block.keras, custom_objects: ["nets:Block"]}
  - {source: subclassed.keras, custom_objects: ["nets:Network"]}
  - inputs.keras
  - mixed.keras
  - half.keras
  - {source: net.json, weights: net.weights.h5}
  - "nets:small"
  - strange.h5
  - {name: mobile, source: MobileNetV3Small, weights: mobile.weights.h5, layers: conv}
"""

BAD = {
    # model: (its entry, words of its line)
    "hidden": ("source: custom.keras", ["Scale", "custom_objects: [package.module:"]),
    "lambda": ("source: lambda.keras", ["plus", "Lambda", "--trust"]),
    "misfit": ("source: net.json, weights: other.weights.h5", ["second", "(3, 3, 4, 4)", "(3, 3, 4, 7)"]),
    "line": ("source: line.keras", ["(40, 2)", "not pictures"]),
    "volume": ("source: volume.keras", ["(8, 8, 8, 1)", "not pictures"]),
    "text": ("source: text.keras", ["int32", "not pictures"]),
    "pickled": ("source: pickled.keras", ["pickle"]),
    "notes": ("source: notes.keras", ["text"]),
    "weights": ("source: net.weights.h5", ["weights"]),
    "gone": ('source: "nets:smal"', ["smal", "Did you mean small?"]),
    "nowhere": ('source: "nowhere_at_all:build"', ["nowhere_at_all"]),
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with everything that the script saves; the gallery never ran in it."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "nets.py").write_text(CODE)
    done = subprocess.run(
        [sys.executable, "-c", SAVE], cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


@pytest.mark.slow
def test_a_model_of_every_kind_is_built(trained: Path) -> None:
    (trained / "config.yaml").write_text(CONFIG)
    done = Gallery(trained).run_alone("build")
    assert done.status == 0, done.err
    site = trained / "site"
    manifest = json.loads((site / "manifest.json").read_text())
    assert [model["name"] for model in manifest["models"]] == list(KINDS)
    for model in manifest["models"]:
        layers = [layer["page"].split("/")[1] for layer in model["layers"]]
        assert [layer.split("-")[0] for layer in layers] == [name.split("-")[0] for name in KINDS[model["name"]]]
        assert layers == KINDS[model["name"]], model["name"]
        for layer in model["layers"]:
            assert [len(one["pictures"]) for one in layer["filters"]] == [1, 1]
            for one in layer["filters"]:
                assert (site / one["picture"]).is_file()
                assert len(one["feature_maps"]) == 1
    strange = next(model for model in manifest["models"] if model["name"] == "strange")
    assert [layer["name"] for layer in strange["layers"]][2] == "<script>alert(1)</script>"
    assert "<script>alert" not in "".join(page.read_text() for page in (site / "strange").rglob("*.html"))
    folders = {path.relative_to(site).parts[0] for path in site.rglob("*.html") if path.parent != site}
    assert folders - {"compare"} == set(KINDS)
    before = done
    again = Gallery(trained).run_alone("build")
    assert again.status == 0, before.err
    assert "Nothing to render" in again.err or "Rendering" not in again.err, again.err


@pytest.mark.slow
def test_what_cannot_be_built_is_told_in_a_line_each_and_the_rest_is_built(trained: Path) -> None:
    entries = "".join(f"  - {{name: {name}, {source}}}\n" for name, (source, _) in BAD.items())
    text = dedent("""\
        output: bad/site
        cache: bad/store
        photos: [chelsea]
        filters: 1
        render: {size: 24, steps: 3}
        models:
          - {source: plain.keras, layers: first}
        """)
    (trained / "bad.yaml").write_text(text + entries + "  - {name: last, source: gray.keras}\n")
    done = Gallery(trained).run_alone("build", "-c", "bad.yaml")
    assert done.status == 1
    listed = done.err.split("failed; the rest is built:\n")[1].splitlines()
    assert len(listed) == len(BAD), done.err
    for name, (_, words) in BAD.items():
        (line,) = (line for line in listed if line.strip().startswith(f"model {name}:"))
        assert all(word in line for word in words), line
        assert len(line) < 500, line
        assert "Traceback" not in done.err
    built = {path.parent.name for path in (trained / "bad" / "site").glob("*/index.html")}
    assert built == {"plain", "last"}


@pytest.mark.slow
def test_a_later_call_of_a_shared_layer_can_be_rendered(trained: Path) -> None:
    done = Gallery(trained).run_alone(
        "render", "nested.keras", "shared (call 2)", 1, "--size", 24, "--steps", 2, "-o", "a.png"
    )
    assert done.status == 0, done.err
    assert (trained / "a.png").is_file()


@pytest.mark.slow
def test_a_filter_whose_activation_is_no_number_is_not_drawn(trained: Path) -> None:
    code = """
import keras, numpy as np
keras.utils.set_random_seed(0)
model = keras.models.load_model("plain.keras")
layer = model.get_layer("second")
kernel, bias = layer.get_weights()
layer.set_weights([kernel * np.nan, bias])
model.save("nan.keras")
"""
    subprocess.run([sys.executable, "-c", code], cwd=trained, env=environment(), check=True, capture_output=True)
    done = Gallery(trained).run_alone("render", "nan.keras", "second", 1, "--size", 24, "--steps", 2, "-o", "nan.png")
    assert done.status == 1
    assert done.errors == [
        "Error: nan/second, filter 1: its weights are not all finite numbers. "
        "Look for weights that are not finite, or try `preprocess:`"
    ]
    assert not (trained / "nan.png").exists()
