"""A built site: its folder, its manifest, its addresses. Sites are written and read by this package alone."""
