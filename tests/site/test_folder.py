from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from generator.errors import UsageError
from generator.files import TEMPORARY_PREFIX
from generator.site import folder as output
from generator.site.folder import Changes, Content, Removed, check_output, remove_site, write_files
from generator.site.listing import JOURNAL, MANIFEST
from tests.permissions import unreadable

Files = dict[str, str]
MARK = {"schema": 2, "made_by": "filter-gallery"}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return tmp_path / "site"


def describe(listing: list[dict[str, Any]]) -> bytes:
    return json.dumps({**MARK, "generator": "0", "models": [], "files": listing}).encode()


def write(site: Path, files: Files) -> Changes:
    """Build as the program does: the folder is checked first."""
    check_output(site)
    return write_files(site, {path: Content.of(text.encode()) for path, text in files.items()}, describe)


def files_in(site: Path) -> Files:
    """Return every file of a folder but the manifest."""
    return {
        path.relative_to(site).as_posix(): path.read_text()
        for path in sorted(site.rglob("*"))
        if path.is_file() and path != site / MANIFEST
    }


def put(site: Path, files: Files) -> None:
    for path, text in files.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(text)


def forge(site: Path, *paths: object, digest: str = Content.of(b"mine").digest) -> None:
    """Let the manifest list other paths than were written."""
    listing = [{"path": path, "digest": digest, "size": 4} for path in paths]
    own = [{"path": path, "digest": Content.of(text.encode()).digest, "size": 4} for path, text in ONE.items()]
    put(site, {MANIFEST: describe([*listing, *own]).decode()})


ONE = {"index.html": "home", "net/index.html": "net", "net/001-a/0000.html": "filter"}


def test_a_site_is_written_once(site: Path) -> None:
    assert write(site, ONE) == Changes(3, 0, 0)
    assert files_in(site) == ONE
    times = {path: path.stat().st_mtime_ns for path in site.rglob("*")}
    assert write(site, ONE) == Changes(0, 3, 0)
    assert {path: path.stat().st_mtime_ns for path in site.rglob("*")} == times


def test_only_what_changed_is_written_and_only_what_is_gone_is_deleted(site: Path) -> None:
    write(site, ONE)
    put(site, {"net/001-a/notes.txt": "mine", "net/mine/x": "mine"})
    assert write(site, {"index.html": "HOME", "net/index.html": "net"}) == Changes(1, 1, 1)
    assert files_in(site) == {
        "index.html": "HOME",
        "net/index.html": "net",
        "net/001-a/notes.txt": "mine",
        "net/mine/x": "mine",
    }


def test_folders_that_are_left_empty_go_too(site: Path) -> None:
    write(site, ONE)
    assert write(site, {"index.html": "home"}) == Changes(0, 1, 2)
    assert sorted(path.name for path in site.iterdir()) == ["index.html", MANIFEST]


@pytest.mark.parametrize("text", ["", "short", "a page that was made longer", "HOME"])
def test_a_page_that_is_gone_or_changed_is_written_again(site: Path, text: str) -> None:
    write(site, ONE)
    if text:
        put(site, {"index.html": text})
    else:
        (site / "index.html").unlink()
    assert write(site, ONE) == Changes(1, 2, 0)
    assert files_in(site) == ONE


def test_the_manifest_lists_exactly_what_was_written(site: Path) -> None:
    write(site, {"b": "xyz", "a": ""})
    assert json.loads((site / MANIFEST).read_bytes())["files"] == [
        {"path": "a", "size": 0, "digest": Content.of(b"").digest},
        {"path": "b", "size": 3, "digest": Content.of(b"xyz").digest},
    ]


@pytest.mark.parametrize("welcome", [{}, {"README.md": "r"}])
def test_an_absent_or_empty_folder_is_used_and_its_readme_left(site: Path, welcome: Files) -> None:
    put(site, welcome)
    write(site, ONE)
    assert files_in(site) == {**ONE, **welcome}
    assert remove_site(site) == Removed(3)
    assert files_in(site) == welcome if site.exists() else not welcome


@pytest.mark.parametrize(
    ("files", "named"),
    [
        ({"thesis.tex": "x"}, "thesis.tex"),
        ({"README.md": "r", "b.txt": "x", "a/deep": "x"}, "a"),
        ({MANIFEST: "{}"}, MANIFEST),
        ({MANIFEST: '{"name": "someone\'s web app", "icons": []}'}, MANIFEST),
        ({MANIFEST: '["schema", "generator", "models", "files"]'}, MANIFEST),
        ({MANIFEST: '{"schema": 1, "generator": "x", "models": [], "files": [{"path": "thesis.tex"}]}'}, MANIFEST),
        ({MANIFEST: '{"schema": 2, "generator": "x", "models": [], "files": []}'}, MANIFEST),
        ({JOURNAL: '{"files": [{"path": "thesis.tex"}]}', "thesis.tex": "x"}, JOURNAL),
    ],
)
def test_a_folder_with_files_of_others_is_refused_and_left(site: Path, files: Files, named: str) -> None:
    put(site, files)
    with pytest.raises(UsageError) as caught:
        check_output(site)
    expected = (
        f"output {site}: holds files that are not ours, such as {named}. Name another folder with -o, or `output:`"
    )
    assert str(caught.value) == expected
    with pytest.raises(UsageError, match="not a site of filter-gallery; nothing was removed"):
        remove_site(site)
    assert {p.relative_to(site).as_posix(): p.read_text() for p in site.rglob("*") if p.is_file()} == files


@pytest.mark.parametrize(
    ("below", "message"),
    [("", "is a file, not a folder"), ("x", "cannot be written: Not a directory"), ("x/y", "cannot be written: ")],
)
def test_an_output_that_is_a_file_or_below_one(tmp_path: Path, below: str, message: str) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match=message):
        check_output(tmp_path / "file" / below)
    assert (tmp_path / "file").read_text() == "mine"


STRANGE: dict[str, tuple[str, str]] = {
    "page": ("new.html", "new.html"),
    "page-below": ("net/001-a/0001.html", "net/001-a/0001.html"),
    "file-for-folder": ("other", "other"),
    "folder-for-file": ("new.html/mine.txt", "new.html"),
    "folder-for-page": ("index.html/mine.txt", "index.html"),
}


@pytest.mark.case("site-folder")
@pytest.mark.parametrize(("strange", "named"), STRANGE.values(), ids=STRANGE)
def test_a_file_of_someone_else_in_the_way_stops_a_build_before_it_writes(site: Path, strange: str, named: str) -> None:
    write(site, ONE)
    if named in ONE:
        (site / named).unlink()
    put(site, {strange: "mine"})
    before = files_in(site)
    with pytest.raises(UsageError) as caught:
        write(site, {"index.html": "HOME", "new.html": "n", "net/001-a/0001.html": "f", "other/index.html": "o"})
    what = "is a folder" if (site / named).is_dir() else "is not ours"
    expected = f"output {site / named}: {what}, and stands where a page should. Move it away"
    assert str(caught.value) == expected
    assert files_in(site) == before


@pytest.mark.parametrize("link", ["new.html", "other"])
@pytest.mark.parametrize("dangling", [False, True])
def test_a_link_in_the_way_is_not_followed(site: Path, tmp_path: Path, link: str, dangling: bool) -> None:
    elsewhere = tmp_path / "elsewhere"
    if not dangling:
        put(elsewhere, {"mine.txt": "mine"})
    write(site, ONE)
    (site / link).symlink_to(elsewhere)
    with pytest.raises(UsageError, match=f"{link}: is not ours"):
        write(site, {**ONE, "new.html": "n", "other/index.html": "o"})
    assert elsewhere.exists() != dangling
    assert dangling or files_in(elsewhere) == {"mine.txt": "mine"}


def test_the_output_itself_may_be_a_link(site: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    site.symlink_to(tmp_path / "disk")
    write(site, ONE)
    assert write(site, {"index.html": "home"}) == Changes(0, 1, 2)
    assert files_in(tmp_path / "disk") == {"index.html": "home"}


@pytest.mark.case("clean-links")
def test_a_page_that_became_a_link_is_replaced_and_its_aim_left(site: Path, tmp_path: Path) -> None:
    write(site, ONE)
    (tmp_path / "aim").write_text("mine!")
    (site / "index.html").unlink()
    (site / "index.html").symlink_to(tmp_path / "aim")
    write(site, {**ONE, "index.html": "home2"})
    assert files_in(site) == {**ONE, "index.html": "home2"}
    assert (tmp_path / "aim").read_text() == "mine!"


@pytest.mark.case("manifest-claims")
@pytest.mark.parametrize(
    "path",
    [
        "../mine.txt",
        "net/../../mine.txt",
        "{absolute}",
        "linked/mine.txt",
        "..\\mine.txt",
        "a\0b",
        "",
        ".",
        "..",
        "net",
        "not/there",
        ".git/HEAD",
        "net/.GIT/HEAD",
        7,
        None,
    ],
)
def test_an_edited_manifest_cannot_delete_what_is_elsewhere(site: Path, tmp_path: Path, path: object) -> None:
    write(site, ONE)
    put(tmp_path, {"mine.txt": "mine", "folder/mine.txt": "mine"})
    put(site, {".git/HEAD": "mine", "net/.GIT/HEAD": "mine"})
    (site / "linked").symlink_to(tmp_path / "folder")
    forge(site, str(tmp_path / "mine.txt") if path == "{absolute}" else path)
    assert write(site, ONE).deleted == 0
    forge(site, str(tmp_path / "mine.txt") if path == "{absolute}" else path)
    assert remove_site(site).files == 3
    assert files_in(tmp_path / "folder") == {"mine.txt": "mine"}
    assert (tmp_path / "mine.txt").read_text() == "mine"
    assert (site / ".git/HEAD").read_text() == (site / "net/.GIT/HEAD").read_text() == "mine"


@pytest.mark.case("manifest-claims")
@pytest.mark.parametrize("journalled", [False, True])
def test_only_what_has_the_listed_digest_is_deleted(site: Path, journalled: bool) -> None:
    write(site, ONE)
    put(site, {"thesis.tex": "mine", "net/index.html": "net by hand", "net/001-a/0000.html": "same length"[:6]})
    forge(site, "thesis.tex", digest="0" * 64)
    if journalled:
        (site / JOURNAL).write_text(json.dumps({**MARK, "files": [{"path": "thesis.tex", "digests": ["0" * 64]}]}))
    kept = {"net/001-a/0000.html": "same l", "net/index.html": "net by hand", "thesis.tex": "mine"}
    assert remove_site(site) == Removed(1, tuple(kept))
    assert files_in(site) == kept
    assert not (site / JOURNAL).exists()


def test_a_build_does_not_delete_what_was_changed_by_hand(site: Path) -> None:
    write(site, ONE)
    put(site, {"net/001-a/0000.html": "my own words"})
    assert write(site, {"index.html": "home"}) == Changes(0, 1, 1)
    assert files_in(site) == {"index.html": "home", "net/001-a/0000.html": "my own words"}


@pytest.mark.case("manifest-claims")
@pytest.mark.case("clean-links")
def test_what_a_killed_build_left_is_not_sought_behind_links(site: Path, tmp_path: Path) -> None:
    put(tmp_path, {f"theirs/{TEMPORARY_PREFIX}draft": "mine"})
    write(site, ONE)
    (site / "linked").symlink_to(tmp_path / "theirs")
    forge(site, "linked/mine.txt")
    write(site, ONE)
    forge(site, "linked/mine.txt")
    remove_site(site)
    assert files_in(tmp_path / "theirs") == {f"{TEMPORARY_PREFIX}draft": "mine"}


def test_a_page_is_not_written_through_a_link(site: Path, tmp_path: Path) -> None:
    put(tmp_path, {"precious.txt": "mine"})
    write(site, ONE)
    (site / f"{TEMPORARY_PREFIX}index.html").symlink_to(tmp_path / "precious.txt")
    write(site, {**ONE, "index.html": "HOME"})
    assert (tmp_path / "precious.txt").read_text() == "mine"
    assert files_in(site) == {**ONE, "index.html": "HOME"}


@pytest.mark.case("own-site-unreadable")
@pytest.mark.parametrize("owner", ["ours", "theirs"])
@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        (MANIFEST, b"", "manifest.json is empty"),
        (MANIFEST, b"{", "manifest.json is damaged"),
        (MANIFEST, b"\xff", "manifest.json is damaged"),
        (MANIFEST, b"[" * 200_000, "manifest.json is damaged"),
        (JOURNAL, b"", ".building.json is empty"),
    ],
)
def test_where_nobody_can_tell_whose_files_these_are_it_is_said(
    site: Path, owner: str, name: str, content: bytes, told: str
) -> None:
    write(site, ONE) if owner == "ours" else put(site, {"thesis.tex": "mine"})
    (site / MANIFEST).unlink(missing_ok=True)
    (site / name).write_bytes(content)
    before = {path: path.read_bytes() for path in site.rglob("*") if path.is_file()}
    hint = "Mend it or its permissions, or, if the folder is a site of yours, delete it and build again."
    with pytest.raises(UsageError) as caught:
        check_output(site)
    assert str(caught.value) == f"output {site}: {told}. {hint} Name another folder with -o, or `output:`"
    with pytest.raises(UsageError) as caught:
        remove_site(site)
    assert str(caught.value) == f"{site}: {told}; nothing was removed. {hint}"
    assert {path: path.read_bytes() for path in site.rglob("*") if path.is_file()} == before


@pytest.mark.case("own-site-unreadable")
@pytest.mark.case("denied")
def test_a_manifest_that_may_not_be_read_is_told(site: Path) -> None:
    write(site, ONE)
    with unreadable(site / MANIFEST):
        for use in (check_output, remove_site):
            with pytest.raises(UsageError, match=r"manifest\.json cannot be read: Permission denied"):
                use(site)
    assert remove_site(site) == Removed(len(ONE))


@pytest.mark.case("fifo")
@pytest.mark.parametrize("name", [MANIFEST, JOURNAL])
def test_a_pipe_in_place_of_a_manifest_does_not_hold_anything_up(site: Path, name: str) -> None:
    site.mkdir()
    os.mkfifo(site / name)
    with pytest.raises(UsageError, match=f"{name} cannot be read: is not a file. Mend it"):
        check_output(site)
    with pytest.raises(UsageError, match=f"{name} cannot be read: is not a file; nothing was removed"):
        remove_site(site)


def test_a_site_of_the_first_schema_is_ours(site: Path) -> None:
    files = {"index.html": "home", "manifest.schema.json": "{}"}
    listing = [{"path": p, "digest": Content.of(t.encode()).digest, "size": len(t)} for p, t in files.items()]
    put(site, {**files, MANIFEST: json.dumps({"schema": 1, "generator": "0", "models": [], "files": listing})})
    assert write(site, {"index.html": "home"}) == Changes(0, 1, 1)
    assert files_in(site) == {"index.html": "home"}


@pytest.mark.parametrize("files", ["null", "3", '"x"', "{}", "[1, null, {}, []]"])
def test_a_manifest_whose_list_makes_no_sense_lists_nothing(site: Path, files: str) -> None:
    mark = '"schema": 2, "made_by": "filter-gallery", "generator": "0", "models": []'
    put(site, {MANIFEST: f'{{{mark}, "files": {files}}}', "mine.txt": "mine"})
    assert write(site, ONE) == Changes(3, 0, 0)
    assert files_in(site) == {**ONE, "mine.txt": "mine"}


class Killed(BaseException):
    """What no part of the program catches."""


def killed(site: Path, files: Files, after: int, monkeypatch: pytest.MonkeyPatch, renaming: bool = True) -> None:
    """Build, and be killed when so many files are renamed, or else written; the journal is the first.

    As a killed program cannot tidy up, nothing is removed.
    """
    done = 0
    place, name = (os, "replace") if renaming else (output, "_write_new")
    real = getattr(place, name)

    def counted(*given: object) -> None:
        nonlocal done
        if done == after:
            (site / f"{TEMPORARY_PREFIX}half").write_bytes(b"hal")
            raise Killed
        done += 1
        real(*given)

    with monkeypatch.context() as patched:
        patched.setattr(place, name, counted)
        patched.setattr(output, "_delete_unfinished", lambda folder, paths: None)
        with pytest.raises(Killed):
            write(site, files)


TWO = {"index.html": "HOME", "net/index.html": "NET", "new/index.html": "new"}


@pytest.mark.parametrize("renaming", [False, True])
@pytest.mark.parametrize("after", range(5))
@pytest.mark.parametrize("first", [{}, ONE])
@pytest.mark.parametrize("then", [ONE, TWO])
def test_a_killed_build_goes_on_or_back(
    site: Path, first: Files, then: Files, after: int, renaming: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if first:
        write(site, first)
    killed(site, TWO, after, monkeypatch, renaming)
    write(site, then)
    assert files_in(site) == then
    assert not (site / JOURNAL).exists()
    assert sum(write(site, then).__dict__[name] for name in ("written", "deleted")) == 0


def test_what_a_killed_build_wrote_is_ours_to_remove(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(site, ONE)
    killed(site, TWO, 4, monkeypatch)
    put(site, {"mine.txt": "mine"})
    assert remove_site(site) == Removed(3)
    assert files_in(site) == {"mine.txt": "mine"}


def test_a_disk_that_is_full(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(output, "put_file", full)
    with pytest.raises(UsageError, match=r"cannot be written: No space left on device\. Free some space"):
        write(site, ONE)


@pytest.mark.parametrize("fits", range(1, 4))
def test_a_disk_that_fills_up_leaves_the_former_site(site: Path, fits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    write(site, ONE)
    real, written = output._write_new, 0

    def filling(path: str, content: bytes) -> None:
        nonlocal written
        if written == fits:
            raise OSError(28, os.strerror(28), path)
        written += 1
        real(path, content)

    with monkeypatch.context() as patched:
        patched.setattr(output, "_write_new", filling)
        with pytest.raises(UsageError, match="No space left on device"):
            write(site, TWO)
    assert files_in(site).items() >= ONE.items()
    assert not list(site.rglob(f"{TEMPORARY_PREFIX}*"))


def test_pages_come_after_what_they_show(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    real = os.replace

    def noted(temporary: str, path: str) -> None:
        order.append(Path(path).relative_to(site).as_posix())
        real(temporary, path)

    monkeypatch.setattr(os, "replace", noted)
    write(site, {"index.html": "h", "net/index.html": "n", "net/1/0.html": "f", "net/1/0.webp": "p"})
    assert order == [JOURNAL, "net/1/0.webp", "net/1/0.html", "net/index.html", "index.html", MANIFEST]


def test_what_several_writes_changed_is_counted_once(site: Path) -> None:
    whole = {**TWO, "more.html": "MORE"}
    former = [write(site, ONE), write(site, TWO)]
    assert write(site, whole).after(former) == Changes(4, 0, 1)
    assert write(site, TWO).after([]) == Changes(0, 3, 1)


def test_there_is_nothing_to_remove(site: Path) -> None:
    assert remove_site(site) == Removed(0)
    site.mkdir()
    assert remove_site(site) == Removed(0)


def test_what_is_left_of_a_site_after_rm_is_ours(site: Path) -> None:
    put(site, {".nojekyll": "", "README.md": "r"})
    check_output(site)
    write(site, {".nojekyll": "", "index.html": "x"})
    assert files_in(site) == {".nojekyll": "", "index.html": "x", "README.md": "r"}


def test_a_nojekyll_of_someone_else_is_not_overwritten(site: Path) -> None:
    put(site, {".nojekyll": "theirs"})
    with pytest.raises(UsageError, match=r"\.nojekyll: is not ours"):
        write(site, {".nojekyll": "", "index.html": "x"})
    assert files_in(site) == {".nojekyll": "theirs"}
