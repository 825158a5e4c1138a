"""Quality of the finished files, at equal passes: ours against Lucid's recipe and the method ``pixel``, by depth.

    python -m benchmarks.quality [MODEL..] [--filters 8] [--size 128] [--against lucid,lucid512,pixel]
        [--set learning_rate=0.2 ..] [--cache FOLDER] [--neighbours]

The models are the two of ``benchmarks.common`` and those whose names or paths BENCHMARK_MODELS holds, separated as PATH
is, unless some are given.
"""

from __future__ import annotations

import os
import pkgutil
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks import lucid
from benchmarks.common import NETWORKS, Array, load_named, rendered, spread
from benchmarks.handling import HANDLINGS, LOOKS
from benchmarks.scores import Layers, Scores, looks_of, own_best, ratios, share, thirds
from generator.imaging import encoding
from generator.models.load import LoadedModel

SIZE, STEPS, FILTERS = 128, 128, 4
AGAINST = ("lucid", "lucid512", "pixel")


@dataclass(frozen=True)
class Variant:
    """One choice of settings; ``constants`` are values of ours by their dotted names below ``generator``.

    A constant's new value is seen where the module or class itself is asked for it, not in a default argument.
    """

    label: str
    settings: dict[str, Any] = field(default_factory=dict)
    constants: dict[str, Any] = field(default_factory=dict)


DEFAULT = Variant("default")

NEIGHBOURS = (
    Variant("method pixel, 128 steps", {"method": "pixel"}),
    Variant("learning rate 0.1", {"learning_rate": 0.1}),
    Variant("learning rate 0.4", {"learning_rate": 0.4}),
    Variant("steps 64", {"steps": 64}),
    Variant("steps 256", {"steps": 256}),
    Variant("margin 0", {"margin": 0}),
    Variant("no whitening", constants={"render.fourier.WHITENING": 0.0}),
    Variant("whole whitening", constants={"render.fourier.WHITENING": 1.0}),
    Variant("decay 1", constants={"render.waves.DECAY": 1.0}),
    Variant("no blur", constants={"render.fourier.BLUR": 0.0}),
    Variant("no softness", constants={"render.waves.SOFTNESS": 0.0}),
    Variant("WebP quality 80", constants={"imaging.encoding.QUALITY": 80}),
    Variant("slope 0.01", constants={"render.objective.SLOPE": 0.01}),
)
"""What the defaults are compared with; each changes one thing."""

Renderer = Callable[[LoadedModel, int, tuple[int, ...], int], Array]
"""From a model, a layer, filters and a size to pictures (n, h, w, c) with values from 0 to 1."""


def ours(variant: Variant) -> Renderer:
    """Return what renders with our engine, under some choice of settings."""
    return lambda model, layer, filters, size: rendered(
        model, layer, filters, **{"size": size, "steps": STEPS, **variant.settings}
    )


def theirs(name: str) -> Renderer:
    """Return what renders by ``lucid`` or the reference method ``pixel``, the number of steps after the name.

    Raises ValueError for other names.
    """
    method, steps = _split(name)
    if method == "pixel":
        return lambda model, layer, filters, size: rendered(
            model, layer, filters, method="pixel", size=size, steps=steps
        )
    return lambda model, layer, filters, size: lucid.pictures(model, layer, filters, size, steps)


def title(name: str) -> str:
    """Return how a table calls ``lucid512``."""
    method, steps = _split(name)
    return f"{'reference method' if method == 'pixel' else 'Lucid'}, {steps} steps"


def _split(name: str) -> tuple[str, int]:
    match = re.fullmatch(r"(lucid|pixel)(\d*)", name)
    if match is None:
        raise ValueError(f"{name!r} is neither lucid nor pixel, with or without the number of steps behind")
    return match[1], int(match[2] or STEPS)


class Bench:
    """Some filters of some layers of a network, at one size."""

    def __init__(self, name: str, filters: int, size: int, cache: Path | None = None, glob: str = "*") -> None:
        self.name, self.size, self._cache = name.split("/")[-1], size, cache
        self.model = load_named(name)
        self.layers = [layer for layer in self.model.summary.layers if fnmatchcase(layer.name, glob)]
        self._filters = {layer.index: spread(self.model, layer.index, filters) for layer in self.layers}

    def measure(self, layer: int, renderer: Renderer) -> Scores:
        """Render and measure one layer."""
        filters = self._filters[layer]
        return Scores.of(self.model, layer, filters, renderer(self.model, layer, filters, self.size))

    def cached(self, layer: int, name: str) -> Scores:
        """Return the scores of Lucid's recipe or the method ``pixel``, from the cache if they are there.

        The cache knows the model's contents and what was asked for, not the code: empty it when that changes.
        """
        if self._cache is None:
            return self.measure(layer, theirs(name))
        parts = [self.model.summary.digest, layer, self._filters[layer], self.size, *_split(name), encoding.QUALITY]
        path = self._cache / f"{sha256(repr(parts).encode()).hexdigest()[:24]}.npz"
        if path.is_file():
            with np.load(path) as arrays:
                return Scores(**arrays)
        scores = self.measure(layer, theirs(name))
        self._cache.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.npz")
        np.savez(part, **vars(scores))
        part.replace(path)
        return scores

    def run(self, variant: Variant, on_layer: Callable[[str, Scores], None] = lambda name, scores: None) -> Layers:
        """Render and measure all layers with our engine; ``on_layer`` gets each layer's name and scores."""
        measured = []
        with constants(variant.constants):
            for layer in self.layers:
                measured.append(self.measure(layer.index, ours(variant)))
                on_layer(layer.name, measured[-1])
        return measured


@contextmanager
def constants(values: dict[str, Any]) -> Iterator[None]:
    """Give constants of the package other values while the block runs."""
    before = []
    for name, value in values.items():
        owner, attribute = name.rsplit(".", 1)
        where = pkgutil.resolve_name(f"generator.{owner}")
        before.append((where, attribute, getattr(where, attribute)))
        setattr(where, attribute, value)
    try:
        yield
    finally:
        for where, attribute, value in reversed(before):
            setattr(where, attribute, value)


def default_networks() -> tuple[str, ...]:
    """Return the networks that are measured where none are named."""
    return (*NETWORKS, *filter(None, os.environ.get("BENCHMARK_MODELS", "").split(os.pathsep)))


EQUAL_TEXT = (
    "Eight filters of every layer, 128 pixels; ours makes 128 steps. Lucid's recipe is `benchmarks/lucid.py`. Depth: "
    "the first, the middle and the last third of the layers. Alive: of the filters that respond to one of the four "
    "photos, those whose picture is not grey and scores above the best photo. Best of its layer: filters that no other "
    "of the rendered pictures of their layer excites more than their own. Then medians of our score divided by theirs, "
    "over the filters that are alive under both, whose number is the last column: of the decoded WebP file as saved; "
    "after JPEG at quality 60 and a shift by four pixels; after a shift by half a pixel (means of four neighbours); "
    "after a Gaussian blur of 1 and of 2 pixels; after resizing to three quarters and to a half, and back, bilinear. "
    "Looks are medians, ours before theirs: the share of a picture's power in waves shorter than four pixels (`fine`), "
    "the share of values nearer than 2 % to black or white (`clipped`), and the mean saturation."
)
_COLUMNS = ("network", "against", "depth", "alive", "best of its layer", "saved", *HANDLINGS, *LOOKS, "filters")
EQUAL_HEAD = [  # of the table that ``equal_rows`` fills
    f"| {' | '.join(_COLUMNS)} |",
    f"| {' | '.join('---' for _ in _COLUMNS)} |",
]
DEPTHS = ("first", "middle", "last")


def equal_rows(
    names: Sequence[str] = (),
    filters: int = 8,
    size: int = SIZE,
    against: Sequence[str] = AGAINST,
    variant: Variant = DEFAULT,
    cache: Path | None = None,
    glob: str = "*",
    on_line: Callable[[str], None] = lambda line: None,
) -> Iterator[str]:
    """Yield the rows of the table of equal passes; ``on_line`` gets a line on each layer."""
    for name in names or default_networks():
        bench = Bench(name, filters, size, cache, glob)
        other: dict[str, Layers] = {key: [] for key in against}

        def on_layer(layer: str, scores: Scores, bench: Bench = bench, other: dict[str, Layers] = other) -> None:
            index = next(summary.index for summary in bench.layers if summary.name == layer)
            parts = [f"  {layer:28} alive {_of(scores.alive, scores.responding)} best {_of(scores.unmatched)}"]
            for key in against:
                peer_scores = bench.cached(index, key)
                other[key].append(peer_scores)
                columns, _ = ratios([scores], [peer_scores])
                parts.append(f"{key} {' '.join(f'{ratio:.2f}' for ratio in columns.values())}")
            on_line(", ".join(parts))

        own = bench.run(variant, on_layer)
        for key in against:
            for depth, ours, others in zip(DEPTHS, thirds(own), thirds(other[key]), strict=True):
                yield _compared(bench.name, title(key), depth, ours, others)


def _compared(network: str, other: str, depth: str, ours: Layers, theirs: Layers) -> str:
    columns, count = ratios(ours, theirs)
    pairs = zip(looks_of(ours).items(), looks_of(theirs).values(), strict=True)
    cells = [
        *(network, other, depth),
        f"{share(ours):.0%}, {share(theirs):.0%}",
        f"{own_best(ours):.0%}, {own_best(theirs):.0%}",
        *(f"{ratio:.2f}" for ratio in columns.values()),
        *(f"{look:.2f}, {their_look:.2f}" for (_, look), their_look in pairs),
        str(count),
    ]
    return f"| {' | '.join(cells)} |"


def _of(which: Array, among: Array | None = None) -> str:
    return f"{which.sum()}/{len(which) if among is None else among.sum()}"


TEXT = (
    "Four filters of every layer, 128 pixels. Alive, scores and looks as above; ratios are to the default's scores. "
    "Each line changes one thing."
)
_CHOICE_COLUMNS = ("network", "choice", "alive", "saved", *HANDLINGS, *LOOKS)
HEAD = [  # of the table that ``neighbour_rows`` fills
    f"| {' | '.join(_CHOICE_COLUMNS)} |",
    f"| {' | '.join('---' for _ in _CHOICE_COLUMNS)} |",
]


def neighbour_rows(
    names: Sequence[str] = (),
    filters: int = FILTERS,
    size: int = SIZE,
    variants: Sequence[Variant] = NEIGHBOURS,
    glob: str = "*",
) -> Iterator[str]:
    """Yield the rows of the table that compares choices with the default."""
    for name in names or default_networks():
        bench = Bench(name, filters, size, glob=glob)
        default = bench.run(DEFAULT)
        yield _choice(bench.name, "default", default, default)
        for variant in variants:
            yield _choice(bench.name, variant.label, bench.run(variant), default)


def _choice(network: str, label: str, own: Layers, default: Layers) -> str:
    columns, _ = ratios(own, default)
    scores = [f"{ratio:.2f}" for ratio in columns.values()]
    looks = [f"{look:.2f}" for look in looks_of(own).values()]
    return f"| {' | '.join([network, label, f'{share(own):.0%}', *scores, *looks])} |"


def parsed(pairs: Sequence[str]) -> Variant:
    """Return the variant of ``--set key=value``; a key with a dot names a constant below ``generator``."""
    settings: dict[str, Any] = {}
    named: dict[str, Any] = {}
    for pair in pairs:
        key, _, text = pair.partition("=")
        value: Any = text
        for kind in (int, float):
            try:
                value = kind(text)
                break
            except ValueError:
                continue
        (named if "." in key else settings)[key] = value
    return Variant(", ".join(pairs) or DEFAULT.label, settings, named)


@click.command()
@click.argument("names", nargs=-1, metavar="[MODEL]..")
@click.option("--filters", type=click.IntRange(1), default=8, show_default=True)
@click.option("--size", type=click.IntRange(16), default=SIZE, show_default=True)
@click.option("--against", default=",".join(AGAINST), show_default=True, help="Names, with steps behind: lucid512.")
@click.option("--set", "pairs", multiple=True, metavar="KEY=VALUE", help="A setting, or render.objective.SLOPE=0.01.")
@click.option("--layer", "glob", default="*", show_default=True, help="Only the layers that match.")
@click.option("--cache", type=click.Path(path_type=Path), help="Where the others' scores are kept.")
@click.option("--neighbours", is_flag=True, help="Compare the defaults with their neighbours instead.")
def main(
    names: tuple[str, ...],
    filters: int,
    size: int,
    against: str,
    pairs: tuple[str, ...],
    glob: str,
    cache: Path | None,
    neighbours: bool,
) -> None:
    """Print rows as they come."""
    if neighbours:
        for row in neighbour_rows(names, filters, size, glob=glob):
            click.echo(row)
        return
    keys = [key for key in against.split(",") if key]
    try:
        for key in keys:
            theirs(key)
    except ValueError as error:
        raise click.UsageError(f"--against: {error}") from None
    click.echo("\n".join(EQUAL_HEAD))
    for row in equal_rows(names, filters, size, keys, parsed(pairs), cache, glob, lambda line: click.echo(line)):
        click.echo(row)


if __name__ == "__main__":
    main()
