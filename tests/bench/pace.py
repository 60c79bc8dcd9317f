"""As fast as the platforms allow, and never faster: what arrives is counted at the other end of the wire.

Every workspace has more waiting than may leave. Slack's are a hundred in one organisation, served by one
process on SQLite and by several that share a PostgreSQL; Teams has one tenant.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

from bot.chat.messenger import Limit
from tests import databases
from tests.bench.figures import LABELS, Better, Figure, Step
from tests.bench.ours import database, sender
from tests.bench.talk import Worker, worker

ALLOWED = Limit(4, burst=10)
"""To one workspace: "several hundred per minute" (docs.slack.dev/apis/web-api/rate-limits)."""
TENANT_LIMIT = 50
"""Requests in a second that Teams takes from a bot in one tenant."""
MORE = 1.0
"""Seconds: the first card leaves a moment after the process said that it started."""
APART = 1.0
"""Seconds between two messages to one conversation."""


@dataclass(frozen=True)
class Plan:
    """`seconds` of sending to `members` of so many `workspaces`, `posts` for each of whom wait; by so many
    `processes` where they can share a database."""

    seconds: float = 45.0
    workspaces: int = 100
    members: int = 10
    posts: int = 21
    processes: int = 2
    tenant_members: int = 30
    tenant_posts: int = 45

    backends: tuple[str, ...] = databases.BACKENDS

    @property
    def steps(self) -> int:
        return len(self.backends) + 1

    def measure(self, folder: Path, step: Step) -> list[Figure]:
        slack = [
            figure
            for backend in self.backends
            for figure in _slack(folder / f"pace-{backend}", backend, self, step)
        ]
        return [*slack, *_teams(folder / "pace-teams", self, step)]


@dataclass(frozen=True)
class Arrival:
    """`at` in seconds."""

    at: float
    conversation: str
    workspace: str


def _slack(folder: Path, backend: str, plan: Plan, step: Step) -> list[Figure]:
    processes = plan.processes if backend == "postgres" else 1
    where = f"{LABELS[backend]}, {processes} sending"
    step(f"{plan.workspaces} workspaces under Slack's limits, {where}")
    crowd = Crowd("slack", plan.workspaces, plan.members, plan.posts)
    arrivals = _sent(folder, backend, processes, crowd, plan.seconds)
    began = arrivals[0].at
    inside = [one for one in arrivals if one.at < began + plan.seconds]
    allowed = plan.workspaces * (ALLOWED.burst + ALLOWED.rate * plan.seconds)
    name, what = f"pace_{backend}", f"cards in {plan.seconds:g} s to {plan.workspaces} workspaces, {where}"
    burst = max(_burst(moments, ALLOWED.rate) for moments in _by(arrivals, lambda one: one.workspace))
    bucket = f"burst of any workspace, {where}, to what is allowed"
    return [
        Figure(name, f"{what}, to what is allowed", "", len(inside), allowed, Better.HIGHER, 0.95),
        Figure(f"{name}_burst", bucket, "", burst, ALLOWED.burst, Better.LOWER, 1),
        _apart(name, f"closest two in a channel, {where}", arrivals, plan.seconds),
    ]


def _teams(folder: Path, plan: Plan, step: Step) -> list[Figure]:
    step("a tenant under Teams' limits")
    crowd = Crowd("teams", 1, plan.tenant_members, plan.tenant_posts)
    arrivals = _sent(folder, "sqlite", 1, crowd, plan.seconds)
    most = max(_most_in(moments, 1.0) for moments in _by(arrivals, lambda one: one.workspace))
    what = "most in a second to a tenant, to Teams' limit"
    return [
        Figure("pace_tenant", what, "", most, TENANT_LIMIT, Better.LOWER, 1),
        _apart("pace_teams", "closest two in a conversation of Teams", arrivals, plan.seconds),
    ]


def _apart(name: str, what: str, arrivals: Iterable[Arrival], seconds: float) -> Figure:
    """All of `seconds` when nobody was sent two."""
    gaps = (
        after - before
        for moments in _by(arrivals, lambda one: one.conversation)
        for before, after in pairwise(moments)
    )
    return Figure(f"{name}_apart", what, "s", min(gaps, default=seconds), APART, Better.HIGHER, 1)


@dataclass(frozen=True)
class Crowd:
    chat: str
    workspaces: int
    members: int
    posts: int


def _sent(folder: Path, backend: str, processes: int, crowd: Crowd, seconds: float) -> list[Arrival]:
    """What came in on the wire from so many processes, for `seconds` and a moment more."""
    with ExitStack() as stack:
        url = stack.enter_context(database(folder, backend))
        wire = stack.enter_context(worker(folder, "wire"))
        begun = partial(
            sender, folder, url, crowd.chat, wire.ask("port")["port"], free=False, began=time.time()
        )
        with begun() as one:
            _fill(one, crowd)
        senders = [stack.enter_context(begun()) for _ in range(processes)]
        for one in senders:
            one.begin("start", by_itself=True)
        for one in senders:
            one.end()
        time.sleep(seconds + MORE)
        arrivals = [Arrival(at, to, _workspace(to)) for at, to in wire.ask("arrivals")["arrivals"]]
        assert arrivals, "nothing arrived"
        return arrivals


def _fill(one: Worker, crowd: Crowd) -> None:
    """Authors have no cards here: their updates have a pace of their own."""
    one.ask("start", by_itself=False)
    one.ask("gather", workspaces=crowd.workspaces, members=crowd.members)
    for _ in range(crowd.posts):
        one.ask("publish", author=False)


def _workspace(conversation: str) -> str:
    """Of `DT7.UN3`, as the bench numbers Slack's; whatever is of Teams is of its tenant."""
    return conversation.partition(".")[0] if conversation.startswith("D") else ""


def _by(arrivals: Iterable[Arrival], of: Callable[[Arrival], str]) -> list[list[float]]:
    """The moments of each, in order."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for one in arrivals:
        found[of(one)].append(one.at)
    return [sorted(moments) for moments in found.values()]


def _burst(moments: list[float], rate: float) -> float:
    """The smallest bucket, refilled at that rate, that all of them fit: how many more than the time since
    allows there ever were, whatever moment one counts from."""
    lowest, burst = float("inf"), 0.0
    for number, at in enumerate(moments):
        lowest = min(lowest, number - rate * at)
        burst = max(burst, number + 1 - rate * at - lowest)
    return burst


def _most_in(moments: list[float], span: float) -> int:
    """In any such span of time."""
    most, first = 0, 0
    for number, at in enumerate(moments):
        while moments[first] <= at - span:
            first += 1
        most = max(most, number + 1 - first)
    return most
