"""One post to everybody, as fast as the chat takes it: our pump with its database, and others with none.

The chat is unlimited here: ours is given a pace that never holds it. Everybody in the crowd has been written
to before, so that nobody opens a conversation; the same bodies leave on all sides, as many
at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests import databases
from tests.bench.figures import LABELS, Better, Figure, Step
from tests.bench.ours import database, sender
from tests.bench.talk import Worker, worker


@dataclass(frozen=True)
class Plan:
    """`few` is for the stock adapter, which takes its time."""

    cards: int = 3_000
    few: int = 60
    rounds: int = 9
    backends: tuple[str, ...] = databases.BACKENDS

    @property
    def steps(self) -> int:
        return 2 * (2 + self.rounds)

    def measure(self, folder: Path, step: Step) -> list[Figure]:
        with worker(folder, "wire") as wire:
            return [*_to_slack(folder, wire, self, step), *_to_teams(folder, wire, self, step)]


@dataclass
class Contender:
    """`turn` tells how many cards a second; the first one only warms up."""

    turn: Callable[[], float]
    turns: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return median(self.turns[1:])


def _to_slack(folder: Path, wire: Worker, plan: Plan, step: Step) -> list[Figure]:
    with _each(folder, wire, "slack", plan, step) as ours, _peer(folder, wire, "peer_sdk") as peer:
        bodies = _bodies(folder, wire, "slack", plan.cards)
        sdk, bare = (Contender(_posting(peer, how, bodies, plan.cards)) for how in ("sdk", "bare"))
        _race([*ours.values(), sdk, bare], plan.rounds, step)
    return [
        *(
            _faster(f"slack_{name}", f"cards to Slack with {LABELS[name]}, to slack_sdk alone", one, sdk, 0.8)
            for name, one in ours.items()
        ),
        _faster("slack_sdk", "cards to Slack by slack_sdk alone, to aiohttp alone", sdk, bare, None),
    ]


def _to_teams(folder: Path, wire: Worker, plan: Plan, step: Step) -> list[Figure]:
    with _each(folder, wire, "teams", plan, step) as ours, _peer(folder, wire, "peer_cloud") as peer:
        bodies = _bodies(folder, wire, "teams", plan.few)
        stock = Contender(_posting(peer, "cloud", bodies, plan.few))
        _race([*ours.values(), stock], plan.rounds, step)
    return [
        _faster(f"teams_{name}", f"cards to Teams with {LABELS[name]}, to the stock adapter", one, stock, 5)
        for name, one in ours.items()
    ]


@contextmanager
def _each(folder: Path, wire: Worker, chat: str, plan: Plan, step: Step) -> Iterator[dict[str, Contender]]:
    """Ours, on each of the databases."""
    step(f"a crowd in {chat.title()}")
    with ExitStack() as stack:
        yield {
            backend: stack.enter_context(_ours(folder / f"{chat}-{backend}", wire, chat, backend, plan.cards))
            for backend in plan.backends
        }


@contextmanager
def _ours(folder: Path, wire: Worker, chat: str, backend: str, cards: int) -> Iterator[Contender]:
    port = wire.ask("port")["port"]
    with database(folder, backend) as url, sender(folder, url, chat, port) as one:
        one.ask("start", by_itself=True)
        one.ask("gather", workspaces=1, members=cards)
        contender = Contender(_sending(wire, one, cards))
        contender.turns.append(contender.turn())
        yield contender


def _sending(wire: Worker, one: Worker, cards: int) -> Callable[[], float]:
    """From the commit of a post until the last of its cards is written down as standing there."""

    def turn() -> float:
        there = wire.ask("number")["number"]
        began = one.ask("publish", author=True)["at"]
        wire.ask("until", number=there + cards)
        return cards / float(one.ask("drained")["at"] - began)

    return turn


@contextmanager
def _peer(folder: Path, wire: Worker, module: str) -> Iterator[Worker]:
    with worker(folder, module, port=wire.ask("port")["port"]) as one:
        yield one


def _bodies(folder: Path, wire: Worker, chat: str, number: int) -> str:
    """What ours has just sent."""
    file = str(folder / f"{chat}.json")
    assert wire.ask("bodies", number=number, file=file)["number"] == number
    return file


def _posting(peer: Worker, how: str, bodies: str, cards: int) -> Callable[[], float]:
    return lambda: cards / float(peer.ask(how, bodies=bodies, cards=cards)["seconds"])


def _race(contenders: Sequence[Contender], rounds: int, step: Step) -> None:
    """In turn, so that whatever else the machine does meets all of them."""
    for number in range(1 + rounds):
        step(f"fan-out, round {number} of {rounds}")
        for one in contenders:
            one.turns.append(one.turn())


def _faster(name: str, what: str, one: Contender, other: Contender, goal: float | None) -> Figure:
    return Figure(name, what, "/s", one.rate, other.rate, Better.HIGHER, goal)
