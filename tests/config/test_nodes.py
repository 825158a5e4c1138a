from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from ruamel.yaml.error import YAMLError

from generator.config import nodes
from generator.config.nodes import MAX_BYTES, MAX_DEPTH, MAX_VALUES, LimitError, compose

TOO_MANY = "more than 30,000 values, counting what aliases repeat"
TOO_DEEP = "more than 32 lists and mappings in each other"


def levels(number: int, item: str = "[{}]", first: str = "[x, x, x, x, x, x, x, x, x]") -> str:
    """Return a text whose every line repeats the one before it nine times."""
    lines = [f"a0: &a0 {first}"]
    lines += [f"a{n}: &a{n} {item.format(', '.join([f'*a{n - 1}'] * 9))}" for n in range(1, number)]
    return "\n".join(lines)


REFUSED = {
    "yaml-aliases": (levels(9), 5, TOO_MANY),
    "yaml-aliases-that-merge": (levels(9, "{{<<: [{}]}}", "{x: 1}"), 6, TOO_MANY),
    "yaml-aliases-itself": ("a: 1\nb: &b [1, *b]", 2, "the alias 'b' stands inside of what it repeats"),
    "yaml-aliases-merges-itself": ("a: &a {<<: *a}", 1, "the alias 'a' stands inside of what it repeats"),
    "yaml-aliases-in-a-list-merges-itself": ("a: &a {<<: [*a]}", 1, "the alias 'a' stands inside of what it repeats"),
    "yaml-aliases-as-its-own-key": ("a: &a {? *a : 1}", 1, "the alias 'a' stands inside of what it repeats"),
    "yaml-aliases-in-each-other": (
        "a0: &a0 [x]\n" + "\n".join(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 500)),
        MAX_DEPTH,
        TOO_DEEP,
    ),
    "yaml-aliases-of-a-long-text": (
        f"a: &a {'x' * 10_000}\nb: [{', '.join(['*a'] * 200)}]",
        2,
        "more than 1,000,000 characters, counting what aliases repeat",
    ),
    "deep-lists": ("a: " + "[" * 5000, 1, TOO_DEEP),
    "deep-mappings": ("a: " + "{a: " * 5000, 1, TOO_DEEP),
    "deep-blocks": ("\n".join(f"{' ' * n}a:" for n in range(1000)), MAX_DEPTH, TOO_DEEP),
    "yaml-large-of-values": ("a:\n" + "- b\n" * MAX_VALUES, MAX_VALUES - 1, TOO_MANY),
}


@pytest.mark.parametrize(("text", "line", "told"), REFUSED.values(), ids=REFUSED)
def test_what_is_beyond_a_limit_is_refused_at_its_line(text: str, line: int, told: str) -> None:
    with pytest.raises(LimitError) as caught:
        compose(text)
    assert (caught.value.line, str(caught.value)) == (line, told)


def test_what_is_just_within_the_limits_is_taken() -> None:
    deepest = "[" * (MAX_DEPTH - 1) + "x" + "]" * (MAX_DEPTH - 1)
    root, _ = compose(deepest)
    assert root is not None
    root, _ = compose("- b\n" * (MAX_VALUES - 1))
    assert root is not None
    assert len(root.value) == MAX_VALUES - 1
    root, _ = compose("x" * MAX_BYTES)
    assert root is not None
    assert compose("# a comment alone")[0] is None


def test_reading_ends_where_there_are_too_many_values(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = count()

    class Counted(nodes._BoundedComposer):
        def compose_node(self, parent: Any, index: Any) -> Any:
            next(calls)
            return super().compose_node(parent, index)

    monkeypatch.setattr(nodes, "_BoundedComposer", Counted)
    with pytest.raises(LimitError):
        compose("[" + "a," * 3 * MAX_VALUES + "]")
    assert next(calls) == MAX_VALUES + 1


def test_an_anchor_that_is_set_twice_is_no_warning(recwarn: pytest.WarningsRecorder) -> None:
    root, _ = compose("a: &x 1\nb: &x 2\nc: *x")
    assert root is not None
    assert [value.value for _, value in root.value] == ["1", "2", "2"]
    assert not recwarn


@pytest.mark.parametrize("text", ["a: [", "a: \0", "*a", "%YAML 9.9\n---\na: 1"])
def test_what_is_not_yaml_is_yamls_error(text: str) -> None:
    with pytest.raises(YAMLError):
        compose(text)
