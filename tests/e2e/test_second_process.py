"""`cercle serve`, `cercle migrate` and `cercle doctor` as processes: a SQLite file serves one, PostgreSQL
many, and a database out of reach is one sentence."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import urlopen

import pytest

from bot.demo import free_port
from storage.engines.connect import is_file

ENVIRON = {
    "PATH": os.environ["PATH"],
    "NO_COLOR": "1",
    "CERCLE_SECRET_KEY": "k" * 43,
    "SLACK_SIGNING_SECRET": "5" * 32,
    "SLACK_BOT_TOKEN": "xoxb-1-2-3",
    "SLACK_API_URL": "http://127.0.0.1:9/api/",
}
PATIENCE = 30
"""Seconds until a process has started, on a busy machine."""


def environ(url: str, port: int = 0) -> dict[str, str]:
    return {
        **ENVIRON,
        "CERCLE_DATABASE_URL": url,
        "CERCLE_PORT": str(port),
        "CERCLE_BASE_URL": f"http://127.0.0.1:{port or 8000}",
    }


def cercle(verb: str, url: str) -> subprocess.CompletedProcess[str]:
    words = (sys.executable, "-m", "bot", verb)
    return subprocess.run(words, env=environ(url), capture_output=True, text=True, timeout=PATIENCE)


@contextmanager
def serving(url: str) -> Iterator[subprocess.Popen[str]]:
    port = free_port(0)
    words = (sys.executable, "-m", "bot", "serve")
    with subprocess.Popen(
        words, env=environ(url, port), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            _wait_until_ready(f"http://127.0.0.1:{port}/readyz", process)
            yield process
        finally:
            process.kill()


def _wait_until_ready(page: str, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        assert process.poll() is None, process.communicate()
        try:
            with urlopen(page, timeout=2) as answer:
                assert answer.status == 200
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("it never became ready")


def ended(process: subprocess.Popen[str], how: signal.Signals) -> tuple[int, str]:
    process.send_signal(how)
    _, errors = process.communicate(timeout=PATIENCE)
    return process.returncode, errors


def test_one_file_serves_one_process_and_is_free_after_kill_9(sqlite_url: str) -> None:
    with serving(sqlite_url) as first:
        for verb in ("serve", "migrate"):
            refused = cercle(verb, sqlite_url)
            assert (refused.returncode, refused.stdout) == (2, "")
            (sentence,) = refused.stderr.splitlines()
            assert sentence.startswith("Another Cercle works with ")
            assert "CERCLE_DATABASE_URL" in sentence
        assert first.poll() is None
        assert ended(first, signal.SIGKILL)[0] == -signal.SIGKILL
    with serving(sqlite_url) as second:
        code, errors = ended(second, signal.SIGTERM)
    assert code == 0
    assert "Traceback" not in errors


def test_postgresql_serves_any_number(postgres_url: str) -> None:
    with serving(postgres_url) as first, serving(postgres_url) as second:
        assert cercle("migrate", postgres_url).stdout == "The database is up to date.\n"
        for process in (first, second):
            code, errors = ended(process, signal.SIGTERM)
            assert code == 0
            assert "Traceback" not in errors


@pytest.mark.parametrize("verb", ["serve", "migrate", "doctor"])
def test_a_database_out_of_reach_is_a_sentence_and_no_traceback(verb: str) -> None:
    done = cercle(verb, "postgresql+psycopg://camille:canary@127.0.0.1:1/cercle")
    assert done.returncode == (1 if verb == "doctor" else 2)
    said = done.stdout + done.stderr
    assert "cannot be used" in said
    assert "refused" in said
    for secret in ("canary", "k" * 43, "5" * 32, "Traceback"):
        assert secret not in said


def test_the_doctor_finds_either_database_well(database_url: str) -> None:
    said = cercle("doctor", database_url).stdout
    assert "ok      database: up to date (migration " in said
    assert "can be written" in said
    assert is_file(database_url) == ("ok      database: nothing damaged, no reference astray" in said)
