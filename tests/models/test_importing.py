"""Import paths: found without running anything, imported from the configuration's folder and from nowhere else."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.errors import ModelError
from generator.models.importing import import_object, module_file


@pytest.fixture(autouse=True)
def _own_modules() -> Iterator[None]:
    """Forget what a test imported: the next one has other files of the same names."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_modules_are_found_without_being_run(tmp_path: Path) -> None:
    before = set(sys.modules)
    broken = write(tmp_path, "fgt_own.py", "raise SystemExit")
    inner = write(tmp_path, "fgt_pack/deep/nets.py", "raise SystemExit")  # in folders without an __init__.py
    package = write(tmp_path, "fgt_real/__init__.py", "raise SystemExit")
    assert module_file("fgt_own:Net", str(tmp_path)) == broken
    assert module_file("fgt_pack.deep.nets:Net", str(tmp_path)) == inner
    assert module_file("fgt_real:Net", str(tmp_path)) == package
    assert module_file("fgt_pack.other:Net", str(tmp_path)) is None
    assert module_file("fgt_own.inner:Net", str(tmp_path)) is None
    assert module_file("json:loads", str(tmp_path)) == Path(json.__file__)
    assert not {name for name in set(sys.modules) - before if name.startswith("fgt_")}


def test_objects_come_from_the_folder_and_the_path_is_as_before(tmp_path: Path) -> None:
    write(
        tmp_path, "fgt_nets.py", "import sys\nfrom fgt_side import two\nsys.path.append('/left')\nclass A:\n  b = two"
    )
    write(tmp_path, "fgt_side.py", "two = 2")
    before, content = sys.path, list(sys.path)
    assert import_object("fgt_nets:A.b", str(tmp_path)) == 2
    assert sys.path is before
    assert sys.path == content
    write(tmp_path, "fgt_moves.py", "import sys\nsys.path = ['/elsewhere']\nraise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        import_object("fgt_moves:x", str(tmp_path))
    assert sys.path is before
    assert sys.path == content


BAD = [
    ("fgt_nest:build", "no module 'fgt_nest' in {folder} or on Python's path", "Did you mean fgt_nets?"),
    ("fgt_nets.deep:build", "no module 'fgt_nets.deep' in {folder} or on Python's path", ""),
    ("zzz_nothing_like_it:build", "no module 'zzz_nothing_like_it' in {folder}", "start in the folder of config.yaml"),
    ("fgt_nets:biuld", "no 'biuld' in fgt_nets", "Did you mean build?"),
    ("fgt_nets:build.model", "no 'model' in fgt_nets.build", ""),
    ("fgt_raises:x", "importing fgt_raises raised ValueError: too bad ({folder}/fgt_raises.py:2)", ""),
    ("fgt_exits:x", "importing fgt_exits raised SystemExit: 3 ({folder}/fgt_exits.py:2)", ""),
    ("fgt_syntax:x", "importing fgt_syntax raised SyntaxError: ", ""),
    ("fgt_needs:x", "raised ModuleNotFoundError: No module named 'fgt_gone' ({folder}/fgt_needs.py:1)", ""),
]


@pytest.mark.parametrize(("path", "message", "hint"), BAD)
def test_what_cannot_be_imported_is_told_in_one_line(path: str, message: str, hint: str, tmp_path: Path) -> None:
    write(tmp_path, "fgt_nets.py", "def build(): pass")
    write(tmp_path, "fgt_raises.py", "# why\nraise ValueError('too\\nbad')")
    write(tmp_path, "fgt_exits.py", "import sys\nsys.exit(3)")
    write(tmp_path, "fgt_syntax.py", "def (")
    write(tmp_path, "fgt_needs.py", "import fgt_gone")
    before = list(sys.path)
    with pytest.raises(ModelError) as refused:
        import_object(path, str(tmp_path))
    assert str(refused.value).startswith(f"{path}: ")
    assert message.format(folder=tmp_path) in refused.value.args[0]
    assert hint in refused.value.hint
    assert "\n" not in str(refused.value)
    assert sys.path == before


def test_a_module_of_the_same_name_from_elsewhere_is_not_taken_for_it(tmp_path: Path) -> None:
    first, second = (write(tmp_path, f"{place}/fgt_nets.py", f"here = '{place}'") for place in ("one", "two"))
    assert import_object("fgt_nets:here", str(first.parent)) == "one"
    assert import_object("fgt_nets:here", str(first.parent)) == "one"
    with pytest.raises(ModelError, match=rf"{re.escape(str(second))} has the name of a module that is imported from"):
        import_object("fgt_nets:here", str(second.parent))


def test_a_package_of_the_same_name_from_elsewhere_is_not_taken_for_it(tmp_path: Path) -> None:
    for place in ("one", "two"):
        write(tmp_path, f"{place}/fgt_pack/__init__.py", "")
        write(tmp_path, f"{place}/fgt_pack/nets.py", f"here = '{place}'")
    assert import_object("fgt_pack.nets:here", str(tmp_path / "one")) == "one"
    with pytest.raises(ModelError, match=r"two/fgt_pack/__init__\.py has the name of a module that is imported from"):
        import_object("fgt_pack.nets:here", str(tmp_path / "two"))


@pytest.mark.parametrize(("name", "where"), [("time.py", "a part of Python"), ("json.py", "imported from")])
def test_a_module_of_pythons_own_is_not_taken_for_it(name: str, where: str, tmp_path: Path) -> None:
    write(tmp_path, name, "build = 1")
    with pytest.raises(ModelError, match=rf"{re.escape(name)} has the name of a module that is {where}") as refused:
        import_object(f"{name[:-3]}:build", str(tmp_path))
    assert refused.value.hint == f"Rename {name}"
