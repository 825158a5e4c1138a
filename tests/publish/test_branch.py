"""A site as the one commit of a branch of a bare repository; the owner's own repository stays as it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from generator.errors import GalleryError, UsageError
from generator.publish import BuiltSite, Published, git, publish_branch
from generator.publish.branch import pages_address
from tests.publish.conftest import relisted


@dataclass(frozen=True)
class Place:
    """A repository of an owner's, with a remote ``origin`` beside it."""

    owner: Path
    remote: Path

    def git(self, *words: str, folder: Path | None = None, check: bool = True) -> str:
        command = ["git", *words]
        done = subprocess.run(command, cwd=folder or self.owner, capture_output=True, text=True, check=check)
        return done.stdout.strip()

    def publish(
        self, site: BuiltSite, branch: str = "gh-pages", remote: str = "origin", dry: bool = False
    ) -> Published:
        return publish_branch(site, self.owner, branch, remote, "Publish", dry)

    def branch(self, name: str = "gh-pages") -> tuple[str, dict[str, str]]:
        """Return how many commits a branch of the remote has, and its files' object names."""
        count = self.git("rev-list", "--count", name, folder=self.remote, check=False)
        listed = self.git("ls-tree", "-r", "-z", name, folder=self.remote, check=False)
        files = (line.split("\t") for line in listed.split("\0") if line)
        return count, {path: about.split()[2] for about, path in files}

    def state(self) -> dict[str, object]:
        """Return everything in the owner's repository and working tree: nothing in it may change."""
        return {path.relative_to(self.owner).as_posix(): path.read_bytes() for path in self.files()}

    def files(self) -> list[Path]:
        return [path for path in self.owner.rglob("*") if path.is_file()]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Return an owner's repository, as git finds it without any configuration of the machine."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    place = Place(tmp_path / "owner", tmp_path / "remote.git")
    place.git("init", "--quiet", "--bare", str(place.remote), folder=tmp_path)
    place.git("init", "--quiet", "--initial-branch=main", str(place.owner), folder=tmp_path)
    place.git("remote", "add", "origin", "../remote.git")
    place.git("config", "user.name", "Ada <L>")
    place.git("config", "user.email", "ada@example.org")
    (place.owner / "config.yaml").write_text("models: [demo]\n")
    place.git("add", ".")
    place.git("commit", "--quiet", "-m", "Begin")
    place.git("push", "--quiet", "origin", "main")
    return place


def test_two_publications_are_one_commit_with_all_files(place: Place, site: BuiltSite) -> None:
    (site.folder / "notes.txt").write_text("a leftover")
    first = place.publish(site)
    assert (first.replaced, first.same, first.address, first.pages) == (None, False, "../remote.git", None)
    changed = relisted(site, lambda files: files.update({"reading.html": b"changed"}))
    before = place.state()
    second = place.publish(changed)
    assert (second.replaced, second.same) == (first.commit, False)
    count, files = place.branch()
    assert (count, files.keys()) == ("1", changed.by_path.keys())
    assert place.git("show", "gh-pages:reading.html", folder=place.remote) == "changed"
    for path in ("index.html", "net/001-stem/picture-000.webp"):
        assert files[path] == place.git("hash-object", str(changed.folder / path))
    assert (
        place.git("log", "-1", "--format=%an %ae %s", "gh-pages", folder=place.remote)
        == "Ada L ada@example.org Publish"
    )
    assert place.state() == before


def test_what_is_there_already_is_not_pushed_again(place: Place, kept: BuiltSite) -> None:
    first = place.publish(kept)
    again = place.publish(kept)
    assert (again.same, again.replaced) == (True, first.commit)
    assert place.git("rev-parse", "gh-pages", folder=place.remote) == first.commit


def test_a_long_history_of_sites_becomes_one_commit(place: Place, site: BuiltSite) -> None:
    """What earlier tools left: ghp-import keeps the former commits if it does not know the remote's branch."""
    old = relisted(site, lambda files: files.update({"reading.html": b"old"}))
    for text in ("one", "two"):
        (old.folder / "README.md").write_text(text)
        command = [sys.executable, "-m", "ghp_import", "-o", "-b", "gh-pages", "-m", text, str(old.folder)]
        subprocess.run(command, cwd=place.owner, check=True, capture_output=True)
    place.git("push", "--quiet", "origin", "gh-pages")
    assert place.branch()[0] == "2"
    place.publish(relisted(site, lambda files: files.update({"reading.html": b"new"})))
    assert place.branch()[0] == "1"


def test_a_dry_run_changes_nothing(place: Place, kept: BuiltSite) -> None:
    before = place.state()
    done = place.publish(kept, dry=True)
    assert (done.replaced, done.same, len(done.commit)) == (None, False, 40)
    assert place.branch() == ("", {})
    assert place.state() == before


def test_a_branch_of_words_alone_is_not_a_gallery(place: Place, site: BuiltSite) -> None:
    (place.owner / "README.md").write_text("my book")
    place.git("add", "README.md")
    place.git("-c", "user.name=N", "-c", "user.email=n@x", "commit", "-qm", "book", "README.md")
    place.git("push", "--quiet", "origin", "HEAD:refs/heads/gh-pages")
    before = place.branch()
    with pytest.raises(UsageError, match="holds files that are not ours, such as"):
        place.publish(site)
    assert place.branch() == before


def test_words_beside_the_gallery_stay(place: Place, site: BuiltSite, tmp_path: Path) -> None:
    place.publish(site)
    clone = tmp_path / "clone of the branch"
    place.git("clone", "--quiet", "--branch", "gh-pages", str(place.remote), str(clone), folder=tmp_path)
    (clone / "README.md").write_text("About this branch\n\n")
    place.git("add", "README.md", folder=clone)
    place.git("-c", "user.name=G", "-c", "user.email=g@x", "commit", "-qm", "Say what this is", folder=clone)
    place.git("push", "--quiet", folder=clone)
    changed = relisted(site, lambda files: files.update({"reading.html": b"changed"}))
    assert not place.publish(changed).same
    assert place.git("show", "gh-pages:README.md", folder=place.remote) == "About this branch"
    assert place.publish(changed).same


@pytest.mark.case("git-options")
@pytest.mark.parametrize("name", ["HEAD", "-x", "refs/heads/gh-pages", "a..b", "a b"])
def test_what_is_no_name_of_a_branch_is_told(place: Place, site: BuiltSite, name: str) -> None:
    with pytest.raises(UsageError, match=r"not a name that a branch can have\. Such as gh-pages"):
        publish_branch(site, place.owner, name, "origin", "m")


def test_where_it_is_pushed_to_is_asked_what_it_holds(place: Place, site: BuiltSite, tmp_path: Path) -> None:
    """A remote may be fetched from one place and pushed to another."""
    other = tmp_path / "other.git"
    place.git("init", "--quiet", "--bare", str(other), folder=tmp_path)
    place.publish(site)  # what is fetched from has a branch already
    place.git("config", "remote.origin.pushurl", str(other))
    assert place.publish(site).replaced is None
    assert place.publish(relisted(site, lambda files: files.update({"reading.html": b"more"}))).replaced
    assert place.publish(relisted(site, lambda files: files.update({"reading.html": b"more"}))).same


@pytest.mark.parametrize(
    "do",
    [
        ("checkout", "--quiet", "--detach"),
        ("rm", "--quiet", "--cached", "config.yaml"),
        ("checkout", "--quiet", "-b", "gh-pages"),
    ],
    ids=["detached", "dirty", "on a branch of that name"],
)
def test_the_state_of_the_working_tree_does_not_matter(do: tuple[str, ...], place: Place, kept: BuiltSite) -> None:
    place.git(*do)
    before = place.state()
    place.publish(kept)
    assert place.branch()[0] == "1"
    assert place.state() == before


def test_a_domain_of_its_own_stays(place: Place, site: BuiltSite) -> None:
    """GitHub writes CNAME onto the branch when the owner names a domain in the settings."""
    place.publish(site)
    clone = place.owner.parent / "clone"
    place.git("clone", "--quiet", "-b", "gh-pages", str(place.remote), str(clone))
    (clone / "CNAME").write_text("filters.example.org\n")
    for words in (
        ["add", "."],
        ["-c", "user.name=G", "-c", "user.email=g@x", "commit", "-qm", "Create CNAME"],
        ["push", "-q"],
    ):
        place.git(*words, folder=clone)
    place.publish(relisted(site, lambda files: files.update({"reading.html": b"changed"})))
    assert place.branch()[0] == "1"
    assert place.git("show", "gh-pages:CNAME", folder=place.remote) == "filters.example.org"


def no_remote(place: Place) -> None:
    place.git("remote", "remove", "origin")


def no_name(place: Place) -> None:
    place.git("config", "--unset", "user.name")


def gone(place: Place) -> None:
    place.git("remote", "set-url", "origin", "../gone.git")


def no_network(place: Place) -> None:
    place.git("remote", "set-url", "origin", "https://nowhere.invalid/a.git")


def hook(place: Place) -> None:
    hook = place.remote / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'only on Mondays' >&2\nexit 1\n")
    hook.chmod(0o755)


@pytest.mark.parametrize(
    ("do", "names", "kind", "message"),
    [
        (no_remote, {}, UsageError, r"has no remote 'origin'\. Add it: git remote add origin ADDRESS"),
        (None, {"remote": "orign"}, UsageError, r"has no remote 'orign'\. Did you mean origin\?"),
        (None, {"branch": "a..b"}, UsageError, r"'a\.\.b': not a name that a branch can have"),
        (
            None,
            {"branch": "main"},
            UsageError,
            r"main holds files that are not ours, such as config\.yaml\. Name another",
        ),
        (no_name, {}, UsageError, r"git does not know who you are\. Say: git config --global user\.name"),
        (gone, {}, GalleryError, r"git ls-remote: fatal: '\.\./gone\.git' does not appear .*\. See: git remote -v"),
        (no_network, {}, GalleryError, r"git ls-remote: .*nowhere\.invalid.*\. Is there a network\?"),
        (hook, {}, GalleryError, r"git push: .*declined.*\. The remote refuses it"),
    ],
)
def test_what_is_refused_is_told_in_a_line_and_leaves_all_as_it_was(
    do: Callable[[Place], None] | None,
    names: dict[str, str],
    kind: type[GalleryError],
    message: str,
    place: Place,
    kept: BuiltSite,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    if do:
        do(place)
    before, heads = place.state(), place.git("for-each-ref", folder=place.remote)
    with pytest.raises(kind, match=message) as caught:
        place.publish(kept, **names)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, UsageError) == (kind is UsageError)
    assert place.state() == before
    assert place.git("for-each-ref", folder=place.remote) == heads


@pytest.mark.parametrize(
    ("reason", "hint"),
    [
        (
            "! [remote rejected] 0783192eddae640280640348a7edb4 -> gh-pages (pre-receive hook declined)",
            "The remote refuses",
        ),
        (
            "fatal: unable to access 'https://h.test/': The requested URL returned error: 403",
            "May you push there",
        ),
    ],
)
def test_digits_of_a_commit_are_not_read_as_a_status(reason: str, hint: str) -> None:
    assert git._reason_and_hint("push", reason)[1].startswith(hint)


def test_someone_who_publishes_meanwhile_is_not_overwritten(
    place: Place, site: BuiltSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.publish(site)
    from generator.publish import branch

    def meanwhile(*words: object) -> str:
        other = place.git("commit-tree", "-m", "Theirs", "gh-pages^{tree}", folder=place.remote)
        place.git("update-ref", "refs/heads/gh-pages", other, folder=place.remote)
        return commit(*words)  # type: ignore[arg-type]

    commit = branch._commit
    monkeypatch.setattr(branch, "_commit", meanwhile)
    place.git("config", "user.name", "Theirs", folder=place.remote)
    place.git("config", "user.email", "theirs@example.org", folder=place.remote)
    with pytest.raises(GalleryError, match="Someone published meanwhile"):
        place.publish(relisted(site, lambda files: files.update({"reading.html": b"mine"})))
    assert place.git("log", "-1", "--format=%s", "gh-pages", folder=place.remote) == "Theirs"


def test_outside_a_repository(kept: BuiltSite, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is in no git repository\. Begin one with `git init`"):
        publish_branch(kept, tmp_path, "gh-pages", "origin", "Publish")


def test_without_git(place: Place, kept: BuiltSite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="git is not installed"):
        place.publish(kept)


def test_a_manifest_alone_makes_no_site_of_a_branch(place: Place, kept: BuiltSite) -> None:
    (place.owner / "manifest.json").write_text(json.dumps({"files": [{"path": "other.txt"}]}))
    place.git("add", ".")
    place.git("commit", "--quiet", "-m", "A manifest")
    place.git("push", "--quiet", "origin", "main")
    with pytest.raises(UsageError, match=r"not ours, such as config\.yaml"):
        place.publish(kept, branch="main")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://github.com/Ada/filters.git", "https://ada.github.io/filters/"),
        ("https://github.com/ada/filters", "https://ada.github.io/filters/"),
        ("git@github.com:ada/filters.git", "https://ada.github.io/filters/"),
        ("ssh://git@github.com/ada/ada.github.io.git", "https://ada.github.io/"),
        ("https://gitlab.com/ada/filters.git", None),
        ("../bare.git", None),
    ],
)
def test_where_github_shows_it(address: str, expected: str | None) -> None:
    assert pages_address(address) == expected


@pytest.mark.case("git-options")
def test_a_remote_whose_name_is_an_option_is_none(place: Place, site: BuiltSite, tmp_path: Path) -> None:
    name, proof = f"--upload-pack=touch {tmp_path / 'ran'};", tmp_path / "ran"
    place.git("config", f"remote.{name}.url", str(place.remote))
    with pytest.raises(UsageError, match="has no remote"):
        place.publish(site, remote=name)
    assert not proof.exists()


@pytest.mark.case("publish-foreign")
def test_a_branch_with_the_manifest_of_another_program_is_refused(place: Place, site: BuiltSite) -> None:
    """Whatever it lists: its ``files`` name somebody's thesis."""
    foreign = {"name": "app", "schema": 1, "generator": "x", "models": [], "files": [{"path": "thesis.tex"}]}
    place.git("checkout", "--quiet", "--orphan", "theirs")
    (place.owner / "manifest.json").write_text(json.dumps(foreign))
    (place.owner / "thesis.tex").write_text("mine")
    place.git("add", "manifest.json", "thesis.tex")
    place.git("commit", "--quiet", "-m", "Theirs")
    place.git("push", "--quiet", "origin", "HEAD:refs/heads/gh-pages")
    before = place.branch()
    with pytest.raises(UsageError, match="the branch gh-pages holds files that are not ours, such as"):
        place.publish(site)
    assert place.branch() == before


@pytest.mark.case("publish-git-folder")
def test_a_site_that_lists_a_repository_is_refused(site: BuiltSite) -> None:
    (site.folder / ".git").mkdir()
    (site.folder / ".git/config").write_text("secret")
    with pytest.raises(UsageError, match="is damaged"):
        relisted(site, lambda files: files.update({".git/config": b"secret"}))
