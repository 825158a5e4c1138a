"""The dense layers that end a network: its classes, or what else it answers.

A dense layer on a vector is a convolution over a map of one place, and one behind a Flatten is a convolution as large
as the map that was flattened (Long et al., "Fully convolutional networks for semantic segmentation", CVPR 2015,
section 3.1). So each is put into the graph as a convolution and, behind it, its activation: its units are optimised,
measured and shown as filters are, and read before a softmax or sigmoid (Simonyan et al., "Deep inside convolutional
networks", 2013, section 2: a class's probability also rises when the other classes' scores fall).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from generator.models.activation_point import has_own_activation
from generator.models.graph import Call, Graph, Shape
from generator.models.recording import CONVOLUTIONS

_L = keras.layers
_IDLE = (_L.Dropout, _L.GaussianDropout, _L.GaussianNoise, _L.ActivityRegularization, _L.Identity)
"""Layers that change nothing at inference."""

_LINEAR = (
    *(*_IDLE, _L.GlobalAveragePooling2D, _L.AveragePooling2D, _L.Flatten, _L.Reshape, _L.BatchNormalization),
    *(_L.ZeroPadding2D, _L.Cropping2D),
)


def with_units(graph: Graph) -> Graph:
    """Return the graph with the dense layers that end it as convolutions, which compute the same.

    A dense layer ends the graph if nothing with weights follows it: an activation, a softmax or a concatenation may.
    """
    heads = _heads(graph)
    if not heads:
        return graph
    calls: list[Call] = []
    numbers = 1 + max(number for call in graph.calls for number in (*call.inputs, *call.outputs))
    for position, call in enumerate(graph.calls):
        if position not in heads:
            calls.append(call)
            continue
        made = _as_convolution(graph, call, numbers)
        calls.extend(made)
        numbers += len(made)
    moved = {id(call): position for position, call in enumerate(calls)}
    untraced = {moved[id(graph.calls[position])]: why for position, why in graph.untraced.items()}
    return replace(graph, calls=tuple(calls), untraced=untraced)


def head_positions(graph: Graph, convolutions: Collection[int]) -> set[int]:
    """Return those of the convolutions, by their positions, whose channels are the network's answers.

    Between them and an output nothing has weights, and there are as many numbers in the end. ``graph`` is one
    ``with_units``.
    """
    found = set()
    for output in graph.outputs:
        makers = {tensor: call for call in graph.calls for tensor in call.outputs}
        for position in _last_with_weights(graph, [output]) & set(convolutions):
            call = graph.calls[position]
            count = call.shape[0] if call.channels_first else call.shape[-1]
            if call.stands_for is not None or (output in makers and makers[output].shape[-1:] == (count,)):
                found.add(position)
    return found


def last_activation(graph: Graph, position: int) -> str:
    """Return the name of the activation behind a convolution whose channels are answers, nothing if there is none."""
    tensor = graph.calls[position].outputs[0]
    while len(consumers := graph.consumers(tensor)) == 1:
        call = graph.calls[consumers[0]]
        if isinstance(call.op, _L.Activation):
            return str(getattr(call.op.activation, "__name__", "")).strip("<>")
        if type(call.op).__name__ in ("Softmax", "Sigmoid", "LogSoftmax"):
            return type(call.op).__name__.lower()
        tensor = call.outputs[0]
    return ""


def linear_source(graph: Graph, position: int, ends: Mapping[int, int]) -> int | None:
    """Return the convolution of whose activations a convolution takes a linear function; None if there is none.

    ``ends`` are the positions of convolutions by those of the calls whose results are their activations.
    """
    makers = {tensor: at for at, call in enumerate(graph.calls) for tensor in call.outputs}
    (tensor,) = graph.calls[position].values
    while tensor in makers:
        at = makers[tensor]
        if at in ends:
            return ends[at]
        if not isinstance(graph.calls[at].op, _LINEAR) or len(graph.calls[at].values) != 1:
            return None
        (tensor,) = graph.calls[at].values
    return None


def _heads(graph: Graph) -> set[int]:
    """Return the positions of the dense layers between which and an output nothing has weights."""
    from_picture = {graph.input}
    for call in graph.calls:
        if from_picture.intersection(call.values):
            from_picture.update(call.outputs)
    return {
        position
        for position in _last_with_weights(graph, graph.outputs)
        if _is_dense(graph.calls[position]) and from_picture.intersection(graph.calls[position].values)
    }


def _last_with_weights(graph: Graph, outputs: Sequence[int]) -> set[int]:
    """Return the positions of the calls with weights that outputs come from, without any other such in between."""
    makers = {tensor: position for position, call in enumerate(graph.calls) for tensor in call.outputs}
    found: set[int] = set()
    waiting, seen = list(outputs), set[int]()
    while waiting:
        tensor = waiting.pop()
        if tensor in seen or tensor not in makers:
            continue
        seen.add(tensor)
        position = makers[tensor]
        call = graph.calls[position]
        if _has_weights(call.op):
            found.add(position)
        elif len(call.values) == 1 or isinstance(call.op, _L.Concatenate):
            waiting.extend(call.values)
    return found


def _is_dense(call: Call) -> bool:
    """Tell whether a call is that of a dense layer on a vector or a map, just as Keras has it."""
    return (
        type(call.op) is _L.Dense
        and getattr(call.op, "quantization_mode", None) is None
        and len(call.shape) in (1, 3)
        and len(call.arguments.keras_tensors) == len(call.inputs) == 1
    )


def _has_weights(op: Any) -> bool:
    return isinstance(op, CONVOLUTIONS) or bool(getattr(op, "weights", ()))


def _as_convolution(graph: Graph, dense: Call, free: int) -> list[Call]:
    """Return the calls that stand for that of a dense layer; tensors from the number ``free`` on are theirs."""
    steps = list(_steps(graph, dense))
    tensor = steps[0][2]
    calls = []
    for place, (op, given, _) in enumerate(steps):
        op(keras.KerasTensor((None, *given)))
        node = op._inbound_nodes[-1]
        last = place == len(steps) - 1
        result = dense.outputs[0] if last else free + place
        is_units = isinstance(op, _L.Conv2D)
        calls.append(
            Call(
                op,
                node.arguments,
                tuple(map(id, node.input_tensors)),
                (tensor,),
                (result,),
                tuple(node.outputs[0].shape[1:]),
                dense.name,
                dense.number,
                stands_for=dense if is_units else None,
                hidden=not is_units,
            )
        )
        tensor = result
    return calls


def _steps(graph: Graph, dense: Call) -> Iterator[tuple[Any, Shape, int]]:
    """Yield the operations that make up a dense layer, the shape that each is given, and the tensor of the first."""
    op = dense.op
    kernel, units = np.asarray(keras.ops.convert_to_numpy(op.kernel)), int(op.units)
    symbol = dense.arguments.keras_tensors[0]
    shape: Shape = tuple(symbol.shape[1:])
    tensor = dense.inputs[0]
    is_map = len(shape) == 3
    if not is_map:
        flattened = _flattened(graph, tensor)
        if flattened is not None:
            tensor, shape = flattened
        else:
            yield _L.Reshape((1, 1, len(kernel)), name="as_map"), shape, tensor
            shape = (1, 1, len(kernel))
    side = (1, 1) if is_map else (int(shape[0] or 1), int(shape[1] or 1))
    convolution = _L.Conv2D(units, side, use_bias=op.use_bias, dtype=op.dtype_policy, name="units")
    convolution.build((None, *shape))
    convolution.kernel.assign(kernel.reshape(convolution.kernel.shape))
    if op.use_bias:
        convolution.bias.assign(op.bias)
    yield convolution, shape, tensor
    shape = (*shape[:2], units) if is_map else (1, 1, units)
    if not is_map:
        yield _L.Reshape((units,), name="as_vector"), shape, tensor
        shape = (units,)
    if has_own_activation(op):
        yield _L.Activation(op.activation, name="activation"), shape, tensor


def _flattened(graph: Graph, tensor: int) -> tuple[int, Shape] | None:
    """Return the map, and its shape, of which a tensor is the flattened form; None if it is of none."""
    makers = {number: call for call in graph.calls for number in call.outputs}
    while tensor in makers and isinstance(makers[tensor].op, _IDLE):
        tensor = makers[tensor].inputs[0]
    call = makers.get(tensor)
    if call is None or type(call.op) is not _L.Flatten or call.op.data_format != "channels_last":
        return None
    shape = tuple(call.arguments.keras_tensors[0].shape[1:])
    return (call.inputs[0], shape) if len(shape) == 3 and None not in shape else None
