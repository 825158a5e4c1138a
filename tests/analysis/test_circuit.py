"""The strongest connections against a plain search, whatever the groups."""

from __future__ import annotations

import numpy as np
import pytest

from generator.analysis.circuit import COUNT, NONE, LayerCircuit, circuit_key, layer_circuit
from generator.arrays import layers_from_bytes
from generator.arrays import layers_to_bytes as to_bytes
from generator.plan import PhotoIdentity

RNG = np.random.default_rng(0)


def plain(numbers: dict[int, float]) -> list[tuple[int, float]]:
    """Return the largest above zero, filled up, then the least below."""
    found: list[tuple[int, float]] = []
    for sign in (1, -1):
        right = [(sign * -share, key, share) for key, share in numbers.items() if sign * share > 0]
        own = [(key, share) for _, key, share in sorted(right)][:COUNT]
        found += own + [(NONE, 0.0)] * (COUNT - len(own))
    return found


@pytest.mark.parametrize(("inputs", "filters", "groups"), [(20, 9, 1), (3, 4, 1), (4, 12, 3), (1, 6, 3)])
def test_the_strongest_of_each_filter_and_of_each_channel(inputs: int, filters: int, groups: int) -> None:
    values, kernels = RNG.normal(size=(inputs, filters)), RNG.normal(size=(3, 2, inputs, filters))
    circuit = layer_circuit(values, kernels, groups)
    of_filter: dict[int, dict[int, float]] = {index: {} for index in range(filters)}
    of_channel: dict[int, dict[int, float]] = {channel: {} for channel in range(groups * inputs)}
    for index in range(filters):
        for place in range(inputs):
            channel = index // (filters // groups) * inputs + place
            share = values[place, index] / np.abs(values[:, index]).sum()
            of_filter[index][channel] = of_channel[channel][index] = share
    for found, shares, expected in (
        (circuit.inputs, circuit.shares, of_filter),
        (circuit.outputs, circuit.output_shares, of_channel),
    ):
        for key, numbers in expected.items():
            assert found[key].tolist() == [other for other, _ in plain(numbers)]
            np.testing.assert_allclose(shares[key], [share for _, share in plain(numbers)], rtol=1e-6)
    for index in range(filters):
        for place, channel in enumerate(circuit.inputs[index].tolist()):
            expected_slice = 0.0 if channel == NONE else kernels[:, :, channel % inputs, index]
            np.testing.assert_allclose(circuit.kernels[index, place], expected_slice, rtol=1e-6)


def test_of_a_filter_that_never_fired_nothing_is_said() -> None:
    values = np.array([[1.0, np.nan], [-3.0, np.nan]])
    circuit = layer_circuit(values, np.ones((1, 1, 2, 2)))
    assert circuit.inputs[1].tolist() == [NONE] * 2 * COUNT
    assert circuit.inputs[0, [0, COUNT]].tolist() == [0, 1]
    assert circuit.outputs[0, 0] == 0
    assert 1 not in circuit.outputs


def test_of_equal_ones_the_first_comes_first() -> None:
    circuit = layer_circuit(np.ones((9, 1)), np.ones((1, 1, 9, 1)))
    assert circuit.inputs[0].tolist() == [*range(COUNT), *[NONE] * COUNT]


def test_they_are_read_back_and_damage_is_noticed() -> None:
    circuits = {layer: layer_circuit(RNG.normal(size=(5, 4)), RNG.normal(size=(3, 3, 5, 4))) for layer in (2, 7)}
    content = to_bytes(circuits)
    assert content == to_bytes(dict(reversed(circuits.items())))
    found = layers_from_bytes(LayerCircuit, content, [7, 2])
    for layer, circuit in circuits.items():
        np.testing.assert_array_equal(found[layer].inputs, circuit.inputs)
        np.testing.assert_array_equal(found[layer].kernels, circuit.kernels)
    with pytest.raises(ValueError, match="no arrays"):
        layers_from_bytes(LayerCircuit, content, [3])


def test_what_is_measured_is_named_by_its_images() -> None:
    photos = [PhotoIdentity("x", "a" * 64, (8, 8))]
    assert circuit_key("m", None, []) is None
    assert circuit_key("m", "x", photos) == circuit_key("m", "x", [])
    keys = {circuit_key(*of) for of in (("m", "x", photos), ("m", "y", []), ("m", None, photos), ("n", "x", []))}
    assert len(keys) == 4
