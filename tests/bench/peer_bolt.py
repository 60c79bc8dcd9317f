"""The peer: the same programme as its makers would write it from the guides of Bolt for Python and of
SQLAlchemy's async ORM. One listener an intention, 21 of them; a press reads the member, inserts what they
said, commits, acknowledges, and draws another card over the one that was pressed.

`python -m tests.bench.peer_bolt PORT DATABASE`. As quick as the guides make it: the token is looked up once,
SQLite has its write-ahead log, and waits for a lock rather than fail.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import ForeignKey, event, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

PRESSED = "not_for_me"
COMMANDS = ("/join", "/leave", "/pause", "/post", "/language")
EVENTS = ("app_home_opened", "user_change")
BEFORE = ("read_charter", "edit_words", "later")
AFTER = ("now", "ask_author", "why", "stop", "posted")
VIEWS = ("joined", "paused", "words", "asked", "composed")

Listener = Callable[..., Awaitable[None]]

LOCK_PATIENCE = 30.0
"""Seconds. With SQLite's usual 5 the peer loses presses to "database is locked"."""


class Base(DeclarativeBase):
    pass


class Member(Base):
    __tablename__ = "member"

    id: Mapped[int] = mapped_column(primary_key=True)
    slack_user: Mapped[str] = mapped_column(unique=True)


class Press(Base):
    __tablename__ = "press"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    content: Mapped[str]
    at: Mapped[datetime]


def engine(path: str) -> AsyncEngine:
    made = create_async_engine(f"sqlite+aiosqlite:///{path}", connect_args={"timeout": LOCK_PATIENCE})

    @event.listens_for(made.sync_engine, "connect")
    def configure(connection: Any, _: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    return made


def connect(path: str) -> async_sessionmaker[AsyncSession]:
    return async_sessionmaker(engine(path), expire_on_commit=False)


def bolt(pressed: str | re.Pattern[str], hears: Listener) -> AsyncApp:
    """21 listeners, the pressed one in their middle."""
    token, url = os.environ["SLACK_BOT_TOKEN"], os.environ["SLACK_API_URL"]
    app = AsyncApp(
        client=AsyncWebClient(token, base_url=url), signing_secret=os.environ["SLACK_SIGNING_SECRET"]
    )

    async def only_ack(ack: Any) -> None:
        await ack()

    for command in COMMANDS:
        app.command(command)(only_ack)
    for name in EVENTS:
        app.event(name)(only_ack)
    for action_id in BEFORE:
        app.action(action_id)(only_ack)
    app.action(pressed)(hears)
    for action_id in AFTER:
        app.action(action_id)(only_ack)
    for callback_id in VIEWS:
        app.view(callback_id)(only_ack)
    return app


def declining(sessions: async_sessionmaker[AsyncSession]) -> Listener:
    async def not_for_me(ack: Any, respond: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        async with sessions() as session:
            member = await presser(session, body)
            key = f"{body['trigger_id']}:{action['action_ts']}"
            press = Press(key=key, member_id=member.id, content=action["value"], at=datetime.now(UTC))
            session.add(press)
            await session.commit()
        await ack()
        await respond(replace_original=True, **declined(body["message"]["text"], action["value"]))

    return not_for_me


def declined(title: str, content: str) -> dict[str, Any]:
    """The card of whoever does not want it; nearly that of ours."""
    again = {"type": "plain_text", "text": "Offer it to me again"}
    button = {"type": "button", "action_id": PRESSED, "text": again, "value": content}
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": title[:150]}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "Noted. Nobody knows but you."}},
        {"type": "actions", "elements": [button]},
    ]
    return {"text": title, "blocks": blocks}


async def presser(session: AsyncSession, body: dict[str, Any]) -> Member:
    found = await session.execute(select(Member).where(Member.slack_user == body["user"]["id"]))
    return found.scalar_one()


async def prepare(made: AsyncEngine, users: list[str]) -> None:
    async with made.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with AsyncSession(made) as session:
        session.add_all(Member(slack_user=user) for user in users)
        await session.commit()
    await made.dispose()


if __name__ == "__main__":
    bolt(PRESSED, declining(connect(sys.argv[2]))).start(port=int(sys.argv[1]), host="127.0.0.1")
