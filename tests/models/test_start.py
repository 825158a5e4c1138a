"""In a process of its own: it is what the first import says that is dropped."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = """
import os, sys
from generator.models.start import start_keras
start_keras()
print(sys.modules["keras"].backend.backend(), "tensorflow" in sys.modules)
os.write(2, b"heard")
"""


def test_keras_starts_silently_on_tensorflow_whatever_the_environment_says(tmp_path: Path) -> None:
    (tmp_path / "keras.json").write_text('{"backend": "jax"}')
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "KERAS_"))}
    environment = {**kept, "PYTHONPATH": str(ROOT), "KERAS_BACKEND": "torch", "KERAS_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "tensorflow True\n", "heard")


@pytest.mark.parametrize(("chosen", "expected"), [(None, "1"), ("0", "0"), ("1", "1")])
def test_onednn_is_used_on_every_processor_unless_the_user_says_no(chosen: str | None, expected: str) -> None:
    code = """
import os, sys
from generator.models import start
start.importlib.import_module = lambda name: print(name, os.environ["TF_ENABLE_ONEDNN_OPTS"]) or sys.exit()
start.start_keras()
"""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    environment = {**kept, "PYTHONPATH": str(ROOT), **({"TF_ENABLE_ONEDNN_OPTS": chosen} if chosen else {})}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"keras {expected}\n", "")
