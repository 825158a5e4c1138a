"""The names of methods and objectives, in config.yaml and manifest.json, and the words that pages have for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MethodName = Literal["fourier", "pixel", "maco"]
ObjectiveName = Literal["channel", "neuron"]
"""Those that go by a name alone; a direction is written with its filters."""


@dataclass(frozen=True)
class Term:
    """The words for a name.

    ``label`` stands in titles and sentences, ``meaning`` in the list of a picture's settings. ``note`` stands above a
    picture: what one should know before reading it.
    """

    label: str
    meaning: str
    note: str = ""


METHODS: dict[str, Term] = {
    "fourier": Term("Fourier", "Fourier spectrum, decorrelated colours"),
    "pixel": Term("pixels", "pixels, plain gradient ascent"),
    "maco": Term(
        "MaCo",
        "MaCo: the phases of a spectrum with the magnitudes of natural images",
        note="The magnitude of each frequency is that of natural images and stays fixed; only the phases were"
        " optimised. Such pictures look more natural, and excite the filter less than unconstrained ones.",
    ),
}

OBJECTIVES: dict[str, Term] = {
    "channel": Term("filter", "spatial mean"),
    "neuron": Term(
        "centre unit",
        "centre unit",
        note="Only the unit in the middle of the feature map was maximised, not the mean of all. The picture shows a"
        " single copy of the pattern, no larger than that unit’s receptive field; what is outside of it had no part in"
        " the objective.",
    ),
}
