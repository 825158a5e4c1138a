"""The commands. Each imports what it needs when it runs, so that ``--help`` answers at once."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import click

from generator.cli.options import (
    choice_options,
    config_for,
    config_option,
    debug_option,
    debug_wanted,
    find_model,
    read_config,
    trust_option,
    with_output,
)
from generator.cli.publishing import Further, further_options
from generator.config.values import METHODS, Filters
from generator.errors import GalleryError, UsageError, nearest


@click.command()
@config_option
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where the site is written.")
@choice_options
@click.option("--force", is_flag=True, help="Render again what the store already holds.")
@further_options
@trust_option
@debug_option
def build(
    config_path: Path | None,
    output: Path | None,
    models: tuple[str, ...],
    layers: tuple[str, ...],
    filters: Filters | None,
    force: bool,
    trust: bool,
    archive: Path | None,
    single_file: Path | None,
    single_file_limit: int,
) -> int:
    """Render what is not rendered yet, and write the site."""
    from generator.cli.progress import Reporter
    from generator.pipeline import build as run
    from generator.plan import Choice

    config = with_output(read_config(config_path), output)
    further = Further.asked(config, archive, single_file, single_file_limit, models, layers)
    with Reporter(debug_wanted()) as reporter:
        summary = run(config, Choice(layers, filters), models, force, trust, reporter)
    verdicts = ", ".join(f"{count} {name}" for name, count in summary.verdicts) or "none"
    changes = summary.pages
    click.echo(f"Filters: {verdicts}.")
    click.echo(f"Files: {changes.written} written, {changes.unchanged} unchanged, {changes.deleted} deleted.")
    click.echo(f"Open {Path(summary.index).resolve()}")
    if summary.failures:
        click.echo(f"{len(summary.failures)} failed; the rest is built:", err=True)
        for failure in summary.failures:
            click.echo(f"  {failure.what}: {failure.message}", err=True)
    for line in further.make(config.output):
        click.echo(line)
    return 1 if summary.failures else 0


@click.command()
@config_option
@choice_options
@trust_option
@debug_option
def plan(
    config_path: Path | None, models: tuple[str, ...], layers: tuple[str, ...], filters: Filters | None, trust: bool
) -> int:
    """Show what a build would do: layers, pictures, cached or not, estimated time and bytes."""
    from generator.cli.tables import print_table
    from generator.pipeline import prepare
    from generator.pipeline.cost import USUAL_SPEED, duration, fixed_seconds, task_bytes, task_cost
    from generator.pipeline.run import select_models
    from generator.plan import PICTURE, Choice
    from generator.store import Store

    config = select_models(read_config(config_path), models)
    prepared, failures = prepare(config, Choice(layers, filters), trust)
    store = Store(config.cache)
    measured = store.speed().get("multiplications_per_second")
    speed = measured or USUAL_SPEED
    rows, seconds, size = [], 0.0, 0.0
    for one in prepared:
        by_layer: dict[int, list[tuple[int, int, float]]] = {}
        pending = {task.key for task in one.now if store.record(task.record_group, task.key) is None}
        seconds += fixed_seconds(task for task in one.now if task.key in pending)
        for task in one.now:
            cached = task.key not in pending
            cost = 0.0 if cached else task_cost(task, one.summary) / speed
            seconds, size = seconds + cost, size + task_bytes(task, one.summary)
            if task.technique == PICTURE:
                count = len(task.filters)
                by_layer.setdefault(task.layer.index, []).append((count, count if cached else 0, cost))
        for layer in one.summary.layers:
            if parts := by_layer.get(layer.index):
                count, done, cost = (sum(column) for column in zip(*parts, strict=True))
                rows.append([one.entry.name, layer.name, f"{count}", f"{done}", duration(cost)])
    print_table(["Model", "Layer", "Pictures", "Cached", "Time"], rows, right=(2, 3, 4))
    basis = "measured here" if measured else "a guess: nothing was built here yet"
    click.echo(f"About {duration(seconds)} of rendering ({basis}) and {size / 1e6:.1f} MB in {config.output}.")
    for failure in failures:
        click.echo(f"  {failure.what}: {failure.message}", err=True)
    return 1 if failures else 0


@click.command()
@click.argument("model")
@config_option
@trust_option
@debug_option
def layers(model: str, config_path: Path | None, trust: bool) -> None:
    """List every convolutional layer of MODEL."""
    from generator.assets.catalogue import weights_path
    from generator.cli.tables import print_table
    from generator.models.identity import digest_of
    from generator.models.summary import WHOLE_INPUT, ModelSummary
    from generator.store import Store

    config = config_for(model, config_path)
    entry, store = find_model(model, config), Store(config.cache)
    imagenet = entry.kind == "application" and entry.weights == "imagenet"
    if imagenet and not weights_path(entry.source, entry.include_top).is_file():
        click.echo(f"Warning: {entry.source}: its ImageNet weights are not cached; the table needs none", err=True)
        entry = replace(entry, weights="random")
    digest = digest_of(entry)
    cached = store.summary(digest) if digest else None
    summary = ModelSummary.from_json(cached) if cached else None
    if summary is None:
        from generator.models.start import start_keras

        start_keras()
        from generator.models.load import load

        summary = load(entry, trust).summary
        if store.folder.exists():  # looking at a model does not make a folder
            store.put_summary(summary.digest, summary.to_json())

    def shown(shape: tuple[int | None, ...]) -> str:
        return "x".join("?" if n is None else str(n) for n in shape)

    def field(value: tuple[int, int] | None) -> str:
        return "?" if value is None else "input" if WHOLE_INPUT in value else shown(value)

    rows = [
        [
            str(layer.index),
            layer.title,
            layer.type,
            " + ".join(shown(shape) for shape in layer.kernel_shapes),
            shown(layer.output_shape),
            f"{layer.parameters:,}",
            field(layer.receptive_field),
        ]
        for layer in summary.layers
    ]
    print_table(["#", "Name", "Type", "Kernel", "Output", "Parameters", "Receptive field"], rows, right=(0, 5))
    total = sum(layer.filters for layer in summary.layers)
    click.echo(
        f"{len(summary.layers)} convolutional layers, {total:,} filters; preprocessing: {summary.preprocess.label}"
    )
    for line in (*summary.left_out, *(f"Warning: {warning}" for warning in summary.warnings)):
        click.echo(line, err=True)


@click.command()
@click.argument("model")
@click.argument("layer")
@click.argument("filter_", metavar="[FILTER]", type=int, required=False)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The picture's file; PNG by default.")
@click.option("--method", type=click.Choice(METHODS), help="How the picture is optimised.")
@click.option("--objective", type=click.Choice(["channel", "neuron"]), help="The whole channel, or its centre unit.")
@click.option("--sign", type=click.Choice(["positive", "negative"]), help="What excites the filter, or drives it down.")
@click.option("--size", type=click.IntRange(16, 2048), help="Pixels a side.")
@click.option("--steps", type=click.IntRange(1, 100_000), help="Steps of the ascent.")
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
    **chosen: object,
) -> None:
    """Render one picture of LAYER in MODEL, of a random filter where none is named, and print its trace."""
    from generator.config.values import complete_settings
    from generator.imaging.encoding import picture_format

    config = config_for(model, config_path)
    entry = find_model(model, config)
    if output is not None and (output.is_dir() or not output.parent.is_dir()):
        raise UsageError(f"cannot write {output}: " + ("it is a folder" if output.is_dir() else "no such folder"))
    if output is not None:
        picture_format(output)

    from generator.models.start import start_keras

    start_keras()
    from generator.models.load import load

    loaded = load(entry, trust)
    found = next((each for each in loaded.summary.layers if layer in (each.name, each.title)), None)
    if found is None:
        names = [each.title for each in loaded.summary.layers]
        hint = nearest(layer, names) or f"See: filter-gallery layers {model}"
        raise UsageError(f"{model}: no convolutional layer {layer!r}", hint)
    if filter_ is not None and not 0 <= filter_ < found.filters:
        raise UsageError(
            f"{model}/{layer}: no filter {filter_}", f"The layer has {found.filters}, from 0 to {found.filters - 1}"
        )

    import random

    import numpy as np

    from generator.config.values import ObjectiveSpec
    from generator.imaging.encoding import save_picture
    from generator.pipeline import bands
    from generator.plan import Tuning
    from generator.plan.choose import effective
    from generator.render.optimize import Optimizer, responses
    from generator.store import Store

    rule = entry.rule_for(found.name)
    base = {**dict(entry.render), **(dict(rule.render) if rule else {})}
    said = {key: value for key, value in chosen.items() if value is not None}
    if "objective" in said:
        said["objective"] = (ObjectiveSpec(str(said["objective"])),)
    if "method" in said and said["method"] != base.get("method", "fourier"):
        # The others were for that method.
        base = {key: value for key, value in base.items() if key in ("size", "seed", "objective", "sign")}
    settings = effective(complete_settings({**base, **said}), loaded.summary)
    if settings.precision == "auto":
        tuning = Tuning.from_json(Store(config.cache).tuning(loaded.summary.digest)) or Tuning()
        settings = replace(settings, precision=tuning.precision)
    settings = replace(settings, diversity=1)
    if filter_ is None and settings.objective.weights:
        index = settings.objective.weights[0][0]
    else:
        index = random.randrange(found.filters) if filter_ is None else filter_
    kind = (
        "" if (settings.objective, settings.sign) == (ObjectiveSpec(), "positive") else f" {settings.objective.kind},"
    )
    kind += " negative," if settings.sign == "negative" else ""
    made = f"{settings.method}, {settings.steps} steps, seed {settings.seed}"
    click.echo(f"{entry.name}/{found.name}, filter {index}:{kind} {made}")
    optimization = Optimizer(loaded, found.index, settings).run((index,))
    if not np.isfinite(optimization.trace).all():
        raise GalleryError(
            f"{entry.name}/{found.title}, filter {index}: the network's activation is not a finite number",
            "Look for weights that are not finite, or try `preprocess:`",
        )
    for step in sorted({*range(0, settings.steps, max(1, settings.steps // 8)), settings.steps - 1}):
        click.echo(f"  step {step:4d}  objective {optimization.trace[step, 0]:.6g}")
    path = output or Path(f"{entry.slug}-{found.slug}-{index}.png")
    summary = loaded.summary
    pixels = save_picture(bands.shown(optimization.pictures[0], summary.bands), path)
    whole = bands.show_all(summary.channels, summary.bands)
    scored = bands.from_shown(pixels, summary.bands) if whole else np.round(optimization.pictures[0] * 255)
    score = responses(loaded, found.index, (index,), scored[None], settings)[0]
    of = "" if whole else f" of all {summary.channels} channels, of which the file shows {len(summary.bands)}"
    click.echo(f"Score {score:.6g}{of}, read at {found.read_at}. Wrote {path}")


@click.command()
@config_option
@debug_option
def models(config_path: Path | None) -> None:
    """List what MODEL can name."""
    from generator.assets.catalogue import APPLICATIONS, weights_folder
    from generator.cli.tables import print_table

    config = read_config(config_path)
    rows = [[entry.name, f"configured: {entry.source}", ""] for entry in config.models]
    if "demo" not in [entry.name for entry in config.models]:
        rows.append(["demo", "bundled", ""])
    folder = weights_folder()
    for name, application in APPLICATIONS.items():
        cached = [
            label
            for label, file in (("without top", application.weights), ("with top", application.weights_with_top))
            if (folder / file).is_file()
        ]
        rows.append([name, "keras.applications", f"cached {' and '.join(cached)}" if cached else "to be downloaded"])
    print_table(["Name", "Where from", "ImageNet weights"], rows)
    click.echo(f"Weights are cached in {folder}. A path to a .keras or .h5 file can be named as well.")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path(), required=False)
@click.option("--preset", type=click.Choice(["demo", "imagenet", "own"]), default="demo", show_default=True)
@click.option("--github/--no-github", default=False, show_default=True, help="Also a workflow for GitHub Pages.")
@debug_option
def init(folder: Path, preset: str, github: bool) -> None:
    """Write a commented config.yaml into FOLDER, and with --github a workflow that publishes the gallery."""
    from generator.config.presets import preset_text
    from generator.files import write_atomically
    from generator.publish.workflow import workflow

    path, ours = folder / "config.yaml", folder / ".github" / "workflows" / "pages.yml"
    top = next((place for place in (folder.resolve(), *folder.resolve().parents) if (place / ".git").exists()), None)
    if github and top and top != folder.resolve():
        raise UsageError(f"{folder}: GitHub reads workflows at the top of a repository only", f"Run it in {top}")
    text, elsewhere = workflow(folder)
    texts = {path: preset_text(preset).encode(), **({ours: text} if github else {})}
    kept = [one for one in texts if one.exists() or one.is_symlink()]
    if kept and (not github or ours in kept):  # a configuration that is there already can get a workflow
        raise UsageError(f"{kept[-1]}: exists already", "Remove it first, or name another folder")
    for one, content in texts.items():
        if one in kept:
            click.echo(f"Kept {one}.")
            continue
        try:
            write_atomically(one, content)
        except OSError as error:
            raise UsageError(f"cannot write {one}: {error.strerror}") from None
        following = f" Next: filter-gallery build -c {shlex.quote(str(path))}" if one == path else ""
        click.echo(f"Wrote {one}.{following}")
    if github:
        if elsewhere:
            told = f"Warning: {ours} installs filter-gallery from PyPI, and yours came from {elsewhere}"
            click.echo(f"{told}. If PyPI lacks it, name another address there.", err=True)
        click.echo("Keep site/ and .filter-gallery/ out of git (.gitignore): GitHub makes its own.")
        click.echo("Push it, then choose in the repository's settings, under Pages, the source GitHub Actions.")


@click.command()
@config_option
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The site's folder.")
@click.option("--cache/--no-cache", default=False, show_default=True, help="Remove the rendered pictures too.")
@debug_option
def clean(config_path: Path | None, output: Path | None, cache: bool) -> None:
    """Remove the site's files, and nothing that is not ours."""
    from generator.site.folder import remove_site
    from generator.store import Store

    config = with_output(read_config(config_path), output)
    removed = remove_site(config.output)
    click.echo(f"Removed {removed.files} files of {config.output}.")
    if removed.kept:
        more = f" and {len(removed.kept) - 1} more" if len(removed.kept) > 1 else ""
        click.echo(f"Kept {removed.kept[0]}{more}: not as a build wrote it.", err=True)
    if cache:
        gone = Store(config.cache).remove()
        kept = ", but for files that are not the store's" if config.cache.exists() else ""
        click.echo(f"Removed {config.cache}{kept}." if gone else f"There is no {config.cache}.")


ALL = (build, plan, layers, render, models, init, clean)
