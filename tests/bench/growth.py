"""Many members: what it takes to accept a post for them, and what a card costs, in time and in memory,
while many wait. No network here: the chat only nods."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

from tests import databases
from tests.bench import servers
from tests.bench.figures import LABELS, Better, Figure, Step
from tests.bench.ours import database, sender, vacuum
from tests.bench.talk import Worker

PATIENCE = 2.0
"""Seconds to accept a post."""
FLAT = 1 / 1.15
"""A card may cost 15 % more."""
BOUND = 20.0
"""Megabytes that the process may grow by while it sends, however many wait."""
NOISE = 0.1
"""Megabytes below which memory has not grown."""


@dataclass(frozen=True)
class Plan:
    """`accepting` members of the post that is accepted so many `times`; `few` and `many` members whose
    cards wait while a slice of so many `cards` leaves, in `rounds`."""

    accepting: int = 5_000
    times: int = 3
    few: int = 1_000
    many: int = 100_000
    cards: int = 200
    rounds: int = 15
    backends: tuple[str, ...] = databases.BACKENDS

    @property
    def steps(self) -> int:
        return len(self.backends) * (3 + self.rounds)

    def measure(self, folder: Path, step: Step) -> list[Figure]:
        return [
            figure
            for backend in self.backends
            for figure in (
                _accepting(folder / f"accept-{backend}", backend, self, step),
                *_sending(folder / f"growth-{backend}", backend, self, step),
            )
        ]


@dataclass
class Line:
    """A process before which so many cards wait. The first slice only warms up."""

    worker: Worker
    cards: int
    milliseconds: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)

    def send(self) -> None:
        seconds = self.worker.ask("slice", cards=self.cards)["seconds"]
        self.milliseconds.append(1000 * seconds / self.cards)
        self.megabytes.append(servers.resident(self.worker.process))

    @property
    def cost(self) -> float:
        """Milliseconds a card."""
        return median(self.milliseconds[1:])

    @property
    def growth(self) -> float:
        return max(NOISE, max(self.megabytes) - self.megabytes[0])


def _accepting(folder: Path, backend: str, plan: Plan, step: Step) -> Figure:
    """By the way of a submission: the dispatcher, the handler, the commit."""
    label = LABELS[backend]
    step(f"a post for {plan.accepting:,} members, {label}")
    with database(folder, backend) as url, sender(folder, url, "nod") as one:
        one.ask("start", by_itself=False)
        one.ask("gather", workspaces=1, members=plan.accepting)
        took = median(one.ask("accept")["seconds"] for _ in range(plan.times))
    what = f"to accept a post for {plan.accepting:,}, {label}, to its limit"
    return Figure(f"accept_{backend}", what, "s", took, PATIENCE, Better.LOWER, 1)


def _sending(folder: Path, backend: str, plan: Plan, step: Step) -> list[Figure]:
    label = LABELS[backend]
    step(f"{plan.few:,} and {plan.many:,} cards that wait, {label}")
    with (
        _line(folder / "few", backend, plan.few, plan) as few,
        _line(folder / "many", backend, plan.many, plan) as many,
    ):
        for number in range(1 + plan.rounds):
            step(f"slices of {plan.cards}, {label}, round {number} of {plan.rounds}")
            for one in (few, many):
                one.send()
    cost = f"cost of a card of {plan.many:,}, {label}, to one of {plan.few:,}"
    memory = f"growth over {plan.cards * plan.rounds:,} of {plan.many:,}, {label}, to its limit"
    return [
        Figure(f"cost_{backend}", cost, "ms", many.cost, few.cost, Better.LOWER, FLAT),
        Figure(f"sending_memory_{backend}", memory, "MB", many.growth, BOUND, Better.LOWER, 1),
    ]


@contextmanager
def _line(folder: Path, backend: str, members: int, plan: Plan) -> Iterator[Line]:
    """The process that sends is not the one that made them all: its memory is its own."""
    with database(folder, backend) as url:
        begun = partial(sender, folder, url, "nod", networks="linkedin", began=time.time())
        with begun() as one:
            one.ask("start", by_itself=False)
            one.ask("gather", workspaces=1, members=members)
            one.ask("publish", author=True)
        vacuum(url)
        with begun() as one:
            one.ask("start", by_itself=False)
            yield Line(one, plan.cards)
