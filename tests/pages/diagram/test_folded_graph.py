from __future__ import annotations

import pytest

from generator.models.summary import ArchitectureRow
from generator.pages.diagram.folded_graph import INPUT, Node, folded_graph, last_uses


def rows(*types: tuple[str, tuple[int, ...]]) -> tuple[ArchitectureRow, ...]:
    """Return layers by type and what feeds them; those of type Conv2D are convolutions."""
    convs = [place for place, (kind, _) in enumerate(types) if kind == "Conv2D"]
    return tuple(
        ArchitectureRow(f"{place}", kind, (8, 8, 4), 0, convs.index(place) + 1 if kind == "Conv2D" else None, inputs)
        for place, (kind, inputs) in enumerate(types)
    )


PICTURE = Node(INPUT, "input", ())


def test_what_hands_numbers_on_is_folded_behind_what_it_takes_from() -> None:
    found = folded_graph(rows(("Conv2D", (-1,)), ("BatchNormalization", (0,)), ("ReLU", (1,)), ("MaxPooling2D", (2,))))
    assert found == (PICTURE, Node(0, "conv", (0,), (), (1, 2)), Node(3, "pool", (1,)))
    assert found[1].rows == (0, 1, 2)


def test_where_others_take_from_that_too_it_is_folded_before_the_next() -> None:
    found = folded_graph(rows(("Conv2D", (-1,)), ("ReLU", (0,)), ("Conv2D", (1,)), ("Add", (0, 2))))
    assert [(node.row, node.kind, node.before, node.after) for node in found] == [
        (INPUT, "input", (), ()),
        (0, "conv", (), ()),
        (2, "conv", (1,), ()),
        (3, "merge", (), ()),
    ]
    assert [node.inputs for node in found] == [(), (0,), (1,), (1, 2)]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("AveragePooling2D", "pool"),
        ("UpSampling2D", "up"),
        ("Dense", "dense"),
        ("Lambda", "other"),
    ],
)
def test_kinds(kind: str, expected: str) -> None:
    assert folded_graph(rows(("Conv2D", (-1,)), (kind, (0,))))[-1].kind == expected


def test_without_a_known_graph_every_row_is_a_node() -> None:
    found = folded_graph(rows(("Conv2D", ()), ("ReLU", ())))
    assert found == (Node(0, "conv", ()), Node(1, "other", ()))


def test_each_comes_after_what_feeds_it_and_branches_one_after_the_other() -> None:
    """Two branches whose rows are mixed in the network."""
    conv = "Conv2D"
    mixed = rows((conv, (-1,)), (conv, (0,)), (conv, (0,)), (conv, (1,)), (conv, (2,)), (conv, (3,)), ("Add", (5, 4)))
    found = folded_graph(mixed)
    assert [node.row for node in found] == [INPUT, 0, 1, 3, 5, 2, 4, 6]
    assert all(source < place for place, node in enumerate(found) for source in node.inputs)
    assert last_uses([node.inputs for node in found]) == [1, 5, 3, 4, 7, 6, 7, 7]
