"""Where in a YAML file a value stands, and the message for a value that does not fit."""

from __future__ import annotations

import types
from collections.abc import Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import LiteralScalarString

from generator.config.schema import ConfigFile
from generator.errors import nearest

Location = Sequence[str | int]
Problem = tuple[tuple[str | int, ...], str]
"""Where in a document something is wrong, and what."""


def line_of(document: object, location: Location) -> int:
    """Return the 1-based line of the deepest part of ``location`` that the document holds."""
    line, node = 0, document
    for step in location:
        if isinstance(node, CommentedMap) and (key := _key(node, step)) is not None:
            step = key
            if step in (node.lc.data or {}):  # not so if it comes from an anchor (`<<: *name`)
                line = node.lc.key(step)[0]
        elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
            line = node.lc.item(step)[0]
        elif isinstance(node, LiteralScalarString) and isinstance(step, int):
            line += 1 + step  # a block of text begins on the line after its key
            break
        else:
            continue  # a step that pydantic added, such as the name of a union's branch
        node = node[step]
    return int(line) + 1


def _key(node: CommentedMap, step: str | int) -> Any:
    """Return the key as the document holds it; the schema has seen it as a text."""
    return next((key for key in node if str(key) == str(step)), None)


def describe(error: ErrorDetails, schema: type[BaseModel] = ConfigFile) -> str:
    """Return the message for an error: where in the document a value does not fit ``schema``, and what was expected."""
    location = error["loc"]
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location).lstrip(".") or "file"
    kind = error["type"]
    if kind == "extra_forbidden":
        part = _part_at(schema, location[:-1])
        known = list(part.model_fields) if part else []
        hint = nearest(str(location[-1]), known) or (f"Known: {', '.join(known)}" if known else "")
        return f"{place}: unknown setting. {hint}".strip()
    if kind == "missing":
        return f"{place}: missing"
    if kind == "value_error":
        return f"{place}: {error['ctx']['error']}"
    if kind in ("model_type", "model_attributes_type"):
        return f"{place}: expected a mapping of settings, got {error['input']!r}"
    if kind == "too_short":
        return f"{place}: expected at least one, got {error['input']!r}"
    message = error["msg"].replace("Input should be ", "expected ").replace("a valid integer", "an integer")
    message = message.replace("valid ", "").replace("expected greater", "expected a number greater")
    message = message.replace("expected less", "expected a number less")
    return f"{place}: {message[0].lower()}{message[1:]}, got {error['input']!r}"


def _part_at(annotation: Any, location: Location) -> type[BaseModel] | None:
    """Return what describes the mapping at a location below a type, or None if there is none."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType, Annotated):
        return next(filter(None, (_part_at(argument, location) for argument in arguments)), None)
    if origin in (list, dict):
        return _part_at(arguments[-1], location[1:]) if location else None
    if not isinstance(annotation, type) or not issubclass(annotation, BaseModel):
        return None
    if not location:
        return annotation
    field = annotation.model_fields.get(str(location[0]))
    return _part_at(field.annotation, location[1:]) if field else None
