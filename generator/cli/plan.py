"""``plan``: what a build would do."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cli.options import choice_options, config_option, debug_option, read_config, trust_option
from generator.cli.terminal import print_first, print_line, print_table
from generator.config.values import Filters


@click.command()
@config_option
@choice_options
@trust_option
@debug_option
def plan(
    config_path: Path | None, models: tuple[str, ...], layers: tuple[str, ...], filters: Filters | None, trust: bool
) -> int:
    """Show what a build would do: layers, pictures, cached or not, estimated time and bytes."""
    from generator.errors import GalleryError
    from generator.pipeline import Failure, prepare
    from generator.pipeline.cost import EXAMPLES_BYTES, USUAL_SPEED, duration, fixed_seconds, task_bytes, task_cost
    from generator.pipeline.dataset import Datasets, unseen
    from generator.pipeline.run import select_models
    from generator.plan import PICTURE, Choice
    from generator.store import Store

    config = select_models(read_config(config_path), models)
    prepared, failures = prepare(config, Choice(layers, filters), trust)
    store = Store(config.cache)
    measured = store.speed().get("multiplications_per_second")
    speed = measured or USUAL_SPEED
    rows, seconds, size = [], 0.0, 0.0
    for model in prepared:
        by_layer: dict[int, list[tuple[int, int, float]]] = {}
        pending = {task.key for task in model.now if store.record(task.record_group, task.key) is None}
        seconds += fixed_seconds(task for task in model.now if task.key in pending)
        for task in model.now:
            cached = task.key not in pending
            cost = 0.0 if cached else task_cost(task, model.summary) / speed
            seconds, size = seconds + cost, size + task_bytes(task, model.summary)
            if task.technique == PICTURE:
                count = len(task.filters)
                by_layer.setdefault(task.layer.index, []).append((count, count if cached else 0, cost))
        for layer in model.summary.layers:
            if batches := by_layer.get(layer.index):
                count, done, cost = (sum(column) for column in zip(*batches, strict=True))
                rows.append([model.entry.name, layer.name, f"{count}", f"{done}", duration(cost)])
    lines, datasets = [], Datasets()
    for model in prepared:
        try:
            found = unseen(model.entry, model.summary, model.now, store, datasets)
        except GalleryError as error:
            failures.append(Failure(f"dataset of {model.entry.name}", str(error), error))
            continue
        if found:
            seconds, size = seconds + found.cost / speed, size + found.filters * EXAMPLES_BYTES
            what = f"{found.images:,} images of {found.name}"
            lines.append(f"{model.entry.name}: {f'{found.new:,} of {what} to look at' if found.new else what}.")
    print_table(["Model", "Layer", "Pictures", "Cached", "Time"], rows, right=(2, 3, 4))
    for line in lines:
        print_line(line)
    basis = "measured here" if measured else "a guess: nothing was built here yet"
    print_line(f"About {duration(seconds)} of rendering ({basis}) and {size / 1e6:.1f} MB in {config.output}.")
    print_first([f"  {failure.what}: {failure.message}" for failure in failures])
    return 1 if failures else 0
