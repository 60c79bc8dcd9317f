"""No secret reaches a log: not by its form, not by its value, not in a traceback, whoever writes the line."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import logs
from bot.settings import load

ROOT = Path(__file__).parent.parent
WORD = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=12, max_size=40)
BASE64 = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", min_size=20, max_size=60)
SHARE = st.text("abcXYZ019-_", min_size=22, max_size=22)
BY_FORM = {
    "slack bot token": WORD.map(lambda s: (f"xoxb-1-2-{s}", s)),
    "slack user token": WORD.map(lambda s: (f"xoxp-{s}", s)),
    "slack rotated token": WORD.map(lambda s: (f"xoxe.xoxb-1-{s}", s)),
    "slack refresh token": WORD.map(lambda s: (f"xoxe-1-{s}", s)),
    "slack app token": WORD.map(lambda s: (f"xapp-1-{s}", s)),
    "jwt": BASE64.map(lambda s: (f"eyJhbGciOi.{s}.{s}", s)),
    "bearer": BASE64.map(lambda s: (f"Authorization: Bearer {s}", s)),
    "basic": BASE64.map(lambda s: (f"authorization: basic {s}==", s)),
    "client secret": WORD.map(lambda s: (f"grant_type=x&client_secret={s}&scope=y", s)),
    "refresh token": WORD.map(lambda s: (f"refresh_token={s}&scope=y", s)),
    "share page": SHARE.map(lambda s: (f"https://cercle.example/s/{s}", s)),
    "tracked link": SHARE.map(lambda s: (f"GET /r/{s} 302", s)),
    "database": WORD.map(lambda s: (f"postgresql+psycopg://cercle:{s}@db.internal:5432/cercle", s)),
    "database, awkward": WORD.map(lambda s: (f"postgresql://u:p:{s}/%40x@y@db/c", s)),
}  # fmt: skip
"""Each gives (what is written, the part that must not be seen)."""
BEFORE_AND_AFTER = st.sampled_from(["", "a ", "é=", '"', "(", "url: "])


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is written to the standard error."""
    stream = io.StringIO()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", stream)
        patched.setattr(logs, "_kept", set())
        patched.setattr(logs, "_values", None)
        logs.configure("DEBUG")
        yield stream
    logs.configure()


def by_structlog(text: str) -> None:
    log = structlog.get_logger()
    log.info(
        text,
        detail=text,
        nested={"list": [text, (text,)], text: 1},
        thing=ValueError(text),
        raw=text.encode(),
    )
    try:
        raise RuntimeError(text) from KeyError(text)
    except RuntimeError:
        log.exception("failed", text=text)


def by_stdlib(text: str) -> None:
    log = logging.getLogger("somebody.else")
    log.warning(text.replace("%", "%%") + " %s", 1)
    log.error("%s and %r", text, {"deep": [text]})
    try:
        raise RuntimeError(text) from KeyError(text)
    except RuntimeError:
        log.exception("failed", stack_info=True)


def by_a_broken_record(text: str) -> None:
    logging.getLogger("somebody.else").error("%d", text)


WRITERS: list[Callable[[str], None]] = [by_structlog, by_stdlib, by_a_broken_record]


@contextmanager
def without_pytest() -> Iterator[None]:
    """Its handlers would raise for a broken record, and they are not what is under test."""
    root = logging.getLogger()
    everything, root.handlers = root.handlers, [h for h in root.handlers if isinstance(h, logs._Stderr)]
    try:
        yield
    finally:
        root.handlers = everything


def written(stream: io.StringIO, write: Callable[[str], None], text: str) -> str:
    stream.seek(0)
    stream.truncate()
    with without_pytest():
        write(text)
    lines = stream.getvalue().splitlines()
    assert lines
    for line in lines:
        assert isinstance(json.loads(line), dict), "one JSON object a line"
    return stream.getvalue()


@pytest.mark.parametrize("write", WRITERS, ids=lambda w: w.__name__)
@pytest.mark.parametrize("kind", BY_FORM)
def test_known_by_its_form(stream: io.StringIO, kind: str, write: Callable[[str], None]) -> None:
    @settings(max_examples=30)
    @given(BY_FORM[kind], BEFORE_AND_AFTER, BEFORE_AND_AFTER)
    def check(canary: tuple[str, str], before: str, after: str) -> None:
        text, secret = canary
        assert secret not in written(stream, write, f"{before}{text} {after}")

    check()


@pytest.mark.parametrize("write", WRITERS, ids=lambda w: w.__name__)
def test_known_by_its_value(stream: io.StringIO, write: Callable[[str], None]) -> None:
    """Whatever its characters: quotes, backslashes, accents, spaces, percent signs."""

    @settings(max_examples=40)
    @given(st.text(st.characters(exclude_categories=["C"]), min_size=8, max_size=40), BEFORE_AND_AFTER)
    def check(secret: str, around: str) -> None:
        logs._kept.clear()
        logs.keep_secret([secret])
        seen = written(stream, write, f"{around}{secret}{around} {quote(secret, safe='')}")
        for spelling in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1]):
            assert spelling not in seen

    check()


ENVIRON = {
    "CERCLE_SECRET_KEY": "canary-key-" + "k" * 32,
    "CERCLE_METRICS_TOKEN": "canary-metrics-" + "m" * 32,
    "CERCLE_DATABASE_URL": "postgresql+psycopg://cercle:canary%40data%2Fbase@db/cercle",
    "SLACK_SIGNING_SECRET": "c0ffee" * 6,
    "SLACK_BOT_TOKEN": "xoxb-canary-token",
    "MICROSOFT_APP_PASSWORD": "canary~app.password",
}


@pytest.mark.parametrize("write", WRITERS, ids=lambda w: w.__name__)
def test_every_secret_of_the_settings_is_kept_by_value(
    stream: io.StringIO, write: Callable[[str], None]
) -> None:
    known = load(ENVIRON)
    logs.keep_secret(known.secrets())
    secrets = {value for name, value in ENVIRON.items() if name != "CERCLE_DATABASE_URL"}
    for secret in (*secrets, "canary@data/base", "canary%40data%2Fbase"):
        assert secret not in written(stream, write, f"it was {secret}, as said")
    assert secrets | {"canary@data/base"} <= set(known.secrets())


@pytest.mark.parametrize("name", ["client_secret", "password", "access_token", "Authorization", "Set-Cookie"])
def test_known_by_its_name(stream: io.StringIO, name: str) -> None:
    def write(text: str) -> None:
        structlog.get_logger().info("said", **{name: text}, fields={name: [text], "fine": 1})

    assert "plain-canary" not in written(stream, write, "plain-canary")


def test_what_is_no_secret_stays_readable(stream: io.StringIO) -> None:
    text = "the pump sent 3 cards to https://example.org/s/short at 10:30, tokens: none, a@b.example"
    line = json.loads(written(stream, lambda text: structlog.get_logger().info(text, n=3), text))
    assert (line["event"], line["n"], line["level"]) == (text, 3, "info")
    line = json.loads(written(stream, logging.getLogger("aiohttp.server").error, text))
    assert (line["event"], line["logger"], line["level"]) == (text, "aiohttp.server", "error")


def test_a_value_too_short_to_be_a_secret_blots_out_nothing(stream: io.StringIO) -> None:
    logs.keep_secret(["", "a", "the"])
    assert "the" in written(stream, structlog.get_logger().info, "the same")


CRASHES = """
import threading
from bot import logs
logs.keep_secret(["canary-value"])
logs.configure()
logs.catch_crashes()
def fail():
    raise RuntimeError("canary-value xoxb-canary-form")
thread = threading.Thread(target=fail)
thread.start()
thread.join()
fail()
"""


def test_a_crash_is_a_line_without_secrets(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CRASHES], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines] == ["thread.crashed", "crashed"]
    assert all("RuntimeError" in line["exception"] for line in lines)
    assert "canary" not in done.stderr
