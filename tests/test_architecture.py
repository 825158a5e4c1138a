"""The rooms and the one direction in which they know each other: the contracts of pyproject.toml."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

AGAINST = {
    "errors": "names",
    "version": "files",
    "arrays": "models",
    "assets": "config",
    "digests": "models",
    "files": "store",
    "locking": "store",
    "markdown": "pages",
    "names": "config",
    "numbers": "pages",
    "terms": "config",
    "config": "models",
    "models": "plan",
    "plan": "store",
    "imaging": "store",
    "store": "imaging",
    "render": "site",
    "site": "analysis",
    "analysis": "site",
    "dataset": "analysis",
    "pages": "publish",
    "publish": "embed",
    "embed": "sphinx",
    "sphinx": "publish",
    "pipeline": "serve",
    "api": "cli",
    "serve": "api",
    "cli": "__main__",
}
"""For each room one that it must not know."""


def lint(folder: Path) -> tuple[int, str]:
    """Return the status of ``lint-imports`` in a folder, and its lines."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"}
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "generator", tmp_path / "generator", ignore=shutil.ignore_patterns("__pycache__", "*.keras"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_rooms_know_only_what_comes_before_them() -> None:
    status, lines = lint(ROOT)
    assert status == 0, lines
    assert "0 broken" in lines


def test_every_room_has_a_contract() -> None:
    rooms = {
        path.stem for path in (ROOT / "generator").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert rooms - {"__init__", "__main__"} == AGAINST.keys()


def test_an_import_against_the_flow_is_told_of_every_room(copy: Path) -> None:
    """Inside a function, where it would be overlooked."""
    for room, other in AGAINST.items():
        folder = copy / "generator" / room
        module = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
        module.write_text(f"{module.read_text()}\n\ndef _against() -> None:\n    import generator.{other}\n")
    status, lines = lint(copy)
    assert status == 1
    refused = {*re.findall(r"generator\.(\w+) is not allowed to import generator\.(\w+)", lines)}
    assert {*AGAINST.items()} <= refused, {*AGAINST.items()} - refused


def test_a_room_without_a_contract_is_told(copy: Path) -> None:
    (copy / "generator/attic.py").write_text("")
    status, lines = lint(copy)
    assert status == 1
    assert "generator.attic" in lines


def test_a_circle_is_told(copy: Path) -> None:
    module = copy / "generator/site/paths.py"
    module.write_text(f"{module.read_text()}\n\ndef _round() -> None:\n    from generator.site import manifest\n")
    status, lines = lint(copy)
    assert status == 1
    assert "No cycles are allowed in generator.site" in lines
