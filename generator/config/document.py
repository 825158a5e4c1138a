"""The text of a configuration as YAML has it: values of Python's own types, and the lines where they stand."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from generator.config.nodes import MAX_NUMBER_LENGTH, LimitError, compose
from generator.errors import MAX_REASON_LENGTH, ConfigError, shortened

_TAG = "tag:yaml.org,2002:"
_NUMBERS = (f"{_TAG}int", f"{_TAG}float")
_TEXTS = (f"{_TAG}str", f"{_TAG}merge", f"{_TAG}value")
_KIND_OF = {f"{_TAG}seq": "sequence", f"{_TAG}map": "mapping"}
_KNOWN = (*_NUMBERS, *_TEXTS, *_KIND_OF, f"{_TAG}null", f"{_TAG}bool", f"{_TAG}timestamp")


@dataclass(frozen=True)
class Part:
    """A value of a document, with its parts and their lines, from 1, by key or index; keys are texts.

    What comes from elsewhere (``<<: *name``) has no line here. ``is_block`` is a text that begins below its key.
    """

    value: Any
    parts: dict[str | int, Part] = field(default_factory=dict)
    lines: dict[str | int, int] = field(default_factory=dict)
    is_block: bool = False


def parse_yaml(text: str, where: str) -> Part:
    """Return the mapping that a text is.

    Raises ConfigError if the text is not YAML, or no mapping, or beyond a limit; ``where`` names it there.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # of ruamel.yaml, about versions of YAML
            root, constructor = compose(text)
            document = _Reader(constructor).read(root) if root else Part(None)
    except LimitError as error:
        raise ConfigError([f"{where}:{error.line}: {error}"]) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        reason = shortened((error.problem or error.context or "not YAML").splitlines()[0], MAX_REASON_LENGTH)
        raise ConfigError([f"{where}:{line}: not valid YAML: {reason}"]) from None
    except YAMLError as error:
        reason = shortened(str(error).splitlines()[0], MAX_REASON_LENGTH)
        raise ConfigError([f"{where}:1: not valid YAML: {reason}"]) from None
    except (ValueError, RecursionError) as error:
        raise ConfigError([f"{where}:1: not valid YAML: {type(error).__name__}"]) from None
    if document.value is None:
        raise ConfigError([f"{where}:1: the file is empty; it needs at least: models: [demo]"])
    if not isinstance(document.value, dict):
        raise ConfigError([f"{where}:1: expected settings such as `models: [demo]`, got {str(document.value)[:40]!r}"])
    return document


class _Reader:
    """Makes parts of nodes; what an alias repeats is the same part."""

    def __init__(self, constructor: Any) -> None:
        self._constructor = constructor
        self._read: dict[Node, Part] = {}

    def read(self, node: Node) -> Part:
        """Return the part that a node is."""
        if node not in self._read:
            if str(node.tag) not in _KNOWN:
                raise _invalid(node, f"the tag {shortened(str(node.tag).removeprefix(_TAG))!r} is not known here")
            kind, found = _KIND_OF.get(str(node.tag), "scalar"), _KINDS[type(node)][0]
            if kind != found:
                raise _invalid(node, f"expected a {kind} node, but found {found}")
            self._read[node] = _KINDS[type(node)][1](self, node)
        return self._read[node]

    def scalar(self, node: ScalarNode) -> Part:
        tag = str(node.tag)
        if tag in _NUMBERS and len(node.value) > MAX_NUMBER_LENGTH:
            raise LimitError(node.start_mark.line + 1, f"a number of more than {MAX_NUMBER_LENGTH:,} characters")
        if tag in _TEXTS:
            return Part(node.value, is_block=node.style == "|")
        try:
            return Part(self._constructor.construct_object(node))
        except (ValueError, LookupError, TypeError, AttributeError, OverflowError):
            name = tag.removeprefix(_TAG)
            raise _invalid(node, f"{shortened(node.value)!r} is not of the type {name!r}") from None

    def sequence(self, node: SequenceNode) -> Part:
        parts: dict[str | int, Part] = {index: self.read(child) for index, child in enumerate(node.value)}
        lines: dict[str | int, int] = {index: child.start_mark.line + 1 for index, child in enumerate(node.value)}
        return Part([part.value for part in parts.values()], parts, lines)

    def mapping(self, node: MappingNode) -> Part:
        parts: dict[str | int, Part] = {}
        lines: dict[str | int, int] = {}
        merges = []
        for key_node, value_node in node.value:
            if str(key_node.tag) == f"{_TAG}merge":
                merges.append((key_node, value_node))
                continue
            key, part = str(self.read(key_node).value), self.read(value_node)
            if key in parts:
                values = (shortened(str(value)) for value in (key, part.value, parts[key].value))
                raise _invalid(
                    key_node, 'found duplicate key "{}" with value "{}" (original value: "{}")'.format(*values)
                )
            parts[key], lines[key] = part, key_node.start_mark.line + 1
        if len(merges) > 1:
            raise _invalid(merges[1][0], 'found duplicate merge key "<<"')
        for _, value_node in merges:
            for other in self._merged(value_node):
                parts |= {key: part for key, part in other.parts.items() if key not in parts}
        return Part({key: part.value for key, part in parts.items()}, parts, lines)

    def _merged(self, node: Node) -> Iterator[Part]:
        """Yield the mappings of ``<<: *name`` or ``<<: [*name, *other]``."""
        if isinstance(node, ScalarNode):
            raise _invalid(node, "expected a mapping or list of mappings for merging, but found scalar")
        for each in node.value if isinstance(node, SequenceNode) else [node]:
            if not isinstance(each, MappingNode):
                raise _invalid(each, f"expected a mapping for merging, but found {_KINDS[type(each)][0]}")
            yield self.read(each)


_KINDS: dict[type[Node], tuple[str, Any]] = {
    ScalarNode: ("scalar", _Reader.scalar),
    SequenceNode: ("sequence", _Reader.sequence),
    MappingNode: ("mapping", _Reader.mapping),
}


def _invalid(node: Node, problem: str) -> MarkedYAMLError:
    return MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
