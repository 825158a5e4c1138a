"""Random changes of JSON values and of files, as plain values that hypothesis can shrink and print.

A change names its place by keys, so that it means the same after other changes; one whose place is gone does nothing.
"""

from __future__ import annotations

import copy
import hashlib
import io
import json
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from PIL import Image

Keys = tuple[str | int, ...]

RAW = {
    "\ue000deep lists\ue000": "[" * 100_000 + "]" * 100_000,
    "\ue000deep objects\ue000": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "\ue000digits\ue000": "9" * 10_000,
    "\ue000no float\ue000": "1e400",
    "\ue000tiny\ue000": "1e-99999999",
    "\ue000no JSON\ue000": "}",
}
"""What no value of Python is written as, by the text that stands for it."""

TWICE = "\ue001"
"""Ends a key that is written without it, so that an object has a key twice."""

TEXTS = [
    *("", " ", ".", "..", "~", "*", "[", "con", "all", "auto", "none", "tiny", "first", "picture", "1e-99999999"),
    *(
        "../secret.txt",
        "../../secret.txt",
        "..\\secret.txt",
        "/etc/passwd",
        "/dev/zero",
        "/dev/null/x",
        "C:/secret.txt",
    ),
    *(
        "linked/mine.txt",
        ".git/HEAD",
        "tiny/.GIT/config",
        "thesis.tex",
        "index.html",
        "tiny/index.html",
        "a/./b",
        "a//b",
    ),
    *("a\0b", "a\nb", "a\x1b[31mb", "a\u202eb", "\ud800", "\udfff\ud800", "\ufeff", "\u2028", "e\u0301", "\U0001f600"),
    *(
        "{{ 7 * 7 }}",
        "{% for a in b %}",
        "<img src=x onerror=alert(1)>",
        "</script>",
        "--upload-pack=touch x",
        "-h",
        "%s{0}",
    ),
    *("x" * 300, "x" * 5_000, "a/" * 600, "0" * 64, "f" * 64, "os:getcwd", "json:loads", "null", "7", "-1", "NaN"),
]
"""Texts that mean something somewhere. No path among them is one where something could be written outside."""

numbers = st.one_of(
    st.integers(-3, 70),
    st.sampled_from([2**31, 2**53 + 1, 2**63, 2**64, -(2**63), 10**30, 10**400, 300_000_000]),
    st.sampled_from([0.5, -0.0, 1e-320, 1e308, float("nan"), float("inf"), float("-inf")]),
    st.floats(),
)
plain = st.characters(exclude_characters="/\\~", exclude_categories=())
texts = st.one_of(st.sampled_from(TEXTS), st.text(plain, max_size=20))
leaves = st.one_of(st.none(), st.booleans(), numbers, texts, st.sampled_from([*RAW]))
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=5
)
OTHERS_OF_TYPE: dict[type, st.SearchStrategy[Any]] = {str: texts, int: numbers, float: numbers, bool: st.booleans()}


@dataclass(frozen=True)
class Edit:
    """One change of a JSON value at a place: ``how`` is a key of ``EDITS``."""

    keys: Keys
    how: str
    value: Any = None

    def apply(self, document: Any) -> Any:
        """Return a changed copy of a document, or the document where the place is gone."""
        holder = [copy.deepcopy(document)]
        place: Any = holder
        keys = (0, *self.keys)
        try:
            for key in keys[:-1]:
                place = place[key]
            if isinstance(place, dict | list):
                EDITS[self.how](place, keys[-1], self.value)
        except (KeyError, IndexError, TypeError):
            return document
        return holder[0] if holder else None


def _put(place: Any, key: Any, value: Any) -> None:
    place[key]  # else it is gone
    place[key] = copy.deepcopy(value)


def _drop(place: Any, key: Any, _: Any) -> None:
    del place[key]


def _nest(place: Any, key: Any, depth: int) -> None:
    for level in range(depth):
        place[key] = [place[key]] if level % 2 else {"a": place[key]}


def _enlarge(place: Any, key: Any, times: int) -> None:
    value = place[key]
    if isinstance(value, dict):
        for number in range(times):
            value[f"more {number}"] = None
    elif isinstance(value, str | list):
        place[key] = value * min(times, 1_000_000 // max(1, len(value)))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        place[key] = value * times**3


def _rename(place: Any, key: Any, name: str) -> None:
    value = place.pop(key)
    if isinstance(place, dict):
        place[name] = value
    else:
        place.append(value)


def _twice(place: Any, key: Any, value: Any) -> None:
    if isinstance(place, dict):
        place[f"{key}{TWICE}"] = place[key] if value is None else value
    else:
        place.insert(key, copy.deepcopy(place[key]))


EDITS: dict[str, Callable[[Any, Any, Any], None]] = {
    "put": _put,
    "drop": _drop,
    "nest": _nest,
    "enlarge": _enlarge,
    "rename": _rename,
    "twice": _twice,
}


def every_place(document: Any, keys: Keys = ()) -> Iterator[Keys]:
    """Yield the keys of every value in a document, its own first."""
    yield keys
    pairs = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in pairs:
        yield from every_place(value, (*keys, key))


def value_at(document: Any, keys: Keys) -> Any:
    """Return the value at a place."""
    for key in keys:
        document = document[key]
    return document


def by_shape(document: Any) -> list[list[Keys]]:
    """Return the places of a document in groups that differ in their indices alone: each kind is as likely."""
    groups = defaultdict[tuple[Any, ...], list[Keys]](list)
    for keys in every_place(document):
        groups[tuple("*" if isinstance(key, int) else key for key in keys)].append(keys)
    return [*groups.values()]


@st.composite
def edits(draw: st.DrawFn, document: Any, groups: Sequence[Sequence[Keys]]) -> Edit:
    """Draw a change of a document, whose places are given in groups."""
    keys = draw(st.sampled_from(draw(st.sampled_from(groups))))
    how = draw(st.sampled_from(["put", "put", "put", *EDITS]))
    if how == "put":
        now = value_at(document, keys)
        same_type = OTHERS_OF_TYPE.get(type(now), values)
        elsewhere = st.sampled_from([keys for group in groups for keys in group[:2]])
        moved = elsewhere.map(lambda keys: value_at(document, keys))
        return Edit(keys, how, draw(st.one_of(same_type, values, moved)))
    if how == "nest":
        return Edit(keys, how, draw(st.sampled_from([1, 2, 500])))
    if how == "enlarge":
        return Edit(keys, how, draw(st.sampled_from([2, 1_000, 100_000])))
    return Edit(keys, how, draw(texts) if how == "rename" else None)


def json_text(document: Any) -> str:
    """Return a document as JSON, or what looks like it."""
    text = json.dumps(document, indent=1).replace(json.dumps(TWICE)[1:-1], "")
    for mark, raw in RAW.items():
        text = text.replace(json.dumps(mark), raw)
    return text


@dataclass(frozen=True)
class FileChange:
    """One change of a file or a folder: ``how`` is a key of ``FILE_CHANGES``, ``at`` a place in it, from 0 to 1."""

    path: str
    how: str
    at: float = 0.0

    def apply(self, folder: Path) -> None:
        """Change what is below a folder; nothing happens where it is gone, or behind a link."""
        path = folder / self.path
        if not any(part.is_symlink() for part in (path, *path.parents)) and (path.is_file() or path.is_dir()):
            FILE_CHANGES[self.how](path, self.at, folder)


Change = Callable[[Path, float, Path], None]
"""Changes what is at a path, at a place in it; the last is the folder of the project, beside which the secret is."""


def _content_changed(change: Callable[[bytes, float], bytes]) -> Change:
    def apply(path: Path, at: float, _: Path) -> None:
        if path.is_file():
            path.write_bytes(change(path.read_bytes(), at))

    return apply


def _cut(content: bytes, at: float) -> bytes:
    return content[: int(at * len(content))]


def _flip(content: bytes, at: float) -> bytes:
    bit = int(at * 8 * len(content))
    changed = bytearray(content)
    if bit // 8 < len(content):
        changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def _repeat(content: bytes, at: float) -> bytes:
    place = int(at * len(content))
    return content[:place] + content[place // 2 :]


def _flip_unseen(path: Path, at: float, folder: Path) -> None:
    """Flip a bit, and leave size and time as they were."""
    state = path.stat()
    _content_changed(_flip)(path, at, folder)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def _swell(path: Path, at: float, _: Path) -> None:
    """Make a file long, without taking room on disk: more than a command may hold in memory, at most."""
    if path.is_file():
        os.truncate(path, 1_000_000 + int(at * 1_200_000_000))


def _replaced(make: Callable[[Path, Path], object]) -> Change:
    def replace(path: Path, _: float, folder: Path) -> None:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
        make(path, folder)

    return replace


def _folder_with_file(path: Path, _: Path) -> None:
    path.mkdir()
    (path / "mine.txt").write_text("mine")


def _moved_link(path: Path, _: float, __: Path) -> None:
    moved = path.with_name(f"moved-{path.name}")
    shutil.move(path, moved)
    path.symlink_to(moved.name)


FILE_CHANGES: Mapping[str, Change] = {
    "cut": _content_changed(_cut),
    "flip": _content_changed(_flip),
    "flip, same time": _flip_unseen,
    "repeat a part": _content_changed(_repeat),
    "swell": _swell,
    "delete": _replaced(lambda path, folder: None),
    "folder": _replaced(lambda path, folder: path.mkdir()),
    "folder with a file": _replaced(_folder_with_file),
    "file": _replaced(lambda path, folder: path.write_text("mine")),
    "pipe": _replaced(lambda path, folder: os.mkfifo(path)),
    "link to a secret": _replaced(lambda path, folder: path.symlink_to(folder.parent / "secret.txt")),
    "link to their folder": _replaced(lambda path, folder: path.symlink_to(folder.parent / "theirs")),
    "link to nothing": _replaced(lambda path, folder: path.symlink_to("nowhere")),
    "link to itself": _replaced(lambda path, folder: path.symlink_to(path.name)),
    "link to what it was": _moved_link,
}


def file_changes(groups: Sequence[Sequence[str]]) -> st.SearchStrategy[FileChange]:
    """Return what draws a change of a file or a folder, of paths in groups: each group is as likely."""
    path = st.sampled_from(groups).flatmap(st.sampled_from)
    return st.builds(FileChange, path, st.sampled_from([*FILE_CHANGES]), st.floats(0, 1, exclude_max=True))


@dataclass(frozen=True)
class Forgery:
    """Another content of a file of the site, which the manifest lists as if a build had written it."""

    path: str
    content: str

    def apply(self, folder: Path) -> None:
        """Write the file and the manifest below a folder, where both are there."""
        site, _, name = self.path.partition("/")
        path, manifest = folder / self.path, folder / site / "manifest.json"
        if not (path.is_file() and manifest.is_file()) or path.is_symlink() or manifest.is_symlink():
            return
        content = CONTENTS[self.content]()
        try:
            listed = json.loads(manifest.read_bytes())
            (file,) = (file for file in listed["files"] if file["path"] == name)
        except (ValueError, RecursionError, KeyError, TypeError):
            return
        file |= {"size": len(content), "digest": hashlib.sha256(content).hexdigest()}
        path.write_bytes(content)
        manifest.write_text(json.dumps(listed))


@cache
def _picture(side: int) -> bytes:
    """Return a picture of so many white pixels a side, in a small file."""
    opened = io.BytesIO()
    Image.new("1", (side, side), 1).save(opened, "PNG")
    return opened.getvalue()


CONTENTS: Mapping[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "text": lambda: b"once upon a time",
    "no Unicode": lambda: b"\xff\xfe<a href=\xff>",
    "broken page": lambda: b"<!doctype html><a href='../../x'><img src=//x><p" + b"<div>" * 20_000,
    "half a picture": lambda: _picture(500)[:100],
    "a pixel": lambda: _picture(1),
    "large picture": lambda: _picture(13_000),
    "bomb": lambda: _picture(20_000),
}


def forgeries(paths: Sequence[str]) -> st.SearchStrategy[Forgery]:
    """Return what draws a forgery of a file."""
    return st.builds(Forgery, st.sampled_from(paths), st.sampled_from([*CONTENTS]))
