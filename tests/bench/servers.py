"""The processes of the bench, all on loopback: started, waited for, asked for their memory, ended."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0
"""Seconds for a server to answer, and to end."""
LOOK_EVERY = 0.005
UNWANTED = ("PYTHONDONTWRITEBYTECODE", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
IMPORTS = "import slack_bolt.async_app, botbuilder.core, sqlalchemy, aiohttp"
"""What a bot of this kind cannot do without; nothing of ours."""

Environ = Mapping[str, str]


def environment(**more: str) -> dict[str, str]:
    """Ours, with compiled modules kept: an image has them, and every second start does."""
    return {name: value for name, value in os.environ.items() if name not in UNWANTED} | more


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    log: Path, environ: Environ, *arguments: str, heard: bool = False
) -> Iterator[subprocess.Popen[str]]:
    """`python arguments…`, its errors in a file, and its output too unless it is `heard`; ended by SIGTERM,
    or by SIGKILL when it does not end."""
    with log.open("a") as errors:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=dict(environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if heard else errors,
            stderr=errors,
            text=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


@contextmanager
def fakes(folder: Path, members: int) -> Iterator[dict[str, str]]:
    """Slack and Teams; what they tell the servers under test."""
    arguments = ("-m", "tests.bench.fakes", str(members))
    with running(folder / "fakes.log", environment(), *arguments, heard=True) as process:
        assert process.stdout is not None
        told: dict[str, str] = json.loads(process.stdout.readline())
        yield told


@contextmanager
def serving(
    folder: Path, environ: Environ, port: int, *arguments: str, path: str = "/slack/events"
) -> Iterator[subprocess.Popen[str]]:
    """A server that answers on `path` by the time this is entered."""
    log = folder / "servers.log"
    with running(log, environ, *arguments) as process:
        wait_for(process, port, path, arguments, log)
        yield process


def wait_for(
    process: subprocess.Popen[str], port: int, path: str, arguments: Sequence[str], log: Path
) -> None:
    end = time.monotonic() + PATIENCE
    while not answers(port, path):
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"{' '.join(arguments)} does not serve:\n{log.read_text()[-4000:]}")
        time.sleep(LOOK_EVERY)


def answers(port: int, path: str) -> bool:
    """Whether it does what it is there for: 200 from a page of health, 405 from what only takes POST."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status in (200, 405)
    except OSError:
        return False
    finally:
        connection.close()


def resident(process: subprocess.Popen[str]) -> float:
    """Megabytes of memory that are really there."""
    told = subprocess.run(["ps", "-o", "rss=", "-p", str(process.pid)], capture_output=True, check=True)
    return int(told.stdout) / 1024


def bare_memory(folder: Path) -> float:
    """Megabytes of an interpreter that has imported what is needed, and waits."""
    program = f"{IMPORTS}\nimport pathlib, sys\npathlib.Path(sys.argv[1]).touch()\nsys.stdin.read()"
    mark = folder / "imported"
    with running(folder / "bare.log", environment(), "-c", program, str(mark)) as process:
        while not mark.exists():
            time.sleep(LOOK_EVERY)
        return resident(process)


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def bare_start() -> None:
    subprocess.run([sys.executable, "-c", IMPORTS], cwd=ROOT, env=environment(), check=True)
