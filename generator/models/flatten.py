"""Make the graph of a Keras model: one flat list of calls, whatever the model nests.

Keras keeps nested models as single operations and offers a submodel only between tensors of one level, at the size
the model was built for. The graph has the convolutions of every level in the order in which they are computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from generator.errors import ModelError
from generator.models.elementwise import Elementwise, Untried, elementwise
from generator.models.faithful import is_faithful
from generator.models.graph import Call, Graph, Shape, Zeros
from generator.models.recording import (
    CONVOLUTIONS,
    Recording,
    Sizes,
    Untraceable,
    called_with,
    is_composite,
    is_recorded,
    key,
    recorded,
)
from generator.models.summary_order import in_summary_order
from generator.models.trace import traced_model, traced_node

_IMAGE_LAYERS = (
    *CONVOLUTIONS,
    *(keras.layers.MaxPooling2D, keras.layers.AveragePooling2D),
    *(keras.layers.GlobalMaxPooling2D, keras.layers.GlobalAveragePooling2D),
    *(keras.layers.UpSampling2D, keras.layers.ZeroPadding2D, keras.layers.Cropping2D),
)
"""Layers that compute the same for either ``data_format``, but for the order of the axes."""

_BEFORE_ACTIVATIONS = (*CONVOLUTIONS, keras.layers.BatchNormalization)


def flatten(model: keras.Model, input_shape: Shape | None = None) -> Graph:
    """Return the graph of a model; nested models, and composite layers that can be traced, are opened.

    ``input_shape`` (batch left out) is for a model without one of its own: a subclassed one that was never built.
    Raises ModelError for a subclassed model whose calls cannot be followed, and for one that takes no picture.
    """
    if isinstance(model, keras.Sequential) and not model.built and input_shape is None:
        raise ModelError("the Sequential model was saved without an input shape", "Say it with `input_shape:`")
    try:
        return _flattened(model, input_shape)
    except Untraceable as reason:
        raise ModelError(
            f"the subclassed model keeps no record of its layers' calls, and {reason}",
            "Save the part with its convolutions as a functional model",
        ) from reason


def _flattened(model: keras.Model, input_shape: Shape | None) -> Graph:
    """Return the graph that holds for most: for any size, or for the model's own. Raises Untraceable."""
    failure: Untraceable | None = None
    best: Graph | None = None
    for sizes in Sizes:
        try:
            recording = recorded(model) if is_recorded(model) else traced_model(model, input_shape, sizes)
            graph = _Flattening(sizes).run(in_summary_order(recording, model))
        except Untraceable as reason:
            failure = failure or reason
            continue
        if graph.numeric and not is_faithful(graph, recording):
            continue
        if not graph.untraced:
            return graph
        if best is None or len(graph.untraced) < len(best.untraced):
            best = graph
    if best is None:
        raise failure or Untraceable("the calls of its layers do not tell what it computes")
    return best


class _Flattening:
    """Numbers the tensors of the graph; a nested model that is called twice gets other numbers the second time.

    With ``Sizes.ANY`` the graph is to hold for pictures of any size, else it may hold for the model's own alone.
    """

    def __init__(self, sizes: Sizes) -> None:
        self._sizes = sizes
        self._of_tensorflow = False
        self._hidden: list[str] = []
        self._tensors = 0
        self._calls: list[Call] = []
        self._makers: dict[int, Any] = {}
        self._times: dict[int, int] = {}
        self._reasons: dict[Call, str] = {}
        self._notes: list[str] = []

    def run(self, recording: Recording) -> Graph:
        symbols = recording.inputs
        first = next((symbol for symbol in symbols if len(symbol.shape) == 4), None)
        if first is None:
            taken = " and ".join(f"{tuple(symbol.shape[1:])} of {symbol.dtype}" for symbol in symbols)
            raise ModelError(f"the model takes {taken}, not pictures", "It needs an input (height, width, channels)")
        shape, drawn = tuple(first.shape[1:]), self._number()
        numbers = [drawn if tuple(symbol.shape[1:]) == shape else self._number() for symbol in symbols]
        outputs = self._add(recording, numbers, "")
        body, self._calls = self._calls, []
        start = drawn
        if _channels_at(body, drawn) == 1:
            start, shape = self._number(), (*shape[1:], shape[0])
            self._prepare(keras.layers.Permute((3, 1, 2), name="channels_first"), shape, first.dtype, start, drawn)
        notes = self._notes
        for symbol, number in zip(symbols, numbers, strict=True):
            name, own = symbol._keras_history.operation.name, tuple(symbol.shape[1:])
            if symbol is first:
                continue
            if number == drawn:
                notes.append(f"The input {name} gets the same picture as {first._keras_history.operation.name}.")
                continue
            self._prepare(Zeros(own, symbol.dtype, name), shape, first.dtype, start, number)
            notes.append(f"The input {name} {own} is no picture of that size: it gets zeros.")
        calls = (*self._calls, *body)
        untraced = {position: self._reasons[call] for position, call in enumerate(calls) if call in self._reasons}
        if self._sizes is not Sizes.ANY:
            sides = " x ".join(map(str, shape[:2]))
            notes.append(f"What the network's code does depends on the picture's size: it is shown for {sides} alone.")
        return Graph(
            calls,
            start,
            tuple(outputs),
            shape,
            untraced,
            tuple(notes),
            given=tuple(numbers),
            prepared=len(self._calls),
            any_size=self._sizes is Sizes.ANY,
            numeric=self._of_tensorflow,
            hidden=tuple(self._hidden),
        )

    def _number(self) -> int:
        self._tensors += 1
        return self._tensors - 1

    def _prepare(self, op: Any, picture: Shape, dtype: str, start: int, number: int) -> None:
        """Append the call of an operation that makes an input of the model from the picture."""
        op(keras.Input(picture, dtype=dtype))
        self._append(op._inbound_nodes[-1], op.name, [start], [number])

    def _add(self, recording: Recording, inputs: Sequence[int], prefix: str) -> list[int]:
        self._of_tensorflow = self._of_tensorflow or recording.of_tensorflow
        self._hidden.extend(prefix + sentence for sentence in recording.hidden)
        numbers = {key(symbol): number for symbol, number in zip(recording.inputs, inputs, strict=True)}
        for node in recording.nodes:
            name = f"{prefix}{node.operation.name}"
            given = [numbers[key(symbol)] for symbol in node.input_tensors]
            reason = ""
            try:
                inner, symbols = self._opened(node)
            except Untraceable as untraceable:
                inner, symbols, reason = None, (), str(untraceable)
            if inner is not None:
                results = self._add(inner, [numbers[key(symbol)] for symbol in symbols], f"{name}/")
            else:
                results = [self._number() for _ in node.outputs]
                call = self._append(node, name, given, results)
                if reason:
                    self._reasons[call] = reason
            numbers.update({key(symbol): number for symbol, number in zip(node.outputs, results, strict=True)})
        return [numbers[key(symbol)] for symbol in recording.outputs]

    def _append(self, node: Any, name: str, inputs: Sequence[int], outputs: Sequence[int]) -> Call:
        op = node.operation
        times = self._times[id(op)] = self._times.get(id(op), 0) + 1
        call = Call(
            op,
            node.arguments,
            tuple(map(id, node.input_tensors)),
            tuple(inputs),
            tuple(outputs),
            tuple(node.outputs[0].shape[1:]),
            name,
            times,
            isinstance(op, _IMAGE_LAYERS) and op.data_format == "channels_first",
            self._elementwise(node, inputs, outputs),
        )
        self._calls.append(call)
        self._makers.update(dict.fromkeys(outputs, op))
        return call

    def _elementwise(self, node: Any, inputs: Sequence[int], outputs: Sequence[int]) -> Elementwise | None:
        """Return what activation an operation is that is not Keras's own and comes after a convolution."""
        op = node.operation
        if hasattr(op, "elementwise"):
            known: Elementwise | None = op.elementwise
            return known
        own = isinstance(op, keras.layers.Lambda) or not str(type(op).__module__).startswith("keras.src.")
        after = isinstance(self._makers.get(inputs[0]) if inputs else None, _BEFORE_ACTIVATIONS)
        if not (own and after and len(inputs) == len(outputs) == 1) or is_composite(op):
            return None
        symbol = node.input_tensors[0]

        def apply(value: Any) -> Any:
            args, kwargs = node.arguments.fill_in({id(symbol): value})
            return op(*args, **({**kwargs, "training": False} if isinstance(op, keras.Layer) else kwargs))

        try:
            return elementwise(apply, tuple(symbol.shape[1:]))
        except Untried:
            if tuple(node.outputs[0].shape) == tuple(symbol.shape):
                self._notes.append(
                    f"What {op.name} ({type(op).__name__}) does behind a convolution is not known: "
                    "its responses are read before it."
                )
            return None

    def _opened(self, node: Any) -> tuple[Recording | None, Sequence[Any]]:
        """Return what a node's operation calls inside, None if nothing, and the symbols it is given."""
        if is_recorded(node.operation):
            recording, symbols = recorded(node.operation), called_with(node.operation, node)
            return in_summary_order(recording, node.operation), symbols
        if is_composite(node.operation):
            return in_summary_order(traced_node(node, self._sizes), node.operation), node.input_tensors
        return None, ()


def _channels_at(calls: Sequence[Call], picture: int) -> int:
    """Return the axis of the picture on which the first layer of pictures expects the channels; 3 if there is none."""
    axes: dict[int, tuple[int, ...]] = {
        picture: (0, 1, 2, 3)
    }  # of each tensor: which axes of the picture its own axes are
    for call in calls:
        own = next((axes[number] for number in call.inputs if number in axes), None)
        if own is None:
            continue
        if isinstance(call.op, _IMAGE_LAYERS):
            return own[1] if call.channels_first else own[3]
        if isinstance(call.op, keras.layers.Permute):
            own = tuple(own[axis] for axis in (0, *call.op.dims))
        elif type(call.op).__name__ == "Transpose" and call.op.axes is not None:
            own = tuple(own[axis] for axis in call.op.axes)
        if len(call.shape) == 3:
            axes.update(dict.fromkeys(call.outputs, own))
    return 3
