"""The bench itself works: the smallest version of each of its parts, of which no figure is judged but that
nothing was lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.bench import servers
from tests.bench.sight import GOAL, Plan

FIGURES = {
    "presses": [
        "rate_to_bolt",
        "p99_to_bolt",
        "rate_to_floor",
        "writes_ours",
        "writes_peer",
        "start",
        "memory",
        "growth",
    ],
    "fanout": ["slack_postgres", "slack_sdk", "teams_postgres"],
    "growth": [
        "accept_sqlite",
        "cost_sqlite",
        "sending_memory_sqlite",
    ],
    "pace": [
        "pace_postgres",
        "pace_postgres_burst",
        "pace_postgres_apart",
        "pace_tenant",
        "pace_teams_apart",
    ],
    "votes": [
        "votes_to_bolt",
        "ballots_to_bolt",
        "writes_votes_ours",
        "writes_votes_secret",
        "writes_votes_peer",
        "writes_counters",
        "vote_sqlite",
        "count_sqlite",
    ],
    "press_to_sight": ["press_to_sight", "press_to_sight_channel", "press_to_sight_home"],
    "idle_tick": ["idle_tick_sqlite"],
    "idle_look": ["idle_look_sqlite"],
    "answers": ["answers"],
}


def smallest(part: str) -> dict[str, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--smallest", part],
        cwd=servers.ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return told


@pytest.mark.parametrize("part", FIGURES)
def test_the_smallest_bench_tells_its_figures_in_its_last_line(part: str) -> None:
    told = smallest(part)
    assert list(told) == FIGURES[part]
    assert all(set(figure) == {"ours", "against", "ratio", "goal"} for figure in told.values())
    kept = [figure for name, figure in told.items() if name.startswith(("writes_", "answers"))]
    assert all(figure["ratio"] >= 1 for figure in kept)


def test_a_hundred_people_who_press_in_thirty_seconds_each_see_it_within_two(tmp_path: Path) -> None:
    figures = Plan(members=100, seconds=30).measure(tmp_path, lambda step: None)
    assert {figure.name: figure.ours for figure in figures if figure.ours > GOAL} == {}
