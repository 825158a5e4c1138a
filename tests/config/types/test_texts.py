from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from generator.config.types import texts
from generator.config.types.texts import is_import_path


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        (texts.Text, "  a b ", "a b"),
        (texts.MarkdownText, "\n  a\n", "\n  a\n"),
        (texts.PathText, " a/b ", Path("a/b")),
        (texts.PathText, "~/a", Path.home() / "a"),
        (texts.ImportPath, " a.b:C.d ", "a.b:C.d"),
        (texts.CustomObjects, "layers:Outer.Swish", (("Swish", "layers:Outer.Swish"),)),
        (texts.CustomObjects, ["a:B", "c:D"], (("B", "a:B"), ("D", "c:D"))),
        (texts.CustomObjects, {"my>B": "a:B"}, (("my>B", "a:B"),)),
        (texts.Pair, [" before", "after"], ("before", "after")),
    ],
)
def test_texts_are_read(kind: Any, given: object, expected: object) -> None:
    assert TypeAdapter(kind).validate_python(given) == expected


@pytest.mark.parametrize(
    ("kind", "given", "told"),
    [
        (texts.Text, "  ", "expected a text, got '  '"),
        (texts.Text, 7, "expected a text, got 7"),
        (texts.Text, "\ud800", "expected a text, got "),
        (texts.MarkdownText, "\n", "expected a text, got "),
        (texts.PathText, "a\0b", "expected a path, got "),
        (texts.PathText, "~no such user/a", "expected a path, got "),
        (texts.ImportPath, "layers.Swish", "expected package.module:Name, got 'layers.Swish'"),
        (texts.ImportPath, "1a:B", "expected package.module:Name, got '1a:B'"),
        (texts.CustomObjects, ["a:B", "c"], "expected package.module:Name, got 'c'"),
        (texts.Pair, ["one"], "expected the names of two models such as [before, after], got ['one']"),
    ],
)
def test_what_is_no_such_text_is_told(kind: Any, given: object, told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(given)
    assert told in caught.value.errors()[0]["msg"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a:b", True), ("a.b:c.d", True), ("a", False), (":b", False), ("a:", False), ("a-b:c", False), ("a:b:c", False)],
)
def test_import_paths(text: str, expected: bool) -> None:
    assert is_import_path(text) is expected
