"""What is maximised."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from generator.config.types.annotations import Strict, Takes, TakesOneOrMore, key_hint, near
from generator.config.types.numbers import Number
from generator.config.values import ObjectiveSpec
from generator.terms import OBJECTIVES, ObjectiveName


def _not_zero(weight: float) -> float:
    if weight == 0:
        raise ValueError(weight)
    return weight


_FilterIndex = Annotated[str, Field(pattern=r"^\d+$"), BeforeValidator(str)]  # YAML's keys come as texts


class DirectionPart(Strict):
    """An objective that weighs filters."""

    direction: Annotated[
        dict[_FilterIndex, Annotated[Number, AfterValidator(_not_zero)]],
        Field(
            min_length=1,
            json_schema_extra={"additionalProperties": False, "words": "mapping from filter to weight"},
        ),
    ]
    """The weight of each filter, by its index."""


def _objective(given: str | DirectionPart) -> ObjectiveSpec:
    if isinstance(given, str):
        return ObjectiveSpec(given)
    return ObjectiveSpec("direction", tuple(sorted((int(index), weight) for index, weight in given.direction.items())))


def _objective_hint(value: object) -> str:
    if isinstance(value, dict):
        return f". {key_hint(value, 'direction')}".rstrip()
    return near(*OBJECTIVES, "direction")(value)


_OneObjective = Annotated[
    ObjectiveSpec,
    Takes(
        ObjectiveName | DirectionPart,
        f"{', '.join(OBJECTIVES)}, or {{direction: {{filter: weight}}}}, weights not zero;",
        _objective,
        _objective_hint,
    ),
]
ObjectiveList = Annotated[
    tuple[ObjectiveSpec, ...],
    TakesOneOrMore(_OneObjective, examples=("neuron", {"direction": {"3": 1, "7": -0.5}}, ["channel", "neuron"])),
]
"""What is maximised: one objective or several, each once."""
