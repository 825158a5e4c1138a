from __future__ import annotations

import numpy as np
import pytest

from generator.assets import PHOTOS
from generator.models.samples import bundled_photos


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_photos_have_the_size_and_the_channels_of_the_network(channels: int) -> None:
    photos = bundled_photos((20, 30), channels)
    assert photos.shape == (len(PHOTOS), 20, 30, channels)
    assert photos.max() > 128
    assert photos.std(axis=(1, 2)).min() > 10  # there is something to see
    alike = [np.array_equal(photos[..., 0], photos[..., channel]) for channel in range(channels)]
    assert alike == ([True, False, False] if channels == 3 else [True] * channels)
    assert len({photo.tobytes() for photo in photos}) == len(PHOTOS)
