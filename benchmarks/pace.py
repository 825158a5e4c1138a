"""The speed of the optimisation, and how it is compared: the candidates take turns within one run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.common import spread
from generator.config.entries import entry_for_source
from generator.config.values import RenderSettings, complete_settings
from generator.errors import UsageError
from generator.models.load import LoadedModel, load
from generator.models.summary import ConvLayer
from generator.pipeline.autotune import measure
from generator.plan.choose import effective
from generator.plan.tuning import Tuning
from generator.render.optimize import Optimizer

SIZE, STEPS, ROUNDS = 96, 4, 3

BARE: dict[str, dict[str, Any]] = {
    "pixel": {"method": "pixel"},
    "fourier": {"method": "fourier", "margin": 0, "transforms": ()},
    "maco": {"method": "maco", "crops": 32},
}
"""Settings under which a method computes the same as those that it is compared with."""


def vgg16() -> LoadedModel:
    """Return VGG16 without its top, with random weights."""
    entry = entry_for_source("VGG16", Path())
    assert entry is not None
    return load(replace(entry, weights="random", input_shape=(SIZE, SIZE, 3)))


def layer_named(model: LoadedModel, name: str) -> ConvLayer:
    """Return a model's layer. Raises UsageError if it has none of that name."""
    for layer in model.summary.layers:
        if layer.name == name:
            return layer
    raise UsageError(f"no layer {name!r}")


def tuned(model: LoadedModel, **settings: Any) -> Tuning:
    """Return the tuning that a build of all layers with these settings would measure."""
    complete = effective(complete_settings(settings), model.summary)
    return measure(model, [(layer, complete) for layer in model.summary.layers])


@dataclass(frozen=True)
class Ours:
    """The engine at one layer, with the batch that a build would take."""

    optimizer: Optimizer
    settings: RenderSettings
    filters: tuple[int, ...]

    @classmethod
    def at(cls, model: LoadedModel, name: str, tuning: Tuning, batch: int = 0, **settings: Any) -> Ours:
        """Return the engine at a layer; precision and batch are those of the tuning unless they are given."""
        complete = effective(complete_settings({"precision": tuning.precision, **settings}), model.summary)
        layer = layer_named(model, name)
        count = batch or min(tuning.batch_size(model.summary, layer, complete), layer.filters)
        return cls(Optimizer(model, layer.index, complete), complete, spread(model, layer.index, count))

    @property
    def title(self) -> str:
        """Return precision and batch."""
        return f"{self.settings.precision}, {len(self.filters)} at once"

    def pace(self) -> float:
        """Return the milliseconds that a step takes for each filter: the best of a few, compiled already."""
        return 1000 * self.optimizer.pace(self.filters, STEPS)


def in_turns(*measurements: Callable[[], float], rounds: int = ROUNDS) -> list[float]:
    """Run some rounds of each measurement in turn, and return the least value of each.

    Other load on the machine affects all alike, and the least of several values is the least affected by it.
    """
    values = [[measure_once() for measure_once in measurements] for _ in range(rounds)]
    return [min(column) for column in zip(*values, strict=True)]
