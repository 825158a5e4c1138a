"""The names of a network's answers: which class each unit of its last layer stands for."""

from __future__ import annotations

import numpy as np

from generator.config.values import ModelEntry
from generator.models.summary import ConvLayer
from generator.pages.evidence import Evidence

LEAST_AGREEING = 0.5
"""The share of the units that must respond most to their own class, if the names are only those of the dataset."""


def answer_names(entry: ModelEntry, layer: ConvLayer, evidence: Evidence) -> tuple[str, ...]:
    """Return the names of a layer's filters, nothing where they are not known.

    They are those of the configuration, else those of the dataset's classes if there are as many; whether these are in
    the order of the units is seen from what the units respond to.
    """
    if not layer.is_head:
        return ()
    if len(entry.labels) == layer.filters:
        return entry.labels
    classes, means = evidence.classes, evidence.class_means(layer)
    if means is None or not len(classes) == means.shape[0] == means.shape[1] == layer.filters > 1:
        return ()
    if np.isnan(means).any():
        return ()
    agreeing = np.argmax(means, axis=0) == np.arange(len(classes))
    return classes if np.mean(agreeing) >= LEAST_AGREEING else ()
