from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from generator.config.types.objectives import ObjectiveList
from generator.config.values import ObjectiveSpec

OBJECTIVES: TypeAdapter[Any] = TypeAdapter(ObjectiveList)
DIRECTION = ObjectiveSpec("direction", ((3, 1.0), (12, -0.5)))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("neuron", (ObjectiveSpec("neuron"),)),
        (["channel", "neuron", "channel"], (ObjectiveSpec("channel"), ObjectiveSpec("neuron"))),
        ({"direction": {"12": -0.5, "3": 1}}, (DIRECTION,)),
        (["channel", {"direction": {12: -0.5, 3: 1}}], (ObjectiveSpec("channel"), DIRECTION)),
    ],
)
def test_one_or_several_each_once(given: object, expected: object) -> None:
    assert OBJECTIVES.validate_python(given) == expected


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("chanel", ". Did you mean channel?"),
        ({"directon": {"1": 1}}, ". Did you mean direction?"),
        ({"direction": {"1": 0}}, ""),
        ({"direction": {}}, ""),
        ({"direction": {"first": 1}}, ""),
        (7, ""),
    ],
)
def test_what_is_none_is_told(given: object, hint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        OBJECTIVES.validate_python(given)
    (error,) = caught.value.errors()
    assert "expected channel, neuron, or {direction: {filter: weight}}, weights not zero; got " in error["msg"]
    assert error["msg"].endswith(hint)


def test_none_at_all_is_refused() -> None:
    with pytest.raises(ValidationError):
        OBJECTIVES.validate_python([])
