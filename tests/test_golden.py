"""What people see changes only with a reviewed diff. UPDATE_GOLDEN=1 writes what is drawn now."""

from __future__ import annotations

import os
from collections.abc import Iterator
from difflib import unified_diff

import pytest

from tests.golden.registry import FOLDER, Sheet, sheets

UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"
SHEETS = tuple(sheets())
LONGEST = 40
"""Lines of a sample's difference that a failure shows."""


def differences(sheet: Sheet, content: str, drawn: str) -> Iterator[str]:
    """A heading and a diff for each sample that is not drawn as in the file."""
    reviewed, now = sheet.read(content), sheet.read(drawn)
    for name in dict.fromkeys([*reviewed, *now]):
        before, after = reviewed.get(name), now.get(name)
        if after is None:
            yield f"{name}: in the file, but nothing draws it"
        elif before is None:
            yield f"{name}: drawn, but not in the file"
        elif before != after:
            lines = list(
                unified_diff(before.splitlines(), after.splitlines(), "reviewed", "drawn", lineterm="", n=2)
            )
            more = [f"… and {len(lines) - LONGEST} lines more"] if len(lines) > LONGEST else []
            yield "\n".join([f"{name}:", *lines[:LONGEST], *more])


@pytest.mark.parametrize(
    "sheet", SHEETS, ids=[f"{sheet.renderer.name}-{sheet.feature}.{sheet.language}" for sheet in SHEETS]
)
def test_drawn_as_reviewed(sheet: Sheet) -> None:
    """A language without golden files is drawn and checked all the same."""
    drawn = sheet.write(sheet.drawn())
    if not sheet.stored:
        return
    if UPDATE:
        sheet.path.parent.mkdir(exist_ok=True)
        sheet.path.write_text(drawn, "utf-8")
    file = sheet.path.relative_to(FOLDER)
    if not sheet.path.exists():
        pytest.fail(f"{file} is missing: UPDATE_GOLDEN=1 writes it", pytrace=False)
    reviewed = sheet.path.read_text("utf-8")
    if drawn != reviewed:
        found = [*differences(sheet, reviewed, drawn)] or [
            "the samples are the same, their order or layout is not"
        ]
        pytest.fail("\n\n".join([f"{file} differs from what is drawn", *found]), pytrace=False)


def test_no_golden_file_is_left_over() -> None:
    expected = {sheet.path for sheet in SHEETS if sheet.stored}
    orphans = sorted({file for file in FOLDER.glob("*/*") if file.parent.name != "__pycache__"} - expected)
    if UPDATE:
        for orphan in orphans:
            orphan.unlink()
        return
    assert not orphans
