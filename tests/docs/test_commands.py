"""Commands in the documentation: those of the tutorial are run (slow), all others are parsed by the real commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import click
import pytest

from generator.cli import main
from tests.docs.commands import ROOT, blocks, commands, words

FOUND = dict(commands())


def test_commands_are_found() -> None:
    """So that none of the tests below is empty."""
    assert {Path(where.split(":")[0]).name for where in FOUND} >= {"README.md", "tutorial.md", "development.md"}
    assert len(FOUND) > 20


def complaint(line: list[str]) -> str:
    """Return what is wrong with a command, or nothing; it is not run."""
    program, *rest = line
    if program == "filter-gallery":
        return parsed(rest)
    if program == "make":
        completed = subprocess.run(["make", "-n", *rest], cwd=ROOT, capture_output=True, text=True, check=False)
        return completed.stderr if completed.returncode else ""
    if rest[0] == "-m":
        if rest[1] == "generator":
            return parsed(rest[2:])
        return "" if find_spec(rest[1]) else f"no module {rest[1]}"
    return "" if (ROOT / rest[0]).is_file() else f"no file {rest[0]}"


def parsed(arguments: list[str]) -> str:
    """Return what Click says to arguments; placeholders in capitals are fine wherever a text is."""
    try:
        context = main.make_context("filter-gallery", list(arguments))
        name, command, rest = main.resolve_command(context, [*context._protected_args, *context.args])
        assert command is not None
        command.make_context(name, rest, parent=context)
    except click.exceptions.Exit:
        return ""
    except click.ClickException as error:
        return error.format_message()
    return ""


@pytest.mark.parametrize("where", FOUND)
def test_commands_are_understood(where: str) -> None:
    assert complaint(FOUND[where]) == ""


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("filter-gallery biuld", "No such command"),
        ("filter-gallery build --model", "requires an argument"),
        ("filter-gallery build --no-such-option", "No such option"),
        ("filter-gallery render demo", "Missing argument"),
        ("filter-gallery init --preset none", "is not one of"),
        ("python -m generator layers", "Missing argument"),
        ("python -m no_such_module", "no module"),
        ("python tools/no_such_tool.py", "no file"),
        ("make no-such-target", "No rule"),
    ],
)
def test_commands_that_are_wrong_are_told(line: str, message: str) -> None:
    assert message in complaint(words(line))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("filter-gallery init --preset own                   # writes it", ["init", "--preset", "own"]),
        ("filter-gallery build    render what is missing", ["build", "--help"]),
        ("filter-gallery render m LAYER 12 # one", ["render", "m", "LAYER", "12"]),
        ("filter-gallery build   --force", ["build", "--force"]),
        ("filter-gallery build --layer 'a  b'", ["build", "--layer", "a  b"]),
        ("make screenshots SITE=folder   # of a site", ["screenshots", "SITE=folder"]),
    ],
)
def test_explanations_are_no_part_of_a_command(line: str, expected: list[str]) -> None:
    assert words(line)[1:] == expected


@pytest.mark.slow
def test_the_tutorial_is_followed_to_its_end(tmp_path: Path) -> None:
    """Its files are saved under the names that the text gives, and its commands run in their order."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    ran = []
    for block in blocks(ROOT / "docs" / "tutorial.md"):
        if block.language in ("python", "yaml"):
            name = {"python": "shapes.py", "yaml": "config.yaml"}[block.language]
            (tmp_path / name).write_text("\n".join(block.lines) + "\n", encoding="utf-8")
            continue
        for line in block.lines:
            if line.startswith("pip "):  # the environment that runs the tests has it
                continue
            completed = subprocess.run(
                words(line), cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
            )
            assert completed.returncode == 0, f"{line}: {completed.stderr}"
            ran.append((words(line)[1], completed.stdout))
    assert [name for name, _ in ran] == ["shapes.py", "layers", "render", "build"]
    outputs = dict(ran)
    assert float(outputs["shapes.py"].split("accuracy: ")[-1].split()[0]) > 0.9
    assert "the model's own Rescaling layer" in outputs["layers"]
    manifest = json.loads((tmp_path / "site" / "manifest.json").read_text(encoding="utf-8"))
    assert [len(layer["filters"]) for layer in manifest["models"][0]["layers"]] == [8, 16, 3]
