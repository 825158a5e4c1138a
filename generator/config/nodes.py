"""The nodes of a YAML text, within limits: a file may come from a machine, or from somebody who means harm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from generator.numbers import MEGABYTE

MAX_BYTES = MEGABYTE
MAX_DEPTH = 32
"""Of mappings and lists in each other; the keys of a configuration need 9."""
MAX_VALUES = 30_000
"""Keys, values, lists and mappings, each as often as aliases repeat it."""
MAX_NUMBER_LENGTH = 1000
"""Characters of a number; Python itself refuses to write one of more than 4,300 digits."""


class LimitError(Exception):
    """A text that is YAML, but beyond a limit; ``line`` counts from 1."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line


@dataclass(frozen=True)
class _Size:
    """How much a node holds, with what its aliases repeat."""

    depth: int
    values: int
    characters: int


class _BoundedComposer(Composer):
    """Refuses what is too deep or too much as soon as it is, and a node that holds itself."""

    def __init__(self, loader: Any = None) -> None:
        super().__init__(loader)
        self.warn_double_anchors = False
        self._sizes: dict[Node, _Size] = {}
        self._depth = self._values = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Return the next node."""
        line = self.parser.peek_event().start_mark.line + 1
        self._depth, self._values = self._depth + 1, self._values + 1
        self._check(line, _Size(self._depth, self._values, 0))
        node = super().compose_node(parent, index)
        self._depth -= 1
        if node not in self._sizes:
            if isinstance(node, SequenceNode | MappingNode) and node.end_mark is None:
                raise LimitError(line, f"the alias {node.anchor!r} stands inside of what it repeats")
            self._sizes[node] = self._size(node)
            self._check(line, self._sizes[node])
        return node

    def _size(self, node: Node) -> _Size:
        if isinstance(node, ScalarNode):
            return _Size(1, 1, len(node.value))
        parts = [part for pair in node.value for part in pair] if isinstance(node, MappingNode) else node.value
        sizes = [self._sizes[part] for part in parts]
        return _Size(
            1 + max((size.depth for size in sizes), default=0),
            1 + sum(size.values for size in sizes),
            sum(size.characters for size in sizes),
        )

    @staticmethod
    def _check(line: int, size: _Size) -> None:
        if size.depth > MAX_DEPTH:
            raise LimitError(line, f"more than {MAX_DEPTH} lists and mappings in each other")
        if size.values > MAX_VALUES:
            raise LimitError(line, f"more than {MAX_VALUES:,} values, counting what aliases repeat")
        if size.characters > MAX_BYTES:
            raise LimitError(line, f"more than {MAX_BYTES:,} characters, counting what aliases repeat")


def compose(text: str) -> tuple[Node | None, Any]:
    """Return the root of a text's nodes, None if it has none, and what makes values of its scalars.

    Raises LimitError, and YAMLError or ValueError if it is not YAML.
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer = _BoundedComposer
    return yaml.compose(text), yaml.constructor
