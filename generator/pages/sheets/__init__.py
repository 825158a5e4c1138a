"""Sheets of thumbnails and contact sheets, kept in the store."""
