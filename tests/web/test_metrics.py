"""What an operator's Prometheus reads, and who may."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from bot.domain.message import State
from bot.meters import BOUNDS, Meters, Result
from bot.settings import load
from bot.web import metrics
from bot.web.acks import Acks
from storage import people, posts, tables
from storage.engines.connect import connect as connect_database
from storage.engines.database import Database
from storage.transaction import CircleTransaction, Transaction
from tests.house import TUESDAY, House

TOKEN = "canary-" + "t" * 32
Readings = dict[tuple[str, frozenset[tuple[str, str]]], float]


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def exposed(database: Database, meters: Meters, token: str = "") -> AsyncIterator[str]:
    """The address of /metrics."""
    app = web.Application()
    app.add_routes(metrics.routes(database, meters, lambda: TUESDAY, token, patience=1))
    async with served(app) as url:
        yield f"{url}/metrics"


async def get(url: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        if answer.status == 200:
            assert answer.headers["Content-Type"].startswith("text/plain")
            assert answer.headers["Cache-Control"] == "no-store"
        return answer.status, await answer.text()


async def read(url: str) -> Readings:
    status, text = await get(url)
    assert status == 200
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def one(readings: Readings, name: str, **labels: str) -> float:
    return readings[name, frozenset(labels.items())]


async def messages(house: House, **values: object) -> None:
    await house.database.transact(lambda tx: tx.execute(update(tables.message).values(**values)))


@pytest.fixture
async def circle(house: House) -> House:
    """Two members and a post: four messages of the playground."""
    await house.with_lead()
    for who in ("ines", "tom"):
        await house.with_member(who)
    await house.with_post()
    await house.settle()
    return house


@pytest.fixture
def away(tmp_path: Path) -> Database:
    """A database that has nothing to say."""
    return connect_database(f"sqlite:///{tmp_path / 'none.sqlite3'}")


async def test_the_counters_are_told(circle: House) -> None:
    meters = Meters()
    for result in (Result.SHOWN, Result.SHOWN, Result.THROTTLED, Result.DEAD):
        meters.sent("slack", "send", result)
    meters.sent("slack", "update", Result.THROTTLED)
    meters.sent("teams", "send", Result.UNREACHABLE)
    meters.lease_expired(3)
    async with exposed(circle.database, meters) as url:
        told = await read(url)
    sent = "cercle_sends_total"
    assert one(told, sent, platform="slack", method="send", result="shown") == 2
    assert one(told, sent, platform="slack", method="send", result="dead") == 1
    assert one(told, sent, platform="teams", method="send", result="unreachable") == 1
    assert one(told, "cercle_throttled_total", platform="slack") == 2
    assert one(told, "cercle_throttled_total", platform="teams") == 0
    assert one(told, "cercle_lease_expiries_total") == 3


async def test_the_answers_are_told_by_how_long_they_took(circle: House) -> None:
    meters = Meters()
    for seconds in (0.003, 0.01, 0.04, 2.6, 60):
        meters.answered("slack", seconds)
    async with exposed(circle.database, meters) as url:
        told = await read(url)
    bucket = "cercle_ack_seconds_bucket"
    expected = {"0.01": 2, "0.025": 2, "0.05": 3, "2.5": 3, "3.0": 4, "10.0": 4, "+Inf": 5}
    assert {le: one(told, bucket, platform="slack", le=le) for le in expected} == expected
    assert one(told, "cercle_ack_seconds_count", platform="slack") == 5
    assert one(told, "cercle_ack_seconds_sum", platform="slack") == pytest.approx(62.653)
    assert 3.0 in BOUNDS, "Slack's limit"


async def test_the_queue_is_told(circle: House) -> None:
    await messages(circle, state=State.SHOWN)
    async with exposed(circle.database, Meters()) as url:
        told = await read(url)
        assert one(told, "cercle_queue_age_seconds") == 0
        assert one(told, "cercle_messages", platform="playground", state="due_now") == 0
        await messages(circle, state=State.WAITING, due_at=TUESDAY - timedelta(seconds=90))
        told = await read(url)
        assert one(told, "cercle_queue_age_seconds") == 90
        assert one(told, "cercle_messages", platform="playground", state="due_now") == 4
        await messages(circle, state=State.WAITING, due_at=TUESDAY + timedelta(seconds=90))
        told = await read(url)
        assert one(told, "cercle_queue_age_seconds") == 0
        assert one(told, "cercle_messages", platform="playground", state="due_now") == 0
        assert one(told, "cercle_database_up") == 1
        await messages(circle, state=State.DEAD)
        told = await read(url)
        assert one(told, "cercle_messages", platform="playground", state="dead") == 4


async def test_the_open_jobs_are_told(circle: House) -> None:
    who = circle.sender("camille")

    def add(tx: Transaction) -> None:
        found = people.find(tx, who.platform, who.workspace, who.user)
        assert found is not None
        posts.add_draft(CircleTransaction(tx, found[0].id), found[1].id, "https://example.org", TUESDAY)
        tx.execute(update(tables.post).values(published_at=None))

    await circle.database.transact(add)
    async with exposed(circle.database, Meters()) as url:
        told = await read(url)
    assert one(told, "cercle_jobs", job="read_page") == 1
    assert one(told, "cercle_jobs", job="publish") == 1


async def test_every_label_is_one_of_few(circle: House) -> None:
    """Nobody, no workspace and no post can be one."""
    meters = Meters()
    meters.sent("playground", "send", Result.SHOWN)
    meters.answered("playground", 1)
    async with exposed(circle.database, meters) as url:
        told = await read(url)
    states = {"due_now", *State} - {State.WAITING}
    few = {"playground", "send", "shown", "read_page", "publish", *states, "+Inf", *map(str, BOUNDS)}
    assert {value for _, labels in told for _, value in labels} <= few
    assert {name for _, labels in told for name, _ in labels} == {
        "platform",
        "method",
        "result",
        "state",
        "job",
        "le",
    }


async def test_without_the_database_the_counters_are_told(away: Database) -> None:
    meters = Meters()
    meters.lease_expired(1)
    async with exposed(away, meters) as url:
        told = await read(url)
    assert one(told, "cercle_database_up") == 0
    assert one(told, "cercle_lease_expiries_total") == 1
    assert not any(name == "cercle_queue_age_seconds" for name, _ in told)


# Who may read


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": f"Bearer {TOKEN}"}, 200),
        ({"Authorization": f"Bearer {TOKEN}x"}, 401),
        ({"Authorization": f"Bearer {TOKEN[:-1]}"}, 401),
        ({"Authorization": "Bearer "}, 401),
        ({"Authorization": "Bearer é"}, 401),
        ({"Authorization": f"Basic {TOKEN}"}, 401),
        ({}, 401),
    ],
)
async def test_with_a_token_whoever_bears_it(away: Database, headers: dict[str, str], status: int) -> None:
    async with exposed(away, Meters(), TOKEN) as url:
        answered, text = await get(url, headers)
    assert answered == status
    assert ("cercle_" in text) == (status == 200)
    assert TOKEN not in text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:8000"}, 200),
        ({"Host": "[::1]:8000"}, 200),
        ({"Host": "cercle.example.org"}, 404),
        ({"Host": "127.0.0.1.evil.example"}, 404),
        ({"X-Forwarded-For": "203.0.113.7"}, 404),
        ({"X-Real-IP": "127.0.0.1"}, 404),
        ({"Forwarded": "for=127.0.0.1"}, 404),
        ({"Via": "1.1 proxy"}, 404),
    ],
)
async def test_without_a_token_whoever_asks_from_this_machine(
    away: Database, headers: dict[str, str], status: int
) -> None:
    """A proxy of ours stands on this machine too, and what comes through it does not."""
    async with exposed(away, Meters()) as url:
        answered, text = await get(url, headers)
    assert answered == status
    assert ("cercle_" in text) == (status == 200)


@pytest.mark.parametrize(("token", "weak"), [("", False), ("t" * 31, True), ("t" * 32, False)])
def test_a_weak_token_stops_the_start(token: str, weak: bool) -> None:
    faults = load({"CERCLE_METRICS_TOKEN": token}).faults()
    assert any("CERCLE_METRICS_TOKEN" in fault for fault in faults) == weak


@pytest.mark.parametrize("peer", ["203.0.113.7", "10.0.0.4", "::ffff:10.0.0.4", "", "nonsense"])
def test_from_elsewhere_is_not_from_here(peer: str) -> None:
    assert not metrics._is_loopback(peer)


# The answers to platforms


async def test_the_requests_of_platforms_are_timed() -> None:
    meters = Meters()
    acks = Acks(meters, {"/slack/events": "slack"})
    async with served(answering(acks, lambda: None)) as url, aiohttp.ClientSession() as session:
        for method, path in (("POST", "/slack/events"), ("POST", "/elsewhere"), ("GET", "/slack/events")):
            async with session.request(method, f"{url}{path}") as answer:
                assert answer.status == 200
    assert {name: sum(h.counts) for name, h in meters.read().answers.items()} == {"slack": 1}
    await acks.quiet()


async def test_what_is_refused_is_no_answer() -> None:
    def refuse() -> None:
        raise web.HTTPUnauthorized

    meters = Meters()
    acks = Acks(meters, {"/slack/events": "slack"})
    async with (
        served(answering(acks, refuse)) as url,
        aiohttp.request("POST", f"{url}/slack/events") as answer,
    ):
        assert answer.status == 401
    assert meters.read().answers == {}
    await acks.quiet()


def answering(acks: Acks, before: Callable[[], None]) -> web.Application:
    async def answer(_: web.Request) -> web.Response:
        before()
        return web.Response(text="ok")

    app = web.Application(middlewares=[acks.middleware()])
    app.router.add_route("*", "/{path:.*}", answer)
    return app
