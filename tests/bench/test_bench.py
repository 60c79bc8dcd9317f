"""The bench itself works: the smallest version of each of its parts, of which no figure is judged but that
nothing was lost."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from tests.bench import servers

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


def test_the_smallest_bench_tells_its_figures_in_its_last_line() -> None:
    """All parts in one process, as `make bench` runs them."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--smallest"],
        cwd=servers.ROOT,
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    assert list(told) == [name for names in FIGURES.values() for name in names]
    assert all(set(figure) == {"ours", "against", "ratio", "goal"} for figure in told.values())
    kept = [figure for name, figure in told.items() if name.startswith(("writes_", "answers"))]
    assert all(figure["ratio"] >= 1 for figure in kept)
