"""What the store holds of a model's dataset, as its pages show it: examples, numbers, and the files of the examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.analysis.filter_views import ImageFile
from generator.analysis.histogram import Histogram, histogram
from generator.config.values import ModelEntry
from generator.dataset import mosaics
from generator.dataset.evidence import QUANTILES, Example
from generator.dataset.pictures import Mosaic, WholeSheet, best_mosaic, other_mosaic, whole_sheets
from generator.dataset.stored import LayerImages, Looked, images_in_use, layer_evidence
from generator.models.summary import ConvLayer, ModelSummary
from generator.numbers import shortened
from generator.store import Store

CLASSES = 10
"""Of a dataset's classes: those to which a filter's mean response is largest."""

FEWEST_COMPARED = 64
"""Images by whose responses filters are compared: with fewer, correlations say little."""

RARE = 0.05
"""A filter that fires in a smaller share of the images is called rare. A convention, not fitted to any network."""


@dataclass(frozen=True)
class WholeImage:
    """Where a whole image is on its sheet: (left, top, width, height) in pixels."""

    sheet: ImageFile
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class ExampleView:
    """An example: the name and class of its image, what the filter does on it, and the part that its peak sees.

    ``box`` is (top, left, height, width) in pixels of the image as it is fed, ``marked`` the same in percents of it.
    ``number`` is its place in its mosaic; ``quantile`` the share of the images in which the filter fires that it is at.
    ``centre`` is the middle of what the unit sees, as (x, y) in pixels of the mosaic's cell, where it sees more than
    the image; None where it sees less, or everything.
    """

    image: str
    label: str
    response: float
    peak: float
    box: tuple[int, int, int, int]
    marked: tuple[float, float, float, float]
    number: int
    whole: WholeImage | None
    quantile: float | None = None
    centre: tuple[int, int] | None = None

    @property
    def is_whole(self) -> bool:
        """Tell whether the unit sees all of the image."""
        return self.marked[2:] == (100.0, 100.0)


@dataclass(frozen=True)
class EvidenceView:
    """What a filter does on a dataset's images.

    ``fires`` counts those in which its activation is above zero anywhere, ``most`` is its largest response, ``highest``
    its largest activation. ``best`` are its best examples, ``others`` weaker and lowest ones; each has a mosaic with as
    many ``columns``. ``classes`` are (name, mean response), the largest first; ``selective`` is the class that it
    prefers with the class selectivity index, ``leading`` are that class and those whose mean response is as large but
    for chance. ``histogram`` is of its responses, to a sample of ``sampled`` images unless that is 0; it ends at the
    largest to any image.
    """

    count: int
    fires: int
    mean: float
    deviation: float
    most: float
    highest: float
    quantiles: tuple[tuple[float, float, float], ...]
    best: tuple[ExampleView, ...]
    best_file: ImageFile | None
    columns: int
    others: tuple[ExampleView, ...]
    others_file: ImageFile | None
    classes: tuple[tuple[str, float], ...]
    selective: tuple[str, float] | None
    histogram: Histogram | None
    sampled: int
    varies: bool
    leading: tuple[str, ...] = ()

    @property
    def sees_all(self) -> bool:
        """Tell whether the units of all its best examples see all of the image."""
        return all(example.is_whole for example in self.best)

    @property
    def fires_in(self) -> float:
        """Return the share of the images in which it fires."""
        return self.fires / self.count

    @property
    def is_rare(self) -> bool:
        """Tell whether it fires in few of the images, but in some."""
        return 0 < self.fires_in < RARE

    @property
    def weaker(self) -> tuple[ExampleView, ...]:
        """Return the examples at lower quantiles, the highest first."""
        return tuple(example for example in self.others if example.quantile is not None)

    @property
    def lowest(self) -> tuple[ExampleView, ...]:
        """Return the images with the lowest activations."""
        return tuple(example for example in self.others if example.quantile is None)


@dataclass(frozen=True)
class DatasetView:
    """A dataset as a model's pages name it: how many images the model was shown, and how many there are.

    ``files`` are the sheets of whole images.
    """

    name: str
    count: int
    total: int
    left_out: int
    size: tuple[int, int]
    classes: tuple[str, ...]
    publish: bool
    files: tuple[ImageFile, ...]


class Evidence:
    """The evidence on a model's filters, which the store may hold or not."""

    def __init__(
        self, entry: ModelEntry, summary: ModelSummary, filters: Mapping[int, Sequence[int]], store: Store
    ) -> None:
        self._store = store
        stored = store.dataset(entry.name) if entry.dataset else None
        self._looked = Looked.from_json(stored, summary.digest)
        self._layers: dict[int, LayerImages] = {}
        self._wholes: dict[int, WholeImage] = {}
        self.dataset: DatasetView | None = None
        if self._looked is None:
            return
        self._layers = layer_evidence(store, self._looked, filters)
        sheets: list[ImageFile] = []
        if self._looked.publish:
            used = images_in_use(self._layers, self._looked, filters)
            for sheet in whole_sheets(used, self._looked):
                if file := self._whole_sheet(sheet, f"{entry.slug}/images-{len(sheets):03d}.webp"):
                    sheets.append(file)
        if self._layers:
            looked = self._looked
            count = max(layer.evidence.count for layer in self._layers.values())
            self.dataset = DatasetView(
                looked.dataset,
                count,
                looked.total,
                looked.left_out,
                looked.size,
                looked.classes,
                looked.publish,
                tuple(sheets),
            )

    def _whole_sheet(self, sheet: WholeSheet, path: str) -> ImageFile | None:
        """Return the file of a sheet, and note where its images are."""
        assert self._looked
        blob = self._store.sheet(sheet.key)
        if blob is None:
            return None
        width, height = mosaics.whole_size(self._looked.size)
        size = mosaics.sheet_size(len(sheet.images), self._looked.size)
        file = ImageFile(path, blob, *size)
        for number, image in enumerate(sheet.images):
            row, column = divmod(number, mosaics.WHOLE_ACROSS)
            self._wholes[image] = WholeImage(file, column * width, row * height, width, height)
        return file

    @property
    def looked(self) -> Looked | None:
        """Return the images that the model was looked at on."""
        return self._looked

    @property
    def classes(self) -> tuple[str, ...]:
        """Return the names of the dataset's classes in their order."""
        return self._looked.classes if self._looked else ()

    def class_means(self, layer: ConvLayer) -> NDArray[Any] | None:
        """Return the mean responses (classes, filters) of a layer to the images of each class; None if not known."""
        own = self._layers.get(layer.index)
        return None if own is None else own.evidence.class_means

    def of(self, layer: ConvLayer, index: int, stem: str) -> EvidenceView | None:
        """Return what is known of a filter; ``stem`` begins the paths of its files. None if nothing is."""
        own, looked = self._layers.get(layer.index), self._looked
        if own is None or looked is None or index >= len(own.evidence.fires) or own.evidence.spoiled[index]:
            return None
        evidence = own.evidence
        best = evidence.examples(index, looked.examples)
        weaker, lowest = evidence.weaker(index, best), evidence.lowest(index)
        files: list[ImageFile | None] = [None, None]
        if looked.publish:
            mosaic, other = best_mosaic(own, looked, index), other_mosaic(own, looked, index)
            files = [self._file(mosaic, f"{stem}-examples.webp"), self._file(other, f"{stem}-weaker.webp")]
        others = [self._example(own, e, n, share) for n, (share, e) in enumerate(weaker)]
        others += [self._example(own, e, n, None) for n, e in enumerate(lowest, len(weaker))]
        selective = evidence.selectivity(index)
        responses, peaks = evidence.sampled[:, :, index]
        return EvidenceView(
            count=evidence.count,
            fires=int(evidence.fires[index]),
            mean=shortened(evidence.mean[0, index]),
            deviation=shortened(evidence.deviation[0, index]),
            most=shortened(evidence.most[index]),
            highest=shortened(evidence.top_values[1, index, 0]),
            quantiles=tuple((share, _quantile(responses, share), _quantile(peaks, share)) for share in QUANTILES),
            best=tuple(self._example(own, e, n, None) for n, e in enumerate(best)),
            best_file=files[0],
            columns=mosaics.across(looked.examples),
            others=tuple(others),
            others_file=files[1],
            classes=self._classes(evidence.class_means[:, index]),
            selective=(looked.classes[selective[0]], shortened(selective[1])) if selective else None,
            histogram=histogram(evidence.sampled[0, :, index].tolist(), high=max(0.0, float(evidence.most[index]))),
            sampled=len(evidence.sampled_images) if evidence.is_sample else 0,
            varies=bool(evidence.deviation[1, index] > 1e-5 * abs(evidence.mean[1, index])),
            leading=tuple(looked.classes[place] for place in evidence.leading(index, looked.class_counts)),
        )

    def responses(self, layer: ConvLayer, indices: Sequence[int]) -> NDArray[np.float32] | None:
        """Return the responses (filters, images) of some filters to the images of the sample.

        None if they are not known of all of them, or the images are too few to compare by.
        """
        own = self._layers.get(layer.index)
        if own is None or max(indices) >= len(own.evidence.fires) or own.evidence.spoiled[list(indices)].any():
            return None
        sampled: NDArray[np.float32] = own.evidence.sampled[0][:, list(indices)].T
        return sampled if sampled.shape[1] >= FEWEST_COMPARED else None

    def _file(self, mosaic: Mosaic | None, path: str) -> ImageFile | None:
        blob = self._store.sheet(mosaic.key) if mosaic else None
        return ImageFile(path, blob, *mosaic.size) if mosaic and blob else None

    def _example(self, layer: LayerImages, example: Example, number: int, quantile: float | None) -> ExampleView:
        assert self._looked
        size = self._looked.size
        top, left, height, width = layer.fields.box(example.place, layer.map[1], size)
        shares = (top / size[0], left / size[1], height / size[0], width / size[1])
        return ExampleView(
            image=self._looked.names[example.image],
            label=self._looked.class_of(example.image),
            response=shortened(example.response),
            peak=shortened(example.peak),
            box=(top, left, height, width),
            marked=_percents(shares),
            number=number,
            whole=self._wholes.get(example.image),
            quantile=quantile,
            centre=mosaics.centre(layer.fields.middle(example.place, layer.map[1], size), (top, left, height, width)),
        )

    def _classes(self, means: NDArray[Any]) -> tuple[tuple[str, float], ...]:
        assert self._looked
        known = [(float(mean), name) for name, mean in zip(self._looked.classes, means, strict=True) if mean == mean]
        ranked = sorted(known, key=lambda item: (-item[0], item[1]))
        return tuple((name, shortened(mean)) for mean, name in ranked[:CLASSES])


def _quantile(values: NDArray[Any], share: float) -> float:
    """Return the value at a share, by the nearest rank, as ``LayerEvidence.weaker`` picks images."""
    ordered = np.sort(values)
    return shortened(ordered[max(0, int(np.ceil(share * len(ordered) - 1e-9)) - 1)])


def _percents(shares: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    top, left, height, width = (round(100 * share, 2) for share in shares)
    return top, left, height, width
