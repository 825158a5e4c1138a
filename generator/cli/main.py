"""``filter-gallery``: its commands, and how errors are printed."""

from __future__ import annotations

import signal
import sys
import threading
import traceback
from typing import Any, NoReturn

import click

from generator.cli.build import build
from generator.cli.clean import clean
from generator.cli.embed import embed
from generator.cli.init import init
from generator.cli.layers import layers
from generator.cli.models import models
from generator.cli.options import debug_asked
from generator.cli.plan import plan
from generator.cli.publish import publish
from generator.cli.render import render
from generator.cli.serve import serve
from generator.cli.terminal import print_line, print_lines
from generator.errors import MAX_REASON_LENGTH, ConfigError, GalleryError, reason, shortened, system_error
from generator.version import __version__

INTERRUPTED = 130


def hear_termination() -> None:
    """Let whoever ends this process, or its terminal, be heard as Ctrl-C is: what is temporary is then removed."""
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:  # nohup has it ignored
                signal.signal(number, signal.default_int_handler)


class Gallery(click.Group):
    """A group of commands that prints an error in one line, and ends with the status that belongs to it."""

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run a command and exit: 0 done, 1 something failed, 2 wrong use or configuration, 130 interrupted."""
        debug = debug_asked()
        try:
            hear_termination()
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
            message = shortened(error.format_message().rstrip("."), MAX_REASON_LENGTH)
            path = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "filter-gallery"
            print_line(f"Error: {message}. See: {path} --help", err=True)
            sys.exit(error.exit_code)
        except ConfigError as error:
            for problem in error.problems:
                print_line(f"Error: {problem}", err=True)
            sys.exit(error.exit_status)
        except GalleryError as error:
            if debug:
                print_lines(traceback.format_exc(), err=True)
            print_line(f"Error: {error}", err=True)
            sys.exit(error.exit_status)
        except BrokenPipeError:  # the reader of our output has seen enough
            sys.stderr.close()
            sys.exit(0)
        except OSError as error:  # wherever the system refuses something
            if debug:
                print_lines(traceback.format_exc(), err=True)
            refused = system_error(error)
            print_line(f"Error: {refused}", err=True)
            sys.exit(refused.exit_status)
        except Exception as error:  # whatever we did not foresee: still one line, still a way to see more
            if debug:
                print_lines(traceback.format_exc(), err=True)
            else:
                what = f"{reason(error)} ({type(error).__name__})"
                print_line(f"Error: {what}. Run again with --debug for the traceback", err=True)
            sys.exit(1)

    @staticmethod
    def _interrupted() -> NoReturn:
        click.echo("Interrupted. What is finished is kept; the same command goes on from there.", err=True)
        sys.exit(INTERRUPTED)


@click.group(cls=Gallery, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="filter-gallery")
def main() -> None:
    """Make a website of what every filter of a convolutional network looks for."""


for _command in (build, plan, layers, render, models, init, serve, publish, embed, clean):
    main.add_command(_command)
