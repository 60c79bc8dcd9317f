"""What a platform tells by itself: how things are from now on. Nobody waits for an answer. An adapter makes a
report only after it has verified who sent it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.chat.event import Sender


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """Somebody's account: what `account` says is so from now on, and what it leaves empty is as it was.
    `reachable`: whether this account can be written to; None where the platform did not tell. `key` names the
    delivery, as that of an event does; it is empty where we asked."""

    key: str
    account: Sender
    reachable: bool | None = None

    @property
    def platform(self) -> str:
        return self.account.platform

    @property
    def workspace(self) -> str:
        return self.account.workspace


@dataclass(frozen=True, slots=True)
class ChannelRenamed:
    """`place` is the channel's address, `name` what a text calls it ("#general")."""

    key: str
    platform: str
    workspace: str
    place: str
    name: str


@dataclass(frozen=True, slots=True)
class ChannelClosed:
    """It is archived or deleted: nobody can write there."""

    key: str
    platform: str
    workspace: str
    place: str


@dataclass(frozen=True, slots=True)
class ChannelReopened:
    key: str
    platform: str
    workspace: str
    place: str


@dataclass(frozen=True, slots=True)
class ChannelJoined:
    """Somebody brought the bot into a channel. `locale` and `zone` are theirs, empty where the platform does
    not tell."""

    key: str
    platform: str
    workspace: str
    place: str
    locale: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True)
class ChannelLeft:
    """Somebody took the bot out of a channel."""

    key: str
    platform: str
    workspace: str
    place: str


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The app was removed from the workspace, or its token is no longer accepted. An empty `workspace` is
    every one of that platform."""

    key: str
    platform: str
    workspace: str


@dataclass(frozen=True, slots=True)
class Connected:
    """The platform accepts us in that workspace. It may have done so all the time."""

    key: str
    platform: str
    workspace: str


Report = (
    AccountChanged
    | ChannelRenamed
    | ChannelClosed
    | ChannelReopened
    | ChannelJoined
    | ChannelLeft
    | Disconnected
    | Connected
)
