"""What came of it: one table, and the same as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from rich.table import Table

from tests.torture.judge import Verdict
from tests.torture.trials import Ended

Row = tuple[str, str]
"""A fault, and on which database."""


def rows(ended: Sequence[Ended]) -> dict[Row, tuple[int, Verdict]]:
    """How often, and what came of it."""
    found: dict[Row, tuple[int, Verdict]] = {}
    for each in ended:
        row = each.trial.fault, each.trial.home.label
        times, verdict = found.get(row, (0, Verdict()))
        for one in each.outcome.verdicts.values():
            verdict += one
        found[row] = times + each.outcome.times, verdict
    return found


def table(ended: Sequence[Ended]) -> Table:
    drawn = Table(
        "fault", "on", "times", "accepted", "lost", "twice", "twice in Teams,\nanswer lost", "given up"
    )
    for column in drawn.columns[2:]:
        column.justify = "right"
    for (fault, home), (times, verdict) in rows(ended).items():
        judged = (verdict.accepted, len(verdict.lost), len(verdict.twice))
        figures = (times, *judged, verdict.answer_lost, verdict.given_up)
        drawn.add_row(fault, home, *(f"{figure:,}" for figure in figures))
    return drawn


def summary(seed: int, ended: Sequence[Ended]) -> dict[str, Any]:
    faults = [
        {
            "fault": fault,
            "database": home,
            "times": times,
            "accepted": verdict.accepted,
            "lost": len(verdict.lost),
            "twice": len(verdict.twice),
            "teams_answer_lost": verdict.answer_lost,
            "given_up": verdict.given_up,
        }
        for (fault, home), (times, verdict) in rows(ended).items()
    ]
    return {
        "seed": seed,
        "lost": sum(row["lost"] for row in faults),
        "twice": sum(row["twice"] for row in faults),
        "missed": sorted(missed(ended)),
        "points": dict(sorted(hits(ended).items())),
        "faults": faults,
    }


def hits(ended: Sequence[Ended]) -> Counter[str]:
    """How often each crash point was passed and ended a process."""
    return sum((each.outcome.hits for each in ended), Counter())


def missed(ended: Sequence[Ended]) -> set[str]:
    """Crash points that some world was to end at, and did not."""
    return {name for each in ended for name in each.outcome.meant - set(each.outcome.hits)}


def complaints(ended: Sequence[Ended]) -> Iterator[str]:
    for each in ended:
        for name, verdict in each.outcome.verdicts.items():
            for sentence in (*(f"lost: {s}" for s in verdict.lost), *(f"twice: {s}" for s in verdict.twice)):
                yield f"{_where(each)}, {name}: {sentence}"
        if each.outcome.broken:
            yield f"{_where(each)}: it broke: {each.outcome.broken}"
        if each.outcome.left:
            yield f"{_where(each)}: it did not come to rest: {each.outcome.left}"
        if never := missed([each]):
            yield f"{_where(each)}: never passed: {', '.join(sorted(never))}"


def _where(each: Ended) -> str:
    return f"{each.trial.fault} on {each.trial.home.label} (world {each.seed})"
