"""Where in a YAML file a value stands, and the message for a value that does not fit."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from generator.config.document import Part
from generator.config.schema import ConfigFile
from generator.errors import MAX_PROBLEMS, ConfigError, nearest, quoted, shortened

Location = Sequence[str | int]


@dataclass(frozen=True)
class Problem:
    """Where in a document something is wrong, and what.

    ``hint`` gives the end of the message. It is called for what is shown only, since it may search many names.
    """

    place: Location
    text: str
    hint: Callable[[], str] = str

    @property
    def message(self) -> str:
        """Return the whole message."""
        return self.text + self.hint()


def error_of(problems: Iterable[Problem], document: Part, where: str) -> ConfigError:
    """Return the error for problems, in the order of their lines; ``where`` names the document."""
    by_line = {(line_of(document, problem.place), problem.text): problem for problem in problems}
    shown = sorted(by_line)[:MAX_PROBLEMS]
    lines = [f"{where}:{line}: {by_line[line, text].message}" for line, text in shown]
    return ConfigError(lines, unlisted=len(by_line) - len(lines))


def line_of(document: Part, location: Location) -> int:
    """Return the 1-based line of the deepest part of ``location`` that the document holds."""
    line, part = 1, document
    for step in location:
        if part.is_block and isinstance(step, int):
            return line + 1 + step  # a block of text begins on the line after its key
        step = str(step) if isinstance(part.value, dict) else step
        if step in part.parts:  # else one that pydantic added, such as the name of a union's branch
            line, part = part.lines.get(step, line), part.parts[step]
    return line


def describe(error: ErrorDetails, schema: type[BaseModel] = ConfigFile) -> str:
    """Return the message for an error: where in the document a value does not fit ``schema``, and what was expected."""
    return problem_of(error, schema).message


def problem_of(error: ErrorDetails, schema: type[BaseModel] = ConfigFile) -> Problem:
    """Return what is wrong where a value does not fit ``schema``."""
    hint = partial(_known_keys, error, schema) if error["type"] == "extra_forbidden" else str
    return Problem(error["loc"], _text_of(error), hint)


def _known_keys(error: ErrorDetails, schema: type[BaseModel]) -> str:
    part = _part_at(schema, error["loc"][:-1])
    known = list(part.model_fields) if part else []
    hint = nearest(str(error["loc"][-1]), known) or (f"Known: {', '.join(known)}" if known else "")
    return hint and f" {hint}"


def _text_of(error: ErrorDetails) -> str:
    steps = [f"[{step}]" if isinstance(step, int) else f".{shortened(step)}" for step in error["loc"]]
    place = "".join(steps).lstrip(".") or "file"
    kind = error["type"]
    if kind == "extra_forbidden":
        return f"{place}: unknown setting."
    if kind == "missing":
        return f"{place}: missing"
    if kind == "value_error":
        return f"{place}: {error['ctx']['error']}"
    if kind in ("model_type", "model_attributes_type"):
        return f"{place}: expected a mapping of settings, got {quoted(error['input'])}"
    if kind == "too_short":
        return f"{place}: expected at least one, got {quoted(error['input'])}"
    message = error["msg"].replace("Input should be ", "expected ").replace("a valid integer", "an integer")
    message = message.replace("valid ", "").replace("expected greater", "expected a number greater")
    message = message.replace("expected less", "expected a number less")
    return f"{place}: {message[0].lower()}{message[1:]}, got {quoted(error['input'])}"


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
