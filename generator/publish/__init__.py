"""Takes the folder of a built site on: checked, to a branch, a folder, an archive, or into a single file."""

from generator.publish.branch import Published, publish_branch
from generator.publish.check import ANYWHERE, GITHUB_PAGES, Finding, check_site
from generator.publish.export import archive_kind, check_place, check_target, copy_site, pack_site
from generator.publish.single import LIMIT, MEGABYTE, choose, single_file
from generator.site.built import BuiltSite, open_site

__all__ = [
    "ANYWHERE",
    "GITHUB_PAGES",
    "LIMIT",
    "MEGABYTE",
    "BuiltSite",
    "Finding",
    "Published",
    "archive_kind",
    "check_place",
    "check_site",
    "check_target",
    "choose",
    "copy_site",
    "open_site",
    "pack_site",
    "publish_branch",
    "single_file",
]
