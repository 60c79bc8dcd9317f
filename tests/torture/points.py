"""Every place where the product may be made to end, read from its source: so none is forgotten."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("bot", "handlers", "scheduler", "storage")
HOMES = {"sqlite.": "sqlite", "postgres.": "postgres"}
"""Points of one database only, by how their names begin."""


def named(tree: ast.AST) -> Iterator[str]:
    """What `crash` is called with. Raises ValueError for anything but one literal name: it could not be
    enumerated."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "crash":
            match node.args:
                case [ast.Constant(value=str(name))]:
                    yield name
                case _:
                    raise ValueError(f"line {node.lineno}: crash() takes one literal name")


@cache
def every() -> tuple[str, ...]:
    """Raises ValueError for a name used twice: it would not say where."""
    files = (file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
    sources = (source for file in files if "crash(" in (source := file.read_text(encoding="utf-8")))
    found = tuple(sorted(name for source in sources for name in named(ast.parse(source))))
    if twice := {name for name in found if found.count(name) > 1}:
        raise ValueError(f"crash points of the same name: {', '.join(sorted(twice))}")
    return found


def of(backend: str) -> list[str]:
    """Those that are passed on this database."""
    return [name for name in every() if _home(name) in ("", backend)]


def _home(name: str) -> str:
    return next((home for start, home in HOMES.items() if name.startswith(start)), "")
