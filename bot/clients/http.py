"""The only door out to addresses that people type. Nothing behind it can be made to reach our own network.

A name is resolved once, every address it has is checked, and the checked address is what is dialled, with
the name kept for TLS and for the Host header. The transport is used bare: no cookies, no proxies from the
environment, no redirect followed without being checked like the first address. Answers are read as a browser
reads them, within the limits.
"""

from __future__ import annotations

import asyncio
import re
import socket
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Self, cast
from urllib.parse import quote, urljoin, urlsplit
from weakref import WeakValueDictionary

import httpx

from bot.clients.address import is_literal, is_public, may_be_public
from bot.clients.errors import (
    Astray,
    BadAddress,
    Closed,
    Failing,
    Forbidden,
    Missing,
    NotAPage,
    TooBig,
    TooSlow,
    Unreachable,
    Unreadable,
)

CONNECT = 3.0
"""Seconds an address gets to take the connection."""
MAX_URL = 2048
"""Characters."""
MAX_REDIRECTS = 10
MAX_DIALLED = 3
"""Addresses of one name tried in turn."""
PER_HOST = 4
IN_ALL = 32
"""Requests under way at once."""
PORTS = (80, 443)
USER_AGENT = "Mozilla/5.0 (compatible; Cercle/1.0; link preview)"
HTML = ("text/html", "application/xhtml+xml")
READ = (200, 201, 202, 203)
"""Statuses whose body is the page."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""(host, port) → every address of that host; may raise OSError."""

_PLAIN = re.compile(rf"[^\s\\\x00-\x1f\x7f]{{1,{MAX_URL}}}")
_CHARSET = re.compile(r";\s*charset\s*=\s*[\"']?([\w.:+-]{1,40})", re.IGNORECASE)
_UNKNOWN_TYPES = ("", "unknown/unknown", "application/unknown", "*/*")
_STARTS_LIKE_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?[\t\n\x0c\r ]*(?:<!--|<(?:!doctype html|html|head|script|iframe|h1|div|font|table|a"
    rb"|style|title|b|body|br|p|meta)[ >\t\n\x0c\r/])",
    re.IGNORECASE,
)
"""What a browser goes by where no type is declared (WHATWG MIME Sniffing 7.1)."""
_AUTHORITY = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//[^/?#]*|", re.IGNORECASE)
_RESOLVERS = ThreadPoolExecutor(4, thread_name_prefix="resolve")
"""Threads of their own: a name server that never answers must not hold those that others need."""


@dataclass(frozen=True, slots=True)
class Page:
    """What stood at `url`, the last address after redirects. `charset` as the header says it, or empty."""

    url: str
    status: int
    content_type: str
    charset: str
    body: bytes


async def resolve(host: str, port: int) -> Sequence[str]:
    """The system's answer, asked off the event loop."""
    ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_RESOLVERS, ask)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class GuardedClient:
    """`allowed_origins` ("http://127.0.0.1:8080") skip the checks of address and port: the playground's
    sample world lives on one. Only an exact match counts."""

    def __init__(self, resolve: Resolve = resolve, allowed_origins: frozenset[str] = frozenset()) -> None:
        self._resolve = resolve
        self._allowed = allowed_origins
        self._hosts: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        # Connections are filed under the address dialled: kept alive, one could serve another name.
        limits = httpx.Limits(max_connections=IN_ALL, max_keepalive_connections=0)
        self._transport = httpx.AsyncHTTPTransport(trust_env=False, limits=limits)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._transport.aclose()

    async def fetch(
        self, url: str, *, limit: int, accept: tuple[str, ...], deadline: float, cut: bool = False
    ) -> Page:
        """GET, following at most MAX_REDIRECTS. Raises an Unreadable and nothing else.

        `limit` in bytes: a longer body raises TooBig or, with `cut`, is cut there. `deadline` in seconds
        for everything, the wait for a place included. `accept`: media types, anything else is NotAPage.
        """
        try:
            async with asyncio.timeout(deadline):
                return await self._follow(url, limit, accept, cut)
        except (TimeoutError, httpx.TimeoutException):
            raise TooSlow(f"no answer within {deadline:g} s") from None
        except (httpx.HTTPError, OSError) as error:
            raise Failing(type(error).__name__) from error

    def check(self, url: str, base: str = "") -> str:
        """The address as it would be asked for, `base` before it where it is relative. Nothing is resolved.

        Raises BadAddress or Forbidden.
        """
        return str(self._check(url, base))

    def allows(self, url: str) -> bool:
        """Tell whether the address is of an allowed origin, whatever its scheme, port and network."""
        try:
            return self._is_allowed(httpx.URL(url))
        except httpx.InvalidURL:
            return False

    def _check(self, url: str, base: str = "") -> httpx.URL:
        target = _parse(url, base)
        if self._is_allowed(target):
            return target
        host = target.raw_host.decode("ascii")
        if target.port not in (None, *PORTS) or not may_be_public(host):
            raise Forbidden(host)
        return target

    def _is_allowed(self, target: httpx.URL) -> bool:
        return f"{target.scheme}://{target.netloc.decode('ascii')}" in self._allowed

    async def _follow(self, url: str, limit: int, accept: tuple[str, ...], cut: bool) -> Page:
        base = ""
        for _ in range(MAX_REDIRECTS + 1):
            target = self._check(url, base)
            async with self._get(target, accept) as response:
                if response.has_redirect_location:
                    url, base = _location(response.headers["location"]), str(target)
                    continue
                return await _page(target, response, limit, accept, cut)
        raise Astray(f"more than {MAX_REDIRECTS} redirects")

    @asynccontextmanager
    async def _get(self, target: httpx.URL, accept: tuple[str, ...]) -> AsyncIterator[httpx.Response]:
        place = self._hosts.setdefault(target.host, asyncio.Semaphore(PER_HOST))
        async with place:
            response = await self._dial(target, accept)
            try:
                yield response
            finally:
                await response.aclose()

    async def _dial(self, target: httpx.URL, accept: tuple[str, ...]) -> httpx.Response:
        for address in (await self._addresses(target))[:MAX_DIALLED]:
            try:
                return await self._transport.handle_async_request(_request(target, address, accept))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        raise Unreachable(target.host)

    async def _addresses(self, target: httpx.URL) -> Sequence[str]:
        """Every address of the host, each of them checked."""
        host = target.raw_host.decode("ascii")
        port = target.port or (443 if target.scheme == "https" else 80)
        try:
            addresses = [host] if is_literal(host) else await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise Unreachable(host) from error
        if not self._is_allowed(target) and not all(is_public(address) for address in addresses):
            raise Forbidden(host)
        return addresses


def _location(header: str) -> str:
    """Return where a redirect leads, its white space percent-encoded. In the name of a host it stays, and the
    address is refused."""
    written = re.sub(r"[\t\r\n]", "", header.strip())
    authority = _AUTHORITY.match(written)
    end = authority.end() if authority else 0
    return written[:end] + re.sub(r"\s", lambda space: quote(space[0]), written[end:])


def _parse(url: str, base: str) -> httpx.URL:
    """An http or https address with a host and no user name in it; raises BadAddress."""
    if not _PLAIN.fullmatch(url):
        raise BadAddress("unfit characters or length")
    try:
        whole = urljoin(base, url)
        target = httpx.URL(whole)
        named = "@" in urlsplit(whole).netloc
    except (httpx.InvalidURL, ValueError) as error:
        raise BadAddress("malformed") from error
    if target.scheme not in ("http", "https") or not target.host or named:
        raise BadAddress(target.scheme)
    return target


def _request(target: httpx.URL, address: str, accept: tuple[str, ...]) -> httpx.Request:
    return httpx.Request(
        "GET",
        target.copy_with(host=address),
        headers={
            "Host": target.netloc.decode("ascii"),
            "User-Agent": USER_AGENT,
            "Accept": ", ".join(accept),
            "Accept-Encoding": "identity",
            "Connection": "close",
        },
        extensions={
            "sni_hostname": target.raw_host.decode("ascii"),
            "timeout": httpx.Timeout(None, connect=CONNECT).as_dict(),
        },
    )


async def _page(
    target: httpx.URL, response: httpx.Response, limit: int, accept: tuple[str, ...], cut: bool
) -> Page:
    if response.status_code not in READ:
        raise _refusal(response.status_code)
    declared = response.headers.get("content-type", "")
    media_type = _media_type(declared)
    if media_type not in accept and not (media_type in _UNKNOWN_TYPES and HTML[0] in accept):
        raise NotAPage(f"sent as {media_type[:80]!r}")
    unpack = _unpacker(response.headers.get("content-encoding", ""))
    body = await _body(response, unpack, limit, cut)
    if media_type in _UNKNOWN_TYPES:
        media_type = HTML[0] if _STARTS_LIKE_HTML.match(body) else ""
        if not media_type:
            raise NotAPage("sent without a type")
    charset = _CHARSET.search(declared)
    return Page(str(target), response.status_code, media_type, charset[1].lower() if charset else "", body)


def _media_type(declared: str) -> str:
    """Return the declared type, "" for none and for what is none."""
    media_type = declared.partition(";")[0].strip().lower()
    return media_type if "/" in media_type else ""


Unpack = Callable[[bytes, int], bytes]
"""(bytes, room) → at most so many unpacked bytes."""


def _unpacker(encoding: str) -> Unpack:
    """Some servers compress although they are asked not to. Raises NotAPage for what cannot be unpacked."""
    codings = [coding.strip().lower() for coding in encoding.split(",")]
    packed = [coding for coding in codings if coding not in ("", "identity")]
    if not packed:
        return lambda chunk, room: chunk[:room]
    if len(packed) > 1 or packed[0] not in ("gzip", "x-gzip", "deflate"):
        raise NotAPage("compressed although asked not to be")
    return _inflater()


def _inflater() -> Unpack:
    """gzip and zlib; deflate also without a header, as some servers send it."""
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)
    started = False

    def unpack(chunk: bytes, room: int) -> bytes:
        nonlocal inflate, started
        try:
            unpacked = inflate.decompress(chunk, room)
        except zlib.error:
            if started:
                raise
            inflate = zlib.decompressobj(-zlib.MAX_WBITS)
            unpacked = inflate.decompress(chunk, room)
        started = started or bool(unpacked)
        return unpacked

    return unpack


async def _body(response: httpx.Response, unpack: Unpack, limit: int, cut: bool) -> bytes:
    """Raises TooBig, or NotAPage for what is not compressed as it says."""
    body = bytearray()
    sent = 0
    async with aclosing(cast(AsyncGenerator[bytes, None], response.aiter_raw())) as chunks:
        async for chunk in chunks:
            sent += len(chunk)
            try:
                body += unpack(chunk, limit + 1 - len(body))
            except zlib.error as error:
                raise NotAPage("badly compressed") from error
            if len(body) > limit or sent > limit:
                break
    if (len(body) > limit or sent > limit) and not cut:
        raise TooBig(f"more than {limit} bytes")
    if sent and not body:
        raise NotAPage("badly compressed")
    return bytes(body[:limit])


def _refusal(status: int) -> Unreadable:
    match status:
        case 404 | 410:
            return Missing(f"status {status}")
        case 401 | 402 | 403 | 407 | 451 | 999:  # 999 is LinkedIn's own
            return Closed(f"status {status}")
        case _:
            return Failing(f"status {status}")
