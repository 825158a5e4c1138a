"""The images that excite the filters of a layer most: numbers, names and places, and a display in Jupyter."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from generator.api.display import Display
from generator.api.filters import Selection, selected, warn
from generator.api.network import Named, Preprocessing, entry_of
from generator.config.entries import dataset_named
from generator.config.values import Dataset
from generator.dataset import mosaics
from generator.dataset.arrays import open_batches
from generator.dataset.chunk import images_of_chunk
from generator.dataset.evidence import merged
from generator.dataset.images import DatasetError, Feed, ImageError, ImageSet, fed, in_groups
from generator.models.opening import opened
from generator.pipeline.dataset import feed_of, open_dataset
from generator.plan.choose import layer_of

if TYPE_CHECKING:
    import keras

Array = NDArray[Any]

MOST_EXAMPLES = 36
"""Examples of a filter, at most."""


@dataclass(frozen=True)
class ImageExample:
    """An image that excites a filter: its name and class, or None, the filter's peak and response, and where that is.

    ``box`` is (top, left, height, width): what the position with the peak sees, in pixels of the image as it was fed.
    """

    image: str
    label: str | None
    peak: float
    response: float
    box: tuple[int, int, int, int]


@dataclass(frozen=True, eq=False, repr=False)
class DatasetExamples(Display):
    """What filters do on ``count`` images, read where ``read_at`` says.

    ``examples`` has for each of n filters the images with the highest peaks, the highest first. ``fires_in`` (n,) is
    the share of images in which it is above zero anywhere; ``means`` and ``largest`` (n,) are its mean and its largest
    response. ``classes`` are the dataset's, ``class_means`` (classes, n) the mean responses to each, ``selectivity``
    (n,) is the class selectivity index, NaN where there is none. ``problems`` are images that were left out, and why.
    """

    count: int
    examples: tuple[tuple[ImageExample, ...], ...]
    fires_in: Array
    means: Array
    largest: Array
    classes: tuple[str, ...]
    class_means: Array
    selectivity: Array
    read_at: str
    problems: tuple[str, ...]
    mosaics: tuple[Image.Image, ...]

    def images(self) -> list[Image.Image]:
        """Return for each filter a picture of its examples, as Pillow images."""
        return list(self.mosaics)

    def _captions(self) -> list[str]:
        return [f"fires in {share:.0%} of {self.count:,} images" for share in self.fires_in]


def dataset_examples(
    model: keras.Model | Named,
    layer: str | int,
    images: Named | Any,
    filters: Selection = None,
    *,
    examples: int = 9,
    limit: int = 10_000,
    seed: int = 0,
    size: int | None = None,
    labels: Sequence[str] = (),
    preprocess: Preprocessing = "auto",
    bands: int | Sequence[int] | None = None,
    trust: bool = False,
) -> DatasetExamples:
    """Return the images that excite the filters of a layer most, and what filters do on all of them.

    ``images`` is a folder, whose first level of subfolders are classes; an .npz with x, and y if there are labels;
    ``"bundled"``; or in memory an array, a pair of images and labels, a ``tf.data.Dataset``, a
    ``keras.utils.PyDataset``, or batches. Values go from 0 to 255, as those of pictures do. The other
    parameters are as in config.yaml, and as for ``visualize_filters``.

    Raises GalleryError for what cannot be read or fed to the network.

    >>> from generator import dataset_examples
    >>> found = dataset_examples("demo", "block2_conv1", "bundled", filters=[3, 17], examples=4)
    >>> found
    <DatasetExamples of demo/block2_conv1: filters 3, 17>
    >>> found.count, len(found.examples[0]), found.class_means.shape
    (384, 4, (12, 2))
    """
    if not 1 <= examples <= MOST_EXAMPLES:
        raise DatasetError(f"examples: expected 1 to {MOST_EXAMPLES}, got {examples}")
    entry, in_memory = entry_of(model, preprocess, bands)
    options = {"limit": limit, "seed": seed, "size": size, "examples": examples, "labels": tuple(labels)}
    dataset, found = _opened(images, options)
    with opened(entry, in_memory, trust) as loaded:
        from generator.pipeline.image_pass import ImagePass

        summary = loaded.summary
        chosen = layer_of(summary, layer, entry.name)
        indices = selected(filters, chosen, entry.name)
        warn(entry.name, summary, stacklevel=3)
        feed = feed_of(found, dataset, summary)
        image_pass = ImagePass(loaded, (chosen.index,), found, feed, examples)
        places, count = range(len(found)), images_of_chunk(chosen.filters)
        done = [image_pass.measure(group) for group in in_groups(places, count)]
        sight = image_pass.seen_by(chosen.index)
        parts = [image_pass.part(part, chosen.index, found.classes) for part in done if part.kept]
    unread = {key: why for part in done for key, why in part.unread.items()}
    problems = [f"{problem.name}: {problem.why}" for problem in found.problems]
    problems += [f"{found.names[place]}: {unread[found.key(place)]}" for place in places if found.key(place) in unread]
    if not parts:
        raise DatasetError(f"none of the images can be used: {problems[-1]}")
    of_classes = Counter(found.class_of(place) for part in done for place in part.kept)
    evidence = merged(parts, found.digests, [of_classes[name] for name in found.classes], examples)
    best = {index: evidence.examples(index, examples) for index in indices}
    boxes = {
        (index, example.image): sight.fields.box(example.place, sight.map[1], feed.size)
        for index, own in best.items()
        for example in own
    }
    shown = _shown(found, feed, {image for _, image in boxes})
    columns = mosaics.across(examples)
    blank = Image.new("RGB", (mosaics.CELL, mosaics.CELL), "white")
    selectivity = [evidence.selectivity(index) for index in indices]
    return DatasetExamples(
        entry.name,
        chosen.title,
        indices,
        evidence.count,
        tuple(
            tuple(
                ImageExample(
                    found.names[example.image],
                    found.class_of(example.image) or None,
                    example.peak,
                    example.response,
                    boxes[index, example.image],
                )
                for example in best[index]
            )
            for index in indices
        ),
        evidence.fires[list(indices)] / evidence.count,
        evidence.mean[0, list(indices)],
        evidence.most[list(indices)],
        found.classes,
        evidence.class_means[:, list(indices)],
        np.array([own[1] if own else np.nan for own in selectivity]),
        chosen.read_at,
        tuple(problems),
        tuple(
            mosaics.drawn([mosaics.crop(shown[e.image], boxes[index, e.image]) for e in own] or [blank], columns)
            for index, own in best.items()
        ),
    )


def _opened(images: Any, options: dict[str, Any]) -> tuple[Dataset, ImageSet]:
    """Return the dataset that is named, or in memory, with its images."""
    if isinstance(images, str | os.PathLike):
        named = dataset_named(os.fspath(images), Path())
        dataset = Dataset(named.kind, named.source, named.folder, **options)
        return dataset, open_dataset(dataset)
    dataset = Dataset("callable", "images", **options)
    return dataset, open_batches(dataset, images)


def _shown(found: ImageSet, feed: Feed, used: set[int]) -> dict[int, NDArray[np.uint8]]:
    blank = np.full((*feed.size, 3), 255, np.uint8)
    return {
        place: blank if isinstance(pixels, ImageError) else mosaics.shown(pixels, feed.bands)
        for place, pixels in fed(found, sorted(used), feed)
    }
