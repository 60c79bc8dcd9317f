"""The processes of a world: the real `cercle`, started, killed, frozen and thawed by its handle."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bot.demo import free_port
from tests.torture.points import ROOT

STARTS = 120.0
"""Seconds that a process gets to be ready, on a busy machine."""
ENDS = 30.0
"""Seconds that it gets to end when it is told to. It takes less than 10, but for the machine."""
CRASHED = 137


@dataclass(eq=False)
class Process:
    """`cercle serve`, or `cercle worker`, which has no port. `armed`: the crash point at which it ends."""

    popen: subprocess.Popen[bytes]
    log: Path
    port: int = 0
    armed: str = ""
    frozen: bool = False

    @property
    def lives(self) -> bool:
        return self.popen.poll() is None

    @property
    def crashed(self) -> bool:
        return self.popen.poll() == CRASHED

    @property
    def verb(self) -> str:
        return "serve" if self.port else "worker"

    def told(self, most: int = 4000) -> str:
        """The end of what it wrote."""
        return self.log.read_text(errors="replace")[-most:]

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait()

    def freeze(self) -> None:
        self.popen.send_signal(signal.SIGSTOP)
        self.frozen = True

    def thaw(self) -> None:
        self.popen.send_signal(signal.SIGCONT)
        self.frozen = False

    async def end(self) -> None:
        """As an orchestrator asks for it. Raises TimeoutExpired."""
        self.thaw()
        self.popen.terminate()
        await asyncio.to_thread(self.popen.wait, ENDS)

    async def ready(self) -> None:
        """Or ended at its crash point. Raises AssertionError for anything else."""
        until = time.monotonic() + STARTS
        while time.monotonic() < until:
            if await self._is_ready() or self.crashed:
                return
            if not self.lives:
                raise AssertionError(f"cercle {self.verb} does not start:\n{self.told()}")
            await asyncio.sleep(0.05)
        raise AssertionError(f"cercle {self.verb} never became ready:\n{self.told()}")

    async def _is_ready(self) -> bool:
        if self.verb == "worker":
            return '"working"' in self.told()
        with suppress(aiohttp.ClientError, TimeoutError, OSError):
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(2)) as session,
                session.get(f"http://127.0.0.1:{self.port}/readyz") as answer,
            ):
                return answer.status == 200
        return False


def launch(verb: str, environ: Mapping[str, str], log: Path, armed: str) -> Process:
    """`armed`: "name:n" of a crash point, or nothing."""
    port = free_port(0) if verb == "serve" else 0
    with log.open("wb") as written:
        popen = subprocess.Popen(
            [sys.executable, "-m", "tests.torture.child", verb],
            cwd=ROOT,
            env={**environ, "CERCLE_PORT": str(port), "CERCLE_CRASH": armed},
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
        )
    return Process(popen, log, port, armed.partition(":")[0])
