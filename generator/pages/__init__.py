"""From summaries, records and templates to the pages of a site."""
