"""The architecture as a picture: one node a row, lane_layout for the branches, what each convolution makes as a box."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from generator.models.summary import ArchitectureRow, ConvLayer, ModelSummary
from generator.pages.diagram.blocks import Block, blocks
from generator.pages.diagram.figures import box, figure
from generator.pages.diagram.folded_graph import INPUT, Node, folded_graph
from generator.pages.diagram.lane_layout import lane_layout
from generator.pages.filters import grouped, shape

STRIP = 64
"""The height of a strip of thumbnails, in pixels like all lengths here; it is the stylesheet's as well."""

_ABOVE, _BELOW = 46, 12  # of a strip: the two lines of text, and the space to the next row
_TALL, _PLAIN, _SMALL = _ABOVE + STRIP + _BELOW, 48, 28  # rows: with a strip, of a convolution without, of the others
_HEADING, _GAP = 26, 8  # a block's name, and the space below the block
_LANES, _WIDEST, _NARROWEST = 120, 48, 7  # all lanes together, where they can; one lane
_EDGE, _TEXT = 8, 18  # before the lanes, and from them to the text
_CURVE = 17  # the height in which a line changes its lane
_TOGETHER = 6  # rows of a part: tall ones fill most of a page
_NAME = 30
"""Letters of a name that are shown; all are in the tooltip."""


@dataclass(frozen=True)
class NodeBox:
    """A drawn layer: ``row`` is its position on the summary, INPUT for the picture; ``conv`` the convolution's index.

    ``path`` is its figure; ``name`` may be cut, ``title`` says everything. ``strip`` is the height at which its
    thumbnails begin, None where there is no room for them.
    """

    row: int
    kind: str
    conv: int | None
    lane: int
    x: float
    top: float
    bottom: float
    path: str
    name: str
    facts: str
    title: str
    line: float
    strip: float | None
    folded: tuple[int, ...]


@dataclass(frozen=True)
class Edge:
    """What leaves a layer: a line down its lane, with a fork for each layer in another lane that takes it.

    ``source`` and ``targets`` are rows as in ``NodeBox``; ``forks`` are the heights at which each begins and ends, and
    its path.
    """

    source: int
    targets: tuple[int, ...]
    lane: int
    x: float
    top: float
    bottom: float
    forks: tuple[tuple[float, float, str], ...]

    @property
    def end(self) -> float:
        """Return the height at which nothing of it is left."""
        return max([self.bottom, *(ends for _, ends, _ in self.forks)])

    def between(self, top: float, bottom: float) -> str:
        """Return the path of what is to be seen of it between two heights."""
        start, end = max(self.top, top), min(self.bottom, bottom)
        trunk = f"M{self.x} {start}V{end}" if start < end else ""
        return trunk + "".join(path for begins, ends, path in self.forks if begins < bottom and ends > top)


@dataclass(frozen=True)
class Part:
    """Some rows that stay on one page in print: a block, or a few rows of a long one or of none.

    ``band`` is the height of the block's ground, 0 where there is no block. ``name`` is the block's, in its first part.
    """

    name: str
    title: str
    top: float
    height: float
    band: float
    boxes: tuple[NodeBox, ...]
    edges: str

    @property
    def label(self) -> str:
        """Return what it is called where it is not seen: its block, or its first and last layer."""
        return self.title or " to ".join(dict.fromkeys((self.boxes[0].name, self.boxes[-1].name)))


@dataclass(frozen=True)
class Drawing:
    """The whole drawing; texts and strips begin ``text`` pixels from its left side."""

    text: float
    parts: tuple[Part, ...]
    edges: tuple[Edge, ...]

    @property
    def boxes(self) -> tuple[NodeBox, ...]:
        """Return all boxes, from above to below."""
        return tuple(node_box for part in self.parts for node_box in part.boxes)


def drawing(summary: ModelSummary, shown: Container[int] | None = None) -> Drawing:
    """Draw a network; ``shown`` are the indices of the convolutions that have a strip of thumbnails, None for all."""
    rows = summary.architecture
    nodes = folded_graph(rows)
    inputs = [node.inputs for node in nodes]
    lane = lane_layout(inputs)
    pitch = max(_NARROWEST, min(_WIDEST, _LANES / (1 + max(lane))))
    found = blocks([_named(node, rows) for node in nodes], inputs)
    opens, closes = {block.first for block in found}, {block.last for block in found}
    tall = [node.kind == "conv" and (shown is None or rows[node.row].conv in shown) for node in nodes]
    bounds, heights = [0.0], []  # of the rows: where each ends, block's name and space below it included
    for number, node in enumerate(nodes):
        heights.append(_TALL if tall[number] else _PLAIN if node.kind == "conv" else _SMALL)
        bounds.append(bounds[-1] + _HEADING * (number in opens) + heights[-1] + _GAP * (number in closes))
    tops = [bounds[number] + _HEADING * (number in opens) for number in range(len(nodes))]
    room = (heights[number] - 2 * _CURVE for number, node in enumerate(nodes) if node.kind == "conv")
    largest = (pitch - 5, float(min(room, default=0)))  # the same for all, so that boxes can be compared
    boxes = [
        _node_box(summary, node, tall[i], lane[i], _EDGE + (lane[i] + 0.5) * pitch, tops[i], heights[i], largest)
        for i, node in enumerate(nodes)
    ]
    edges = tuple(_edges(boxes, inputs))
    text = round(_EDGE + (1 + max(lane)) * pitch + _TEXT, 1)
    return Drawing(text, tuple(_parts(found, boxes, edges, bounds)), edges)


def _parts(
    found: Sequence[Block], boxes: Sequence[NodeBox], edges: Sequence[Edge], bounds: Sequence[float]
) -> Iterator[Part]:
    of = {number: block for block in found for number in range(block.first, block.last + 1)}
    start, passing, coming = 0, list[Edge](), deque(edges)
    for number in range(1, len(boxes) + 1):
        block = of.get(start)
        if number < len(boxes) and of.get(number) == block and number - start < _TOGETHER:
            continue
        top, bottom = bounds[start], bounds[number]
        while coming and coming[0].top < bottom:
            passing.append(coming.popleft())
        path = "".join(edge.between(top, bottom) for edge in passing)
        passing = [edge for edge in passing if edge.end > bottom]
        name = block.name if block and block.first == start else ""
        ground = bottom - top - _GAP * (block.last == number - 1) if block else 0
        yield Part(_cut(name), name, top, bottom - top, ground, tuple(boxes[start:number]), path)
        start = number


def _named(node: Node, rows: Sequence[ArchitectureRow]) -> tuple[str, str]:
    return ("input", "Input") if node.row == INPUT else (rows[node.row].name, rows[node.row].type)


def _node_box(
    summary: ModelSummary,
    node: Node,
    tall: bool,
    lane: int,
    x: float,
    top: float,
    height: float,
    largest: tuple[float, float],
) -> NodeBox:
    rows, folded = summary.architecture, (*node.before, *node.after)
    row = ArchitectureRow("input", "Input", summary.input_shape, 0, None) if node.row == INPUT else rows[node.row]
    layer = None if row.conv is None else summary.layers[row.conv - 1]
    made = layer.output_shape if layer else row.output_shape
    kernel = f"kernel {shape(layer.kernel_shapes[0][:2])}" if layer else ""
    weights = f"{grouped(row.parameters)} parameters" if row.parameters else ""
    said = [f"{layer.title if layer else row.name}: {row.type}", kernel, f"output {shape(made)}", weights]
    named = [", ".join(f"{rows[one].name} ({rows[one].type})" for one in some) for some in (node.before, node.after)]
    said += [f"{when} {names}" for when, names in zip(("before it", "after it"), named, strict=True) if names]
    first = kernel.removeprefix("kernel ") if layer else "" if node.row == INPUT else _words(row.type)
    wide, high = box(made, largest) if layer else (13.0, 5.0) if node.kind == "dense" else (11.0, 11.0)
    middle = top + height / 2
    return NodeBox(
        row=node.row,
        kind=node.kind,
        conv=row.conv,
        lane=lane,
        x=round(x, 1),
        top=round(middle - high / 2, 1),
        bottom=round(middle + high / 2, 1),
        path=figure(node.kind, x, middle, wide, high),
        name=_cut(layer.title if layer else row.name),
        facts=" \N{MIDDLE DOT} ".join(filter(None, [first, shape(made), *_notes(node, rows, layer)])),
        title="; ".join(filter(None, said)),
        line=top + (20 if layer else height / 2 + 4),
        strip=top + _ABOVE if tall else None,
        folded=folded,
    )


def _notes(node: Node, rows: Sequence[ArchitectureRow], layer: ConvLayer | None) -> Iterator[str]:
    """Yield what happens before and after a layer, in words; the activation of a convolution by its own name."""
    at = layer.read_at if layer and layer.activation not in ("linear", "custom") else None
    own = [layer.activation] if layer and at == layer.name else []

    def words(row: ArchitectureRow) -> str:
        return layer.activation if layer and row.name == at else _words(row.type)

    if node.before:
        yield "after " + ", ".join(dict.fromkeys(words(rows[one]) for one in node.before))
    if own or node.after:
        yield "then " + ", ".join(dict.fromkeys([*own, *(words(rows[one]) for one in node.after)]))


def _words(kind: str) -> str:
    """Return the name of a layer's class in words: ``BatchNormalization`` is ``batch normalisation``."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", re.sub(r"\dD$", "", kind))
    return apart.lower().replace("normalization", "normalisation")


def _edges(boxes: Sequence[NodeBox], inputs: Sequence[tuple[int, ...]]) -> Iterator[Edge]:
    """Yield the line that leaves each node_box: down its lane, and out of it above each node_box in another."""
    takers_of: list[list[int]] = [[] for _ in boxes]
    for number, given in enumerate(inputs):
        for giver in given:
            takers_of[giver].append(number)
    for source, takers in zip(boxes, takers_of, strict=True):
        if not takers:
            continue
        forks, end = [], source.bottom
        for number in takers:
            taker = boxes[number]
            if taker.x == source.x:
                end = taker.top
                continue
            leaves = max(source.bottom, taker.top - _CURVE)
            end = max(end, leaves)
            path = f"M{source.x} {leaves}C{source.x} {taker.top} {taker.x} {leaves} {taker.x} {taker.top}"
            forks.append((leaves, taker.top, path))
        targets = tuple(boxes[number].row for number in takers)
        yield Edge(source.row, targets, source.lane, source.x, source.bottom, end, tuple(forks))


def _cut(name: str) -> str:
    """Return a name with the middle of it left out if it is long: layers differ in how their names end."""
    return name if len(name) <= _NAME else f"{name[: _NAME // 2]}\N{HORIZONTAL ELLIPSIS}{name[1 - _NAME // 2 :]}"
