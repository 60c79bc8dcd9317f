"""Who is a guest: an activity does not tell, so the roster of its conversation is asked."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from bot.chat.messenger import MessengerError
from bot.platforms.teams.glue import Connectors
from bot.platforms.teams.messenger import Act, told
from bot.platforms.teams.parse import Conversation

log = logging.getLogger(__name__)

KEPT: Final = 12 * 3600.0
FORGIVEN: Final = 60.0
"""Seconds until a person is asked about again: who was told of, and who was not."""

PATIENCE: Final = 0.8
"""Seconds an answer may wait for the roster. An invoke has five."""

MOST: Final = 20_000

Begin = Callable[[Coroutine[Any, Any, Any]], "asyncio.Task[Any]"]
"""Start a task that outlives the request which asked."""


class Roster:
    def __init__(self, connectors: Connectors, begin: Begin) -> None:
        self._connectors = connectors
        self._begin = begin
        self._known: OrderedDict[tuple[str, str], tuple[float, bool | None]] = OrderedDict()
        self._asked: dict[tuple[str, str], asyncio.Task[Any]] = {}

    async def guest(self, where: Conversation, user: str) -> bool | None:
        """Return whether somebody (29:…) who wrote there is a guest of the tenant, or comes from another one.
        None where the roster did not say so in time."""
        who = (where.tenant, user)
        if self._known.get(who, (0.0, None))[0] < _now():
            await asyncio.wait({self._ask(who, where)}, timeout=PATIENCE)
        return self._known.get(who, (0.0, None))[1]

    def _ask(self, who: tuple[str, str], where: Conversation) -> asyncio.Task[Any]:
        """One question about a person at a time, however many wait for it."""
        if who not in self._asked:
            self._asked[who] = self._begin(self._fetch(who, where))
            self._asked[who].add_done_callback(lambda _: self._asked.pop(who, None))
        return self._asked[who]

    async def _fetch(self, who: tuple[str, str], where: Conversation) -> None:
        tenant, user = who
        try:
            with told(Act.READ):
                operations = self._connectors.at(where.service_url).conversations
                account = await operations.get_conversation_member(where.id, user)
        except MessengerError as error:
            log.info("the roster of Teams did not answer: %s", error)
            self._keep(who, self._known.get(who, (0.0, None))[1], FORGIVEN)
        else:
            self._keep(who, _is_guest(account.additional_properties, tenant), KEPT)

    def _keep(self, who: tuple[str, str], guest: bool | None, seconds: float) -> None:
        self._known[who] = (_now() + seconds, guest)
        self._known.move_to_end(who)
        while len(self._known) > MOST:
            self._known.popitem(last=False)


def _is_guest(account: Mapping[str, Any], tenant: str) -> bool:
    """A guest of the tenant has the role "guest"; a person of a shared channel has a tenant of their own."""
    role, home = account.get("userRole"), account.get("tenantId")
    return role in ("guest", "anonymous") or (bool(home) and home != tenant)


def _now() -> float:
    return asyncio.get_running_loop().time()
