"""What the machine's processors can do, where that decides what is worth trying."""

from __future__ import annotations

import re
from pathlib import Path

import keras

_MULTIPLYING = {"avx512_bf16", "amx_bf16", "bf16", "svebf16"}
"""Flags, as Linux names them, of processors of x86 and ARM that multiply bfloat16."""


def multiplies_bfloat16() -> bool:
    """Tell whether the machine multiplies bfloat16 by itself; where that cannot be told, it is taken to.

    Others emulate it: on two cores without AVX-512 a pass in bfloat16 takes several times as long as in float32.
    """
    if any(device.startswith("gpu") or device.startswith("tpu") for device in map(str.lower, _devices())):
        return True
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    return flags_tell(told)


def flags_tell(cpuinfo: str) -> bool:
    """Tell whether the text of Linux's ``/proc/cpuinfo`` has the flag, or no flags at all."""
    lists = re.findall(r"^(?:flags|Features)\s*:(.*)$", cpuinfo, re.MULTILINE)
    return not lists or any(_MULTIPLYING & set(flags.split()) for flags in lists)


def _devices() -> list[str]:
    return list(keras.distribution.list_devices())
