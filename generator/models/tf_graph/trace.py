"""What a layer calls, where its ``call`` uses TensorFlow's functions: its graph, written as nodes of Keras.

``call`` is run once as ``predict`` runs it, on tensors of a graph. The layers that it calls become nodes, and so does
each operation of TensorFlow between them: as Keras's own where there is one that computes the same, else as itself.
What computes sizes is no node, but a part of the operation that takes them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.src.ops.node import Node

from generator.models.elementwise import CUSTOM, Elementwise, Untried, elementwise
from generator.models.recording import CONVOLUTIONS, Recording, Sizes, Symbol, Untraceable, is_composite
from generator.models.tf_graph.keras_equals import BY_PLACE, keras_call
from generator.models.tf_graph.operations import SIZES, Key, Step, Tensor, TensorFlowOp, named_type, tensor_key
from generator.models.tf_graph.run import GraphRun, LayerCall, WithGradient
from generator.models.tf_graph.uses import Uses

_ENLARGING = {"ResizeBilinear": "bilinear", "ResizeNearestNeighbor": "nearest"}

_LONGEST = 24
"""An activation that is written out has no more operations."""


def tensorflow_traced(
    call: Callable[..., Any], layer: Any, args: Any, kwargs: Any, inputs: Sequence[Symbol], sizes: Sizes
) -> Recording:
    """Return the record of a layer's ``call``; ``args`` and ``kwargs`` hold the ``inputs`` in their places.

    ``call`` takes them, and ``run``, which it calls in place of the layer's own. With ``Sizes.ANY`` the heights and
    widths of the inputs are left open, so that they are computed from what is given each time; else they are those of
    ``inputs``, and the record is of this size alone.

    Raises Untraceable if nothing is found, and whatever ``call`` raises.
    """
    unique = {id(symbol): symbol for symbol in inputs}
    specs = [tf.TensorSpec(_shape(symbol, sizes), symbol.dtype) for symbol in unique.values()]

    def traced(*tensors: Tensor, run: Callable[..., Any] = layer.call) -> Any:
        by_symbol = dict(zip(unique, tensors, strict=True))
        filled = keras.tree.map_structure(lambda value: by_symbol.get(id(value), value), (args, kwargs))
        return call(*filled[0], **filled[1], run=run)

    try:
        run = GraphRun(specs, traced)
    except tf.errors.OperatorNotAllowedInGraphError:  # an `if` on a tensor, which TensorFlow can translate
        run = GraphRun(specs, partial(traced, run=_branching(layer)))
    if not any(map(run.depends, run.outputs)):
        raise Untraceable("its call returns what is no tensor, or does not depend on its inputs")
    nodes = _Nodes(run, list(unique.values()), sizes is Sizes.ONE)
    recording = nodes.recording(tuple(inputs))
    if not any(isinstance(node.operation, CONVOLUTIONS) or is_composite(node.operation) for node in recording.nodes):
        raise Untraceable("its call does not call its convolutions as layers")
    return recording


def _branching(layer: Any) -> Callable[..., Any]:
    """Return a layer's ``call`` with each `if` and loop that depends on a tensor written as TensorFlow's."""
    bound = inspect.ismethod(layer.call)
    translated = tf.autograph.to_graph(layer.call.__func__ if bound else layer.call)
    return partial(translated, layer) if bound else translated


def _shape(symbol: Symbol, sizes: Sizes) -> tuple[int | None, ...]:
    shape = tuple(symbol.shape)
    if sizes is Sizes.ONE:
        return (1, *shape[1:])
    if sizes is Sizes.OWN or len(shape) < 3:
        return shape
    return (shape[0], *[None] * (len(shape) - 2), shape[-1])


class _Nodes:
    """Writes the nodes of one run, for what its outputs need."""

    def __init__(self, run: GraphRun, inputs: Sequence[Symbol], single: bool) -> None:
        self._run, self._single = run, single
        self._inputs = inputs
        self._symbols: dict[Key, Symbol] = {tensor_key(t): s for t, s in zip(run.inputs, inputs, strict=True)}
        self._nodes: list[Any] = []
        self._uses = Uses(run)
        self._joined: dict[str, tuple[list[Any], Tensor, Elementwise]] = {}

    def recording(self, inputs: tuple[Symbol, ...]) -> Recording:
        """Return the record of the run."""
        for tensor in self._run.inputs:
            self._join(tensor)
        for call in self._uses.calls:
            self._call(call)
        outputs = [self._symbol(tensor) for tensor in self._run.outputs]
        hidden = tuple(
            f"{layer.name} ({type(layer).__name__}) is left out: it is called in a branch or a loop of TensorFlow"
            for layer in {id(layer): layer for layer in self._run.hidden}.values()
        )
        nodes = tuple(self._nodes)
        return Recording(inputs, nodes, tuple(outputs), of_tensorflow=True, kept=self._run.kept, hidden=hidden)

    def _call(self, call: LayerCall) -> None:
        known = {id(tensor): self._argument(tensor) for tensor in self._run.given(call)}
        args, kwargs = keras.tree.map_structure(lambda v: known.get(id(v), v), (call.args, call.kwargs))
        if isinstance(call.op, WithGradient):
            call.op.elementwise = self._activation(call, args)
        self._add(call.op, args, kwargs, call.results)
        for result in call.results:
            if hasattr(result, "graph"):
                self._join(result)

    def _argument(self, tensor: Tensor) -> Any:
        operand = self._operand(tensor)
        if operand is None:
            return self._symbol(tensor)
        return operand if isinstance(operand, keras.KerasTensor) else tf.constant(operand)

    def _activation(self, call: LayerCall, args: Any) -> Elementwise | None:
        """Return what activation a function with a gradient of its own is."""
        values = [tensor for tensor in self._run.given(call) if self._run.depends(tensor)]
        if len(values) != 1 or values[0].shape.rank != 4 or values[0].shape[-1] is None:
            return None

        def apply(value: Any) -> Any:
            return call.op(*(value if isinstance(argument, keras.KerasTensor) else argument for argument in args))

        return _activation(apply, tuple(values[0].shape[1:]))

    def _symbol(self, tensor: Tensor) -> Symbol:
        key = tensor_key(tensor)
        if key not in self._symbols and not self._run.depends(tensor):
            self._constant(tensor)
        for op in self._order(tensor):
            if tensor_key(op.outputs[0]) not in self._symbols:
                self._operation(op)
        return self._symbols[key]

    def _order(self, tensor: Tensor) -> Iterable[Any]:
        """Yield the operations that lead to a tensor, and have no node yet, every one after those it depends on."""
        waiting, done = [(tensor, False)], set()
        while waiting:
            at, ready = waiting.pop()
            if tensor_key(at) in self._symbols or not self._run.depends(at) or at.op.name in done:
                continue
            if ready:
                done.add(at.op.name)
                yield at.op
            else:
                joined = self._joined.get(at.op.name)
                waiting.append((at, True))
                waiting.extend((source, False) for source in ([joined[1]] if joined else reversed(list(at.op.inputs))))

    def _operation(self, op: Any) -> None:
        """Write the node of an operation, or of the activation that it is the last part of."""
        if op.name in self._joined:
            ops, _, activation = self._joined[op.name]
            kind = "Activation" if activation.name == CUSTOM else activation.name.title().replace("_", "")
            self._own(op, ops, kind, activation)
            return
        known = self._known(op)
        if known is None:
            self._own(op, [op], op.type)
            return
        operation, args = known
        operation.name = op.name
        self._add(operation, args, {}, op.outputs)

    def _known(self, op: Any) -> Any:
        operands = [self._operand(source) for source in op.inputs]
        if self._single and any(np.ndim(value) for value in operands if isinstance(value, np.ndarray)):
            return None  # it may be of one picture alone
        return keras_call(op, operands)

    def _operand(self, tensor: Tensor) -> Any:
        if self._run.depends(tensor):
            return self._symbol(tensor)
        ops = self._run.constants([tensor])
        if any(op.type == "Placeholder" or op.type in SIZES or op.op_def.is_stateful for op in ops):
            return None  # it is of a size, a variable or chance
        table: dict[Any, Tensor] = {}
        for op in ops:
            step = self._run.step(op)
            table.update(zip(step.outputs, step.run([table[key] for key in step.inputs]), strict=True))
        return np.asarray(table[tensor_key(tensor)])

    def _own(self, last: Any, ops: Sequence[Any], kind: str, activation: Elementwise | None = None) -> None:
        """Write the node of operations of TensorFlow that end in ``last``."""
        operation, given = self._made_of(ops, kind, last.name)
        operation.elementwise = activation
        if last.type in _ENLARGING and last.get_attr("half_pixel_centers") and not last.get_attr("align_corners"):
            operation.interpolation = _ENLARGING[last.type]
        self._add(operation, tuple(self._symbol(tensor) for tensor in given), {}, last.outputs)

    def _constant(self, tensor: Tensor) -> None:
        """Write the node of a tensor that depends on sizes alone, or on nothing: a layer takes it."""
        ops = self._run.constants([tensor])
        feeds = _unique(source for op in ops if op.type in SIZES for source in op.inputs) or [self._run.inputs[0]]
        steps = [self._run.step(op) for op in ops]
        kinds = [(tensor_key(source), source.dtype) for source in feeds]
        operation = named_type(tensor.op.type)(
            tensor.op.name, steps, kinds, [tensor_key(tensor)], 0, single=self._singles([*feeds, tensor], [tensor])
        )
        self._add(operation, tuple(self._symbol(source) for source in feeds), {}, [tensor])

    def _made_of(self, ops: Sequence[Any], kind: str, name: str) -> tuple[TensorFlowOp, list[Tensor]]:
        """Return the operation that does what some operations do in a row, and the tensors that it takes."""
        inside = {tensor_key(result) for op in ops for result in op.outputs}
        sources = [source for op in ops for source in op.inputs if tensor_key(source) not in inside]
        values = _unique(source for source in sources if self._run.depends(source))
        constants = self._run.constants([source for source in sources if not self._run.depends(source)])
        sized = _unique(source for op in constants if op.type in SIZES for source in op.inputs)
        taken = {tensor_key(source) for source in values}
        feeds = [*values, *(source for source in sized if tensor_key(source) not in taken)]
        steps: list[Step] = [self._run.step(op) for op in [*constants, *ops]]
        kinds = [(tensor_key(source), source.dtype) for source in feeds]
        by_place = all(op.type in BY_PLACE for op in ops)
        fetches = [tensor_key(result) for result in ops[-1].outputs]
        single = self._singles([*feeds, *ops[-1].outputs], ops[-1].outputs)
        return named_type(kind)(name, steps, kinds, fetches, len(values), by_place, single), feeds

    def _singles(self, tensors: Sequence[Tensor], results: Sequence[Tensor]) -> list[Any]:
        """Return the types of results for one picture where they are computed picture by picture."""
        if not self._single:
            return []
        if any(not tensor.shape.rank or tensor.shape[0] != 1 for tensor in tensors):
            raise Untraceable("its call mixes the pictures that it is given")
        return [tf.TensorSpec(result.shape[1:], result.dtype) for result in results]

    def _join(self, tensor: Tensor) -> None:
        """Find the operations after a tensor that are an activation, written out: ``x * tf.sigmoid(x)``."""
        ops: list[Any] = []
        inside = {tensor_key(tensor)}
        shape = tuple(tensor.shape[1:]) if tensor.shape.rank == 4 else ()
        best: tuple[int, Elementwise] | None = None
        for op in self._uses.after(tensor):
            if len(ops) == _LONGEST or op.type not in BY_PLACE or len(op.outputs) != 1:
                break
            if any(self._run.depends(source) and tensor_key(source) not in inside for source in op.inputs):
                break
            ops.append(op)
            inside.add(tensor_key(op.outputs[0]))
            names = {other.name for other in ops}
            still = [key for key in inside if not self._uses.of(key) <= names]
            if still != [tensor_key(op.outputs[0])] or None in shape[-1:] or not shape:
                continue
            operation, given = self._made_of(ops, "Activation", op.name)
            known = _activation(operation, shape) if len(given) == 1 else None
            if known and (best is None or known.name != CUSTOM):
                best = len(ops), known
        if best is not None and (best[0] > 1 or self._known(ops[0]) is None):
            self._joined[ops[best[0] - 1].name] = ops[: best[0]], tensor, best[1]

    def _add(self, operation: Any, args: Any, kwargs: Any, results: Sequence[Tensor]) -> None:
        outputs = [keras.KerasTensor(_known_shape(result), _dtype(result)) for result in results]
        node = Node(operation, args, kwargs, outputs)
        self._nodes.append(node)
        made = zip(results, outputs, strict=True)
        self._symbols.update((tensor_key(result), symbol) for result, symbol in made if hasattr(result, "graph"))


def _activation(apply: Callable[[Any], Any], shape: tuple[int | None, ...]) -> Elementwise | None:
    try:
        return elementwise(apply, shape)
    except Untried:
        return None


def _unique(tensors: Iterable[Tensor]) -> list[Tensor]:
    return list({tensor_key(tensor): tensor for tensor in tensors}.values())


def _known_shape(tensor: Tensor) -> tuple[int | None, ...]:
    return (None,) if tensor.shape.rank is None else tuple(tensor.shape)


def _dtype(tensor: Tensor) -> str:
    """Return the type of a tensor; a symbol of complex numbers or texts, which Keras has not, is taken for another."""
    known = tensor.dtype.is_floating or tensor.dtype.is_integer or tensor.dtype.is_bool
    return str(tensor.dtype.name) if known else "float32"
