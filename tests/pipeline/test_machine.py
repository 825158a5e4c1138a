"""What a machine has, by the files of Linux."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from generator.pipeline import machine


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    monkeypatch.setattr(machine, "MEMORY", tmp_path / "meminfo")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(12)), raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("quota", "expected"),
    [(None, 12), ("max 100000", 12), ("250000 100000", 3), ("50000 100000", 1), ("9900000 100000", 12), ("x", 12)],
)
def test_cores_are_those_that_the_process_and_its_container_may_use(
    files: Path, quota: str | None, expected: int
) -> None:
    if quota is not None:
        (files / "cpu.max").write_text(quota + "\n")
    assert machine.cores() == expected


def test_free_memory_is_the_less_of_the_machines_and_the_containers(files: Path) -> None:
    assert machine.free_memory() is None
    (files / "meminfo").write_text("MemTotal:       9000 kB\nMemAvailable:    8000 kB\n")
    assert machine.free_memory() == 8000 << 10
    (files / "memory.max").write_text("max\n")
    (files / "memory.current").write_text("1000\n")
    assert machine.free_memory() == 8000 << 10
    (files / "memory.max").write_text("5000\n")
    assert machine.free_memory() == 4000
    (files / "memory.current").write_text("6000\n")
    assert machine.free_memory() == 0


def test_this_machine_tells() -> None:
    assert machine.cores() >= 1
    assert (machine.free_memory() or 1) > 0
