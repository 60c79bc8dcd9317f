"""`python -m tests.torture`: the proof by attack. One table, and as its last line one JSON object.

SECONDS=60 is a short run of every kind in about that time; SEED=7 repeats what was drawn, though not what the
machine made of it.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests import databases
from tests.torture import report, trials
from tests.torture.trials import Ended, Trial

WIDTH = 110
"""Of the table where nobody watches."""


def main() -> int:
    seed = int(os.environ.get("SEED") or random.randrange(10**6))
    seconds = float(os.environ.get("SECONDS") or 0)
    folder = Path(tempfile.mkdtemp(prefix="cercle-torture-"))
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    console.print(f"SEED={seed}, what the processes write goes to {folder}")
    ended = run(trials.short(seconds) if seconds else trials.long(), seed, folder, console)
    complaints = list(report.complaints(ended))
    for sentence in complaints:
        console.print(sentence, markup=False, highlight=False)
    if not complaints:
        shutil.rmtree(folder)
    console.print(report.table(ended))
    print(json.dumps(report.summary(seed, ended)))  # noqa: T201
    return 1 if complaints else 0


def run(planned: Sequence[Trial], seed: int, folder: Path, console: Console) -> list[Ended]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("worlds", total=len(planned))
            return asyncio.run(trials.run_all(planned, seed, folder, lambda: progress.advance(task)))
    finally:
        databases.stop()


if __name__ == "__main__":
    sys.exit(main())
