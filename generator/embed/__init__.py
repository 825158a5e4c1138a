"""Snippets and contact sheets that show parts of a built site in other pages and papers."""
