"""Every module has the test file of its name, in the folder of its name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted(
    path.relative_to(ROOT / "generator").with_suffix("").as_posix()
    for path in (ROOT / "generator").rglob("*.py")
    if not path.stem.startswith("__")
)

ELSEWHERE: dict[str, str] = {
}
"""Modules that are tested by a file of another name, and by which: a list that gets shorter, never longer."""


def own(module: str) -> Path:
    """Return the test file of a module's name."""
    folder, _, name = module.rpartition("/")
    return ROOT / "tests" / folder / f"test_{name}.py"


def tests_in(path: Path) -> int:
    """Return how many tests a file holds."""
    return len(re.findall(r"(?m)^def test_", path.read_text(encoding="utf-8")))


def test_modules_are_found() -> None:
    """So that none of the tests below is empty."""
    assert {"errors", "render/backend", "config/types/numbers"} <= {*MODULES}
    assert len(MODULES) > 100


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_its_test_file(module: str) -> None:
    path = own(module)
    if module in ELSEWHERE:
        assert not path.exists(), f"{path.name} is there: take {module} off the list"
        path = ROOT / "tests" / ELSEWHERE[module]
    assert path.is_file(), path
    assert tests_in(path) >= 1


def test_the_list_names_modules_that_are_there() -> None:
    assert {*ELSEWHERE} <= {*MODULES}
