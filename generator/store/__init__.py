"""The store: pictures and records by content, written atomically. It does not know what they mean."""

from generator.store.store import NEW, Store, write_atomically

__all__ = ["NEW", "Store", "write_atomically"]
