"""Models from files and from keras.applications, and one clear line for everything that is no model."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format
from keras.src.utils import file_utils

from generator.config.values import PreprocessChoice
from generator.errors import ModelError, WeightsUnavailableError
from generator.models.load import load
from generator.models.samples import bundled_photos
from tests.models import nets
from tests.models.conftest import MakeEntry

SMALL = (32, 32, 3)


def saved(model: keras.Model, path: Path) -> Path:
    """Save a model and return the path."""
    model.save(path)
    return path


FILES = [
    (nets.plain, ".keras"),
    (nets.plain, ".h5"),
    (nets.nested_twice, ".keras"),
    (nets.nested_twice, ".h5"),
    (nets.branches, ".h5"),
    (nets.kinds, ".keras"),
    (nets.kinds, ".h5"),
    (nets.residual, ".keras"),  # as .h5, Keras does not find its own keras.ops.silu again
]


@pytest.mark.parametrize(("network", "suffix"), FILES)
def test_a_model_comes_back_from_its_file_with_the_same_numbers(
    network: Callable[[], keras.Model], suffix: str, tmp_path: Path, entry_of: MakeEntry
) -> None:
    model = network()
    image = np.random.default_rng(0).normal(size=(1, *model.inputs[0].shape[1:])).astype(np.float32)
    expected = np.asarray(model(image))
    loaded = load(entry_of(saved(model, tmp_path / f"model{suffix}")))
    np.testing.assert_allclose(np.asarray(loaded.keras_model(image)), expected, rtol=1e-6, atol=1e-7)
    assert loaded.summary.layers


def test_demo_loads_offline_and_says_what_it_expects(entry_of: MakeEntry) -> None:
    summary = load(entry_of("demo")).summary
    assert summary.any_size
    assert summary.channels == 3
    assert summary.preprocess.label == "the model's own Rescaling layer"
    assert summary.warnings == ()


def test_a_file_that_is_gone_is_named(tmp_path: Path, entry_of: MakeEntry) -> None:
    path = saved(nets.plain(), tmp_path / "gone.keras")
    entry = entry_of(path)
    path.unlink()
    with pytest.raises(ModelError, match=r"gone\.keras: No such file or directory"):
        load(entry)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (nets.dense_only, "no convolutional layer"),
        (nets.conv1d_only, "not pictures"),
    ],
)
def test_models_with_nothing_to_show(
    network: Callable[[], keras.Model], message: str, tmp_path: Path, entry_of: MakeEntry
) -> None:
    with pytest.raises(ModelError, match=message):
        load(entry_of(saved(network(), tmp_path / "nothing.keras")))


@pytest.mark.parametrize("shape", [(40, 30, 3), (None, None, 3)])
def test_the_input_shape_of_an_entry_is_the_networks(
    shape: tuple[int | None, ...], tmp_path: Path, entry_of: MakeEntry
) -> None:
    entry = entry_of(saved(nets.plain(), tmp_path / "m.keras"), input_shape=shape)
    summary = load(entry).summary
    assert summary.input_shape == shape
    assert [layer.name.rsplit("/")[-1] for layer in summary.layers] == ["first", "second"]


def test_an_input_shape_that_does_not_fit_is_refused(tmp_path: Path, entry_of: MakeEntry) -> None:
    entry = entry_of(saved(nets.plain(), tmp_path / "m.keras"), input_shape=(24, 24, 1))
    with pytest.raises(ModelError, match=r"does not take \[24, 24, 1\]"):
        load(entry)


def test_a_network_without_preprocessing_of_its_own_gets_a_warning(tmp_path: Path, entry_of: MakeEntry) -> None:
    (warning,) = load(entry_of(saved(nets.plain(), tmp_path / "mine.keras"))).summary.warnings
    assert warning.startswith("the model has no Rescaling or Normalization layer")
    assert "`preprocess:`" in warning
    own = load(entry_of(saved(nets.nested_twice(), tmp_path / "own.keras"))).summary
    assert (own.warnings, own.preprocess.label) == ((), "the model's own Rescaling layer")


def test_preprocessing_before_a_layer_that_does_it_too_gets_a_warning(entry_of: MakeEntry) -> None:
    own = PreprocessChoice("custom", scale=1 / 255)
    (warning,) = load(entry_of("demo", preprocess=own)).summary.warnings
    assert "has a Rescaling layer of its own" in warning
    for choice in (PreprocessChoice("auto"), PreprocessChoice("none")):
        assert load(entry_of("demo", preprocess=choice)).summary.warnings == ()


def test_wrong_preprocessing_gets_a_warning_and_the_right_one_a_note(tmp_path: Path, entry_of: MakeEntry) -> None:
    """The first batch normalisation saw pictures from -1 to 1; half as bright ones, and the usual ones, reach it."""
    image = keras.Input((None, None, 3))
    x = keras.layers.BatchNormalization(name="bn")(image)
    model = keras.Model(image, keras.layers.Conv2D(4, 3)(x))
    pixels = bundled_photos((224, 224), 3) / 127.5 - 1
    means, variances = pixels.mean(axis=(0, 1, 2)), pixels.var(axis=(0, 1, 2))
    model.get_layer("bn").set_weights([np.ones(3), np.zeros(3), means, variances])
    path = str(saved(model, tmp_path / "m.keras"))
    right = load(entry_of(path, preprocess=PreprocessChoice("tf"))).summary
    assert right.warnings == ()
    assert "was checked and fits" in right.notes[-1]
    wrong = load(entry_of(path, preprocess=PreprocessChoice("none"))).summary
    assert "looks wrong" in wrong.warnings[-1]
    assert "preprocess: tf" in wrong.warnings[-1]


def test_what_cannot_be_checked_is_reported(entry_of: MakeEntry) -> None:
    assert "was not checked: the network has no batch normalisation" in load(entry_of("demo")).summary.notes[-1]


@pytest.mark.parametrize("channels", [2, 4])
def test_applications_with_other_than_three_channels_get_no_preprocessing_and_a_warning(
    channels: int, entry_of: MakeEntry
) -> None:
    summary = load(entry_of("MobileNet", weights="random", input_shape=(32, 32, channels))).summary
    assert (summary.channels, summary.preprocess.label) == (channels, "none")
    (warning,) = summary.warnings
    assert warning.startswith(f"the preprocessing of MobileNet is for three channels, and the model takes {channels}")


def test_a_style_for_three_channels_is_refused_for_others(tmp_path: Path, entry_of: MakeEntry) -> None:
    four = keras.Sequential([keras.Input((9, 9, 4)), keras.layers.Conv2D(2, 3)])
    own = entry_of(saved(four, tmp_path / "four.keras"), preprocess=PreprocessChoice("caffe"))
    with pytest.raises(ModelError, match="preprocess: caffe is for three channels, the network takes 4"):
        load(own)


def test_random_weights_are_the_same_every_time(entry_of: MakeEntry) -> None:
    entry = entry_of("MobileNet", weights="random", input_shape=SMALL)
    once, again = (load(entry) for _ in range(2))
    for first, second in zip(once.keras_model.get_weights(), again.keras_model.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)
    assert once.summary == again.summary


def test_applications_without_top_that_are_too_small_say_so(entry_of: MakeEntry) -> None:
    with pytest.raises(ModelError, match=r"VGG16: .*at least 32x32"):
        load(entry_of("VGG16", weights="random", input_shape=(16, 16, 3)))


def test_weights_of_an_application_from_a_file(tmp_path: Path, entry_of: MakeEntry) -> None:
    network = keras.applications.MobileNet(weights=None, include_top=False, input_shape=SMALL)
    network.save_weights(tmp_path / "own.weights.h5")
    loaded = load(entry_of("MobileNet", weights=str(tmp_path / "own.weights.h5"), input_shape=SMALL))
    np.testing.assert_array_equal(loaded.keras_model.get_weights()[0], network.get_weights()[0])


@pytest.fixture
def keras_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty Keras home on a machine without a network."""
    from keras.src.backend import config

    home = tmp_path / "keras"
    (home / "models").mkdir(parents=True)
    monkeypatch.setenv("KERAS_HOME", str(home))
    monkeypatch.setattr(config, "_KERAS_DIR", str(home))  # Keras read the variable when it was imported

    def no_network(*_: object, **__: object) -> None:
        raise OSError("[Errno -3] Temporary failure in name resolution")

    monkeypatch.setattr(urllib.request, "urlopen", no_network)
    return home


@pytest.mark.parametrize(
    ("source", "shape", "include_top", "file"),
    [
        ("VGG16", (96, 96, 3), False, "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"),
        ("VGG16", None, True, "vgg16_weights_tf_dim_ordering_tf_kernels.h5"),
        ("ResNet50V2", (96, 96, 3), False, "resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5"),
        ("MobileNetV2", (96, 96, 3), False, "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_96_no_top.h5"),
    ],
)
def test_weights_that_cannot_be_downloaded(
    keras_home: Path, source: str, shape: tuple[int, ...] | None, include_top: bool, file: str, entry_of: MakeEntry
) -> None:
    with pytest.raises(WeightsUnavailableError) as refused:
        load(entry_of(source, input_shape=shape, include_top=include_top))
    message = str(refused.value)
    assert f"Keras looked for {keras_home / 'models' / file}" in message
    assert "Put that file there" in message
    assert "`demo` works offline" in message
    assert "\n" not in message


@pytest.mark.parametrize("cached", [True, False], ids=["the right file", "another architecture"])
def test_weights_in_the_cache_are_used(
    keras_home: Path, cached: bool, entry_of: MakeEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_hash(path: str, *_: object, **__: object) -> bool:
        return True  # the test's weights are not those whose hash Keras knows

    monkeypatch.setattr(file_utils, "validate_file", no_hash)
    path = keras_home / "models" / "mobilenet_1_0_224_tf_no_top.h5"
    mobilenet = keras.applications.MobileNet(weights=None, include_top=False, input_shape=SMALL)
    network = mobilenet if cached else nets.plain()
    with h5py.File(path, "w") as opened:  # the format of the files that Keras downloads
        legacy_h5_format.save_weights_to_hdf5_group(opened, network)
    entry = entry_of("MobileNet", input_shape=SMALL)
    if cached:
        np.testing.assert_array_equal(load(entry).keras_model.get_weights()[0], network.get_weights()[0])
    else:
        with pytest.raises(ModelError, match="MobileNet: ") as refused:
            load(entry)
        assert not isinstance(refused.value, WeightsUnavailableError)


def test_the_cache_is_not_believed_where_the_hash_differs(keras_home: Path, entry_of: MakeEntry) -> None:
    (keras_home / "models" / "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5").write_bytes(b"tampered")
    with pytest.raises(WeightsUnavailableError):
        load(entry_of("VGG16", input_shape=SMALL))
