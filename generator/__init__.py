"""Filter Gallery: a website of what every filter of a convolutional network looks for."""

__version__ = "0.1.0"
