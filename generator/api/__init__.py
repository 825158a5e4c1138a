"""Filter Gallery in Python, for notebooks: nothing is printed, values come back, and what is wrong is raised."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from generator.api.examples import DatasetExamples, dataset_examples
    from generator.api.filters import FeatureMaps, FilterPictures, feature_maps, visualize_filters
    from generator.api.gallery import build

__all__ = [
    "DatasetExamples",
    "FeatureMaps",
    "FilterPictures",
    "build",
    "dataset_examples",
    "feature_maps",
    "visualize_filters",
]
_ELSEWHERE = {"build": "gallery", "DatasetExamples": "examples", "dataset_examples": "examples"}


def __getattr__(name: str) -> Any:
    """Import what is asked for, so that ``generator.api`` alone costs nothing."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"generator.api.{_ELSEWHERE.get(name, 'filters')}"), name)
