"""A record that does not follow the schema of its technique is as if it were absent, and is made again."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from generator.store.record_schema import is_sound

A, B, C = (letter * 64 for letter in "abc")

KERNEL = {
    "technique": "kernel",
    "blobs": [A],
    "filters": [
        {
            "filter": 3,
            "kernel": A,
            "colour": False,
            "inputs": [1, 0],
            "shares": [0.5, 0.25],
            "of": 3,
            "alike": [[2, 0.75]],
            "size": [3, 5],
        }
    ],
}
FEATURE_MAP = {
    "technique": "feature-map",
    "photo": B,
    "blobs": [B, A],
    "filters": [
        {
            "filter": 0,
            "map": A,
            "response": 0.5,
            "peak": 2,
            "uncapped": {"response": 1.5, "peak": 7},
            "places": 0.1,
            "sketch": {"low": 0.0, "high": 1.0, "cells": "A" * 86 + "=="},
            "size": [7, 7],
        }
    ],
}
PICTURE = {
    "technique": "picture",
    "size": [64, 64],
    "blobs": [A, B, C],
    "filters": [
        {
            "filter": 0,
            "pictures": [
                {
                    "picture": A,
                    "growth": [[0, B]],
                    "channels": {"sheet": C, "size": [64, 128]},
                    "transparent": False,
                    "score": -1.5,
                    "reached": 2.0,
                    "trace": [0.0, 1.0],
                }
            ],
        }
    ],
}
RECORDS = {"kernel": KERNEL, "feature-map": FEATURE_MAP, "picture": PICTURE}
OPTIONAL = {("filters", 0, "pictures", 0, "channels"), ("filters", 0, "uncapped")}
WRONG: tuple[Any, ...] = (None, "text", [], {}, -1, float("nan"), "../../x")


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, held in items:
        yield from places(held, (*path, key))


def at(record: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        record = record[key]
    return record


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_the_records_of_tasks_are_sound(record: dict[str, Any]) -> None:
    assert is_sound(record)


@pytest.mark.case("store-shapes")
@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_a_record_without_a_key_is_not(record: dict[str, Any]) -> None:
    keys = [path for path in places(record) if isinstance(path[-1], str) and path not in OPTIONAL]
    assert len(keys) > 8
    for path in keys:
        damaged = copy.deepcopy(record)
        del at(damaged, path[:-1])[path[-1]]
        assert not is_sound(damaged), path


@pytest.mark.case("store-shapes")
@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_a_record_with_a_value_of_another_type_is_not(record: dict[str, Any]) -> None:
    for path in places(record):
        before = at(record, path)
        for wrong in WRONG:
            same = type(wrong) is type(before) or (isinstance(before, int | float) and wrong == -1)
            if same or (wrong is None and path in OPTIONAL):
                continue
            damaged = copy.deepcopy(record)
            at(damaged, path[:-1])[path[-1]] = wrong
            assert not is_sound(damaged), (path, wrong)


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_a_record_that_names_a_blob_without_listing_it_is_not(record: dict[str, Any]) -> None:
    for blob in record["blobs"]:
        assert not is_sound({**record, "blobs": [other for other in record["blobs"] if other != blob]})


def test_a_record_of_no_technique_is_not() -> None:
    assert not is_sound({})
    assert not is_sound({**KERNEL, "technique": "painting"})
