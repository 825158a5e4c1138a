"""The owner's own images: where they come from, what filters do on them in sum, and which excite each filter most."""
