"""What a link leads to, in the words the page itself offers: Open Graph, Twitter card, plain HTML."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin, urlsplit

from bot.clients.errors import Astray, BadAddress, Blank, Forbidden, Tangled, Unreadable
from bot.clients.http import HTML, GuardedClient, Page
from bot.domain.picture import TYPES

if TYPE_CHECKING:
    from bot.clients.parser import Description, Order, Picture

MAX_BYTES = 1 << 20
"""Of a page; what it says about itself stands at its beginning, so the rest is left unread."""
DEADLINE = 10.0
"""Seconds for the whole fetch."""
MAX_REFRESHES = 3
"""Pages that send their reader to another one, in turn."""
MAX_TRIES = 2
"""Pictures on http that are looked for on https."""
PATIENCE = 3.0
"""Seconds for each of these."""
MAX_ANSWER = 1 << 19
"""Bytes that the parsing process may answer: more than its bounds allow."""

_ROOT = Path(__file__).parents[2]
_WORKER = (sys.executable, "-m", "bot.clients.parser")


@dataclass(frozen=True, slots=True)
class Preview:
    """`url` is where the page says it lives, if that is on the same site, else where it was found.
    `language` is "fr", "en" or empty. Everything but `url` may be empty, title and description not both.
    `unshown`: the page has a picture, of a format that the chats do not show, and no other; `image_alt` is
    its alternative text.
    """

    url: str
    title: str
    description: str
    image_url: str
    image_alt: str
    site_name: str
    language: str
    unshown: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one parsing process: seconds of CPU, bytes of address space, seconds by the clock."""

    cpu: int = 3
    memory: int = 512 << 20
    wall: float = 5.0


LIMITS = Limits()


async def preview(client: GuardedClient, url: str, *, limits: Limits = LIMITS) -> Preview:
    """Read what the link leads to. Raises an Unreadable and nothing else. The picture is not fetched, unless
    it has to be found out whether an address on http answers on https."""
    page, found = await _arrive(client, url, limits)
    if not found["title"] and not found["description"]:
        raise Blank(urlsplit(page.url).hostname)
    base = _checked(client, page.url, found["base"]) or page.url
    picture = await _picture(client, base, found["pictures"])
    unshown = found["unshown"] is not None and not picture["url"]
    return Preview(
        url=_canonical(page.url, _checked(client, base, found["canonical"])),
        title=found["title"],
        description=found["description"],
        image_url=picture["url"],
        image_alt=(found["unshown"] or "") if unshown else picture["alt"],
        site_name=found["site_name"],
        language=found["language"],
        unshown=unshown,
    )


async def _arrive(client: GuardedClient, url: str, limits: Limits) -> tuple[Page, Description]:
    """Return the page at which a browser would stop, and what it says."""
    loop = asyncio.get_running_loop()
    end = loop.time() + DEADLINE
    for _ in range(MAX_REFRESHES + 1):
        page = await client.fetch(url, limit=MAX_BYTES, accept=HTML, deadline=end - loop.time(), cut=True)
        found = await describe(page, limits)
        base = _checked(client, page.url, found["base"]) or page.url
        url = _checked(client, base, found["refresh"])
        if not url or urldefrag(url).url == urldefrag(page.url).url:
            return page, found
    raise Astray(f"more than {MAX_REFRESHES} refreshes")


async def _picture(client: GuardedClient, base: str, offered: Sequence[Picture]) -> Picture:
    """Return the first picture that may be shown; one without an address if none may."""
    tries = MAX_TRIES
    for picture in offered:
        address = _absolute(base, picture["url"])
        if not address.startswith("http://") or client.allows(address):
            usable = _checked(client, base, picture["url"])
        elif tries:
            tries -= 1
            usable = await _on_https(client, address)
        else:
            continue
        if usable:
            return {"url": usable, "alt": picture["alt"]}
    return {"url": "", "alt": ""}


def _absolute(base: str, written: str) -> str:
    try:
        return urljoin(base, written)
    except ValueError:
        return ""


async def _on_https(client: GuardedClient, address: str) -> str:
    """Return the address of the same picture on https, "" if it does not answer there."""
    secure = _checked(client, "", f"https{address.removeprefix('http')}")
    if not secure:
        return ""
    try:
        await client.fetch(secure, limit=1, accept=TYPES, deadline=PATIENCE, cut=True)
    except Unreadable:
        return ""
    return secure


async def describe(page: Page, limits: Limits) -> Description:
    """What the page says, read by a process that lives no longer than this call; raises Tangled."""
    order: Order = {"charset": page.charset, "cpu": limits.cpu, "memory": limits.memory}
    # An empty environment: whoever breaks the parser finds no secret there.
    process = await asyncio.create_subprocess_exec(
        *_WORKER, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, cwd=_ROOT, env={}, limit=MAX_ANSWER
    )
    try:
        async with asyncio.timeout(limits.wall):
            answer = await _ask(process, json.dumps(order).encode() + b"\n" + page.body)
        found: Description = json.loads(answer)
    except (TimeoutError, ValueError) as error:
        raise Tangled(urlsplit(page.url).hostname) from error
    else:
        return found
    finally:
        await _end(process)


async def _ask(process: Process, question: bytes) -> bytes:
    """One line back, of at most MAX_ANSWER bytes (a ValueError beyond); empty if it died."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(question)
    with suppress(ConnectionError):
        await process.stdin.drain()
    process.stdin.close()
    answer = await process.stdout.readline()
    await process.wait()
    return answer


async def _end(process: Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _canonical(found_at: str, canonical: str) -> str:
    """The address the page gives itself, unless it is another site's, less safe, or merely the front door."""
    here, there = urlsplit(found_at), urlsplit(canonical)
    same_site = _site(here.netloc) == _site(there.netloc) and there.scheme in ("https", here.scheme)
    front_door = there.path in ("", "/") and here.path not in ("", "/")
    return canonical if same_site and not front_door else found_at


def _site(netloc: str) -> str:
    return netloc.lower().removeprefix("www.")


def _checked(client: GuardedClient, base: str, address: str) -> str:
    """Absolute and fit to be shown, or empty."""
    try:
        return client.check(address, base) if address else ""
    except (BadAddress, Forbidden):
        return ""
