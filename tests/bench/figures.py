"""What was measured, as ratios: at or above its goal a ratio is good."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from rich.table import Table

Step = Callable[[str], None]
"""Tells what is done next."""
LABELS = {"sqlite": "SQLite", "postgres": "PostgreSQL"}


class Better(StrEnum):
    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True)
class Figure:
    """`ours` and `against` in the same `unit`. Without a `goal` it is only told."""

    name: str
    what: str
    unit: str
    ours: float
    against: float
    better: Better
    goal: float | None = None

    @property
    def ratio(self) -> float:
        """How many times as good as `against` ours is."""
        return self.ours / self.against if self.better is Better.HIGHER else self.against / self.ours

    @property
    def mark(self) -> str:
        if self.goal is None:
            return ""
        return "[green]good[/]" if self.ratio >= self.goal else "[red]short[/]"


def table(figures: list[Figure]) -> Table:
    drawn = Table("", "ours", "against", "", "ratio", "goal", "")
    for column in drawn.columns[1:]:
        column.justify = "right"
    for f in figures:
        goal = "" if f.goal is None else f"≥ {f.goal:.2g}"
        drawn.add_row(f.what, f"{f.ours:,.1f}", f"{f.against:,.1f}", f.unit, f"{f.ratio:.2f}", goal, f.mark)
    return drawn


def summary(figures: list[Figure]) -> dict[str, dict[str, float | None]]:
    return {
        f.name: {
            "ours": round(f.ours, 2),
            "against": round(f.against, 2),
            "ratio": round(f.ratio, 3),
            "goal": f.goal,
        }
        for f in figures
    }
