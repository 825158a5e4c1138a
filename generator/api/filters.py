"""What the filters of a layer look for, and what they answer to a photo: arrays, images, and a display in Jupyter."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from generator import assets
from generator.api.display import Display
from generator.api.gallery import wanted
from generator.api.network import Named, Preprocessing, layer_of, opened, settings_of
from generator.config.entries import photo_named
from generator.config.values import RenderSettings
from generator.errors import GalleryError, UsageError, nearest
from generator.imaging import encoding
from generator.models.summary import ConvLayer, ModelSummary
from generator.pipeline import bands as channels
from generator.pipeline.photos import LoadedPhoto, load_photo
from generator.plan.choose import choose_filters, effective
from generator.plan.tuning import memory_limit

if TYPE_CHECKING:
    import keras

    from generator.models.load import LoadedModel

Array = NDArray[Any]
Chosen = int | str | Iterable[int] | None


@dataclass(frozen=True, eq=False, repr=False)
class FilterPictures(Display):
    """What excites filters most.

    ``pictures`` (n, height, width, 3) with values from 0 to 1; ``scores`` (n,), the response to each picture, read
    where ``read_at`` says; ``traces`` (n, steps), the objective before each step. ``settings`` made them.
    """

    pictures: Array
    scores: Array
    traces: Array
    settings: RenderSettings
    read_at: str

    def images(self) -> list[Image.Image]:
        """Return the pictures as Pillow images."""
        return [Image.fromarray(np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)) for picture in self.pictures]

    def _captions(self) -> list[str]:
        return [f"score {score:.4g}" for score in self.scores]


@dataclass(frozen=True, eq=False, repr=False)
class FeatureMaps(Display):
    """What filters answer to a photo.

    ``maps`` (n, height, width) are the activations, read where ``read_at`` says; ``responses`` (n,) are their means;
    ``photo`` (height, width, channels) is what the network was shown, 0 to 255.
    """

    maps: Array
    responses: Array
    photo: Array
    read_at: str
    signed: bool

    def images(self) -> list[Image.Image]:
        """Return the maps in colours, each scaled by its own peak, as Pillow images a few hundred pixels large."""
        coloured = (encoding.enlarged(encoding.map_picture(one, self.signed)) for one in self.maps.astype(np.float64))
        return [Image.fromarray(np.round(one * 255).astype(np.uint8)) for one in coloured]

    def _captions(self) -> list[str]:
        return [f"response {response:.4g}" for response in self.responses]


def visualize_filters(
    model: keras.Model | Named,
    layer: str | int,
    filters: Chosen = None,
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
    ``layer`` is a name, or an index from 1. ``filters``: all where nothing is said, a number of them spread over the
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
        transforms=None if transforms is None else [dict(one) for one in transforms],
        precision="float32" if precision == "auto" else precision,
    )
    with opened(model, preprocess, bands, trust) as (name, loaded):
        summary = loaded.summary
        found = layer_of(summary, layer, name)
        settings = replace(effective(settings, summary), diversity=1)
        chosen = _chosen(filters, found, summary, name, settings)
        _warn(name, summary)
        pictures, traces, scores = _optimized(loaded, found, chosen, settings, f"{name}/{found.title}")
        shown = encoding.coloured_channels(channels.shown(pictures, summary.bands))
        return FilterPictures(name, found.title, chosen, shown, scores, traces, settings, found.read_at)


def feature_maps(
    model: keras.Model | Named,
    layer: str | int,
    photo: Named | Image.Image | Array = "chelsea",
    filters: Chosen = None,
    *,
    preprocess: Preprocessing = "auto",
    bands: int | Sequence[int] | None = None,
    trust: bool = False,
) -> FeatureMaps:
    """Return what the filters of a layer answer to a photo: a bundled one's name, a path, an image, or an array.

    An array is (height, width, 3) or (height, width), of values from 0 to 255. The photo's middle is fed at 224 pixels
    a side, or at the size that the network takes. The rest is as for ``visualize_filters``; PhotoError if it cannot be
    read.

    >>> from generator import feature_maps
    >>> feature_maps("demo", "block1_conv1", "coffee", filters=[0, 1]).maps.shape
    (2, 224, 224)
    """
    with opened(model, preprocess, bands, trust) as (name, loaded):
        from generator.render.feature_maps import feature_maps as run

        summary = loaded.summary
        found = layer_of(summary, layer, name)
        chosen = _chosen(filters, found, summary, name, RenderSettings())
        fed = _photo(photo).fitted(summary.photo_size(), summary.channels, summary.bands)
        _warn(name, summary)
        (_, activation), *_ = run(loaded, [found.index], fed)
        maps = np.moveaxis(activation[..., list(chosen)], -1, 0)
        means = maps.mean(axis=(1, 2), dtype=np.float64)
        return FeatureMaps(name, found.title, chosen, maps, means, fed, found.read_at, found.signed)


def _chosen(
    filters: Chosen, layer: ConvLayer, summary: ModelSummary, model: str, settings: RenderSettings
) -> tuple[int, ...]:
    if settings.objective.weights:
        if filters is not None:
            raise UsageError("a direction names its filters itself", "Leave `filters` out")
        named = tuple(index for index, _ in settings.objective.weights)
        return choose_filters(named, layer, model)[:1]
    said = wanted(filters)
    return choose_filters("all" if said is None else said, layer, model)


def _optimized(
    loaded: LoadedModel, layer: ConvLayer, filters: tuple[int, ...], settings: RenderSettings, what: str
) -> tuple[Array, Array, Array]:
    """Return pictures, traces (n, steps) and scores, as many at once as fit into memory."""
    from generator.render.optimize import Optimizer, responses

    optimizer = Optimizer(loaded, layer.index, settings)
    limit = memory_limit(loaded.summary, layer, settings)
    pictures, traces, scores = [], [], []
    for start in range(0, len(filters), limit):
        batch = filters[start : start + limit]
        optimization = optimizer.run(batch)
        for index, trace in zip(batch, optimization.trace.T, strict=True):
            if not np.isfinite(trace).all():
                raise GalleryError(
                    f"{what}, filter {index}: the network's activation is not a finite number",
                    "Look for weights that are not finite, or try `preprocess`",
                )
        pictures.append(optimization.pictures)
        traces.append(optimization.trace.T)
        scores.append(
            responses(loaded, layer.index, batch, np.round(optimization.pictures * 255), settings, optimizer.network)
        )
    return np.concatenate(pictures), np.concatenate(traces), np.concatenate(scores)


def _photo(photo: Named | Image.Image | Array) -> LoadedPhoto:
    if isinstance(photo, np.ndarray):
        if photo.ndim not in (2, 3) or photo.shape[2:] not in ((), (3,)):
            raise UsageError(f"expected a photo (height, width, 3) or (height, width), got {photo.shape}")
        photo = Image.fromarray(np.clip(np.round(photo), 0, 255).astype(np.uint8))
    if isinstance(photo, Image.Image):
        return LoadedPhoto("photo", "", photo.convert("RGB"))
    if not isinstance(photo, str | os.PathLike):
        raise UsageError(f"expected a photo's name, its path, an image or an array, got {photo!r:.80}")
    name = os.fspath(photo)
    if (hint := nearest(name, assets.PHOTOS)) and name not in assets.PHOTOS and not Path(name).exists():
        raise UsageError(f"photo {name}: no such file", hint)
    return load_photo(photo_named(name, Path()))


def _plain(objective: str | Mapping[str, Mapping[int, float]]) -> Any:
    if isinstance(objective, str):
        return objective
    return {kind: {str(i): float(w) for i, w in weights.items()} for kind, weights in objective.items()}


def _warn(name: str, summary: ModelSummary) -> None:
    for warning in summary.warnings:
        warnings.warn(f"{name}: {warning}", stacklevel=3)
