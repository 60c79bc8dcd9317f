"""Encryption of what nobody may read from the database alone: AES-256-GCM under a key that is not in it."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storage.transaction import Transaction

SEAL = "seal"
"""Under which a connection carries the seal of its database."""
KEY = 32
NONCE = 12


class Seal:
    """Seals and opens under one key. `about` names the row: what is sealed for one row opens in no other."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    @classmethod
    def of_secret(cls, secret: str) -> Seal:
        """Return the seal of a database, whose key is derived from CERCLE_SECRET_KEY."""
        derived = HKDF(SHA256(), KEY, salt=None, info=b"cercle: rows of the database")
        return cls(derived.derive(secret.encode()))

    def close(self, content: bytes, about: str) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, content, about.encode())

    def open(self, sealed: bytes, about: str) -> bytes | None:
        """Return None for what was sealed under another key or for another row, or was changed since."""
        try:
            return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], about.encode())
        except InvalidTag:
            return None


def seal_of(tx: Transaction) -> Seal:
    """Return the seal of the database that `tx` belongs to. Raises RuntimeError when it was opened without
    one."""
    try:
        seal: Seal = tx.info[SEAL]
    except KeyError:
        raise RuntimeError("the database was opened without the secret key") from None
    return seal
