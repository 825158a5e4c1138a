"""Locks of the operating system on open files. They end with the process that holds them."""

from __future__ import annotations

import errno
import os
import sys

BUSY = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
"""The errors of a lock that another process holds; any other says that there are no locks here."""

if sys.platform == "win32":
    import msvcrt

    def lock_file(handle: int) -> None:
        """Lock an open file, at a place where nothing is written: what is locked there cannot be read by others."""
        os.lseek(handle, 1 << 30, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def lock_file(handle: int) -> None:
        """Lock an open file, without waiting.

        Raises OSError, with one of ``BUSY`` if it is locked already.
        """
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
