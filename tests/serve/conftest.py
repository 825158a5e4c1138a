"""The browser of the browser's tests."""

from tests.browser.conftest import chromium  # noqa: F401
