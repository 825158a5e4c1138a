from __future__ import annotations

from typing import Any

import pytest

from generator.config import LayerRule
from generator.config.values import MostActive
from generator.plan.activity import activity_key, layers_by_activity
from tests.summaries import conv, entry, summary

MODEL = summary(conv(1, "stem"), conv(2, "top"), conv(3, "last"))
PHOTOS = [("a" * 64, (32, 32)), ("b" * 64, (32, 48))]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, []),
        ({"filters": MostActive(2)}, [1, 2, 3]),
        ({"filters": MostActive(2), "layers": (LayerRule("top", filters="all"), LayerRule("*"))}, [1, 3]),
        ({"layers": (LayerRule("t*", filters=MostActive(1)),)}, [2]),
    ],
)
def test_layers_whose_most_active_filters_are_asked_for(fields: dict[str, Any], expected: list[int]) -> None:
    assert layers_by_activity(entry(**fields), MODEL) == expected


def test_the_key_hangs_on_the_weights_the_layers_and_the_photos_as_they_are_fed() -> None:
    other = summary(conv(1, "stem"), digest="f" * 64)
    keys = [
        activity_key(MODEL, [1, 2], PHOTOS),
        activity_key(other, [1, 2], PHOTOS),
        activity_key(MODEL, [1], PHOTOS),
        activity_key(MODEL, [1, 2], PHOTOS[:1]),
        activity_key(MODEL, [1, 2], [PHOTOS[0], ("b" * 64, (48, 32))]),
    ]
    assert len({*keys}) == len(keys)
    assert activity_key(MODEL, (1, 2), iter(PHOTOS)) == keys[0]
