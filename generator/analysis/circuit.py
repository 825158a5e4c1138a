"""What a layer's filters are made of, and what its input channels are used for: the strongest of all pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.digests import digest
from generator.plan import PhotoIdentity

Array = NDArray[Any]

COUNT = 6
"""Of a filter's inputs so many that excite it, and as many that hold it back."""

NONE = -1

VERSION = 3
"""Raised when what is measured is another."""


@dataclass(frozen=True, eq=False)
class LayerCircuit:
    """The strongest connections of f filters to c input channels; k is twice ``COUNT``.

    ``inputs`` (f, k) are channels: first those that excite the filter most, the strongest first, then those that hold
    it back most; ``NONE`` fills up. ``shares`` (f, k) are their signed shares of all that the filter's inputs
    contribute, for and against. ``kernels`` (f, k, height, width) are their slices of its kernel. ``outputs`` (c, k)
    and ``output_shares`` are the filters that a channel excites and holds back most, by the same shares.
    """

    inputs: Array
    shares: Array
    kernels: Array
    outputs: Array
    output_shares: Array


@dataclass(frozen=True, eq=False)
class LayerEffects:
    """What the filters of a layer say to some answers: ``values`` (filters, answers), see ``render.effects``."""

    values: Array


def circuit_key(model: str, dataset: str | None, photos: Sequence[PhotoIdentity]) -> str | None:
    """Return the key of what is measured of a model: on a dataset where there is one, else on the photos.

    Model and dataset are given by their digests. None where there is neither dataset nor photo.
    """
    if dataset is None and not photos:
        return None
    images = (
        ["dataset", dataset] if dataset is not None else ["photos", [(photo.digest, photo.size) for photo in photos]]
    )
    return digest([VERSION, model, images])


def layer_circuit(values: Array, kernels: Array, groups: int = 1) -> LayerCircuit:
    """Return the strongest of a layer's connections.

    ``values`` (inputs, filters) are what each input contributes to each filter, NaN for filters of which nothing is
    known; ``kernels`` (height, width, inputs, filters). Each of the ``groups`` of filters reads channels of its own.
    """
    count, filters = values.shape
    own = filters // groups
    known = np.isfinite(values).all(axis=0)
    contributed = np.where(known, values, 0.0)
    total = np.abs(contributed).sum(axis=0)
    signed = contributed / np.where(total > 0, total, 1.0)
    inputs, shares = _strongest(signed.T)
    outputs = np.full((groups * count, 2 * COUNT), NONE)
    output_shares = np.zeros((groups * count, 2 * COUNT))
    slices = np.zeros((filters, 2 * COUNT, *kernels.shape[:2]), np.float32)
    for index in range(filters):
        taken = inputs[index] != NONE
        slices[index, taken] = np.moveaxis(kernels[:, :, inputs[index, taken], index], -1, 0)
    for group in range(groups):
        first, rows = group * own, slice(group * count, (group + 1) * count)
        found, output_shares[rows] = _strongest(signed[:, first : first + own])
        outputs[rows] = np.where(found == NONE, NONE, found + first)
        inputs[first : first + own] += np.where(inputs[first : first + own] == NONE, 0, group * count)
    return LayerCircuit(
        inputs.astype(np.int32),
        shares.astype(np.float32),
        slices,
        outputs.astype(np.int32),
        output_shares.astype(np.float32),
    )


def _strongest(signed: Array) -> tuple[Array, Array]:
    """Return for each row the columns of its largest numbers above zero, then of its least below, and these numbers."""
    columns, numbers = [], []
    for sign in (1, -1):
        order = np.argsort(-sign * signed, axis=1, kind="stable")[:, :COUNT]
        taken = np.take_along_axis(signed, order, 1)
        right = sign * taken > 0
        missing = ((0, 0), (0, COUNT - order.shape[1]))
        columns.append(np.pad(np.where(right, order, NONE), missing, constant_values=NONE))
        numbers.append(np.pad(np.where(right, taken, 0.0), missing))
    return np.concatenate(columns, axis=1), np.concatenate(numbers, axis=1)
