"""The command line: the one place that prints, and exits."""

from generator.cli.main import main

__all__ = ["main"]
