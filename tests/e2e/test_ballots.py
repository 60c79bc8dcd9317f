"""An attacker reads every byte that a real `cercle serve` keeps of a secret poll: while it runs, after a
kill, and in a backup. Nothing is prepared before the attacker looks.

Without the secret key nobody links a voter to a choice, whenever they look. With it, nobody does so from one
minute after the closing on. PostgreSQL's log of changes (`pg_wal`) is beyond what Cercle can erase, and is
read for the first part only."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import create_engine, make_url, text

from handlers.polls.cards import OpenChangePoll, OpenPollWords, Vote
from storage.engines.connect import is_file
from storage.seal import KEY, Seal
from tests import databases
from tests.emulators.slack import FakeSlack, Message, SlackUser
from tests.test_shutdown import ROOT, SECRET, Serving, serving, until

VOTERS = ("U1", "U2", "U3", "U4", "U5", "U6")
MINUTE = 60.0
SECRETS = (
    "SELECT CAST(key AS text) FROM ballot_box UNION ALL SELECT voter FROM ballot "
    "UNION ALL SELECT CAST(sealed AS text) FROM ballot"
)
PIECE, APART = 40, 300
"""Characters: PostgreSQL keeps long values in several rows."""
PAGE = {"sqlite": 4096, "postgresql": 8192}
LOG_HEADER, FRAME_HEADER = 32, 24
"""Bytes of SQLite's write-ahead log."""


@dataclass
class Poll:
    """A poll on a server, a secret one unless it is opened otherwise. `sealed`: all that its ballots and its
    key ever looked like in the tables."""

    cercle: Serving
    slack: FakeSlack
    question: str = "On déjeune ?"
    sealed: set[str] = field(default_factory=set)

    @property
    def url(self) -> str:
        return self.cercle.url

    def user(self, name: str) -> SlackUser:
        return replace(self.cercle.user, id=name, sent=[])

    async def form(self, user: SlackUser) -> None:
        await until(lambda: user.id in self.slack.modals)

    async def lead(self) -> None:
        """Camille leads and joins."""
        camille = self.user("U1")
        await camille.command(f"lead {await self.cercle.code()}")
        await camille.command("rejoindre")
        await self.form(camille)
        assert not (await camille.submit({"consent": True})).errors
        await until(lambda: self.cercle.rows("SELECT * FROM member"))

    async def open(self, *rules: str) -> None:
        """Camille asks the channel."""
        camille = self.user("U1")
        await camille.command("sondage", "C1")
        await self.form(camille)
        given = {"question": self.question, "options": "Oui\nNon", "where": "here", "rules": list(rules)}
        assert not (await camille.submit(given)).errors
        await until(lambda: self.cards)

    @property
    def cards(self) -> list[Message]:
        """In the channel, of this poll."""
        shown = [message for message in self.slack.all_messages() if message.channel == "C1"]
        return [message for message in shown if message.offers(Vote, option=self.options()[0])]

    def options(self) -> list[str]:
        of = f"SELECT id FROM poll WHERE question = '{self.question}'"
        rows = self.cercle.rows(f"SELECT id FROM poll_option WHERE poll_id = ({of}) ORDER BY position")
        return [row[0] for row in rows]

    async def vote(self) -> None:
        """Everybody changes their mind once."""
        for n, name in enumerate(VOTERS):
            for option in (n % 2, 1 - n % 2):
                ack = await self.user(name).click(Vote, self.cards[0], option=self.options()[option])
                assert ack.status == 200
                self.look()

    async def write(self) -> None:
        """Everybody says something in their own words."""
        for name in VOTERS:
            user = self.user(name)
            await user.click(OpenPollWords, self.cards[0])
            await self.form(user)
            assert not (await user.submit({"words": canary(name)})).errors
            self.look()

    def voters(self) -> set[str]:
        """Every name under which somebody who votes stands in the tables."""
        names = (
            "SELECT person_id FROM account UNION SELECT address FROM account UNION SELECT voter FROM ballot"
        )
        return {row[0] for row in self.cercle.rows(names)}

    def key(self) -> bytes:
        """What makes the pseudonyms and opens the ballots, for whoever has the secret key of the server."""
        ((circle, subject, sealed),) = self.cercle.rows(
            "SELECT circle_id, subject_id, CAST(key AS text) FROM ballot_box"
        )
        key = Seal.of_secret(SECRET).open(b64decode(sealed.strip('"')), f"ballot_box/{circle}/{subject}")
        assert key is not None
        return key

    def look(self) -> None:
        self.sealed |= {row[0].strip('"') for row in self.cercle.rows(SECRETS)}

    async def close(self) -> None:
        camille = self.user("U1")
        await until(lambda: any(message.offers(OpenChangePoll) for message in self.slack.seen("U1")))
        await camille.click(OpenChangePoll)
        await self.form(camille)
        assert not (await camille.submit({"now": True})).errors
        await until(lambda: self.cercle.rows("SELECT * FROM poll WHERE closed_at IS NOT NULL"))


def canary(name: str) -> str:
    return f"Les mots de {name}, que personne ne doit lire ici"


def everything(url: str) -> Iterator[Path]:
    """Every file of the database as it lies there, PostgreSQL's log of changes last."""
    if is_file(url):
        yield from sorted(Path(make_url(url).database or "").parent.rglob("*"))
        return
    folder = Path(str(make_url(url).query["host"]))
    yield from sorted(folder.rglob("*"), key=lambda path: "pg_wal" in path.parts)


def found(files: Iterable[Path], secrets: Iterable[str]) -> dict[str, int]:
    """How many pieces of these each file holds, where it holds any."""
    sought = {secret[at : at + PIECE].encode() for secret in secrets for at in range(0, len(secret), APART)}
    pieces = {piece for piece in sought if len(piece) >= 32}
    numbers = {str(path): sum(piece in content for piece in pieces) for path, content in read(files)}
    return {name: number for name, number in numbers.items() if number}


def read(files: Iterable[Path]) -> Iterator[tuple[Path, bytes]]:
    """Of a server that runs: a file may be gone when it is its turn."""
    for path in files:
        with suppress(FileNotFoundError):
            if path.is_file():
                yield path, path.read_bytes()


def holds(contents: Iterable[bytes], needles: Collection[bytes]) -> bool:
    return any(needle in content for content in contents for needle in needles)


def spelled(key: bytes) -> set[bytes]:
    """A key as somebody may have written it down: each half and the whole, as bytes and as text."""
    parts = (key, key[:KEY], key[KEY:])
    return {form for part in parts for form in (part, part.hex().encode(), b64encode(part).rstrip(b"="))}


def pages(url: str) -> Iterator[bytes]:
    """Every page of every table and index, also of those versions that stand in SQLite's log."""
    size = PAGE[make_url(url).get_backend_name()]
    for path, content in read(in_reach(url)):
        start, skip = (LOG_HEADER, FRAME_HEADER) if path.name.endswith("-wal") else (0, 0)
        frames = range(start + skip, len(content), skip + size)
        yield from (content[at : at + size] for at in frames)


def linked(url: str, options: Collection[str], voters: Collection[str]) -> bool:
    """Whether an option stands beside somebody who votes."""
    chosen = encoded(options)
    return holds((page for page in pages(url) if holds([page], chosen)), encoded(voters))


def encoded(texts: Iterable[str]) -> list[bytes]:
    return [text.encode() for text in texts]


class Log:
    """What PostgreSQL writes to its log of changes from now on; nothing for SQLite, whose log holds pages."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._before = "" if is_file(url) else self._ended()

    def _ended(self) -> str:
        """End the file that is being written, and return its name."""
        return str(_as_owner(self._url, "SELECT pg_walfile_name(pg_switch_wal())"))

    def read(self) -> list[bytes]:
        """At once: a checkpoint removes or renames the files."""
        if is_file(self._url):
            return []
        last = self._ended()
        logs = (path for path in everything(self._url) if "pg_wal" in path.parts)
        return [content for path, content in read(logs) if self._before < path.name <= last]


def _as_owner(url: str, statement: str) -> object:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            done = connection.execute(text(statement))
            return done.scalar() if done.returns_rows else None
    finally:
        engine.dispose()


def checkpoint(url: str) -> None:
    """What PostgreSQL does every few minutes while a poll is open: write what it has in memory to the
    files."""
    if not is_file(url):
        _as_owner(url, "CHECKPOINT")


def in_reach(url: str) -> list[Path]:
    return [path for path in everything(url) if "pg_wal" not in path.parts]


def backup(url: str, folder: Path, name: str) -> Path:
    file = folder / name
    if is_file(url):
        environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "CERCLE_DATABASE_URL": url}
        words = (sys.executable, "-m", "bot", "backup", str(file))
        subprocess.run(words, env=environ, check=True, capture_output=True)
    else:
        file.write_bytes(databases.server().dump(url))
    return file


@asynccontextmanager
async def polling(slack: FakeSlack, url: str, folder: Path) -> AsyncIterator[Poll]:
    async with serving(slack, url, folder) as cercle:
        yield Poll(cercle, slack)


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as slack:
        for number, name in enumerate(VOTERS):
            slack.add_user(name, f"Voter {number}", locale="fr-FR", tz="Europe/Paris")
        slack.add_channel("C1")
        yield slack


@pytest.fixture
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server works and logs, apart from the database."""
    return tmp_path_factory.mktemp("log")


@pytest.fixture
def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("copies")


async def scrubbed(poll: Poll) -> None:
    began = monotonic()
    await until(lambda: poll.cercle.rows("SELECT count(*) FROM to_scrub") == [(0,)], MINUTE)
    assert monotonic() - began < MINUTE


async def test_no_byte_links_a_voter_to_a_choice(
    slack: FakeSlack, database_url: str, log: Path, copies: Path
) -> None:
    words = [canary(name) for name in VOTERS]
    async with polling(slack, database_url, log) as poll:
        await poll.lead()
        await poll.open("anonymous", "asks_words")
        changes = Log(database_url)
        await poll.vote()
        votes = changes.read()
        await poll.write()

        # Whoever has the whole folder, while the server runs, and a backup, but not the secret key.
        checkpoint(database_url)
        assert len(poll.sealed) >= 1 + 4 * len(VOTERS)
        assert len({len(value) for value in poll.sealed}) == 3  # a key, a pseudonym, a ballot
        assert found(in_reach(database_url), poll.sealed)  # else this test looks in the wrong place
        kept = [*everything(database_url), log / "log", backup(database_url, copies, "open.copy")]
        assert found(kept, words) == {}
        options = encoded(poll.options())
        assert not holds([*votes, (log / "log").read_bytes()], options)
        assert not linked(database_url, poll.options(), poll.voters())
        assert not holds((content for _, content in read(kept)), spelled(poll.key()))

        # Whoever has the secret key as well, from one minute after the closing on.
        await poll.close()
        await scrubbed(poll)
        assert found(in_reach(database_url), poll.sealed) == {}
        assert found([backup(database_url, copies, "closed.copy")], poll.sealed) == {}
        counts = poll.cercle.rows("SELECT votes FROM poll_option ORDER BY position")
        assert counts == [(3,), (3,)]
        poll.cercle.process.send_signal(signal.SIGKILL)
        await poll.cercle.process.wait()
        assert found(in_reach(database_url), poll.sealed) == {}


async def test_the_same_attacker_reads_who_chose_what_in_a_signed_poll(
    slack: FakeSlack, database_url: str, log: Path
) -> None:
    """Else that attacker is blind."""
    async with polling(slack, database_url, log) as poll:
        await poll.lead()
        await poll.open("live")
        changes = Log(database_url)
        await poll.vote()
        votes = changes.read()
        checkpoint(database_url)
        assert linked(database_url, poll.options(), poll.voters())
        assert is_file(database_url) or holds(votes, encoded(poll.options()))


async def test_a_kill_right_after_the_closing_is_made_up_for_by_the_next_start(
    slack: FakeSlack, database_url: str, log: Path
) -> None:
    async with polling(slack, database_url, log) as poll:
        await poll.lead()
        await poll.open("anonymous")
        await poll.vote()
        checkpoint(database_url)
        await poll.close()
        poll.cercle.process.send_signal(signal.SIGKILL)
        await poll.cercle.process.wait()
    sealed = poll.sealed
    if is_file(database_url):
        assert found(in_reach(database_url), sealed)
    async with polling(slack, database_url, log) as again:
        await scrubbed(again)
        assert found(in_reach(database_url), sealed) == {}
        assert again.cercle.rows("SELECT count(*) FROM ballot") == [(0,)]
