"""The most memory of a build by the number of its photos and by the width of a layer: neither should matter.

python -m benchmarks.memory FOLDER PHOTOS FILTERS   does one build in this process, and prints its peak in MiB
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.process import answer, peak

TITLE = "Memory"
TEXT = """\
The largest resident set of a whole build of one layer, in a process of its own: photos of 24 megapixels, half of them
JPEG and half PNG, are decoded one at a time, and of a wide layer that no other needs, some filters at a time are in
memory. The ratio is to the row of the same kind above it."""
HEAD = ("| photos | filters | MiB | ratio |", "| --: | --: | --: | --: |")

PHOTOS, FILTERS = (2, 20), (16, 1024)
SIDES = (6000, 4000)


def rows() -> Iterator[str]:
    """Yield the rows of the table."""
    with tempfile.TemporaryDirectory() as folder:
        _photos(Path(folder), max(PHOTOS))
        for builds in ([(photos, FILTERS[0]) for photos in PHOTOS], [(0, filters) for filters in FILTERS]):
            first = 0.0
            for photos, filters in builds:
                measured = _in_own_process(folder, photos, filters)
                first = first or measured
                yield f"| {photos} | {filters:,} | {measured:.0f} | {measured / first:.2f} |"


def _photos(folder: Path, count: int) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (400, 600, 3)).astype(np.uint8)
    image = Image.fromarray(noise).resize(SIDES)
    for number in range(count):
        image.save(folder / f"{number}.{'png' if number % 2 else 'jpg'}", compress_level=1)


def _in_own_process(folder: str, photos: int, filters: int) -> float:
    return float(answer("benchmarks.memory", folder, str(photos), str(filters)))


def main() -> None:
    """Do the build that the command line names, and print its peak; without photos of its own it has a bundled one."""
    folder, photos, filters = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    import keras

    from generator.config.load import parse_config
    from generator.pipeline import build

    convolution = keras.layers.Conv2D(filters, 3, padding="same", activation="relu")
    with tempfile.TemporaryDirectory(dir=folder) as place:
        model = Path(place) / "net.keras"
        keras.Sequential([keras.Input((224, 224, 3)), keras.layers.Rescaling(1 / 255), convolution]).save(model)
        names = [str(folder / f"{number}.{'png' if number % 2 else 'jpg'}") for number in range(photos)]
        text = (
            f"models: ['{model}']\nphotos: {names or ['chelsea']}\nrender: {{size: 32, steps: 2}}\n"
            f"output: {place}/site\ncache: {place}/store\n"
        )
        summary = build(parse_config(text, "memory", Path(place)))
    if summary.failures:
        raise SystemExit("; ".join(failure.message for failure in summary.failures))
    print(peak())


if __name__ == "__main__":
    main()
