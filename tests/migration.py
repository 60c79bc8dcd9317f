"""`make migration NAME=add_something`: the next migration, from the tables, tried on both databases.

It stands among the tests because a PostgreSQL server from pip is theirs, and not the product's.
"""

from __future__ import annotations

import subprocess
import sys
from tempfile import TemporaryDirectory

from storage.migrations.generate import NotGenerated, check_name, generate
from tests import databases


def main(name: str) -> str:
    """Return the sentence that says what was done. Raise NotGenerated."""
    check_name(name)
    try:
        with TemporaryDirectory() as folder, databases.bare() as postgres:
            file = generate(name, [f"sqlite:///{folder}/scratch.sqlite3", postgres])
    finally:
        databases.stop()
    if file is None:
        return "The migrations already lead to storage/tables.py: nothing was written."
    for command in ("check --fix --exit-zero --quiet", "format --quiet"):
        subprocess.run([sys.executable, "-m", "ruff", *command.split(), file], check=True)
    return f"{file} leads to storage/tables.py on SQLite and on PostgreSQL. Read it before you commit it."


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{main(sys.argv[1] if sys.argv[1:] else '')}\n")
    except NotGenerated as error:
        sys.exit(str(error))
