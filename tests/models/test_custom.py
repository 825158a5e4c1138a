"""Custom objects by import path, under whatever name a file uses; those that are missing are named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from generator.errors import ModelError
from generator.models.load import load
from tests.models.written import entry, save_built

CODE = """
import keras
from keras import layers

{decorator}
class {name}(layers.Layer):
    def __init__(self, factor=3.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, x):
        return x * self.factor

    def get_config(self):
        return {{**super().get_config(), "factor": self.factor}}

def {function}(x):
    return keras.ops.tanh(x) * 2

def build():
    inner = keras.Sequential([
        keras.Input((None, None, 2)), {name}(2.5, name="mine"), layers.Conv2D(3, 3, activation={function}, name="conv")
    ], name="inner")
    return keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(2, 1, name="first"), inner])
"""
PLAIN = CODE.format(decorator="", name="Times", function="twice_tanh")


def outputs(model: keras.Model) -> np.ndarray:
    image = np.random.default_rng(0).normal(size=(1, *model.inputs[0].shape[1:])).astype(np.float32)
    return np.asarray(model(image))


@pytest.mark.parametrize("suffix", [".keras", ".h5", ".json"])
@pytest.mark.parametrize("decorated", [False, True])
def test_classes_and_functions_are_found_by_their_import_paths(suffix: str, decorated: bool, tmp_path: Path) -> None:
    module = f"fgt_custom{suffix[1:]}{decorated:d}"
    decorator = '@keras.saving.register_keras_serializable("my pack")' if decorated else ""
    code = CODE.format(decorator=decorator, name="Times", function="twice_tanh")
    (tmp_path / f"{module}.py").write_text(code)
    path = tmp_path / f"m{suffix}"
    model = save_built(code, path)
    custom = (("Times", f"{module}:Times"), ("twice_tanh", f"{module}:twice_tanh"))
    known = dict(keras.saving.get_custom_objects())
    own = entry(path, tmp_path, custom_objects=custom)
    if suffix == ".json":
        model.save_weights(tmp_path / "w.weights.h5")
        own = replace(own, weights=str(tmp_path / "w.weights.h5"))
    loaded = load(own)
    np.testing.assert_allclose(outputs(loaded.keras_model), outputs(model), rtol=1e-5, atol=1e-6)
    assert [layer.name for layer in loaded.summary.layers] == ["first", "inner/conv"]
    left = keras.saving.get_custom_objects()
    assert set(left) - set(known) <= {"my pack>Times"}  # what its decorator chose, as anywhere in Python
    assert outputs(load(own).keras_model).shape == (1, 6, 6, 3)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_file_finds_a_class_that_lost_its_decorator(suffix: str, tmp_path: Path) -> None:
    decorated = CODE.format(decorator='@keras.saving.register_keras_serializable("old")', name="Times", function="f")
    save_built(decorated, tmp_path / f"m{suffix}")
    (tmp_path / f"fgt_lost{suffix[1:]}.py").write_text(PLAIN.replace("twice_tanh", "f"))
    custom = (("Times", f"fgt_lost{suffix[1:]}:Times"), ("f", f"fgt_lost{suffix[1:]}:f"))
    assert len(load(entry(tmp_path / f"m{suffix}", tmp_path, custom_objects=custom)).summary.layers) == 2


def test_the_name_in_the_file_may_be_another(tmp_path: Path) -> None:
    save_built(PLAIN, tmp_path / "m.keras")
    (tmp_path / "fgt_moved.py").write_text(CODE.format(decorator="", name="Scale", function="tanh2"))
    custom = (("Times", "fgt_moved:Scale"), ("twice_tanh", "fgt_moved:tanh2"))
    assert load(entry(tmp_path / "m.keras", tmp_path, custom_objects=custom)).summary.layers


def test_models_do_not_take_each_others_classes(tmp_path: Path) -> None:
    """Both register the same name; whichever was loaded last, each keeps its own."""
    decorator = '@keras.saving.register_keras_serializable("same")'
    code = CODE.format(decorator=decorator, name="Times", function="f")
    texts = {"fgt_each1": code, "fgt_each2": code.replace("x * self.factor", "x * self.factor + 100")}
    entries, expected = [], []
    for module, text in texts.items():
        (tmp_path / f"{module}.py").write_text(text)
        expected.append(outputs(save_built(text, tmp_path / f"{module}.keras")))
        custom = (("Times", f"{module}:Times"), ("f", f"{module}:f"))
        entries.append(entry(tmp_path / f"{module}.keras", tmp_path, custom_objects=custom))
    for index in (0, 1, 0, 1):
        actual = outputs(load(entries[index]).keras_model)
        np.testing.assert_allclose(actual, expected[index], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("suffix", [".keras", ".h5", ".json"])
def test_missing_custom_objects_are_named_with_their_layer_and_the_way_out(suffix: str, tmp_path: Path) -> None:
    path, module = tmp_path / f"m{suffix}", f"fgt_absent_{suffix[1:]}"
    save_built(CODE.format(decorator="", name="Absent", function="absent"), path)
    (tmp_path / f"{module}.py").write_text(CODE.format(decorator="", name="Absent", function="absent"))
    weights = "random" if suffix == ".json" else ""
    with pytest.raises(ModelError) as refused:
        load(entry(path, tmp_path, weights=weights))
    assert refused.value.args == (
        f"{path}: holds the custom class Absent (of Absent layer `mine`), which Keras does not know",
    )
    assert "`custom_objects: [package.module:Absent]` in config.yaml" in refused.value.hint
    with pytest.raises(ModelError) as refused:
        load(entry(path, tmp_path, weights=weights, custom_objects=(("Absent", f"{module}:Absent"),)))
    assert refused.value.args == (
        f"{path}: holds the custom function absent (of Conv2D layer `conv`), which Keras does not know",
    )
    assert "`custom_objects: [package.module:absent]` in config.yaml" in refused.value.hint


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_missing_registered_class_is_named_as_it_was_registered(suffix: str, tmp_path: Path) -> None:
    decorator = '@keras.saving.register_keras_serializable("gone")'
    save_built(CODE.format(decorator=decorator, name="Gone", function="f"), tmp_path / f"m{suffix}")
    with pytest.raises(ModelError, match=r"holds the custom class (gone>)?Gone \(of (gone>)?Gone layer `mine`\)") as e:
        load(entry(tmp_path / f"m{suffix}", tmp_path))
    assert "`custom_objects: [package.module:Gone]`" in e.value.hint


def test_a_custom_object_that_cannot_be_imported_is_told(tmp_path: Path) -> None:
    save_built(PLAIN, tmp_path / "m.keras")
    with pytest.raises(ModelError, match="fgt_never:Times: no module 'fgt_never'"):
        load(entry(tmp_path / "m.keras", tmp_path, custom_objects=(("Times", "fgt_never:Times"),)))


def test_custom_objects_are_known_while_the_input_shape_is_changed(tmp_path: Path) -> None:
    save_built(PLAIN, tmp_path / "m.keras")
    (tmp_path / "fgt_shaped.py").write_text(PLAIN)
    custom = (("Times", "fgt_shaped:Times"), ("twice_tanh", "fgt_shaped:twice_tanh"))
    own = entry(tmp_path / "m.keras", tmp_path, custom_objects=custom, input_shape=(12, 10, 3))
    assert load(own).summary.input_shape == (12, 10, 3)
