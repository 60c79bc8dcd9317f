"""`cercle demo` as a person starts it: a process of its own, on a machine that has nothing else."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.app import from_settings
from bot.settings import Settings

COUNTS = ("members", "posts", "delivered", "edited", "shared", "clicks")
PATIENCE = 150.0
"""Seconds the month may take."""
ENDS = 5.0
"""Seconds after SIGTERM."""
ESCAPE = "\x1b"
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/playground")


def environment() -> dict[str, str]:
    """Nothing of ours: the demonstration needs no setting at all."""
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}


def cercle(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "bot", *arguments]


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        cercle("demo", "--headless"),
        cwd=tmp_path_factory.mktemp("elsewhere"),
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )


def test_a_month_ends_well(month: subprocess.CompletedProcess[str]) -> None:
    assert month.returncode == 0, month.stderr
    assert "Traceback" not in month.stdout + month.stderr


def test_the_last_line_counts(month: subprocess.CompletedProcess[str]) -> None:
    """A card put aside comes back as one more. In the month at most six readers follow a link."""
    counts = json.loads(month.stdout.splitlines()[-1])
    assert tuple(counts) == COUNTS
    assert all(isinstance(count, int) and count > 0 for count in counts.values()), counts
    assert counts["members"] == 12
    assert counts["posts"] < counts["delivered"] <= 2 * counts["members"] * counts["posts"]
    assert counts["shared"] < counts["delivered"]
    assert counts["edited"] < counts["delivered"]
    assert counts["clicks"] <= 6 * counts["shared"]


def test_the_transcript_reads_in_two_languages(month: subprocess.CompletedProcess[str]) -> None:
    assert re.search(r"Partager\s+sur", month.stdout)
    assert re.search(r"Share\s+on", month.stdout)


def test_what_is_not_a_terminal_gets_no_progress_bar(month: subprocess.CompletedProcess[str]) -> None:
    assert ESCAPE not in month.stdout + month.stderr
    assert "\r" not in month.stdout + month.stderr


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The demonstration, and the line it prints."""
    process = subprocess.Popen(
        cercle("demo", *arguments),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline()
    finally:
        process.kill()
        process.communicate()


def test_it_prints_one_address_answers_and_ends_when_told(tmp_path: Path) -> None:
    began = time.monotonic()
    with started(tmp_path, "--port", "0") as (process, line):
        assert time.monotonic() - began < 15
        [address] = ADDRESS.findall(line)
        with urlopen(address, timeout=5) as answer:
            assert answer.status == 200
            assert "Camille" in answer.read().decode()
        with urlopen(f"{address}/stream?who=ines", timeout=5) as stream:
            assert stream.readline().startswith(b"data: ")
            process.send_signal(signal.SIGTERM)
            assert process.wait(ENDS) == 0
        rest, errors = process.communicate()
        assert ADDRESS.findall(rest) == []
        assert "Traceback" not in rest + errors
    assert list(tmp_path.iterdir()) == []


def test_a_taken_port_is_no_obstacle(tmp_path: Path) -> None:
    with (
        started(tmp_path, "--port", "0") as (_, first),
        started(tmp_path, "--port", re.findall(r":(\d+)/", first)[0]) as (_, second),
    ):
        assert ADDRESS.findall(second)
        assert ADDRESS.findall(second) != ADDRESS.findall(first)


def test_what_is_served_for_real_has_no_playground(tmp_path: Path) -> None:
    settings = Settings(
        cercle_database_url=f"sqlite:///{tmp_path / 'cercle.sqlite3'}",
        slack_signing_secret=SecretStr("0123456789abcdef" * 2),
        slack_bot_token=SecretStr("xoxb-1-2-3"),
        microsoft_app_id="00000000-0000-0000-0000-000000000001",
        microsoft_app_password=SecretStr("0123456789abcdef" * 2),
        microsoft_app_tenant_id="00000000-0000-0000-0000-000000000002",
    )
    app = web.Application()
    app.add_routes(from_settings(settings).routes())
    paths = {resource.canonical for resource in app.router.resources()}
    assert {"/slack/events", "/api/messages", "/healthz"} <= paths
    assert not [path for path in paths if path.startswith("/playground")]
