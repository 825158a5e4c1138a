"""Whatever is done to a configuration, a store and a site: every command ends in time, and says why in a few lines.

Nothing is rendered: ``world.without_rendering`` says what stands in for it.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator.store.entries import SEAL, entry_bytes
from tests.properties import world as worlds
from tests.properties.commands import COMMANDS, MAX_LINES, Ran
from tests.properties.guard import TooLongError, Watch, watched
from tests.properties.mutations import Edit, FileChange, Forgery, edits, file_changes, forgeries, json_text
from tests.properties.world import SITE, STORE, World

BY_HAND = "FILTER_GALLERY_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("FILTER_GALLERY_EXAMPLES", "300"))
NO_CONFIG = ("config.yaml", "delete")
MOST_COMMANDS = 4
"""In one example, one after the other on the same project."""


@dataclass(frozen=True)
class DocumentChange:
    """Changes of a JSON file, one after the other; an entry of the store is given the digest that fits it, or not."""

    path: str
    edits: tuple[Edit, ...]
    sealed: bool = True

    def content(self, document: Any) -> bytes:
        """Return the content of the file, which holds a document as it is."""
        for edit in self.edits:
            document = edit.apply(document)
        if self.sealed and isinstance(document, dict) and SEAL in document:
            with contextlib.suppress(ValueError, TypeError):  # what no entry can hold
                entry = {key: value for key, value in document.items() if key != SEAL}
                return entry_bytes(self.path.removeprefix(f"{STORE}/"), entry)
        return json_text(document).encode()


Change = DocumentChange | FileChange | Forgery

CONTROLS = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal might take for an order."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return worlds.make(tmp_path_factory.mktemp("world"))


@st.composite
def document_changes(draw: st.DrawFn, world: World) -> DocumentChange:
    path = draw(st.sampled_from(draw(st.sampled_from(world.document_groups))))
    edit = edits(world.documents[path], world.places[path])
    return DocumentChange(path, tuple(draw(st.lists(edit, min_size=1, max_size=3))), draw(st.booleans()))


def changes(world: World) -> st.SearchStrategy[list[Change]]:
    # Without a configuration the gallery of the bundled network would be built, which takes longer.
    of_files = file_changes(world.path_groups).filter(lambda change: (change.path, change.how) != NO_CONFIG)
    listed = [path for path in world.paths if path.startswith(f"{SITE}/") and not path.endswith("manifest.json")]
    of_documents = document_changes(world)
    one = st.one_of(of_documents, of_documents, of_documents, of_files, of_files, forgeries(listed))
    return st.lists(one, min_size=1, max_size=3)


def apply(change: Change, world: World) -> None:
    """Make a change in the project."""
    if not isinstance(change, DocumentChange):
        change.apply(world.project)
        return
    path = world.project / change.path
    if path.parent.is_dir() and (path.is_file() or not os.path.lexists(path)):
        path.write_bytes(change.content(world.documents[change.path]))


def are_trusted(changed: list[Change]) -> bool:
    """Tell whether a change is of what the user writes, which may lead anywhere, not inside of a site or a store."""
    return not all(change.path.startswith((f"{SITE}/", f"{STORE}/")) for change in changed)


def run(name: str, world: World, watch: Watch) -> Ran:
    """Run a command in the project, as a process of its own would: with its warnings shown, and no other words."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings(), contextlib.ExitStack() as stack:
        for stand_in in worlds.without_rendering():
            stack.enter_context(stand_in)
        patch.chdir(world.project)
        patch.setattr(sys, "argv", ["filter-gallery"])
        patch.setattr(sys, "dont_write_bytecode", True)
        patch.setattr(tempfile, "tempdir", str(world.temporary))
        warnings.resetwarnings()
        for unseen in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
            warnings.simplefilter("ignore", unseen)
        warnings.simplefilter("error", RuntimeWarning)
        with watched(watch):
            return COMMANDS[name]()


def check(name: str, world: World, trusted: bool) -> None:
    """Run a command, and check what it said and did; ``trusted`` changes may name any folder to write to and read."""
    own = [world.project / folder for folder in (SITE, STORE, "out", "out.zip", "out.tar.gz", "out.png", "out.html")]

    def may_write(path: Path) -> bool:
        if path == Path(os.devnull) or path.is_relative_to(world.temporary):
            return True
        if trusted:
            return path.is_relative_to(world.root)
        new = path.parent == world.project and path.name.startswith(".filter-gallery-new-")
        return new or any(path.is_relative_to(folder) for folder in own)

    def may_read(path: Path) -> bool:
        return trusted or not path.is_relative_to(world.root) or path.is_relative_to(world.project)

    watch = Watch(may_write, may_read)
    before = world.elsewhere()
    try:
        ran = run(name, world, watch)
    except (TooLongError, MemoryError) as error:
        raise AssertionError(f"{name}: {type(error).__name__} {error}") from error
    said = f"{name}: {ran.status}\n{ran.err}"
    assert ran.error is None, (said, ran.error)
    assert ran.status in (0, 1, 2), said
    assert "--debug" not in ran.err, said
    assert "Traceback" not in ran.err, said
    assert ran.err.count("\n") <= MAX_LINES, said
    assert ran.status == 0 or ran.err, said
    assert all(len(line) < 1_200 for line in ran.err.splitlines()), said
    assert not CONTROLS.search(ran.err), said
    assert trusted or not watch.faults, (said, watch.faults)
    after = world.elsewhere()
    assert after.items() >= before.items(), (said, {*before.items()} - {*after.items()})
    assert trusted or after == before, (said, {*after.items()} - {*before.items()})
    assert not any(world.temporary.iterdir()), (said, [*world.temporary.iterdir()])


def test_every_command_on_a_changed_project(world: World) -> None:
    commands = st.lists(st.sampled_from([*COMMANDS]), min_size=1, max_size=MOST_COMMANDS)

    @settings(
        max_examples=EXAMPLES,
        derandomize=not BY_HAND,
        database=None,
        deadline=None,
        suppress_health_check=[*HealthCheck],
    )
    @given(changes(world), commands)
    def holds(changed: list[Change], names: list[str]) -> None:
        world.restore()
        for change in changed:
            apply(change, world)
        for name in names:
            check(name, world, trusted=are_trusted(changed))

    holds()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_on_the_project_as_it_is(world: World, name: str) -> None:
    world.restore()
    check(name, world, trusted=False)
