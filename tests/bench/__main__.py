"""`python -m tests.bench`: a table, and as its last line one JSON object."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests import databases
from tests.bench import answers, contest, fanout, growth, idle_look, idle_tick, pace, servers, sight, votes
from tests.bench.contest import Arena, Contender
from tests.bench.figures import Better, Figure, Step, summary, table

GROWTH = 5.0
"""Megabytes that ten thousand presses may add to memory."""
NOISE = 0.1
"""Megabytes below which memory has not grown."""


@dataclass(frozen=True)
class Presses:
    """`pressed` until memory is looked at, and as many again. The peer is slow: it is asked for less."""

    members: int = 96
    rounds: int = 7
    presses: int = 1200
    peer_presses: int = 360
    pressed: int = 10_000
    starts: int = 5

    @property
    def steps(self) -> int:
        return 1 + 3 * (1 + self.rounds) + 3 + self.starts

    def measure(self, folder: Path, step: Step) -> list[Figure]:
        with servers.fakes(folder, self.members) as told:
            step("a circle, its members, and a card before each")
            with contest.arena(folder, told, self.members) as arena:
                raced = race(arena, self, step)
                remembered = memory(arena, self, step)
                kept = writes(arena)
            started = start(folder, arena.environ, self, step)
        return [*raced, *kept, *started, *remembered]


class Plan(Protocol):
    """One part of the bench. `steps`: how often it tells what is done next."""

    @property
    def steps(self) -> int: ...

    def measure(self, folder: Path, step: Step) -> list[Figure]: ...


PLANS: dict[str, Plan] = {
    "presses": Presses(),
    "fanout": fanout.Plan(),
    "growth": growth.Plan(),
    "pace": pace.Plan(),
    "votes": votes.Plan(),
    "press_to_sight": sight.Plan(),
    "idle_tick": idle_tick.Plan(),
    "idle_look": idle_look.Plan(),
    "answers": answers.Plan(),
}
SMALLEST: dict[str, Plan] = {
    "presses": Presses(members=16, rounds=1, presses=64, peer_presses=32, pressed=128, starts=1),
    "fanout": fanout.Plan(cards=40, few=3, rounds=1, backends=("postgres",)),
    "growth": growth.Plan(accepting=50, times=1, few=20, many=60, cards=10, rounds=1, backends=("sqlite",)),
    "pace": pace.Plan(
        seconds=1.5,
        workspaces=3,
        members=3,
        posts=6,
        tenant_members=3,
        tenant_posts=3,
        backends=("postgres",),
    ),
    "votes": votes.Plan(
        members=48,
        rounds=1,
        votes=48,
        peer_votes=32,
        few=10,
        many=100,
        voters=8,
        cards=8,
        turns=3,
        backends=("sqlite",),
    ),
    "press_to_sight": sight.Plan(members=8, seconds=1.0),
    "idle_tick": idle_tick.Plan(circles=50, rounds=2, backends=("sqlite",)),
    "idle_look": idle_look.Plan(circles=50, rounds=2, backends=("sqlite",)),
    "answers": answers.Plan(answers=40, backends=("sqlite",)),
}


def race(arena: Arena, plan: Presses, step: Step) -> list[Figure]:
    """In turn, so that whatever else the machine does meets all of them; the first round only warms up."""
    entrants = ((arena.ours, plan.presses), (arena.peer, plan.peer_presses), (arena.floor, plan.presses))
    for server, _ in entrants:
        step(f"{server.name} warms up")
        arena.press(server, plan.members)
    for number in range(plan.rounds):
        for server, presses in entrants:
            step(f"round {number + 1}: {server.name}")
            arena.press(server, presses)
    (our_rate, our_p99), (peer_rate, peer_p99), (floor_rate, _) = (_medians(s) for s, _ in entrants)
    bolt, floor = "an idiomatic Bolt app", "Bolt's own floor"
    return [
        Figure("rate_to_bolt", f"presses, to {bolt}", "/s", our_rate, peer_rate, Better.HIGHER, 3),
        Figure("p99_to_bolt", f"p99 of a press, to {bolt}", "ms", our_p99, peer_p99, Better.LOWER, 5),
        Figure("rate_to_floor", f"presses, to {floor}", "/s", our_rate, floor_rate, Better.HIGHER, 0.5),
    ]


def _medians(server: Contender) -> tuple[float, float]:
    """Presses a second, and milliseconds of the slowest hundredth."""
    measured = server.results[1:]
    return median(result.rate for result in measured), median(result.p99 for result in measured)


def memory(arena: Arena, plan: Presses, step: Step) -> list[Figure]:
    step("memory of the bare imports")
    bare = servers.bare_memory(arena.folder)
    step(f"ours, until {plan.pressed:,} presses")
    arena.press(arena.ours, plan.pressed - arena.ours.answered)
    first = servers.resident(arena.ours.process)
    step(f"ours, {plan.pressed:,} presses more")
    arena.press(arena.ours, plan.pressed)
    growth = max(NOISE, servers.resident(arena.ours.process) - first)
    after = f"{plan.pressed:,} presses"
    return [
        Figure("memory", f"memory after {after}, to bare imports", "MB", first, bare, Better.LOWER, 0.5),
        Figure("growth", f"growth over {after} more, to its limit", "MB", growth, GROWTH, Better.LOWER, 1),
    ]


def writes(arena: Arena) -> list[Figure]:
    """No press that was acknowledged may be missing from its database."""
    return [
        Figure(
            f"writes_{server.name}",
            f"writes of {server.name}, to its acknowledgements",
            "",
            kept,
            server.acknowledged,
            Better.HIGHER,
            1,
        )
        for server, kept in (
            (arena.ours, contest.kept_by_ours(arena)),
            (arena.peer, contest.kept_by_peer(arena)),
        )
    ]


def start(folder: Path, environ: dict[str, str], plan: Presses, step: Step) -> list[Figure]:
    """From the start of the process to 200 from /readyz, the database in today's shape already."""
    ours, bare = [], []
    for number in range(plan.starts):
        step(f"start {number + 1}")
        bare.append(servers.seconds(servers.bare_start))
        began = time.perf_counter()
        with contest.serve(folder, environ, servers.free_port()):
            ours.append(time.perf_counter() - began)
    what = "start to ready, to bare imports"
    return [Figure("start", what, "ms", 1000 * median(ours), 1000 * median(bare), Better.LOWER, 0.5)]


def run(plans: Iterable[Plan], console: Console) -> list[Figure]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        Progress(*columns, console=console) as progress,
        tempfile.TemporaryDirectory(prefix="cercle-bench-") as name,
    ):
        task = progress.add_task("", total=sum(plan.steps for plan in plans))

        def step(what: str) -> None:
            progress.update(task, description=what, advance=1)

        return [figure for plan in plans for figure in plan.measure(Path(name), step)]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--smallest", action="store_true", help="only to see that it works")
    parser.add_argument("parts", nargs="*", choices=[[], *PLANS], help="these parts only")
    asked = parser.parse_args()
    plans = SMALLEST if asked.smallest else PLANS
    console = Console()
    try:
        figures = run([plans[part] for part in asked.parts or plans], console)
    finally:
        databases.stop()
    console.print(table(figures))
    print(json.dumps(summary(figures)))


if __name__ == "__main__":
    main()
