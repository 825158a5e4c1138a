"""The views of a model, its layers and their filters: the values that templates show."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from generator.analysis.filter_views import FeatureMapView, ImageFile, KernelView, PictureView
from generator.analysis.layer_insight import LayerInsight, layer_insight
from generator.analysis.verdict import RANK, Verdict, filter_verdict
from generator.config.values import ModelEntry, RenderSettings
from generator.models.summary import ConvLayer, ModelSummary
from generator.pages.circuits import CircuitView
from generator.pages.coming import ComingLayer
from generator.pages.evidence import DatasetView, EvidenceView
from generator.pages.technique import TechniqueView
from generator.site.sheets import BEST


@dataclass(frozen=True)
class FilterView:
    """A filter, as its page shows it; ``maps`` are its feature maps, ``evidence`` what it does on the dataset.

    ``circuit`` is what it is made of, and what uses it. ``name`` is the class that it stands for, if it does for one.

    There is at least one picture, and the first is the main one.
    """

    index: int
    page: str
    pictures: tuple[PictureView, ...]
    maps: tuple[FeatureMapView, ...]
    kernel: KernelView | None
    evidence: EvidenceView | None = None
    circuit: CircuitView | None = None
    name: str = ""

    @property
    def tree(self) -> str:
        """Return the page that unfolds what it is made of; there is one if it is among its model's ``trees``."""
        return f"{self.page.removesuffix('.html')}-tree.html"

    @property
    def label(self) -> str:
        """Return its name, or its number where it has none."""
        return self.name or str(self.index)

    @property
    def main(self) -> PictureView:
        """Return the main picture, which represents the filter."""
        return self.pictures[0]

    @property
    def picture(self) -> ImageFile:
        """Return the main picture's file."""
        return self.main.file

    @property
    def settings(self) -> RenderSettings:
        """Return the main picture's settings."""
        return self.main.settings

    @property
    def score(self) -> float:
        """Return the main picture's score."""
        return self.main.score

    @property
    def trace(self) -> tuple[float, ...]:
        """Return the main picture's trace."""
        return self.main.trace

    @cached_property
    def positive_pictures(self) -> tuple[PictureView, ...]:
        """Return the pictures that were optimised to excite the filter, whether they do or not."""
        return tuple(picture for picture in self.pictures if picture.positive)

    @cached_property
    def distinct_starts(self) -> int:
        """Return how many different start images the filter's positive pictures have."""
        return len({picture.snapshots[0][1].blob for picture in self.positive_pictures if picture.snapshots})

    @cached_property
    def verdict(self) -> Verdict:
        """Return the verdict on the filter."""
        others = [picture.verdict for picture in self.positive_pictures if picture is not self.main]
        responds = any(feature_map.shows_response(self.main.signed, self.main.negligible) for feature_map in self.maps)
        if self.evidence:
            responds = responds or (self.evidence.varies if self.main.signed else self.evidence.fires > 0)
        return filter_verdict(self.main.verdict, others, responds)

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of its pictures, each once."""
        return tuple(dict.fromkeys(kind for picture in self.pictures for kind in picture.kinds))


@dataclass(frozen=True)
class LayerView:
    """A convolutional layer with the filters that are shown.

    ``best_sheet`` is a sheet of thumbnails of its strongest filters, ``contact`` its contact sheet. ``on_images``
    (filters, images) are their responses to the images of the dataset, or to a sample of them.
    """

    layer: ConvLayer
    page: str
    filters: tuple[FilterView, ...]
    techniques: tuple[TechniqueView, ...] = ()
    best_sheet: ImageFile | None = None
    contact: ImageFile | None = None
    on_images: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)

    @cached_property
    def places(self) -> dict[int, int]:
        """Return the position of each filter on the layer's sheets, by its index."""
        return {view.index: position for position, view in enumerate(self.filters)}

    @cached_property
    def best_places(self) -> dict[int, int]:
        """Return the position of each of the strongest filters on ``best_sheet``, by its index."""
        return {view.index: position for position, view in enumerate(self.best[:BEST])}

    @cached_property
    def by_index(self) -> dict[int, FilterView]:
        """Return the filters by their index."""
        return {view.index: view for view in self.filters}

    @cached_property
    def best(self) -> tuple[FilterView, ...]:
        """Return the filters whose pictures excite them, the strongest first; dead ones only if there are no others."""
        excited = [f for f in self.filters if not f.main.empty] or self.filters
        return tuple(sorted(excited, key=lambda f: (RANK[f.verdict], -f.score, f.index)))

    @cached_property
    def insight(self) -> LayerInsight:
        """Return how its filters are related."""
        return layer_insight(self.layer, self.filters, self.on_images)

    def count(self, which: str) -> int:
        """Return how many filters have a verdict."""
        return sum(f.verdict == which for f in self.filters)


@dataclass(frozen=True)
class ModelView:
    """A model with the layers that are shown; ``photos`` are (name, file) of each as the network sees it.

    ``missing`` are the layers that the configuration includes, and of which the store holds nothing. ``dataset`` are
    the images that its filters were looked at on. ``coming`` are, in a site that grows, the layers of which filters
    have no picture yet.
    """

    name: str
    slug: str
    entry: ModelEntry
    summary: ModelSummary
    page: str
    layers: tuple[LayerView, ...]
    photos: tuple[tuple[str, ImageFile], ...]
    missing: tuple[ConvLayer, ...] = ()
    dataset: DatasetView | None = None
    coming: tuple[ComingLayer, ...] = ()

    @cached_property
    def by_index(self) -> dict[int, LayerView]:
        """Return the layers by their index in the summary."""
        return {view.layer.index: view for view in self.layers}

    @property
    def answers(self) -> tuple[LayerView, ...]:
        """Return the layers whose filters are the network's answers, where that is plain: dense ones, or with names."""
        return tuple(view for view in self.layers if view.layer.gives_answers or view.filters[0].name)

    @cached_property
    def trees(self) -> frozenset[tuple[int, int]]:
        """Return the filters, each with its layer's index, that are made of others that are made of something, too."""
        made = {
            (layer.layer.index, view.index): {part.first for part in view.circuit.excited_by}
            for layer in self.layers
            for view in layer.filters
            if view.circuit and view.circuit.excited_by
        }
        return frozenset(place for place, sources in made.items() if not sources.isdisjoint(made))

    def strongest_line(self, layer: int, index: int) -> tuple[tuple[int, int], ...]:
        """Return the filter, the strongest shown one that excites it, the strongest of that, and so on."""
        line = [(layer, index)]
        while True:
            circuit = self.by_index[line[-1][0]].by_index[line[-1][1]].circuit
            sources = [part.first for part in circuit.excited_by] if circuit else []
            shown = (s for s in sources if s and s[0] in self.by_index and s[1] in self.by_index[s[0]].by_index)
            source = next(shown, None)
            if source is None or source[0] >= line[-1][0]:
                return tuple(line)
            line.append(source)

    @property
    def exact_layers(self) -> tuple[int, ...]:
        """Return the layers, by index, of which the network's answers are linear functions."""
        return tuple(view.layer.linear_in for view in self.answers if view.layer.linear_in)

    @property
    def overview(self) -> tuple[LayerView, ...]:
        """Return at most 14 layers, spread from the first to the last."""
        count = min(14, len(self.layers))
        return tuple(self.layers[round(i * (len(self.layers) - 1) / max(1, count - 1))] for i in range(count))

    @property
    def filters(self) -> int:
        """Return how many filters are shown."""
        return sum(len(view.filters) for view in self.layers)

    @property
    def planned(self) -> int:
        """Return how many filters are shown when all that are coming have come."""
        return self.filters + sum(layer.count for layer in self.coming)

    def coming_of(self, layer: ConvLayer) -> int:
        """Return how many filters of a layer are coming."""
        return sum(coming.count for coming in self.coming if coming.layer is layer)

    def count(self, which: str) -> int:
        """Return how many filters have a verdict."""
        return sum(view.count(which) for view in self.layers)
