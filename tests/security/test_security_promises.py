"""Each promise in SECURITY.md names a test that is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def named_tests() -> list[tuple[Path, str]]:
    """Return the file and the name of each test that SECURITY.md names; "" for a whole file."""
    found, file = [], ""
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    for path, name in re.findall(r"`((?:tests/)?[\w/]+\.py)?(?:::(\w+))?`", text):
        file = path or file
        if path or name:
            folder = ROOT if file.startswith("tests/") else ROOT / "tests" / "security"
            found.append((folder / file, name))
    return found


def test_every_promise_names_a_test_that_is_there() -> None:
    assert len(named_tests()) > 50
    for path, name in named_tests():
        assert path.exists(), path
        assert not name or f"def {name}(" in path.read_text(encoding="utf-8"), name


def test_every_promise_names_some_test() -> None:
    lines = (ROOT / "SECURITY.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ") and "---" not in line]
    assert [row for row in rows if "test_" not in row and "| Test |" not in row] == []
