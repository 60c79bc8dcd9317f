"""A circle: some people, and what brings them together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MAX_CEILING = 20
"""Unasked messages a week. Above that nobody reads; the form says so."""


@dataclass(frozen=True, slots=True)
class Circle:
    """`language` and `zone` are those of what it says to a whole channel. What its members may change by
    consent: `cadence`, posts a week that the comms team aims at; `weekly_ceiling`, unasked messages a week
    that nobody is sent more of, whatever they chose; `trust_floor`, of 5, below which the bot slows down.
    `slowed_at`: since when it does."""

    id: str
    name: str
    language: str
    zone: str
    created_at: datetime
    cadence: int = 2
    weekly_ceiling: int = MAX_CEILING
    trust_floor: int = 3
    slowed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Workspace:
    """A Slack workspace or a Teams tenant in which the circle lives; `external_id` is the platform's own."""

    id: str
    circle_id: str
    platform: str
    external_id: str


@dataclass(frozen=True, slots=True)
class Connection:
    """Whether a platform accepts us in a workspace. `lost_at`: since when it does not; None while it does."""

    platform: str
    lost_at: datetime | None


@dataclass(frozen=True, slots=True)
class Charter:
    """The two-way promise, in one language. A consent names the version it was given to."""

    version: int
    language: str
    purpose: str
    members_promise: str
    organisation_promises: str


@dataclass(frozen=True, slots=True)
class Topic:
    """What posts are about. `names` by language."""

    id: str
    names: Mapping[str, str]

    def name(self, language: str) -> str:
        """Return the name in that language, else in the first that has one."""
        return self.names.get(language) or next(iter(self.names.values()), "")


class Role(StrEnum):
    """Roles are jobs to do, not ranks: whoever has none can still do everything a member can."""

    NONE = ""
    COMMS = "comms"
    LEAD = "lead"


@dataclass(frozen=True, slots=True)
class Account:
    """One identity of a person on a platform, with what the platform says of it: `language` and `zone` are
    empty where it says nothing. `address` is where the account is written to."""

    id: str
    workspace_id: str
    address: str
    name: str
    language: str
    zone: str
    guest: bool
    reachable: bool


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has dealt with the bot; not yet a member. `account` is the one that acted, or the one that
    messages go to. `language` is what the person chose, else the account's, else the circle's; `zone` is the
    account's, else the circle's."""

    id: str
    circle_id: str
    role: Role
    language: str
    zone: str
    account: Account

    @property
    def workspace_id(self) -> str:
        return self.account.workspace_id

    @property
    def address(self) -> str:
        return self.account.address

    @property
    def name(self) -> str:
        return self.account.name

    @property
    def guest(self) -> bool:
        return self.account.guest

    @property
    def reachable(self) -> bool:
        return self.account.reachable

    @property
    def posts(self) -> bool:
        return self.role in (Role.COMMS, Role.LEAD)

    @property
    def answers(self) -> bool:
        """Whether this person belongs to the comms team and a question reaches them."""
        return self.posts and self.reachable and not self.guest
