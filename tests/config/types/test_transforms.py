from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from generator.config.types.transforms import TransformList

TRANSFORMS: TypeAdapter[Any] = TypeAdapter(TransformList)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], ()),
        ([{"shift": "1/16"}, {"rotate": 10}], (("shift", 0.0625), ("rotate", 10.0))),
        ([{"noise": 0}, {"noise": 1}, {"scale": 4}], (("noise", 0.0), ("noise", 1.0), ("scale", 4.0))),
    ],
)
def test_they_keep_their_order(given: object, expected: object) -> None:
    assert TRANSFORMS.validate_python(given) == expected


@pytest.mark.parametrize(
    ("given", "place", "told"),
    [
        ({"shift": 0.1}, (), "expected a list such as [{shift: 1/16}, {rotate: 10}], [] for none; got {'shift': 0.1}"),
        (["shift"], (0,), "expected one transform such as {shift: 1/16}, got 'shift'"),
        ([{"shift": 0.1, "rotate": 1}], (0,), "expected one transform such as {shift: 1/16}, got "),
        ([{"shfit": 0.1}], (0,), "expected shift or scale or rotate or noise, got 'shfit'. Did you mean shift?"),
        ([{"noise": 0}, {"shift": 0.6}], (1,), "shift: expected 0 to 0.5, got 0.6"),
        ([{"scale": "1/2"}], (0,), "scale: expected 1 to 4, got '1/2'"),
        ([{"rotate": "far"}], (0,), "expected a number or a fraction such as 1/255, got 'far'"),
    ],
)
def test_each_problem_is_told_at_its_item(given: object, place: tuple[int, ...], told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TRANSFORMS.validate_python(given)
    (error,) = caught.value.errors()
    assert error["loc"][: len(place)] == place
    assert told in error["msg"]
