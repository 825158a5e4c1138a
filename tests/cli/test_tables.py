from __future__ import annotations

import pytest

from generator.cli.tables import print_table


@pytest.mark.parametrize(
    ("rows", "right", "expected"),
    [
        ([], (), ["Name  N"]),
        ([["a", "5"], ["longer", "1,000"]], (), ["Name    N", "a       5", "longer  1,000"]),
        ([["a", "5"], ["longer", "1,000"]], (1,), ["Name        N", "a           5", "longer  1,000"]),
        ([["a", ""]], (), ["Name  N", "a"]),
        ([["\x1b[2J\nb", "1"]], (), ["Name    N", "?[2J?b  1"]),
    ],
    ids=["heads alone", "left", "right", "an empty cell", "names that move the cursor"],
)
def test_columns_stand_below_their_heads(
    rows: list[list[str]], right: tuple[int, ...], expected: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    print_table(["Name", "N"], rows, right)
    assert capsys.readouterr() == ("\n".join(expected) + "\n", "")
