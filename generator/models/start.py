"""Start TensorFlow with its messages dropped: it writes to the terminal before its logging can be set up."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import sys
from collections.abc import Iterator


def start_keras() -> None:
    """Import Keras with its backend, and find the devices; what they print meanwhile is dropped."""
    if "keras" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # TensorFlow leaves much of it off where there is no AVX-512
    os.environ["KERAS_BACKEND"] = "tensorflow"  # whatever is in keras.json: render.backend is written for it
    with _without_stderr():
        importlib.import_module("keras")
        importlib.import_module("tensorflow").config.list_logical_devices()
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns of retracing where many models are loaded


@contextlib.contextmanager
def _without_stderr() -> Iterator[None]:
    """Send what is written to the file descriptor, past Python, nowhere."""
    sys.stderr.flush()
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)
