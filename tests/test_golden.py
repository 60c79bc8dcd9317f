"""Nothing anybody sees changes unseen. UPDATE_GOLDEN=1 writes what is drawn today; the diff is the review."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from tests.golden.registry import FOLDER, RENDERERS, Renderer, Sample, samples

UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"
DRAWN = [
    (renderer, sample)
    for sample in samples()
    for renderer in RENDERERS
    if renderer.draw(sample.example) is not None
]


def as_text(drawn: Any) -> str:
    return json.dumps(drawn, ensure_ascii=False, indent=2) + "\n"


@pytest.mark.parametrize(
    ("renderer", "sample"), DRAWN, ids=[f"{r.name}-{s.feature}.{s.name}.{s.language}" for r, s in DRAWN]
)
def test_drawn_as_reviewed(renderer: Renderer, sample: Sample) -> None:
    drawn = renderer.draw(sample.example)
    renderer.check(drawn)
    golden = sample.path(renderer)
    if UPDATE:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(as_text(drawn), "utf-8")
    assert golden.exists(), f"{golden.name} is missing: look at it under UPDATE_GOLDEN=1"
    assert as_text(drawn) == golden.read_text("utf-8")


def test_no_golden_file_is_left_over() -> None:
    expected = {sample.path(renderer) for renderer, sample in DRAWN}
    orphans = sorted(set(FOLDER.glob("*/*.json")) - expected)
    if UPDATE:
        for orphan in orphans:
            orphan.unlink()
        return
    assert not orphans
