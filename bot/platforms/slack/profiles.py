"""Names, languages and zones: a button press carries none of them, and asking each time would cost a call."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import replace
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.event import Names, Sender
from bot.chat.messenger import MessengerError, Unavailable
from bot.platforms.slack import parse
from bot.platforms.slack.calls import call
from bot.platforms.slack.parse import Profile

KEPT = 12 * 3600.0
"""Seconds. `user_change` tells earlier."""

FORGIVEN = 60.0
"""Seconds before a person is asked about again whom Slack did not tell about."""

PATIENCE = 0.8
"""Seconds an answer may wait for a profile: a third of what Slack leaves for the whole of it."""

MOST = 20_000

MENTIONED = 10
"""People in one text whose names are asked for."""

Who = tuple[str, str]
"""Workspace and user."""

NOBODY = (0.0, Profile())

Begin = Callable[[Coroutine[Any, Any, Any]], "asyncio.Task[Any]"]


class Profiles:
    """`begin` starts a task that outlives the request which asked."""

    def __init__(self, client: AsyncWebClient, begin: Begin) -> None:
        self._client = client
        self._begin = begin
        self._known: OrderedDict[Who, tuple[float, Profile]] = OrderedDict()
        self._asked: dict[Who, asyncio.Task[Any]] = {}

    async def complete(self, sender: Sender) -> Sender:
        """The sender with what users.info says of them; if it does not in time, with what it last said."""
        who = (sender.workspace, sender.user)
        await self._learn_in_time([who])
        _, profile = self._known.get(who, NOBODY)
        return replace(
            sender,
            name=profile.name or sender.name,
            locale=profile.locale,
            zone=profile.zone,
            guest=sender.guest or profile.guest,
        )

    async def named(self, names: Names) -> Names:
        """Return the names with those that people chose, where Slack says them in time: a command has the
        user names of old, a message none."""
        people = {address: who for address in names if (who := _who(address))}
        await self._learn_in_time(list(people.values())[:MENTIONED])
        known = {address: self._known.get(who, NOBODY)[1].name for address, who in people.items()}
        return {**names, **{address: f"@{name}" for address, name in known.items() if name}}

    async def _learn_in_time(self, people: Iterable[Who]) -> None:
        if asked := {self._ask(who) for who in people if self._known.get(who, NOBODY)[0] < _now()}:
            await asyncio.wait(asked, timeout=PATIENCE)

    def learn(self, who: Who, profile: Profile, kept: float = KEPT) -> None:
        self._known[who] = (_now() + kept, profile)
        self._known.move_to_end(who)
        while len(self._known) > MOST:
            self._known.popitem(last=False)

    def learn_change(self, who: Who, profile: Profile) -> None:
        """Keep what Slack told by itself, which may be everything but the language."""
        _, before = self._known.get(who, NOBODY)
        self.learn(who, replace(profile, locale=profile.locale or before.locale))

    async def renew(self, who: Who) -> Profile:
        """Ask about somebody now, and return what is known of them then."""
        await self._ask(who)
        return self._known.get(who, NOBODY)[1]

    def _ask(self, who: Who) -> asyncio.Task[Any]:
        """One question about a person at a time, however many wait for it."""
        if who not in self._asked:
            self._asked[who] = self._begin(self._fetch(who))
            self._asked[who].add_done_callback(lambda _: self._asked.pop(who, None))
        return self._asked[who]

    async def _fetch(self, who: Who) -> None:
        try:
            body = await call(self._client.users_info(user=who[1], include_locale=True), Unavailable)
        except MessengerError:
            self.learn(who, self._known.get(who, NOBODY)[1], FORGIVEN)
        else:
            self.learn(who, parse.profile(body.get("user") or {}))


def _who(address: str) -> Who | None:
    """Return the workspace and user of a person's address, None for a channel's."""
    _, workspace, id = address.split(":", 2)
    return (workspace, id) if id[:1] in ("U", "W") else None


def _now() -> float:
    return asyncio.get_running_loop().time()
