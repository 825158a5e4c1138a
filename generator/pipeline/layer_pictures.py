"""Pictures of some filters of one layer, without a store or a site: for the command ``render`` and for notebooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from generator.config.values import ModelEntry, RenderSettings, complete_settings
from generator.errors import GalleryError
from generator.imaging import encoding
from generator.models.summary import ConvLayer, ModelSummary
from generator.pipeline import bands
from generator.pipeline.failures import OVERFLOW
from generator.plan import Tuning
from generator.plan.choose import effective, layer_of
from generator.plan.tuning import memory_limit
from generator.store import Store

if TYPE_CHECKING:
    from generator.models.load import LoadedModel

Array = NDArray[Any]
Select = Callable[[ConvLayer, RenderSettings], tuple[int, ...]]
"""Returns the filters of a layer that are optimised, by index. Raises UsageError for one that the layer lacks."""

_ANY_METHOD = ("size", "seed", "objective", "sign")
"""The settings of a configuration that hold for any method: the others were chosen for that of the configuration."""


@dataclass(frozen=True, eq=False)
class PictureRequest:
    """What is optimised: some filters of one layer of a model, with complete settings."""

    model: str
    summary: ModelSummary
    layer: ConvLayer
    filters: tuple[int, ...]
    settings: RenderSettings


@dataclass(frozen=True, eq=False)
class LayerPictures:
    """The optimised pictures of a request, one for each of its n filters.

    ``pictures`` (n, height, width, channels) with values from 0 to 1; ``traces`` (n, steps), the objective before each
    step; ``scores`` (n,), the objective on each picture as its file holds it; ``files``, empty where none is made.
    """

    request: PictureRequest
    pictures: Array
    traces: Array
    scores: Array
    files: tuple[bytes, ...]


def optimize_filters(
    network: AbstractContextManager[LoadedModel],
    entry: ModelEntry,
    layer: str | int,
    select: Select,
    settings: Mapping[str, object],
    *,
    tunings: Store | None = None,
    encode: Callable[[Array], bytes] | None = None,
    on_start: Callable[[PictureRequest], None] = lambda request: None,
    called: str = "",
    hint: str = "",
) -> LayerPictures:
    """Open a network, optimise a picture for each selected filter of a layer, and score the pictures.

    ``network`` is that of the ``entry``, see ``generator.models.opening``. ``settings`` stand in for those of the
    entry's ``render:``; a precision left to the machine is the one that a build measured, from the store ``tunings``.
    ``encode`` makes the file of what is shown of a picture (height, width, 1 or 3). ``on_start`` gets the request
    once it is known to be right, before the first step. ``called`` is the model as its user named it, for messages.

    Raises UsageError for a layer, with the nearest name or else the ``hint``, or for a filter that is not there,
    ModelError for a network without convolutions over pictures, and GalleryError if its activations are not finite.
    """
    with network as loaded:
        shown_layer = layer_of(loaded.summary, layer, called or entry.name, hint)
        complete = _complete(settings, entry, shown_layer, loaded.summary, tunings)
        request = PictureRequest(entry.name, loaded.summary, shown_layer, select(shown_layer, complete), complete)
        on_start(request)
        pictures, traces, files, scores = zip(*_optimized(loaded, request, encode), strict=True)
    return LayerPictures(
        request, np.concatenate(pictures), np.concatenate(traces), np.concatenate(scores), tuple(chain(*files))
    )


def _complete(
    settings: Mapping[str, object], entry: ModelEntry, layer: ConvLayer, summary: ModelSummary, tunings: Store | None
) -> RenderSettings:
    """Return the settings of one picture: those given, then the entry's for the layer, then the method's."""
    rule = entry.rule_for(layer.name, layer.is_dense)
    configured = {**dict(entry.render), **(dict(rule.render) if rule else {})}
    if settings.get("method") not in (None, configured.get("method", "fourier")):
        configured = {key: value for key, value in configured.items() if key in _ANY_METHOD}
    complete = effective(complete_settings({**configured, **settings}), summary.for_layer(layer))
    if complete.precision == "auto":
        tuning = Tuning.from_json(tunings.tuning(summary.digest)) if tunings else None
        complete = replace(complete, precision=(tuning or Tuning()).precision)
    return replace(complete, diversity=1)


def _optimized(
    loaded: LoadedModel, request: PictureRequest, encode: Callable[[Array], bytes] | None
) -> Iterator[tuple[Array, Array, list[bytes], Array]]:
    """Yield pictures, traces, files and scores, of as many filters at once as fit into memory."""
    from generator.pipeline.usable import without_spoiled_filters
    from generator.render.optimize import scores
    from generator.render.search import Search

    summary, layer, settings = request.summary, request.layer, request.settings
    with without_spoiled_filters(loaded, [layer.index], settings.size) as reasons:
        for index, why in reasons[layer.index].items():
            if index in request.filters or index in dict(settings.objective.weights):
                raise _not_finite(request, index, why)
        search = Search(loaded, layer.index, settings)
        scoring = search.network if settings.precision == "float32" else None  # scores are read in float32
        size = memory_limit(summary, layer, settings)
        for start in range(0, len(request.filters), size):
            batch = request.filters[start : start + size]
            optimization = search.run(batch)
            for index, picture, trace in zip(batch, optimization.pictures, optimization.trace.T, strict=True):
                if not (np.isfinite(trace).all() and np.isfinite(picture).all()):
                    raise _not_finite(request, index, OVERFLOW)
            files = [encode(picture) for picture in bands.shown(optimization.pictures, summary.bands)] if encode else []
            pixels = np.round(optimization.pictures * 255)
            if files and bands.show_all(summary.channels, summary.bands):
                decoded = np.stack([encoding.decode(file, len(summary.bands)) for file in files])
                pixels = bands.from_shown(decoded, summary.bands)
            scored = scores(loaded, layer.index, batch, pixels, settings, scoring)
            yield optimization.pictures, optimization.trace.T, files, scored


def _not_finite(request: PictureRequest, index: int, why: str) -> GalleryError:
    hint = "Look for weights that are not finite, or try `preprocess:`"
    return GalleryError(f"{request.model}/{request.layer.title}, filter {index}: {why}", hint)
