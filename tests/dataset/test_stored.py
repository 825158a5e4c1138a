"""Which records cover a dataset, and what is read of the store."""

from __future__ import annotations

from typing import Any

from generator.dataset.stored import Looked, covering

A, B, C, D = (digit * 64 for digit in "abcd")


def record(
    *images: str, layers: tuple[int, ...] = (1, 2), unread: tuple[str, ...] = (), label: str = ""
) -> dict[str, Any]:
    return {
        "technique": "dataset",
        "images": [[content, label] for content in images],
        "unread": [[content, label, "broken"] for content in unread],
        "layers": [{"layer": layer} for layer in layers],
    }


def keys(records: dict[str, dict[str, Any]], *wanted: str, layers: tuple[int, ...] = (1,)) -> list[str]:
    return covering(records.items(), [(content, "") for content in wanted], layers)[0]


def test_records_of_wanted_images_alone_are_taken_each_image_once() -> None:
    records = {"x": record(A), "y": record(A, B), "z": record(C, D), "v": record(B)}
    assert keys(records, A, B, C) == ["y"]
    assert keys(records, A, C, D) == ["z", "x"]
    assert keys(records, A, B, C, D) == ["y", "z"]


def test_a_record_without_a_layer_or_of_another_class_is_of_no_use() -> None:
    assert keys({"x": record(A, layers=(2,))}, A) == []
    assert keys({"x": record(A, label="cat")}, A) == []
    assert keys({"x": record(A, layers=(1, 2, 3))}, A) == ["x"]


def test_images_that_could_not_be_used_are_not_tried_again() -> None:
    found, covered, unread = covering([("x", record(A, unread=(B,)))], [(A, ""), (B, "")], [1])
    assert found == ["x"]
    assert covered == {(A, ""), (B, "")}
    assert unread == {(B, ""): "broken"}


LOOKED = Looked("images", A, B, (C,), ("a.png",), (0,), ("cat",), (D,), (8, 8), True, 9, 1, 0)


def test_there_and_back_unless_it_is_of_another_model_or_makes_no_sense() -> None:
    stored = {name: list(value) if isinstance(value, tuple) else value for name, value in LOOKED.to_json().items()}
    assert Looked.from_json(stored, A) == LOOKED
    assert Looked.from_json(stored, B) is None
    assert Looked.from_json(None, A) is None
    assert Looked.from_json({**stored, "labels": [3]}, A) is None
    assert Looked.from_json({**stored, "names": []}, A) is None
