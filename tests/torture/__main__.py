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
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests import databases
from tests.torture import report, trials
from tests.torture.trials import Ended, Trial

WIDTH = 110
"""Of the table where nobody watches."""


def main() -> int:
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, signal.default_int_handler)  # so that nothing is left behind
    seed = int(os.environ.get("SEED") or random.randrange(10**6))
    seconds = float(os.environ.get("SECONDS") or 0)
    folder = Path(tempfile.mkdtemp(prefix="cercle-torture-"))
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    console.print(f"SEED={seed}, what the processes write goes to {folder}")
    ended: list[Ended] = []
    with suppress(KeyboardInterrupt):  # then what there is, is told
        run(trials.short(seconds) if seconds else trials.long(), seed, folder, console, ended)
    complaints = list(report.complaints(ended))
    if not complaints:
        shutil.rmtree(folder)
    console.print(report.table(ended))
    print(json.dumps(report.summary(seed, ended)))  # noqa: T201
    return 1 if complaints else 0


def run(planned: Sequence[Trial], seed: int, folder: Path, console: Console, ended: list[Ended]) -> None:
    """Worlds that ended come into that list, and what is to be said against one is said at once."""
    databases.server().widen(trials.CONNECTIONS)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("worlds", total=len(planned))

            def tell(one: Ended) -> None:
                ended.append(one)
                progress.advance(task)
                for sentence in report.complaints([one]):
                    console.print(sentence, markup=False, highlight=False)

            asyncio.run(trials.run_all(planned, seed, folder, tell))
    finally:
        databases.stop()


if __name__ == "__main__":
    sys.exit(main())
