"""Cut the bundled dataset, `generator/assets/images`, out of photos that scikit-image distributes.

    pip download scikit-image --no-deps && unzip scikit_image-*.whl 'skimage/data/*'
    python tools/crop_photos.py skimage/data generator/assets/images

Every photo is a class. Its crops are of all sizes from 56 pixels to the whole, so that small networks find both
textures and things in them; flat ones are left out. THIRD_PARTY.md says whose the photos are.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

PHOTOS = {
    "astronaut": "astronaut.png",
    "brick": "brick.png",
    "cameraman": "camera.png",
    "cat": "chelsea.png",
    "cell": "cell.png",
    "clock": "clock_motion.png",
    "coffee": "coffee.png",
    "galaxies": "hubble_deep_field.jpg",
    "grass": "grass.png",
    "gravel": "gravel.png",
    "retina": "retina.jpg",
    "rocket": "rocket.jpg",
}
SIDE, SMALLEST, EACH, SEED = 64, 56, 32, 0
FLAT = 8.0
"""The least standard deviation of a crop's values."""


def crops(photo: Image.Image, rng: np.random.Generator) -> list[Image.Image]:
    """Return EACH crops of a photo, the first as large as it allows."""
    found: list[Image.Image] = []
    largest = min(photo.size)
    for attempt in range(EACH * 20):
        side = largest if not attempt else round(SMALLEST * (largest / SMALLEST) ** float(rng.random()))
        left, top = (int(rng.integers(0, length - side + 1)) for length in photo.size)
        crop = photo.resize((SIDE, SIDE), Image.Resampling.LANCZOS, (left, top, left + side, top + side))
        if np.asarray(crop.convert("L"), np.float64).std() >= FLAT or not attempt:
            found.append(crop)
        if len(found) == EACH:
            break
    return found


def main(source: Path, target: Path) -> None:
    """Write the crops of all photos, a folder for each."""
    rng = np.random.default_rng(SEED)
    for name, file in PHOTOS.items():
        (target / name).mkdir(parents=True, exist_ok=True)
        with Image.open(source / file) as opened:
            photo = opened.convert("L" if opened.mode in ("L", "I;16") else "RGB")
        for number, crop in enumerate(crops(photo, rng)):
            crop.save(target / name / f"{number:02d}.jpg", quality=80, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
