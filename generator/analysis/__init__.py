"""Numbers computed from records: how filters are related to each other, to photos and to those of other models."""
