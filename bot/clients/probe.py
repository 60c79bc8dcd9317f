"""Does an address of our own set-up answer? For `cercle doctor` alone: the operator chose these addresses, so
they may lie on a private network, where the guarded client would not go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

PATIENCE = 5.0
"""Seconds for each step of an exchange: name and connection, sending, and each read."""


class Silent(Exception):
    """No answer: `str(error)` is a short reason without address or secret."""


class NobodyListens(Silent):
    """The connection was refused, or the name is unknown."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`fields` is the JSON object in the body; empty if there is none."""

    status: int
    headers: Mapping[str, str]
    fields: Mapping[str, Any]


def get(url: str, patience: float = PATIENCE) -> Answer:
    """Raises Silent."""
    return _ask("GET", url, {}, patience)


def post(url: str, token: str, patience: float = PATIENCE) -> Answer:
    """An empty form with a bearer token. Raises Silent."""
    return _ask("POST", url, {"Authorization": f"Bearer {token}"}, patience)


def _ask(method: str, url: str, headers: dict[str, str], patience: float) -> Answer:
    try:
        with httpx.Client(timeout=patience, trust_env=False) as client:
            response = client.request(method, url, headers=headers)
    except httpx.ConnectError:
        raise NobodyListens("nobody listens there, or the name is unknown") from None
    except httpx.TimeoutException:
        raise Silent(f"no answer within {patience:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise Silent(type(error).__name__) from None
    return Answer(response.status_code, response.headers, _fields(response))


def _fields(response: httpx.Response) -> Mapping[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
