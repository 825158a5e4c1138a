"""Every input from the world that failed once has a test, marked with its name."""

from __future__ import annotations

import ast
from pathlib import Path

TESTS = Path(__file__).parent

CASES = [
    "k2-depthwise-groups",
    "k2-bn-axis-list",
    "k2-transfer",
    "k2-efficientnet",
    "k2-augmentation",
    "k2-operators",
    "k2-keras-format",
    "k2-syncbn",
    "tf-call",
    "relu6-ceiling",
    "dead-too-soon",
    "sphinx-outside",
    "sphinx-absolute",
    "sphinx-shapes",
    "publish-shapes",
    "embed-shapes",
    "embed-bomb",
    "clean-links",
    "publish-git-folder",
    "publish-foreign",
    "git-options",
    "store-shapes",
    "store-leftover",
    "site-same-size",
    "site-folder",
    "two-builds",
    "denied",
    "yaml-aliases",
    "yaml-large",
    "yaml-number",
    "long-values",
    "temp-left",
    "zip-method",
    "one-nan",
    "false-dead",
    "linear-dead",
    "own-activation",
    "convlstm",
    "order",
    "render-warning",
    "dark-photos",
    "exif-warning",
    "hub-missing",
    "export-savedmodel",
    "k2-message",
    "raw-warning",
    "mtcnn-unbuilt",
    "weights-way",
    "clean-cache-own",
    "store-blob-path",
    "manifest-claims",
    "bit-flips",
    "overlap-titles",
    "terminal-escapes",
    "photos-memory",
    "width-memory",
    "publish-temp",
    "publish-links",
    "embed-number",
    "fifo",
    "serve-descriptors",
    "cache-read-only",
    "own-site-unreadable",
]

TO_DO: frozenset[str] = frozenset()
"""Those that wait for the issue on evidence."""


def marked() -> set[str]:
    """Return the names in every ``pytest.mark.case(...)`` of the tests."""
    names = set()
    for path in TESTS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr="case", value=ast.Attribute(attr="mark")), args=arguments):
                    names |= {ast.literal_eval(argument) for argument in arguments}
    return names


def test_each_case_has_a_test() -> None:
    assert set(CASES) - TO_DO <= marked()


def test_each_mark_names_a_case() -> None:
    assert marked() <= set(CASES)
