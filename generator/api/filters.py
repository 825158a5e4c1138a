"""What excites the filters of a layer, and their activations on a photo: arrays, images, and a display in Jupyter."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from generator import assets
from generator.api.display import Display
from generator.api.gallery import filters_of
from generator.api.network import Named, Preprocessing, entry_of, settings_of
from generator.config.entries import photo_named
from generator.config.values import RenderSettings
from generator.errors import UsageError, nearest
from generator.imaging import encoding
from generator.imaging.eight_bits import as_rgb
from generator.models.opening import opened
from generator.models.summary import ConvLayer, ModelSummary
from generator.pipeline import bands as channels
from generator.pipeline.layer_pictures import optimize_filters
from generator.pipeline.photos import PhotoFile, open_photo
from generator.plan.choose import choose_filters, layer_of

if TYPE_CHECKING:
    import keras

Array = NDArray[Any]
Selection = int | str | Iterable[int] | None


@dataclass(frozen=True, eq=False, repr=False)
class FilterPictures(Display):
    """What excites filters most.

    ``pictures`` (n, height, width, 3) with values from 0 to 1; ``scores`` (n,), the objective on each finished picture,
    read where ``read_at`` says; ``traces`` (n, steps), the objective before each step. ``settings`` made them.
    ``ceiling`` is the value that the layer's activation never passes in the network, None if it has none: scores and
    traces are without it.
    """

    pictures: Array
    scores: Array
    traces: Array
    settings: RenderSettings
    read_at: str
    ceiling: float | None = None

    def images(self) -> list[Image.Image]:
        """Return the pictures as Pillow images."""
        return [Image.fromarray(encoding.to_bytes(picture)) for picture in self.pictures]

    def _captions(self) -> list[str]:
        return [f"score {score:.4g}" for score in self.scores]


@dataclass(frozen=True, eq=False, repr=False)
class FeatureMaps(Display):
    """The activations of filters on a photo.

    ``maps`` (n, height, width) are the activations, read where ``read_at`` says; ``responses`` (n,) are their means;
    ``photo`` (height, width, channels) is what the network was shown, 0 to 255. ``uncapped_responses`` (n,) are what
    scores of pictures are compared with: the means without the ``ceiling`` of the layer's activation, where it has one.
    """

    maps: Array
    responses: Array
    photo: Array
    read_at: str
    signed: bool
    uncapped_responses: Array
    ceiling: float | None = None

    def images(self) -> list[Image.Image]:
        """Return the maps in colours, each scaled by its own peak, as Pillow images a few hundred pixels large."""
        maps = (encoding.map_picture(activation, self.signed) for activation in self.maps.astype(np.float64))
        return [Image.fromarray(encoding.to_bytes(encoding.enlarged(coloured))) for coloured in maps]

    def _captions(self) -> list[str]:
        return [f"response {response:.4g}" for response in self.responses]


def visualize_filters(
    model: keras.Model | Named,
    layer: str | int,
    filters: Selection = None,
    *,
    method: str = "fourier",
    size: int = 128,
    steps: int | None = None,
    seed: int = 0,
    sign: str = "positive",
    objective: str | Mapping[str, Mapping[int, float]] = "channel",
    learning_rate: float | None = None,
    transforms: Sequence[Mapping[str, float | str]] | None = None,
    precision: str = "float32",
    preprocess: Preprocessing = "auto",
    bands: int | Sequence[int] | None = None,
    trust: bool = False,
) -> FilterPictures:
    """Return pictures that excite the filters of a layer, each optimised from noise.

    ``model`` is a Keras model, which need not have been saved, or ``"demo"``, a name of keras.applications, or a path.
    ``layer`` is a name, or an index from 1. ``filters``: all by default, a number of them spread over the
    layer, or a list of indices. ``preprocess`` is what is done to a picture with values 0 to 255 before the model gets
    it (``auto``, ``none``, ``caffe``, ``tf``, ``torch``, or a mapping with mean, std, scale, order); of a model in
    memory, ``auto`` finds its own Rescaling or Normalization layer. The other settings are those of ``render:`` in
    config.yaml; None leaves them to the method. The same settings and seed give the same picture as there.

    Raises ConfigError for settings of other values, UsageError for a name that there is not, ModelError for a network
    without convolutions over pictures: all are GalleryError, with the nearest name where there is one.

    >>> from generator import visualize_filters
    >>> shown = visualize_filters("demo", "block1_conv1", [3, 7], size=32, steps=8)
    >>> shown
    <FilterPictures of demo/block1_conv1: filters 3, 7>
    >>> shown.pictures.shape, shown.traces.shape
    ((2, 32, 32, 3), (2, 8))
    >>> bool((shown.traces[:, -1] > shown.traces[:, 0]).all())
    True
    """
    settings = settings_of(
        method=method,
        size=size,
        steps=steps,
        seed=seed,
        sign=sign,
        objective=_plain(objective),
        learning_rate=learning_rate,
        transforms=None if transforms is None else [dict(transform) for transform in transforms],
        precision="float32" if precision == "auto" else precision,
    )
    entry, in_memory = entry_of(model, preprocess, bands)

    def select(chosen: ConvLayer, complete: RenderSettings) -> tuple[int, ...]:
        return selected(filters, chosen, entry.name, complete)

    made = optimize_filters(
        opened(entry, in_memory, trust),
        entry,
        layer,
        select,
        settings,
        on_start=lambda request: warn(request.model, request.summary, stacklevel=5),
    )
    request = made.request
    shown = encoding.coloured_channels(channels.shown(made.pictures, request.summary.bands))
    return FilterPictures(
        request.model,
        request.layer.title,
        request.filters,
        shown,
        made.scores,
        made.traces,
        request.settings,
        request.layer.read_at,
        request.layer.ceiling,
    )


def feature_maps(
    model: keras.Model | Named,
    layer: str | int,
    photo: Named | Image.Image | Array = "chelsea",
    filters: Selection = None,
    *,
    preprocess: Preprocessing = "auto",
    bands: int | Sequence[int] | None = None,
    trust: bool = False,
) -> FeatureMaps:
    """Return the activations of a layer's filters on a photo: a bundled one's name, a path, an image, or an array.

    An array is (height, width, 3) or (height, width), of values from 0 to 255. The photo's middle is fed at 224 pixels
    a side, or at the size that the network takes. The rest is as for ``visualize_filters``; PhotoError if it cannot be
    read.

    >>> from generator import feature_maps
    >>> feature_maps("demo", "block1_conv1", "coffee", filters=[0, 1]).maps.shape
    (2, 224, 224)
    """
    entry, in_memory = entry_of(model, preprocess, bands)
    with opened(entry, in_memory, trust) as loaded:
        from generator.render.feature_maps import feature_maps as activations_of

        summary = loaded.summary
        chosen = layer_of(summary, layer, entry.name)
        indices = selected(filters, chosen, entry.name)
        fed = _photo(photo).fitted(summary.for_layer(chosen).photo_size(), summary.channels, summary.bands)
        warn(entry.name, summary, stacklevel=3)
        of_layer, *_ = activations_of(loaded, [chosen.index], fed)
        maps, uncapped = (
            np.moveaxis(values[..., list(indices)], -1, 0) for values in (of_layer.activation, of_layer.compared)
        )
        with np.errstate(invalid="ignore"):  # of a filter whose activations are not finite the mean is not, either
            responses, compared = (values.mean(axis=(1, 2), dtype=np.float64) for values in (maps, uncapped))
        return FeatureMaps(
            entry.name,
            chosen.title,
            indices,
            maps,
            responses,
            fed,
            chosen.read_at,
            chosen.signed,
            compared,
            chosen.ceiling,
        )


def selected(
    filters: Selection, layer: ConvLayer, model: str, settings: RenderSettings | None = None
) -> tuple[int, ...]:
    """Return the filters that are selected; of a direction, whose one picture is about all that it names, the first."""
    if settings and settings.objective.weights:
        if filters is not None:
            raise UsageError("a direction names its filters itself", "Leave `filters` out")
        named = tuple(index for index, _ in settings.objective.weights)
        return choose_filters(named, layer, model)[:1]
    selection = filters_of(filters)
    return choose_filters("all" if selection is None else selection, layer, model)


def _photo(photo: Named | Image.Image | Array) -> PhotoFile:
    if isinstance(photo, np.ndarray):
        if photo.ndim not in (2, 3) or photo.shape[2:] not in ((), (3,)):
            raise UsageError(f"expected a photo (height, width, 3) or (height, width), got {photo.shape}")
        photo = Image.fromarray(encoding.to_bytes(photo.astype(np.float64) / 255))
    if isinstance(photo, Image.Image):
        rgb = as_rgb(photo)
        return PhotoFile("photo", "", lambda size: rgb)
    if not isinstance(photo, str | os.PathLike):
        raise UsageError(f"expected a photo's name, its path, an image or an array, got {photo!r:.80}")
    name = os.fspath(photo)
    if (hint := nearest(name, assets.PHOTOS)) and name not in assets.PHOTOS and not Path(name).exists():
        raise UsageError(f"photo {name}: no such file", hint)
    return open_photo(photo_named(name, Path()))


def _plain(objective: str | Mapping[str, Mapping[int, float]]) -> Any:
    if isinstance(objective, str):
        return objective
    return {kind: {str(i): float(w) for i, w in weights.items()} for kind, weights in objective.items()}


def warn(name: str, summary: ModelSummary, stacklevel: int) -> None:
    """Warn of what a model's user should know, as a warning at the caller's line."""
    for warning in summary.warnings:
        warnings.warn(f"{name}: {warning}", stacklevel=stacklevel)
