"""Measure one case of the reference loop, tf-keras-vis or xplique, and print a line of JSON.

    python benchmarks/peers/measure.py '{"library": "xplique", "method": "maco", "layer": "block3_conv3"}'

Run by the peers' Python, which does not have this project's packages: nothing is imported from them.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from importlib.metadata import version
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import tensorflow as tf

SEED = 0
DEFAULTS = {"batches": [16], "size": 96, "steps": 20}


class Clock:
    """Records when each step ends. The first step, which traces, compiles and makes variables, is not counted."""

    def __init__(self) -> None:
        self.ticks = [time.perf_counter()]

    def tick(self) -> None:
        """Record the end of a step."""
        self.ticks.append(time.perf_counter())

    def on(self, optimizer: Any) -> Any:
        """Return an optimizer that ends each of its updates with a tick; both libraries make one update a step."""
        update = optimizer.apply_gradients

        def timed(pairs: Any) -> None:
            update(pairs)
            self.tick()

        optimizer.apply_gradients = timed
        return optimizer

    @property
    def steps(self) -> list[float]:
        """Return the milliseconds of every step but the first."""
        return [1000 * (end - begin) for begin, end in zip(self.ticks[1:-1], self.ticks[2:], strict=True)]


class Method:
    """A method of a library: ``run`` makes some steps for all filters of a pass, and ticks after each."""

    library = "tensorflow"
    together = True  # all filters in one pass
    parameterisation = "pixels"
    transformations = "none"
    regularisers = "none"
    values = ""

    def __init__(self, model: Any, layer: str, filters: list[int], size: int) -> None:
        self.model, self.layer, self.filters, self.size = model, layer, filters, size

    def run(self, steps: int, clock: Clock) -> None:
        """Optimise."""
        raise NotImplementedError


class Reference(Method):
    """The notebooks' loop: eager, one filter at a time, gradient normalised; as in benchmarks/speed.py."""

    together = False
    values = "uniform from 0 to 1"

    def run(self, steps: int, clock: Clock) -> None:
        """Optimise for the first filter."""
        submodel = keras.Model(self.model.input, self.model.get_layer(self.layer).output)
        image = tf.random.uniform((1, self.size, self.size, 3))
        for _ in range(steps):
            with tf.GradientTape() as tape:
                tape.watch(image)
                loss = tf.reduce_mean(submodel(image)[:, :, :, self.filters[0]])
            image = image + tf.math.l2_normalize(tape.gradient(loss, image)) * 4.0
            clock.tick()


class TfKerasVis(Method):
    """ActivationMaximization without modifiers and regularisers, one call for all filters.

    The library's ``CategoricalScore`` slices the layer's output once for each image, and the gradient of every slice
    is as large as the whole output; masking the means gives the same numbers for less. No setting avoids the rest: run
    eagerly, the gradient of a convolution is also that of its kernel, which nobody asked for.
    """

    library = "tf-keras-vis"
    values = "uniform from 0 to 255"

    def run(self, steps: int, clock: Clock) -> None:
        """Optimise for all filters."""
        from tf_keras_vis.activation_maximization import ActivationMaximization  # type: ignore[import-not-found]
        from tf_keras_vis.utils.model_modifiers import ExtractIntermediateLayer  # type: ignore[import-not-found]

        maximization = ActivationMaximization(self.model, ExtractIntermediateLayer(self.layer), clone=False)
        channels = tf.one_hot(self.filters, self.model.get_layer(self.layer).output.shape[-1])
        maximization(
            lambda output: tf.reduce_sum(tf.reduce_mean(output, (1, 2)) * channels, axis=-1),
            seed_input=tf.random.uniform((len(self.filters), self.size, self.size, 3), 0, 255),
            steps=steps,
            optimizer=clock.on(keras.optimizers.RMSprop(1.0, 0.999)),  # its default
            **self.options(),
        )

    def options(self) -> dict[str, Any]:
        """Return what differs from the library's defaults."""
        return {"input_modifiers": None, "regularizers": None}


class TfKerasVisDefault(TfKerasVis):
    """The same with the library's own modifiers and regularisers."""

    transformations = "jitter 4, rotation 1 degree (scipy), kept in the image"
    regularisers = "total variation 1, L1 0.3"

    def options(self) -> dict[str, Any]:
        """Return what differs from the library's defaults."""
        return {}


class XpliqueFourier(Method):
    """``optimize`` without transformations, one call for all filters.

    A list of channels is one objective with an image for each; objectives that are added up would be combined in all
    ways, an image for each combination, and calls for one filter each cost up to twice as much.
    """

    library = "xplique"
    parameterisation = "Fourier, decorrelated colours"
    values = "from 0 to 1"
    transform: str | None = None

    def run(self, steps: int, clock: Clock) -> None:
        """Optimise for all filters."""
        from xplique.features_visualizations import Objective, optimize  # type: ignore[import-not-found]

        optimize(
            Objective.channel(self.model, self.layer, self.filters),
            clock.on(keras.optimizers.Adam(0.05)),  # its default
            nb_steps=steps,
            transformations=self.transform,
            custom_shape=(self.size, self.size),  # the default is 512
        )


class XpliqueDefault(XpliqueFourier):
    """The same with the library's standard transformations."""

    transformations = "standard: pad, jitter, scale, blur, jitter, flip; of the image a crop a third as wide is seen"
    transform = "standard"


class XpliqueMaco(Method):
    """``maco``, which takes one filter: 32 random crops for each step, noise."""

    library = "xplique"
    together = False
    parameterisation = "Fourier phase under a fixed magnitude, decorrelated colours"
    transformations = "32 random crops, noise"
    values = "from -1 to 1"

    def run(self, steps: int, clock: Clock) -> None:
        """Optimise for the first filter."""
        from xplique.features_visualizations import Objective, maco

        maco(
            Objective.channel(self.model, self.layer, self.filters[0]),
            clock.on(keras.optimizers.Nadam(1.0)),  # its default
            nb_steps=steps,
            custom_shape=(self.size, self.size),  # the default is 512; the crops are as large as the model's input
        )


IMPLEMENTATIONS: dict[tuple[str, str], type[Method]] = {
    ("reference", "pixel"): Reference,
    ("tf-keras-vis", "pixel"): TfKerasVis,
    ("tf-keras-vis", "default"): TfKerasVisDefault,
    ("xplique", "fourier"): XpliqueFourier,
    ("xplique", "default"): XpliqueDefault,
    ("xplique", "maco"): XpliqueMaco,
}


def measure(case: dict[str, Any]) -> dict[str, Any]:
    """Return the case with its times, in milliseconds for each filter and step, and with what was measured.

    ``best``, ``median`` and ``milliseconds``, the mean, are of the steps in the ``batch`` whose best is the least.
    ``first`` is the milliseconds, whole, of the first step of a call that was not the first one: what the library
    traces again each time.
    """
    case = {**DEFAULTS, **case}
    keras.utils.set_random_seed(SEED)
    shape = (case["size"], case["size"], 3)
    model = keras.applications.VGG16(weights=None, include_top=False, input_shape=shape)
    kind = IMPLEMENTATIONS[case["library"], case["method"]]
    batches = case["batches"] if kind.together else [1]
    method, times = min((timed(kind, model, case, batch) for batch in batches), key=lambda pair: pair[1]["best"])
    return {
        **case,
        **times,
        "parameterisation": method.parameterisation,
        "transformations": method.transformations,
        "regularisers": method.regularisers,
        "values": method.values,
        "version": version(method.library),
        "tensorflow": version("tensorflow"),
        "keras": version("keras"),
    }


def timed(kind: type[Method], model: Any, case: dict[str, Any], batch: int) -> tuple[Method, dict[str, float]]:
    """Return the method for a number of filters, and its times."""
    method = kind(model, case["layer"], list(range(batch)), case["size"])
    method.run(2, Clock())
    clock = Clock()
    method.run(case["steps"] + 1, clock)
    times = [step / batch for step in clock.steps]
    return method, {
        "batch": batch,
        "best": min(times),
        "median": statistics.median(times),
        "milliseconds": statistics.fmean(times),
        "first": 1000 * (clock.ticks[1] - clock.ticks[0]),
    }


if __name__ == "__main__":
    print(json.dumps(measure(json.loads(sys.argv[1]))))
