"""The store: pictures and records by content, written atomically. It does not know what they mean."""

from generator.store.store import Store

__all__ = ["Store"]
