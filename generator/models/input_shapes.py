"""The shapes that a model is called with, kept where Keras does not: for a ``call`` that takes no symbols."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras


@contextmanager
def input_shapes_kept() -> Iterator[None]:
    """Let each model that is called while the block runs know the shapes of its inputs, as one does that Keras built.

    Keras builds a model by running its ``call`` on symbols. Where that fails, as it does if the numbers of a tensor
    decide what is done, the model computes all the same, but does not know for what.
    """
    own = keras.Model.__call__

    def called(model: Any, *args: Any, **kwargs: Any) -> Any:
        results = own(model, *args, **kwargs)
        if model._build_shapes_dict is None:
            model._build_shapes_dict = _shapes(model, args, kwargs)
        return results

    keras.Model.__call__ = called
    try:
        yield
    finally:
        del keras.Model.__call__


def _shapes(model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any] | None:
    """Return the shapes under the names that Keras gives them, None if there is an argument that has none."""
    given = inspect.signature(model.call).bind(*args, **kwargs).arguments
    tensors = {name: value for name, value in given.items() if _is_of_tensors(value)}
    shapes = {name: keras.tree.map_structure(lambda t: tuple(t.shape), value) for name, value in tensors.items()}
    if len(shapes) == 1:
        return {"input_shape": next(iter(shapes.values()))}
    return {f"{name}_shape": shape for name, shape in shapes.items()} or None


def _is_of_tensors(value: Any) -> bool:
    flat = keras.tree.flatten(value)
    return bool(flat) and all(hasattr(item, "shape") and hasattr(item, "dtype") for item in flat)
