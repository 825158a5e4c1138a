"""The store: pictures and records by content, written atomically. It does not know what they mean."""

from generator.store.store import Store, write_atomically

__all__ = ["Store", "write_atomically"]
