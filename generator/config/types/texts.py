"""Texts, paths and names of what can be imported."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from generator.config.types.annotations import Takes
from generator.errors import quoted


def as_text(value: object) -> str:
    """Return a text without the spaces around it.

    Raises ValueError for anything else, and for a text of nothing but spaces.
    """
    if not isinstance(value, str) or not value.strip() or any("\ud800" <= sign <= "\udfff" for sign in value):
        raise ValueError(f"expected a text, got {quoted(value)}")
    return value.strip()


MAX_MARKDOWN_LENGTH = 100_000
"""Characters; a parser of Markdown can take seconds for more."""


def _with_its_lines(value: object) -> object:
    as_text(value)
    if len(str(value)) > MAX_MARKDOWN_LENGTH:
        raise ValueError(f"expected at most {MAX_MARKDOWN_LENGTH:,} characters, got {quoted(value)}")
    return value


Text = Annotated[str, Field(min_length=1), BeforeValidator(as_text)]
MarkdownText = Annotated[
    str,
    Field(min_length=1, json_schema_extra={"words": "Markdown", "maxLength": MAX_MARKDOWN_LENGTH}),
    BeforeValidator(_with_its_lines),
]


def _path(text: str) -> Path | None:
    try:
        return None if "\0" in text else Path(text).expanduser()
    except RuntimeError:  # ~someone, and there is no such user
        return None


PathText = Annotated[Path, Takes(Text, "a path,", _path, words="path")]
"""A path, with the user's own folder in place of ``~``."""


def is_import_path(text: str) -> bool:
    """Tell whether a text has the form ``package.module:object``."""
    module, colon, name = text.partition(":")
    return bool(colon) and all(part.isidentifier() for part in (*module.split("."), *name.split(".")))


ImportPath = Annotated[
    str,
    Takes(
        Annotated[str, Field(pattern=r"^\s*[\w.]+:[\w.]+\s*$"), BeforeValidator(as_text)],
        "package.module:Name,",
        lambda text: text if is_import_path(text) else None,
        words="package.module:Name",
    ),
]

_NamedImports = Annotated[
    dict[Text, ImportPath], Field(min_length=1, json_schema_extra={"words": "mapping from name to import path"})
]
_CustomObjects = ImportPath | Annotated[list[ImportPath], Field(min_length=1)] | _NamedImports


def _custom_objects(given: str | list[str] | dict[str, str]) -> tuple[tuple[str, str], ...]:
    if isinstance(given, dict):
        return tuple(given.items())
    paths = given if isinstance(given, list) else [given]
    return tuple((path.rpartition(":")[2].rpartition(".")[2], path) for path in paths)


CustomObjects = Annotated[
    tuple[tuple[str, str], ...],
    Takes(
        _CustomObjects,
        make=_custom_objects,
        examples=("layers:Swish", ["layers:Swish", "layers:Mish"], {"my>Swish": "layers:Swish"}),
    ),
]
"""(name, import path) of objects that a file uses."""

Pair = Annotated[
    tuple[str, str],
    Takes(
        Annotated[list[str], Field(min_length=2, max_length=2)],
        "the names of two models such as [before, after],",
        lambda names: tuple(map(as_text, names)),
        examples=(["before", "after"],),
    ),
]
"""The names of two models."""
