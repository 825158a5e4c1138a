"""HDF5 files: looked through in another process first, as a damaged one can keep its library busy for ever."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, BinaryIO

from generator.errors import ModelError

SECONDS_TO_LOOK = 20

_LOOK_THROUGH = """\
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
    """Walk every group and attribute of the file.

    Raises ModelError if that fails or does not end.
    """
    command = [sys.executable, "-P", "-c", _LOOK_THROUGH, str(path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_TO_LOOK, check=False)
    except subprocess.TimeoutExpired:
        done = None
    if done is None:
        raise ModelError(f"{path}: a damaged HDF5 file: not read to its end in {SECONDS_TO_LOOK} s", "Copy it again")
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it cannot be read"])[-1]
        raise ModelError(f"{path}: a damaged HDF5 file: {reason}", "Copy it again")


def open_hdf5(file: Path | BinaryIO, mode: str = "r") -> Any:
    """Open a file that has passed ``check_hdf5``; what is returned closes it at the end of a ``with`` block."""
    import h5py  # here, because cards are found in the cache without it

    return h5py.File(file, mode)


def is_array(item: object) -> bool:
    """Tell whether an item of an HDF5 file holds numbers, not further items."""
    return hasattr(item, "shape")
