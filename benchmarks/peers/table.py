"""The engine against tf-keras-vis and xplique: same method, size and optimisation step, each in its best batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.pace import BARE, SIZE, STEPS, Ours, in_turns, tuned, vgg16
from benchmarks.peers import Case, run

LAYERS, ROUNDS = ("block3_conv3", "block5_conv3"), 3

OPPONENTS = (
    ("tf-keras-vis", "pixel", "ActivationMaximization"),
    ("xplique", "fourier", "optimize"),
    ("xplique", "maco", "maco"),
)
"""The library, the method as ``peers.LIBRARY_METHODS`` and ``pace.BARE`` call it, and how the library calls it."""

TITLE = "Speed against tf-keras-vis and xplique"
TEXT = (
    f"VGG16 with random weights at {SIZE} pixels; the bare methods, without transforms and regularisers, `maco` with "
    "32 crops on both sides. The peers run in an environment of their own (`benchmarks/peers/requirements.txt`) and "
    "take 8, 16 and 32 filters at once, of which the fastest counts; xplique's `maco` takes one. Ours takes as many "
    "as a build would, and for `maco` one, too, to compare; its own choice of precision and batch is that of a "
    "build's tuning, for `maco` of that for `fourier`. Milliseconds for each filter and step, compiled already: the "
    f"best step of {STEPS} in each of {ROUNDS} rounds, in which theirs and ours take turns."
)
HEAD = (
    "| layer | peer | at once | theirs | ours | precision, at once | times as fast |",
    "| --- | --- | --- | --- | --- | --- | --- |",
)


def rows(layers: tuple[str, ...] = LAYERS) -> Iterator[str]:
    """Yield the table's rows. Raises PeersError if the peers' environment is missing."""
    model = vgg16()
    tunings = {method: tuned(model, **BARE[method], size=SIZE) for method in ("pixel", "fourier")}
    tunings["maco"] = tunings["fourier"]  # its own tuning takes minutes on a network of this size
    for layer in layers:
        for library, method, name in OPPONENTS:
            case = Case(library, method, layer, size=SIZE, steps=STEPS)
            settings = {**BARE[method], "size": SIZE}
            variants = {
                variant.title: variant
                for batch in ((1, 0) if method == "maco" else (0,))
                for precision in ({"precision": "float32"}, {})
                for variant in [Ours.at(model, layer, tunings[method], batch, **settings, **precision)]
            }
            reports: list[dict[str, Any]] = []
            theirs, *ours = in_turns(
                peer(case, reports), *(variant.pace for variant in variants.values()), rounds=ROUNDS
            )
            batch = min(reports, key=lambda report: report["best"])["batch"]
            title = f"{library} {reports[0]['version']} `{name}`"
            for label, own in zip(variants, ours, strict=True):
                yield f"| {layer} | {title} | {batch} | {theirs:.1f} | {own:.1f} | {label} | {theirs / own:.1f} |"


def peer(case: Case, reports: list[dict[str, Any]]) -> Callable[[], float]:
    """Return a function that measures a case and returns its best pace; the reports are added to ``reports``."""

    def pace() -> float:
        reports.append(run(case))
        return float(reports[-1]["best"])

    return pace
