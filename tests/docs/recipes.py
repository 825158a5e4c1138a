"""The recipes of docs/development.md: their steps, and how a step changes a tree."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.docs.commands import ROOT

TEXT = (ROOT / "docs/development.md").read_text(encoding="utf-8")
_RECIPE = re.compile(r"^### How to add an? (.+)$", re.MULTILINE)
_STEP = re.compile(r"^\d+\. `([^`]+)`( \(new\))?:.*?\n\n   ```(\w+)\n(.*?)\n   ```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Step:
    """A step of a recipe: its file, and the code that is new or, as a diff, that changes."""

    recipe: str
    file: str
    new: bool
    language: str
    code: str


def steps(text: str = TEXT) -> Iterator[Step]:
    """Yield the steps of all recipes."""
    _, *parts = _RECIPE.split(text.partition("\n## Recipes\n")[2].partition("\n## ")[0])
    for recipe, body in zip(parts[::2], parts[1::2], strict=True):
        for file, new, language, code in _STEP.findall(body):
            yield Step(recipe, file, bool(new), language, textwrap.dedent(code) + "\n")


def follow(step: Step, tree: Path) -> None:
    """Do to a tree what a step says.

    Raises ValueError if a new file is there already, or the place of a change is not there exactly once.
    """
    path = tree / step.file
    if step.new:
        if path.exists():
            raise ValueError(f"{step.file} is not new")
        path.write_text(step.code, encoding="utf-8")
        return
    text = path.read_text(encoding="utf-8")
    for hunk in step.code.removesuffix("\n").split("\n@@\n"):
        lines = hunk.split("\n")
        before, after = (_side(lines, sign) for sign in "-+")
        places = [match.start() for match in re.finditer(f"^{re.escape(before)}", text, re.MULTILINE)]
        if len(places) != 1:
            raise ValueError(f"{step.file} has not once:\n{before}")
        text = text[: places[0]] + after + text[places[0] + len(before) :]
    path.write_text(text, encoding="utf-8")


def _side(lines: list[str], sign: str) -> str:
    kept = [line[1:] for line in lines if line[:1] in ("", " ", sign)]
    return "".join(f"{line}\n" for line in kept)
