"""What a configuration says, with every default filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from generator.terms import MethodName


@dataclass(frozen=True)
class MostActive:
    """The filters of a layer that respond most to the photos."""

    count: int


Filters = str | int | tuple[int, ...] | MostActive
"""``"all"``, a number of filters spread over the layer, the filters' indices, or the most active ones."""

Transforms = tuple[tuple[str, float], ...]
"""Random transforms in their order, each with its limit; see ``render.transforms``."""

USUAL_TRANSFORMS: Transforms = (("shift", 1 / 16), ("scale", 1.1), ("rotate", 10.0))


@dataclass(frozen=True)
class ObjectiveSpec:
    """What of a layer is maximised; ``weights`` are (filter, weight) of a direction."""

    kind: str = "channel"
    weights: tuple[tuple[int, float], ...] = ()

    @property
    def written(self) -> str | dict[str, dict[str, float]]:
        """Return the objective as config.yaml and the manifest write it."""
        return {"direction": {str(index): weight for index, weight in self.weights}} if self.weights else self.kind


@dataclass(frozen=True)
class RenderSettings:
    """How one picture of a filter is optimised. ``size`` and ``margin`` are in pixels; see ``render.methods``.

    It begins with ``noise``, or with an ``example``, see ``pipeline.from_examples``.
    """

    method: str = "fourier"
    size: int = 128
    margin: int = 8
    steps: int = 128
    learning_rate: float = 0.2
    seed: int = 0
    objective: ObjectiveSpec = ObjectiveSpec()
    sign: str = "positive"
    transforms: Transforms = USUAL_TRANSFORMS
    diversity: int = 1
    crops: int = 0
    precision: str = "auto"
    start: str = "noise"


METHOD_DEFAULTS: dict[MethodName, dict[str, Any]] = {
    "fourier": {"steps": 128, "learning_rate": 0.2, "transforms": USUAL_TRANSFORMS, "crops": 0},
    "pixel": {"steps": 100, "learning_rate": 4.0, "transforms": (), "crops": 0},
    "maco": {"steps": 64, "learning_rate": 1.0, "transforms": (), "crops": 32},
}


def complete_settings(chosen: Mapping[str, object]) -> RenderSettings:
    """Return the settings of a filter's main picture: what was chosen, the rest by method and size.

    The margin is a sixteenth of the picture, as far as the canvas is shifted: what stands there is seen but never
    kept. The method ``pixel`` draws on the whole input, and MaCo's crops never leave it: they have none.
    """
    return every_settings(chosen)[0]


def every_settings(chosen: Mapping[str, object]) -> tuple[RenderSettings, ...]:
    """Return the settings of each picture that a filter gets, the main one first.

    ``objective`` may be several, ``sign`` both, and ``repeats`` counts further seeds.
    """
    own: dict[str, Any] = dict(chosen)
    method = own.get("method", "fourier")
    size = own.get("size", 128)
    objectives = own.pop("objective", None) or (ObjectiveSpec(),)
    sign = own.pop("sign", "positive")
    signs = ("positive", "negative") if sign == "both" else (sign,)
    seed, repeats = own.pop("seed", 0), own.pop("repeats", 1)
    margin = max(4, size // 16) if method == "fourier" else 0
    shared = {"margin": margin, **METHOD_DEFAULTS[method], **own}
    return tuple(
        RenderSettings(**shared, objective=objective, sign=each, seed=seed + repeat)
        for objective in objectives
        for each in signs
        for repeat in range(repeats)
    )


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
class Dataset:
    """Images that a network is for, on which its filters are looked at.

    ``kind`` is ``bundled``, ``folder``, ``arrays`` (an .npz) or ``callable`` (``package.module:function``, looked up
    in ``folder`` first). At most ``limit`` images are taken, spread by ``seed``; ``size`` is the side at which they are
    fed, None for the network's own. Without ``publish`` no image is shown. ``examples`` is how many each filter gets,
    ``labels`` are the names of the classes in their order.
    """

    kind: str
    source: str
    folder: str = ""
    limit: int = 10_000
    seed: int = 0
    size: int | None = None
    publish: bool = True
    examples: int = 9
    labels: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return what it is called: the last part of a path, or a function's name. The rest is the owner's business."""
        if self.kind == "bundled":
            return "bundled crops"
        return self.source if self.kind == "callable" else Path(self.source).name


DENSE = "dense"
"""In place of a glob: the dense layers that end a network."""


@dataclass(frozen=True)
class LayerRule:
    """What the layers whose name matches ``glob`` get; ``render`` holds only the settings that differ."""

    glob: str
    filters: Filters | None = None
    render: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True)
class ModelEntry:
    """One configured model.

    ``kind`` is ``demo``, ``application``, ``file`` (a whole model), ``architecture`` (a .json file without weights) or
    ``callable`` (``package.module:function``). ``weights`` is ``imagenet``, ``random``, a file, or empty where the
    source brings its own. ``custom_objects`` are (name, import path); import paths are looked up in ``folder`` first.
    ``bands`` are the input's channels that are shown as red, green and blue, or the one shown as gray. ``labels`` are
    the names of its classes.
    """

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
    custom_objects: tuple[tuple[str, str], ...] = ()
    bands: tuple[int, ...] = ()
    folder: str = ""
    dataset: Dataset | None = None
    labels: tuple[str, ...] = ()

    def rule_for(self, layer: str, is_dense: bool = False) -> LayerRule | None:
        """Return the first rule that matches a layer's name, or None if the layer is left out.

        For dense layers that of ``DENSE`` comes first. Where it is the only one, it says nothing on other layers.
        """
        of_dense = next((rule for rule in self.layers if rule.glob == DENSE), None)
        if is_dense and of_dense is not None:
            return of_dense
        rules = self.layers if self.layers != (of_dense,) else (*self.layers, LayerRule("*"))
        return next((rule for rule in rules if fnmatchcase(layer, rule.glob)), None)

    def settings_for(self, rule: LayerRule) -> RenderSettings:
        """Return the complete settings of the main picture for the layers of a rule."""
        return complete_settings({**dict(self.render), **dict(rule.render)})

    def pictures_for(self, rule: LayerRule) -> tuple[RenderSettings, ...]:
        """Return the complete settings of every picture that a filter of the rule's layers gets."""
        return every_settings({**dict(self.render), **dict(rule.render)})


@dataclass(frozen=True)
class Branding:
    """What makes a site its owner's.

    ``introduction`` and ``footer`` are Markdown, whose pictures are looked up in ``folder``; ``accent`` is ``#rrggbb``.
    ``templates`` is a folder whose files replace ours of the same names. Nothing of this reaches a plan.
    """

    introduction: str = ""
    logo: Path | None = None
    accent: str = ""
    footer: str = ""
    templates: Path | None = None
    folder: Path = Path()


@dataclass(frozen=True)
class Config:
    """Everything a build needs to know, in the order in which it will be shown.

    ``compare`` are pairs of the models' names; None lets the models' architectures decide, see ``plan.pairs``.
    ``workers`` is how many processes render pictures; 0 lets the machine decide.
    """

    title: str
    output: Path
    cache: Path
    photos: tuple[Photo, ...]
    models: tuple[ModelEntry, ...]
    compare: tuple[tuple[str, str], ...] | None = None
    branding: Branding = Branding()
    workers: int = 0
