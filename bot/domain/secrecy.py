"""Who answered, without saying who: a pseudonym that only the key of that very question can make.

While a question is open its key tells two answers of one person from those of two, so that an answer can be
changed. When it closes the key is destroyed, and nobody, reading everything we keep, finds the person again.
"""

from __future__ import annotations

import hmac
import secrets

SPOKEN_FROM = 5
"""Answers from which on free words and averages are shown: fewer would point at somebody."""


def new_key() -> str:
    return secrets.token_hex(32)


def pseudonym(key: str, person_id: str) -> str:
    """32 hexadecimal digits: always the same under one key, of no use under another."""
    return hmac.digest(bytes.fromhex(key), person_id.encode(), "sha256").hex()[:32]
