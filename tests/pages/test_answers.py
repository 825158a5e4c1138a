from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from generator.models.summary import ConvLayer
from generator.pages.answers import answer_names
from generator.pages.evidence import Evidence
from tests.summaries import conv, entry

CLASSES = ("cat", "dog", "bird", "fish")
HEAD = conv(9, "head", 4, type="Dense", output_shape=(4,), is_head=True)


class Looked:
    """Stands in for what is known of a dataset with the four classes."""

    classes = CLASSES

    def __init__(self, means: Any) -> None:
        self.means = means

    def class_means(self, layer: ConvLayer) -> Any:
        return self.means


def named(means: Any, layer: ConvLayer = HEAD, labels: tuple[str, ...] = ()) -> tuple[str, ...]:
    return answer_names(entry(labels=labels), layer, cast("Evidence", Looked(means)))


OWN = np.eye(4)
HALF = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0.0]])
SHIFTED = np.roll(OWN, 1, axis=0)


@pytest.mark.parametrize(
    ("means", "expected"),
    [
        (OWN, CLASSES),
        (HALF, CLASSES),
        (SHIFTED, ()),  # the classes are in another order than the units
        (None, ()),
        (OWN[:, :3], ()),
        (np.where(OWN, np.nan, OWN), ()),  # a class without an image
    ],
)
def test_the_names_of_a_dataset_are_used_where_units_respond_to_their_classes(
    means: Any, expected: tuple[str, ...]
) -> None:
    assert named(means) == expected


def test_labels_come_first_where_there_are_as_many() -> None:
    assert named(SHIFTED, labels=("a", "b", "c", "d")) == ("a", "b", "c", "d")
    assert named(OWN, labels=("a", "b")) == CLASSES
    assert named(None, labels=("a", "b")) == ()


def test_filters_that_give_no_answer_have_no_name() -> None:
    assert named(OWN, layer=conv(2, "conv", 4), labels=("a", "b", "c", "d")) == ()
