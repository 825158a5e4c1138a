"""``render``: one picture, and its trace."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli.options import config_for, config_option, debug_option, find_model, trust_option
from generator.cli.terminal import print_line
from generator.config.values import ObjectiveSpec
from generator.errors import UsageError
from generator.terms import METHODS, OBJECTIVES

if TYPE_CHECKING:
    from generator.config.values import RenderSettings
    from generator.models.summary import ConvLayer
    from generator.pipeline.layer_pictures import LayerPictures, PictureRequest, Select


@click.command()
@click.argument("model")
@click.argument("layer")
@click.argument("filter_", metavar="[FILTER]", type=int, required=False)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The picture's file; PNG by default.")
@click.option("--method", type=click.Choice([*METHODS]), help="How the picture is optimised.")
@click.option("--objective", type=click.Choice([*OBJECTIVES]), help="The whole channel, or its centre unit.")
@click.option("--sign", type=click.Choice(["positive", "negative"]), help="What excites the filter, or drives it down.")
@click.option("--size", type=click.IntRange(16, 2048), help="Pixels a side.")
@click.option("--steps", type=click.IntRange(1, 100_000), help="Steps of the optimisation.")
@click.option("--learning-rate", type=click.FloatRange(0, min_open=True), help="Length of a step.")
@click.option("--seed", type=click.IntRange(0), help="Of the start and the transforms.")
@click.option("--precision", type=click.Choice(["float32", "bfloat16"]), help="float32 unless a build measured better.")
@config_option
@trust_option
@debug_option
def render(
    model: str,
    layer: str,
    filter_: int | None,
    output: Path | None,
    config_path: Path | None,
    trust: bool,
    **settings: object,
) -> None:
    """Render one picture of LAYER in MODEL, of a random filter where none is named, and print its trace."""
    from generator.files import write_named
    from generator.imaging.encoding import picture_file, picture_format
    from generator.models.opening import opened
    from generator.pipeline import bands
    from generator.pipeline.layer_pictures import optimize_filters
    from generator.store import Store

    config = config_for(model, config_path)
    entry = find_model(model, config)
    if output is not None and (output.is_dir() or not output.parent.is_dir()):
        raise UsageError(f"cannot write {output}: " + ("it is a folder" if output.is_dir() else "no such folder"))
    given = {key: value for key, value in settings.items() if value is not None}
    if "objective" in given:
        given["objective"] = (ObjectiveSpec(str(given["objective"])),)
    pictures = optimize_filters(
        opened(entry, trust=trust),
        entry,
        layer,
        _one_filter(filter_, model),
        given,
        tunings=Store(config.cache),
        encode=partial(picture_file, kind=picture_format(output) if output else "PNG"),
        on_start=_print_request,
        called=model,
        hint=f"See: filter-gallery layers {model}",
    )
    _print_trace(pictures)
    request = pictures.request
    path = output or Path(f"{entry.slug}-{request.layer.slug}-{request.filters[0]}.png")
    write_named(path, pictures.files[0])
    channels, shown = request.summary.channels, request.summary.bands
    whole = bands.show_all(channels, shown)
    of = "" if whole else f" of all {channels} channels, of which the file shows {len(shown)}"
    ceiling = request.layer.ceiling
    without = "" if ceiling is None else f" without the ceiling of {ceiling:.6g} that it has in the network"
    print_line(f"Score {pictures.scores[0]:.6g}{of}, read at {request.layer.read_at}{without}. Wrote {path}")


def _one_filter(index: int | None, model: str) -> Select:
    """Return what selects the filter of an index; without one, that of a direction, else a random one."""

    def select(layer: ConvLayer, settings: RenderSettings) -> tuple[int, ...]:
        import random

        from generator.plan.choose import choose_filters

        if index is not None:
            return choose_filters((index,), layer, model)
        if settings.objective.weights:
            return (settings.objective.weights[0][0],)
        return (random.randrange(layer.filters),)

    return select


def _print_request(request: PictureRequest) -> None:
    for warning in request.summary.warnings:
        print_line(f"Warning: {warning}", err=True)
    settings = request.settings
    usual = (settings.objective, settings.sign) == (ObjectiveSpec(), "positive")
    kind = "" if usual else f" {settings.objective.kind},"
    kind += " negative," if settings.sign == "negative" else ""
    how = f"{settings.method}, {settings.steps} steps, seed {settings.seed}"
    print_line(f"{request.model}/{request.layer.name}, filter {request.filters[0]}:{kind} {how}")


def _print_trace(pictures: LayerPictures) -> None:
    trace = pictures.traces[0]
    for step in sorted({*range(0, len(trace), max(1, len(trace) // 8)), len(trace) - 1}):
        print_line(f"  step {step:4d}  objective {trace[step]:.6g}")
