"""Types of the manifest's fields: what each accepts, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ConfigDict, FailFast, TypeAdapter, ValidationError

from generator.site import fields
from generator.site.records import Filter, Layer, Manifest, Model, Technique


def accepts(field: Any, value: object) -> bool:
    """Tell whether a value is valid for a type, as strictly as in a manifest."""
    try:
        TypeAdapter(list[field], config=ConfigDict(strict=True)).validate_python([value])
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("field", "valid", "invalid"),
    [
        (fields.SitePath, ["index.html", "net/001-a/0000.html"], ["", "/etc/passwd", "../a", "a\\b", "a\nb", None, 7]),
        (fields.Digest, ["0123456789abcdef" * 4], ["0" * 63, "0" * 65, "A" * 64, "g" * 64, "0" * 64 + "\n", None]),
        (fields.LongText, ["", "a" * 100_000], ["a" * 100_001, None, 7]),
        (fields.FiniteNumber, [0, -1.5, 1e300], [float("nan"), float("inf"), "1", None]),
        (fields.NonNegative, [0, 2**53], [-1, 2**53 + 1, 1.0, "1", True]),
        (fields.Positive, [1, 2**53], [0, -1, 2**53 + 1, 1.0, True]),
        (fields.FilterIndex, [0, 9_999_999], [-1, 10_000_000, 0.0, "0"]),
    ],
    ids=["path", "digest", "text", "number", "non-negative", "positive", "index"],
)
def test_a_field_accepts_what_fits_and_refuses_the_rest(field: Any, valid: list[object], invalid: list[object]) -> None:
    assert [value for value in valid if not accepts(field, value)] == []
    assert [value for value in invalid if accepts(field, value)] == []


def test_a_long_list_is_read_to_its_first_fault_alone() -> None:
    """Pydantic notes 300 times as many bytes for a fault as it takes to write one."""
    faults = TypeAdapter(fields.Several[fields.Positive])
    with pytest.raises(ValidationError) as refused:
        faults.validate_json("[1," + "0," * 1000 + "2]", strict=True)
    assert refused.value.error_count() == 1
    assert faults.validate_json("[1,2,3]", strict=True) == (1, 2, 3)
    lists = [
        field
        for record in (Manifest, Model, Layer, Filter, Technique)
        for field in record.model_fields.values()
        if str(field.annotation).startswith("tuple") and "..." in str(field.annotation)
    ]
    assert len(lists) >= 15
    assert all(any(isinstance(each, FailFast) for each in field.metadata) for field in lists)
