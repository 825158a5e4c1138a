"""HDF5 files: read through in another process first, as the library may never return from a damaged one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, BinaryIO

from generator.errors import ModelError

TIMEOUT_SECONDS = 20

_READ_THROUGH = """\
import sys, h5py
def look(name, item):
    list(item.attrs.items())
    if isinstance(item, h5py.Dataset):
        item.id.get_storage_size()
with h5py.File(sys.argv[1], "r") as opened:
    look("", opened)
    opened.visititems(look)
"""


def check_hdf5(path: Path) -> None:
    """Read every group and attribute of the file.

    Raises ModelError if that fails or does not end.
    """
    command = [sys.executable, "-P", "-c", _READ_THROUGH, str(path)]
    try:
        completed = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        completed = None
    if completed is None:
        raise ModelError(f"{path}: a damaged HDF5 file: not read to its end in {TIMEOUT_SECONDS} s", "Copy it again")
    if completed.returncode:
        last_line = (completed.stderr.strip().splitlines() or ["it cannot be read"])[-1]
        raise ModelError(f"{path}: a damaged HDF5 file: {last_line}", "Copy it again")


def open_hdf5(file: Path | BinaryIO, mode: str = "r") -> Any:
    """Open a file that has passed ``check_hdf5``; what is returned closes it at the end of a ``with`` block."""
    import h5py  # here, because summaries in the store are read without it

    return h5py.File(file, mode)


def is_array(item: object) -> bool:
    """Tell whether an item of an HDF5 file holds numbers, not further items."""
    return hasattr(item, "shape")


def inside(group: Any, path: str) -> Any:
    """Return the item of a group at a path below it.

    Raises KeyError if there is none, ValueError if it is a link or its numbers are kept in another file.
    """
    import h5py

    for part in path.split("/"):
        link = group.get(part, getlink=True) if part else None
        if link is None:
            raise KeyError(path)
        if not isinstance(link, h5py.HardLink):
            raise ValueError(f"{path} is a link to something else")
        group = group[part]
    if isinstance(group, h5py.Dataset) and (group.external or group.is_virtual):
        raise ValueError(f"{path} is kept in another file")
    return group
