"""What this machine has for a process: cores and free memory, a container's limits counted."""

from __future__ import annotations

import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")
MEMORY = Path("/proc/meminfo")


def cores() -> int:
    """Return how many cores this process may use, 1 at least."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota, _, period = _read(CGROUP / "cpu.max").partition(" ")
    if quota.isdigit() and period.strip().isdigit() and int(period):
        allowed = min(allowed, -(-int(quota) // int(period)))
    return max(1, allowed)


def free_memory() -> int | None:
    """Return the bytes of memory that are free, None where that is not known."""
    free = None
    for line in _read(MEMORY).splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            free = int(value.split()[0]) << 10
    limit, used = (_read(CGROUP / f"memory.{name}").strip() for name in ("max", "current"))
    if limit.isdigit() and used.isdigit():
        own = max(0, int(limit) - int(used))
        free = own if free is None else min(free, own)
    return free


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
