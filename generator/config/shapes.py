"""What the values of config.yaml look like where ``checks`` reads them, as JSON Schema: the reference is made of it."""

from __future__ import annotations

from typing import Any

from pydantic import WithJsonSchema

from generator.config.checks import LIMITS
from generator.config.checks import OBJECTIVES as KINDS

Schema = dict[str, Any]


def one_word(*words: str) -> WithJsonSchema:
    """Return the schema of one of some words."""
    return WithJsonSchema({"enum": list(words)})


def either(*schemas: Schema) -> WithJsonSchema:
    """Return the schema of what fits any of some schemas."""
    return WithJsonSchema({"anyOf": list(schemas)})


def _one_key(**keys: Schema) -> Schema:
    one = {"minProperties": 1, "maxProperties": 1, "additionalProperties": False}
    return {"type": "object", "properties": keys, **one}


def _list(items: Schema, fewest: int = 1, most: int | None = None) -> Schema:
    return {"type": "array", "items": items, "minItems": fewest, **({"maxItems": most} if most else {})}


_TEXT: Schema = {"type": "string", "minLength": 1}
_NUMBER: Schema = {"type": "number"}
_WHOLE: Schema = {"type": "integer", "minimum": 0}
_COUNT: Schema = {"type": "integer", "minimum": 1}
_SIDE: Schema = {"type": ["integer", "null"], "minimum": 1}
_IMPORT: Schema = {"type": "string", "pattern": r"^\s*[\w.]+:[\w.]+\s*$", "words": "package.module:Name"}
_FRACTION: Schema = {
    "type": "string",
    "pattern": r"^\s*[-+]?[0-9.]+\s*(/\s*[0-9.]+\s*)?$",
    "words": "fraction such as 1/255",
}
_WEIGHTS: Schema = {
    "type": "object",
    "patternProperties": {"^[0-9]+$": _NUMBER},
    "additionalProperties": False,
    "minProperties": 1,
    "words": "mapping from filter to weight",
}
_OBJECTIVE: Schema = {"anyOf": [{"enum": list(KINDS)}, _one_key(direction=_WEIGHTS)]}

TEXT = WithJsonSchema(_TEXT)
PATH = WithJsonSchema({**_TEXT, "words": "path"})
MARKDOWN = WithJsonSchema({**_TEXT, "words": "Markdown"})
FILTERS = either({"const": "all"}, _COUNT, _list(_WHOLE), _one_key(most_active=_COUNT))
OBJECTIVES = either(*_OBJECTIVE["anyOf"], _list(_OBJECTIVE))
TRANSFORMS = WithJsonSchema(
    _list(
        _one_key(
            **{
                kind: {"anyOf": [{**_NUMBER, "minimum": low, "maximum": high}, _FRACTION]}
                for kind, (low, high) in LIMITS.items()
            }
        ),
        0,
    )
)
CHANNELS = either(_NUMBER, _list(_NUMBER))
FRACTIONS = either(_NUMBER, _FRACTION)
SHAPE = WithJsonSchema(
    {
        "type": "array",
        "prefixItems": [_SIDE, _SIDE, _COUNT],
        "minItems": 3,
        "maxItems": 3,
        "words": "[height, width, channels]",
    }
)
CUSTOM = either(
    _IMPORT,
    _list(_IMPORT),
    {
        "type": "object",
        "additionalProperties": _IMPORT,
        "minProperties": 1,
        "words": "mapping from name to import path",
    },
)
BANDS = either(_WHOLE, _list(_WHOLE, 1, 3))
PAIR = WithJsonSchema(_list(_TEXT, 2, 2))


def globs(render: Schema) -> WithJsonSchema:
    """Return the schema of ``layers``: a glob, a list of them, or a mapping from each to what it gets."""
    keys = {"filters": FILTERS.json_schema, "render": render}
    part = {"anyOf": [{"type": "object", "properties": keys, "additionalProperties": False}, {"type": "null"}]}
    mapping = {"type": "object", "additionalProperties": part, "minProperties": 1, "words": "mapping from glob"}
    return either(_TEXT, _list(_TEXT), mapping)
