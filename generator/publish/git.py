"""Git, run as a process: in the owner's repository, which is only read, and in a scratch one with the same remote."""

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
"""Prefixes of git's settings for how a remote is reached."""

REPOSITORY_VARIABLES = (
    *("GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"),
    *("GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_CONFIG_PARAMETERS"),
)
"""Environment variables that select a repository: git sets them when a hook calls us."""

_HINTS = (
    (("could not resolve host", "network is unreachable", "failed to connect", "timed out"), "Is there a network?"),
    (
        ("authentication failed", "could not read username", "permission denied", "error: 403"),
        "May you push there? Log in",
    ),
    (("stale info", "fetch first"), "Someone published meanwhile. Run it again"),
    (("protected branch", "hook declined", "refusing"), "The remote refuses it: look at its rules for this branch"),
    (("repository not found", "does not exist", "does not appear to be a git repository"), "See: git remote -v"),
)
"""Parts of git's messages when a remote is not reached or refuses, and the hint for each."""


class GitError(GalleryError):
    """A git command that failed."""


def run(arguments: Sequence[str], folder: Path, environment: Mapping[str, str] = os.environ) -> str:
    """Run git in a folder; returns its output.

    Raises UsageError if git is not installed, and GitError with the line of its output that gives the reason.
    """
    environment = {**environment, "LC_ALL": "C", "LANGUAGE": ""}
    try:
        completed = subprocess.run(["git", *arguments], cwd=folder, env=environment, capture_output=True, check=False)
    except FileNotFoundError:
        raise UsageError("git is not installed", "Install it, or copy the site with --to") from None
    if completed.returncode:
        raise GitError(*_reason_and_hint(arguments[0], (completed.stderr + completed.stdout).decode(errors="replace")))
    return completed.stdout.decode(errors="surrogateescape").strip("\n")


def _reason_and_hint(command: str, output: str) -> tuple[str, str]:
    """Return the line of git's output that gives the reason, and a hint."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    hint = next((hint for phrases, hint in _HINTS if any(phrase in output.lower() for phrase in phrases)), "")
    for prefix in ("!", "remote: error:", "remote:", "fatal:", "error:", "ssh:"):
        if reason := next((line for line in lines if line.startswith(prefix)), None):
            break
    else:
        reason = lines[-1] if lines else "no reason given"
    return f"git {command}: {reason.removeprefix('!').replace(chr(9), ' ').strip().rstrip('.')}", hint


@dataclass(frozen=True)
class Repository:
    """The owner's repository: nothing in it is changed.

    ``folder`` is its top; ``settings`` are those of ``git config --list`` there, in that order.
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
        return cls(top, tuple(_settings(run(["config", "--list", "-z"], top))))

    def address(self, remote: str) -> str:
        """Return the address that a remote is pushed to.

        Raises UsageError, with the nearest name, if there is none of that name.
        """
        remotes = {key[len("remote.") : -len(".url")]: value for key, value in self.settings if _is_url(key)}
        if remote not in remotes or remote.startswith("-"):  # git would take it for an option
            known = f"It has: {', '.join(remotes)}" if remotes else f"Add it: git remote add {remote} ADDRESS"
            raise UsageError(f"{self.folder}: has no remote {remote!r}", nearest(remote, remotes) or known)
        return dict(self.settings).get(f"remote.{remote}.pushurl", remotes[remote])

    def committer(self) -> dict[str, str]:
        """Return the committer, as environment variables of git.

        Raises UsageError if none is configured.
        """
        try:
            identity = run(["-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT"], self.folder)
        except GitError:
            hint = 'Say: git config --global user.name "Your Name", and the same with user.email'
            raise UsageError("git does not know who you are", hint) from None
        name, _, rest = identity.rpartition(" <")
        return {"GIT_COMMITTER_NAME": name, "GIT_COMMITTER_EMAIL": rest.partition(">")[0]}


def _is_url(key: str) -> bool:
    return key.startswith("remote.") and key.endswith(".url")


def _settings(output: str) -> Iterator[tuple[str, str]]:
    """Yield the settings in the output of ``git config --list -z``; one without a value is true."""
    for setting in filter(None, output.split("\0")):
        key, separator, value = setting.partition("\n")
        yield key, value if separator else "true"


@dataclass(frozen=True)
class Scratch:
    """An empty repository with a remote of another repository and its settings for remotes, and nothing else."""

    folder: Path
    top: Path
    environment: Mapping[str, str]

    @classmethod
    def beside(cls, owner: Repository, remote: str, folder: Path) -> Scratch:
        """Make one in a folder, for one of the owner's remotes. Addresses may be relative to the owner's top.

        The branch is fetched from the address that it is pushed to, which may be another than git fetches from.
        """
        prefixes = (*REMOTE_SETTINGS, f"remote.{remote}.proxy")
        settings = [(key, value) for key, value in owner.settings if key.startswith(prefixes)]
        settings.append((f"remote.{remote}.url", owner.address(remote)))
        environment = {name: value for name, value in os.environ.items() if name not in REPOSITORY_VARIABLES}
        environment |= {"GIT_DIR": str(folder), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
        environment["GIT_CONFIG_COUNT"] = str(len(settings))
        for number, (key, value) in enumerate(settings):
            environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        scratch = cls(folder, owner.folder, environment)
        object_format = run(["rev-parse", "--show-object-format"], owner.folder)
        scratch.run("init", "--quiet", "--bare", f"--object-format={object_format}", "--template=", str(folder))
        return scratch

    def run(self, *arguments: str) -> str:
        """Run git here; returns its output.

        Raises GitError with the line of its output that gives the reason.
        """
        return run(arguments, self.top, self.environment)
