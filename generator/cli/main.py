"""``filter-gallery``: its commands, and how what goes wrong is told."""

from __future__ import annotations

import sys
import traceback
from typing import Any, NoReturn

import click

from generator.cli import commands, embedding, publishing, serving
from generator.cli.options import debug_wanted
from generator.errors import ConfigError, GalleryError
from generator.version import __version__

INTERRUPTED = 130


class Gallery(click.Group):
    """A group that tells an error in one line, and ends with the status that belongs to it."""

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run a command and exit: 0 done, 1 something failed, 2 wrong use or configuration, 130 interrupted."""
        debug = debug_wanted()
        try:
            status = super().main(*args, **{**kwargs, "standalone_mode": False})
            sys.exit(status if isinstance(status, int) else 0)
        except click.exceptions.Abort:
            self._interrupted()
        except KeyboardInterrupt:
            self._interrupted()
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.ctx.get_help() if error.ctx else "", err=True)
            sys.exit(error.exit_code)
        except click.ClickException as error:
            told = error.format_message().rstrip(".")
            path = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "filter-gallery"
            click.echo(f"Error: {told}. See: {path} --help", err=True)
            sys.exit(error.exit_code)
        except ConfigError as error:
            for problem in error.problems:
                click.echo(f"Error: {problem}", err=True)
            sys.exit(error.exit_status)
        except GalleryError as error:
            if debug:
                traceback.print_exc()
            click.echo(f"Error: {error}", err=True)
            sys.exit(error.exit_status)
        except BrokenPipeError:  # the reader of our output has seen enough
            sys.stderr.close()
            sys.exit(0)
        except Exception as error:  # whatever we did not foresee: still one line, still a way to say more
            if debug:
                raise
            reason = " ".join(str(error).split())[:300] or type(error).__name__
            click.echo(f"Error: {reason} ({type(error).__name__}). Run again with --debug for the traceback", err=True)
            sys.exit(1)

    @staticmethod
    def _interrupted() -> NoReturn:
        click.echo("Interrupted. What is finished is kept; the same command goes on from there.", err=True)
        sys.exit(INTERRUPTED)


@click.group(cls=Gallery, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="filter-gallery")
def main() -> None:
    """Make a website of what every filter of a convolutional network looks for."""


for _command in commands.ALL:
    main.add_command(_command)
main.add_command(publishing.publish)
main.add_command(embedding.embed)
main.add_command(serving.serve)
