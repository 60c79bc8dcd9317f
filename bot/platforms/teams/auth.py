"""Who may speak to us: the Bot Connector alone, with a token made for this bot and this conversation.

Our own check, because the SDK's answers 500 to most bad tokens, skips the service URL and the channel when
the activity leaves them out, takes tokens without `exp`, and lets everybody in when the app id is empty.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import jwt

log = logging.getLogger(__name__)

ISSUER: Final = "https://api.botframework.com"
"""Emulators and skills have other issuers; they are not let in."""

CHANNEL: Final = "msteams"
LEEWAY: Final = timedelta(minutes=5)
REFRESH_AFTER: Final = timedelta(hours=1)
REFRESH_AT_MOST_EVERY: Final = timedelta(minutes=1)
KEYS_LAST: Final = timedelta(hours=24)
"""Keys are read again every hour. Should that fail, the old ones serve for a day."""

FETCH_TIMEOUT: Final = aiohttp.ClientTimeout(total=4)
"""Seconds. Teams gives an invoke 5 of them."""

NO_KEYS: Final = (jwt.PyJWTError, LookupError, TypeError, ValueError, AttributeError)
"""What reading something that is no key set raises."""

BEARER = re.compile(r"Bearer ([\w-]+\.[\w-]+\.[\w-]+)", re.ASCII)


class Unauthorized(Exception):
    """Whatever is wrong with a token. Says why to the log, never to the caller."""


class Stranger(Exception):
    """Microsoft vouches for the sender, who is of another tenant than ours."""


class KeysUnavailable(Exception):
    """The keys cannot be had, so that nothing can be said about the token."""


def loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def trusted(url: str, hosts: Sequence[str]) -> bool:
    """Whether our token may travel to `url`: https to a listed host, or plain http to a listed loopback one.

    `hosts` may start with a star: "*.botframework.com".
    """
    if not url.isascii() or not url.isprintable() or "\\" in url:
        return False
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.username is not None or parts.query or parts.fragment:
        return False
    safe = loopback(host) or (parts.scheme == "https" and port in (None, 443))
    return parts.scheme in ("http", "https") and safe and any(fnmatchcase(host, known) for known in hosts)


@dataclass(frozen=True, slots=True)
class SigningKey:
    key: Any
    endorsements: frozenset[str]


def _signing_keys(jwks: Any) -> dict[str, SigningKey]:
    """The RSA keys of a key set by id; raises ValueError or TypeError for what is none."""
    if not isinstance(jwks, dict) or not isinstance(jwks.get("keys"), list):
        raise TypeError("no key set")
    return {
        str(entry["kid"]): SigningKey(
            jwt.PyJWK(entry, "RS256").key, frozenset(entry.get("endorsements") or ())
        )
        for entry in jwks["keys"]
        if entry.get("kty") == "RSA" and entry.get("kid")
    }


class KeyStore:
    """The Bot Connector's public keys: read when first needed, then hourly, and when an id is unknown, though
    never twice within a minute."""

    def __init__(
        self, openid_url: str, session: Callable[[], aiohttp.ClientSession], now: Callable[[], datetime]
    ) -> None:
        self._openid_url = openid_url
        self._session = session
        self._now = now
        self._keys: dict[str, SigningKey] = {}
        self._fetched = self._tried = datetime.min.replace(tzinfo=UTC)
        self._refreshing: asyncio.Task[None] | None = None

    async def find(self, kid: str) -> SigningKey | None:
        """The key of that id, or None when the Bot Connector has no such key. Raises KeysUnavailable when it
        could not be asked."""
        if self._fresh(KEYS_LAST) and kid in self._keys:
            if not self._fresh(REFRESH_AFTER):
                self._refresh()
            return self._keys[kid]
        await asyncio.shield(self._refresh())
        if not self._fresh(KEYS_LAST) or (kid not in self._keys and self._fetched < self._tried):
            raise KeysUnavailable
        return self._keys.get(kid)

    async def close(self) -> None:
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.gather(self._refreshing, return_exceptions=True)

    def _fresh(self, lifetime: timedelta) -> bool:
        return self._now() - self._fetched < lifetime

    def _refresh(self) -> asyncio.Task[None]:
        """The fetch under way, or the last one if that was within the minute, or a new one."""
        recent = self._now() - self._tried < REFRESH_AT_MOST_EVERY
        if self._refreshing is None or (self._refreshing.done() and not recent):
            self._tried = self._now()
            self._refreshing = asyncio.create_task(self._fetch(self._tried))
        return self._refreshing

    async def _fetch(self, tried: datetime) -> None:
        try:
            metadata = await self._json(self._openid_url)
            self._keys = _signing_keys(await self._json(metadata["jwks_uri"]))
        except (
            aiohttp.ClientError,
            TimeoutError,
            jwt.PyJWTError,
            ValueError,
            LookupError,
            TypeError,
        ) as error:
            log.warning("Bot Connector keys not read: %s", type(error).__name__)
        else:
            self._fetched = tried

    async def _json(self, url: str) -> Any:
        async with self._session().get(url, timeout=FETCH_TIMEOUT, raise_for_status=True) as answer:
            return await answer.json(content_type=None)


class TokenCheck:
    """The twenty ways to be refused (tests/platforms/teams/test_auth.py)."""

    def __init__(
        self, app_id: str, service_hosts: Sequence[str], keys: KeyStore, now: Callable[[], datetime]
    ) -> None:
        if not app_id:
            raise ValueError("an empty app id would let anybody in")
        self._app_id = app_id
        self._hosts = service_hosts
        self._keys = keys
        self._now = now

    async def __call__(self, header: str, channel: str | None, service_url: str | None) -> Mapping[str, Any]:
        """The claims of a token that may speak for this activity. Raises Unauthorized or KeysUnavailable."""
        if channel != CHANNEL:
            raise Unauthorized("another channel, or none")
        if not isinstance(service_url, str) or not trusted(service_url, self._hosts):
            raise Unauthorized("a service URL that is not on the list, or none")
        token = _bearer(header)
        claims = self._claims(token, await self._key(token))
        if claims.get("serviceurl") != service_url:
            raise Unauthorized("a token for another service URL")
        self._in_time(claims)
        return claims

    async def _key(self, token: str) -> Any:
        try:
            head = jwt.get_unverified_header(token)
        except jwt.PyJWTError as error:
            raise Unauthorized("no readable token header") from error
        if head.get("alg") != "RS256" or not isinstance(head.get("kid"), str):
            raise Unauthorized("another algorithm than RS256, or no key id")
        found = await self._keys.find(head["kid"])
        if found is None or CHANNEL not in found.endorsements:
            raise Unauthorized("an unknown key, or one not endorsed for Teams")
        return found.key

    def _claims(self, token: str, key: Any) -> dict[str, Any]:
        """Verified but for the times, which are held against our own clock."""
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                audience=self._app_id,
                issuer=ISSUER,
                options={
                    "require": ["exp", "iss", "aud"],
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise Unauthorized(type(error).__name__) from error
        return claims

    def _in_time(self, claims: Mapping[str, Any]) -> None:
        now, leeway = self._now().timestamp(), LEEWAY.total_seconds()
        ends, starts = claims["exp"], claims.get("nbf", 0)
        if type(ends) not in (int, float) or type(starts) not in (int, float):
            raise Unauthorized("a time that is no number")
        if not starts - leeway <= now < ends + leeway:
            raise Unauthorized("expired, or not yet valid")


def _bearer(header: str) -> str:
    shape = BEARER.fullmatch(header)
    if shape is None:
        raise Unauthorized("no bearer token")
    return shape[1]
