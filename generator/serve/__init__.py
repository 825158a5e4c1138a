"""A preview of the site on this machine: it is built anew when what it is made of changes, and open pages follow."""

from generator.serve.builder import Builder, Ended
from generator.serve.preview import Built, Preview, Rebuilding, Troubled
from generator.serve.server import PreviewServer, open_server

__all__ = ["Builder", "Built", "Ended", "Preview", "PreviewServer", "Rebuilding", "Troubled", "open_server"]
