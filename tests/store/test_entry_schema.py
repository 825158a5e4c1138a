"""What has another shape than its schema asks for is as if it were absent."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from generator.store import entry_schema as schema
from generator.store.entry_schema import shape_of

A = "a" * 64
LAYER: dict[str, Any] = {
    "folded": True,
    "change": None,
    "filters": {"change": [0.5, None], "cosine": [1.0, 0], "biases": [[1], [2.0]]},
}
ENTRIES: list[tuple[type[BaseModel], dict[str, Any]]] = [
    (schema.Name, {"name": "net", "digest": A}),
    (schema.Tuning, {"version": 1, "precision": "float32", "batches": [[3.5, 8], [7, 32]]}),
    (schema.Sheet, {"blob": A}),
    (schema.Site, {"inputs": A, "manifest": A, "verdicts": {"weak": 3}, "times": [10**18]}),
    (schema.Comparison, {"layers": [LAYER, {**LAYER, "filters": {**LAYER["filters"], "biases": None}}]}),
    (schema.Activity, {"1": [0.5, -1], "12": [0]}),
    (schema.Speed, {"multiplications_per_second": 1e9}),
]
NAMES = [made.__name__ for made, _ in ENTRIES]


@pytest.mark.parametrize(("made", "entry"), ENTRIES, ids=NAMES)
def test_what_is_written_has_its_shape(made: type[BaseModel], entry: dict[str, Any]) -> None:
    assert shape_of(made)(entry, True)


DAMAGED: list[tuple[type[BaseModel], dict[str, Any]]] = [
    (schema.Name, {"name": "net"}),
    (schema.Name, {"name": "net", "digest": None}),
    (schema.Name, {"name": "net", "digest": "../../x"}),
    (schema.Name, {"name": 7, "digest": A}),
    (schema.Tuning, {"version": 1, "precision": "float32"}),
    (schema.Tuning, {"version": "1", "precision": "float32", "batches": []}),
    (schema.Tuning, {"version": 1, "precision": None, "batches": []}),
    (schema.Tuning, {"version": 1, "precision": "float32", "batches": None}),
    (schema.Tuning, {"version": 1, "precision": "float32", "batches": [[3.5]]}),
    (schema.Tuning, {"version": 1, "precision": "float32", "batches": [[3.5, 0]]}),
    (schema.Tuning, {"version": 1, "precision": "float32", "batches": [[0, 8]]}),
    (schema.Tuning, {"version": 1, "precision": "float32", "batches": [[3.5, "8"]]}),
    (schema.Sheet, {}),
    (schema.Sheet, {"blob": None}),
    (schema.Sheet, {"blob": "../../x"}),
    (schema.Site, {"inputs": A, "manifest": A}),
    (schema.Site, {"inputs": A, "manifest": A, "verdicts": None}),
    (schema.Site, {"inputs": A, "manifest": A, "verdicts": {"weak": -1}}),
    (schema.Site, {"inputs": A, "manifest": A, "verdicts": {"weak": "3"}}),
    (schema.Site, {"inputs": A, "manifest": A, "verdicts": {}, "times": [0.5]}),
    (schema.Comparison, {}),
    (schema.Comparison, {"layers": None}),
    (schema.Comparison, {"layers": [{}]}),
    (schema.Comparison, {"layers": [{**LAYER, "folded": 1}]}),
    (schema.Comparison, {"layers": [{**LAYER, "change": "0.5"}]}),
    (schema.Comparison, {"layers": [{**LAYER, "filters": None}]}),
    (schema.Comparison, {"layers": [{**LAYER, "filters": {"change": [], "cosine": None, "biases": None}}]}),
    (schema.Comparison, {"layers": [{**LAYER, "filters": {"change": [], "cosine": [], "biases": []}}]}),
    (schema.Activity, {"one": [0.5]}),
    (schema.Activity, {"1": None}),
    (schema.Activity, {"1": ["0.5"]}),
    (schema.Speed, {"multiplications_per_second": "fast"}),
    (schema.Speed, {"multiplications_per_second": -1.0}),
    (schema.Speed, {"multiplications_per_second": None}),
]


@pytest.mark.case("store-shapes")
@pytest.mark.parametrize(("made", "entry"), DAMAGED)
def test_what_is_damaged_has_not(made: type[BaseModel], entry: dict[str, Any]) -> None:
    assert not shape_of(made)(entry, False)


@pytest.mark.parametrize(("made", "entry"), ENTRIES, ids=NAMES)
def test_what_else_it_holds_is_ignored_but_in_entries_without_a_digest(
    made: type[BaseModel], entry: dict[str, Any]
) -> None:
    if made in (schema.Activity, schema.Speed):
        return
    assert shape_of(made)({**entry, "later": 1}, False)
    assert not shape_of(made)({**entry, "later": 1}, True)
