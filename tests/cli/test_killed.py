"""What is temporary goes where a command is ended, or is removed by the next where it was killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.files import SCRATCH_PREFIX, TEMPORARY_PREFIX
from generator.site.lock import output_lock
from tests.cli.conftest import Gallery, command, environment
from tests.cli.test_publishing import GIT, owner  # noqa: F401  # a fixture

SECONDS = 60


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def as_a_shell_starts_it() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def started(gallery: Gallery, *words: object, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(*words),
        cwd=gallery.folder,
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=as_a_shell_starts_it,
    )


def left(folder: Path) -> list[Path]:
    return [*folder.glob(f"{SCRATCH_PREFIX}*"), *folder.rglob(f"{TEMPORARY_PREFIX}*")]


@pytest.mark.case("publish-temp")
@pytest.mark.parametrize("with_signal", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL])
def test_a_publish_that_is_ended_in_its_push(with_signal: int, owner: Gallery, tmp_path: Path) -> None:  # noqa: F811
    """The remote's hook holds the push up until there is a file ``go``."""
    temporary, reached = tmp_path / "temporary", tmp_path / "reached"
    temporary.mkdir()
    hook = tmp_path / "remote.git/hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch '{reached}'\nwhile [ ! -e '{tmp_path}/go' ]; do sleep 0.05; done\n")
    hook.chmod(0o755)
    with started(owner, "publish", **GIT, TMPDIR=str(temporary)) as process:
        until(reached.exists)
        assert len(left(temporary)) == 1
        process.send_signal(with_signal)
        _, err = process.communicate(timeout=SECONDS)
    (tmp_path / "go").touch()
    killed = with_signal == signal.SIGKILL
    assert process.returncode == (-signal.SIGKILL if killed else 130)
    assert [line.partition(".")[0] for line in err.split("\n") if line] == ([] if killed else ["Interrupted"])
    assert len(left(temporary)) == killed
    done = owner.run_alone("publish", "--dry-run", **GIT, TMPDIR=str(temporary))
    assert done.status == 0
    assert left(temporary) == []


@pytest.mark.case("publish-temp")
@pytest.mark.parametrize("kind", ["gallery.zip", "gallery.tar.gz"])
def test_an_archive_that_was_killed_is_removed_by_the_next(kind: str, owner: Gallery) -> None:  # noqa: F811
    (owner.folder / f"{TEMPORARY_PREFIX}half").write_bytes(b"PK")
    assert owner.run("publish", "--to", kind).status == 0
    assert left(owner.folder) == []


def test_a_build_that_is_terminated_leaves_no_lock(copied: Gallery) -> None:
    """One that waits for another, so that it is surely at work."""
    with output_lock(copied.folder / "site", wait=False):
        with started(copied, "build", PYTHONUNBUFFERED="1") as process:
            assert process.stderr
            assert process.stderr.readline().startswith("Waiting")
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=SECONDS)
        assert process.returncode == 130
        assert err.strip().startswith("Interrupted")
    assert not (copied.folder / "site/.filter-gallery-lock").exists()


def test_what_has_a_signal_ignored_goes_on_ignoring_it() -> None:
    """As under ``nohup``."""
    lines = (
        "import signal",
        "from generator.cli.main import hear_termination",
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)",
        "hear_termination()",
        "print(signal.getsignal(signal.SIGHUP).name)",
    )
    run = [sys.executable, "-c", "\n".join(lines)]
    done = subprocess.run(run, env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout == "SIG_IGN\n"
