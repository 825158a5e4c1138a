"""The contract of a built site: its folder, what is in it, and how it is read. Written and read here alone."""
