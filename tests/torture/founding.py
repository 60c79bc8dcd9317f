"""A world is founded: fakes behind their networks, people, two circles in the tables, and no process yet."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, time
from functools import partial
from pathlib import Path
from random import Random

import aiohttp
from sqlalchemy import make_url

from bot.domain.circle import Role
from bot.domain.member import Preferences
from handlers.membership.service import found_circle
from storage import circles, people
from storage.engines.connect import connect as connect_database
from storage.transaction import CircleTransaction, Transaction
from tests.emulators.proxy import Address, Plan, Proxy
from tests.emulators.teams import APP_ID, PASSWORD, TENANT
from tests.torture.crowd import Crowd
from tests.torture.fakes import LANGUAGE, LOCALE, ZONE, Slack, Teams
from tests.torture.ledger import Ledger
from tests.torture.people import ANSWERS, Person, SlackPerson, TeamsPerson
from tests.torture.world import Side, World

ALWAYS = Preferences(
    networks=("linkedin",),
    weekly_ceiling=1_000_000,
    day_start=time(),
    day_end=time(23, 59),
    days=frozenset(range(7)),
)
"""The wishes of those who were there before: whatever there is, whenever it comes."""


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
        for circle in circles.every(tx):
            circles.change(CircleTransaction(tx, circle.id), weekly_ceiling=ALWAYS.weekly_ceiling)

    database = connect_database(world.url)
    database.open()
    try:
        asyncio.run(database.transact(fill))
    finally:
        database.close()


def _note_down(tx: Transaction, person: Person, role: Role, now: datetime) -> None:
    sender = person.sender
    who = sender.platform, sender.workspace, sender.user
    people.add(tx, *who, name=sender.name, zone=ZONE, language=LANGUAGE, role=role)
    found = people.find(tx, *who)
    assert found is not None
    circle, known, _ = found
    topics = frozenset(topic.id for topic in circles.topics(CircleTransaction(tx, circle.id)))
    people.join(tx, known, replace(ALWAYS, topics=topics), 1, now)
