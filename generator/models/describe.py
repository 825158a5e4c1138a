"""Find every convolution of a graph and describe it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import keras

from generator.errors import ModelError
from generator.models.activation_point import activation_name, activation_point
from generator.models.ceiling import ceiling_at
from generator.models.conv_weights import kernel_variables
from generator.models.graph import Call, Graph
from generator.models.heads import head_positions, last_activation, linear_source
from generator.models.left_out import left_out
from generator.models.preprocess import Preprocess
from generator.models.provenance import provenance
from generator.models.receptive_field import receptive_fields
from generator.models.recording import CONVOLUTIONS
from generator.models.summary import PICTURE, WHOLE_INPUT, ArchitectureRow, ConvLayer, ModelSummary, Shape
from generator.names import slug

REFERENCE_SIDE = 128
"""The input side at which costs are counted for networks that take any size."""

MULTIPLES = (1, 2, 4, 8, 16, 32, 64)
"""Of what a side may have to be a multiple: a U-Net halves it and doubles it again, and both must fit."""


def is_convolution(op: object) -> bool:
    """Tell whether an operation is a convolution over pictures."""
    return isinstance(op, CONVOLUTIONS)


def conv_positions(graph: Graph) -> list[int]:
    """Return the positions of the graph's convolutions that the picture reaches, in the order of computation."""
    reached, positions = {graph.input}, []
    for position, call in enumerate(graph.calls):
        if reached.intersection(call.values):
            reached.update(call.outputs)
            if is_convolution(call.op):
                positions.append(position)
    return positions


def describe(
    model: keras.Model,
    graph: Graph,
    preprocess: Preprocess,
    digest: str,
    warnings: Sequence[str],
    bands: tuple[int, ...] = (),
    notes: Sequence[str] = (),
) -> ModelSummary:
    """Return the model's summary; ``bands`` are the channels to show, by default the first three, or one.

    Raises ModelError if there is no convolution to show, the input is no picture, or it has no such bands.
    """
    input_shape = graph.picture
    positions = conv_positions(graph)
    not_shown = left_out(graph, positions)
    if all(graph.calls[position].stands_for is not None for position in positions):
        raise ModelError("the model has no convolutional layer to show" + (f" ({not_shown[0]})" if not_shown else ""))
    if len(input_shape) != 3 or not input_shape[2]:
        raise ModelError(f"the model takes {input_shape}, not pictures (height, width, channels)")
    channels = int(input_shape[2])
    shown = _bands(channels, bands)
    shapes, side_area, multiple, own_size = _shapes(graph, input_shape, positions)
    fields = receptive_fields(graph, shapes if graph.numeric else {})
    macs = _running_costs(graph, shapes, side_area, _macs)
    floats = _running_costs(graph, shapes, side_area, lambda call, shapes: prod(shapes[call.outputs[0]]))
    inputs = provenance(graph, positions, shapes)
    heads = head_positions(graph, positions)
    ends = {activation_point(graph, position).last: position for position in positions}
    layers = []
    for index, position in enumerate(positions, start=1):
        call = graph.calls[position]
        point = activation_point(graph, position)
        ceiling = ceiling_at(graph, point)
        dense = call.stands_for
        units = dense is not None and len(dense.shape) == 1
        layers.append(
            ConvLayer(
                index=index,
                call=call.number,
                name=call.name,
                slug=f"{index:03d}-{slug(call.name)}",
                type=type(call.op if dense is None else dense.op).__name__,
                kernel_shapes=tuple(
                    tuple(kernel.shape)
                    for kernel in (kernel_variables(call.op) if dense is None else [dense.op.kernel])
                ),
                output_shape=dense.shape
                if dense is not None and units
                else channels_last(call, call.shape if None in input_shape else shapes[call.outputs[0]]),
                filters=int(channels_last(call, call.shape)[2] or 0),
                parameters=call.op.count_params(),
                receptive_field=(WHOLE_INPUT, WHOLE_INPUT) if units else fields[position],
                read_at=graph.calls[point.last].name,
                activation=activation_name(graph, point),
                macs=macs[position],
                floats=floats[position],
                ceiling=None if ceiling is None else ceiling.value,
                inputs=inputs.get(position, ()),
                own_size=position in own_size,
                is_head=position in heads,
                linear_in=_linear_in(graph, position, ends) if position in heads else 0,
                answers_with=last_activation(graph, position) if position in heads else "",
            )
        )
    return ModelSummary(
        digest=digest,
        input_shape=input_shape,
        channels=channels,
        any_size=multiple > 0,
        multiple=max(1, multiple),
        parameters=model.count_params(),
        preprocess=preprocess,
        layers=tuple(layers),
        architecture=tuple(_rows(graph, positions, shapes, None in input_shape)),
        left_out=tuple(not_shown),
        warnings=tuple(warnings),
        bands=shown,
        notes=(*notes, *graph.notes, *_about_bands(channels, shown)),
    )


def _linear_in(graph: Graph, position: int, ends: dict[int, int]) -> int:
    source = linear_source(graph, position, ends)
    return 0 if source is None else 1 + sorted(ends.values()).index(source)


def _rows(
    graph: Graph, positions: Sequence[int], shapes: dict[int, tuple[int, ...]], any_shape: bool
) -> Iterator[ArchitectureRow]:
    """Yield a row for each layer of the model, with the positions, from 0, of the rows that feed it."""
    index_of = {position: index for index, position in enumerate(positions, start=1)}
    shown = [position for position, call in enumerate(graph.calls) if not call.hidden]
    row_of = {position: row for row, position in enumerate(shown)}
    made_by: dict[int, tuple[int, ...]] = {graph.input: (PICTURE,)}  # of each tensor: the rows that it comes from
    for position, call in enumerate(graph.calls):
        # zeros, and what is made of sizes, are given a tensor for its shape alone
        feeding = tuple(
            dict.fromkeys(row for number in (call.stands_for or call).values for row in made_by.get(number, ()))
        )
        made_by.update(dict.fromkeys(call.outputs, feeding if call.hidden else (row_of[position],)))
        if call.hidden:
            continue
        dense = call.stands_for or call
        yield ArchitectureRow(
            call.name,
            type(dense.op).__name__,
            dense.shape if any_shape or call.stands_for else shapes.get(call.outputs[0], call.shape),
            call.op.count_params() if isinstance(call.op, keras.Layer) and call.number == 1 else 0,
            index_of.get(position),
            feeding,
        )


def _bands(channels: int, bands: tuple[int, ...]) -> tuple[int, ...]:
    if bands and max(bands) >= channels:
        raise ModelError(
            f"bands: no channel {max(bands)}; the network takes {channels}, from 0 to {channels - 1}",
            "Correct `bands:` in the configuration",
        )
    return bands or ((0, 1, 2) if channels >= 3 else (0,))


def _about_bands(channels: int, bands: tuple[int, ...]) -> tuple[str, ...]:
    """Return a note for the reader on pictures of which not all channels are shown."""
    if sorted(bands) == list(range(channels)):
        return ()
    if len(bands) == 1:
        what = f"channel {bands[0]} is shown as gray, and photos give their gray to every channel"
    else:
        what = (
            "channels {}, {} and {} are shown as red, green and blue and take those of photos; "
            "the others take their gray".format(*bands)
        )
    return (f"The network takes {channels} channels: {what}.",)


def channels_last(call: Call, shape: Shape) -> Shape:
    """Return the shape of a call's inputs or outputs, batch left out, as (height, width, channels)."""
    return (*shape[1:], shape[0]) if call.channels_first else shape


def _shapes(
    graph: Graph, input_shape: tuple[Any, ...], positions: Sequence[int]
) -> tuple[dict[int, tuple[int, ...]], int, int, set[int]]:
    """Return shapes and sizes.

    These are all shapes at a reference size, that size's area, which multiples other sizes may be of (0: none), and the
    positions of the dense layers that take the reference size alone.
    """
    height, width, channels = input_shape
    ends = {position: activation_point(graph, position).last for position in positions}
    end = max((last for at, last in ends.items() if graph.calls[at].stands_for is None), default=max(ends.values()))
    convolutional = graph.until(end)
    reference = (height or REFERENCE_SIDE, width or REFERENCE_SIDE)
    multiples = MULTIPLES if graph.any_size else ()
    multiple = next((m for m in multiples if _takes(convolutional, reference, m, channels)), 0)
    own_size = {
        position
        for position, last in ends.items()
        if last > end and multiple and not _takes(graph.until(last), reference, multiple, channels, farther=True)
    }
    shapes = graph.until(max(ends.values())).shapes(*reference, channels)
    # One that is as large as the map before it would give maps of its own for larger pictures.
    own_size |= {at for at in positions if graph.calls[at].stands_for is not None and multiple and _spans(graph, at)}
    return shapes, reference[0] * reference[1], multiple, own_size


def _spans(graph: Graph, position: int) -> bool:
    """Tell whether a dense layer stands behind a map of more than one place that was flattened."""
    return bool(max(graph.calls[position].op.kernel_size) > 1)


def _takes(graph: Graph, reference: tuple[int, int], multiple: int, channels: int, farther: bool = False) -> bool:
    """Tell whether a network takes a size next to the reference that is a multiple of so many pixels, and no more.

    With ``farther`` it has to take twice that size, too: poolings may round a little more away.
    """
    height, width = (side // multiple * multiple + multiple for side in reference)
    try:
        if farther:
            graph.shapes(2 * height, 2 * width, channels)
        for more in (0, 1, 2, 5, 10):  # odd and even at every halving
            graph.shapes(height + more * multiple, width + more * multiple, channels)
    except Exception:  # whatever an operation raises for a size it cannot take
        return False
    return True


def _running_costs(graph: Graph, shapes: dict[int, tuple[int, ...]], area: int, cost: Any) -> dict[int, float]:
    """Return for each convolution the cost, for each input pixel, of all calls that it needs."""
    return {
        position: round(sum(cost(graph.calls[p], shapes) for p in graph.needed([position])) / area, 3)
        for position in conv_positions(graph)
    }


def _macs(call: Call, shapes: dict[int, tuple[int, ...]]) -> int:
    if not is_convolution(call.op):
        return 0
    shape = shapes[call.inputs[0] if isinstance(call.op, keras.layers.Conv2DTranspose) else call.outputs[0]]
    places = prod(int(side or 0) for side in channels_last(call, shape)[:2])
    return int(places * sum(prod(kernel.shape) for kernel in kernel_variables(call.op)))
