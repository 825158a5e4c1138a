"""Sources beyond files and applications, and the keys that only models have."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from generator.config import MostActive
from tests.config.files import problems, read


def test_an_architecture_needs_its_weights_named(tmp_path: Path) -> None:
    for name in ("net.json", "w.weights.h5"):
        (tmp_path / name).touch()
    text = (
        "models:\n  - {source: net.json, weights: w.weights.h5}\n  - {name: other, source: net.json, weights: random}"
    )
    entries = read(tmp_path, text).models
    assert [(e.kind, e.name, e.source) for e in entries] == [
        ("architecture", "net", str(tmp_path / "net.json")),
        ("architecture", "other", str(tmp_path / "net.json")),
    ]
    assert [entry.weights for entry in entries] == [str(tmp_path / "w.weights.h5"), "random"]
    assert problems(tmp_path, "models:\n  - source: net.json") == [
        "2: models[0].weights: an architecture has no weights of its own; name a file, or random"
    ]
    assert problems(tmp_path, "models:\n  - source: net.json\n    weights: gone.h5") == [
        "3: models[0].weights: expected random or a file; no file 'gone.h5'."
    ]


@pytest.mark.parametrize("name", ["pipe.keras", "pipe.json"])
def test_a_pipe_is_no_file_of_a_model(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / name)
    assert problems(tmp_path, f"models:\n  - source: {name}") == [
        f"2: models[0].source: no file '{name}' in {tmp_path.resolve()}"
    ]


@pytest.mark.parametrize("source", ["nets:build", "my.package.nets:Builder.default"])
def test_a_callable_is_named_by_its_import_path(source: str, tmp_path: Path) -> None:
    (entry,) = read(tmp_path, f"models: ['{source}']").models
    assert (entry.kind, entry.source, entry.weights) == ("callable", source, "")
    assert entry.name == source.rpartition(":")[2].rpartition(".")[2]
    assert entry.folder == str(tmp_path)


def test_a_callables_weights_are_a_file(tmp_path: Path) -> None:
    (tmp_path / "w.h5").touch()
    (entry,) = read(tmp_path, "models: [{source: 'nets:build', weights: w.h5}]").models
    assert entry.weights == str(tmp_path / "w.h5")
    assert problems(tmp_path, "models: [{source: 'nets:build', weights: imagenet}]") == [
        "1: models[0].weights: expected a file; no file 'imagenet'."
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("nets:Swish", (("Swish", "nets:Swish"),)),
        ("[nets:Swish, a.b:C.D]", (("Swish", "nets:Swish"), ("D", "a.b:C.D"))),
        ("{my>Swish: nets:Swish}", (("my>Swish", "nets:Swish"),)),
    ],
)
def test_custom_objects_are_import_paths(value: str, expected: tuple[tuple[str, str], ...], tmp_path: Path) -> None:
    (entry,) = read(tmp_path, f"models: [{{source: demo, custom_objects: {value}}}]").models
    assert entry.custom_objects == expected
    assert entry.folder == str(tmp_path)


@pytest.mark.parametrize(("value", "expected"), [("3", (3,)), ("[3]", (3,)), ("[3, 2, 1]", (3, 2, 1))])
def test_bands_are_one_channel_or_three(value: str, expected: tuple[int, ...], tmp_path: Path) -> None:
    (entry,) = read(tmp_path, f"models: [{{source: demo, bands: {value}}}]").models
    assert entry.bands == expected


def test_the_most_active_filters_can_be_chosen_at_every_level(tmp_path: Path) -> None:
    text = """\
        filters: {most_active: 8}
        models:
          - demo
          - {name: own, source: demo, filters: {most_active: 3}, layers: {"a*": {filters: {most_active: 1}}}}
    """
    first, second = read(tmp_path, text).models
    assert (first.filters, second.filters) == (MostActive(8), MostActive(3))
    assert second.layers[0].filters == MostActive(1)


IMPORT = "expected package.module:Name, got"
BANDS = "expected three channels of the input such as [3, 2, 1], or one; got"
FILTERS = "expected all, a number above zero, a list of filter indices, or {most_active: 8}, got"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("custom_objects", "Swish", f"{IMPORT} 'Swish'"),
        ("custom_objects", "[nets:Swish, 'nets:']", f"{IMPORT} 'nets:'"),
        ("custom_objects", "{Swish: nets.Swish}", f"{IMPORT} 'nets.Swish'"),
        ("custom_objects", "['../nets:Swish']", f"{IMPORT} '../nets:Swish'"),
        ("custom_objects", "[]", "expected a text, got []"),
        ("bands", "[1, 2]", f"{BANDS} [1, 2]"),
        ("bands", "[0, 1, -2]", f"{BANDS} [0, 1, -2]"),
        ("bands", "rgb", f"{BANDS} 'rgb'"),
        ("bands", "true", f"{BANDS} True"),
        ("filters", "{most_active: 0}", f"{FILTERS} {{'most_active': 0}}"),
        ("filters", "{most_active: all}", f"{FILTERS} {{'most_active': 'all'}}"),
        ("filters", "{most_activ: 8}", f"{FILTERS} {{'most_activ': 8}}. Did you mean most_active?"),
        ("include_top", "true", "only for networks of keras.applications"),
    ],
)
def test_a_wrong_value_is_reported_with_its_line(key: str, value: str, message: str, tmp_path: Path) -> None:
    text = f"models:\n  - source: nets:build\n    {key}: {value}\n"
    assert problems(tmp_path, text) == [f"3: models[0].{key}: {message}"]
