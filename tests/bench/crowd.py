"""Circles full of people, made at once: what joining one by one would leave, written in bulk.

What is measured starts after that, by the ways of the house: `handlers.posts.service` publishes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Table, delete, insert, literal, select, update

from bot.chat.action import pack
from bot.chat.event import Command, Sender, Submission
from bot.chat.form import Answers, Note, Value
from bot.chat.platform import Dispatch
from bot.chat.reply import Ask
from bot.domain.circle import MAX_CEILING, Role
from bot.domain.message import AUTHOR, POST, PRIORITIES, State
from bot.domain.poll import Poll
from bot.domain.post import Copy, Found
from handlers.posts import service
from storage import circles, messages, people, polls, posts, tables
from storage.messages import Recipient
from storage.tables import new_id
from storage.transaction import CircleTransaction, Transaction

LEAD = "ULEAD"
LINK = "https://example.org/first-week"
TITLE = "How we welcome our apprentices"
WHY = "Three years of apprentices tell of their first week; two of them are colleagues today."
OPENING = "I was their tutor, and I learnt more than they did."
PICTURE, ALT = "https://example.org/first-week.png", "Three people around a workbench"
EXPIRES = timedelta(days=30)


@dataclass(frozen=True)
class Crowd:
    """A circle in one workspace; `lead` is a person's id."""

    circle: str
    workspace: str
    topic: str
    lead: str


def gather(
    tx: Transaction,
    platform: str,
    place: str,
    users: Sequence[str],
    networks: str,
    now: datetime,
    own_zone: str = "UTC",
) -> Crowd:
    """Members of one topic, on weekdays from nine to six, who take all there is; the lead is none of them."""
    circles.open_circle(
        tx,
        platform=platform,
        workspace=place,
        language="en",
        zone="UTC",
        charters=(),
        topics=[{"fr": "Ressources humaines", "en": "Human resources"}],
        now=now,
    )
    w, t, a = tables.workspace.c, tables.topic.c, tables.account.c
    circle, workspace = tx.execute(
        select(w.circle_id, w.id).where(w.platform == platform, w.external_id == place)
    ).one()
    topic = tx.execute(select(t.id).where(t.circle_id == circle)).scalar_one()
    accounts = [_account(circle, workspace, f"{platform}:{place}", user, own_zone) for user in [LEAD, *users]]
    tx.execute(insert(tables.person), [_person(account) for account in accounts])
    tx.execute(insert(tables.account), accounts)
    who = (a.circle_id == circle) & (a.external_id != LEAD)
    wishes = {"joined_at": now, "consent_version": 1, "weekly_ceiling": MAX_CEILING, "networks": networks}
    _for_each(tx, tables.member, who, wishes)
    _for_each(tx, tables.follow, who, {"topic_id": topic})
    return Crowd(circle, workspace, topic, str(accounts[0]["person_id"]))


def _account(circle: str, workspace: str, place: str, user: str, zone: str) -> dict[str, object]:
    return {
        "circle_id": circle,
        "id": new_id(),
        "person_id": new_id(),
        "workspace_id": workspace,
        "external_id": user,
        "address": f"{place}:{user}",
        "name": user.title(),
        "language": "en",
        "zone": zone,
        "guest": False,
        "reachable": True,
    }


def _person(account: dict[str, object]) -> dict[str, object]:
    role = Role.LEAD if account["external_id"] == LEAD else Role.NONE
    return {"circle_id": account["circle_id"], "id": account["person_id"], "role": role}


def _for_each(tx: Transaction, table: Table, who: ColumnElement[bool], values: dict[str, object]) -> None:
    """The same row for each person, made in the database."""
    a = tables.account.c
    same = [literal(value, table.c[name].type) for name, value in values.items()]
    rows = select(a.circle_id, a.person_id, *same).where(who)
    tx.execute(insert(table).from_select(["circle_id", "person_id", *values], rows))


def publish(tx: Transaction, crowd: Crowd, now: datetime) -> int:
    """A post for all of them; tells how many wait."""
    circle = CircleTransaction(tx, crowd.circle)
    post = posts.add(circle, crowd.lead, _copy(crowd.topic, now), now)
    return service.publish(circle, post, now)


def publish_and_tell(tx: Transaction, crowd: Crowd, now: datetime) -> int:
    """The same, with the card before its author on which the figures follow what arrives."""
    waiting = publish(tx, crowd, now)
    circle = CircleTransaction(tx, crowd.circle)
    post = posts.latest(circle, 1)[0].id
    author, _ = people.load(circle, crowd.lead)
    reader = Recipient.of(author)
    messages.request(circle, AUTHOR, post, [reader], now)
    stands = {"state": State.SHOWN, "shown_version": 1, "shown_at": now, "reference": "D1:1.1"}
    m = tables.message.c
    its = (m.circle_id == crowd.circle) & (m.kind == AUTHOR.name) & (m.subject_id == post)
    tx.execute(update(tables.message).where(its).values(**stands, priority=PRIORITIES + AUTHOR.priority))
    return waiting


def read_link(tx: Transaction, crowd: Crowd, now: datetime) -> str:
    """A link whose page was read: the draft that the lead composes a post from."""
    circle = CircleTransaction(tx, crowd.circle)
    draft = posts.add_draft(circle, crowd.lead, LINK, now)
    posts.fill_draft(circle, draft, Found(LINK, "A first week"), "")
    return draft


async def ask(dispatch: Dispatch, author: Sender, place: str, **answers: Value) -> None:
    """Open a poll in a channel, by its form: signed, with live counts, unless `answers` say otherwise."""
    key = new_id()
    opened = (await dispatch(Command(f"poll {key}", author, "poll", place))).reply
    assert isinstance(opened, Ask)
    form = opened.form
    held = {part.name: part.value for part in form.parts if not isinstance(part, Note)}
    given = Answers({**held, "rules": ("live",), **answers})
    await dispatch(Submission(f"ballot {key}", author, pack(form.action), given))


def have_voted(tx: Transaction, users: Sequence[str]) -> None:
    """In the one poll, each for another option than their neighbour."""
    asked, voters = poll(tx), ids(tx)
    circle = CircleTransaction(tx, asked.circle_id)
    options = [option.id for option in polls.options(circle, asked)]
    of = {"circle_id": asked.circle_id, "poll_id": asked.id}
    rows = [
        {**of, "voter": voters[user], "option_id": options[n % len(options)]} for n, user in enumerate(users)
    ]
    tx.execute(insert(tables.vote), rows)
    for option, votes in Counter(row["option_id"] for row in rows).items():
        tx.execute(update(tables.poll_option).where(tables.poll_option.c.id == option).values(votes=votes))
    polls.mark(circle, asked, voters=len(rows))


def poll(tx: Transaction) -> Poll:
    """The only one there is."""
    p = tables.poll.c
    circle_id, poll_id = tx.execute(select(p.circle_id, p.id)).one()
    found = polls.load(CircleTransaction(tx, circle_id), poll_id)
    assert found is not None
    return found


def ids(tx: Transaction) -> dict[str, str]:
    """Of all people, by what their platform calls them."""
    a = tables.account.c
    return {row.external_id: row.person_id for row in tx.execute(select(a.external_id, a.person_id))}


def unsend(tx: Transaction) -> None:
    """Everything that was shown waits again, as if it had never left, and no pace is used up."""
    m = tables.message.c
    never = {"state": State.WAITING, "shown_version": 0, "reference": "", "shown_at": None, "attempt": 0}
    tx.execute(
        update(tables.message)
        .where(m.state == State.SHOWN, m.kind == POST.name)
        .values(**never, priority=m.priority - PRIORITIES, due_at=m.created_at, tried_at=None)
    )
    tx.execute(delete(tables.bucket))


def _copy(topic: str, now: datetime) -> Copy:
    return Copy(
        url=LINK,
        title=TITLE,
        why=WHY,
        openings=(OPENING,),
        topic_id=topic,
        networks=(),
        picture_url=PICTURE,
        picture_alt=ALT,
        expires_at=now + EXPIRES,
    )


def composed(topic: str, now: datetime) -> dict[str, Value]:
    """The same, as its form is sent."""
    return {
        "url": LINK,
        "title": TITLE,
        "why": WHY,
        "opening_1": OPENING,
        "topic": topic,
        "networks": (),
        "picture_url": PICTURE,
        "picture_alt": ALT,
        "expires": (now + EXPIRES).date().isoformat(),
    }
