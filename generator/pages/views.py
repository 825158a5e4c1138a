"""What the templates show: plain values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from generator.analysis.layer_insight import LayerInsight, layer_insight
from generator.analysis.records import FeatureMap, File, KernelView, PictureView
from generator.analysis.verdict import RANK, Verdict, of_filter
from generator.config.values import ModelEntry, RenderSettings
from generator.models.summary import ConvLayer, ModelSummary
from generator.pages.technique import Technique
from generator.site.sheets import BEST


@dataclass(frozen=True)
class FilterView:
    """Everything on one filter's page. There is at least one picture, and the first is the main one."""

    index: int
    page: str
    pictures: tuple[PictureView, ...]
    maps: tuple[FeatureMap, ...]
    kernel: KernelView | None

    @property
    def main(self) -> PictureView:
        """Return the picture that stands for the filter."""
        return self.pictures[0]

    @property
    def picture(self) -> File:
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
    def searches(self) -> tuple[PictureView, ...]:
        """Return the pictures that were to excite the filter, whether they do or not."""
        return tuple(picture for picture in self.pictures if picture.positive)

    @cached_property
    def starts(self) -> int:
        """Return from how many different starts the filter was searched."""
        return len({picture.snapshots[0][1].blob for picture in self.searches if picture.snapshots})

    @cached_property
    def verdict(self) -> Verdict:
        """Return the verdict on the filter."""
        others = [picture.verdict for picture in self.searches if picture is not self.main]
        return of_filter(self.main.verdict, others, [m.response for m in self.maps])

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of its pictures, each once."""
        return tuple(dict.fromkeys(kind for picture in self.pictures for kind in picture.kinds))


@dataclass(frozen=True)
class LayerView:
    """One convolutional layer with the filters that are shown."""

    layer: ConvLayer
    page: str
    filters: tuple[FilterView, ...]
    techniques: tuple[Technique, ...] = ()
    best_sheet: File | None = None
    contact: File | None = None

    @cached_property
    def places(self) -> dict[int, int]:
        """Return the place of each filter on the layer's sheets, by its index."""
        return {view.index: place for place, view in enumerate(self.filters)}

    @cached_property
    def best_places(self) -> dict[int, int]:
        """Return the place of each of the strongest filters on their own sheet, by its index."""
        return {view.index: place for place, view in enumerate(self.best[:BEST])}

    @cached_property
    def by_index(self) -> dict[int, FilterView]:
        """Return the filters by their index."""
        return {view.index: view for view in self.filters}

    @cached_property
    def best(self) -> tuple[FilterView, ...]:
        """Return the filters whose pictures excite them, the strongest first; dead ones only if there are no others."""
        alive = [f for f in self.filters if not f.main.empty] or self.filters
        return tuple(sorted(alive, key=lambda f: (RANK[f.verdict], -f.score, f.index)))

    @cached_property
    def insight(self) -> LayerInsight:
        """Return what its filters have to do with each other."""
        return layer_insight(self.layer, self.filters)

    def count(self, which: str) -> int:
        """Return how many filters have a verdict."""
        return sum(f.verdict == which for f in self.filters)


@dataclass(frozen=True)
class ModelView:
    """One model with the layers that are shown; ``photos`` as the network sees them.

    ``missing`` are the layers that were to be shown, and of which the store holds nothing.
    """

    name: str
    slug: str
    entry: ModelEntry
    summary: ModelSummary
    page: str
    layers: tuple[LayerView, ...]
    photos: tuple[tuple[str, File], ...]
    missing: tuple[ConvLayer, ...] = ()

    @cached_property
    def by_index(self) -> dict[int, LayerView]:
        """Return the layers by their index on the card."""
        return {view.layer.index: view for view in self.layers}

    @property
    def overview(self) -> tuple[LayerView, ...]:
        """Return at most 14 layers, spread from the first to the last."""
        count = min(14, len(self.layers))
        return tuple(self.layers[round(i * (len(self.layers) - 1) / max(1, count - 1))] for i in range(count))

    @property
    def filters(self) -> int:
        """Return how many filters are shown."""
        return sum(len(view.filters) for view in self.layers)

    def count(self, which: str) -> int:
        """Return how many filters have a verdict."""
        return sum(view.count(which) for view in self.layers)
