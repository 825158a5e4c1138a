from __future__ import annotations

import numpy as np
import pytest

from generator.analysis.correlation import correlations, pooled_matrix
from generator.analysis.filter_views import FeatureMapView, ImageFile, PooledMap

SEEN = ImageFile("net/photo-0.webp", "b", 8, 8)


def feature_map(photo: str, pooled_map: PooledMap | None) -> FeatureMapView:
    return FeatureMapView(photo, SEEN, SEEN, 1.0, 1.0, 0.5, pooled_map)


RISING = PooledMap(-1.0, 2.0, bytes(range(0, 256, 4)))
FLAT = PooledMap(3.0, 3.0, bytes(64))
WHOLE = PooledMap(0.0, 255.0, bytes([255] * 64))


def test_pooled_maps_are_read_between_their_least_and_largest_value() -> None:
    matrix = pooled_matrix(
        [
            [feature_map("cat", RISING), feature_map("cup", FLAT)],
            [feature_map("cat", WHOLE), feature_map("cup", RISING)],
        ]
    )
    assert (matrix.shape, matrix.dtype) == ((2, 128), np.float32)
    rising = [-1 + 3 * cell / 255 for cell in range(0, 256, 4)]
    np.testing.assert_allclose(matrix[0], [*rising, *[3.0] * 64], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(matrix[1], [*[255.0] * 64, *rising], rtol=1e-6, atol=1e-6)


def test_photos_that_not_every_filter_has_are_left_out_and_an_order_can_be_given() -> None:
    both = [feature_map("cat", RISING), feature_map("cup", FLAT)]
    assert pooled_matrix([both, [feature_map("cup", WHOLE)]]).tolist() == [[3.0] * 64, [255.0] * 64]
    assert pooled_matrix([both, [feature_map("cup", None)]]).shape == (2, 0)
    assert pooled_matrix([[]]).shape == (1, 0)
    assert pooled_matrix([]).shape == (0, 0)
    swapped = pooled_matrix([both], ("cup", "cat"))[0]
    assert swapped[0] == 3.0
    assert swapped[64] == -1.0
    with pytest.raises(KeyError, match="dog"):
        pooled_matrix([both], ("dog",))


def test_correlations_are_pearsons() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(5, 70)).astype(np.float32), rng.gamma(1, size=(3, 70)).astype(np.float32)
    expected = np.corrcoef(np.concatenate([a, b]))[:5, 5:]
    np.testing.assert_allclose(correlations(a, b), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("row", "other", "expected"),
    [
        ([1, 2, 3], [10, 20, 30], 1.0),
        ([1, 2, 3], [0, -1, -2], -1.0),
        ([0.1, 0.1, 0.1], [1, 2, 3], 0.0),  # 0.1 has no exact mean
        ([0, 0, 0], [0, 0, 0], 0.0),
        ([1e-30, 2e-30, 3e-30], [1e30, 2e30, 3e30], 1.0),
    ],
)
def test_rows_of_any_scale_and_constant_ones(row: list[float], other: list[float], expected: float) -> None:
    matrix = correlations(np.array([row], np.float32), np.array([other], np.float32))
    assert matrix.shape == (1, 1)
    assert matrix[0, 0] == pytest.approx(expected, abs=1e-6)


def test_without_photos_nothing_is_alike() -> None:
    assert correlations(np.zeros((2, 0), np.float32), np.zeros((3, 0), np.float32)).tolist() == [[0.0] * 3] * 2
