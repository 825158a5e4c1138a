"""``clean``: remove the site's files, and on request the store."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cli.options import config_option, debug_option, read_config, with_output
from generator.cli.terminal import print_line


@click.command()
@config_option
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The site's folder.")
@click.option("--cache/--no-cache", default=False, show_default=True, help="Remove the rendered pictures too.")
@debug_option
def clean(config_path: Path | None, output: Path | None, cache: bool) -> None:
    """Remove the site's files, and nothing that is not ours."""
    from generator.site.folder import remove_site
    from generator.site.lock import removal_lock
    from generator.store import Store

    config = with_output(read_config(config_path), output)
    with removal_lock(config.output):
        removed = remove_site(config.output)
    print_line(f"Removed {removed.files} files of {config.output}.")
    if removed.kept:
        more = f" and {len(removed.kept) - 1} more" if len(removed.kept) > 1 else ""
        print_line(f"Kept {removed.kept[0]}{more}: not as a build wrote it.", err=True)
    if cache:
        store_removed = Store(config.cache).remove()
        kept = ", but for files that are not the store's" if config.cache.exists() else ""
        print_line(f"Removed {config.cache}{kept}." if store_removed else f"There is no {config.cache}.")
