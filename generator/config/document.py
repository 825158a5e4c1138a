"""The text of a configuration as YAML has it."""

from __future__ import annotations

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from generator.errors import ConfigError


def parse_yaml(text: str, where: str) -> CommentedMap:
    """Return a mapping that knows its lines.

    Raises ConfigError if the text is not YAML, or no mapping; ``where`` names it there.
    """
    try:
        document = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        reason = (error.problem or error.context or "not YAML").splitlines()[0]
        raise ConfigError([f"{where}:{line}: not valid YAML: {reason}"]) from None
    except YAMLError as error:
        raise ConfigError([f"{where}:1: not valid YAML: {str(error).splitlines()[0]}"]) from None
    except (ValueError, RecursionError) as error:
        raise ConfigError([f"{where}:1: not valid YAML: {type(error).__name__}"]) from None
    if document is None:
        raise ConfigError([f"{where}:1: the file is empty; it needs at least: models: [demo]"])
    if not isinstance(document, CommentedMap):
        raise ConfigError([f"{where}:1: expected settings such as `models: [demo]`, got {str(document)[:40]!r}"])
    return document


def plain(node: object) -> object:
    """Return YAML's value as Python's own types, which is what the schema's strict types expect; keys are texts."""
    if isinstance(node, dict):
        return {(str(key) if not isinstance(key, str) else key): plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [plain(value) for value in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node
