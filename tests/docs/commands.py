"""The commands that the documentation tells its readers to type."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
STARTS = ("filter-gallery ", "make ", "python -m ", "python tools/")
_EXPLAINED = re.compile(r"^filter-gallery \S+\s{2,}[^\s#-]")
_FENCE = re.compile(r"^\s*(`{3,}|~{3,})(.*)$")


@dataclass(frozen=True)
class Block:
    """A block of code: the file and the line where it begins, the language if it says one, and its lines."""

    file: str
    line: int
    language: str
    lines: tuple[str, ...]


def blocks(path: Path) -> Iterator[Block]:
    """Yield the blocks of a Markdown file, fenced or indented; what stands in lists and tables is text."""
    lines = path.read_text(encoding="utf-8").splitlines()
    at = 0
    while at < len(lines):
        begin, code = at, []
        if fence := _FENCE.match(lines[at]):
            at += 1
            while at < len(lines) and not lines[at].strip().startswith(fence[1]):
                code.append(lines[at])
                at += 1
            at += 1
            yield Block(path.name, begin + 1, fence[2].strip(), tuple(code))
        elif lines[at].startswith("    ") and (not at or not lines[at - 1].strip()):
            while at < len(lines) and (lines[at].startswith("    ") or not lines[at].strip()):
                code.append(lines[at][4:])
                at += 1
            yield Block(path.name, begin + 1, "", tuple(line for line in code if line))
        else:
            at += 1


def commands() -> Iterator[tuple[str, list[str]]]:
    """Yield where a command stands, and its words."""
    for path in FILES:
        for block in blocks(path):
            if block.language not in ("", "sh", "bash", "console", "shell"):
                continue
            for number, line in enumerate(block.lines):
                if line.removeprefix("$ ").startswith(STARTS):
                    yield f"{block.file}:{block.line + number}", words(line.removeprefix("$ "))


def words(line: str) -> list[str]:
    """Return the words of a command without a comment.

    In a list of commands, an explanation stands some spaces apart; such a line only names what there is.
    """
    if _EXPLAINED.match(line):
        return [*line.split()[:2], "--help"]
    return shlex.split(line, comments=True)
