"""The layers and filters of a model that are shown, and those that are rendered now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from types import MappingProxyType

from generator.config.values import DENSE, Filters, LayerRule, ModelEntry, MostActive, RenderSettings
from generator.errors import UsageError, nearest, quoted
from generator.models.summary import ConvLayer, ModelSummary
from generator.plan.activity import Activity


@dataclass(frozen=True)
class Choice:
    """What ``--layer`` and ``--filters`` select of a build; by default everything."""

    layers: tuple[str, ...] = ()
    filters: Filters | None = None

    @property
    def narrows(self) -> bool:
        """Tell whether anything is left out."""
        return bool(self.layers) or self.filters is not None


EVERYTHING = Choice()

FEW_UNITS, MOST_UNITS = 16, 100
"""Units of a dense layer of which the configuration does not say how many are shown: so few are all; the most."""


@dataclass(frozen=True)
class ChosenLayer:
    """A layer with its filters, and the settings of each picture that they get, the main one first."""

    layer: ConvLayer
    filters: tuple[int, ...]
    settings: tuple[RenderSettings, ...]


def chosen_layers(
    entry: ModelEntry, summary: ModelSummary, choice: Choice = EVERYTHING, activity: Activity = MappingProxyType({})
) -> list[ChosenLayer]:
    """Return the layers that an entry shows, or those of them that a choice selects, in the network's order.

    ``activity`` is needed for layers of which the most active filters are selected.
    Raises UsageError, with the nearest name, for a configured pattern that matches no layer, or a filter that a layer
    does not have.
    """
    names = [layer.name for layer in summary.layers]
    _check_labels(entry, summary)
    for glob in [rule.glob for rule in entry.layers]:
        if glob == DENSE and not any(matches(layer, glob) for layer in summary.layers):
            raise UsageError(f"{entry.name}: no dense layer ends the network", "Leave `dense` out of `layers:`")
        if not any(matches(layer, glob) for layer in summary.layers):
            known = nearest(glob, names) or f"See: filter-gallery layers {entry.name}"
            raise UsageError(f"{entry.name}: no convolutional layer matches {quoted(glob)}", known)
    chosen = []
    for layer in summary.layers:
        rule = entry.rule_for(layer.name, layer.is_dense)
        if rule is None or (choice.layers and not any(matches(layer, glob) for glob in choice.layers)):
            continue
        configured = configured_filters(entry, rule, layer)
        selection = configured if choice.filters is None else choice.filters
        if layer.is_dense and isinstance(selection, tuple) and selection is choice.filters and not choice.layers:
            selection = tuple(index for index in selection if index < layer.filters)  # named for the convolutions
            if not selection:
                continue
        filters = choose_filters(selection, layer, entry.name, activity.get(layer.index, ()))
        settings = tuple(dict.fromkeys(effective(each, summary.for_layer(layer)) for each in entry.pictures_for(rule)))
        if layer.is_dense and rule.glob != DENSE:  # directions name filters of convolutions
            settings = tuple(s for s in settings if all(index < layer.filters for index, _ in s.objective.weights))
            if not settings:
                continue
        chosen.append(ChosenLayer(layer, _with_directions(filters, settings, layer, entry.name), settings))
    return chosen


def matches(layer: ConvLayer, glob: str) -> bool:
    """Tell whether a layer is meant by a glob for names, or by ``dense``."""
    return fnmatchcase(layer.name, glob) or (glob == DENSE and layer.is_dense)


def configured_filters(entry: ModelEntry, rule: LayerRule, layer: ConvLayer) -> Filters:
    """Return which filters a configuration selects of a layer.

    Of a dense layer these are all, as long as there are few, unless the configuration says so of dense layers. The
    filters that it names are those of convolutions.
    """
    if rule.filters is not None or not layer.is_dense:
        return entry.filters if rule.filters is None else rule.filters
    if layer.filters <= FEW_UNITS or entry.filters == "all" or isinstance(entry.filters, tuple):
        return min(layer.filters, MOST_UNITS)
    if isinstance(entry.filters, MostActive):
        return MostActive(min(entry.filters.count, MOST_UNITS))
    assert isinstance(entry.filters, int)
    return min(entry.filters, MOST_UNITS)


def _check_labels(entry: ModelEntry, summary: ModelSummary) -> None:
    """Make sure that the names of classes are those of a layer that gives as many answers. Raises UsageError."""
    heads = [layer for layer in summary.layers if layer.is_head]
    if entry.labels and not any(layer.filters == len(entry.labels) for layer in heads):
        given = (
            ", ".join(f"{layer.title} has {layer.filters:,}" for layer in heads) or "the network ends without classes"
        )
        raise UsageError(f"{entry.name}: labels: {len(entry.labels):,} names, but {given}", "Name each class once")


def _with_directions(
    filters: tuple[int, ...], settings: tuple[RenderSettings, ...], layer: ConvLayer, model: str
) -> tuple[int, ...]:
    """Add the filters that directions name; where there is nothing but directions, only these are shown."""
    named = tuple(sorted({index for each in settings for index, _ in each.objective.weights}))
    named = choose_filters(named, layer, model)
    own = filters if any(not each.objective.weights for each in settings) else ()
    return tuple(sorted({*own, *named}))


def effective(settings: RenderSettings, summary: ModelSummary) -> RenderSettings:
    """Return the settings with what has no effect here set to what is done instead, so that no key depends on it."""
    margin = settings.margin if settings.method == "fourier" else 0
    transforms = settings.transforms if settings.method == "fourier" else ()
    crops = settings.crops if settings.method == "maco" else 0
    diversity = 1 if settings.objective.weights else settings.diversity
    settings = replace(settings, margin=margin, transforms=transforms, crops=crops, diversity=diversity)
    settings = replace(settings, size=max(summary.picture_size(settings.size)))  # what the network takes
    return settings if summary.any_size else replace(settings, margin=0)


def check_layers(choice: Choice, configured: Iterable[tuple[ModelEntry, ModelSummary]]) -> None:
    """Make sure that every pattern of ``--layer`` matches a layer that one of the models shows.

    Raises UsageError, with the nearest name.
    """
    shown = [
        layer for entry, summary in configured for layer in summary.layers if entry.rule_for(layer.name, layer.is_dense)
    ]
    names = [layer.name for layer in shown]
    for glob in choice.layers:
        if names and not any(matches(layer, glob) for layer in shown):
            raise UsageError(
                f"no convolutional layer matches {quoted(glob)}", nearest(glob, names) or "See: filter-gallery plan"
            )


def spread(count: int, most: int) -> tuple[int, ...]:
    """Return at most ``most`` of the indices below ``count``, spread evenly."""
    number = min(count, most)
    return tuple(place * count // number for place in range(number))


def layer_of(summary: ModelSummary, layer: str | int, model: str, hint: str = "") -> ConvLayer:
    """Return the convolutional layer of a name, or of an index from 1 as ``filter-gallery layers`` counts them.

    Raises UsageError if there is none, with the nearest name, else with the ``hint``, else with the first names.
    """
    match = next((each for each in summary.layers if layer in (each.name, each.title, each.index)), None)
    if match is None:
        titles = [each.title for each in summary.layers]
        names = f"It has: {', '.join(titles[:8])}{', ...' if len(titles) > 8 else ''}"
        raise UsageError(
            f"{model}: no convolutional layer {quoted(layer)}", nearest(str(layer), titles) or hint or names
        )
    return match


def choose_filters(selection: Filters, layer: ConvLayer, model: str, activity: Sequence[float] = ()) -> tuple[int, ...]:
    """Return filter indices: all, a number of them spread evenly over the layer, the most active, or those named.

    While the layer's ``activity`` is not known, as many are spread evenly instead of the most active ones.
    Raises UsageError for an index that the layer does not have.
    """
    if selection == "all":
        return tuple(range(layer.filters))
    if isinstance(selection, MostActive):
        if len(activity) == layer.filters:
            return tuple(sorted(sorted(range(layer.filters), key=lambda i: (-activity[i], i))[: selection.count]))
        selection = selection.count
    if isinstance(selection, int):
        return spread(layer.filters, selection)
    assert isinstance(selection, tuple)
    wrong = [index for index in selection if not 0 <= index < layer.filters]
    if wrong:
        raise UsageError(
            f"{model}/{layer.title}: no filter {wrong[0]}",
            f"The layer has {layer.filters}, from 0 to {layer.filters - 1}",
        )
    return tuple(sorted(selection))
