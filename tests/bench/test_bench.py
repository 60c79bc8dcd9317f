"""The bench itself works: its smallest version, of which no figure is judged but that nothing was lost."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.bench import servers


def test_the_smallest_bench_tells_its_figures_in_its_last_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--smallest"],
        cwd=servers.ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    last = done.stdout.splitlines()[-1]
    print(last)
    told = json.loads(last)
    assert list(told) == [
        "rate_to_bolt",
        "p99_to_bolt",
        "rate_to_floor",
        "writes_ours",
        "writes_peer",
        "start",
        "memory",
        "growth",
    ]
    assert all(set(figure) == {"ours", "against", "ratio", "goal"} for figure in told.values())
    assert told["writes_ours"]["ratio"] >= 1
    assert told["writes_peer"]["ratio"] >= 1
