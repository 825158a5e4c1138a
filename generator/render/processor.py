"""What the machine's processors can do, where that decides what is worth trying."""

from __future__ import annotations

import os
import re
from pathlib import Path

import keras

_MULTIPLYING = {"avx512_bf16", "amx_bf16", "bf16", "svebf16"}
"""Flags, as Linux names them, of processors of x86 and ARM that multiply bfloat16."""


_ISA = "ONEDNN_MAX_CPU_ISA"
"""The variable that keeps oneDNN, which TensorFlow computes with, from a processor's newer instructions."""

_ISAS_MULTIPLYING = ("ALL", "DEFAULT", "AVX512_CORE_BF16", "AVX512_CORE_FP16", "AVX512_CORE_AMX", "AVX10")
"""How its values begin that leave it those for bfloat16."""


def multiplies_bfloat16() -> bool:
    """Tell whether the machine multiplies bfloat16 by itself; where that cannot be told, it is taken to.

    Others emulate it: on two cores without AVX-512 a pass in bfloat16 takes several times as long as in float32. Where
    oneDNN alone is kept from it, TensorFlow ends the process.
    """
    if not os.environ.get(_ISA, "ALL").upper().startswith(_ISAS_MULTIPLYING):
        return False
    if has_accelerator():
        return True
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    return flags_tell(told)


def has_accelerator() -> bool:
    """Tell whether TensorFlow computes on a GPU or TPU."""
    devices = map(str.lower, keras.distribution.list_devices())
    return any(device.startswith(("gpu", "tpu")) for device in devices)


def flags_tell(cpuinfo: str) -> bool:
    """Tell whether the text of Linux's ``/proc/cpuinfo`` has the flag, or no flags at all."""
    lists = re.findall(r"^(?:flags|Features)\s*:(.*)$", cpuinfo, re.MULTILINE)
    return not lists or any(_MULTIPLYING & set(flags.split()) for flags in lists)
