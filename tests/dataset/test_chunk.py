"""Chunks as files: the same numbers give the same bytes, and what is damaged is found."""

from __future__ import annotations

import numpy as np
import pytest

from generator.arrays import layers_from_bytes
from generator.arrays import layers_to_bytes as to_bytes
from generator.dataset.chunk import IMAGES, SAMPLE, WHOLE, LayerChunk, images_of_chunk, layer_chunk, threshold
from tests.dataset.test_evidence import DIGESTS, LABELS, values

CHUNK = layer_chunk(values(np.random.default_rng(0).normal(size=(30, 4))), LABELS, 2, np.ones(30, np.bool_), examples=9)


def test_there_and_back() -> None:
    content = to_bytes({3: CHUNK, 1: CHUNK})
    assert content == to_bytes({1: CHUNK, 3: CHUNK})
    back = layers_from_bytes(LayerChunk, content, [3])[3]
    for name, value in vars(CHUNK).items():
        np.testing.assert_array_equal(getattr(back, name), value)


@pytest.mark.parametrize("content", [b"", b"PK", to_bytes({1: CHUNK})[:-30], to_bytes({2: CHUNK})])
def test_what_is_damaged_or_lacks_a_layer_is_none(content: bytes) -> None:
    with pytest.raises(ValueError, match="no arrays"):
        layers_from_bytes(LayerChunk, content, [1])


def test_the_size_of_a_chunk_does_not_depend_on_how_many_images_there_are() -> None:
    assert images_of_chunk(500) == IMAGES
    assert images_of_chunk(2**20) == 16
    small = len(to_bytes({1: layer_chunk(values(np.ones((20, 4))), LABELS[:20], 2, np.zeros(20, np.bool_), 9)}))
    large = len(to_bytes({1: layer_chunk(values(np.ones((30, 4))), LABELS, 2, np.zeros(30, np.bool_), 9)}))
    assert abs(large - small) < 64


def test_the_threshold_lets_in_just_the_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    assert threshold(DIGESTS) == WHOLE
    assert SAMPLE == 1024
    assert sum(int(digest[:8], 16) < threshold(DIGESTS * 40, 2**30) for digest in DIGESTS * 40) == 80
    monkeypatch.setattr("generator.dataset.chunk.SAMPLE", 5)
    assert sum(int(digest[:8], 16) < threshold(DIGESTS) for digest in DIGESTS) == 5
