"""Which addresses name a picture that both chats may show."""

from __future__ import annotations

import pytest

from bot.domain.picture import may_be_shown


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/photo.png",
        "https://example.org/photo.JPG",
        "https://example.org/photo.jpeg?width=1200",
        "https://example.org/photo.gif#top",
        "https://example.org/picture/17",
        "https://example.org/image.php?id=webp-guide",
        "https://webp.example.org/webp/",
    ],
)
def test_a_picture_that_may_be_shown(url: str) -> None:
    assert may_be_shown(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/photo.webp",
        "https://example.org/logo.SVG",
        "https://example.org/photo.avif?width=1200",
        "https://example.org/photo.tiff#top",
        "https://images.example.org/17?fm=webp",
        "https://images.example.org/17.jpg?width=9&format=AVIF",
        "https://[",
    ],
)
def test_a_picture_of_another_format(url: str) -> None:
    assert not may_be_shown(url)
