from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from generator.config.types import numbers


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        (numbers.NumberOrFraction, "1/255", 1 / 255),
        (numbers.NumberOrFraction, " -3 / 4 ", -0.75),
        (numbers.NumberOrFraction, 2, 2.0),
        (numbers.NumberOrFraction, "1e-3", 0.001),
        (numbers.NumberOrFraction, f"1/1{'0' * 97}", 1e-97),
        (numbers.NumberOrFraction, "1e-308", 1e-308),
        (numbers.NumberOrFraction, "0e-400", 0.0),
        (numbers.Channels, 0.5, (0.5,)),
        (numbers.Channels, [1, 2.5], (1.0, 2.5)),
        (numbers.Deviations, [1, 2], (1.0, 2.0)),
        (numbers.InputShape, [224, None, 3], (224, None, 3)),
        (numbers.BandList, 0, (0,)),
        (numbers.BandList, [3, 2, 1], (3, 2, 1)),
    ],
)
def test_numbers_are_read(kind: Any, given: object, expected: object) -> None:
    assert TypeAdapter(kind).validate_python(given) == expected


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (numbers.Index, -1),
        (numbers.Count, 0),
        (numbers.Number, float("inf")),
        (numbers.Number, float("nan")),
        (numbers.Number, 1e300),
        (numbers.NumberOrFraction, "1/0"),
        (numbers.NumberOrFraction, "1/2/3"),
        (numbers.NumberOrFraction, "half"),
        (numbers.NumberOrFraction, "1e999"),
        (numbers.NumberOrFraction, "1e-99999999"),
        (numbers.NumberOrFraction, "1e-400"),
        (numbers.NumberOrFraction, "1E99999999/7"),
        (numbers.NumberOrFraction, f"1/{'9' * 101}"),
        (numbers.NumberOrFraction, 10**400),
        (numbers.Channels, 10**400),
        (numbers.Deviations, [1, 10**400]),
        (numbers.Channels, []),
        (numbers.Deviations, [1, 0]),
        (numbers.InputShape, [224, 224]),
        (numbers.InputShape, [0, 224, 3]),
        (numbers.InputShape, [224, 224, None]),
        (numbers.BandList, [1, 2]),
        (numbers.BandList, [-1]),
    ],
)
def test_what_is_no_such_number_is_refused(kind: Any, given: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(given)
