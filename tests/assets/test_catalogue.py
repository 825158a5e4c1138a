"""The catalogue is known without Keras; here it is compared with Keras itself."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path

import keras
import pytest

from generator.assets.catalogue import APPLICATIONS, weights_folder


def test_it_names_all_networks_of_keras_applications_and_no_others() -> None:
    offered = {name for name, value in vars(keras.applications).items() if inspect.isfunction(value)}
    assert set(APPLICATIONS) == offered


@pytest.mark.parametrize("name", APPLICATIONS)
def test_the_module_has_the_network_and_its_preprocessing(name: str) -> None:
    module = importlib.import_module(f"keras.applications.{APPLICATIONS[name].module}")
    assert hasattr(keras.applications, name)
    assert callable(module.preprocess_input)


QUICK = ("ConvNeXtTiny", "EfficientNetB0", "MobileNet", "ResNet50V2", "VGG16")


@pytest.mark.parametrize("include_top", [False, True])
@pytest.mark.parametrize("name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in APPLICATIONS])
@pytest.mark.filterwarnings("ignore:`input_shape` is undefined")
def test_the_weights_file_is_the_one_that_keras_asks_for(
    name: str, include_top: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from keras.src.utils import file_utils

    class RequestedError(Exception):
        pass

    def get_file(fname: str | None = None, origin: str | None = None, **_: object) -> str:
        raise RequestedError(fname or Path(str(origin)).name)

    monkeypatch.setattr(file_utils, "get_file", get_file)
    # in such a scope no weights are drawn that nobody looks at
    with pytest.raises(RequestedError) as requested, keras.StatelessScope():
        getattr(keras.applications, name)(weights="imagenet", include_top=include_top)
    application = APPLICATIONS[name]
    assert (application.weights_with_top if include_top else application.weights) == str(requested.value)
    assert re.fullmatch(r"[\w.-]+\.h5", str(requested.value))


@pytest.mark.parametrize("home", [None, "elsewhere"])
def test_the_folder_follows_the_environment(home: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if home:
        monkeypatch.setenv("KERAS_HOME", str(tmp_path / home))
    else:
        monkeypatch.delenv("KERAS_HOME", raising=False)
        monkeypatch.setenv("HOME", str(tmp_path))
    assert weights_folder() == tmp_path / (home or ".keras") / "models"
