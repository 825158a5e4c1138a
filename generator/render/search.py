"""The search for a filter's picture: optimised from noise, and by other ways where that ends without a response.

From noise, an inactive filter's mean pre-activation may only fall: what keeps it awake then leads to flat pictures. So
a filter is searched again before anybody calls it dead. ``render.restart`` finds what makes it fire at all, in plain
pixels; from there the method ``fourier`` goes on in small steps, so as not to lose it. Where it is lost all the same,
the picture is what was found in pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from generator.config.values import RenderSettings
from generator.models.load import LoadedModel
from generator.render.fourier import Fourier
from generator.render.network import Network, as_input
from generator.render.optimize import Optimization, Optimizer, generators_of, method_for
from generator.render.restart import Restart
from generator.render.target import TargetLayer

Array = NDArray[Any]
ops = keras.ops

SECOND_RATE = 0.03
"""The learning rate of the second search: at the usual one a seventh of what was found is lost again."""

SECOND_TRANSFORMS = (("shift", 1 / 16),)


class Search:
    """Searches pictures for one layer; what it compiles is kept from batch to batch.

    ``network`` may be shared by the searches of a model; it decides the precision.
    """

    def __init__(
        self, model: LoadedModel, layer: int, settings: RenderSettings, network: Network | None = None
    ) -> None:
        self._optimizer = Optimizer(model, layer, settings, network)
        self.network = self._optimizer.network
        self._model, self._layer, self._settings = model, layer, settings
        self._target = TargetLayer(self.network, layer, settings)

    def run(
        self, filters: tuple[int, ...], on_step: Callable[[int], None] = lambda step: None, seed: int | None = None
    ) -> Optimization:
        """Return the pictures of the given filters; ``on_step`` is called with the steps done, about once a second.

        ``seed`` stands in for that of the settings.
        """
        seed = self._settings.seed if seed is None else seed
        first = self._optimizer.run(filters, on_step, seed)
        silent = self._silent(filters, first)
        if not silent:
            return first

        def heard(step: int = 0) -> None:
            on_step(self._settings.steps)

        repeated = self._target.repeated(silent)
        generators = generators_of(silent, seed, self._settings.diversity)
        found, fires = self._restart.run(self._target.channels(repeated), generators, heard)
        first.second[self._places(filters, silent)] = self._scores(repeated, self._begun_at(found))
        fires_once = fires.reshape(len(silent), -1).any(axis=1)
        firing = tuple(np.array(silent)[fires_once].tolist())
        if not firing:
            return first
        second = self._second(firing, found[self._places(silent, firing)], seed, heard)
        return joined(first, second, self._places(filters, firing))

    def _silent(self, filters: tuple[int, ...], first: Optimization) -> tuple[int, ...]:
        """Return the filters none of whose pictures has a response above zero, where zero is a threshold."""
        mixed = any(weight < 0 for _, weight in self._settings.objective.weights)
        signed = self._settings.sign == "positive" and self._model.summary.layers[self._layer - 1].signed
        if mixed or signed:
            return ()
        scores = self._scores(self._target.repeated(filters), first.pictures).reshape(len(filters), -1)
        return tuple(index for index, values in zip(filters, scores, strict=True) if (values <= 0).all())

    def _second(
        self, filters: tuple[int, ...], found: Array, seed: int, on_step: Callable[[int], None]
    ) -> Optimization:
        """Return what follows from the pictures that were found in pixels, or these where it is lost."""
        second = self._second_optimizer.run(filters, on_step, seed, found)
        repeated, began = self._target.repeated(filters), self._begun_at(found)
        lost = (self._scores(repeated, second.pictures) <= 0)[:, None, None, None]
        pictures = np.where(lost, began, second.pictures)
        return replace(second, pictures=pictures, second=self._scores(repeated, pictures))

    def _begun_at(self, found: Array) -> Array:
        """Return the pictures with which the second search begins: as near as waves come to what was found."""
        return self._second_method.pictures(self._second_method.variable_of(found))

    def _places(self, filters: tuple[int, ...], some: tuple[int, ...]) -> NDArray[np.intp]:
        """Return where the pictures of some of the filters are among those of all."""
        return np.flatnonzero(np.isin(self._target.repeated(filters), some))

    @cached_property
    def _restart(self) -> Restart:
        return Restart(self._target, self._second_method.picture)

    @cached_property
    def _second_method(self) -> Fourier:
        own = method_for(self._model, self._layer, self._second_settings)
        assert isinstance(own, Fourier)
        return replace(own, gentle=True)

    @cached_property
    def _second_settings(self) -> RenderSettings:
        return replace(
            self._settings, method="fourier", margin=0, learning_rate=SECOND_RATE, transforms=SECOND_TRANSFORMS, crops=0
        )

    @cached_property
    def _second_optimizer(self) -> Optimizer:
        return Optimizer(self._model, self._layer, self._second_settings, self.network, self._second_method)

    def _scores(self, filters: tuple[int, ...], pictures: Array) -> Array:
        """Return (n,): the score of pictures (n, height, width, channels), values from 0 to 1."""
        images = ops.convert_to_tensor(np.round(pictures * 255).astype(keras.config.floatx()))
        return self._target.scores(as_input(self._model, images), filters)


def joined(first: Optimization, second: Optimization, places: NDArray[np.intp]) -> Optimization:
    """Return the first pictures, with those of a second search where its result, ``second.second``, is above zero.

    The second search's m pictures belong at ``places`` (m,) among the first. It made as many steps. Its pictures are
    opaque.
    """
    better = second.second > 0
    chosen = places[better]

    def put(old: Array, new: Array) -> Array:
        whole = old.copy()
        whole[chosen] = new[better]
        return whole

    snapshots = tuple(
        (step, put(old, new)) for (step, old), (_, new) in zip(first.snapshots, second.snapshots, strict=True)
    )
    opacity = None if first.opacity is None else put(first.opacity, np.ones(second.pictures.shape[:3]))
    largest = first.second.copy()
    largest[places] = second.second
    trace = put(first.trace.T, second.trace.T).T
    return Optimization(put(first.pictures, second.pictures), opacity, snapshots, trace, largest)
