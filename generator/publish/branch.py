"""Publishing a site as the one commit of a branch that is pushed.

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
from generator.files import scratch_folder
from generator.publish.git import GitError, Repository, Scratch, run
from generator.site.built import BuiltSite
from generator.site.listing import MANIFEST, files_of_manifest

PREVIOUS_REF = "refs/before"
"""The ref of the scratch repository for the commit that the branch has now."""

PRESERVED_FILES = ("CNAME", "README.md")
"""Files that stay on the branch: GitHub's file for a custom domain, and a description of the branch."""


@dataclass(frozen=True)
class Published:
    """The result of publishing to a branch, or of a dry run.

    ``commit`` replaces ``replaced`` on the branch (None: there was no branch). With ``same`` the branch had just these
    files and nothing was pushed. ``address`` is the remote's, ``pages`` the URL of the site if GitHub hosts it.
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
        with scratch_folder() as place:
            scratch = Scratch.beside(owner, remote, place / "scratch.git")
            replaced = _fetch(scratch, remote, branch)
            stage = place / "site"
            preserved = _check_ours(scratch, branch) if replaced else {}
            count = _stage(site, stage, preserved)
            commit = _commit(scratch, stage, branch, message, committer, count)
            same = bool(replaced) and _tree(scratch, PREVIOUS_REF) == _tree(scratch, commit)
            if not same:
                options = ["--dry-run"] if dry_run else []
                lease = f"--force-with-lease=refs/heads/{branch}:{replaced or ''}"
                scratch.run("push", "--quiet", *options, lease, "--", remote, f"{commit}:refs/heads/{branch}")
    except OSError as error:
        raise GalleryError(f"cannot write to {tempfile.gettempdir()}: {error.strerror}", "Set TMPDIR") from None
    return Published(commit, replaced, same, address, pages_address(address))


def _check_name(owner: Repository, branch: str) -> None:
    """Raise UsageError for a name that no branch has."""
    error = UsageError(f"{branch!r}: not a name that a branch can have", "Such as gh-pages")
    if branch == "HEAD" or branch.startswith(("-", "refs/")):  # git would take it for something else
        raise error
    try:
        run(["check-ref-format", f"refs/heads/{branch}"], owner.folder)
    except GitError:
        raise error from None


def pages_address(address: str) -> str | None:
    """Return where GitHub shows the site of a repository, unless it has a domain of its own; None for other hosts."""
    match = re.search(r"github\.com[:/]([^/:]+)/([^/]+?)(?:\.git)?/?$", address)
    if not match:
        return None
    user, name = match[1].lower(), match[2]
    return f"https://{user}.github.io/" + ("" if name.lower() == f"{user}.github.io" else f"{name}/")


def _fetch(scratch: Scratch, remote: str, branch: str) -> str | None:
    """Fetch the branch, without its files where the remote supports that; returns its commit, None without a branch."""
    refs = scratch.run("ls-remote", "--", remote, f"refs/heads/{branch}").split()
    if not refs:
        return None
    options = ["--quiet", "--no-tags", "--depth=1", "--filter=blob:none"]
    scratch.run("fetch", *options, "--", remote, f"+refs/heads/{branch}:{PREVIOUS_REF}")
    return scratch.run("rev-parse", PREVIOUS_REF)


def _check_ours(scratch: Scratch, branch: str) -> dict[str, bytes]:
    """Make sure that the branch holds a former site and nothing else; returns the files that are preserved.

    Raises UsageError: a push would have deleted someone's work.
    """
    names = set(filter(None, scratch.run("ls-tree", "-r", "-z", "--name-only", PREVIOUS_REF).split("\0")))
    try:
        manifest = (
            json.loads(scratch.run("cat-file", "blob", f"{PREVIOUS_REF}:{MANIFEST}")) if MANIFEST in names else {}
        )
    except (ValueError, RecursionError):
        manifest = {}
    listed = {*files_of_manifest(manifest)}
    preserved = names & {*PRESERVED_FILES} - listed if listed else set()
    if others := sorted(names - listed - preserved - {MANIFEST}):
        hint = "Name another with --branch, or delete it on the remote first"
        raise UsageError(f"the branch {branch} holds files that are not ours, such as {others[0]}", hint)
    texts = {name: scratch.run("cat-file", "blob", f"{PREVIOUS_REF}:{name}") for name in sorted(preserved)}
    return {name: f"{text}\n".encode(errors="surrogateescape") for name, text in texts.items()}


def _stage(site: BuiltSite, stage: Path, preserved: Mapping[str, bytes]) -> int:
    """Copy the site's files and the preserved ones to the folder that ``ghp-import`` commits; returns how many."""
    for folder in {file.path.rpartition("/")[0] for file in site.files}:
        (stage / folder).mkdir(parents=True, exist_ok=True)
    for file in site.files:
        (stage / file.path).write_bytes(site.read(file.path))
    for name, content in preserved.items():
        (stage / name).write_bytes(content)
    return len({*preserved, *(file.path for file in site.files)})


def _commit(scratch: Scratch, stage: Path, branch: str, message: str, committer: dict[str, str], count: int) -> str:
    """Commit a folder to a branch of the scratch repository; returns the commit, which has no parent."""
    command = [sys.executable, "-P", "-m", "ghp_import", "--no-history", f"--branch={branch}", f"--message={message}"]
    environment = {**scratch.environment, **committer}
    completed = subprocess.run(
        [*command, str(stage)], cwd=scratch.top, env=environment, capture_output=True, check=False
    )
    committed = ""
    if completed.returncode == 0:
        committed = scratch.run("ls-tree", "-r", "--name-only", "-z", f"refs/heads/{branch}")
    if len(list(filter(None, committed.split("\0")))) != count:
        lines = completed.stderr.decode(errors="replace").strip().splitlines() or ["not all files were taken"]
        raise GalleryError(f"ghp-import: {lines[0]}", "Is ghp-import installed? Else copy the site with --to")
    return scratch.run("rev-parse", f"refs/heads/{branch}")


def _tree(scratch: Scratch, commit: str) -> str:
    return scratch.run("rev-parse", f"{commit}^{{tree}}")
