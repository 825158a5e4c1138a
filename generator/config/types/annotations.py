"""Annotations that make a type a key's: its validation, its message and its JSON Schema come from one form.

The form is a pydantic type of what stands in the file. The value that the program gets may be of another type.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    ValidatorFunctionWrapHandler,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from generator.errors import nearest, quoted

T = TypeVar("T")


class Strict(BaseModel):
    """A mapping whose keys are all known; YAML's own types are kept, so that ``steps: yes`` is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


def near(*known: str) -> Callable[[object], str]:
    """Return what ends a message: a full stop, and the nearest of some words if one is near."""
    return lambda value: f". {nearest(str(value), known)}".rstrip()


def key_hint(value: object, key: str) -> str:
    """Return the hint for a mapping whose first key is not the one that it may have."""
    first = str(next(iter(value), "")) if isinstance(value, dict) else key
    return "" if first == key else nearest(first, (key,))


@dataclass(frozen=True, eq=False)
class Takes:
    """Annotation of a key's type: what is written as ``form`` becomes the value that ``make`` returns.

    What does not fit the form, or what ``make`` returns None for, is a ValueError at the key's own place: ``expected``
    and what was given, with what ``hint`` adds. A form that is itself annotated keeps its message; where nothing is
    ``expected``, the message is that of the part which does not fit. ``words`` name the form in the reference.
    """

    form: Any
    expected: str = ""
    make: Callable[[Any], object] = lambda held: held
    hint: Callable[[object], str] = lambda value: ""
    words: str = ""
    examples: tuple[object, ...] = ()

    def validate(self, value: object, handler: ValidatorFunctionWrapHandler) -> object:
        """Return the program's value."""
        try:
            made = self.make(handler(value))
        except ValidationError as error:
            if not self.expected or _has_own_message(error):
                raise message_of(error) from None
            made = None
        if made is None:
            raise ValueError(f"expected {self.expected} got {quoted(value)}{self.hint(value)}")
        return made

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the validation by the form."""
        return core_schema.no_info_wrap_validator_function(self.validate, handler.generate_schema(self.form))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Return the form's schema, with its words and examples."""
        named = {"words": self.words} if self.words else {}
        return {**handler(core), **named, **({"examples": list(self.examples)} if self.examples else {})}


@dataclass(frozen=True, eq=False)
class TakesList:
    """Annotation of a tuple that is written as a list; items that do not fit are each a problem at its own place.

    What is no list is a ValueError: ``expected`` and what was given.
    """

    item: Any
    expected: str
    examples: tuple[object, ...] = ()

    def validate(self, value: object, handler: ValidatorFunctionWrapHandler) -> object:
        """Return the items."""
        if not isinstance(value, list):
            raise ValueError(f"expected {self.expected} got {quoted(value)}")
        return tuple(handler(value))

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the validation by the items."""
        items = core_schema.list_schema(handler.generate_schema(self.item))
        return core_schema.no_info_wrap_validator_function(self.validate, items)

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Return the schema of the list, with its examples."""
        return {**handler(core), "examples": list(self.examples)}


@dataclass(frozen=True, eq=False)
class TakesOneOrMore:
    """Annotation of a tuple that is written as an item or a list of at least one, each item counted once."""

    item: Any
    examples: tuple[object, ...] = ()

    def validate(self, value: object, handler: ValidatorFunctionWrapHandler) -> object:
        """Return the items; what is wrong with a single one is a problem at the key's own place."""
        if isinstance(value, list) and value:
            return tuple(dict.fromkeys(handler(value)))
        try:
            return tuple(handler([value]))
        except ValidationError as error:
            raise message_of(error) from None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the validation by the items."""
        items = core_schema.list_schema(handler.generate_schema(self.item), min_length=1)
        return core_schema.no_info_wrap_validator_function(self.validate, items)

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Return the schema of an item or a list, with their examples."""
        items = handler(core)
        return {"anyOf": [items["items"], items], "examples": list(self.examples)}


class _NotNull:
    """Annotation of an optional type: None is what is left out, and nothing that a file can say."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        nullable = handler(source)
        assert nullable["type"] == "nullable"
        inner: CoreSchema = nullable["schema"]
        return inner


Omittable = Annotated[T | None, _NotNull()]
"""A key that may be left out, which is then None, but that cannot be null."""


def one_of(words: Any) -> Takes:
    """Return the annotation for one of the words of a ``Literal``."""
    allowed = get_args(words)
    return Takes(words, f"{' or '.join(allowed)},", hint=near(*allowed))


def message_of(error: ValidationError) -> ValueError:
    """Return the first of the messages that annotations have for the parts which lie deepest, or else the error."""
    own = [problem for problem in error.errors() if problem["type"] == "value_error"]
    if not own:
        return error
    # A mapping's key lies as deep as its value; pydantic says "[key]" of it.
    deepest = max(own, key=lambda problem: len([step for step in problem["loc"] if step != "[key]"]))
    message: ValueError = deepest["ctx"]["error"]
    return message


def _has_own_message(error: ValidationError) -> bool:
    return [(problem["type"], problem["loc"]) for problem in error.errors()] == [("value_error", ())]
