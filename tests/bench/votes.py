"""Polls of a large circle, a signed one that counts live and a secret one: votes a second by the whole way of
a press, against a peer that counts the same ones; and what a vote costs when many have voted before."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urljoin

from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import select

from storage import polls, tables, votes
from storage.engines.connect import connect
from storage.seal import Seal
from storage.transaction import CircleTransaction
from tests import databases
from tests.bench import contest, crowd, peer_votes, people, servers, world
from tests.bench.contest import Contender
from tests.bench.figures import LABELS, Better, Figure, Step
from tests.bench.load import Load
from tests.bench.ours import database, sender
from tests.bench.talk import Worker
from tests.emulators.slack import pressable

FLAT = 1 / 1.2
"""A vote, and a look at the counts, may cost 20 % more."""
QUESTION, OPTIONS = "Shall we meet on Thursdays?", ("Yes", "No", "Every second one")
SOON = timedelta(seconds=2)
_p = tables.poll.c
VOTE = "vote/"
"""How the value starts of a button of ours that votes."""


@dataclass(frozen=True)
class Plan:
    """`members` of the circle. Half of them have voted, as in the middle of a poll's life; in each of the
    `rounds` so many of the others do, for the first time: each a stranger to a server that has just started.
    The peer is slow, and asked for less. Then a poll of `few` votes and one of `many`, in which so many
    `voters` vote and take it back, and whose card is drawn so many times, in many short `turns`: what else
    the machine does meets both."""

    members: int = 10_000
    rounds: int = 7
    votes: int = 600
    peer_votes: int = 240
    few: int = 100
    many: int = 100_000
    voters: int = 40
    cards: int = 200
    turns: int = 25
    backends: tuple[str, ...] = databases.BACKENDS

    @property
    def steps(self) -> int:
        return 1 + 3 * (1 + self.rounds) + 2 * len(self.backends)

    def measure(self, folder: Path, step: Step) -> list[Figure]:
        with servers.fakes(folder, self.members) as told:
            step(f"a circle of {self.members:,}, and polls in a channel")
            with hall(folder / "votes", told, self.members) as polled:
                figures = [*_race(polled, self, step), *_kept(polled)]
        for backend in self.backends:
            figures += _growth(folder / f"votes-{backend}", backend, self, step)
        return figures


# The whole way


@dataclass(frozen=True)
class Booth:
    """A server, and its card in the channel."""

    server: Contender
    card: dict[str, Any]


@dataclass(frozen=True)
class Hall:
    folder: Path
    told: dict[str, str]
    users: list[str]
    ours: Booth
    secret: Booth
    peer: Booth

    def vote(self, booth: Booth, votes: int) -> None:
        """By those who come after the last one, each for what the neighbour does not."""
        server = booth.server
        done = len(self.users) // 2 + server.answered
        voters = islice(cycle(self.users), done, done + votes)
        server.meet(
            Load(
                name=server.next_name,
                port=server.port,
                secret=self.told["SLACK_SIGNING_SECRET"],
                presses=votes,
                channels=dict.fromkeys(voters, people.CHANNEL),
                messages={people.CHANNEL: booth.card},
                buttons=server.buttons,
                spread=True,
                doors=urljoin(self.told["SLACK_API_URL"], "/response/{user}"),
            )
        )


@contextmanager
def hall(folder: Path, told: dict[str, str], members: int) -> Iterator[Hall]:
    folder.mkdir()
    users = people.members(members)
    environ = servers.environment(**told, **contest.own(folder))
    with ExitStack() as stack:
        cards = asyncio.run(_ask(environ, users))
        port = servers.free_port()
        process = stack.enter_context(contest.serve(folder, environ, port))
        ours, secret = (
            Booth(Contender(name, port, process, _buttons(card)), card)
            for name, card in zip(("ours", "secret"), cards, strict=True)
        )
        yield Hall(folder, told, users, ours, secret, stack.enter_context(_peer(folder, environ, users)))


async def _ask(environ: dict[str, str], users: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Open a signed poll and a secret one in a channel, by one of the members; return their cards."""
    clock = world.Clock(datetime.now(UTC) - world.BEFORE)
    place = people.WORKSPACE
    gather = partial(
        crowd.gather,
        platform="slack",
        place=place,
        users=users,
        networks="linkedin",
        now=clock(),
        own_zone=people.ZONE,
    )
    async with world.bot(environ, clock) as cercle:
        await cercle.database.transact(gather)
        asked = {"question": QUESTION, "options": "\n".join(OPTIONS)}
        where, author = f"slack:{place}:{people.CHANNEL}", world.sender(users[0])
        await crowd.ask(cercle.dispatch, author, where, **asked)
        await cercle.database.transact(partial(crowd.have_voted, users=users[: len(users) // 2]))
        await cercle.pump.drain()
        signed = contest.shown(environ, people.CHANNEL)
        await crowd.ask(cercle.dispatch, author, where, rules=("anonymous",), **asked)
        clock.at += SOON
        await cercle.pump.drain()
        return signed, contest.shown(environ, people.CHANNEL)


@contextmanager
def _peer(folder: Path, environ: dict[str, str], users: list[str]) -> Iterator[Booth]:
    path, port = str(folder / "peer.sqlite3"), servers.free_port()
    card = asyncio.run(_hang(path, environ, users))
    with servers.serving(folder, environ, port, "-m", "tests.bench.peer_votes", str(port), path) as process:
        yield Booth(Contender("peer", port, process, _buttons(card)), card)


async def _hang(path: str, environ: dict[str, str], users: list[str]) -> dict[str, Any]:
    card = await peer_votes.open_poll(path, users, QUESTION, OPTIONS, len(users) // 2)
    slack = AsyncWebClient(environ["SLACK_BOT_TOKEN"], environ["SLACK_API_URL"])
    await slack.chat_postMessage(channel=people.CHANNEL, **card)
    return contest.shown(environ, people.CHANNEL)


def _buttons(card: dict[str, Any]) -> list[tuple[str, str]]:
    """Those that vote, as they stand on the card."""
    return [
        (button["action_id"], button["value"])
        for button, entry in pressable(card["blocks"])
        if not entry and (button["value"].startswith(VOTE) or peer_votes.VOTE.fullmatch(button["action_id"]))
    ]


def _race(polled: Hall, plan: Plan, step: Step) -> list[Figure]:
    """In turn, so that whatever else the machine does meets both; the first round only warms up."""
    entrants = ((polled.ours, plan.votes), (polled.secret, plan.votes), (polled.peer, plan.peer_votes))
    for number in range(1 + plan.rounds):
        for booth, presses in entrants:
            step(f"votes, round {number} of {plan.rounds}: {booth.server.name}")
            polled.vote(booth, presses)
    ours, secret, peer = (median(result.rate for result in booth.server.results[1:]) for booth, _ in entrants)
    what = f"votes on one poll of {plan.members:,}, to an idiomatic Bolt app"
    return [
        Figure("votes_to_bolt", what, "/s", ours, peer, Better.HIGHER, 3),
        Figure("ballots_to_bolt", f"secret {what}", "/s", secret, peer, Better.HIGHER, 3),
    ]


# What the databases say


def _kept(polled: Hall) -> list[Figure]:
    """No vote that was acknowledged may be missing, and the counters say what the rows do."""
    with closing(sqlite3.connect(polled.folder / "cercle.sqlite3")) as ours:
        mine, (counted, there) = _votes_of_ours(ours), _counts_of_ours(ours)
    with closing(sqlite3.connect(polled.folder / "peer.sqlite3")) as peer:
        theirs = _votes_of_peer(peer)
    what = "votes that the counters tell, to those that are there"
    return [
        _stand("ours", polled.ours.server, mine),
        _stand("secret", polled.secret.server, _ballots_of_ours(polled)),
        _stand("peer", polled.peer.server, theirs),
        Figure("writes_counters", what, "", counted, there, Better.HIGHER, 1),
    ]


def _stand(name: str, server: Contender, votes: dict[str, str]) -> Figure:
    """Of each member the vote that was acknowledged last; `votes` are the values of buttons."""
    values = [value for _, value in server.buttons]
    stand = sum(votes.get(user) == values[button] for user, button in server.last.items())
    what = f"votes of {name} that stand, to those acknowledged"
    return Figure(f"writes_votes_{name}", what, "", stand, len(server.last), Better.HIGHER, 1)


def _votes_of_ours(made: sqlite3.Connection) -> dict[str, str]:
    voted = made.execute(
        "SELECT external_id, option_id FROM vote JOIN account ON account.person_id = vote.voter"
    )
    return {user: f"{VOTE}{option}" for user, option in voted}


def _ballots_of_ours(polled: Hall) -> dict[str, str]:
    """Whoever has the secret key can open them, as long as the poll is open."""
    environ = contest.own(polled.folder)
    seal = Seal.of_secret(environ["CERCLE_SECRET_KEY"])
    engine = connect(environ["CERCLE_DATABASE_URL"], seal).engine  # type: ignore[attr-defined]
    with engine.connect() as tx:
        circle_id, poll_id = tx.execute(select(_p.circle_id, _p.id).where(_p.anonymous)).one()
        circle = CircleTransaction(tx, circle_id)
        poll = polls.load(circle, poll_id)
        assert poll is not None
        options = {option.position: option.id for option in polls.options(circle, poll)}
        answers = {
            user: votes.answer_of(circle, poll, person).chosen for user, person in crowd.ids(tx).items()
        }
    engine.dispose()
    return {user: f"{VOTE}{options[n]}" for user, chosen in answers.items() for n in chosen}


def _counts_of_ours(made: sqlite3.Connection) -> tuple[int, int]:
    """Votes by the counters, none if any of them is wrong, and by the rows."""
    signed, voters = made.execute("SELECT id, voters FROM poll WHERE NOT anonymous").fetchone()
    counters = dict(made.execute("SELECT id, votes FROM poll_option WHERE poll_id = ?", (signed,)))
    rows = dict(made.execute("SELECT option_id, count(*) FROM vote GROUP BY option_id"))
    there = sum(rows.values())
    right = all(votes == rows.get(option, 0) for option, votes in counters.items()) and voters == there
    return (sum(counters.values()) if right else 0), there


def _votes_of_peer(made: sqlite3.Connection) -> dict[str, str]:
    return dict(
        made.execute(
            "SELECT slack_user, poll_id || ':' || option_id FROM vote JOIN member ON member.id = member_id"
        )
    )


# Few votes and many


@dataclass
class Line:
    """A process before a poll with so many votes; seconds each. The first turn only warms up."""

    worker: Worker
    votes: int
    voting: list[float] = field(default_factory=list)
    drawing: list[float] = field(default_factory=list)

    def measure(self, plan: Plan) -> None:
        took = self.worker.ask("vote", after=self.votes, voters=plan.voters)["seconds"]
        self.voting.append(took / (2 * plan.voters))
        self.drawing.append(self.worker.ask("draw", cards=plan.cards)["seconds"])


def _growth(folder: Path, backend: str, plan: Plan, step: Step) -> list[Figure]:
    label = LABELS[backend]
    step(f"polls of {plan.few:,} and {plan.many:,} votes, {label}")
    with (
        _line(folder / "few", backend, plan.few, plan) as few,
        _line(folder / "many", backend, plan.many, plan) as many,
    ):
        step(f"votes and counts, {label}")
        for _ in range(1 + plan.turns):
            for one in (few, many):
                one.measure(plan)
    compared = f"at {plan.many:,} votes, {label}, to {plan.few:,}"
    return [
        _flat(f"vote_{backend}", f"a vote {compared}", many.voting, few.voting),
        _flat(f"count_{backend}", f"the counts on a card {compared}", many.drawing, few.drawing),
    ]


def _flat(name: str, what: str, many: list[float], few: list[float]) -> Figure:
    ours, against = (1000 * median(seconds[1:]) for seconds in (many, few))
    return Figure(name, what, "ms", ours, against, Better.LOWER, FLAT)


@contextmanager
def _line(folder: Path, backend: str, votes: int, plan: Plan) -> Iterator[Line]:
    """The process that is measured is not the one that made them all."""
    with database(folder, backend) as url:
        begun = partial(sender, folder, url, "nod", module="pollster")
        with begun() as one:
            one.ask("start")
            one.ask("fill", votes=votes, members=votes + plan.voters)
        with begun() as one:
            one.ask("start")
            yield Line(one, votes)
