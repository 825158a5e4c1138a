"""What people expect to find in a repository: the files are there, say what is so, and are what GitHub understands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from generator import __version__
from tests.docs.commands import words
from tests.docs.test_commands import complaint

ROOT = Path(__file__).parents[1]
WORKFLOWS = ROOT / ".github/workflows"
FORMS = ROOT / ".github/ISSUE_TEMPLATE"
OURS = ("filter-gallery ", "make ", "python -m ", ".venv/bin/", ".ci/")


def loaded(path: Path) -> Any:
    return YAML(typ="safe").load(path)


def schema_errors(schema: str, *files: Path) -> str:
    """Return what check-jsonschema finds wrong with files by a schema that it brings along."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.parametrize(
    ("schema", "files", "broken"),
    [
        ("github-workflows", sorted(WORKFLOWS.glob("*.yml")), ("runs-on:", "runs-at:")),
        ("github-issue-forms", [FORMS / "bug.yml", FORMS / "feature.yml"], ("type: textarea", "type: essay")),
        ("github-issue-config", [FORMS / "config.yml"], ("enabled: false", "enabled: perhaps")),
        ("citation-file-format", [ROOT / "CITATION.cff"], ("cff-version:", "version-of-cff:")),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_github_understands(schema: str, files: list[Path], broken: tuple[str, str], tmp_path: Path) -> None:
    assert schema_errors(schema, *files) == ""
    (tmp_path / "broken.yml").write_text(files[0].read_text(encoding="utf-8").replace(*broken), encoding="utf-8")
    assert schema_errors(schema, tmp_path / "broken.yml")


def test_no_form_is_left_unchecked() -> None:
    assert {path.name for path in FORMS.iterdir()} == {"bug.yml", "config.yml", "feature.yml"}


def test_what_is_cited_is_this_version() -> None:
    cited = loaded(ROOT / "CITATION.cff")
    assert (cited["version"], cited["license"]) == (__version__, "Apache-2.0")


def step(name: str) -> str:
    """Return the commands of a step of the release."""
    steps = loaded(WORKFLOWS / "release.yml")["jobs"]["build"]["steps"]
    return next(str(one["run"]) for one in steps if one.get("name") == name)


@pytest.mark.parametrize(
    ("tag", "status"), [(f"v{__version__}", 0), (__version__, 1), ("v9.9.9", 1), (f"v{__version__}; true", 1)]
)
def test_a_release_has_the_versions_tag(tag: str, status: int) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "GITHUB_REF_NAME": tag}
    command = ["bash", "-e", "-c", step("The tag is the version")]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, f"v{__version__}" in done.stdout) == (status, status == 1), done.stderr


def test_the_released_wheel_is_tried() -> None:
    run = re.findall(r"fresh/bin/(filter-gallery .+)", step("The wheel works in a fresh environment"))
    assert run == ["filter-gallery --help", "filter-gallery models"]
    assert [complaint(words(line)) for line in run] == ["", ""]


def test_only_the_job_that_attaches_may_write() -> None:
    release = loaded(WORKFLOWS / "release.yml")
    assert release["permissions"] == {"contents": "read"}
    assert {name: job.get("permissions") for name, job in release["jobs"].items()} == {
        "build": None,
        "attach": {"contents": "write"},
    }


def named(name: str) -> list[str]:
    """Return the commands of ours that a file names, in blocks and in the text."""
    text = (ROOT / name).read_text(encoding="utf-8")
    spans = [*re.findall(r"`([^`\n]+)`", text), *re.findall(r"(?m)^ {4}(\S.*)$", text)]
    return [line for line in spans if line.startswith(OURS)]


def wrong(line: str) -> str:
    """Return what is wrong with a command, or nothing."""
    program, *rest = words(line)
    if line.endswith(("filter-gallery", "generator")):  # the command itself
        rest.append("--help")
    if program.startswith(".venv/bin/"):
        return complaint([Path(program).name, *rest])
    if program.startswith(".ci/"):
        return "" if (ROOT / program).is_file() else f"no file {program}"
    return complaint([program, *rest])


@pytest.mark.parametrize(
    ("file", "holds"),
    [
        ("CONTRIBUTING.md", {"make site", "make test", "make lint", "make test-slow", ".ci/run"}),
        ("SECURITY.md", {"filter-gallery serve"}),
        (".github/ISSUE_TEMPLATE/bug.yml", {"filter-gallery layers MODEL", "filter-gallery --version"}),
        (".github/pull_request_template.md", {"make test", "make lint"}),
    ],
)
def test_commands_that_are_named_exist(file: str, holds: set[str]) -> None:
    lines = named(file)
    assert holds <= {" ".join(words(line)) for line in lines}
    assert {line: wrong(line) for line in lines if wrong(line)} == {}


@pytest.mark.parametrize("line", ["make no-such-target", ".venv/bin/filter-gallery biuld", ".ci/walk"])
def test_commands_that_do_not_exist_are_told(line: str) -> None:
    assert wrong(line)


@pytest.mark.parametrize(
    "file", ["CONTRIBUTING.md", "SECURITY.md", "README.md", "CHANGELOG.md", ".github/pull_request_template.md"]
)
def test_files_that_are_named_exist(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    linked = re.findall(r"\]\((?!https?:)([^)#\s]+)", text)
    named_in_text = re.findall(r"`((?:generator|tests|docs|tools)/[\w./-]+)`", text)
    assert [path for path in (*linked, *named_in_text) if not (ROOT / path).exists()] == []


def test_commits_are_linted_as_make_lint_does() -> None:
    (repository,) = loaded(ROOT / ".pre-commit-config.yaml")["repos"]
    hooks = [hook["entry"].removesuffix(" --force-exclude") for hook in repository["hooks"]]
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nlint:")[2].partition("\n\n")[0]
    assert hooks == [".venv/bin/ruff check", ".venv/bin/ruff format", ".venv/bin/mypy", ".venv/bin/lint-imports"]
    assert all(hook.replace(".venv/bin", "$(BIN)") in recipe for hook in hooks)
