from __future__ import annotations

import pytest

from generator.render import processor
from generator.render.processor import flags_tell, multiplies_bfloat16


@pytest.mark.parametrize(
    ("cpuinfo", "expected"),
    [
        ("processor\t: 0\nflags\t\t: fpu sse2 avx2 fma\n", False),
        ("flags\t\t: fpu avx512f avx512vl avx512_vnni\n", False),
        ("flags\t\t: fpu avx512f avx512_bf16\n", True),
        ("flags\t\t: fpu avx2\nprocessor : 1\nflags\t\t: fpu amx_bf16\n", True),
        ("Features\t: fp asimd sve\n", False),
        ("Features\t: fp asimd bf16\n", True),
        ("processor\t: 0\nmodel name\t: with bf16\n", True),  # no flags: not known
        ("", True),
    ],
)
def test_the_flags_of_processors(cpuinfo: str, expected: bool) -> None:
    assert flags_tell(cpuinfo) is expected


def test_this_machine_tells() -> None:
    assert multiplies_bfloat16() in (True, False)


@pytest.mark.parametrize("isa", ["AVX2", "avx512_core", "AVX512_CORE_VNNI", "SSE41"])
def test_onednn_may_be_kept_from_it(isa: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor, "flags_tell", lambda told: True)
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_AMX_FP16")
    assert multiplies_bfloat16()
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", isa)
    assert not multiplies_bfloat16()
