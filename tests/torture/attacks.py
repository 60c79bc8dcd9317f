"""What is done to a world while its circles are busy."""

from __future__ import annotations

import asyncio
import resource
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from tests.databases import Server
from tests.emulators.proxy import Fault
from tests.emulators.slack import Kind
from tests.torture import child
from tests.torture.judge import Verdict, judge
from tests.torture.processes import Process
from tests.torture.world import World

Attack = Callable[[World], Awaitable[int]]
"""Tells how often it was done."""

T = TypeVar("T")
_ORDERS = ThreadPoolExecutor(1, thread_name_prefix="orders")

WINDS_DOWN = 45.0
"""Seconds for everybody to finish what they began."""
BUSY = 3.0
"""Seconds of business before the first blow."""
REACHED = 40.0
"""Seconds until a point was passed. The sweep alone is due 15 s after the send that it is for."""
LEASE, SWEEP = 6.0, 9.0
"""Seconds, of the children."""
LATE = (LEASE + 0.5, LEASE + 3.0)
"""When a request arrives that somebody kept: after the claim was given up, and before the sweep."""
QUEUE = (
    "procrastinate_jobs",
    "procrastinate_events",
    "procrastinate_periodic_defers",
    "procrastinate_workers",
)
AWAKE = 1.0
"""Seconds between two freezes of one process."""
SELDOM = ("slots.",)
"""How those begin that a process passes once."""
ANSWERS_ONLY = ("dispatch.",)
"""How the points begin that only `cercle serve` passes."""


@dataclass
class Outcome:
    """`verdicts` by platform. `times`: how often it was done. `meant`, `hits`: crash points that were armed,
    and that ended a process. `left`: what there was still to do when all should have come to rest. `broken`:
    why there is no verdict."""

    verdicts: dict[str, Verdict] = field(default_factory=dict)
    times: int = 0
    meant: frozenset[str] = frozenset()
    hits: Counter[str] = field(default_factory=Counter)
    left: str = ""
    broken: str = ""


async def suffer(world: World, attack: Attack, verbs: Sequence[str] = ()) -> Outcome:
    """Busy, attacked, calm, at rest, judged. `verbs`: the processes to begin with."""
    for verb in verbs:
        await world.start(verb)
    crowds = [asyncio.create_task(side.crowd.run()) for side in world.sides]
    try:
        times = await attack(world)
        if not any(process.port for process in world.living()):
            await world.start()
    finally:
        world.calm()
        for side in world.sides:
            side.crowd.stopping = True
        with suppress(TimeoutError):
            async with asyncio.timeout(WINDS_DOWN):
                await asyncio.gather(*crowds)
    left = await world.rest()
    meant = frozenset(process.armed for process in world.processes if process.armed)
    hits = Counter(process.armed for process in world.processes if process.crashed)
    return Outcome(await judge(world), times, meant, hits, left)


# Processes that end


async def crash(world: World, *, names: Sequence[str], drawn: int = 0, most: int = 4) -> int:
    """At each point once, after a random number of passes. `drawn`: only so many of them."""
    order = world.random.sample(names, min(drawn or len(names), len(names)))
    slack = world.sides[0].net.plan
    slack.only, slack.late = b"/api/chat.", LATE
    slack.rates |= {Fault.LATE: 0.12, Fault.CUT: 0.12}
    if world.backend == "sqlite":
        return await _crash_all(world, "serve", order, most)
    serving = [name for name in order if name.startswith(ANSWERS_ONLY) or world.random.random() < 0.5]
    working = [name for name in order if name not in serving]
    companion = await world.start("worker")
    done = await _crash_all(world, "serve", serving, most)
    _fell(world, companion)
    companion = await world.start("serve")
    return done + await _crash_all(world, "worker", working, most)


async def _crash_all(world: World, verb: str, names: Sequence[str], most: int) -> int:
    return sum([await _crash_at(world, verb, name, most) for name in names])


async def _crash_at(world: World, verb: str, name: str, most: int) -> bool:
    for passes in (1 if name.startswith(SELDOM) else world.random.randint(1, most), 1):
        process = await world.start(verb, f"{name}:{passes}")
        until = time.monotonic() + REACHED
        while process.lives and time.monotonic() < until:
            await asyncio.sleep(0.05)
        if process.crashed:
            world.troubled()
            return True
        _fell(world, process)
    return False


async def kill(world: World, *, times: int) -> int:
    await asyncio.sleep(BUSY)
    for _ in range(times):
        await asyncio.sleep(world.random.uniform(0.1, 2.0))
        process = world.random.choice(world.living())
        _fell(world, process)
        await world.start(process.verb)
    return times


def _fell(world: World, process: Process) -> None:
    world.troubled()
    process.kill()


async def freeze(world: World, *, times: int) -> int:
    """Beyond the lease, and thawed before the sweep: whoever has just been thawed gets the time to do what it
    was about to, or the two would be one freeze beyond both."""
    await asyncio.sleep(BUSY)
    process: Process | None = None
    for _ in range(times):
        await asyncio.sleep(world.random.uniform(0.1, 1.5))
        before, process = process, world.random.choice(world.living())
        if process is before:
            await asyncio.sleep(AWAKE)
        span = world.random.uniform(LEASE + 0.5, LEASE + 3.0)
        world.troubled(span + 2.5)
        process.freeze()
        await asyncio.sleep(span)
        process.thaw()
    return times


# The database


async def told(order: Callable[[], T]) -> T:
    """What is ordered of a server, one order at a time: its package is not for several threads."""
    return await asyncio.get_running_loop().run_in_executor(_ORDERS, order)


async def stop_the_server(world: World, *, server: Server, times: int) -> int:
    await asyncio.sleep(BUSY)
    for _ in range(times):
        away = world.random.uniform(0.2, 4.0)
        world.troubled(away + 3.0)
        await told(server.stop_at_once)
        await asyncio.sleep(away)
        await told(server.start)
        await asyncio.sleep(world.random.uniform(1.0, 3.0))
    return times


async def fill_the_disk(world: World, *, times: int) -> int:
    """By turns: no file may grow, as on a full disk, and SQLite itself is told that there is no room."""
    await asyncio.sleep(BUSY)
    for turn in range(times):
        full = world.random.uniform(1.0, 3.0)
        world.troubled(full + 3.0)
        await (_no_file_grows if turn % 2 == 0 else _no_page_is_left)(world, full)
        await asyncio.sleep(world.random.uniform(1.0, 2.0))
    return times


async def _no_file_grows(world: World, seconds: float) -> None:
    (process,) = world.living()
    free = resource.prlimit(process.popen.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.popen.pid, resource.RLIMIT_FSIZE, (4096, free[1]))
    await asyncio.sleep(seconds)
    resource.prlimit(process.popen.pid, resource.RLIMIT_FSIZE, free)


async def _no_page_is_left(world: World, seconds: float) -> None:
    (process,) = world.living()
    _fell(world, process)
    ((pages,),) = await world.rows("PRAGMA page_count")
    process = await world.start(**{child.MOST_PAGES: str(pages + 1)})
    await asyncio.sleep(seconds)
    _fell(world, process)
    await world.start()


async def stall_the_database(world: World, *, times: int) -> int:
    """Nothing comes back from it, and then the process ends."""
    assert world.database is not None
    await asyncio.sleep(BUSY)
    for _ in range(times):
        world.troubled(4.0)
        world.database.open.clear()
        await asyncio.sleep(world.random.uniform(0.5, 4.0))
        process = next(process for process in world.living() if process.port)
        _fell(world, process)
        world.database.open.set()
        await world.start()
        await asyncio.sleep(world.random.uniform(0.5, 1.5))
    return times


async def spoil_the_database(world: World, *, seconds: float) -> int:
    """Its network: what was committed may look as if it were not."""
    assert world.database is not None
    await asyncio.sleep(BUSY)
    world.troubled(seconds + 3.0)
    plan = world.database.plan
    plan.delay = 0.3
    plan.rates |= {Fault.RESET: 0.004, Fault.CUT: 0.008, Fault.HALF_CLOSE: 0.004, Fault.DELAY: 0.01}
    await asyncio.sleep(seconds)
    return plan.met.total()


async def empty_the_queue(world: World, *, times: int) -> int:
    """All that Procrastinate knows, but for its own version."""
    await asyncio.sleep(BUSY)
    for _ in range(times):
        await world.change(f"truncate {', '.join(QUEUE)} cascade")
        await asyncio.sleep(world.random.uniform(0.5, 2.0))
    return times


# The network


async def storm(world: World, *, seconds: float) -> int:
    """Three calls in ten go wrong, half of them on the platforms' side and half on the way; some of what
    people send does too."""
    for side in world.sides:
        side.net.plan.rates |= {
            Fault.RESET: 0.03,
            Fault.CUT: 0.03,
            Fault.HALF_CLOSE: 0.02,
            Fault.TRUNCATE: 0.02,
            Fault.DELAY: 0.03,
            Fault.DRIP: 0.02,
        }
    world.slack.faults.rates |= {
        Kind.THROTTLE: 0.03,
        Kind.ERROR: 0.03,
        Kind.HTML: 0.02,
        Kind.REFUSE: 0.01,
        Kind.RESET: 0.02,
        Kind.CUT: 0.02,
        Kind.TRUNCATE: 0.01,
        Kind.SLOW: 0.01,
    }
    world.teams.weather.rates |= {
        "throttle": 0.03,
        "error": 0.03,
        "gateway": 0.02,
        "reset": 0.02,
        "cut": 0.02,
        "truncate": 0.01,
        "failed afterwards": 0.01,
        "slow": 0.01,
    }
    world.door.plan.rates |= {Fault.RESET: 0.02, Fault.CUT: 0.02, Fault.TRUNCATE: 0.01}
    await asyncio.sleep(seconds)
    return sum(side.net.plan.met.total() for side in world.sides) + world.slack.faults.met.total()


async def peace(world: World, *, seconds: float) -> int:
    """Nothing at all: what goes wrong now goes wrong by itself."""
    await asyncio.sleep(seconds)
    return 1
