"""``publish``: check the built site, then push, copy or pack it."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cli.exports import copy_or_pack
from generator.cli.options import config_option, debug_option, read_config, with_output
from generator.cli.terminal import print_first, print_line


@click.command()
@config_option
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The site's folder.")
@click.option("--branch", default="gh-pages", show_default=True, help="Branch that holds the site and nothing else.")
@click.option("--remote", default="origin", show_default=True, help="Where the branch is pushed to.")
@click.option("--message", default="Publish the gallery", show_default=True, help="Of the one commit.")
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
    from generator.pipeline.completeness import ShownModel, unfinished
    from generator.publish import (
        GITHUB_PAGES,
        GITHUB_PAGES_AS_WARNING,
        archive_kind,
        check_site,
        check_target,
        open_site,
        publish_branch,
    )

    config = with_output(read_config(config_path), output)
    kind = archive_kind(target) if target else None
    site = open_site(config.output)
    findings = check_site(site, GITHUB_PAGES_AS_WARNING if target else GITHUB_PAGES)
    for finding in findings:
        print_line(f"{'Error' if finding.stops else 'Warning'}: {finding}", err=True)
    shown = [
        ShownModel(model.name, model.digest, {layer.index: len(layer.filters) for layer in model.layers})
        for model in site.manifest.models
    ]
    print_first([f"Warning: {line}" for line in unfinished(config, shown)])
    if any(finding.stops for finding in findings):
        print_line("Nothing was published.", err=True)
        return 1
    files = f"{len(site.files):,} files, {site.size / 1e6:.1f} MB"
    if target:
        if dry_run:
            check_target(site, target)
            print_line(f"Would {'pack' if kind else 'copy'} {files}, to {target}.")
        else:
            print_line(copy_or_pack(site.folder, target))
        return 0
    around = config_path.parent if config_path else Path()
    published = publish_branch(site, around, branch, remote, message, dry_run)
    where = f"branch {branch} of {remote} ({published.address})"
    if published.same:
        print_line(f"The {where} holds just these {files}: nothing to push.")
    else:
        before = f"in place of what {published.replaced[:10]} held" if published.replaced else "a new branch"
        print_line(f"{'Would push' if dry_run else 'Pushed'} {files}, as the one commit of {where}, {before}.")
    if published.pages and not dry_run:
        print_line(f"GitHub shows it at {published.pages} once its settings, under Pages, name this branch.")
    return 0
