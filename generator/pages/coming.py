"""The filters of a growing site that have no picture yet: what is shown of them meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

from generator.analysis.filter_views import ImageFile
from generator.models.summary import ConvLayer

MOST_FACES = 10
"""Filters of a layer, those that come next, of which something is shown."""


@dataclass(frozen=True)
class ComingFilter:
    """A filter that has no picture yet. ``file`` is its best example, its feature map or its kernel, as ``kind`` says.

    None, and "", if there is nothing yet. Of the examples the first has 96 pixels a side.
    """

    label: str
    file: ImageFile | None
    kind: str


@dataclass(frozen=True)
class ComingLayer:
    """A layer of which filters have no picture yet: ``count``, of ``planned``; ``faces`` are those that come next."""

    layer: ConvLayer
    count: int
    planned: int
    faces: tuple[ComingFilter, ...]
