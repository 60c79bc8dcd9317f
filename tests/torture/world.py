"""One world under attack: a database, the fake platforms, a bad network, processes of the real thing, and two
busy circles, one in Slack and one in Teams."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import aiohttp
from sqlalchemy import Connection, create_engine, make_url, text

from bot.demo import free_port
from bot.domain.circle import Role
from bot.domain.member import Preferences
from handlers.membership.service import found_circle
from storage import circles, people
from storage.database import Transaction, is_file
from storage.database import connect as connect_database
from tests.emulators.proxy import Address, Plan, Proxy
from tests.emulators.teams import APP_ID, PASSWORD, TENANT
from tests.torture import child
from tests.torture.crowd import Crowd
from tests.torture.fakes import LANGUAGE, LOCALE, ZONE, Slack, Teams
from tests.torture.ledger import Ledger
from tests.torture.people import ANSWERS, Person, SlackPerson, TeamsPerson
from tests.torture.points import ROOT

T = TypeVar("T")
STARTS = 120.0
"""Seconds that a process gets to be ready, on a busy machine."""
RESTS = 120.0
"""Seconds that the system gets to come to rest once nobody attacks it any more."""
CRASHED, KILLED = 137, -signal.SIGKILL
ALWAYS = Preferences(
    networks=("linkedin",),
    weekly_ceiling=1_000_000,
    day_start=time_of_day(),
    day_end=time_of_day(23, 59),
    days=frozenset(range(7)),
)


UNFINISHED = {
    "messages": """
        select state, count(*) from message
        where state in ('sending', 'ambiguous') or look_at is not null
           or (state = 'waiting' and due_at < :soon)
        group by state
    """,
    "contents": """
        select 'not published', count(*) from content
        where published_at is null and withdrawn_at is null and publish_at < :soon having count(*) > 0
    """,
    "drafts": """
        select 'not read', count(*) from draft
        where state = 'waiting' and created_at < :soon having count(*) > 0
    """,
}


@dataclass(eq=False)
class Process:
    """`cercle serve`, or `cercle worker`, which has no port. `armed`: the crash point at which it ends."""

    popen: subprocess.Popen[bytes]
    log: Path
    port: int = 0
    armed: str = ""
    frozen: bool = False
    began: float = field(default_factory=time.monotonic)

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


@dataclass
class Side:
    """One platform of a world."""

    name: str
    fake: Slack | Teams
    net: Proxy
    crowd: Crowd


@dataclass
class World:
    """`trouble`: spans of time in which an answer that did arrive may not have been written down, because the
    process died or froze or the database was away."""

    seed: int
    url: str
    folder: Path
    random: Random
    ledger: Ledger
    door: Proxy
    database: Proxy | None
    sides: list[Side]
    processes: list[Process] = field(default_factory=list)
    trouble: list[tuple[float, float]] = field(default_factory=list)
    slots: list[str] = field(default_factory=list)
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def backend(self) -> str:
        return "sqlite" if is_file(self.url) else "postgres"

    @property
    def slack(self) -> Slack:
        fake = self.sides[0].fake
        assert isinstance(fake, Slack)
        return fake

    @property
    def teams(self) -> Teams:
        fake = self.sides[1].fake
        assert isinstance(fake, Teams)
        return fake

    def living(self) -> list[Process]:
        return [process for process in self.processes if process.lives]

    # processes

    async def start(self, verb: str = "serve", armed: str = "", **more: str) -> Process:
        """`armed`: "name:n" of a crash point. Ready when it returns, unless the point was in its way."""
        self._plan_a_slot()
        port = free_port(0) if verb == "serve" else 0
        environ = {
            **self.environ,
            "CERCLE_PORT": str(port),
            "CERCLE_CRASH": armed,
            child.SLOTS: " ".join(self.slots),
            **more,
        }
        log = self.folder / f"{len(self.processes)}.log"
        with log.open("wb") as written:
            popen = subprocess.Popen(
                [sys.executable, "-m", "tests.torture.child", verb],
                cwd=ROOT,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=written,
            )
        process = Process(popen, log, port, armed.partition(":")[0])
        self.processes.append(process)
        await self._ready(process)
        return process

    def _plan_a_slot(self) -> None:
        at = datetime.now(UTC) + timedelta(seconds=4)
        self.slots.append(f"slot{len(self.slots)}@{at:%H:%M:%S}")

    async def _ready(self, process: Process) -> None:
        until = time.monotonic() + STARTS
        while time.monotonic() < until:
            if await _is_ready(process) or process.crashed:
                return
            if not process.lives:
                raise AssertionError(f"cercle {process.verb} does not start:\n{process.told()}")
            await asyncio.sleep(0.05)
        raise AssertionError(f"cercle {process.verb} never became ready:\n{process.told()}")

    def upstream(self) -> Address:
        """Any living process, as a load balancer has it. Raises OSError when there is none."""
        if not (awake := [process for process in self.living() if process.port and not process.frozen]):
            raise ConnectionRefusedError
        return "127.0.0.1", self.random.choice(awake).port

    def troubled(self, seconds: float = 0.0, before: float = 2.5) -> None:
        """Something just happened, and lasts. `before`: what a call and writing its outcome down take."""
        now = time.monotonic()
        self.trouble.append((now - before, now + seconds))

    async def end(self) -> None:
        """Every process, with a farewell."""
        for process in self.living():
            process.thaw()
            process.popen.terminate()
        for process in self.living():
            await asyncio.to_thread(process.popen.wait)

    # the database, looked at from beside

    async def look(self, read: Callable[[Connection], T]) -> T:
        return await asyncio.to_thread(self._look, read)

    def _look(self, read: Callable[[Connection], T]) -> T:
        engine = create_engine(self.url)
        try:
            with engine.begin() as connection:
                return read(connection)
        finally:
            engine.dispose()

    async def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        return await self.look(lambda tx: [tuple(row) for row in tx.execute(text(query), values)])

    async def change(self, statement: str) -> None:
        await self.look(lambda tx: tx.execute(text(statement)))

    # peace

    def calm(self) -> None:
        """The network is fair again."""
        for proxy in (self.door, self.database, *(side.net for side in self.sides)):
            if proxy is not None:
                proxy.plan.rates.clear()
                proxy.open.set()
        self.slack.faults.rates.clear()
        self.teams.weather.rates.clear()

    async def rest(self) -> str:
        """End all processes, start a clean one, and wait until there is nothing left to do. Tells what is
        left after a long wait."""
        self.calm()
        await self.end()
        await self.start()
        until = time.monotonic() + RESTS
        while (left := await self._left()) and time.monotonic() < until:
            await asyncio.sleep(0.3)
        return left

    async def _left(self) -> str:
        soon = datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=70)
        left = [
            f"{number} {what} {state}"
            for what, query in UNFINISHED.items()
            for state, number in await self.rows(query, soon=soon)
        ]
        marks = await self.rows("select key from inbox where key like 'slot:%'")
        dates = {slot.partition("@")[0] for slot in self.slots} - {key.split(":")[1] for (key,) in marks}
        return ", ".join([*left, *(f"{date} not kept" for date in sorted(dates))])


async def _is_ready(process: Process) -> bool:
    if process.verb == "worker":
        return '"working"' in process.told()
    with suppress(aiohttp.ClientError, TimeoutError, OSError):
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(2)) as session,
            session.get(f"http://127.0.0.1:{process.port}/readyz") as answer,
        ):
            return answer.status == 200
    return False


@asynccontextmanager
async def world(
    url: str,
    folder: Path,
    seed: int,
    *,
    members: int = 4,
    newcomers: int = 10,
    through: Address | None = None,
) -> AsyncIterator[World]:
    """Everything but a process and its crowd is there. `through`: where PostgreSQL listens, to have a network
    before it that can be spoilt."""
    random = Random(seed)
    async with AsyncExitStack() as stack:
        slack, teams, ledger = Slack(), Teams(), Ledger()
        nets = [await _before(stack, fake, random) for fake in (slack, teams)]
        database = await _before_the_database(stack, through, random)
        made = World(seed, url, folder, random, ledger, Proxy(lambda: made.upstream()), database, [])
        made.door.plan = Plan(seed=random.getrandbits(32))
        await made.door.start()
        stack.push_async_callback(made.door.close)
        session = await stack.enter_async_context(
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWERS))
        )
        teams.bot = made.door.url
        for fake, net, hire in ((slack, nets[0], _in_slack), (teams, nets[1], _in_teams)):
            crowd = _crowd(partial(hire, fake, made, session), ledger, random, members, newcomers)
            made.sides.append(Side("slack" if fake is slack else "teams", fake, net, crowd))
        made.environ = _environ(made)
        await asyncio.to_thread(_seed, made)
        try:
            yield made
        finally:
            for process in made.living():
                process.kill()


async def _before(stack: AsyncExitStack, fake: Slack | Teams, random: Random) -> Proxy:
    await fake.start()
    stack.push_async_callback(fake.close)
    proxy = Proxy(lambda: fake.address, Plan(seed=random.getrandbits(32)))
    await proxy.start()
    stack.push_async_callback(proxy.close)
    fake.known_as(proxy.url)
    return proxy


async def _before_the_database(stack: AsyncExitStack, where: Address | None, random: Random) -> Proxy | None:
    if where is None:
        return None
    proxy = Proxy(lambda: where, Plan(seed=random.getrandbits(32)))
    await proxy.start()
    stack.push_async_callback(proxy.close)
    return proxy


def _crowd(
    hire: Callable[[int], Person], ledger: Ledger, random: Random, members: int, newcomers: int
) -> Crowd:
    people = [hire(number) for number in range(1 + members + newcomers)]
    lead, inside, outside = people[0], people[1 : 1 + members], people[1 + members :]
    prefix = "s" if isinstance(lead, SlackPerson) else "t"
    return Crowd(lead, inside, outside, ledger, random, prefix)


def _in_slack(slack: Slack, world: World, session: aiohttp.ClientSession, number: int) -> SlackPerson:
    id = f"U{100 + number}"
    slack.add_user(id, id, locale=LOCALE, tz=ZONE)
    return SlackPerson(slack, id, f"{world.door.url}/slack/events", session, random=world.random)


def _in_teams(teams: Teams, world: World, session: aiohttp.ClientSession, number: int) -> TeamsPerson:
    aad = f"{100 + number:08d}-cccc-4ccc-8ccc-000000000001"
    teams.installed.add(aad)
    return TeamsPerson(teams, f"T{100 + number}", aad, random=world.random)


def _environ(world: World) -> dict[str, str]:
    microsoft = world.teams.settings()
    url = make_url(world.url)
    if world.database is not None:
        url = url.set(host="127.0.0.1", port=world.database.port, query={})
    return {
        "PATH": os.environ["PATH"],
        "CERCLE_DATABASE_URL": url.render_as_string(hide_password=False),
        "CERCLE_BASE_URL": world.door.url,
        "CERCLE_SECRET_KEY": "k" * 43,
        "CERCLE_LOG_LEVEL": "INFO",
        "SLACK_SIGNING_SECRET": world.slack.secret,
        "SLACK_BOT_TOKEN": world.slack.token,
        "SLACK_API_URL": world.slack.api_url,
        "MICROSOFT_APP_ID": APP_ID,
        "MICROSOFT_APP_PASSWORD": PASSWORD,
        "MICROSOFT_APP_TENANT_ID": TENANT,
        "MICROSOFT_OPENID_URL": microsoft.openid_url,
        "MICROSOFT_LOGIN_URL": microsoft.login_url,
        "MICROSOFT_SERVICE_HOSTS": "127.0.0.1",
    }


def _seed(world: World) -> None:
    """Two circles, each with its lead and the members who were there before."""

    def fill(tx: Transaction) -> None:
        now = datetime.now(UTC)
        for side in world.sides:
            home = side.crowd.lead.sender
            found_circle(tx, home.platform, home.workspace, LANGUAGE, ZONE, now)
            _note_down(tx, side.crowd.lead, Role.LEAD, now)
            for person in side.crowd.members:
                _note_down(tx, person, Role.NONE, now)

    database = connect_database(world.url)
    database.open()
    try:
        asyncio.run(database.transact(fill))
    finally:
        database.close()


def _note_down(tx: Transaction, person: Person, role: Role, now: datetime) -> None:
    sender = person.sender
    who = sender.platform, sender.workspace, sender.user
    people.add(tx, *who, name=sender.name, zone=ZONE, platform_language=LANGUAGE, role=role)
    found = people.find(tx, *who)
    assert found is not None
    circle, known, _ = found
    topics = frozenset(topic.id for topic in circles.topics(tx, circle.id))
    people.join(tx, known, replace(ALWAYS, topics=topics), 1, now)
