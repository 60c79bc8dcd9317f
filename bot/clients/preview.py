"""What a link leads to, in the words the page itself offers: Open Graph, Twitter card, plain HTML."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.clients.errors import BadAddress, Blank, Forbidden, Tangled
from bot.clients.http import HTML, GuardedClient, Page

if TYPE_CHECKING:
    from bot.clients.parser import Description, Order

MAX_BYTES = 1 << 20
"""Of a page; what it says about itself stands at its beginning, so the rest is left unread."""
DEADLINE = 10.0
"""Seconds for the whole fetch."""

_ROOT = Path(__file__).parents[2]
_WORKER = (sys.executable, "-m", "bot.clients.parser")


@dataclass(frozen=True, slots=True)
class Preview:
    """`url` is where the page says it lives, if that is on the same site, else where it was found.
    `language` is "fr", "en" or empty. Everything but `url` may be empty, title and description not both.
    """

    url: str
    title: str
    description: str
    image_url: str
    image_alt: str
    site_name: str
    language: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one parsing process: seconds of CPU, bytes of address space, seconds by the clock."""

    cpu: int = 3
    memory: int = 512 << 20
    wall: float = 5.0


LIMITS = Limits()


async def preview(client: GuardedClient, url: str, *, limits: Limits = LIMITS) -> Preview:
    """Raises an Unreadable and nothing else. The picture's address is checked for form, not fetched."""
    page = await client.fetch(url, limit=MAX_BYTES, accept=HTML, deadline=DEADLINE, cut=True)
    found = await describe(page, limits)
    if not found["title"] and not found["description"]:
        raise Blank(urlsplit(page.url).hostname)
    return Preview(
        url=_canonical(client, page.url, found["canonical"]),
        title=found["title"],
        description=found["description"],
        image_url=_checked(client, page.url, found["image_url"]),
        image_alt=found["image_alt"],
        site_name=found["site_name"],
        language=found["language"],
    )


async def describe(page: Page, limits: Limits) -> Description:
    """What the page says, read by a process that lives no longer than this call; raises Tangled."""
    order: Order = {"charset": page.charset, "cpu": limits.cpu, "memory": limits.memory}
    # An empty environment: whoever breaks the parser finds no secret there.
    process = await asyncio.create_subprocess_exec(
        *_WORKER, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, cwd=_ROOT, env={}
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
    """One line back, of at most 64 KiB (StreamReader's own limit, a ValueError beyond); empty if it died."""
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


def _canonical(client: GuardedClient, found_at: str, said: str) -> str:
    """The address the page gives itself, unless it is another site's, less safe, or merely the front door."""
    canonical = _checked(client, found_at, said)
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
