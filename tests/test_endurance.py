"""A few kills and rounds of what ``python -m tools.endurance`` does in a quarter of an hour."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.endurance import build_at_once, kill_builds, whole_gallery


@pytest.mark.slow
@pytest.mark.case("two-builds")
@pytest.mark.case("store-leftover")
def test_killed_builds_and_builds_at_once_end_in_the_same_site(tmp_path: Path) -> None:
    seconds = whole_gallery(tmp_path / "whole", ["block1_conv1"])
    killed = kill_builds(tmp_path / "whole", seconds, 3, 0, tmp_path)
    assert (killed.kills, killed.sound) == (3, True), killed
    at_once = build_at_once(tmp_path / "whole", 2, 0, tmp_path)
    assert (at_once.rounds, at_once.builds, at_once.sound) == (2, 8, True), at_once
