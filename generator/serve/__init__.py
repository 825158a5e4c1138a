"""A preview of the site on this machine: it is rebuilt when what it is made of changes, and open pages follow."""

from generator.serve.builder import BuildAborted, Builder
from generator.serve.preview import BuildFailed, Built, Preview, Rebuilding
from generator.serve.server import PreviewServer, open_server

__all__ = [
    "BuildAborted",
    "BuildFailed",
    "Builder",
    "Built",
    "Preview",
    "PreviewServer",
    "Rebuilding",
    "open_server",
]
