"""The network as a picture: what is folded, which lanes are taken, and that nothing of the graph is lost."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterable

import pytest

from generator import assets
from generator.models.summary import ArchitectureRow, ConvLayer, ModelSummary
from generator.pages.diagram.blocks import blocks
from generator.pages.diagram.drawing import Drawing, NodeBox, drawing
from generator.pages.diagram.folded_graph import INPUT
from generator.pages.templating import environment
from tests.pages.gallery import Gallery, Page, fill
from tests.summaries import conv, summary

Layer = tuple[str, str, tuple[int, ...]]

CHAIN: list[Layer] = [
    ("scale", "Rescaling", ()),
    ("one", "Conv2D", (0,)),
    ("one_bn", "BatchNormalization", (1,)),
    ("one_act", "Activation", (2,)),
    ("pool", "MaxPooling2D", (3,)),
    ("two", "Conv2D", (4,)),
    ("flat", "Flatten", (5,)),
    ("top", "Dense", (6,)),
]
RESIDUAL: list[Layer] = [
    ("stem", "Conv2D", ()),
    ("bn", "BatchNormalization", (0,)),
    ("relu", "ReLU", (1,)),
    ("a", "Conv2D", (2,)),
    ("b", "Conv2D", (3,)),
    ("add", "Add", (2, 4)),
    ("pre", "BatchNormalization", (5,)),
    ("c", "Conv2D", (6,)),
    ("sum", "Add", (5, 7)),
]
INCEPTION: list[Layer] = [
    ("stem", "Conv2D", ()),
    ("short", "Conv2D", (0,)),
    ("long1", "Conv2D", (0,)),
    ("long2", "Conv2D", (2,)),
    ("long3", "Conv2D", (3,)),
    ("mid1", "Conv2D", (0,)),
    ("mid2", "Conv2D", (5,)),
    ("pool", "MaxPooling2D", (0,)),
    ("mixed", "Concatenate", (1, 4, 6, 7)),
]
SKIPS: list[Layer] = [
    ("down1", "Conv2D", ()),
    ("pool1", "MaxPooling2D", (0,)),
    ("down2", "Conv2D", (1,)),
    ("pool2", "MaxPooling2D", (2,)),
    ("deep", "Conv2D", (3,)),
    ("up2", "UpSampling2D", (4,)),
    ("join2", "Concatenate", (5, 2)),
    ("up1", "UpSampling2D", (6,)),
    ("join1", "Concatenate", (7, 0)),
]
GLOBAL: list[Layer] = [  # the picture itself is joined again, as in denoisers
    ("first", "Conv2D", (INPUT,)),
    ("beside", "Concatenate", (INPUT, 0)),
    ("second", "Conv2D", (1,)),
    ("residual", "Add", (INPUT, 2)),
]
ONE: list[Layer] = [("only", "Conv2D", (INPUT,))]
SELF: list[Layer] = [  # the same tensor twice, once through an activation that must not be folded
    ("a", "Conv2D", ()),
    ("act", "ReLU", (0,)),
    ("both", "Add", (0, 1)),
    ("left", "ReLU", (2,)),
    ("right", "Activation", (2,)),
    ("last", "Multiply", (3, 4)),
]
NETWORKS = {
    "chain": CHAIN,
    "residual": RESIDUAL,
    "inception": INCEPTION,
    "skips": SKIPS,
    "self": SELF,
    "global": GLOBAL,
    "one": ONE,
}


def net(layers: Iterable[Layer], **fields: object) -> ModelSummary:
    """Return the summary of a network of these layers (name, type, positions of what feeds it)."""
    rows: list[ArchitectureRow] = []
    convolutions: list[ConvLayer] = []
    for name, kind, inputs in layers:
        if kind == "Conv2D":
            convolutions.append(
                conv(len(convolutions) + 1, name, slug=f"{len(convolutions) + 1:03d}-{name}", output_shape=(8, 8, 4))
            )
        rows.append(ArchitectureRow(name, kind, (8, 8, 4), 0, len(convolutions) if kind == "Conv2D" else None, inputs))
    return summary(*convolutions, **{"architecture": tuple(rows), **fields})


def deep(blocks_: int) -> ModelSummary:
    """Return a network in which each layer also takes from the two before it, and the last from very many."""
    layers: list[Layer] = [("start", "Conv2D", ())]
    for i in range(1, blocks_):
        kind = "Conv2D" if i % 3 else "Add"
        layers.append((f"unit{i}", kind, tuple(range(max(0, i - 3), i)) if kind == "Add" else (i - 1,)))
    return net([*layers, ("all", "Concatenate", tuple(range(0, blocks_, 50)))])


def names(drawn: Drawing, of: ModelSummary) -> dict[int, str]:
    """Return the name of each drawn row, by its position."""
    return {m.row: "input" if m.row == INPUT else of.architecture[m.row].name for m in drawn.boxes}


def lanes_of(layers: list[Layer]) -> dict[str, int]:
    of = net(layers)
    drawn = drawing(of)
    return {names(drawn, of)[m.row]: m.lane for m in drawn.boxes}


@pytest.mark.parametrize(
    ("layers", "lane_layout"),
    [
        (CHAIN, {"input": 0, "one": 0, "pool": 0, "two": 0, "top": 0}),
        # the shortcut runs straight, the convolutions stand beside it
        (RESIDUAL, {"input": 0, "stem": 0, "a": 1, "b": 1, "add": 0, "c": 1, "sum": 0}),
        # the longest branch goes outermost
        (
            INCEPTION,
            {"input": 0, "stem": 0, "long1": 3, "long2": 3, "long3": 3}
            | {"mid1": 2, "mid2": 2, "short": 1, "pool": 0, "mixed": 0},
        ),
        # a U, and its lanes are taken again
        (
            SKIPS,
            {"input": 0, "down1": 0, "pool1": 1, "down2": 1, "pool2": 2}
            | {"deep": 2, "up2": 2, "join2": 1, "up1": 1, "join1": 0},
        ),
        (GLOBAL, {"input": 0, "first": 1, "beside": 1, "second": 1, "residual": 0}),
        (ONE, {"input": 0, "only": 0}),
    ],
)
def test_lanes(layers: list[Layer], lane_layout: dict[str, int]) -> None:
    assert lanes_of(layers) == lane_layout
    assert list(lanes_of(layers)) == list(lane_layout)  # and this is the order from above to below


def owners(drawn: Drawing) -> dict[int, int]:
    """Return for each row of the architecture the row of the box that stands for it."""
    return {row: node_box.row for node_box in drawn.boxes for row in (node_box.row, *node_box.folded)}


@pytest.mark.parametrize("of", [*map(net, NETWORKS.values()), deep(300)], ids=[*NETWORKS, "deep"])
def test_every_layer_and_every_edge_is_drawn_once(of: ModelSummary) -> None:
    drawn = drawing(of)
    stands = [row for node_box in drawn.boxes for row in (node_box.row, *node_box.folded)]
    assert sorted(stands) == list(range(INPUT, len(of.architecture)))
    owner = owners(drawn)
    expected = {
        (owner[source], owner[position])
        for position, row in enumerate(of.architecture)
        for source in (row.inputs or (INPUT,))
        if owner[source] != owner[position]
    }
    edges = [(edge.source, target) for edge in drawn.edges for target in edge.targets]
    assert len(edges) == len(set(edges))
    assert set(edges) == expected
    height = {node_box.row: node_box.top for node_box in drawn.boxes}
    assert all(height[source] < height[target] for source, target in edges)


@pytest.mark.parametrize("of", [*map(net, NETWORKS.values()), deep(300)], ids=[*NETWORKS, "deep"])
def test_no_two_rails_are_in_one_lane_at_the_same_row(of: ModelSummary) -> None:
    drawn = drawing(of)
    row_of = {node_box.row: number for number, node_box in enumerate(drawn.boxes)}
    lane_of = {node_box.row: node_box.lane for node_box in drawn.boxes}
    taken: dict[tuple[int, int], int] = {}
    for edge in drawn.edges:
        assert edge.lane == lane_of[edge.source]
        for row in range(row_of[edge.source], max(row_of[target] for target in edge.targets)):
            assert taken.setdefault((edge.lane, row), edge.source) == edge.source
    for node_box in drawn.boxes:  # nor does an edge run through a figure that is not its own
        assert taken.get((node_box.lane, row_of[node_box.row]), node_box.row) == node_box.row


def drawn_lines(drawn: Drawing) -> tuple[set[tuple[float, ...]], dict[float, list[tuple[float, float]]]]:
    """Return the forks (where each begins and ends) and, of each height across, the upright lines of all parts."""
    forks, upright = set(), defaultdict(list)
    for part in drawn.parts:
        for x, y, letter, numbers in re.findall(r"M([\d.]+) ([\d.]+)([VC])([^MVC]+)", part.edges):
            values = [float(number) for number in numbers.split()]
            if letter == "V":
                upright[float(x)].append((float(y), values[0]))
            else:
                forks.add((float(x), float(y), *values[-2:]))
    return forks, upright


@pytest.mark.parametrize("of", [*map(net, NETWORKS.values()), deep(60)], ids=[*NETWORKS, "deep"])
def test_lines_go_from_figure_to_figure_through_all_parts(of: ModelSummary) -> None:
    drawn = drawing(of)
    at = {node_box.row: node_box for node_box in drawn.boxes}
    forks, upright = drawn_lines(drawn)
    expected = set()
    for edge in drawn.edges:
        source = at[edge.source]
        for target in (at[row] for row in edge.targets):
            until = target.top
            if target.x != source.x:
                until = max(source.bottom, target.top - 17)
                expected.add((source.x, until, target.x, target.top))
            pieces = sorted(piece for piece in upright[source.x] if source.bottom <= piece[0] < until)
            ends = [source.bottom, *(end for _, end in pieces)]
            assert [start for start, _ in pieces] == ends[:-1]  # without a gap
            assert ends[-1] >= until
    assert forks == expected
    # a fork that begins in one part and ends in the next is in both, each of which shows its own section
    for part in drawn.parts:
        for begins, until, path in (fork for edge in drawn.edges for fork in edge.forks):
            assert (path in part.edges) is (begins < part.top + part.height and until > part.top)


def test_parts_are_blocks_and_follow_each_other() -> None:
    layers: list[Layer] = [("stem", "Conv2D", ())]
    layers += [(f"block1_c{i}", "Conv2D", (i,)) for i in range(9)]
    layers += [(f"block2_c{i}", "Conv2D", (9 + i,)) for i in range(2)]
    parts = drawing(net(layers)).parts
    assert [(part.name, len(part.boxes), part.band > 0) for part in parts] == [
        ("", 2, False),
        ("block1", 6, True),
        ("", 3, True),
        ("block2", 2, True),
    ]
    assert [part.label for part in parts] == ["input to stem", "block1", "block1_c6 to block1_c8", "block2"]
    assert [part.top for part in parts[1:]] == [part.top + part.height for part in parts[:-1]]
    assert parts[1].band == parts[1].height  # the ground of a block that goes on has no gap
    assert all(
        part.top < node_box.top and node_box.bottom < part.top + part.height
        for part in parts
        for node_box in part.boxes
    )


def boxes(layers: list[Layer], **fields: object) -> dict[str, NodeBox]:
    return {node_box.name: node_box for node_box in drawing(net(layers, **fields)).boxes}


def test_folded_layers_are_named() -> None:
    drawn = boxes(CHAIN)
    assert drawn["input"].facts == "– × – × 3 · then rescaling"
    assert drawn["one"].facts == "3 × 3 · 8 × 8 × 4 · then relu, batch normalisation, activation"
    assert drawn["one"].title.endswith("; after it one_bn (BatchNormalization), one_act (Activation)")
    assert drawn["two"].title.endswith("; after it flat (Flatten)")
    c = boxes(RESIDUAL)["c"]
    assert c.facts == "3 × 3 · 8 × 8 × 4 · after batch normalisation · then relu"
    assert c.title == "c: Conv2D; kernel 3 × 3; output 8 × 8 × 4; before it pre (BatchNormalization)"
    assert {name: node_box.kind for name, node_box in boxes(SELF).items()} == {
        "input": "input",
        "a": "conv",
        "act": "other",
        "both": "merge",
        "left": "other",
        "right": "other",
        "last": "merge",
    }


def test_the_activation_after_a_convolution_goes_by_its_name() -> None:
    layers = (conv(1, "one", read_at="act", activation="silu"),)
    rows = (ArchitectureRow("one", "Conv2D", (8, 8, 4), 0, 1), ArchitectureRow("act", "Activation", (), 0, None, (0,)))
    assert drawing(summary(*layers, architecture=rows)).boxes[1].facts == "3 × 3 · – × – × 4 · then silu"


def box(node_box: NodeBox) -> tuple[float, float]:
    across = [float(n) for n in re.findall(r"[MH]([\d.]+)", node_box.path)]
    return round(max(across) - min(across), 1), round(node_box.bottom - node_box.top, 1)


def test_boxes_grow_with_what_is_made() -> None:
    shapes = [(64, 64, 8), (64, 64, 64), (8, 8, 64), (1, 1, 2048), (512, 512, 1)]
    layers = [conv(i, f"c{i}", output_shape=shape) for i, shape in enumerate(shapes, 1)]
    first, wider, lower, widest, highest = (
        box(node_box) for node_box in drawing(summary(*layers)).boxes if node_box.kind == "conv"
    )
    assert first[0] < wider[0] == lower[0] < widest[0]
    assert widest[1] < lower[1] < wider[1] == first[1] < highest[1]
    unknown = box(drawing(summary(*layers, conv(6, "free"))).boxes[-1])
    assert widest[1] < unknown[1] < highest[1]


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ("block1_conv1 block1_conv2 block1_pool block2_conv1 block2_pool top", [("block1", 0, 2), ("block2", 3, 4)]),
        ("c1_c d2_e1_1_c d2_e1_2_c d2_e2_1_c d2_e2_2_c", [("d2_e1", 1, 2), ("d2_e2", 3, 4)]),
        ("net/s1/a net/s1/b net/s2/a net/s2/b head", [("net/s1", 0, 1), ("net/s2", 2, 3)]),
        ("stem layer1.0.c1 layer1.0.c2 layer1.1.c1 layer1.1.c2", [("layer1.0", 1, 2), ("layer1.1", 3, 4)]),
        ("conv2d conv2d_1 conv2d_2", []),  # Keras's own numbers are no blocks
        ("sep1_a other1 other2 other3 sep1_b", []),  # strewn
        ("block1_a conv2d block1_b", [("block1", 0, 2)]),
        ("only1_conv two", []),
    ],
)
def test_blocks(layers: str, expected: list[tuple[str, int, int]]) -> None:
    titles = [(name, "Conv2D") for name in layers.split()]
    result = blocks(titles, [(i - 1,) if i else () for i in range(len(titles))])
    assert [(block.name, block.first, block.last) for block in result] == expected


@pytest.mark.parametrize(
    ("titles", "expected"),
    [
        (["conv2d_1", "conv2d_2", "mixed3"], [("mixed3", 2, 4)]),
        (["conv2d_1", "conv2d_2", "concatenate_4"], []),
        (["conv2d_1", "cell7_conv", "cell7_out"], [("cell7", 2, 4)]),
    ],
)
def test_branches_without_titles_belong_to_where_they_join(
    titles: list[str], expected: list[tuple[str, int, int]]
) -> None:
    left, right, join = titles
    layers = [("stem", "Conv2D"), ("p", "MaxPooling2D"), (left, "Conv2D"), (right, "Conv2D"), (join, "Concatenate")]
    layers += [("head", "Conv2D"), ("top", "Dense")]
    result = blocks(layers, [(), (0,), (1,), (1,), (2, 3), (4,), (5,)])
    assert [(b.name, b.first, b.last) for b in result] == expected


def test_without_a_graph_nothing_is_joined() -> None:
    rows = tuple(ArchitectureRow(c, "Conv2D", (8, 8, 4), 0, i) for i, c in enumerate("ab", 1))
    drawn = drawing(summary(conv(1, "a"), conv(2, "b"), architecture=rows))
    assert [node_box.name for node_box in drawn.boxes] == ["a", "b"]
    assert drawn.edges == ()
    alone = drawing(summary(conv(1, "a"), architecture=rows[:1]))
    assert ([node_box.name for node_box in alone.boxes], alone.edges) == (["a"], ())


def test_long_titles_are_cut_in_the_middle_and_whole_in_the_tooltip() -> None:
    long = "separable_conv_1_reduction_left1_stem_1"
    node_box = drawing(net([(long, "Conv2D", ())])).boxes[0]
    assert len(node_box.name) == 30
    assert node_box.name == "separable_conv_…n_left1_stem_1"
    assert node_box.title.startswith(f"{long}: Conv2D")


def test_many_lanes_stay_narrow_and_many_layers_quick() -> None:
    fan: list[Layer] = [("start", "Conv2D", ()), *((f"b{i}", "Conv2D", (0,)) for i in range(12))]
    wide = drawing(net([*fan, ("end", "Concatenate", tuple(range(1, 13)))]))
    assert 1 + max(node_box.lane for node_box in wide.boxes) == 12
    assert wide.text <= 150
    times = []
    for size in (500, 4000):
        of = deep(size)
        began = time.process_time()
        drawing(of)
        times.append(time.process_time() - began)
    assert times[1] < 40 * max(times[0], 0.005)  # eight times the layers; squared it would be 64


def test_a_site_draws_it_with_links_and_strips(gallery: Gallery) -> None:
    from generator.pages.gather import model_view

    (of, network), tasks = gallery.models[0], gallery.tasks()
    fill(gallery.store, tasks)
    keep = [task for task in tasks if task.layer.index == 1]  # the second layer has no page
    view = model_view(of, network, gallery.photos, keep, gallery.store)
    template = '{% from "architecture.html" import architecture %}{{ architecture("../", model, drawing) }}'
    folder = assets.templates_path()
    html = environment(folder).from_string(template).render(model=view, drawing=drawing(network, view.by_index))
    page = Page.read(html)
    assert [a["href"] for a in page.all("a") if "shown" in str(a["class"])] == ["../net/001-stem/index.html"]
    (strip,) = page.all("div", **{"class": "layer-thumbs"})
    drawn = drawing(network, view.by_index)
    (above,) = [box.strip for box in drawn.boxes if box.conv == 1]
    assert above is not None
    assert strip["style"] == f"inset-block-start:{above - drawn.parts[0].top}px;inset-inline-start:{drawn.text}px"
    assert {f"../net/001-stem/{i:04d}.html" for i in range(4)} <= {a["href"] for a in page.all("a")}
    assert [a["class"] for a in page.all("g") if "class" in a] == ["node input", "node conv"]


def test_hostile_names_are_text() -> None:
    from generator.pages.views import ModelView
    from tests.summaries import entry

    bad = "<img src=x onerror=alert(1)>"
    network = net([(f"{bad}/a", "Conv2D", ()), (f"{bad}/b", "Conv2D", (0,)), (bad, bad, (1,))])
    view = ModelView(bad, "net", entry(bad), network, "net/index.html", (), ())
    template = '{% from "architecture.html" import architecture %}{{ architecture("", model, drawing) }}'
    html = environment(assets.templates_path()).from_string(template).render(model=view, drawing=drawing(network))
    page = Page.read(html)
    assert {tag for tag, _ in page.elements} == {"div", "svg", "g", "rect", "text", "tspan", "title", "path"}
    assert page.text.count(bad) >= 6
