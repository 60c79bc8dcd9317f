"""Slack as a messenger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.card import Card
from bot.chat.messenger import (
    CannotTell,
    Gone,
    Limit,
    Notebook,
    Notice,
    Pace,
    PictureRefused,
    Refused,
    Unavailable,
    Unreachable,
    Unsure,
)
from bot.platforms.slack import render
from bot.platforms.slack.calls import BAD_BLOCKS, Cards, call

METADATA = "cercle_notice"
"""The event_type under which a notice's id travels in message metadata."""

PACE = Pace(
    send=Limit(4, burst=9),
    update=Limit(50 / 60, burst=20),
    channel=Limit(0.8),
    find=Limit(50 / 60, burst=10),
)
"""docs.slack.dev/apis/web-api/rate-limits: chat.postMessage 1/s a channel and "several hundred per minute" a
workspace (240, and 10 at once, is our reading of several). A channel is written to a little less often, and
one fewer leaves at once: what leaves late comes closer to what follows it. chat.update is Tier 3, 50 a minute
and more, bursts tolerated, and so is conversations.history, but for apps sold outside the Marketplace: 1 a
minute, which a 429 tells."""

SKEW = timedelta(minutes=5)
"""How far Slack's clock may be behind ours: as far as it may be for a request of Slack's to be taken. A
message is told by its id, so looking further back costs reading and nothing else."""

PAGE, PAGES = 100, 10
"""Messages at a time, and how often more are asked for, when one is looked for."""


class SlackMessenger:
    """Addresses: `slack:T1:U1`, a person, and `slack:T1:C1`, a channel. References: `C1:1700000000.0001`."""

    def __init__(self, client: AsyncWebClient, notebook: Notebook) -> None:
        self._client = client
        self._cards = Cards(client)
        self._notebook = notebook
        self._conversations: dict[str, str] = {}

    async def send(self, address: str, notice: Notice) -> str:
        drawn = _drawn(notice)
        channel = await self.channel(address)
        with pictures_refused(drawn):
            try:
                return await self.post(channel, drawn)
            except Unreachable as error:
                if str(error) != "channel_not_found" or not _is_person(address):
                    raise
            return await self.post(await self._moved(address, channel), drawn)

    async def update(self, address: str, reference: str, notice: Notice) -> None:
        """The metadata goes along, or Slack drops it."""
        (channel, ts), drawn = _split(reference), _drawn(notice)
        with pictures_refused(drawn):
            await self._cards.put("chat.update", {"channel": channel, "ts": ts, **drawn}, Unavailable)

    async def delete(self, address: str, reference: str) -> None:
        channel, ts = _split(reference)
        with suppress(Gone):
            await call(self._client.chat_delete(channel=channel, ts=ts), Unavailable)

    async def reach(self, address: str) -> None:
        await self.channel(address)

    async def find(self, address: str, notice_id: str, since: datetime) -> tuple[str, ...]:
        """Needs im:history, which is optional and may be granted at any time, so each look asks. The scopes
        for channels are not in the manifest: what people write there is not ours to read."""
        channel = await self.channel(address)
        try:
            stamps = await self._stamps(channel, notice_id, f"{(since - SKEW).timestamp():.6f}")
        except Refused as error:
            if str(error) != "missing_scope":
                raise
            raise CannotTell("missing_scope", resend=False) from error
        return tuple(f"{channel}:{ts}" for ts in sorted(stamps, key=float))

    async def _stamps(self, channel: str, notice_id: str, oldest: str) -> list[str]:
        """When the messages with that id were posted. Raises CannotTell when there is too much to read."""
        found: list[str] = []
        more: dict[str, Any] = {}
        for _ in range(PAGES):
            body = await call(
                self._client.conversations_history(
                    channel=channel, oldest=oldest, include_all_metadata=True, limit=PAGE, **more
                ),
                Unavailable,
            )
            found += [m["ts"] for m in body.get("messages", ()) if _carries(m, notice_id)]
            cursor = (body.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return found
            more = {"cursor": cursor}
        raise CannotTell("too many messages since", resend=False)

    async def channel(self, address: str) -> str:
        """The channel's id; for a person that of the bot's conversation with them, opened once for good:
        conversations.open is Tier 3, dearer than the post itself. Raises MessengerError."""
        if address in self._conversations:
            return self._conversations[address]
        if not _is_person(address):
            return _id(address)
        record = await self._notebook.read(address)
        self._conversations[address] = record["channel"] if record else await self._open(address)
        return self._conversations[address]

    async def post(self, channel: str, message: dict[str, Any]) -> str:
        """Post `text`, `blocks`, `metadata`, and return the reference. Raises MessengerError."""
        quiet = {"unfurl_links": False, "unfurl_media": False}
        answer = await self._cards.put("chat.postMessage", {"channel": channel, **quiet, **message}, Unsure)
        if not answer.ts:
            raise Unsure("posted without a ts")
        return f"{answer.channel or channel}:{answer.ts}"

    async def _open(self, address: str) -> str:
        body = await call(self._client.conversations_open(users=_id(address)), Unavailable)
        channel = str(body["channel"]["id"])
        await self._notebook.write(address, {"channel": channel})
        return channel

    async def _moved(self, address: str, channel: str) -> str:
        """Where a person's conversation is now: an app that was made anew has new ones."""
        self._conversations[address] = await self._open(address)
        if self._conversations[address] == channel:
            raise Unreachable("channel_not_found")
        return self._conversations[address]


def _drawn(notice: Notice) -> dict[str, Any]:
    """The id goes into metadata, which every app in the workspace may read: it is opaque."""
    metadata = {"event_type": METADATA, "event_payload": {"id": notice.id}}
    return {**_message(notice.card), "metadata": metadata}


def _carries(message: dict[str, Any], notice_id: str) -> bool:
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    return metadata.get("event_type") == METADATA and payload.get("id") == notice_id


@contextmanager
def pictures_refused(drawn: dict[str, Any]) -> Iterator[None]:
    """Raise PictureRefused in the place of a Refused whose cause may be a picture."""
    try:
        yield
    except Refused as error:
        if str(error) in BAD_BLOCKS and render.has_pictures(drawn):
            raise PictureRefused(str(error)) from error
        raise


def _message(card: Card) -> dict[str, Any]:
    try:
        return render.message(card)
    except ValueError as error:
        raise Refused(str(error)) from error


def _id(address: str) -> str:
    """Slack's own id: the third part."""
    match address.split(":"):
        case ["slack", workspace, id] if workspace and id:
            return id
    raise Refused(f"no Slack address: {address[:80]}")


def _is_person(address: str) -> bool:
    return _id(address).startswith(("U", "W"))


def _split(reference: str) -> tuple[str, str]:
    channel, colon, ts = reference.partition(":")
    if not (channel and colon and ts):
        raise Refused(f"no Slack reference: {reference[:80]}")
    return channel, ts
