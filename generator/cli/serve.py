"""``serve``: the site in a browser of this machine, rebuilt when what it is made of changes."""

from __future__ import annotations

import os
import webbrowser
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import click

from generator.cli.options import CONFIG_NAME, config_option, debug_asked, debug_option, read_config, trust_option
from generator.cli.terminal import print_first, print_line, print_lines

if TYPE_CHECKING:
    from generator.cli.progress import Reporter
    from generator.config import Config
    from generator.serve.preview import PreviewEvent


@click.command()
@config_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Who can reach it: by default this machine alone.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: any that is free.")
@click.option("--open/--no-open", "show", default=False, show_default=True, help="Open it in the browser.")
@trust_option
@debug_option
def serve(config_path: Path | None, host: str, port: int, show: bool, trust: bool) -> None:
    """Show the site in a browser; build what changes, and let open pages follow. Ctrl-C ends it."""
    from generator.serve import Builder, Preview, open_server
    from generator.serve.status import StatusFeed

    config = read_config(config_path)
    file = config_path or Path(CONFIG_NAME)
    watched = WatchedConfig(file, config_path is not None)
    status, reporter = StatusFeed(), PreviewReporter()
    with open_server(config.output, status, host, port) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        print_line(f"Serving {config.output} at {server.address} until Ctrl-C.")
        if show:
            webbrowser.open(server.address)
        try:
            with Builder(trust) as builder:
                Preview(file, watched.read, config.output, builder, status, reporter).run()
        finally:
            reporter.close()
            server.shutdown()


class WatchedConfig:
    """A configuration that is read again; once its file was there, the package's own never replaces it."""

    def __init__(self, file: Path, named: bool) -> None:
        self._file, self._is_there = file, named or os.path.lexists(file)

    def read(self) -> Config:
        """Return the configuration as it is now.

        Raises ConfigError if it is wrong, or gone.
        """
        self._is_there = self._is_there or os.path.lexists(self._file)
        return read_config(self._file if self._is_there else None)


class PreviewReporter:
    """Prints the events of a preview: progress as ``build`` does, what a build changed, and what is wrong."""

    def __init__(self) -> None:
        self._reporter: Reporter | None = None

    def __call__(self, event: PreviewEvent) -> None:
        """Print an event."""
        from generator.cli.progress import Reporter
        from generator.serve.preview import BuildFailed, Built, Rebuilding

        match event:
            case Rebuilding(changed=changed):
                if changed:
                    names = ", ".join(path.name for path in changed[:3])
                    more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
                    print_line(f"Changed: {names}{more}.")
                self._reporter = Reporter(debug_asked())
            case Built(summary=summary):
                self.close()
                pages = summary.pages
                print_line(
                    f"Files: {pages.written} written, {pages.unchanged} unchanged, {pages.deleted} deleted. Watching."
                )
                print_first([f"Error: {failure.what}: {failure.message}" for failure in summary.failures])
            case BuildFailed(problems=problems, trace=trace):
                self.close()
                if trace and debug_asked():
                    print_lines(trace, err=True)
                for problem in problems:
                    print_line(f"Error: {problem}", err=True)
            case _:
                if self._reporter:
                    self._reporter(event)

    def close(self) -> None:
        """Remove the progress bar."""
        if self._reporter:
            self._reporter.__exit__(None, None, None)
            self._reporter = None
