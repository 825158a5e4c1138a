"""What is imported where: TensorFlow takes seconds to import, and only what computes with it may ask for that."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "generator"
HEAVY = {"tensorflow", "keras", "torch", "jax"}
COMMANDS = sorted(path.stem for path in (PACKAGE / "cli").glob("*.py") if "@click.command" in path.read_text())


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_rooms_that_compute_nothing_import_no_tensorflow() -> None:
    rooms = [
        "cli",
        "cli.progress",
        "plan",
        "pages",
        "store",
        "config",
        "site",
        "analysis",
        "pipeline",
        "pipeline.execute",
        "models",
    ]
    statements = [f"import generator.{room}" for room in rooms]
    done = run("-c", "; ".join([*statements, "import sys", f"print({HEAVY!r} & sys.modules.keys())"]))
    assert (done.returncode, done.stdout, done.stderr) == (0, "set()\n", "")


def run_at_import(tree: ast.Module) -> set[str]:
    """Return the top-level packages that a module imports when it is imported itself."""
    found: set[str] = set()
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)
    return found


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import keras.ops", {"keras"}),
        ("from tensorflow import x", {"tensorflow"}),
        ("def f():\n import keras", set()),
        ("class A:\n import keras", {"keras"}),
        ("if True:\n import keras", {"keras"}),
        ("try:\n import keras\nexcept ImportError: pass", {"keras"}),
        ("if TYPE_CHECKING:\n import keras", set()),
    ],
)
def test_imports_are_found(source: str, expected: set[str]) -> None:
    assert run_at_import(ast.parse(source)) == expected


def importing(*packages: str) -> set[str]:
    """Return the files of the package that import one of these when they are imported."""
    files = {path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text()) for path in PACKAGE.rglob("*.py")}
    assert "render/optimize.py" in files
    return {name for name, tree in files.items() if run_at_import(tree) & {*packages}}


def test_only_models_and_render_import_keras() -> None:
    assert {name.split("/")[0] for name in importing(*HEAVY)} == {"models", "render"}


def test_only_the_backend_and_what_reads_its_graphs_import_tensorflow() -> None:
    graphs = {name for name in importing("tensorflow") if name.startswith("models/tf_graph/")}
    assert importing("tensorflow") == {"render/backend.py", *graphs}
    assert importing("torch", "jax") == set()


def test_coloraide_is_imported_by_sites_with_an_accent_alone() -> None:
    assert importing("coloraide") == set()


def test_every_command_explains_itself_without_tensorflow() -> None:
    """One process for all: it is Python's start that takes the time."""
    code = """
import sys
from click.testing import CliRunner
from generator.cli import main
for command in ["", *sorted(main.commands)]:
    done = CliRunner().invoke(main, [*command.split(), "--help"])
    print(done.exit_code, done.output.splitlines()[0])
print({"tensorflow", "keras"} & sys.modules.keys())
"""
    done = run("-c", code)
    assert (done.returncode, done.stderr) == (0, "")
    *commands, loaded = done.stdout.splitlines()
    assert loaded == "set()"
    assert commands[0] == "0 Usage: main [OPTIONS] COMMAND [ARGS]..."
    assert [line.partition(" [OPTIONS]")[0] for line in commands[1:]] == [f"0 Usage: main {name}" for name in COMMANDS]


def test_the_package_is_run_as_a_module() -> None:
    done = run("-m", "generator", "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: ")
    assert {*COMMANDS} <= {*done.stdout.split()}
