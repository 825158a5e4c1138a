"""From cards, records and templates to the site's folder; only files that changed are written."""

from generator.pages.site import check_templates, write_site

__all__ = ["check_templates", "write_site"]
