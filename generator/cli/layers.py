"""``layers``: every convolutional layer of a model."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import click

from generator.cli.options import config_for, config_option, debug_option, find_model, trust_option
from generator.cli.terminal import print_line, print_table


@click.command()
@click.argument("model")
@config_option
@trust_option
@debug_option
def layers(model: str, config_path: Path | None, trust: bool) -> None:
    """List every convolutional layer of MODEL."""
    from generator.assets.catalogue import weights_path
    from generator.models.identity import digest_of
    from generator.models.summary import WHOLE_INPUT, ModelSummary
    from generator.store import Store

    config = config_for(model, config_path)
    entry, store = find_model(model, config), Store(config.cache)
    imagenet = entry.kind == "application" and entry.weights == "imagenet"
    if imagenet and not weights_path(entry.source, entry.include_top).is_file():
        print_line(f"Warning: {entry.source}: its ImageNet weights are not cached; the table needs none", err=True)
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

    def dimensions(shape: tuple[int | None, ...]) -> str:
        return "x".join("?" if n is None else str(n) for n in shape)

    def field(sides: tuple[int, int] | None) -> str:
        return "?" if sides is None else "input" if WHOLE_INPUT in sides else dimensions(sides)

    rows = [
        [
            str(layer.index),
            layer.title,
            layer.type,
            " + ".join(dimensions(shape) for shape in layer.kernel_shapes),
            dimensions(layer.output_shape),
            f"{layer.parameters:,}",
            field(layer.receptive_field),
        ]
        for layer in summary.layers
    ]
    print_table(["#", "Name", "Type", "Kernel", "Output", "Parameters", "Receptive field"], rows, right=(0, 5))
    total = sum(layer.filters for layer in summary.layers)
    print_line(f"{summary.layers_in_words}, {total:,} filters; preprocessing: {summary.preprocess.label}")
    for ceiling, count in sorted(Counter(c.ceiling for c in summary.layers if c.ceiling is not None).items()):
        print_line(
            f"Activations of {count} {'layer' if count == 1 else 'layers'} end at {ceiling:.6g} in the network; "
            "pictures and scores are without that ceiling"
        )
    for line in (*summary.left_out, *(f"Warning: {warning}" for warning in summary.warnings)):
        print_line(line, err=True)
