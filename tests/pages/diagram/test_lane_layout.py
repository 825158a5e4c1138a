from __future__ import annotations

import pytest

from generator.pages.diagram.lane_layout import lane_layout


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ([], ()),
        ([(), (0,), (1,)], (0, 0, 0)),
        # a shortcut from 0 to 3 runs straight, the branch stands beside it
        ([(), (0,), (1,), (0, 2)], (0, 1, 1, 0)),
        # of two branches the first goes outermost
        ([(), (0,), (0,), (0, 1, 2)], (0, 2, 1, 0)),
        # two inputs of their own
        ([(), (), (0, 1)], (0, 1, 0)),
    ],
)
def test_lanes(inputs: list[tuple[int, ...]], expected: tuple[int, ...]) -> None:
    assert lane_layout(inputs) == expected


@pytest.mark.parametrize("branches", [2, 3, 5])
def test_what_runs_side_by_side_is_in_lanes_of_its_own(branches: int) -> None:
    """Branches of two nodes each, begun one after the other, all open until they are joined."""
    inputs: list[tuple[int, ...]] = [()]
    for _ in range(branches):
        inputs += [(0,), (len(inputs),)]
    ends = [2 * n + 2 for n in range(branches)]
    lanes = lane_layout([*inputs, (0, *ends)])
    assert len({lanes[end] for end in ends}) == branches
    assert all(lanes[end] == lanes[end - 1] != 0 for end in ends)
    assert lanes[-1] == 0
    assert {*lanes} == set(range(branches + 1))  # no lane is left empty
