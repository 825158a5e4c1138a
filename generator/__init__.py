"""Filter Gallery: a website of what every filter of a convolutional network looks for.

In a notebook: ``visualize_filters(model, "conv1")`` shows what a layer's filters look for, ``feature_maps`` what they
answer to a photo, ``dataset_examples`` which of many images excite them, and ``build("config.yaml")`` makes a site.
Each is imported when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from generator.version import __version__

if TYPE_CHECKING:
    from generator.api import build, dataset_examples, feature_maps, visualize_filters

__all__ = ["__version__", "build", "dataset_examples", "feature_maps", "visualize_filters"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from generator import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
