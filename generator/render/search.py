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

import numpy as np
from numpy.typing import NDArray

from generator.config.values import RenderSettings
from generator.models.load import LoadedModel
from generator.render.fourier import Fourier
from generator.render.network import Network
from generator.render.optimize import Optimization, Optimizer, generators_of, method_for, scores
from generator.render.restart import Restart
from generator.render.target import TargetLayer

Array = NDArray[Any]

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
        if not self._zero_is_a_threshold:
            return first
        own_scores = self._scores(self._target.repeated(filters), first.pictures)
        silent = self._silent(filters, first, own_scores)
        if not silent:
            return first

        def heard(step: int = 0) -> None:
            on_step(self._settings.steps)

        repeated, places = self._target.repeated(silent), self._places(filters, silent)
        generators = generators_of(silent, seed, self._settings.diversity)
        found, fires = self._restart.run(self._target.channels(repeated), generators, heard)
        begun = self._scores(repeated, self._begun_at(found))
        second_scores = first.second.copy()
        second_scores[places] = np.where(own_scores[places] <= 0, begun, np.nan)
        first = replace(first, second=second_scores)
        fires_once = fires.reshape(len(silent), -1).any(axis=1)
        firing = tuple(np.array(silent)[fires_once].tolist())
        if not firing:
            return first
        second = self._second(firing, found[self._places(silent, firing)], seed, heard)
        return joined(first, second, self._places(filters, firing), own_scores)

    def run_from(
        self, filters: tuple[int, ...], pictures: Array, on_step: Callable[[int], None], seed: int
    ) -> Optimization:
        """Return what follows from pictures (n, height, width, channels), values 0 to 1, that excite the filters."""
        found = self._second(filters, pictures, seed, on_step)
        return replace(found, second=np.full(len(pictures), np.nan))

    @property
    def _zero_is_a_threshold(self) -> bool:
        """Tell whether a score of zero or less is no response."""
        mixed = any(weight < 0 for _, weight in self._settings.objective.weights)
        signed = self._settings.sign == "positive" and self._model.summary.layers[self._layer - 1].signed
        return not (mixed or signed)

    def _silent(self, filters: tuple[int, ...], first: Optimization, own_scores: Array) -> tuple[int, ...]:
        """Return the filters none of whose pictures has a response above zero.

        A faint one is lost when the picture is saved: the leak of the objective outweighs it.
        """
        silent = own_scores <= 0
        if isinstance(self._optimizer.method, Fourier):  # other objectives see crops, or have no leak
            silent |= first.trace[-1] <= 0
        of_filters = silent.reshape(len(filters), -1).all(axis=1)
        return tuple(np.array(filters)[of_filters].tolist())

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
        return scores(self._model, self._layer, filters, np.round(pictures * 255), self._settings, self.network)


def joined(first: Optimization, second: Optimization, places: NDArray[np.intp], scores: Array) -> Optimization:
    """Return the first pictures, with those of a second search where its scores, ``second.second``, are higher.

    ``scores`` (n,) are those of the first. The second search's m pictures belong at ``places`` (m,) among the first. It
    made as many steps. Its pictures are opaque.
    """
    better = second.second > np.maximum(scores[places], 0)
    chosen = places[better]

    def put(old: Array, new: Array) -> Array:
        whole = old.copy()
        whole[chosen] = new[better]
        return whole

    snapshots = tuple(
        (step, put(old, new)) for (step, old), (_, new) in zip(first.snapshots, second.snapshots, strict=True)
    )
    opacity = None if first.opacity is None else put(first.opacity, np.ones(second.pictures.shape[:3]))
    trace = put(first.trace.T, second.trace.T).T
    return Optimization(
        put(first.pictures, second.pictures), opacity, snapshots, trace, put(first.second, second.second)
    )
