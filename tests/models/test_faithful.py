"""A graph is held against what its model computes, on photos of two sizes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import tensorflow as tf

from generator.models.faithful import is_faithful
from generator.models.flatten import flatten
from generator.models.trace import traced_model
from tests.models.tf_graph.nets import Doing, called


def half_of_large(model: Any, x: Any) -> Any:
    return tf.nn.relu(x * 0.5 if x.shape[1] is not None and x.shape[1] > 40 else x)


def of_size_32_only(model: Any, x: Any) -> Any:
    if x.shape[1] not in (None, 32):
        raise ValueError("only 32 rows")
    return tf.nn.relu(x)


def by_chance(model: Any, x: Any) -> Any:
    return x + tf.random.normal(tf.shape(x))


@pytest.mark.parametrize(("does", "any_size"), [(half_of_large, False), (of_size_32_only, True), (by_chance, True)])
def test_a_graph_holds_for_any_size_if_the_call_does_the_same_at_another(does: Any, any_size: bool) -> None:
    assert flatten(called(Doing(does))).any_size is any_size


def test_another_computation_is_not_faithful() -> None:
    model, other = called(Doing(lambda model, x: tf.nn.relu(x))), called(Doing(lambda model, x: tf.nn.relu(x) * 1.01))
    recording = traced_model(model, None)
    graph = flatten(model)
    assert is_faithful(graph, recording)
    assert not is_faithful(graph, replace(recording, own=traced_model(other, None).own))
