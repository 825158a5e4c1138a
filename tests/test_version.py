from __future__ import annotations

import re

import generator
from generator.version import __version__


def test_the_version_is_that_of_the_package_in_three_numbers() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+)?", __version__)
    assert generator.__version__ is __version__
