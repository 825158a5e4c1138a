from __future__ import annotations

from pathlib import Path

import pytest

from generator.config import load_config
from generator.config.presets import preset_text, text_for
from generator.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]


def written(folder: Path, preset: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(preset_text(preset), encoding="utf-8")
    return path


def test_the_demo_preset_is_the_default_configuration(tmp_path: Path) -> None:
    assert preset_text("demo") == (ROOT / "config.yaml").read_text(encoding="utf-8")
    config = load_config(written(tmp_path, "demo"))
    assert [(entry.name, entry.kind, entry.filters) for entry in config.models] == [("demo", "demo", "all")]


def test_the_imagenet_preset_is_the_notebooks_networks(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, "imagenet"))
    assert [(e.source, e.weights, e.include_top, e.input_shape) for e in config.models] == [
        ("VGG16", "imagenet", False, (96, 96, 3)),
        ("ResNet50V2", "imagenet", False, (96, 96, 3)),
    ]
    assert {entry.settings_for(entry.layers[0]).size for entry in config.models} == {96}


def test_the_own_preset_lacks_nothing_but_the_model(tmp_path: Path) -> None:
    path = written(tmp_path, "own")
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    (problem,) = caught.value.problems
    assert "models[0].source: no file 'models/mine.keras'" in problem
    (tmp_path / "models").mkdir()
    (tmp_path / "models/mine.keras").touch()
    (entry,) = load_config(path).models
    assert (entry.name, entry.kind, entry.preprocess.scale) == ("mine", "file", 1 / 255)


def test_what_the_own_preset_has_commented_out_is_valid_too(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models/mine.keras").touch()
    text = preset_text("own")
    shown = text.replace("    # layers:\n", "    layers:\n").replace('    #   "', '      "')
    assert shown != text
    (tmp_path / "config.yaml").write_text(shown, encoding="utf-8")
    (entry,) = load_config(tmp_path / "config.yaml").models
    assert [(rule.glob, rule.filters) for rule in entry.layers] == [("block4*", 16), ("*", 8)]


@pytest.mark.parametrize(
    "name", ["net.keras", "yes.keras", "a b: {c}.keras", "\u00fc\"\\'#.keras", "- x\x1b.keras", "null"]
)
def test_what_the_command_line_says_is_what_the_text_says(name: str, tmp_path: Path) -> None:
    """Whatever a file is called."""
    (tmp_path / "images").mkdir()
    source = "net.keras" if name == "null" else name
    (tmp_path / source).write_bytes(b"")
    path = tmp_path / "config.yaml"
    path.write_text(text_for(name, [source], ["rocket"], "images", 48, 7, Path("out")), encoding="utf-8")
    config = load_config(path)
    (entry,) = config.models
    assert (config.title, entry.source) == (name, str(tmp_path / source))
    assert (config.output, [photo.name for photo in config.photos]) == (tmp_path / "out", ["rocket"])
    settings = entry.settings_for(entry.layers[0])
    assert (settings.size, settings.steps) == (48, 7)
    assert entry.dataset
    assert entry.dataset.source == str(tmp_path / "images")


def test_what_it_does_not_say_has_its_default() -> None:
    assert text_for("net", ["a/net.keras", "b/2.h5"]) == (
        'title: net\noutput: site\nphotos: [chelsea]\nmodels:\n  - source: a/net.keras\n  - source: "b/2.h5"\n'
    )
