"""What is printed never controls the terminal, whatever a model's layers, or a file, are named."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from generator.cli import main
from generator.cli.progress import Reporter
from generator.cli.terminal import print_first, print_table, printable_lines
from generator.pipeline import Failure, LockWarning, ModelReady, PagesDone, Planned, TaskStarted, Waiting
from generator.plan import plan_model
from tests.cli.conftest import SETTINGS, Gallery
from tests.summaries import conv, entry, summary

RED, TITLE = "\x1b[31mred", "\x1b]0;owned\x07"
SHOWN_RED, SHOWN_TITLE = r"\x1b[31mred", r"\x1b]0;owned\x07"


def test_the_lines_of_a_text_stay_lines() -> None:
    assert printable_lines(f"a\n{RED}\n") == f"a\n{SHOWN_RED}\n"


@pytest.mark.parametrize(("count", "shown", "last"), [(0, 0, []), (15, 15, []), (1_020, 15, ["and 1,005 more"])])
def test_of_many_lines_the_first_are_shown(
    count: int, shown: int, last: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    print_first([f"{number}{RED}" for number in range(count)])
    said = capsys.readouterr()
    assert (said.out, said.err.splitlines()) == ("", [*(f"{number}{SHOWN_RED}" for number in range(shown)), *last])


def test_what_is_said_of_the_lock_of_an_output_is_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    """The host is what a file says: data."""
    with Reporter() as reporter:
        reporter(Waiting("site", f"process 7 on {RED} since today"))
        reporter(LockWarning("site", f"process 7 on {RED} since today left its lock: it is gone"))
    assert capsys.readouterr().err.splitlines() == [
        f"Waiting: site is in use by process 7 on {SHOWN_RED} since today.",
        f"Warning: site: process 7 on {SHOWN_RED} since today left its lock: it is gone",
    ]


@pytest.mark.case("terminal-escapes")
@pytest.mark.parametrize("terminal", [True, False])
def test_progress_shows_names_escaped(
    terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("generator.cli.progress.SECONDS_BETWEEN_LINES", -1.0)
    out = io.StringIO()
    reporter = Reporter(debug=True)
    reporter.console = Console(file=out, force_terminal=terminal, width=200, soft_wrap=True)
    task = plan_model(entry(RED), summary(conv(1, TITLE)), [])[-1]
    with reporter:
        reporter(Planned(1, 0, 4, 1.0))
        reporter(ModelReady(RED, (TITLE,)))
        reporter(TaskStarted(task))
        reporter._show(task, line=True)
        reporter(Failure(RED, TITLE, ValueError(RED)))
        reporter(PagesDone(0, 0, 0))
    shown = out.getvalue() if terminal else capsys.readouterr().err
    assert RED not in shown
    assert TITLE not in shown
    assert f"{SHOWN_RED}/{SHOWN_TITLE}" in shown
    assert f"Warning: {SHOWN_RED}: {SHOWN_TITLE}" in shown
    assert f"ValueError: {SHOWN_RED}" in shown


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    """Return a gallery of a model whose layers' names control the terminal; the second one's weights are not finite."""
    import keras
    from keras import layers

    gallery = Gallery(tmp_path_factory.mktemp("hostile"))
    keras.utils.set_random_seed(1)
    steps = [layers.Conv2D(3, 3, name=RED, activation="relu"), layers.Conv2D(3, 3, name=TITLE)]
    model = keras.Sequential([keras.Input((24, 24, 3)), *steps])
    model.layers[1].kernel.assign(model.layers[1].kernel * float("nan"))
    model.save(gallery.folder / "net.keras")
    gallery.configure("net.keras", more=SETTINGS)
    return gallery


@pytest.mark.case("terminal-escapes")
def test_commands_show_names_escaped(hostile: Gallery) -> None:
    built = hostile.run("build")
    assert built.status == 1
    assert f"net/{SHOWN_TITLE}: its weights are not all finite numbers" in built.err
    commands = [
        ("layers", "net"),
        ("plan",),
        ("render", "net", RED, "0", "--size", "16", "--steps", "2", "-o", "a.png"),
        ("render", "net", TITLE, "0", "--size", "16", "--steps", "2"),
        ("render", "net", TITLE, "7"),
        ("render", "net", TITLE[:-2], "7"),
        ("embed", "net/001"),
        *(("embed", f"net/{RED}/1", "--format", style) for style in ("rst", "md", "html", "myst", "quarto", "iframe")),
        ("embed", f"net/{RED}x"),
        ("build", "--layer", RED[:-1]),
        ("publish", "--dry-run", "--to", f"{RED}.zip"),
        ("build", "-c", f"{RED}.yaml"),
        (RED,),
    ]
    done = {words: hostile.run(*words) for words in commands}
    for words, ran in (*done.items(), (("build",), built)):
        printed = ran.out + ran.err
        assert not {"\x1b", "\x07"} & {*printed}, (words, printed)
    assert SHOWN_RED in done[("layers", "net")].out
    assert SHOWN_RED in done[("plan",)].out
    assert done[commands[2]].out.startswith(f"net/{SHOWN_RED}, filter 0: fourier")
    assert done[commands[4]].errors == [f"Error: net/{SHOWN_TITLE}: no filter 7. The layer has 3, from 0 to 2"]
    assert f"Did you mean {SHOWN_TITLE}?" in done[commands[5]].err


@pytest.mark.case("terminal-escapes")
def test_tracebacks_show_names_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["layers", f"{RED}.keras", "--debug"]
    monkeypatch.setattr("sys.argv", ["filter-gallery", *words])
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 2
    assert "Traceback (most recent call last):\n" in done.stderr
    assert SHOWN_RED in done.stderr
    assert "\x1b" not in done.stderr


@pytest.mark.case("render-warning")
def test_render_gives_the_warnings_that_layers_gives(hostile: Gallery) -> None:
    listed = hostile.run("layers", "net").err.splitlines()
    assert [line for line in listed if line.startswith("Warning: the model has no Rescaling or Normalization layer")]
    done = hostile.run("render", "net", RED, "0", "--size", "16", "--steps", "2", "-o", "b.png")
    assert (done.status, done.err.splitlines()) == (0, listed)
    assert Path(hostile.folder / "b.png").is_file()


@pytest.mark.parametrize(
    ("rows", "right", "expected"),
    [
        ([], (), ["Name  N"]),
        ([["a", "5"], ["longer", "1,000"]], (), ["Name    N", "a       5", "longer  1,000"]),
        ([["a", "5"], ["longer", "1,000"]], (1,), ["Name        N", "a           5", "longer  1,000"]),
        ([["a", ""]], (), ["Name  N", "a"]),
        ([["\x1b[2J\nb", "1"]], (), ["Name        N", "\\x1b[2J\\nb  1"]),
    ],
    ids=["heads alone", "left", "right", "an empty cell", "names that move the cursor"],
)
def test_columns_stand_below_their_heads(
    rows: list[list[str]], right: tuple[int, ...], expected: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    print_table(["Name", "N"], rows, right)
    assert capsys.readouterr() == ("\n".join(expected) + "\n", "")
