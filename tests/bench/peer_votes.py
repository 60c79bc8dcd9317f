"""The peer of the polls: what `peer_bolt` is, with a poll in its middle. A vote looks the member up, takes
the place of an earlier one, counts the votes, commits, acknowledges, and draws the card in the channel anew.

`python -m tests.bench.peer_votes PORT DATABASE`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from itertools import cycle
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import ForeignKey, Index, Row, UniqueConstraint, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import Mapped, mapped_column

from tests.bench.peer_bolt import Base, Listener, Member, bolt, connect, engine, prepare, presser

VOTE = re.compile(r"vote_\d+")
WIDTH = 20
"""Squares of the longest bar."""


class Poll(Base):
    __tablename__ = "poll"

    id: Mapped[int] = mapped_column(primary_key=True)
    question: Mapped[str]


class Option(Base):
    __tablename__ = "option"

    id: Mapped[int] = mapped_column(primary_key=True)
    poll_id: Mapped[int] = mapped_column(ForeignKey("poll.id"), index=True)
    label: Mapped[str]


class Vote(Base):
    __tablename__ = "vote"
    __table_args__ = (UniqueConstraint("poll_id", "member_id"), Index("of_option", "poll_id", "option_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    poll_id: Mapped[int] = mapped_column(ForeignKey("poll.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    option_id: Mapped[int] = mapped_column(ForeignKey("option.id"))


def voting(sessions: async_sessionmaker[AsyncSession]) -> Listener:
    async def vote(ack: Any, body: dict[str, Any], action: dict[str, Any], client: AsyncWebClient) -> None:
        poll_id, option_id = map(int, action["value"].split(":"))
        async with sessions() as session:
            member = await presser(session, body)
            row = {"poll_id": poll_id, "member_id": member.id, "option_id": option_id}
            await session.execute(
                insert(Vote)
                .values(row)
                .on_conflict_do_update(index_elements=["poll_id", "member_id"], set_={"option_id": option_id})
            )
            counts = await counted(session, poll_id)
            await session.commit()
        await ack()
        await client.chat_update(
            channel=body["channel"]["id"],
            ts=body["message"]["ts"],
            **card(body["message"]["text"], poll_id, counts),
        )

    return vote


Counts = Sequence[Row[tuple[int, str, int]]]
"""(option's id, label, votes)."""


async def counted(session: AsyncSession, poll_id: int) -> Counts:
    votes = (
        select(Vote.option_id, func.count().label("votes"))
        .where(Vote.poll_id == poll_id)
        .group_by(Vote.option_id)
        .subquery()
    )
    found = await session.execute(
        select(Option.id, Option.label, func.coalesce(votes.c.votes, 0))
        .outerjoin(votes, votes.c.option_id == Option.id)
        .where(Option.poll_id == poll_id)
        .order_by(Option.id)
    )
    return found.all()


def card(question: str, poll_id: int, counts: Counts) -> dict[str, Any]:
    most = max(1, *(votes for _, _, votes in counts))
    bars = "\n".join(f"{label}  {'█' * (WIDTH * votes // most)} {votes}" for _, label, votes in counts)
    buttons = [
        {
            "type": "button",
            "action_id": f"vote_{option_id}",
            "text": {"type": "plain_text", "text": label},
            "value": f"{poll_id}:{option_id}",
        }
        for option_id, label, _ in counts
    ]
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": question}},
        {"type": "section", "text": {"type": "mrkdwn", "text": bars}},
        {"type": "actions", "elements": buttons},
    ]
    return {"text": question, "blocks": blocks}


async def open_poll(
    path: str, users: list[str], question: str, labels: Sequence[str], votes: int
) -> dict[str, Any]:
    """The members, and a poll in which so many of them have voted; returns the card to post."""
    made = engine(path)
    await prepare(made, users)
    async with AsyncSession(made) as session:
        poll = Poll(question=question)
        session.add(poll)
        await session.flush()
        options = [Option(poll_id=poll.id, label=label) for label in labels]
        session.add_all(options)
        await session.flush()
        voters = zip((await session.scalars(select(Member.id))).all()[:votes], cycle(options), strict=False)
        session.add_all(
            Vote(poll_id=poll.id, member_id=member, option_id=option.id) for member, option in voters
        )
        drawn = card(question, poll.id, await counted(session, poll.id))
        await session.commit()
    await made.dispose()
    return drawn


if __name__ == "__main__":
    bolt(VOTE, voting(connect(sys.argv[2]))).start(port=int(sys.argv[1]), host="127.0.0.1")
