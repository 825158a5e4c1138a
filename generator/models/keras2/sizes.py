"""Numbers that a network computes from the shapes of its tensors (``tf.shape``), and operations that use them.

Where a shape is known when the network is built, so is the number. Where it is not, the operation that uses it computes
it anew from the shape of the tensor that it meets.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras

Value = Any
"""A number, or a (nested) list of numbers; None for one that is not known yet."""


@dataclass(frozen=True, eq=False)
class Size:
    """A value that ``compute`` makes from the shapes of ``tensors``."""

    tensors: tuple[Any, ...]
    compute: Callable[[Sequence[Any]], Value]

    def value(self, tensors: Sequence[Any] | None = None) -> Value:
        """Return the value for given tensors, by default for the symbolic ones."""
        return self.compute([list(keras.ops.shape(tensor)) for tensor in tensors or self.tensors])


def size_of(tensor: Any) -> Size:
    """Return the shape of a tensor."""
    return Size((tensor,), lambda shapes: shapes[0])


def combined(function: Callable[..., Value], values: Any) -> Size:
    """Return what a function of ``SIZE_FUNCTIONS`` makes of a structure that holds sizes."""
    found = sizes_in(values)
    tensors = tuple(tensor for size in found for tensor in size.tensors)

    def compute(shapes: Sequence[Any]) -> Value:
        args, kwargs = replaced(values, _computed(found, shapes))
        return function(*args, **kwargs)

    return Size(tensors, compute)


def _computed(sizes: Sequence[Size], shapes: Sequence[Any]) -> dict[int, Value]:
    results, start = {}, 0
    for size in sizes:
        results[id(size)] = size.compute(shapes[start : start + len(size.tensors)])
        start += len(size.tensors)
    return results


def sizes_in(values: Any) -> list[Size]:
    """Return the sizes in a structure of lists, tuples, dictionaries and slices."""
    if isinstance(values, Size):
        return [values]
    return [size for item in _items(values) for size in sizes_in(item)]


def tensors_in(values: Any) -> list[Any]:
    """Return the symbolic tensors in a structure; those that sizes are read from are left out."""
    if isinstance(values, keras.KerasTensor):
        return [values]
    return [tensor for item in _items(values) for tensor in tensors_in(item)]


def _items(values: Any) -> Sequence[Any]:
    if isinstance(values, slice):
        return (values.start, values.stop, values.step)
    if isinstance(values, dict):
        return list(values.values())
    return values if isinstance(values, (list, tuple)) else ()


def replaced(values: Any, by: dict[int, Any]) -> Any:
    """Return a structure with the objects of these ids replaced."""
    if id(values) in by:
        return by[id(values)]
    if isinstance(values, slice):
        return slice(*(replaced(item, by) for item in _items(values)))
    if isinstance(values, dict):
        return {key: replaced(item, by) for key, item in values.items()}
    if isinstance(values, (list, tuple)):
        return type(values)(replaced(item, by) for item in values)
    return values


def unknown(value: Value) -> bool:
    """Tell whether a number of a value is not known yet."""
    return value is None or (isinstance(value, list) and any(map(unknown, value)))


class Deferred(keras.Operation):  # type: ignore[misc]
    """Calls a function of tensors once they are there: it looks at their shapes.

    Its inputs are a list of the tensors in the order of ``slots``, the ids of what they stand for in ``values``; behind
    them come the tensors of which the shapes are needed.
    """

    def __init__(self, function: Callable[..., Any], values: Any, name: str | None = None) -> None:
        super().__init__(name=name)
        self.function, self.values = function, values
        self.sizes = sizes_in(values)
        self.slots = list(dict.fromkeys(id(tensor) for tensor in tensors_in(values)))

    def inputs(self) -> list[Any]:
        """Return the symbolic tensors to call the operation with."""
        by_id = {id(tensor): tensor for tensor in tensors_in(self.values)}
        return [*(by_id[slot] for slot in self.slots), *(tensor for size in self.sizes for tensor in size.tensors)]

    def call(self, tensors: Sequence[Any]) -> Any:
        """Return the function of the tensors."""
        count = len(self.slots)
        shapes = [list(keras.ops.shape(tensor)) for tensor in tensors[count:]]
        by = dict(zip(self.slots, tensors[:count], strict=True)) | _computed(self.sizes, shapes)
        args, kwargs = replaced(self.values, by)
        return self.function(*args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, for a copy of the network in memory; a file cannot hold them."""
        return {"function": self.function, "values": self.values, "name": self.name}

    def compute_output_spec(self, tensors: Sequence[Any]) -> Any:
        """Return what ``call`` would, as symbolic tensors; what depends on unknown sizes is not known, either."""
        if all(None not in tensor.shape for tensor in tensors):
            return super().compute_output_spec(tensors)
        tries = [super(Deferred, self).compute_output_spec(_sized(tensors, size)) for size in _TRIED]
        return keras.tree.map_structure(_common, *tries)


_TRIED = (192, 256)
"""Sizes to try in place of those that are not known: whole multiples of what networks divide by."""


def _sized(tensors: Sequence[Any], size: int) -> list[Any]:
    return [
        keras.KerasTensor([known or size for known in tensor.shape], tensor.dtype, record_history=False)
        for tensor in tensors
    ]


def _common(first: Any, second: Any) -> Any:
    shape = [one if one == other else None for one, other in zip(first.shape, second.shape, strict=True)]
    return keras.KerasTensor(shape, first.dtype)


def deferred(function: Callable[..., Any], values: Any) -> Any:
    """Return the symbolic result of an operation that calls a function of ``values``, (args, kwargs), later."""
    operation = Deferred(function, values)
    return operation(operation.inputs())


def _each(function: Callable[..., Value], *values: Value) -> Value:
    """Apply a function number by number; single numbers meet every number of a list."""
    lengths = {len(value) for value in values if isinstance(value, list)}
    if not lengths:
        return None if any(value is None for value in values) else function(*values)
    count = max(lengths)
    rows = [value if isinstance(value, list) else [value] * count for value in values]
    return [_each(function, *(row[index % len(row)] for row in rows)) for index in range(count)]


def _binary(function: Callable[[Any, Any], Any]) -> Callable[..., Value]:
    return lambda x, y, **_: _each(function, x, y)


def _extreme(of_numbers: Callable[..., Any], of_tensors: Callable[..., Any]) -> Callable[..., Value]:
    def chosen(x: Any, y: Any) -> Any:
        return (of_numbers if isinstance(x, (int, float)) and isinstance(y, (int, float)) else of_tensors)(x, y)

    return _binary(chosen)


def _cast(x: Value, dtype: str, **_: object) -> Value:
    def one(number: Any) -> Any:
        if isinstance(number, (int, float)):
            return int(number) if "int" in dtype else float(number)
        return keras.ops.cast(number, dtype)

    return _each(one, x)


def _getitem(values: Value, slice_spec: Any) -> Value:
    (index,) = slice_spec if isinstance(slice_spec, (list, tuple)) else (slice_spec,)
    return values[index]


def _product(input_tensor: Value, **_: object) -> Value:
    result: Value = 1
    for number in input_tensor:
        result = _each(operator.mul, result, number)
    return result


SIZE_FUNCTIONS: dict[str, Callable[..., Value]] = {
    "getitem": _getitem,
    "cast": _cast,
    "add": _binary(operator.add),
    "subtract": _binary(operator.sub),
    "multiply": _binary(operator.mul),
    "truediv": _binary(operator.truediv),
    "divide": _binary(operator.truediv),
    "floordiv": _binary(operator.floordiv),
    "floormod": _binary(operator.mod),
    "floor_div": _binary(operator.floordiv),
    "maximum": _extreme(max, keras.ops.maximum),
    "minimum": _extreme(min, keras.ops.minimum),
    "stack": lambda values, **_: list(values),
    "concat": lambda values, **_: [number for value in values for number in value],
    "reduce_prod": _product,
    "unstack": lambda value, **_: list(value),
    "identity": lambda input, **_: input,
    "convert_to_tensor": lambda value, **_: value,
}
"""Functions of TensorFlow, by their names without the module, on shapes and numbers made from shapes."""
