"""What a configuration says, with every default filled in."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

Filters = str | int | tuple[int, ...]
"""``"all"``, a number of filters spread over the layer, or the filters' indices."""

METHODS = ("fourier", "pixel")


@dataclass(frozen=True)
class RenderSettings:
    """How a picture is optimised. ``size`` and ``margin`` are in pixels; see ``render.methods``."""

    method: str = "fourier"
    size: int = 128
    margin: int = 8
    steps: int = 128
    learning_rate: float = 0.1
    seed: int = 0


METHOD_DEFAULTS: dict[str, dict[str, float]] = {
    "fourier": {"steps": 128, "learning_rate": 0.1},
    "pixel": {"steps": 100, "learning_rate": 4.0},
}


def complete_settings(chosen: dict[str, object]) -> RenderSettings:
    """Fill in what depends on the method and on the size.

    The margin is a sixteenth of the picture, as far as the canvas is shifted: what stands there is seen but never
    kept. The reference method draws on the whole input and has none.
    """
    method = str(chosen.get("method", "fourier"))
    size = int(str(chosen.get("size", 128)))
    margin = 0 if method == "pixel" else max(4, size // 16)
    return RenderSettings(**{"margin": margin, **METHOD_DEFAULTS[method], **chosen})  # type: ignore[arg-type]


@dataclass(frozen=True)
class PreprocessChoice:
    """What is done to a picture with values 0 to 255 before the network sees it.

    ``style`` is ``auto``, ``none``, ``caffe``, ``tf``, ``torch`` or ``custom``; for ``custom`` a channel becomes
    ``(value * scale - mean) / std``, channels in the given ``order``.
    """

    style: str = "auto"
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    scale: float = 1.0
    order: str = "rgb"


@dataclass(frozen=True)
class Photo:
    """A photo by the name it is shown under and the file it comes from."""

    name: str
    path: Path


@dataclass(frozen=True)
class LayerRule:
    """What the layers whose name matches ``glob`` get; ``render`` holds only the settings that differ."""

    glob: str
    filters: Filters | None = None
    render: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True)
class ModelEntry:
    """One configured model. ``kind`` is ``demo``, ``application`` or ``file``."""

    name: str
    slug: str
    kind: str
    source: str
    weights: str = "imagenet"
    include_top: bool = False
    input_shape: tuple[int | None, ...] | None = None
    preprocess: PreprocessChoice = field(default_factory=PreprocessChoice)
    layers: tuple[LayerRule, ...] = (LayerRule("*"),)
    filters: Filters = "all"
    render: tuple[tuple[str, object], ...] = ()

    def rule_for(self, layer: str) -> LayerRule | None:
        """Return the first rule that matches a layer's name, or None if the layer is left out."""
        return next((rule for rule in self.layers if fnmatchcase(layer, rule.glob)), None)

    def settings_for(self, rule: LayerRule) -> RenderSettings:
        """Return the complete settings for the layers of a rule."""
        return complete_settings({**dict(self.render), **dict(rule.render)})


@dataclass(frozen=True)
class Config:
    """Everything a build needs to know, in the order in which it will be shown."""

    title: str
    output: Path
    cache: Path
    photos: tuple[Photo, ...]
    models: tuple[ModelEntry, ...]
