"""Builds at once into one output wait for each other; a lock ends with its process."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from generator.errors import UsageError
from generator.publish import GITHUB_PAGES_AS_WARNING, check_site, open_site
from generator.site import lock
from generator.site.folder import check_output, remove_site
from generator.site.listing import JOURNAL, LOCK, MANIFEST
from generator.site.lock import Holder, output_lock, removal_lock
from tests.cli.conftest import ROOT, command, environment, filter_gallery
from tests.cli.test_interrupted import hear_interrupts
from tests.pages.gallery import fill
from tests.permissions import denied
from tests.site.locking import faults, gallery_in

SECONDS = 60


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return tmp_path / "site"


def started(*words: object) -> subprocess.Popen[str]:
    line = [sys.executable, "-m", "tests.site.locking", *map(str, words)]
    return subprocess.Popen(
        line, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@contextlib.contextmanager
def holder_of(site: Path) -> Iterator[subprocess.Popen[str]]:
    """Have a process that holds an output's lock."""
    with started("hold", site) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.case("two-builds")
@pytest.mark.case("overlap-titles")
@pytest.mark.parametrize(("processes", "rounds"), [(2, 5), (4, 3)])
def test_builds_at_once_never_mix(processes: int, rounds: int, tmp_path: Path) -> None:
    """Each looks at the site that it wrote before it lets go of it."""
    gallery = gallery_in(tmp_path)
    fill(gallery.store, gallery.tasks())
    running = [started("write", tmp_path, f"title{number}", rounds) for number in range(processes)]
    ended = [(*process.communicate(timeout=SECONDS), process.returncode) for process in running]
    assert ended == [("", "", 0)] * processes
    title = open_site(gallery.site).manifest.title
    assert title in {f"title{number}-{rounds - 1}" for number in range(processes)}
    assert faults(gallery.site, title) == []
    assert not (gallery.site / LOCK).exists()
    assert check_site(open_site(gallery.site), GITHUB_PAGES_AS_WARNING) == []


def test_the_second_waits_and_is_told_for_whom(site: Path) -> None:
    told: list[str] = []
    with holder_of(site) as process:
        threading.Timer(0.5, process.kill).start()
        with output_lock(site, wait=True, on_wait=told.append) as doubt:
            assert process.poll() is not None
        since = told[0].partition(" since ")[2]
        assert told == [f"process {process.pid} on {platform.node()} since {since}"]
        assert since[:2] == "20"
        assert doubt == ""
    assert os.listdir(site) == []  # noqa: PTH208


def test_who_does_not_wait_is_told_at_once(site: Path) -> None:
    with holder_of(site) as process, pytest.raises(UsageError) as caught, output_lock(site, wait=False):
        raise AssertionError
    who = str(caught.value)
    assert who.startswith(f"output {site}: in use by process {process.pid} on {platform.node()} since 20")
    assert who.endswith(". Wait for it, or end it. Name another folder with -o, or `output:`")


def test_a_lock_of_a_killed_process_is_taken_over(site: Path) -> None:
    with holder_of(site) as process:
        process.kill()
        process.wait()
    left = Holder.of(site)
    assert left is not None
    assert left.process == process.pid
    check_output(site)  # an output with nothing else in it is ours
    with output_lock(site, wait=False) as doubt:
        now = Holder.of(site)
        assert now is not None
        assert (doubt, now.process) == ("", os.getpid())
    assert not (site / LOCK).exists()


def test_a_lock_that_another_machine_left_is_told_apart(site: Path) -> None:
    site.mkdir()
    left = {"process": os.getpid(), "host": "far\x1b[31m", "since": "2026-01-02 03:04:05+00:00"}
    (site / LOCK).write_text(json.dumps(left))
    with output_lock(site, wait=False) as doubt:
        expected = f"process {os.getpid()} on far\x1b[31m since 2026-01-02 03:04:05+00:00 left its lock: it is gone"
        assert doubt == expected  # escaped where it is printed
    assert not (site / LOCK).exists()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"process": "1", "host": "h", "since": "s"}', '{"process": 1}', "[" * 900, "x" * 9999],
)
def test_a_lock_that_makes_no_sense_names_nobody(site: Path, text: str) -> None:
    site.mkdir()
    (site / LOCK).write_text(text)
    assert Holder.of(site) is None
    with output_lock(site, wait=False) as doubt:
        assert doubt == ""


def test_a_holder_that_is_not_named_is_waited_for_all_the_same(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "UNKNOWN_SECONDS", 0.0)
    with output_lock(site, wait=True):
        (site / LOCK).write_text("")
        with pytest.raises(UsageError, match="in use by another process"), output_lock(site, wait=False):
            raise AssertionError


def test_other_outputs_are_not_held_up(site: Path, tmp_path: Path) -> None:
    with output_lock(site, wait=False), output_lock(tmp_path / "other", wait=False):
        assert (site / LOCK).exists()
        assert (tmp_path / "other" / LOCK).exists()


def test_an_output_has_one_lock_by_whatever_path(site: Path, tmp_path: Path) -> None:
    site.mkdir()
    (tmp_path / "link").symlink_to(site)
    with output_lock(site, wait=False), pytest.raises(UsageError), output_lock(tmp_path / "link", wait=False):
        raise AssertionError


def test_a_folder_of_someone_else_is_left_without_a_lock(site: Path) -> None:
    site.mkdir()
    (site / "thesis.tex").write_text("mine")
    before = site.stat().st_mtime_ns
    with pytest.raises(UsageError, match=r"such as thesis\.tex"), output_lock(site, wait=False):
        raise AssertionError
    assert site.stat().st_mtime_ns == before  # not even for a moment
    (site / MANIFEST).write_text("{}")  # of some other program: seen under the lock
    with pytest.raises(UsageError, match=r"such as manifest\.json"), output_lock(site, wait=False):
        raise AssertionError
    with pytest.raises(UsageError, match="nothing was removed"), removal_lock(site):
        remove_site(site)
    assert sorted(os.listdir(site)) == [MANIFEST, "thesis.tex"]  # noqa: PTH208


def test_a_build_that_has_just_begun_is_not_taken_for_someone_elses_files(
    site: Path,
) -> None:
    """Its first file can appear between a look at the manifest and one at the names."""
    with output_lock(site, wait=False):
        (site / JOURNAL).write_text("")
        with pytest.raises(UsageError, match="in use by process"), output_lock(site, wait=False):
            raise AssertionError
        (site / JOURNAL).unlink()


@pytest.mark.parametrize("what", ["folder", "link", "pipe"])
def test_what_stands_in_the_place_of_the_lock_is_told(site: Path, what: str) -> None:
    site.mkdir()
    if what == "folder":
        (site / LOCK).mkdir()
    elif what == "link":
        (site / LOCK).symlink_to("nowhere")
    else:
        os.mkfifo(site / LOCK)
    told = r"is not a file, and stands where the lock should\. Move it away"
    with pytest.raises(UsageError, match=told), output_lock(site, wait=True):
        raise AssertionError
    assert os.path.lexists(site / LOCK)


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL])
def test_a_file_system_without_locks_is_told_and_gone_on_with(
    site: Path, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(handle: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(lock, "lock_file", refuse)
    with output_lock(site, wait=True) as doubt:
        assert doubt == f"has no lock ({os.strerror(code)}): do not build there twice at once"
    with removal_lock(site):
        assert remove_site(site).files == 0


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_an_output_where_no_lock_can_be_made(site: Path, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What else is wrong with the output is told by those who write to it."""

    def refuse(folder: Path) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(lock, "_open", refuse)
    with output_lock(site, wait=True) as doubt:
        assert doubt == f"has no lock ({os.strerror(code)}): do not build there twice at once"
    with removal_lock(site):
        assert remove_site(site).files == 0


@pytest.mark.case("denied")
def test_a_read_only_output_is_told(site: Path) -> None:
    site.mkdir()
    told = pytest.raises(UsageError, match="cannot be written: Permission denied")
    with denied(site), told, output_lock(site, wait=True):
        raise AssertionError


def test_a_lock_that_was_removed_meanwhile_is_not_removed_again(site: Path) -> None:
    with output_lock(site, wait=False):
        shutil.rmtree(site)
        with output_lock(site, wait=False):
            assert (site / LOCK).exists()
    assert not (site / LOCK).exists()


@pytest.fixture
def configured(tmp_path: Path) -> Path:
    (tmp_path / "config.yaml").write_text("models: [demo]\n")
    return tmp_path


@pytest.mark.parametrize("words", [("build", "--no-wait"), ("clean",)])
def test_a_command_leaves_at_once(words: tuple[str, ...], configured: Path, site: Path) -> None:
    with output_lock(site, wait=False):
        ran = filter_gallery(*words, cwd=configured)
        assert os.listdir(site) == [LOCK]  # noqa: PTH208
    assert (ran.status, ran.out) == (2, "")
    who = f"Error: output site: in use by process {os.getpid()} on {platform.node()} since "
    assert [line.startswith(who) for line in ran.err.splitlines()] == [True]


def test_a_build_waits_and_ends_at_ctrl_c(configured: Path, site: Path) -> None:
    with output_lock(site, wait=False):
        process = subprocess.Popen(
            command("build"),
            cwd=configured,
            env=environment(),
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=hear_interrupts,
        )
        assert process.stderr
        line = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=SECONDS)
        assert (site / LOCK).exists()
    assert line.startswith(f"Waiting: site is in use by process {os.getpid()} on {platform.node()} since 20")
    assert process.returncode == 130
    assert [words.partition(".")[0] for words in err.strip().splitlines()] == ["Interrupted"]
