from __future__ import annotations

import pytest

from generator.config.document import parse_yaml
from generator.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "c.yaml:1: the file is empty; it needs at least: models: [demo]"),
        ("# a comment alone", "c.yaml:1: the file is empty; it needs at least: models: [demo]"),
        ("- a", "c.yaml:1: expected settings such as `models: [demo]`, got \"['a']\""),
        ("a: 1\nb: [", "c.yaml:2: not valid YAML: "),
        ("a: 1\na: 2", "c.yaml:2: not valid YAML: "),
        ("a: \x00", "c.yaml:1: not valid YAML: "),
    ],
)
def test_what_is_no_mapping_is_told_with_its_line(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text, "c.yaml")
    (problem,) = caught.value.problems
    assert problem.startswith(told)
    assert "\n" not in problem


def test_values_become_pythons_own_types_and_keys_texts() -> None:
    text = "a: yes\nb: true\n3: [1, 0x10, 1.5, 1e2]\nc: 'quoted'\nd: |\n  two\n  lines\ne: {f: null}\n"
    found = parse_yaml(text, "c.yaml").value
    expected = {
        "a": "yes",
        "b": True,
        "3": [1, 16, 1.5, 100.0],
        "c": "quoted",
        "d": "two\nlines\n",
        "e": {"f": None},
    }
    assert found == expected
    assert isinstance(found, dict)
    kinds = [type(found[key]) for key in ("a", "b", "3", "c", "d", "e")]
    assert kinds == [str, bool, list, str, str, dict]
    assert [type(one) for one in found["3"]] == [int, int, float, float]
