"""Processes that do what they are told: a line of JSON each way."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from select import select
from subprocess import Popen
from typing import Any

from tests.bench import servers

Json = dict[str, Any]
LONGEST = 300.0
"""Seconds for an answer."""


@dataclass(frozen=True)
class Worker:
    """The other end of `obey`, as its parent sees it."""

    process: Popen[str]
    log: Path

    def ask(self, do: str, **given: Any) -> Json:
        """Raises RuntimeError with the worker's last words if it has ended, or does not answer."""
        self.begin(do, **given)
        return self.end()

    def begin(self, do: str, **given: Any) -> None:
        """The first half of `ask`, for several workers at a time."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": do, **given}) + "\n")
        self.process.stdin.flush()

    def end(self) -> Json:
        assert self.process.stdout is not None
        answering, _, _ = select([self.process.stdout], [], [], LONGEST)
        if not answering or not (line := self.process.stdout.readline()):
            raise RuntimeError(f"{self.log.stem} does not answer:\n{self.log.read_text()[-4000:]}")
        told: Json = json.loads(line)
        return told


@contextmanager
def worker(folder: Path, module: str, **given: Any) -> Iterator[Worker]:
    """`python -m tests.bench.MODULE`, which is given that first."""
    log, path = folder / f"{module}.log", f"tests.bench.{module}"
    environ = servers.environment(PYTHONUNBUFFERED="1")
    with servers.running(log, environ, "-m", path, json.dumps(given), heard=True) as process:
        yield Worker(process, log)


def given() -> Json:
    """What a worker was given first."""
    told: Json = json.loads(sys.argv[1])
    return told


async def obey(do: Callable[[Json], Awaitable[Json]]) -> None:
    """Answer each line with a line, until there are no more."""
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await do(json.loads(line))), flush=True)
