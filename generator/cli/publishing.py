"""``publish``, and what ``build`` does with the finished site: an archive, or a single file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from generator.cli.options import F, config_option, debug_option, read_config, with_output
from generator.config import Config
from generator.errors import UsageError

MESSAGE = "Publish the gallery"


@click.command()
@config_option
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The site's folder.")
@click.option("--branch", default="gh-pages", show_default=True, help="Branch that holds the site and nothing else.")
@click.option("--remote", default="origin", show_default=True, help="Where the branch is pushed to.")
@click.option("--message", default=MESSAGE, show_default=True, help="Of the one commit.")
@click.option(
    "--to", "target", type=click.Path(path_type=Path), help="A folder, or a .zip or .tar.gz file, instead of a branch."
)
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
@debug_option
def publish(
    config_path: Path | None,
    output: Path | None,
    branch: str,
    remote: str,
    message: str,
    target: Path | None,
    dry_run: bool,
) -> int:
    """Check the built site, then push it as a branch's one commit, or copy or pack it for any host."""
    from generator.publish import (
        ANYWHERE,
        GITHUB_PAGES,
        archive_kind,
        check_site,
        check_target,
        open_site,
        publish_branch,
        unfinished,
    )

    config = with_output(read_config(config_path), output)
    kind = archive_kind(target) if target else None
    site = open_site(config.output)
    found = [*check_site(site, ANYWHERE if target else GITHUB_PAGES), *unfinished(site, config)]
    for finding in found:
        click.echo(f"{'Error' if finding.stops else 'Warning'}: {finding}", err=True)
    if any(finding.stops for finding in found):
        click.echo("Nothing was published.", err=True)
        return 1
    files = f"{len(site.files):,} files, {site.size / 1e6:.1f} MB"
    if target:
        if dry_run:
            check_target(site, target)
            click.echo(f"Would {'pack' if kind else 'copy'} {files}, to {target}.")
        else:
            click.echo(_carried(site.folder, target))
        return 0
    around = config_path.parent if config_path else Path()
    done = publish_branch(site, around, branch, remote, message, dry_run)
    where = f"branch {branch} of {remote} ({done.address})"
    if done.same:
        click.echo(f"The {where} holds just these {files}: nothing to push.")
    else:
        before = f"in place of what {done.replaced[:10]} held" if done.replaced else "a new branch"
        click.echo(f"{'Would push' if dry_run else 'Pushed'} {files}, as the one commit of {where}, {before}.")
    if done.pages and not dry_run:
        click.echo(f"GitHub shows it at {done.pages} once its settings, under Pages, name this branch.")
    return 0


def _carried(folder: Path, target: Path) -> str:
    """Copy or pack a site that was checked; returns what was done."""
    from generator.publish import archive_kind, copy_site, open_site, pack_site

    site = open_site(folder)
    if archive_kind(target):
        return f"Packed {len(site.files):,} files into {target}, {pack_site(site, target) / 1e6:.1f} MB."
    changes = copy_site(site, target)
    return f"Copied to {target}: {changes.written} written, {changes.unchanged} unchanged, {changes.deleted} deleted."


def further_options(function: F) -> F:
    """Add ``--archive``, ``--single-file`` and ``--single-file-limit``."""
    for option in (
        click.option(
            "--single-file-limit", type=click.IntRange(1), default=50, show_default=True, help="Megabytes it may have."
        ),
        click.option(
            "--single-file",
            type=click.Path(path_type=Path),
            help="Write one model, or one --layer of it, as this file.",
        ),
        click.option("--archive", type=click.Path(path_type=Path), help="Pack the site into this .zip or .tar.gz."),
    ):
        function = option(function)
    return function


@dataclass(frozen=True)
class Further:
    """What is made of a site once it is built."""

    archive: Path | None
    single: Path | None
    limit: int
    model: str = ""
    layer: str | None = None

    @classmethod
    def asked(
        cls,
        config: Config,
        archive: Path | None,
        single: Path | None,
        limit: int,
        models: Sequence[str],
        layers: Sequence[str],
    ) -> Further:
        """Return what the options of ``build`` ask for.

        Raises UsageError, before anything is built, for what cannot be made.
        """
        from generator.publish import archive_kind, check_place

        if archive and not archive_kind(archive):
            raise UsageError(
                f"--archive {archive}: not a kind of archive that is made here", "End it in .zip or .tar.gz"
            )
        places = {"site": config.output, "store": config.cache, "templates": config.branding.templates}
        for path in filter(None, (archive, single)):
            if path is single and path.suffix.lower() not in (".html", ".htm"):
                raise UsageError(f"--single-file {path}: is written as HTML", "Let its name end in .html")
            check_place(path)
            for what, folder in places.items():
                if folder and path.resolve().is_relative_to(folder.resolve()):
                    raise UsageError(f"{path}: lies in the {what}", "Name a place elsewhere")
        if not single:
            return cls(archive, None, limit)
        names = list(models) or [entry.name for entry in config.models]
        if len(names) != 1:
            raise UsageError("--single-file holds one model", f"Say which with --model: {', '.join(names)}")
        if len(layers) > 1:
            raise UsageError("--single-file holds one layer, or all of a model", "Say --layer once, or not at all")
        return cls(archive, single, limit, names[0], layers[0] if layers else None)

    def make(self, folder: Path) -> list[str]:
        """Make it of the site in a folder; returns what was done, a line each."""
        told = []
        if self.archive:
            told.append(_carried(folder, self.archive))
        if self.single:
            from generator.files import write_atomically
            from generator.publish import MEGABYTE, choose, open_site, single_file

            site = open_site(folder)
            content = single_file(site, choose(site, self.model, self.layer), self.limit * MEGABYTE)
            try:
                write_atomically(self.single, content)
            except OSError as error:
                raise UsageError(f"cannot write {self.single}: {error.strerror}", "Name another place") from None
            told.append(f"Wrote {self.single}, {len(content) / MEGABYTE:.1f} MB.")
        return told
