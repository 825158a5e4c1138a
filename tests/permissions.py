"""Permissions that bind, also where the tests are run by root, as in a container."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_OVERRIDES = (1 << 1) | (1 << 2)
"""Linux's CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: with them root reads and writes everywhere."""

_VERSION = 0x20080522


@contextlib.contextmanager
def denied(*paths: Path, mode: int = 0) -> Iterator[None]:
    """Take the write permission from files, and from folders and all folders below; permissions bind meanwhile.

    With ``mode`` the paths themselves, and nothing below, have that mode: 0o300 is a folder that cannot be listed.
    """
    every = [path for top in paths for path in ((top,) if mode or top.is_file() else (top, *top.rglob("*")))]
    former = {path: path.stat().st_mode for path in every if not path.is_symlink()}
    with _unprivileged():
        try:
            for path, was in former.items():
                path.chmod(mode or was & 0o555)
            yield
        finally:
            _restore(former)


@contextlib.contextmanager
def unreadable(*paths: Path) -> Iterator[None]:
    """Take all permissions from files or folders."""
    former = {path: path.stat().st_mode for path in paths}
    with _unprivileged():
        try:
            for path in paths:
                path.chmod(0)
            yield
        finally:
            _restore(former)


def _restore(modes: dict[Path, int]) -> None:
    for path, mode in modes.items():
        with contextlib.suppress(FileNotFoundError):  # what was tested has deleted it
            path.chmod(mode)


@contextlib.contextmanager
def _unprivileged() -> Iterator[None]:
    """Let permissions bind for this thread, and those that it starts, though root runs it."""
    effective = _set_overrides(False)
    try:
        _check()
        yield
    finally:
        if effective:
            _set_overrides(True)


def _check() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o500)
        if os.access(folder, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
            pytest.fail("permissions do not bind here: run the tests as another user than root")


def _set_overrides(on: bool) -> bool:
    """Take root's overrides from this thread, or give them back. Returns whether it had them."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    header, data = (ctypes.c_uint32 * 2)(_VERSION, 0), (ctypes.c_uint32 * 6)()
    if libc.capget(header, data):
        raise OSError(ctypes.get_errno(), "capget")
    had = bool(data[0] & _OVERRIDES)
    data[0] = data[0] | (_OVERRIDES & data[1]) if on else data[0] & ~_OVERRIDES
    if libc.capset(header, data):
        raise OSError(ctypes.get_errno(), "capset")
    return had
