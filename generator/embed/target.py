"""The target of a snippet: a model, a layer, some of its filters, or one, found in a built site by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from generator.errors import UsageError
from generator.plan import spread
from generator.site.addresses import filter_of, find_address, technique_of
from generator.site.records import Layer, Model, Technique
from generator.site.selection import SiteSelection, Strongest, select_filters
from generator.site.sheets import CONTACT_SHEET


@dataclass(frozen=True)
class EmbedTarget:
    """What a snippet shows; without a layer it is the whole model, and ``each`` selects the filters of each layer.

    ``filters`` is empty where none are selected.
    """

    model: Model
    layer: Layer | None = None
    technique: Technique | None = None
    filters: tuple[int, ...] = ()
    each: SiteSelection | None = None

    @property
    def written(self) -> str:
        """Return the target as TARGET is written, with the filter if there is just one."""
        index = f"/{self.filters[0]}" if len(self.filters) == 1 else ""
        return f"{self.layer_written}{index}"

    @property
    def layer_written(self) -> str:
        """Return model and layer as TARGET is written."""
        return f"{self.model.name}/{self.layer.title}" if self.layer else self.model.name

    @property
    def page(self) -> str:
        """Return the path of the target's page: of the filter, if there is just one, else of the layer or the model."""
        if self.layer and len(self.filters) == 1:
            return self.filter_page(self.filters[0])
        return self.layer.page if self.layer else self.model.page

    def filter_page(self, index: int) -> str:
        """Return the path of a filter's page."""
        return self._layer.filters[self._layer.places[index]].page

    def picture(self, index: int) -> str | None:
        """Return the path of a filter's picture in the target's technique, None if it has none."""
        technique = self.technique or self._layer.techniques[0]
        return technique.files[self._layer.places[index]]

    @property
    def _layer(self) -> Layer:
        assert self.layer is not None, "a filter is a layer's"
        return self.layer


def find_target(
    models: Sequence[Model], target: str, filters: SiteSelection | None = None, technique: str | None = None
) -> EmbedTarget:
    """Return the target that TARGET names: ``vgg16``, ``vgg16/block3_conv1`` or ``vgg16/block3_conv1/12``.

    Raises UsageError, with the nearest name, for what the site does not show.
    """
    address = find_address(models, target)
    model, layer = address.model, address.layer
    if layer is None:
        if technique is not None or not isinstance(filters, int | Strongest | None):
            subject = "a technique is" if technique is not None else "such filters are"
            raise UsageError(f"{target}: {subject} a layer's", f"Name one, such as {model.name}/LAYER")
        return EmbedTarget(model, each=filters)
    if address.filter is not None and filters is not None:
        raise UsageError(f"{target}: names a filter, and --filters names others", "Leave one of them out")
    indices = () if filters is None else select_filters(filters, layer)
    for index in indices:
        filter_of(layer, index, target)
    layer_technique = None if technique is None else technique_of(layer, technique, target)
    return EmbedTarget(model, layer, layer_technique, indices if address.filter is None else (address.filter.index,))


def filters_shown(target: EmbedTarget) -> tuple[int, ...]:
    """Return the filters on a layer's contact sheet: the selected ones, else a spread of at most 64."""
    if target.filters or target.layer is None:
        return target.filters
    indices = target.layer.indices
    return tuple(indices[place] for place in spread(len(indices), CONTACT_SHEET))
