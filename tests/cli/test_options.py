from __future__ import annotations

import sys
from pathlib import Path

import click
import pytest

from generator.cli.options import FiltersType, config_for, debug_asked, find_model, read_config, with_output
from generator.errors import ConfigError, UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [("all", "all"), (" all ", "all"), ("8", 8), ("0,5", (0, 5)), ("5,0,5", (0, 5)), ("0,0", (0,))],
)
def test_filters(text: str, expected: object) -> None:
    assert FiltersType().convert(text, None, None) == expected


@pytest.mark.parametrize("text", ["0", "-1", "none", "", "1,", "1,-2", "1.5"])
def test_what_names_no_filters(text: str) -> None:
    with pytest.raises(click.BadParameter, match="expected all, a number above zero, or indices such as 0,5,7"):
        FiltersType().convert(text, None, None)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_configuration_is_the_one_that_is_named_else_the_one_that_is_there_else_ours(folder: Path) -> None:
    assert [entry.name for entry in read_config(None).models] == ["demo"]
    (folder / "config.yaml").write_text("title: Here\nmodels: [demo]\n")
    (folder / "other.yaml").write_text("title: There\nmodels: [demo]\n")
    assert (read_config(None).title, read_config(Path("other.yaml")).title) == ("Here", "There")
    with pytest.raises(UsageError, match="no such file"):
        read_config(Path("gone.yaml"))


def test_a_link_that_leads_nowhere_is_no_wish_for_the_default(folder: Path) -> None:
    (folder / "config.yaml").symlink_to("other.yaml")
    with pytest.raises(UsageError, match=r"config\.yaml: is a link that leads nowhere. Correct it, or remove it"):
        read_config(None)


def test_a_faulty_configuration_stands_in_the_way_of_what_may_need_it_alone(folder: Path) -> None:
    (folder / "config.yaml").write_text("titel: x")
    (folder / "m.keras").touch()
    assert [entry.name for entry in config_for("m.keras", None).models] == ["demo"]
    for model, path in (("mine", None), ("m.keras", Path("config.yaml"))):
        with pytest.raises(ConfigError):
            config_for(model, path)


def test_models_are_found_by_name(folder: Path) -> None:
    (folder / "config.yaml").write_text("models: [{name: mine, source: demo}]\n")
    config = read_config(None)
    assert (find_model("mine", config).name, find_model("VGG16", config).kind) == ("mine", "application")
    with pytest.raises(UsageError, match="Did you mean mine"):
        find_model("mien", config)
    assert with_output(config, Path("out")).output == Path("out")
    assert with_output(config, None) is config


@pytest.mark.parametrize(("words", "expected"), [(["build", "--debug"], True), (["build"], False), ([], False)])
def test_debug_is_said_anywhere(words: list[str], expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["--debug", *words])
    assert debug_asked() is expected
