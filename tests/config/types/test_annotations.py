from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from generator.config.types.annotations import (
    Omittable,
    Strict,
    Takes,
    TakesList,
    TakesOneOrMore,
    key_hint,
    near,
    one_of,
)

Half = Annotated[float, Takes(int, "a whole number,", lambda n: n / 2 if n else None, words="whole", examples=(4,))]


def told(kind: Any, value: object) -> str:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    return caught.value.errors()[0]["msg"].removeprefix("Value error, ")


def test_what_is_written_becomes_what_the_program_gets() -> None:
    assert TypeAdapter(Half).validate_python(5) == 2.5
    assert TypeAdapter(Half).json_schema() == {"type": "integer", "words": "whole", "examples": [4]}


@pytest.mark.parametrize("value", ["far", 0])
def test_what_does_not_fit_and_what_makes_nothing_are_told_alike(value: object) -> None:
    assert told(Half, value) == f"expected a whole number, got {value!r}"


def test_a_form_that_is_annotated_itself_keeps_its_message() -> None:
    assert told(Annotated[float, Takes(Half, "something else,")], "far") == "expected a whole number, got 'far'"


@pytest.mark.parametrize(
    ("value", "expected"), [("a", ("a",)), (["a", "b", "a"], ("a", "b"))], ids=["one", "several, each once"]
)
def test_one_or_more(value: object, expected: object) -> None:
    kind = Annotated[tuple[str, ...], TakesOneOrMore(str)]
    assert TypeAdapter(kind).validate_python(value) == expected


def test_items_of_a_list_are_each_told_at_their_place() -> None:
    kind = Annotated[tuple[float, ...], TakesList(Half, "a list,")]
    assert TypeAdapter(kind).validate_python([2, 4]) == (1.0, 2.0)
    assert told(kind, 2) == "expected a list, got 2"
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python([2, "x", 4, "y"])
    assert [error["loc"] for error in caught.value.errors()] == [(1,), (3,)]


def test_words_are_hinted_at() -> None:
    kind = Annotated[str, one_of(Literal["red", "green"])]
    assert TypeAdapter(kind).validate_python("red") == "red"
    assert told(kind, "gren") == "expected red or green, got 'gren'. Did you mean green?"
    assert near("red", "green")("gren") == ". Did you mean green?"
    assert key_hint({"collor": 1}, "colour") == "Did you mean colour?"
    assert (key_hint({"colour": 1}, "colour"), key_hint(3, "colour")) == ("", "")


class Part(Strict):
    number: Omittable[int] = None


def test_a_part_is_strict_and_what_may_be_left_out_is_never_null() -> None:
    assert Part.model_validate({}).number is None
    assert issubclass(Part, BaseModel)
    for wrong in ({"number": None}, {"number": "1"}, {"number": True}, {"nubmer": 1}):
        with pytest.raises(ValidationError):
            Part.model_validate(wrong)
