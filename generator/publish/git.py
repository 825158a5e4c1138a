"""Git as a process: the owner's repository, which is only read, and a scratch one that speaks to its remote."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from generator.errors import GalleryError, UsageError, nearest

REMOTE_SETTINGS = (
    "credential.",
    "http.",
    "url.",
    "ssh.",
    "protocol.",
    "safe.",
    "core.sshcommand",
    "core.askpass",
    "core.gitproxy",
)
"""How the names of the settings begin that say how a remote is reached."""

OTHERS = (
    *("GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"),
    *("GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_CONFIG_PARAMETERS"),
)
"""What says of another repository that it is meant: a hook may have called us."""

_REASONS = (
    (("could not resolve host", "network is unreachable", "failed to connect", "timed out"), "Is there a network?"),
    (("authentication failed", "could not read username", "permission denied", "403"), "May you push there? Log in"),
    (("stale info", "fetch first"), "Someone published meanwhile. Run it again"),
    (("protected branch", "hook declined", "refusing"), "The remote refuses it: look at its rules for this branch"),
    (("repository not found", "does not exist", "does not appear to be a git repository"), "See: git remote -v"),
)
"""What git says when a remote is not reached or refuses, and the way out."""


class GitError(GalleryError):
    """A git command that failed."""


def run(words: Sequence[str], folder: Path, environment: Mapping[str, str] = os.environ) -> str:
    """Run git in a folder; returns what it prints.

    Raises UsageError without git, and GitError with the line that says why it failed.
    """
    environment = {**environment, "LC_ALL": "C", "LANGUAGE": ""}
    try:
        done = subprocess.run(["git", *words], cwd=folder, env=environment, capture_output=True, check=False)
    except FileNotFoundError:
        raise UsageError("git is not installed", "Install it, or copy the site with --to") from None
    if done.returncode:
        raise GitError(*_told(words[0], (done.stderr + done.stdout).decode(errors="replace")))
    return done.stdout.decode(errors="surrogateescape").strip("\n")


def _told(command: str, said: str) -> tuple[str, str]:
    """Return the line of git's words that says why, and the way out."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    hint = next((hint for words, hint in _REASONS if any(word in said.lower() for word in words)), "")
    for begins in ("!", "remote: error:", "remote:", "fatal:", "error:", "ssh:"):
        if why := next((line for line in lines if line.startswith(begins)), None):
            break
    else:
        why = lines[-1] if lines else "no reason given"
    return f"git {command}: {why.removeprefix('!').replace(chr(9), ' ').strip().rstrip('.')}", hint


@dataclass(frozen=True)
class Repository:
    """The owner's repository: nothing in it is changed.

    ``folder`` is its top, ``settings`` are all of git's that hold there, in their order.
    """

    folder: Path
    settings: tuple[tuple[str, str], ...]

    @classmethod
    def around(cls, folder: Path) -> Repository:
        """Return the repository that a folder is in.

        Raises UsageError if there is none.
        """
        try:
            top = Path(run(["rev-parse", "--show-toplevel"], folder))
        except GitError as error:
            if "dubious ownership" in str(error):
                raise
            hint = "Begin one with `git init` and `git remote add origin ADDRESS`, or copy the site with --to"
            raise UsageError(f"{folder.resolve()}: is in no git repository", hint) from None
        return cls(top, tuple(_pairs(run(["config", "--list", "-z"], top))))

    def address(self, remote: str) -> str:
        """Return where a remote is pushed to.

        Raises UsageError, with the nearest name, if there is none of that name.
        """
        remotes = {key[len("remote.") : -len(".url")]: value for key, value in self.settings if _is_url(key)}
        if remote not in remotes or remote.startswith("-"):  # git would take it for an option
            known = f"It has: {', '.join(remotes)}" if remotes else f"Add it: git remote add {remote} ADDRESS"
            raise UsageError(f"{self.folder}: has no remote {remote!r}", nearest(remote, remotes) or known)
        return dict(self.settings).get(f"remote.{remote}.pushurl", remotes[remote])

    def committer(self) -> dict[str, str]:
        """Return who commits here, as git wants it in the environment.

        Raises UsageError if git was not told.
        """
        try:
            said = run(["-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT"], self.folder)
        except GitError:
            hint = 'Say: git config --global user.name "Your Name", and the same with user.email'
            raise UsageError("git does not know who you are", hint) from None
        name, _, rest = said.rpartition(" <")
        return {"GIT_COMMITTER_NAME": name, "GIT_COMMITTER_EMAIL": rest.partition(">")[0]}


def _is_url(key: str) -> bool:
    return key.startswith("remote.") and key.endswith(".url")


def _pairs(listed: str) -> Iterator[tuple[str, str]]:
    """Yield the settings in what ``git config --list -z`` prints; one without a value is switched on."""
    for one in filter(None, listed.split("\0")):
        key, found, value = one.partition("\n")
        yield key, value if found else "true"


@dataclass(frozen=True)
class Scratch:
    """An empty repository that knows the remote of another, and how that is reached, and nothing else of it."""

    folder: Path
    top: Path
    environment: Mapping[str, str]

    @classmethod
    def beside(cls, owner: Repository, remote: str, folder: Path) -> Scratch:
        """Make one in a folder, for one of the owner's remotes. Addresses may be relative to the owner's top.

        What the branch holds is asked where it is pushed to, which may be another place than git fetches from.
        """
        wanted = (*REMOTE_SETTINGS, f"remote.{remote}.proxy")
        kept = [(key, value) for key, value in owner.settings if key.startswith(wanted)]
        kept.append((f"remote.{remote}.url", owner.address(remote)))
        environment = {name: value for name, value in os.environ.items() if name not in OTHERS}
        environment |= {"GIT_DIR": str(folder), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
        environment["GIT_CONFIG_COUNT"] = str(len(kept))
        for number, (key, value) in enumerate(kept):
            environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        scratch = cls(folder, owner.folder, environment)
        form = run(["rev-parse", "--show-object-format"], owner.folder)
        scratch.run("init", "--quiet", "--bare", f"--object-format={form}", "--template=", str(folder))
        return scratch

    def run(self, *words: str) -> str:
        """Run git here; returns what it prints.

        Raises GitError with the line that says why it failed.
        """
        return run(words, self.top, self.environment)
