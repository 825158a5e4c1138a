"""Which convolutions of a network are not shown, each in a sentence with its reason."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import keras

from generator.models.graph import Call, Graph
from generator.models.keras2.local import LocallyConnected2D
from generator.models.recording import CONVOLUTIONS
from generator.models.tf_graph.operations import TensorFlowOp

_NOT_SHOWN: dict[str, tuple[type, ...]] = {
    "it has no second axis to draw": (
        *(keras.layers.Conv1D, keras.layers.DepthwiseConv1D, keras.layers.SeparableConv1D),
        keras.layers.Conv1DTranspose,
    ),
    "its pictures would be volumes": (keras.layers.Conv3D, keras.layers.Conv3DTranspose),
    "it is recurrent, so its response depends on a sequence, not on one picture": (
        *(keras.layers.ConvLSTM1D, keras.layers.ConvLSTM2D, keras.layers.ConvLSTM3D),
    ),
    "it has weights of its own at every place": (LocallyConnected2D,),
}
"""Layers that convolve, or nearly, and have no picture, by the reason."""

_CONVOLVING = ("Conv2D", "DepthwiseConv2dNative", "Conv2DBackpropInput")
"""TensorFlow's functions that convolve over pictures."""


def left_out(graph: Graph, shown: Collection[int]) -> list[str]:
    """Return a sentence for each call that holds convolutions of which none is shown.

    ``shown`` are the positions in the graph of the convolutions that the picture reaches.
    """
    return list(graph.hidden) + [
        sentence
        for position, call in enumerate(graph.calls)
        if position not in shown
        for sentence in _sentences(call, graph.untraced.get(position))
    ]


def _sentences(call: Call, untraced: str | None) -> Iterator[str]:
    name = f"{call.name} ({type(call.op).__name__}) is left out"
    if untraced is not None:
        yield f"{name} with the convolutions inside it: {untraced}"
    elif isinstance(call.op, CONVOLUTIONS):
        yield f"{name}: no picture reaches it, only zeros do"
    elif isinstance(call.op, TensorFlowOp):
        if type(call.op).__name__ in _CONVOLVING:
            yield f"{name}: it is a function, not a layer"
    elif isinstance(call.op, keras.Layer):
        layers = call.op._flatten_layers()
        for reason, kinds in _NOT_SHOWN.items():
            held = [layer for layer in layers if isinstance(layer, kinds)]
            if held:
                yield f"{name}{_with_these(call.op, held)}: {reason}"


def _with_these(op: Any, held: list[Any]) -> str:
    """Return `` with the ... inside it`` for what another layer wraps."""
    types = dict.fromkeys(type(layer).__name__ for layer in held)
    return "" if op in held else f" with the {' and '.join(types)} inside it"
