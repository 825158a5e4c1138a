from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.files import problems, read

MODELS = "models: [{source: demo, name: before}, {source: demo, name: after}, {source: demo, name: Third}]\n"
EXPECTED = "expected the names of two models such as [before, after]"


@pytest.mark.parametrize(
    ("compare", "expected"),
    [
        ("", None),
        ("compare:", None),
        ("compare: []", ()),
        ("compare: [[before, after]]", (("before", "after"),)),
        ("compare: [[before, after], [ Third , before]]", (("before", "after"), ("Third", "before"))),
    ],
)
def test_pairs_are_named_left_out_or_none(
    tmp_path: Path, compare: str, expected: tuple[tuple[str, str], ...] | None
) -> None:
    assert read(tmp_path, MODELS + compare).compare == expected


@pytest.mark.parametrize(
    ("compare", "expected"),
    [
        ("- [befor, after]", ["3: compare[0]: no model 'befor' in the configuration. Did you mean before?"]),
        (
            "- [before, after]\n- [before,\n   qqq]",
            ["5: compare[1]: no model 'qqq' in the configuration. It has: before, after, Third"],
        ),
        ("- [x1, x1]", ["3: compare[0]: no model 'x1' in the configuration. It has: before, after, Third"]),
        ("- [third, after]", ["3: compare[0]: no model 'third' in the configuration. Did you mean Third?"]),
        ("- [after, after]", ["3: compare[0]: 'after' is compared with itself. Name two models"]),
        (
            "- [before, after]\n- [after, before]",
            ["4: compare[1]: 'after' and 'before' are compared already. Leave one pair out"],
        ),
        ("- [before]", [f"3: compare[0]: {EXPECTED}, got ['before']"]),
        ("- [before, after, Third]", [f"3: compare[0]: {EXPECTED}, got ['before', 'after', 'Third']"]),
        ("- before\n- after", [f"3: compare[0]: {EXPECTED}, got 'before'", f"4: compare[1]: {EXPECTED}, got 'after'"]),
        ("- [1, before]", [f"3: compare[0]: {EXPECTED}, got [1, 'before']"]),
        ("- [before, '']", ["3: compare[0]: expected a text, got ''"]),
        ("  before", ["2: compare: expected a list, got 'before'"]),
        # all at once: what fits the schema is checked beside what does not
        (
            "- before\n- [befor, after]",
            [
                f"3: compare[0]: {EXPECTED}, got 'before'",
                "4: compare[1]: no model 'befor' in the configuration. Did you mean before?",
            ],
        ),
    ],
)
def test_every_wrong_pair_is_reported_with_its_line(tmp_path: Path, compare: str, expected: list[str]) -> None:
    assert problems(tmp_path, f"{MODELS}compare:\n{compare}") == expected


def test_no_name_is_doubted_while_not_all_are_known(tmp_path: Path) -> None:
    text = (
        "models:\n- {source: demo, name: before}\n- {source: demo, name: after, steps: 3}\ncompare: [[before, after]]"
    )
    (problem,) = problems(tmp_path, text)
    assert problem.startswith("3: models[1].steps: unknown setting")
