"""Model summaries made by hand, for what needs no network."""

from __future__ import annotations

from dataclasses import replace

from generator.config import ModelEntry
from generator.models.preprocess import named
from generator.models.summary import ArchitectureRow, ConvLayer, ModelSummary


def conv(index: int, name: str, filters: int = 4, **fields: object) -> ConvLayer:
    """Return a 3x3 convolution; ``fields`` replace what it says."""
    made = ConvLayer(
        index=index,
        call=1,
        name=name,
        slug=f"{index:03d}-layer",
        type="Conv2D",
        kernel_shapes=((3, 3, 3, filters),),
        output_shape=(None, None, filters),
        filters=filters,
        parameters=27 * filters,
        receptive_field=(3, 3),
        read_at=name,
        activation="relu",
        macs=27.0 * filters,
        floats=3.0 + filters,
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def summary(*layers: ConvLayer, **fields: object) -> ModelSummary:
    """Return a model of these layers, one behind the other; ``fields`` replace what it says."""
    made = ModelSummary(
        digest="c0ffee" + "0" * 58,
        input_shape=(None, None, 3),
        channels=3,
        any_size=True,
        parameters=1234,
        preprocess=named("none", 3),
        layers=layers,
        architecture=tuple(
            ArchitectureRow(c.name, c.type, c.output_shape, c.parameters, c.index, (i - 1,))  # or PICTURE
            for i, c in enumerate(layers)
        ),
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def entry(name: str = "net", slug: str = "net", **fields: object) -> ModelEntry:
    """Return the entry of a model file; ``fields`` replace what it says."""
    return replace(ModelEntry(name, slug, "file", f"/models/{slug}.keras"), **fields)  # type: ignore[arg-type]
