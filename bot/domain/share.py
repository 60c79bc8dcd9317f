"""A share: one content, one member, one network. Opening the composer and posting are different facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Share:
    """`page_token` opens the member's own share page; `link_token` is the link that readers follow."""

    content_id: str
    person_id: str
    network: str
    page_token: str
    link_token: str
    opened_at: datetime | None
    posted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Stance:
    """What a member answered to a content. Nobody else ever sees it."""

    declined: bool = False
    later_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """What a content did, all members together. `clicks` are readers', crawlers left out."""

    delivered: int
    opened: int
    posted: int
    clicks: int
