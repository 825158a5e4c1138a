"""A site as the one commit of a branch, which is pushed.

``ghp-import`` makes the commit, in a scratch repository: the owner's working tree, index, branches and objects stay as
they are, and there is no former commit that it could go on from. It runs as a process of its own, as it looks for the
repository around the current folder, and where it fails writes bytes to a text stream.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from generator.errors import GalleryError, UsageError
from generator.publish.git import GitError, Repository, Scratch, run
from generator.site.built import BuiltSite
from generator.site.listing import MANIFEST, files_of_manifest

BEFORE = "refs/before"
"""Where the scratch repository keeps what the branch holds now."""

KEPT = ("CNAME", "README.md")
"""What stays on the branch: the file in which GitHub keeps a site's own domain, and words about the branch itself."""


@dataclass(frozen=True)
class Published:
    """What came of a publication, or would.

    ``commit`` replaces ``replaced`` on the branch (None: there was no branch). With ``same`` the branch held just these
    files and nothing was pushed. ``address`` is the remote's, ``pages`` where GitHub shows the site if it is there.
    """

    commit: str
    replaced: str | None
    same: bool
    address: str
    pages: str | None


def publish_branch(
    site: BuiltSite, folder: Path, branch: str, remote: str, message: str, dry_run: bool = False
) -> Published:
    """Make a branch of a remote hold a site as its one commit.

    ``folder`` is in the repository whose remote it is. With ``dry_run`` all is done but the push, which git only tries.
    Raises UsageError where there is no repository, remote, or name to commit with, or the branch holds something else
    than a site; GitError if the remote is not reached or refuses. Then the branch is as it was.
    """
    owner = Repository.around(folder)
    address = owner.address(remote)
    _check_name(owner, branch)
    committer = owner.committer()
    try:
        with tempfile.TemporaryDirectory(prefix="filter-gallery-", ignore_cleanup_errors=True) as place:
            scratch = Scratch.beside(owner, remote, Path(place) / "scratch.git")
            replaced = _before(scratch, remote, branch)
            stage = Path(place) / "site"
            kept = _check_ours(scratch, branch) if replaced else {}
            count = _stage(site, stage, kept)
            commit = _commit(scratch, stage, branch, message, committer, count)
            same = bool(replaced) and _tree(scratch, BEFORE) == _tree(scratch, commit)
            if not same:
                try_only = ["--dry-run"] if dry_run else []
                lease = f"--force-with-lease=refs/heads/{branch}:{replaced or ''}"
                scratch.run("push", "--quiet", *try_only, lease, "--", remote, f"{commit}:refs/heads/{branch}")
    except OSError as error:
        raise GalleryError(f"cannot write to {tempfile.gettempdir()}: {error.strerror}", "Set TMPDIR") from None
    return Published(commit, replaced, same, address, pages_address(address))


def _check_name(owner: Repository, branch: str) -> None:
    """Raise UsageError for a name that no branch has."""
    wrong = UsageError(f"{branch!r}: not a name that a branch can have", "Such as gh-pages")
    if branch == "HEAD" or branch.startswith(("-", "refs/")):  # git would take it for something else
        raise wrong
    try:
        run(["check-ref-format", f"refs/heads/{branch}"], owner.folder)
    except GitError:
        raise wrong from None


def pages_address(address: str) -> str | None:
    """Return where GitHub shows the site of a repository, unless it has a domain of its own; None for other hosts."""
    match = re.search(r"github\.com[:/]([^/:]+)/([^/]+?)(?:\.git)?/?$", address)
    if not match:
        return None
    user, name = match[1].lower(), match[2]
    return f"https://{user}.github.io/" + ("" if name.lower() == f"{user}.github.io" else f"{name}/")


def _before(scratch: Scratch, remote: str, branch: str) -> str | None:
    """Fetch what the branch holds now, without its files where the remote can; returns its commit."""
    listed = scratch.run("ls-remote", "--", remote, f"refs/heads/{branch}").split()
    if not listed:
        return None
    quick = ["--quiet", "--no-tags", "--depth=1", "--filter=blob:none"]
    scratch.run("fetch", *quick, "--", remote, f"+refs/heads/{branch}:{BEFORE}")
    return scratch.run("rev-parse", BEFORE)


def _check_ours(scratch: Scratch, branch: str) -> dict[str, bytes]:
    """Make sure that the branch holds a former site and nothing else; returns the files that are to stay.

    Raises UsageError: a push would have deleted someone's work.
    """
    names = set(filter(None, scratch.run("ls-tree", "-r", "-z", "--name-only", BEFORE).split("\0")))
    try:
        manifest = json.loads(scratch.run("cat-file", "blob", f"{BEFORE}:{MANIFEST}")) if MANIFEST in names else {}
    except (ValueError, RecursionError):
        manifest = {}
    listed = {*files_of_manifest(manifest)}
    kept = names & {*KEPT} - listed if listed else set()
    if others := sorted(names - listed - kept - {MANIFEST}):
        hint = "Name another with --branch, or delete it on the remote first"
        raise UsageError(f"the branch {branch} holds files that are not ours, such as {others[0]}", hint)
    held = {name: scratch.run("cat-file", "blob", f"{BEFORE}:{name}") for name in sorted(kept)}
    return {name: f"{text}\n".encode(errors="surrogateescape") for name, text in held.items()}


def _stage(site: BuiltSite, stage: Path, kept: Mapping[str, bytes]) -> int:
    """Copy the listed files, and what stays of the branch, to where ``ghp-import`` takes all; returns how many."""
    for folder in {file.path.rpartition("/")[0] for file in site.files}:
        (stage / folder).mkdir(parents=True, exist_ok=True)
    for file in site.files:
        (stage / file.path).write_bytes(site.read(file.path))
    for name, content in kept.items():
        (stage / name).write_bytes(content)
    return len({*kept, *(file.path for file in site.files)})


def _commit(scratch: Scratch, stage: Path, branch: str, message: str, committer: dict[str, str], count: int) -> str:
    """Commit a folder to a branch of the scratch repository; returns the commit, which has no parent."""
    words = [sys.executable, "-P", "-m", "ghp_import", "--no-history", f"--branch={branch}", f"--message={message}"]
    environment = {**scratch.environment, **committer}
    done = subprocess.run([*words, str(stage)], cwd=scratch.top, env=environment, capture_output=True, check=False)
    held = ""
    if done.returncode == 0:
        held = scratch.run("ls-tree", "-r", "--name-only", "-z", f"refs/heads/{branch}")
    if len(list(filter(None, held.split("\0")))) != count:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["not all files were taken"]
        raise GalleryError(f"ghp-import: {lines[0]}", "Is ghp-import installed? Else copy the site with --to")
    return scratch.run("rev-parse", f"refs/heads/{branch}")


def _tree(scratch: Scratch, commit: str) -> str:
    return scratch.run("rev-parse", f"{commit}^{{tree}}")
