"""Secret answers: the key of a question, the pseudonyms it makes, what a sealed answer holds, and from how
many people on anything is shown of them. Every threshold that protects a small group stands here."""

from __future__ import annotations

import hmac
import secrets

ENOUGH = 5
"""People. With fewer, a result, an average or a free word would point at somebody."""
KEY = 32
LENGTH = 2
"""Bytes that tell how long the words in a sealed answer are."""
WIDEST = 4
"""Bytes that UTF-8 needs for a character, at most."""


def enough(people: int) -> bool:
    """Whether what so many people said may be shown together."""
    return people >= ENOUGH


def at_least(people: int) -> int:
    """Round down to a multiple of ENOUGH: how many people answered, as it is shown while a secret question is
    open. It tells nobody that one certain person has just answered."""
    return people - people % ENOUGH


def new_key() -> bytes:
    return secrets.token_bytes(KEY)


def pseudonym(key: bytes, person_id: str) -> str:
    """Return 32 hexadecimal digits: always the same under one key, of no use under another."""
    return hmac.digest(key, person_id.encode(), "sha256").hex()[:32]


def packed(words: str, longest: int) -> bytes:
    """Return `words`, of at most `longest` characters, in as many bytes as the longest would take. Raises
    ValueError for more characters."""
    if len(words) > longest:
        raise ValueError(f"{len(words)} characters, and there is room for {longest}")
    said = words.encode("utf-8", "replace")
    return len(said).to_bytes(LENGTH) + said.ljust(WIDEST * longest, b"\0")


def unpacked(content: bytes) -> str:
    """Return the words that `packed` was given."""
    end = LENGTH + int.from_bytes(content[:LENGTH])
    return content[LENGTH:end].decode()


def room(longest: int) -> int:
    """Return the bytes that `packed` makes of words of at most `longest` characters."""
    return LENGTH + WIDEST * longest
