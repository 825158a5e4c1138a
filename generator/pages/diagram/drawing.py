"""Draws the architecture: one node a row, branches in lanes, a convolution as a box of the size of its output."""

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
from generator.pages.template_filters import grouped, shape

STRIP = 64
"""The height of a strip of thumbnails, in pixels like all lengths here; the style sheet has it too."""

_ABOVE, _BELOW = 46, 12  # beside a strip: the two lines of text above, and the space below
_TALL, _PLAIN, _SMALL = _ABOVE + STRIP + _BELOW, 48, 28  # rows: with a strip, of a convolution without, of other layers
_HEADING, _GAP = 26, 8  # a block's name, and the space below the block
_LANES, _WIDEST, _NARROWEST = 120, 48, 7  # all lanes together, where they can; one lane
_EDGE, _TEXT = 8, 18  # before the lanes, and from them to the text
_CURVE = 17  # the height in which a line changes its lane
_ROWS_OF_PART = 6  # tall ones fill most of a printed page
_LONGEST_NAME = 30
"""Letters of a name that are shown; the tooltip has all."""


@dataclass(frozen=True)
class NodeBox:
    """A drawn layer; lengths are in pixels from the drawing's top left corner.

    ``row`` is its position in the architecture, INPUT for the input; ``conv`` the convolution's index. ``path`` is the
    SVG path of its figure; ``name`` may be shortened, ``title`` is the full text of the tooltip. ``line`` is the height
    of its first line of text, ``strip`` that at which its thumbnails begin, None where it has none.
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
    """The connections from a layer to those it feeds: a line down its lane, with a fork to each one in another lane.

    ``source`` and ``targets`` are rows as in ``NodeBox``; ``forks`` are (height at which it begins, at which it ends,
    SVG path).
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
        """Return the height at which its last line ends."""
        return max([self.bottom, *(ends for _, ends, _ in self.forks)])

    def between(self, top: float, bottom: float) -> str:
        """Return the SVG path of what is visible of it between two heights."""
        start, end = max(self.top, top), min(self.bottom, bottom)
        trunk = f"M{self.x} {start}V{end}" if start < end else ""
        return trunk + "".join(path for begins, ends, path in self.forks if begins < bottom and ends > top)


@dataclass(frozen=True)
class Part:
    """Some rows that are kept on one page in print: a block, a few rows of a long block, or a few without a block.

    ``band`` is the height of the block's background, 0 where there is no block. ``name`` is the block's, in its first
    part alone.
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
        """Return its name for screen readers: its block, or its first and last layer."""
        return self.title or " to ".join(dict.fromkeys((self.boxes[0].name, self.boxes[-1].name)))


@dataclass(frozen=True)
class Drawing:
    """The whole drawing; texts and strips begin ``text`` pixels from its left side."""

    text: float
    parts: tuple[Part, ...]
    edges: tuple[Edge, ...]

    @property
    def boxes(self) -> tuple[NodeBox, ...]:
        """Return all boxes, from top to bottom."""
        return tuple(node_box for part in self.parts for node_box in part.boxes)


def drawing(summary: ModelSummary, shown: Container[int] | None = None) -> Drawing:
    """Draw a network; ``shown`` are the indices of the convolutions that have a strip of thumbnails, None for all."""
    rows = summary.architecture
    nodes = folded_graph(rows)
    inputs = [node.inputs for node in nodes]
    lane = lane_layout(inputs)
    pitch = max(_NARROWEST, min(_WIDEST, _LANES / (1 + max(lane))))
    all_blocks = blocks([_named(node, rows) for node in nodes], inputs)
    opens, closes = {block.first for block in all_blocks}, {block.last for block in all_blocks}
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
    return Drawing(text, tuple(_parts(all_blocks, boxes, edges, bounds)), edges)


def _parts(
    all_blocks: Sequence[Block], boxes: Sequence[NodeBox], edges: Sequence[Edge], bounds: Sequence[float]
) -> Iterator[Part]:
    block_of = {number: block for block in all_blocks for number in range(block.first, block.last + 1)}
    start, passing, upcoming = 0, list[Edge](), deque(edges)
    for number in range(1, len(boxes) + 1):
        block = block_of.get(start)
        if number < len(boxes) and block_of.get(number) == block and number - start < _ROWS_OF_PART:
            continue
        top, bottom = bounds[start], bounds[number]
        while upcoming and upcoming[0].top < bottom:
            passing.append(upcoming.popleft())
        path = "".join(edge.between(top, bottom) for edge in passing)
        passing = [edge for edge in passing if edge.end > bottom]
        name = block.name if block and block.first == start else ""
        band = bottom - top - _GAP * (block.last == number - 1) if block else 0
        yield Part(_cut(name), name, top, bottom - top, band, tuple(boxes[start:number]), path)
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
    output = layer.output_shape if layer else row.output_shape
    kernel = f"kernel {shape(layer.kernel_shapes[0][:2])}" if layer and not layer.is_dense else ""
    weights = f"{grouped(row.parameters)} parameters" if row.parameters else ""
    tooltip = [f"{layer.title if layer else row.name}: {row.type}", kernel, f"output {shape(output)}", weights]
    for where, positions in (("before it", node.before), ("after it", node.after)):
        if positions:
            tooltip.append(f"{where} " + ", ".join(f"{rows[i].name} ({rows[i].type})" for i in positions))
    first = kernel.removeprefix("kernel ") or ("" if node.row == INPUT else _words(row.type))
    wide, high = box(output, largest) if layer else (13.0, 5.0) if node.kind == "dense" else (11.0, 11.0)
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
        facts=" \N{MIDDLE DOT} ".join(filter(None, [first, shape(output), *_notes(node, rows, layer)])),
        title="; ".join(filter(None, tooltip)),
        line=top + (20 if layer else height / 2 + 4),
        strip=top + _ABOVE if tall else None,
        folded=folded,
    )


def _notes(node: Node, rows: Sequence[ArchitectureRow], layer: ConvLayer | None) -> Iterator[str]:
    """Yield the folded layers before and after a layer, in words; a convolution's activation function by its name."""
    at = layer.read_at if layer and layer.activation not in ("linear", "custom") else None
    own = [layer.activation] if layer and at == layer.name else []

    def words(row: ArchitectureRow) -> str:
        return layer.activation if layer and row.name == at else _words(row.type)

    if node.before:
        yield "after " + ", ".join(dict.fromkeys(words(rows[i]) for i in node.before))
    if own or node.after:
        yield "then " + ", ".join(dict.fromkeys([*own, *(words(rows[i]) for i in node.after)]))


def _words(kind: str) -> str:
    """Return the name of a layer's class in words: ``BatchNormalization`` is ``batch normalisation``."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", re.sub(r"\dD$", "", kind))
    return spaced.lower().replace("normalization", "normalisation")


def _edges(boxes: Sequence[NodeBox], inputs: Sequence[tuple[int, ...]]) -> Iterator[Edge]:
    """Yield the edge of each box: down its lane, and out of it just above each box in another lane."""
    consumers_of: list[list[int]] = [[] for _ in boxes]
    for number, sources in enumerate(inputs):
        for i in sources:
            consumers_of[i].append(number)
    for source, consumers in zip(boxes, consumers_of, strict=True):
        if not consumers:
            continue
        forks, end = [], source.bottom
        for number in consumers:
            consumer = boxes[number]
            if consumer.x == source.x:
                end = consumer.top
                continue
            leaves = max(source.bottom, consumer.top - _CURVE)
            end = max(end, leaves)
            path = f"M{source.x} {leaves}C{source.x} {consumer.top} {consumer.x} {leaves} {consumer.x} {consumer.top}"
            forks.append((leaves, consumer.top, path))
        targets = tuple(boxes[number].row for number in consumers)
        yield Edge(source.row, targets, source.lane, source.x, source.bottom, end, tuple(forks))


def _cut(name: str) -> str:
    """Return a name, the middle of a long one left out: names of layers differ most at their ends."""
    return (
        name
        if len(name) <= _LONGEST_NAME
        else f"{name[: _LONGEST_NAME // 2]}\N{HORIZONTAL ELLIPSIS}{name[1 - _LONGEST_NAME // 2 :]}"
    )
