"""Every kind of source: architectures, callables, code in files, what Keras 2 wrote and what training left behind."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras import layers
from keras.src.legacy.saving import legacy_h5_format

from generator.errors import ModelError
from generator.models.load import load
from generator.models.sources import open_source
from tests.models import nets
from tests.models.written import entry, keras2, save

SUFFIXES = (".keras", ".h5", ".json")


def outputs(model: keras.Model) -> np.ndarray:
    image = np.random.default_rng(0).normal(size=(1, *model.inputs[0].shape[1:])).astype(np.float32)
    return np.asarray(model(image), np.float32)


# --- architectures -----------------------------------------------------------------------------------------------


def weights_beside(model: keras.Model, path: Path) -> Path:
    """Save weights in the format that the name stands for."""
    if path.name.endswith(".weights.h5"):
        model.save_weights(path)
    elif path.name == "older.h5":
        with h5py.File(path, "w") as opened:  # as save_weights of Keras 2 did
            legacy_h5_format.save_weights_to_hdf5_group(opened, model)
    else:
        model.save(path)
    return path


@pytest.mark.parametrize("name", ["w.weights.h5", "older.h5", "whole.h5", "whole.keras"])
@pytest.mark.parametrize("network", [nets.plain, nets.nested_twice, nets.kinds])
def test_an_architecture_with_weights_is_the_network(
    name: str, network: Callable[[], keras.Model], tmp_path: Path
) -> None:
    model = network()
    weights = weights_beside(model, tmp_path / name)
    own = entry(save(model, tmp_path / "net.json"), tmp_path, weights=str(weights))
    np.testing.assert_allclose(outputs(load(own).keras_model), outputs(model), rtol=1e-5, atol=1e-6)


def test_random_weights_of_an_architecture_are_the_same_every_time(tmp_path: Path) -> None:
    own = entry(save(nets.plain(), tmp_path / "net.json"), tmp_path, weights="random")
    first = load(own)
    keras.utils.set_random_seed(77)
    second = load(own)
    assert first.summary == second.summary
    for own, other in zip(first.keras_model.get_weights(), second.keras_model.get_weights(), strict=True):
        np.testing.assert_array_equal(own, other)


@pytest.mark.parametrize("weights", ["random", "w.weights.h5"])
def test_an_architecture_without_an_input_shape_takes_the_entrys(weights: str, tmp_path: Path) -> None:
    model = keras.Sequential([layers.Conv2D(2, 3, name="conv")])
    own = entry(save(model, tmp_path / "net.json"), tmp_path, weights=weights)
    if weights != "random":
        model.build((None, 9, 9, 3))
        model.save_weights(tmp_path / weights)
        own = replace(own, weights=str(tmp_path / weights))
    else:
        with pytest.raises(ModelError, match="without an input shape"):
            load(own)
    loaded = load(replace(own, input_shape=(10, 8, 3)))
    assert loaded.summary.input_shape == (10, 8, 3)
    if weights != "random":
        np.testing.assert_array_equal(loaded.keras_model.get_weights()[0], model.get_weights()[0])


def test_an_architecture_without_weights_is_no_network_yet(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"net\.json: an architecture has no weights of its own.*`weights: random`"):
        load(entry(save(nets.plain(), tmp_path / "net.json"), tmp_path))


# --- callables ---------------------------------------------------------------------------------------------------

CALLABLE = """
import keras
from keras import layers
{more}
def build():
    from fgt_late import size  # found because the folder is still on the path
    return keras.Sequential([keras.Input((9, 9, 3)), layers.Conv2D(size, 3, name="conv")])

class Tools:
    @staticmethod
    def default():
        return build()

def wide(width, depth=2): return build()
def fails(): raise RuntimeError("no such data set")
def exits(): raise SystemExit(2)
def text(): return "model"
def free():
    return keras.Sequential([layers.Conv2D(2, 3, name="free")])
made = keras.Sequential([keras.Input((9, 9, 3)), layers.Conv2D(2, 3)])
number = 7
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the module ``fgt_nets``, which is forgotten by Python if it was imported."""
    (tmp_path / "fgt_nets.py").write_text(CALLABLE.format(more=""))
    (tmp_path / "fgt_late.py").write_text("size = 4\n")
    for name in ("fgt_nets", "fgt_late"):
        sys.modules.pop(name, None)
    return tmp_path


@pytest.mark.parametrize("source", ["fgt_nets:build", "fgt_nets:Tools.default"])
def test_a_callable_builds_the_same_network_every_time(source: str, folder: Path) -> None:
    before = list(sys.path)
    first, second = (load(entry(source, folder)) for _ in range(2))
    assert sys.path == before
    assert [(layer.name, layer.filters) for layer in first.summary.layers] == [("conv", 4)]
    assert first.summary == second.summary
    np.testing.assert_array_equal(first.keras_model.get_weights()[0], second.keras_model.get_weights()[0])


def test_a_callable_can_have_its_weights_in_a_file(folder: Path) -> None:
    model = keras.Sequential([keras.Input((9, 9, 3)), layers.Conv2D(4, 3, name="conv")])
    model.save_weights(folder / "w.weights.h5")
    random, loaded = (load(entry("fgt_nets:build", folder, weights=w)) for w in ("", str(folder / "w.weights.h5")))
    np.testing.assert_array_equal(loaded.keras_model.get_weights()[0], model.get_weights()[0])
    assert loaded.summary.digest != random.summary.digest
    with pytest.raises(ModelError, match=r"not weights of fgt_nets:free: layer `free`: expected \(3, 3, 3, 2\)"):
        load(entry("fgt_nets:free", folder, weights=str(folder / "w.weights.h5"), input_shape=(9, 9, 3)))


BAD_CALLABLES = [
    ("fgt_nets:fails", "raised RuntimeError: no such data set ({folder}/fgt_nets.py:15)"),
    ("fgt_nets:exits", "raised SystemExit: 2 ({folder}/fgt_nets.py:16)"),
    ("fgt_nets:text", "returned a str, not a keras.Model"),
    ("fgt_nets:number", "a int, not a function that returns a model"),
    ("fgt_nets:made", "a model that was built when its module was imported"),
    ("fgt_nets:wide", "it is called without arguments, but takes (width, depth=2): missing a required argument"),
    ("fgt_nets:biuld", "no 'biuld' in fgt_nets. Did you mean build?"),
    ("fgt_gone:build", "no module 'fgt_gone' in {folder}"),
]


@pytest.mark.parametrize(("source", "message"), BAD_CALLABLES)
def test_what_builds_no_model_is_told_in_one_line(source: str, message: str, folder: Path) -> None:
    with pytest.raises(ModelError) as refused:
        load(entry(source, folder))
    assert str(refused.value).startswith(f"{source}: {message.format(folder=folder)}")
    assert "\n" not in str(refused.value)


def change_nothing(folder: Path) -> dict[str, object]:
    return {}


def change_the_network(folder: Path) -> dict[str, object]:
    (folder / "fgt_late.py").write_text("size = 6\n")
    return {}


def change_the_bands(folder: Path) -> dict[str, object]:
    return {"bands": (2, 1, 0)}


def change_an_unused_line(folder: Path) -> dict[str, object]:
    (folder / "fgt_nets.py").write_text(CALLABLE.format(more="unused = 1"))
    return {}


@pytest.mark.parametrize(
    ("change", "same"),
    [(change_nothing, True), (change_an_unused_line, True), (change_the_network, False), (change_the_bands, False)],
)
def test_the_digest_of_a_callable_is_of_what_it_returned(
    change: Callable[[Path], dict[str, object]], same: bool, folder: Path
) -> None:
    before = load(entry("fgt_nets:build", folder)).summary.digest
    fields = change(folder)
    for name in ("fgt_nets", "fgt_late"):  # as in another process
        del sys.modules[name]
        for cached in (folder / "__pycache__").glob(f"{name}.*"):
            cached.unlink()  # written within the same second, and of the same size
    assert (load(entry("fgt_nets:build", folder, **fields)).summary.digest == before) is same


# --- code in files -----------------------------------------------------------------------------------------------


def with_named_lambda() -> keras.Model:
    x = image = keras.Input((12, 12, 3))
    inner = keras.Sequential([keras.Input((None, None, 3)), layers.Lambda(lambda x: x / 255, name="scale")])
    return keras.Model(image, layers.Conv2D(3, 3, name="conv")(inner(x)))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_code_in_a_file_runs_only_if_it_is_trusted(suffix: str, tmp_path: Path) -> None:
    path = save(with_named_lambda(), tmp_path / f"m{suffix}")
    own = entry(path, tmp_path, weights="random" if suffix == ".json" else "")
    with pytest.raises(ModelError) as refused:
        load(own)
    assert str(refused.value) == (
        f"{path}: holds code (a Lambda layer `scale`), which safe mode does not load: it could do anything on this "
        "machine. If you trust the file, add --trust"
    )
    assert [layer.name for layer in load(own, trust=True).summary.layers] == ["conv"]
    shaped = replace(own, input_shape=(20, 20, 3))
    assert load(shaped, trust=True).summary.input_shape == (20, 20, 3)
    with pytest.raises(ModelError, match="safe mode"):
        load(shaped)


@pytest.mark.filterwarnings("ignore:The object being serialized includes a `lambda`")
@pytest.mark.parametrize("trust", [False, True])
def test_an_activation_that_keras_cannot_load_again_is_named(trust: bool, tmp_path: Path) -> None:
    conv = layers.Conv2D(3, 3, activation=lambda x: x / 2, name="odd")
    path = save(keras.Sequential([keras.Input((9, 9, 3)), conv]), tmp_path / "m.keras")
    with pytest.raises(ModelError, match="the activation of Conv2D layer `odd` is a Python lambda") as refused:
        load(entry(path, tmp_path), trust=trust)
    assert "--trust" not in str(refused.value)


# --- what training leaves behind ---------------------------------------------------------------------------------


def own_loss(true: object, predicted: object) -> object:
    return predicted


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_custom_losses_do_not_matter_not_even_those_of_nested_models(suffix: str, tmp_path: Path) -> None:
    inner = keras.Sequential([keras.Input((9, 9, 3)), layers.Conv2D(4, 3, name="conv")], name="inner")
    inner.compile(loss=own_loss, metrics=[own_loss])
    outer = keras.Sequential([keras.Input((9, 9, 3)), layers.Rescaling(1 / 255), inner])
    outer.compile(loss=own_loss, metrics=[own_loss], optimizer="adam")
    path = save(outer, tmp_path / f"m{suffix}")
    loaded = load(entry(path, tmp_path, weights="random" if suffix == ".json" else ""))
    assert [layer.name for layer in loaded.summary.layers] == ["inner/conv"]
    if suffix != ".json":
        np.testing.assert_allclose(outputs(loaded.keras_model), outputs(outer), rtol=1e-5, atol=1e-6)


POLICIES = ("float16", "bfloat16", "mixed_float16", "mixed_bfloat16", "float64")


@pytest.mark.parametrize(
    ("policy", "suffix"),
    [(p, s) for p in POLICIES for s in SUFFIXES if (p, s) != ("bfloat16", ".h5")],  # which Keras writes, but not reads
)
def test_precision_is_kept(policy: str, suffix: str, tmp_path: Path) -> None:
    conv = layers.Conv2D(2, 3, dtype=policy, name="conv")
    model = keras.Sequential([keras.Input((9, 9, 3)), conv])
    path = save(model, tmp_path / f"m{suffix}")
    loaded = load(entry(path, tmp_path, weights="random" if suffix == ".json" else "")).keras_model
    assert loaded.layers[0].dtype_policy.name == policy
    assert loaded.weights[0].dtype == conv.kernel.dtype
    if suffix != ".json":
        np.testing.assert_array_equal(np.asarray(loaded.weights[0]), np.asarray(conv.kernel))


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize(
    "network",
    [
        lambda: [keras.Input((20,)), layers.Embedding(9, 4), layers.Conv1D(2, 3)],
        lambda: [keras.Input((32, 2)), layers.Conv1D(2, 3)],
        lambda: [keras.Input((8, 8, 8, 1)), layers.Conv3D(2, 3)],
    ],
    ids=["text", "1-D", "3-D"],
)
def test_networks_of_other_things_than_pictures_open(
    network: Callable[[], list[keras.Layer]], suffix: str, tmp_path: Path
) -> None:
    model = keras.Sequential(network())
    opened = open_source(entry(save(model, tmp_path / f"m{suffix}"), tmp_path))
    for actual, expected in zip(opened.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(actual, expected)


# --- names with slashes, and files of Keras 2 --------------------------------------------------------------------


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_names_that_keras_3_refuses_come_back(suffix: str, tmp_path: Path) -> None:
    inner = keras.Sequential([keras.Input((None, None, 2)), layers.Conv2D(2, 1, name="deep")], name="inner")
    image = keras.Input((9, 9, 3))
    x = layers.Conv2D(2, 3, name="first")(image)
    x = layers.Add(name="sum")([inner(x), x])
    model = keras.Model(image, layers.Conv2D(2, 3, name="block.last")(x))
    expected = outputs(model)
    for layer, name in ((model.layers[1], "block/first"), (inner.layers[0], "conv/deep"), (inner, "in/ner")):
        layer.name = name
    path = save(model, tmp_path / f"m{suffix}")
    own = entry(path, tmp_path, weights="random" if suffix == ".json" else "")
    loaded = load(own)
    assert [layer.name for layer in loaded.summary.layers] == ["block/first", "in/ner/conv/deep", "block.last"]
    assert load(replace(own, input_shape=(16, 16, 3))).summary.layers[0].name == "block/first"
    if suffix != ".json":
        np.testing.assert_allclose(outputs(loaded.keras_model), expected, rtol=1e-5, atol=1e-6)


CONV = {"class_name": "Conv2D", "kernel_size": [3, 3], "padding": "same", "data_format": "channels_last"}
IMAGE: dict[str, object] = {
    "class_name": "InputLayer",
    "batch_input_shape": [None, 12, 12, 3],
    "name": "image",
    "sparse": False,
}
OF_KERAS_2: list[dict[str, object]] = [
    IMAGE,
    {**CONV, "name": "conv1/conv", "filters": 4, "activation": "linear"},
    {"class_name": "BatchNormalization", "name": "conv1/bn", "axis": [3], "momentum": 0.9, "epsilon": 0.001},
    {"class_name": "Activation", "name": "conv1/relu", "activation": "relu"},
    {**CONV, "name": "end", "filters": 2, "activation": "relu"},
]


def older_file(path: Path, layers_: list[dict[str, object]]) -> list[np.ndarray]:
    """Write an .h5 file as Keras 2 did; return its arrays: kernels, biases, and four for a batch normalisation."""
    draw = np.random.default_rng(1)
    arrays: list[np.ndarray] = []
    with h5py.File(path, "w") as opened:
        opened.attrs["model_config"] = keras2(layers_).encode()
        opened.attrs["keras_version"] = b"2.11.0"
        group = opened.create_group("model_weights")
        group.attrs["layer_names"] = [str(layer["name"]).encode() for layer in layers_]
        group.attrs["keras_version"] = b"2.11.0"
        channels = 3
        for layer in layers_:
            own: dict[str, np.ndarray] = {}
            if layer["class_name"] == "Conv2D":
                filters = int(str(layer["filters"]))
                own = {"kernel:0": draw.normal(size=(3, 3, channels, filters)), "bias:0": draw.normal(size=filters)}
                channels = filters
            elif layer["class_name"] == "BatchNormalization":
                own = {n: draw.uniform(0.5, 1, channels) for n in ("gamma:0", "beta:0", "mean:0", "variance:0")}
            inner = group.create_group(str(layer["name"]))
            inner.attrs["weight_names"] = [f"{layer['name']}/{name}".encode() for name in own]
            for name, array in own.items():
                inner[f"{layer['name']}/{name}"] = array.astype(np.float32)
                arrays.append(array.astype(np.float32))
    return arrays


def test_a_file_of_keras_2_loads_with_its_slashes(tmp_path: Path) -> None:
    arrays = older_file(tmp_path / "m.h5", OF_KERAS_2)
    loaded = load(entry(tmp_path / "m.h5", tmp_path))
    assert [layer.name for layer in loaded.summary.layers] == ["conv1/conv", "end"]
    assert [layer.read_at for layer in loaded.summary.layers] == ["conv1/relu", "end"]
    for actual, expected in zip(loaded.keras_model.get_weights(), arrays, strict=True):
        np.testing.assert_array_equal(actual, expected)


def test_an_architecture_and_weights_of_keras_2_load(tmp_path: Path) -> None:
    arrays = older_file(tmp_path / "m.h5", OF_KERAS_2)
    (tmp_path / "net.json").write_text(keras2(OF_KERAS_2))
    loaded = load(entry(tmp_path / "net.json", tmp_path, weights=str(tmp_path / "m.h5")))
    assert [layer.name for layer in loaded.summary.layers] == ["conv1/conv", "end"]
    for actual, expected in zip(loaded.keras_model.get_weights(), arrays, strict=True):
        np.testing.assert_array_equal(actual, expected)


def test_a_lambda_of_keras_2_is_refused_in_safe_mode_and_loads_with_trust(tmp_path: Path) -> None:
    modern = json.loads(nets.with_lambda().to_json())["config"]["layers"][1]["config"]["function"]["config"]
    function = [modern["code"], modern["defaults"], modern["closure"]]
    scale = {"class_name": "Lambda", "name": "scale", "function": function, "function_type": "lambda", "arguments": {}}
    older_file(tmp_path / "m.h5", [IMAGE, {**scale, "module": "__main__"}, OF_KERAS_2[-1]])
    own = entry(tmp_path / "m.h5", tmp_path)
    with pytest.raises(ModelError, match=r"holds code \(a Lambda layer `scale`\)"):
        load(own)
    assert [layer.name for layer in load(own, trust=True).summary.layers] == ["end"]


UNBUILT = """
import keras
from keras import layers


class Net(keras.Model):
    def __init__(self, **more):
        super().__init__(**more)
        self.one = layers.Conv2D({filters}, 3, name="one")
        self.two = layers.Conv2D(2, 1, name="two")

    def call(self, x):
        return self.two(self.one(x))


def build():
    model = Net()
    model.build((None, 8, 8, 1))
    return model


def called():
    model = Net()
    model(keras.ops.zeros((1, 8, 8, 1)))
    return model
"""


def test_weights_reach_a_subclassed_model_that_was_never_called(tmp_path: Path) -> None:
    """Keras calls such a model built, though its layers have no variables yet, and loads nothing without a word."""
    (tmp_path / "fgt_unbuilt.py").write_text(UNBUILT.format(filters=4))
    trained = open_source(entry("fgt_unbuilt:called", tmp_path))
    for weight in trained.weights:
        weight.assign(np.random.default_rng(0).normal(size=weight.shape))
    trained.save_weights(tmp_path / "own.weights.h5")
    model = open_source(entry("fgt_unbuilt:build", tmp_path, weights=str(tmp_path / "own.weights.h5")))
    image = np.random.default_rng(1).normal(size=(1, 8, 8, 1)).astype(np.float32)
    np.testing.assert_allclose(np.asarray(model(image)), np.asarray(trained(image)), rtol=1e-5)
    (tmp_path / "fgt_unbuilt_other.py").write_text(UNBUILT.format(filters=5))
    with pytest.raises(ModelError, match="layer `one`"):
        open_source(entry("fgt_unbuilt_other:build", tmp_path, weights=str(tmp_path / "own.weights.h5")))
