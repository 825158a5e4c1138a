"""Run a layer's ``call`` once in a graph of TensorFlow, and keep which layers it calls with which tensors."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf
from tensorflow.python.ops import custom_gradient

from generator.models.elementwise import Elementwise
from generator.models.recording import CONVOLUTIONS, is_composite
from generator.models.tf_graph.operations import SIZES, Key, Step, Tensor, step_of, tensor_key
from generator.models.tf_graph.sizes import always

_LOCK = threading.RLock()
"""Held while Keras's layers are watched, which holds for the whole process."""

_GRADIENT = "_graph_mode_decorator"  # what `tf.custom_gradient` does in a graph
_NUMBERS: dict[str, Callable[[Any], Any]] = {
    "__bool__": bool,
    "__index__": lambda array: array.__index__(),
    "__int__": int,
    "__float__": float,
    "__len__": len,
    "__iter__": iter,
    "__array__": lambda array: array,
    "numpy": lambda array: array,
}


@dataclass(frozen=True, eq=False)
class LayerCall:
    """One call of a layer, or of a function that has a gradient of its own, with the tensors that it gave.

    A result may be a constant, which is not of the graph.
    """

    op: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    results: tuple[Tensor, ...]


class GraphRun:
    """A ``call`` as a graph: the layers that it calls, and TensorFlow's operations between them.

    ``inputs`` are the graph's own tensors for those that ``call`` was given, ``outputs`` what it returned, as far as
    these are tensors; ``kept`` are their places in all that it returned. ``hidden`` are the layers with
    convolutions that are called in a branch or a loop of TensorFlow, where no tensor can be taken from.
    """

    def __init__(self, specs: Sequence[Any], call: Callable[..., Any]) -> None:
        self.calls: list[LayerCall] = []
        self.inputs: tuple[Tensor, ...] = ()
        self.outputs: tuple[Tensor, ...] = ()
        self.kept: tuple[int, ...] = ()
        self.hidden: list[Any] = []
        self._values: dict[Key, bool] = {}
        self._recording = True
        self._thread = threading.get_ident()
        self._captures: dict[Key, Any] = {}

        def traced(*tensors: Tensor) -> list[Any]:
            self.graph = tf.compat.v1.get_default_graph()
            self.inputs = tensors
            self._values.update((tensor_key(tensor), True) for tensor in tensors)
            results = keras.tree.flatten(call(*tensors))
            self.kept = tuple(index for index, result in enumerate(results) if isinstance(result, tf.Tensor))
            kept = [results[index] for index in self.kept]
            self.outputs = tuple(result if self._is_own(result) else tf.identity(result) for result in kept)
            return []

        with _LOCK, self._hooks(), _functions_inline():
            self._function = tf.compat.v1.wrap_function(traced, list(specs))
        self._captures.update(self._captured())

    def depends(self, tensor: Tensor) -> bool:
        """Tell whether the numbers of a tensor depend on those of the inputs, not on their shapes alone."""
        waiting = [tensor]
        while waiting:
            at = waiting[-1]
            key = tensor_key(at)
            sources = [] if key in self._values or at.op.type in SIZES else list(at.op.inputs)
            missing = [source for source in sources if tensor_key(source) not in self._values]
            if missing:
                waiting.extend(missing)
                continue
            waiting.pop()
            self._values.setdefault(key, any(self._values[tensor_key(source)] for source in sources))
        return self._values[tensor_key(tensor)]

    def given(self, call: LayerCall) -> list[Tensor]:
        """Return the tensors of the graph that a call takes."""
        return [value for value in keras.tree.flatten((call.args, call.kwargs)) if self._is_own(value)]

    def step(self, op: Any) -> Step:
        """Return the step that does what an operation of the graph does."""
        return step_of(op, self._captures, self._pruned)

    def _is_own(self, value: Any) -> bool:
        return isinstance(value, tf.Tensor) and getattr(value, "graph", None) is self.graph

    def _is_elsewhere(self) -> bool:
        """Tell whether a branch or a loop of TensorFlow is being made, which has a graph of its own."""
        return tf.compat.v1.get_default_graph() is not self.graph

    def _captured(self) -> dict[Key, Any]:
        return {tensor_key(inside): outside for outside, inside in self.graph.captures}

    def _pruned(self, op: Any) -> Callable[..., Any]:
        """Return a function of the inputs of one operation that gives its outputs."""
        captured = {tensor_key(inside) for inside in self.graph.internal_captures}
        taken = {tensor_key(source): index for index, source in enumerate(op.inputs)}  # it may take one twice
        free = [index for key, index in taken.items() if key not in captured]
        function = self._function.prune([op.inputs[index] for index in free], list(op.outputs))
        return lambda *given: function(*(given[index] for index in free))

    @contextmanager
    def _hooks(self) -> Iterator[None]:
        """Keep every call of a layer, and let what is known of sizes decide what ``call`` does."""
        places: list[tuple[Any, str, Any]] = [(keras.Layer, "__call__", self._layer_hook(keras.Layer.__call__))]
        if hasattr(custom_gradient, _GRADIENT):
            places.append((custom_gradient, _GRADIENT, self._gradient_hook(getattr(custom_gradient, _GRADIENT))))
        for name, kind in _NUMBERS.items():
            places.append((tf.Tensor, name, self._number_hook(getattr(tf.Tensor, name, None), kind)))
        before = [(place, name, vars(place).get(name)) for place, name, _ in places]
        try:
            for place, name, hook in places:
                setattr(place, name, hook)
            yield
        finally:
            for place, name, own in before:
                if own is None:
                    delattr(place, name)
                else:
                    setattr(place, name, own)

    def _layer_hook(self, own: Callable[..., Any]) -> Callable[..., Any]:
        def called(layer: Any, *args: Any, **kwargs: Any) -> Any:
            if not self._recording or threading.get_ident() != self._thread:
                return own(layer, *args, **kwargs)
            if self._is_elsewhere():
                if isinstance(layer, CONVOLUTIONS) or is_composite(layer):
                    self.hidden.append(layer)
                return own(layer, *args, **kwargs)
            args, kwargs = _without_training(layer, args, kwargs)
            self._recording = False
            try:
                results = own(layer, *args, **kwargs, training=False)
            finally:
                self._recording = True
            return self._keep(layer, args, kwargs, results)

        return called

    def _gradient_hook(self, own: Callable[..., Any]) -> Callable[..., Any]:
        def called(function: Any, args: Any, kwargs: Any) -> Any:
            if not self._recording or self._is_elsewhere():
                return own(function, args, kwargs)
            results = own(function, args, kwargs)
            name = getattr(function, "__name__", "function")
            operation = type(name, (WithGradient,), {"__doc__": WithGradient.__doc__})(function, name, args)
            return self._keep(operation, tuple(args), {}, results)

        return called

    def _number_hook(self, own: Callable[..., Any] | None, kind: Callable[[Any], Any]) -> Callable[..., Any]:
        def number(tensor: Any, *args: Any, **kwargs: Any) -> Any:
            known = self._known(tensor) if self._is_own(tensor) else None
            if known is not None:
                return kind(known)
            if own is None:
                raise TypeError("it turns a tensor into numbers of Python, through which no gradient passes")
            return own(tensor, *args, **kwargs)

        return number

    def _known(self, tensor: Tensor) -> Any:
        """Return the array that a tensor always is at the sizes of the inputs; None if that is not known."""
        if self.depends(tensor):
            return None
        self._captures.update(self._captured())
        return always(tensor, self.constants([tensor]), self.step)

    def constants(self, tensors: Sequence[Tensor]) -> list[Any]:
        """Return the operations that tensors come from which depend on no numbers of the inputs, in their order."""
        found: dict[str, Any] = {}
        waiting = [(tensor.op, False) for tensor in reversed(tensors)]
        while waiting:
            op, ready = waiting.pop()
            if op.name in found:
                continue
            if ready:
                found[op.name] = op
            else:
                waiting.append((op, True))
                if op.type not in SIZES:
                    waiting.extend((source.op, False) for source in reversed(list(op.inputs)))
        return list(found.values())

    def _keep(self, op: Any, args: tuple[Any, ...], kwargs: dict[str, Any], results: Any) -> Any:
        given = [value for value in keras.tree.flatten((args, kwargs)) if self._is_own(value)]
        if not any(self.depends(value) for value in given):
            return results  # it is computed anew with what uses it
        taken = {tensor_key(value) for value in given}

        def fresh(value: Any) -> Any:
            """Return a tensor of the call's own: a layer that does nothing gives back what it took."""
            return tf.identity(value) if self._is_own(value) and tensor_key(value) in taken else value

        results = keras.tree.map_structure(fresh, results)
        flat = tuple(value for value in keras.tree.flatten(results) if isinstance(value, tf.Tensor))
        own = [tensor_key(value) for value in flat if self._is_own(value)]
        if own:
            self._values.update(dict.fromkeys(own, True))
            self.calls.append(LayerCall(op, args, kwargs, flat))
        return results


class WithGradient(keras.Operation):  # type: ignore[misc]
    """A function that was given a gradient of its own by ``tf.custom_gradient``."""

    elementwise: Elementwise | None = None

    def __init__(self, function: Callable[..., Any], name: str, given: Sequence[Any]) -> None:
        super().__init__(name="function")
        self.name = name
        self._apply = tf.custom_gradient(function)
        self._dtypes = tuple(value.dtype if isinstance(value, tf.Tensor) else None for value in given)

    def call(self, *args: Any) -> Any:
        """Return what the function returns, of tensors of the types that it was given first."""
        return self._apply(
            *(
                value if dtype is None else tf.cast(value, dtype)
                for value, dtype in zip(args, self._dtypes, strict=True)
            )
        )


@contextmanager
def _functions_inline() -> Iterator[None]:
    """Let a ``call`` that is a ``tf.function`` run like any other while the block runs."""
    eagerly = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(eagerly)


@contextmanager
def at_inference() -> Iterator[None]:
    """Let every layer compute as at inference while the block runs, whatever it is told."""
    with _LOCK:
        own = keras.Layer.__call__

        def called(layer: Any, *args: Any, **kwargs: Any) -> Any:
            args, kwargs = _without_training(layer, args, kwargs)
            return own(layer, *args, **kwargs, training=False)

        keras.Layer.__call__ = called
        try:
            with _functions_inline():
                yield
        finally:
            keras.Layer.__call__ = own


def _without_training(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Return a layer's arguments without ``training``, wherever it stands."""
    kwargs = {name: value for name, value in kwargs.items() if name != "training"}
    names = list(inspect.signature(layer.call).parameters)
    if "training" in names[: len(args)]:
        place = names.index("training")
        args, kwargs = args[:place], {**kwargs, **dict(zip(names[place + 1 :], args[place + 1 :], strict=False))}
    return args, kwargs
