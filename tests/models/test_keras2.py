"""Models that Keras 2 saved, each written by it (tf_keras) for these tests: they open, and compute what it computed.

The names of the tests hold those of the table of inputs from the world (k2-...).
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from generator.assets import photo_path
from generator.errors import ModelError
from generator.models.describe import is_convolution
from generator.models.load import LoadedModel, load
from tests.models.written import entry
from tests.once import once

SCRIPT = Path(__file__).with_name("keras2_nets.py")
FAST = (
    *(
        "resizing",
        "depthwise",
        "nested",
        "augmentation",
        "squeeze_excite",
        "operators",
        "any_size",
        "functions",
        "synchronised",
    ),
    *("activations", "mixed", "shared", "video", "subclass", "built_later", "local", "code"),
    *("odd_function", "odd_argument", "transfer"),
)
SLOW = ("mobilenet", "efficientnet", "mobilenet_v3", "resnet")


def written(factory: pytest.TempPathFactory, name: str, networks: tuple[str, ...]) -> Path:
    def make(folder: Path) -> None:
        command = [sys.executable, str(SCRIPT), str(folder), str(photo_path("chelsea")), *networks]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]

    return once(factory, name, make)


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory, "keras2", FAST)


@pytest.fixture(scope="session")
def saved_large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory, "keras2-large", SLOW)


def opened(path: Path, trust: bool = False, **fields: object) -> LoadedModel:
    return load(entry(path, path.parent, **fields), trust)


def activations(loaded: LoadedModel, picture: np.ndarray) -> dict[str, np.ndarray]:
    """Return what each convolution of the graph gives, by its name, path included, and the number of its call."""
    values: dict[int, Any] = {loaded.graph.input: keras.ops.convert_to_tensor(picture)}
    results, calls = {}, Counter[str]()
    for call in loaded.graph.calls:
        call(values)
        if is_convolution(call.op) and call.stands_for is None:
            calls[call.name] += 1
            results[f"{call.name} {calls[call.name]}"] = np.asarray(values[call.outputs[0]], np.float32)
    return results


def assert_same(loaded: LoadedModel, reference: Path) -> None:
    """Compare the activations of every convolution with those that Keras 2 computed, to 1e-4 of the largest."""
    with np.load(reference) as stored:
        expected = {name: stored[name] for name in stored.files}
    picture = expected.pop("picture")
    own = activations(loaded, picture)
    assert len(own) == len(expected) == sum(not layer.is_dense for layer in loaded.summary.layers)
    for name, values in own.items():
        matches = [other for other in expected if f"/{name}".endswith(f"/{other.replace('|', '/')}")]
        theirs = expected.pop(max(matches, key=len))
        assert values.shape == theirs.shape, name
        assert np.ptp(theirs) > 1e-6, f"{name} would be the same whatever it computed"
        np.testing.assert_allclose(values, theirs, rtol=1e-4, atol=1e-4 * np.abs(theirs).max(), err_msg=name)


@pytest.mark.parametrize(
    ("name", "convolutions"),
    [
        pytest.param("depthwise.h5", 2, marks=pytest.mark.case("k2-depthwise-groups")),
        pytest.param("nested.h5", 2, marks=pytest.mark.case("k2-bn-axis-list")),
        pytest.param("transfer.h5", 52, marks=pytest.mark.case("k2-transfer")),
        pytest.param("augmentation.h5", 1, marks=pytest.mark.case("k2-augmentation")),
        ("augmentation.keras", 1),
        pytest.param("squeeze_excite.h5", 3, marks=pytest.mark.case("k2-efficientnet")),
        ("squeeze_excite.keras", 3),
        pytest.param("operators.h5", 3, marks=pytest.mark.case("k2-operators")),
        ("functions.h5", 3),
        ("functions.keras", 3),
        ("resizing.h5", 20),
        ("any_size.h5", 4),
        ("any_size.keras", 4),
        pytest.param("depthwise.keras", 2, marks=pytest.mark.case("k2-keras-format")),
        ("nested.keras", 2),
        pytest.param("synchronised.h5", 2, marks=pytest.mark.case("k2-syncbn")),
        ("synchronised.keras", 2),
        ("activations.h5", 13),
        ("activations.keras", 13),
        ("mixed.h5", 2),
        ("shared.h5", 9),
        ("shared.keras", 9),
        ("subclass.h5", 1),
        ("subclass.keras", 1),
        ("built_later.h5", 1),
        ("local.h5", 1),
        ("local.keras", 1),
    ],
)
def test_k2_opens_and_computes_the_same(name: str, convolutions: int, saved: Path) -> None:
    loaded = opened(saved / name)
    assert_same(loaded, (saved / name).with_suffix(".npz"))
    assert sum(not layer.is_dense for layer in loaded.summary.layers) == convolutions


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "convolutions"),
    [
        ("mobilenet.h5", 28),
        ("mobilenet.keras", 28),
        ("efficientnet.h5", 81),
        ("efficientnet.keras", 81),
        ("mobilenet_v3.h5", 54),
        ("mobilenet_v3.keras", 54),
        ("resnet.h5", 53),
    ],
)
def test_k2_networks_of_applications(name: str, convolutions: int, saved_large: Path) -> None:
    loaded = opened(saved_large / name)
    assert_same(loaded, (saved_large / name).with_suffix(".npz"))
    assert sum(not layer.is_dense for layer in loaded.summary.layers) == convolutions


@pytest.mark.case("k2-bn-axis-list")
@pytest.mark.parametrize(
    ("name", "weights"),
    [("nested", "nested.h5"), ("nested", "nested.keras"), ("nested", "nested.weights.h5"), ("shared", "shared.h5")],
)
def test_k2_bn_axis_list_in_an_architecture(name: str, weights: str, saved: Path) -> None:
    assert '"axis": [3]' in (saved / "nested.json").read_text()
    assert_same(opened(saved / f"{name}.json", weights=str(saved / weights)), saved / f"{name}.npz")


def test_k2_architecture_with_random_weights_is_the_same_every_time(saved: Path) -> None:
    first, second = (opened(saved / "depthwise.json", weights="random").keras_model for _ in range(2))
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_k2_file_is_not_changed(saved: Path) -> None:
    for name in ("depthwise.h5", "depthwise.keras"):
        before = (saved / name).read_bytes()
        opened(saved / name)
        assert (saved / name).read_bytes() == before


def test_k2_layers_inside_time_distributed_open_with_the_rest(saved: Path) -> None:
    for name in ("video.h5", "video.keras"):
        loaded = opened(saved / name)
        assert [layer.name for layer in loaded.summary.layers] == ["shown"]
        with np.load(saved / "video.npz") as stored:
            picture, expected = stored["picture"], stored["shown 1"]
        np.testing.assert_allclose(activations(loaded, picture)["shown 1"], expected, rtol=1e-4, atol=1e-3)


def test_k2_takes_another_input_shape(saved: Path) -> None:
    for name in ("any_size.h5", "operators.h5", "augmentation.keras"):
        assert opened(saved / name, input_shape=(48, 64, 3)).summary.input_shape == (48, 64, 3)


@pytest.mark.case("k2-operators")
def test_k2_operators_are_named_as_in_the_file(saved: Path) -> None:
    names = [call.name for call in opened(saved / "operators.h5").graph.calls]
    assert {"tf.math.truediv", "tf.nn.relu6", "tf.__operators__.getitem", "tf.image.resize"} <= set(names)
    assert len(names) == len(set(names))


# --- what is refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["code.h5", "code.keras"])
def test_k2_code_runs_only_if_it_is_trusted(name: str, saved: Path) -> None:
    with pytest.raises(ModelError, match=r"holds code \(a Lambda layer `lambda`\), which safe mode does not load"):
        opened(saved / name)
    assert_same(opened(saved / name, trust=True), (saved / name).with_suffix(".npz"))


ODD = [
    ("odd_function", "has no equal of TensorFlow's function tf.math.lgamma (layer `tf.math.lgamma`)"),
    ("odd_argument", "method='gaussian' of TensorFlow's function tf.image.resize (layer `tf.image.resize`)"),
]


@pytest.mark.case("k2-message", "weights-way")
@pytest.mark.parametrize("suffix", [".h5", ".keras"])
@pytest.mark.parametrize(("name", "cause"), ODD)
def test_k2_message_names_layer_and_cause_and_a_way(name: str, cause: str, suffix: str, saved: Path) -> None:
    with pytest.raises(ModelError) as refused:
        opened(saved / f"{name}{suffix}")
    assert cause in refused.value.args[0]
    assert "`source: module:function`, with this file as `weights:`" in refused.value.hint


def edited(path: Path, folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """Return a copy of an .h5 file with a layer's configuration changed: that of the last convolution."""
    copied = Path(shutil.copy(path, folder))
    with h5py.File(copied, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        change([layer for layer in config["config"]["layers"] if "Conv2D" in layer["class_name"]][-1]["config"])
        file.attrs["model_config"] = json.dumps(config)
    return copied


@pytest.mark.parametrize(
    "change",
    [
        {"unheard_of": None, "other": False, "third": []},
        {"dtype": {"class_name": "PolicyV1", "config": {"name": "float32", "loss_scale": None}}},
        {"dtype": {"module": "keras.mixed_precision", "class_name": "Policy", "config": {"name": "float32"}}},
        {"kernel_initializer": {"class_name": "EfficientConv2DKernelInitializer", "config": {}}},
        {
            "kernel_initializer": {
                "class_name": "VarianceScaling",
                "config": {"distribution": "normal", "dtype": "float32"},
            }
        },
        {"kernel_regularizer": {"class_name": "SoftOrthogonal", "config": {"rate": 0.1}}},
        {"activation": {"class_name": "function", "config": "linear", "module": "builtins"}},
        {"batch_input_shape": [None, 9, 9, 3], "implementation": 2, "rng_type": "stateful"},
    ],
    ids=lambda change: ", ".join(change),
)
def test_k2_arguments_without_effect_are_left_out(change: dict[str, object], saved: Path, tmp_path: Path) -> None:
    path = edited(saved / "operators.h5", tmp_path, lambda config: config.update(change))
    assert_same(opened(path), saved / "operators.npz")


@pytest.mark.case("k2-message")
def test_k2_message_names_an_argument_with_an_effect(saved: Path, tmp_path: Path) -> None:
    path = edited(saved / "operators.h5", tmp_path, lambda config: config.update(spin=2))
    with pytest.raises(ModelError) as refused:
        opened(path)
    assert refused.value.args[0].endswith("has no equal of the argument spin=2 of the Conv2D layer `third`")
    assert "`custom_objects: [module:Class]`" in refused.value.hint


def test_k2_message_names_the_layer_whose_weights_do_not_fit(saved: Path, tmp_path: Path) -> None:
    path = edited(saved / "operators.h5", tmp_path, lambda config: config.update(filters=5))
    with pytest.raises(ModelError, match="weights of layer `third`"):
        opened(path)


def test_k2_weights_from_another_file_are_refused(saved: Path, tmp_path: Path) -> None:
    linked = Path(shutil.copy(saved / "depthwise.h5", tmp_path))
    with h5py.File(linked, "r+") as file:
        group = file["model_weights/separable_conv2d/separable_conv2d"]
        (tmp_path / "secret").write_bytes(bytes(4 * 4))
        del group["bias:0"]
        group.create_dataset("bias:0", (4,), "float32", external=[(str(tmp_path / "secret"), 0, 16)])
    with pytest.raises(ModelError, match="kept in another file"):
        opened(linked)


@pytest.mark.parametrize("kind", ["TFSMLayer", "TorchModuleWrapper", "Lambda"])
def test_k2_no_code_in_any_place_of_a_layer(kind: str, saved: Path, tmp_path: Path) -> None:
    held = {"class_name": kind, "config": {"name": "held", "filepath": str(tmp_path), "function": ["4w==", None, None]}}
    for key in ("activation", "layer"):
        with pytest.raises(ModelError):
            opened(edited(saved / "operators.h5", tmp_path, lambda config, key=key: config.update({key: held})))  # type: ignore[misc]


NETWORKS = """
import keras
from keras import layers

class Conv2D(layers.Conv2D):
    def __init__(self, spin=0, **kwargs):
        super().__init__(**{key: value for key, value in kwargs.items() if key != "groups"})
        self.spin = spin

def build():
    start = keras.Input((32, 32, 3))
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, use_bias=False, name="one")(start)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    return keras.Model(start, layers.SeparableConv2D(4, 3, strides=2, name="two")(x))
"""


@pytest.mark.case("weights-way")
def test_weights_way_by_a_function(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "fgt_keras2.py").write_text(NETWORKS)
    for suffix in (".h5", ".keras"):
        own = entry("fgt_keras2:build", tmp_path, weights=str(saved / f"depthwise{suffix}"))
        with np.load(saved / "depthwise.npz") as stored:
            picture, expected = stored["picture"], stored["separable_conv2d 1"]
        np.testing.assert_allclose(activations(load(own), picture)["two 1"], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.case("weights-way")
def test_weights_way_by_a_custom_class(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "fgt_keras2_class.py").write_text(NETWORKS)
    path = edited(saved / "operators.h5", tmp_path, lambda config: config.update(spin=2))
    own = entry(path, tmp_path, custom_objects=(("Conv2D", "fgt_keras2_class:Conv2D"),))
    loaded = load(own)
    assert_same(loaded, saved / "operators.npz")
    assert next(call.op for call in loaded.graph.calls if call.name == "third").spin == 2


@pytest.mark.case("hub-missing")
def test_hub_missing_is_named_with_its_package(saved: Path, tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((9, 9, 3)), keras.layers.Conv2D(2, 3)])
    config = json.loads(model.to_json())
    backbone = {"module": "keras_hub.src.models.resnet.resnet_backbone", "class_name": "ResNetBackbone"}
    config["config"]["layers"][1].update(backbone, registered_name="keras_hub>ResNetBackbone")
    (tmp_path / "hub.json").write_text(json.dumps(config))
    with pytest.raises(ModelError) as refused:
        opened(tmp_path / "hub.json", weights="random")
    assert "holds ResNetBackbone of keras_hub, which is not installed" in refused.value.args[0]
    assert refused.value.hint == "Install it: pip install keras-hub"


@pytest.mark.case("export-savedmodel")
def test_export_savedmodel_says_what_it_is(tmp_path: Path) -> None:
    keras.Sequential([keras.Input((9, 9, 3)), keras.layers.Conv2D(2, 3)]).export(tmp_path / "served", verbose=False)
    with pytest.raises(ModelError) as refused:
        opened(tmp_path / "served")
    assert "a TensorFlow SavedModel, which holds functions, not layers" in refused.value.args[0]
    assert "save it with model.save('name.keras')" in refused.value.hint
