"""Filter Gallery in Python, for notebooks: nothing is printed, values come back, and what is wrong is raised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from generator.api.filters import FeatureMaps, FilterPictures, feature_maps, visualize_filters
    from generator.api.gallery import build

__all__ = ["FeatureMaps", "FilterPictures", "build", "feature_maps", "visualize_filters"]


def __getattr__(name: str) -> Any:
    """Import what is asked for, so that ``generator.api`` alone costs nothing."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from generator.api import filters, gallery

    return getattr(gallery if name == "build" else filters, name)
