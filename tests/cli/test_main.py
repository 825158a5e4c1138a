from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from generator.cli.main import Gallery
from generator.errors import ConfigError, GalleryError, UsageError


@pytest.mark.parametrize(
    ("raised", "status", "said"),
    [
        (None, 0, ""),
        (UsageError("wrong", "Do this"), 2, "Error: wrong. Do this\n"),
        (GalleryError("broken"), 1, "Error: broken\n"),
        (ConfigError(["a:1: one", "a:2: two"]), 2, "Error: a:1: one\nError: a:2: two\n"),
        (ConfigError(["a:1: one"] * 3000), 2, "Error: a:1: one\n" * 19 + "Error: a:1: one (and 2,980 more)\n"),
        (click.UsageError("No such thing."), 2, "Error: No such thing. See: gallery do --help\n"),
        (KeyboardInterrupt(), 130, "Interrupted. What is finished is kept; the same command goes on from there.\n"),
        (click.Abort(), 130, "Interrupted. What is finished is kept; the same command goes on from there.\n"),
        (
            ZeroDivisionError("by\n zero"),
            1,
            "Error: by zero (ZeroDivisionError). Run again with --debug for the traceback\n",
        ),
        (KeyError(), 1, "Error: KeyError (KeyError). Run again with --debug for the traceback\n"),
    ],
    ids=lambda value: repr(value)[:80],
)
def test_an_error_is_one_line_and_a_status(raised: BaseException | None, status: int, said: str) -> None:
    @click.group(cls=Gallery)
    def gallery() -> None:
        pass

    @gallery.command()
    def do() -> None:
        if raised:
            raise raised

    done = CliRunner().invoke(gallery, ["do"])
    assert (done.exit_code, done.stdout) == (status, "")
    assert done.stderr.splitlines()[-1:] == said.splitlines()[-1:]
    assert done.stderr.strip() == said.strip()


@pytest.mark.parametrize(("returned", "status"), [(0, 0), (1, 1), (None, 0)])
def test_a_command_says_how_it_ends(returned: int | None, status: int) -> None:
    @click.group(cls=Gallery)
    def gallery() -> None:
        pass

    gallery.command("do")(lambda: returned)
    assert CliRunner().invoke(gallery, ["do"]).exit_code == status
