"""docs/development.md against the tree: the rooms, the files that it names, and the recipes, which are followed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.docs.commands import ROOT
from tests.docs.recipes import TEXT, Step, follow, steps

PACKAGE = ROOT / "generator"
STEPS = list(steps())
CONFIG = """
contact: Ask <Ada>.
models:
  - {source: demo, filters: 1, layers: block1_conv1}
render: {size: 32, steps: 4, objective: [channel, energy]}
"""


def section(title: str) -> str:
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def rooms_of_the_map() -> list[list[str]]:
    """Return the rooms of each row of the table, from the top."""
    rows = [line.split("|")[1] for line in section("The rooms").splitlines() if line.startswith("| `")]
    return [re.findall(r"`(\w+)(?:/|\.py)`", row) for row in rows]


def test_the_map_has_every_room() -> None:
    rooms = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert sorted(room for row in rooms_of_the_map() for room in row) == sorted(rooms - {"__init__", "__main__"})


def test_the_map_has_the_order_of_the_contract() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    line_of = {room: number for number, layer in enumerate(layers) for room in re.findall(r"\w+", layer)}
    lines = [{line_of[room] for room in row} for row in rooms_of_the_map()]
    assert lines == [{number} for number in range(1, len(layers))]  # without __main__


def test_files_that_are_named_exist() -> None:
    new = {step.file for step in STEPS if step.new}
    prose = re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL)
    named = set(re.findall(r"`((?:[\w.-]+/)*[\w.-]+\.(?:py|md|html|toml|yml|json)|(?:[\w.-]+/)+)`", prose))
    made = {"manifest.json"}  # by a build
    missing = {
        path
        for path in named - new - made
        if not any((folder / path).exists() for folder in (ROOT, PACKAGE, ROOT / "templates", ROOT / "tests/browser"))
    }
    assert missing - {"train/", "test/"} == set()
    assert {"generator/render/objective.py", "config/load.py", "templates/base.html"} <= named


@pytest.mark.parametrize(
    ("recipe", "files"),
    [("objective", 2), ("method", 4), ("technique", 1), ("page", 3), ("key", 4), ("command", 2)],
)
def test_recipes_are_short(recipe: str, files: int) -> None:
    own = [step.file for step in STEPS if step.recipe == recipe]
    assert len(own) == len(set(own)) == files
    words = {1: "one file", 2: "Two files", 3: "Three files", 4: "Four files"}
    assert words[files] in TEXT.partition(f"### How to add a{'n' if recipe[0] in 'aeiou' else ''} {recipe}\n")[2][:200]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the tree in which all recipes were followed."""
    for folder in ("generator", "templates"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "config.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    for step in STEPS:
        follow(step, tmp_path)
    return tmp_path


def ran(folder: Path, *command: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_recipes_give_code_as_ours_is(copy: Path) -> None:
    files = [step.file for step in STEPS if step.file.endswith(".py")]
    ran(copy, "-m", "ruff", "check", *files)
    ran(copy, "-m", "ruff", "format", "--check", *files)
    ran(copy, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache")


@pytest.mark.slow
def test_recipes_work(copy: Path) -> None:
    ran(copy, "-m", "mypy", *{step.file for step in STEPS if step.file.endswith(".py")})
    (copy / "config.yaml").write_text(CONFIG, encoding="utf-8")
    assert ran(copy, "-m", "generator", "count") == "Models: 1\n"
    ran(copy, "-m", "generator", "build")
    site = copy / "site"
    assert "Networks in this gallery: 1." in (site / "credits.html").read_text(encoding="utf-8")
    assert '<a href="credits.html">' in (site / "index.html").read_text(encoding="utf-8")
    assert "<p>Ask &lt;Ada&gt;.</p>" in (site / "index.html").read_text(encoding="utf-8")
    layer = json.loads((site / "manifest.json").read_text(encoding="utf-8"))["models"][0]["layers"][0]
    assert [technique["title"] for technique in layer["techniques"]][:2] == ["Picture", "Mean square"]
    assert "Start image" in [technique["title"] for technique in layer["techniques"]]
    pictures = layer["filters"][0]["pictures"]
    assert [picture["settings"]["objective"] for picture in pictures] == ["channel", "energy"]
    assert all(picture["trace"][-1] > picture["trace"][0] for picture in pictures)
    page = (site / layer["filters"][0]["page"]).read_text(encoding="utf-8")
    assert "<b>Mean square.</b> Few strong places count more than many weak ones." in page
    told = ran(copy, "-m", "generator", "render", "demo", "block1_conv1", "3", "--method", "signs", "--steps", "8")
    values = [float(line.split()[-1]) for line in told.splitlines() if "objective" in line]
    assert values[-1] > values[0]


@pytest.mark.parametrize(
    ("code", "told"),
    [(" one\n+two\n", None), (" one", None), (" on\n+two\n", "has not once"), (" same\n", "has not once")],
)
def test_a_recipe_that_does_not_fit_is_told(tmp_path: Path, code: str, told: str | None) -> None:
    (tmp_path / "a.py").write_text("one\nsame\nsame\n")
    step = Step("key", "a.py", False, "diff", code)
    if told is None:
        follow(step, tmp_path)
        assert (tmp_path / "a.py").read_text() == ("one\ntwo\nsame\nsame\n" if "+" in code else "one\nsame\nsame\n")
    else:
        with pytest.raises(ValueError, match=told):
            follow(step, tmp_path)
    with pytest.raises(ValueError, match="is not new"):
        follow(Step("key", "a.py", True, "python", code), tmp_path)
