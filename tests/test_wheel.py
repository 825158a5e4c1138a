"""The wheel, built and installed in another environment, makes the default gallery in an empty folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.slow
def test_the_wheel_builds_the_demo_without_a_configuration(tmp_path: Path) -> None:
    dist, other, empty = (tmp_path / name for name in ("dist", "other", "empty"))
    run = {"check": True, "capture_output": True, "text": True}
    subprocess.run([sys.executable, "-m", "build", "--wheel", "--outdir", dist, ROOT], **run)  # type: ignore[call-overload]
    (wheel,) = dist.glob("*.whl")
    venv.create(other, with_pip=True)
    python = other / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", wheel], **run)  # type: ignore[call-overload]
    (installed,) = other.glob("lib/python*/site-packages")
    # TensorFlow is large: the dependencies, and only they, come from the environment that runs the tests. What a .pth
    # file adds is not searched for further .pth files, so this project's own editable install is not among them.
    (installed / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    empty.mkdir()
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command: list[str | Path] = [other / "bin" / "filter-gallery", "build", "--filters", "1"]
    done = subprocess.run(command, cwd=empty, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    manifest = json.loads((empty / "site" / "manifest.json").read_text())
    assert [model["name"] for model in manifest["models"]] == ["demo"]
    assert len(manifest["models"][0]["layers"]) == 8
    where = subprocess.run([python, "-c", "import generator; print(generator.__file__)"], cwd=empty, **run)  # type: ignore[call-overload]
    assert str(other) in where.stdout
    packaged = installed / "generator"
    assert (packaged / "assets" / "config.yaml").read_bytes() == (ROOT / "config.yaml").read_bytes()
