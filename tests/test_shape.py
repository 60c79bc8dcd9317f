"""The shape of the code: no class of the scheduler is too long to read at once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
LONGEST = 200
"""Lines of a class."""


def classes(source: str) -> Iterator[tuple[str, int]]:
    """The classes of a module, with their number of lines."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_class_of_the_scheduler_is_longer_than_two_hundred_lines() -> None:
    files = sorted((ROOT / "scheduler").rglob("*.py"))
    found = [(file.name, *one) for file in files for one in classes(file.read_text(encoding="utf-8"))]
    assert len(found) > 10
    assert [one for one in found if one[2] > LONGEST] == []


def test_a_longer_class_is_found() -> None:
    source = "class Short:\n    pass\n\nclass Long:\n" + "    x = 1\n" * LONGEST
    assert list(classes(source)) == [("Short", 2), ("Long", LONGEST + 1)]
