"""A build that is stopped, at any moment and in any way, goes on where it was, to the same site."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Gallery, command, environment

SETTINGS = "photos: [chelsea]\nfilters: 6\nrender: {size: 64, steps: 60}\n"


def hear_interrupts() -> None:
    """What a shell starts in the background ignores SIGINT, and so do its children: CI may be run like that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def stopped(gallery: Gallery, with_signal: int, after: int) -> tuple[int, str, float]:
    """Build until ``after`` records are there, then send a signal; return status, standard error and the wait."""
    process = subprocess.Popen(
        command("build"),
        cwd=gallery.folder,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=hear_interrupts,
    )
    try:
        deadline = time.monotonic() + 90
        while len(gallery.records()) < after:
            assert process.poll() is None, "the build ended before it could be stopped"
            assert time.monotonic() < deadline
            time.sleep(0.02)
        began = time.monotonic()
        process.send_signal(with_signal)
        _, err = process.communicate(timeout=30)
        return process.returncode, err, time.monotonic() - began
    finally:
        process.kill()


@pytest.fixture(scope="module")
def whole(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    """Return the same gallery, built without an interruption."""
    gallery = Gallery(tmp_path_factory.mktemp("whole"))
    gallery.configure(models / "big.keras", more=SETTINGS)
    assert gallery.run("build").status == 0
    return gallery


@pytest.mark.parametrize(
    ("with_signal", "status", "after"),
    [
        # kernels done, in the midst of the feature maps
        pytest.param(signal.SIGINT, 130, 4, marks=pytest.mark.slow),
        (signal.SIGINT, 130, 7),  # the first layer's pictures done, in the midst of the second's
        (signal.SIGKILL, -signal.SIGKILL, 7),
    ],
)
def test_it_goes_on_where_it_was_stopped(
    with_signal: int, status: int, after: int, whole: Gallery, models: Path, empty: Gallery
) -> None:
    empty.configure(models / "big.keras", more=SETTINGS)
    cache = Path(".filter-gallery/tunings")  # what is measured on a busy machine can come out otherwise
    shutil.copytree(whole.folder / cache, empty.folder / cache)
    returned, err, waited = stopped(empty, with_signal, after)
    assert returned == status
    assert "Traceback" not in err
    if with_signal == signal.SIGINT:
        assert waited < 8
        assert "Interrupted. What is finished is kept" in err
    kept = empty.records()
    assert after <= len(kept) < len(whole.records())
    assert empty.run("build").status == 0
    finished = empty.records()
    assert {key: finished[key] for key in kept} == kept  # none of them was written again
    assert finished.keys() == whole.records().keys()
    assert empty.site() == whole.site()
