"""The attack in short, on both databases; and a judge that sees what it is there to see."""

from __future__ import annotations

import ast
import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.emulators.proxy import Fault
from tests.torture import attacks, child, points, trials
from tests.torture.crowd import Crowd
from tests.torture.fakes import SORRY, Apologies
from tests.torture.ledger import Ledger, What, possible
from tests.torture.trials import Ended, Home, Trial
from tests.torture.world import World

POINTS = {
    "sqlite": ["sqlite.committed", "pump.answered"],
    "postgres": ["dispatch.heard", "postgres.committed"],
}


ENOUGH = 5
"""Accepted things, and more, by which a bot is judged."""


async def a_little(world: World) -> int:
    """Crashes before and after a commit, a kill and bad weather, or a freeze."""
    done = await attacks.crash(world, names=POINTS[world.backend], most=2)
    if world.backend == "sqlite":
        await world.start()
        done += await attacks.kill(world, times=1) + await attacks.storm(world, seconds=3)
    else:
        done += await attacks.freeze(world, times=1)
    await busy(world)
    return done


async def busy(world: World) -> None:
    """Until there is something to judge, however soon the blows fell."""
    async with asyncio.timeout(60):
        while any(answered(world.ledger, side.crowd) <= 2 * ENOUGH for side in world.sides):
            await asyncio.sleep(0.1)


def answered(ledger: Ledger, crowd: Crowd) -> int:
    theirs = {crowd.user(person) for person in (crowd.lead, *crowd.members, *crowd.newcomers)}
    return sum(deed.user in theirs and deed.ended is not None and not deed.refused for deed in ledger.deeds)


async def sabotage(world: World) -> int:
    """The bot sends again to Slack whatever it is in doubt about, without looking; and what is written down
    for one member in Teams is gone at once. It takes as long as that takes."""
    world.environ[child.BLIND] = "1"
    slack, teams = world.sides
    slack.net.plan.only = b"chat.postMessage"
    slack.net.plan.rates[Fault.CUT] = 0.5
    await world.change(LEAK)
    await world.start()
    async with asyncio.timeout(60):
        while slack.net.plan.met[Fault.CUT] < 6 or not teams.crowd.members[1].cards("A first week"):
            await asyncio.sleep(0.2)
    return 1


LEAK = """
    create trigger leak after insert on message when new.kind = 'post' and new.address like '%00000101-%'
    begin delete from message where id = new.id; end
"""


NOT_TAKEN_BACK = "not shown as withdrawn"
"""Whoever does not look misses what stood there when it was taken back."""


async def test_attacked_it_loses_nothing_and_a_sabotaged_one_is_found_out(tmp_path: Path) -> None:
    homes = ((a_little, Home.SQLITE), (a_little, Home.POSTGRES), (sabotage, Home.SQLITE))
    planned = [Trial(does.__name__, home, does, verbs=()) for does, home in homes]
    *attacked, sabotaged = await trials.run_all(planned, 1, tmp_path)
    for each in attacked:
        assert_nothing_was_lost(each)

    slack, teams = (sabotaged.outcome.verdicts[name] for name in ("slack", "teams"))
    assert slack.twice
    assert all(NOT_TAKEN_BACK in sentence for sentence in slack.lost), slack.lost
    assert teams.lost
    assert {sentence[:8] for sentence in teams.lost} == {"00000101"}


def assert_nothing_was_lost(ended: Ended) -> None:
    outcome = ended.outcome
    assert outcome.left == ""
    assert set(outcome.hits) == set(POINTS[ended.trial.home.backend])
    for name, verdict in outcome.verdicts.items():
        assert (verdict.lost, verdict.twice) == ([], []), (name, ended.seed, ended.folder)
        assert verdict.accepted > ENOUGH


# The points


def test_every_point_is_named_once_and_is_of_some_database() -> None:
    assert set(points.of("sqlite")) | set(points.of("postgres")) == set(points.every())
    assert len(points.every()) > 15


@pytest.mark.parametrize("call", ["crash(name)", "crash()", 'crash("a", "b")', 'crash(f"a{1}")'])
def test_a_point_that_could_not_be_enumerated_is_refused(call: str) -> None:
    with pytest.raises(ValueError, match="one literal name"):
        list(points.named(ast.parse(call)))


def test_all_of_them_are_in_the_long_run() -> None:
    for backend in ("sqlite", "postgres"):
        worlds = [t for t in trials.long() if t.fault == trials.CRASH and t.home.backend == backend]
        assert len(worlds) == trials.SEEDS
        assert all(t.how["names"] == points.of(backend) and not t.how["drawn"] for t in worlds)


def test_a_short_run_has_every_kind() -> None:
    assert {t.fault for t in trials.short(60)} == {t.fault for t in trials.long()} - {trials.PEACE}


# The shortened times

TOLD = """
import json
from datetime import timedelta
from tests.torture import child
if {shorten}:
    child.shorten()
from scheduler.pump import times as t
times = t.LEASE, t.CALL, t.FRESH, t.SWEEP, t.LEAVE, t.FIRST_RETRY, t.LAST_RETRY, *t.ASK_AGAIN
print(json.dumps([time / timedelta(seconds=1) for time in times]))
"""


def times(shorten: bool) -> list[float]:
    words = [sys.executable, "-c", TOLD.format(shorten=shorten)]
    done = subprocess.run(words, cwd=points.ROOT, capture_output=True, text=True, check=True)
    told: list[float] = json.loads(done.stdout)
    return told


def test_the_times_of_the_children_keep_their_proportions() -> None:
    real, quick = times(shorten=False), times(shorten=True)
    assert quick == [time / child.TEN for time in real]
    assert quick[:4] == [attacks.LEASE, 1.0, 0.1, attacks.SWEEP]


# What was accepted


def test_accepted_is_what_was_answered_and_not_with_an_apology() -> None:
    ledger, apologies = Ledger(), Apologies()
    taken, refused, unanswered = (ledger.begin(What.WORDS, "U1", "c", str(n)) for n in range(3))
    taken.done()
    refused.done(taken=False)
    assert [deed.accepted(apologies) for deed in (taken, refused, unanswered)] == [True, False, False]
    apologies.note("U2", SORRY)
    assert taken.accepted(apologies)
    apologies.note("U1", SORRY)
    assert not taken.accepted(apologies)


def test_the_last_accepted_one_counts_and_later_ones_may() -> None:
    ledger = Ledger()
    first, second, third, fourth = (ledger.begin(What.WORDS, "U1", "c", value) for value in "abcd")
    second.done()
    fourth.done(taken=False)
    assert possible([first, second, third, fourth], Apologies(), "") == {"b", "c"}
    assert possible([first], Apologies(), "") == {"", "a"}


def test_nothing_of_it_is_in_the_product() -> None:
    """The children are the real thing: what they are told otherwise stands in one module of the tests."""
    named = {child.SLOTS, child.BLIND, child.MOST_PAGES}
    for package in points.PACKAGES:
        for file in Path(points.ROOT / package).rglob("*.py"):
            assert not named & set(file.read_text().split('"'))
