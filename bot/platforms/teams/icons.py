"""The two icons of the app package, drawn: a subject in the middle, people around it, all equally near."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from math import cos, hypot, pi, sin
from typing import Final

Colour = tuple[int, int, int, int]
Dot = tuple[float, float, float, Colour]
"""Centre x and y, radius, in pixels; what it is filled with."""

ACCENT: Final = "#1f4b43"
GROUND: Final[Colour] = (0x1F, 0x4B, 0x43, 255)
WHITE: Final[Colour] = (255, 255, 255, 255)
SUN: Final[Colour] = (0xFF, 0xD1, 0x66, 255)
CLEAR: Final[Colour] = (255, 255, 255, 0)

PEOPLE: Final = 8


def color() -> bytes:
    """192 × 192, the symbol in its middle 96 × 96 (Teams crops the rest to its own shapes)."""
    return png(192, GROUND, _circle(192, 96, SUN))


def outline() -> bytes:
    """32 × 32, white on nothing."""
    return png(32, CLEAR, _circle(32, 30, WHITE))


def _circle(side: int, symbol: float, subject: Colour) -> list[Dot]:
    middle, far, dot = side / 2, symbol * 0.41, symbol * 0.09
    around = [2 * pi * place / PEOPLE for place in range(PEOPLE)]
    people = [(middle + far * sin(turn), middle - far * cos(turn), dot, WHITE) for turn in around]
    return [(middle, middle, symbol * 0.17, subject), *people]


def png(side: int, ground: Colour, dots: Sequence[Dot]) -> bytes:
    """A square picture, eight bits a channel, with smooth edges."""
    rows = b"".join(b"\0" + bytes(_row(y, side, ground, dots)) for y in range(side))
    header = struct.pack(">2I5B", side, side, 8, 6, 0, 0, 0)
    chunks = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _row(y: int, side: int, ground: Colour, dots: Sequence[Dot]) -> Iterator[int]:
    for x in range(side):
        yield from _pixel(x + 0.5, y + 0.5, ground, dots)


def _pixel(x: float, y: float, ground: Colour, dots: Sequence[Dot]) -> Colour:
    """The dots do not touch, so at most one covers a pixel, wholly or at its edge."""
    for centre_x, centre_y, radius, colour in dots:
        cover = radius + 0.5 - hypot(x - centre_x, y - centre_y)
        if cover > 0:
            return _mixed(ground, colour, min(cover, 1))
    return ground


def _mixed(ground: Colour, colour: Colour, share: float) -> Colour:
    red, green, blue, alpha = (round(g + (c - g) * share) for g, c in zip(ground, colour, strict=True))
    return red, green, blue, alpha
