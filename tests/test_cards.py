"""Rules that hold for every card that a feature shows."""

from __future__ import annotations

import pytest

from bot.chat.card import Card, every_item
from bot.locales import LANGUAGES
from tests.golden.registry import Sample, samples
from tests.test_catalogue import every_text

CARDS = [
    sample for sample in samples() if isinstance(sample.example, Card) and sample.feature != "vocabulary"
]
TYPED = {
    language: [text for key, text in every_text(language) if key.startswith("example.")]
    for language in LANGUAGES
}
"""What people typed, in the samples."""


@pytest.mark.parametrize("sample", CARDS, ids=lambda s: f"{s.feature}.{s.name}.{s.language}")
def test_no_label_holds_what_somebody_typed(sample: Sample) -> None:
    """A label can be cut, and Teams cuts many: what somebody typed stands in words, beside a short label."""
    assert isinstance(sample.example, Card)
    labels = [item.label for item in every_item(sample.example)]
    assert [label for label in labels if any(text in label for text in TYPED[sample.language])] == []
