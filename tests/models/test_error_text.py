from __future__ import annotations

import logging
import warnings
from pathlib import Path

import pytest

from generator.models.error_text import quiet, raised


def test_the_line_of_ones_own_code_is_told(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    code = compile("import json\n\ndef read():\n    return json.loads('{')\n", str(path), "exec")
    names: dict[str, object] = {}
    exec(code, names)
    read = names["read"]
    assert callable(read)
    with pytest.raises(ValueError, match="Expecting") as caught:
        read()
    told = raised(caught.value, str(tmp_path))
    assert told.startswith("JSONDecodeError: Expecting property name")
    assert told.endswith(f" ({path}:4)")
    assert "decoder.py:" in raised(caught.value, str(tmp_path / "elsewhere"))


def test_a_syntax_error_is_told_where_it_stands() -> None:
    with pytest.raises(SyntaxError) as caught:
        compile("a = 1\nb = (", "mine.py", "exec")
    assert raised(caught.value, "/") == "SyntaxError: '(' was never closed (mine.py:2)"


def test_loggers_and_warnings_are_quiet_and_then_as_before(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("absl")
    before = logger.level
    with warnings.catch_warnings(record=True) as heard, quiet():
        warnings.warn("something", stacklevel=1)
        assert logger.level == logging.ERROR
    assert (heard, logger.level) == ([], before)
    with pytest.raises(RuntimeError), quiet():
        raise RuntimeError
    assert logger.level == before
