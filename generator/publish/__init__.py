"""Checks a built site and publishes it: to a branch, a folder, an archive, or a single file."""

from generator.numbers import MEGABYTE
from generator.publish.branch import Published, publish_branch
from generator.publish.check import GITHUB_PAGES, GITHUB_PAGES_AS_WARNING, Finding, check_site
from generator.publish.export import archive_kind, check_place, check_target, copy_site, pack_site
from generator.publish.single import DEFAULT_LIMIT, find_part, single_file
from generator.site.built import BuiltSite, open_site

__all__ = [
    "DEFAULT_LIMIT",
    "GITHUB_PAGES",
    "GITHUB_PAGES_AS_WARNING",
    "MEGABYTE",
    "BuiltSite",
    "Finding",
    "Published",
    "archive_kind",
    "check_place",
    "check_site",
    "check_target",
    "copy_site",
    "find_part",
    "open_site",
    "pack_site",
    "publish_branch",
    "single_file",
]
