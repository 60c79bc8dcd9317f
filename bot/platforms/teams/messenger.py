"""Writing unasked: to the conversations we keep a record of, through the cached connector client."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Awaitable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from typing import Any, Final, TypeVar

import aiohttp
from azure.core.exceptions import DeserializationError
from botbuilder.schema import (
    Activity,
    Attachment,
    ChannelAccount,
    ConversationAccount,
    ConversationParameters,
)

from bot.chat.card import Card
from bot.chat.event import Sender
from bot.chat.messenger import (
    CannotTell,
    Gone,
    MessengerError,
    Notebook,
    Notice,
    Refused,
    Throttled,
    Unavailable,
    Unreachable,
    Unsure,
    asked_to_wait,
)
from bot.chat.plain import summary
from bot.platforms.teams import render
from bot.platforms.teams.glue import (
    ConnectorRefusal,
    Connectors,
    TeamsSettings,
    TokenUnavailable,
    UntrustedService,
)
from bot.platforms.teams.parse import Conversation, address_parts
from bot.platforms.teams.text import spelling

T = TypeVar("T")
ADAPTIVE: Final = "application/vnd.microsoft.card.adaptive"
OBJECT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
REMEMBERED: Final = 10_000
"""Conversations kept in memory, about 1 KB each, and object ids."""

DEFAULT_WAIT: Final = 2.0
"""Seconds to wait when Retry-After says nothing usable."""


class Act(Enum):
    SEND = auto()
    CREATE = auto()
    UPDATE = auto()
    DELETE = auto()
    READ = auto()


@contextmanager
def told(act: Act) -> Iterator[None]:
    """Whatever goes wrong outside, as one of the MessengerErrors."""
    try:
        yield
    except (TokenUnavailable, aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise Unavailable(f"not connected: {type(error).__name__}") from error
    except UntrustedService as error:
        raise Unreachable("a service URL that is not on the list") from error
    except ConnectorRefusal as error:
        if meant := meaning(error, act):
            raise meant from error
    except (aiohttp.ClientError, TimeoutError, DeserializationError) as error:
        raise _lost(act, type(error).__name__) from error


def meaning(refusal: ConnectorRefusal, act: Act) -> MessengerError | None:
    """What a status says: "retry on 412, 429, 502, 503, 504" and 403 for a blocked or removed app, by
    Teams' "rate limit" and "send proactive messages" pages. None is success: what had to go is gone."""
    match refusal.status:
        case 429 | 412:
            return Throttled(asked_to_wait(refusal.retry_after, refusal.date) or DEFAULT_WAIT)
        case 404 if act is Act.DELETE:
            return None
        case 404 if act is Act.UPDATE:
            return Gone("no such message")
        case 403 | 404:
            return Unreachable(f"the connector answered {refusal.status}")
        case 400 if act is Act.CREATE:
            return Unreachable("nobody of that id")
        case 401:
            return Unavailable("the connector takes no token of ours")
        case 408 | 500 | 502 | 503 | 504:
            return _lost(act, str(refusal.status))
        case _:
            return Refused(f"the connector answered {refusal.status}")


def _lost(act: Act, why: str) -> MessengerError:
    """The answer did not come. Only a second message would be one too many: a conversation asked for twice
    is the same one, and so is an update."""
    return Unsure(why) if act is Act.SEND else Unavailable(why)


@dataclass(frozen=True, slots=True)
class Drawn:
    """An Adaptive Card, and its words for the notification."""

    content: Mapping[str, Any]
    words: str


def drawn(card: Card, *, shared: bool = False, in_dialog: bool = False) -> Drawn:
    """Draw a card, for a conversation of several people where it is `shared`. Raises Refused for a card that
    is too large."""
    try:
        return Drawn(render.card(card, shared=shared, in_dialog=in_dialog), summary(card, spelling(shared)))
    except ValueError as error:
        raise Refused(str(error)) from error


class TeamsMessenger:
    """Only service URLs that came in verified activities, and the configured one, are ever called."""

    def __init__(self, settings: TeamsSettings, connectors: Connectors, notebook: Notebook) -> None:
        self._settings = settings
        self._connectors = connectors
        self._notebook = notebook
        self._known: OrderedDict[str, Conversation] = OrderedDict()
        self._objects: OrderedDict[str, str] = OrderedDict()

    async def reach(self, address: str) -> None:
        await self._reach(address)

    async def send(self, address: str, notice: Notice) -> str:
        where = await self._reach(address)
        return await self.post(where, drawn(notice.card, shared=where.shared))

    async def update(self, address: str, reference: str, notice: Notice) -> None:
        where = await self._reach(address)
        await self.redraw(where, reference, drawn(notice.card, shared=where.shared))

    async def delete(self, address: str, reference: str) -> None:
        await self.remove(await self._reach(address), reference)

    async def find(self, address: str, notice_id: str, since: datetime) -> tuple[str, ...]:
        """A bot reads no history without a consent of its own. An activity has no field that stops a second
        one either, so what may have been lost is sent again."""
        raise CannotTell("Teams shows a bot no history", resend=True)

    async def write_alone(self, person: str, card: Drawn) -> str:
        """Write to a person's own conversation with the bot, and to no other."""
        where = await self._reach(person)
        if where.shared:
            raise Unreachable("not a conversation of one person")
        return await self.post(where, card)

    async def remember(self, conversation: Conversation) -> None:
        """Keep where something can be written. Writes only what is new; a conversation that is open stays."""
        address = conversation.address
        if self._known.get(address) == conversation:
            return
        known = await self._recall(address)
        if known == conversation or (known is not None and known.id and not conversation.id):
            return
        await self._notebook.write(address, conversation.record())
        _keep(self._known, address, conversation)

    async def try_to_open(self, address: str) -> bool | None:
        """Open a person's conversation, and return whether that was possible. None where it is open already,
        which tells nothing, and where Teams did not say."""
        known = await self._recall(address)
        if known is not None and known.id:
            return None
        try:
            await self._reach(address)
        except Unreachable:
            return False
        except MessengerError:
            return None
        return True

    async def recognise(self, sender: Sender, user: str) -> None:
        """A mention names somebody by Teams' own id, an address by their object id: keep which is whose."""
        if not user or user == sender.user or self._objects.get(user) == sender.user:
            return
        key, record = _object_key(sender.workspace, user), {"aad": sender.user}
        if await self._notebook.read(key) != record:
            await self._notebook.write(key, record)
        _keep(self._objects, user, sender.user)

    async def objects(self, tenant: str, users: Iterable[str]) -> dict[str, str]:
        """Object ids by Teams' id, of those whom we have met."""
        return {user: known for user in users if (known := await self._object(tenant, user))}

    async def _object(self, tenant: str, user: str) -> str:
        if user not in self._objects:
            record = await self._notebook.read(_object_key(tenant, user))
            if record is None:
                return ""
            _keep(self._objects, user, record["aad"])
        return self._objects[user]

    async def post(self, where: Conversation, card: Drawn) -> str:
        """The id of the new message."""
        with told(Act.SEND):
            operations = self._connectors.at(where.service_url).conversations
            answer = await operations.send_to_conversation(where.id, _message(where, card))
        if answer is None or not answer.id:
            raise Unsure("an answer without the message's id")
        return str(answer.id)

    async def redraw(self, where: Conversation, message: str, card: Drawn) -> None:
        with told(Act.UPDATE):
            operations = self._connectors.at(where.service_url).conversations
            activity = _message(where, card, message)
            await _whatever_it_says(operations.update_activity(where.id, message, activity))

    async def remove(self, where: Conversation, message: str) -> None:
        with told(Act.DELETE):
            operations = self._connectors.at(where.service_url).conversations
            await _whatever_it_says(operations.delete_activity(where.id, message))

    async def _reach(self, address: str) -> Conversation:
        """Raises Unreachable for an address that is not of our tenant, or that we have never met and cannot
        open."""
        known = await self._recall(address)
        if known is None or not known.id:
            known = await self._create(known or self._stranger(address))
            await self._notebook.write(address, known.record())
            _keep(self._known, address, known)
        return known

    async def _recall(self, address: str) -> Conversation | None:
        if address in self._known:
            self._known.move_to_end(address)
            return self._known[address]
        record = await self._notebook.read(address)
        if record is None:
            return None
        conversation = Conversation.of(record)
        _keep(self._known, address, conversation)
        return conversation

    def _stranger(self, address: str) -> Conversation:
        """The conversation with somebody of whom nothing was heard. An object id is enough to open it where
        they have the app."""
        try:
            tenant, person = address_parts(address)
        except ValueError as error:
            raise Unreachable("no address of Teams") from error
        if tenant != self._settings.tenant_id or not OBJECT_ID.fullmatch(person):
            raise Unreachable("nobody we have met, and no object id to meet them by")
        return Conversation(tenant, "", self._settings.service_url, f"28:{self._settings.app_id}", aad=person)

    async def _create(self, wanted: Conversation) -> Conversation:
        """By the id of Teams (29:…) where it is known: that also works for the members of a team that has the
        app. By object id only for those who have the app themselves."""
        with told(Act.CREATE):
            answer = await self._connectors.at(wanted.service_url).conversations.create_conversation(
                ConversationParameters(
                    is_group=False,
                    bot=ChannelAccount(id=wanted.bot),
                    members=[ChannelAccount(id=wanted.user or wanted.aad)],
                    tenant_id=wanted.tenant,
                    channel_data={"tenant": {"id": wanted.tenant}},
                )
            )
        if answer is None or not answer.id:
            raise Unavailable("an answer without the conversation's id")
        return replace(wanted, id=answer.id, service_url=answer.service_url or wanted.service_url)


def _object_key(tenant: str, user: str) -> str:
    return f"teams-id:{tenant}:{user}"


def _keep(memory: OrderedDict[str, T], key: str, value: T) -> None:
    memory[key] = value
    memory.move_to_end(key)
    if len(memory) > REMEMBERED:
        memory.popitem(last=False)


def _message(where: Conversation, card: Drawn, message: str | None = None) -> Activity:
    return Activity(
        type="message",
        id=message,
        from_property=ChannelAccount(id=where.bot),
        conversation=ConversationAccount(id=where.id),
        recipient=ChannelAccount(id=where.user) if where.user else None,
        summary=card.words,
        attachments=[Attachment(content_type=ADAPTIVE, content=dict(card.content))],
    )


async def _whatever_it_says(call: Awaitable[Any]) -> None:
    """Done is done, even if the words of the answer cannot be read."""
    try:
        await call
    except DeserializationError:
        return
