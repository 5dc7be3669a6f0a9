"""What is told of the processor that a run depends on."""

from pathlib import Path

import pytest

from press.machine import processor

INTEL = """\
processor\t: 0
cpu family\t: 6
model\t\t: 63
model name\t: A processor of several kinds
flags\t\t: fpu smep sse4_2 avx2 fma hypervisor avx

processor\t: 1
model\t\t: 64
"""
ARM = """\
processor\t: 0
Features\t: fp asimd sve
CPU implementer\t: 0x41
CPU part\t: 0xd40
"""


@pytest.mark.parametrize(
    ("told", "traits"),
    [
        (INTEL, ("cpu family 6", "model 63", "avx", "avx2", "fma", "sse4_2")),
        (ARM, ("CPU implementer 0x41", "CPU part 0xd40", "asimd", "sve")),
        ("", ()),
    ],
)
def test_a_processor_is_told_by_make_and_instructions(
    told: str, traits: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpuinfo").write_text(told)
    monkeypatch.setattr(processor, "INFO", tmp_path / "cpuinfo")
    for name in processor.LIMITS:
        monkeypatch.delenv(name, raising=False)

    assert processor.traits() == traits
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    assert processor.traits() == (*traits, "OPENBLAS_CORETYPE=Haswell")
