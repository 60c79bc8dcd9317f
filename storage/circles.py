"""Circles, the workspaces they live in, their charters and topics, and the code that makes a first lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, exists, insert, select, update

from bot.domain.circle import Charter, Circle, Role, Topic, Workspace
from storage import recurring, tables
from storage.rows import one_at_a_time
from storage.tables import new_id
from storage.transaction import CircleTransaction, Transaction


def open_circle(
    tx: Transaction,
    *,
    platform: str,
    workspace: str,
    language: str,
    zone: str,
    charters: tuple[Charter, ...],
    topics: Sequence[Mapping[str, str]],
    now: datetime,
) -> None:
    """Open a circle for a workspace that has none; `topics` are names by language."""
    circle_id = new_id()
    bound = CircleTransaction(tx, circle_id)
    tx.execute(
        insert(tables.circle).values(id=circle_id, name="", language=language, zone=zone, created_at=now)
    )
    attach_workspace(bound, platform, workspace)
    for charter in charters:
        add_charter(bound, charter)
    for position, names in enumerate(topics):
        _add_topic(bound, position, names)
    recurring.start(bound, recurring.CIRCLE, "", now)


def attach_workspace(tx: CircleTransaction, platform: str, workspace: str) -> str:
    """Have the circle live in that workspace too, and return its id."""
    row = {"circle_id": tx.circle_id, "id": new_id(), "platform": platform, "external_id": workspace}
    tx.execute(insert(tables.workspace).values(row))
    return row["id"]


def workspace(tx: Transaction, platform: str, external_id: str) -> Workspace | None:
    """Return the workspace that the platform knows by that id, whichever circle lives there."""
    w = tables.workspace.c
    found = select(w.id, w.circle_id, w.platform, w.external_id)
    row = tx.execute(found.where(w.platform == platform, w.external_id == external_id)).first()
    return Workspace(*row) if row else None


def _add_topic(tx: CircleTransaction, position: int, names: Mapping[str, str]) -> None:
    topic_id = new_id()
    tx.execute(insert(tables.topic).values(circle_id=tx.circle_id, id=topic_id, position=position))
    spoken = [
        {"circle_id": tx.circle_id, "topic_id": topic_id, "language": language, "name": name}
        for language, name in names.items()
    ]
    tx.execute(insert(tables.topic_name), spoken)


def add_charter(tx: CircleTransaction, charter: Charter) -> None:
    tx.execute(
        insert(tables.charter).values(
            circle_id=tx.circle_id,
            version=charter.version,
            language=charter.language,
            purpose=charter.purpose,
            members_promise=charter.members_promise,
            organisation_promises=charter.organisation_promises,
        )
    )


_every = select(tables.circle)
_by_id = _every.where(tables.circle.c.id == bindparam("circle"))


def circle(tx: CircleTransaction) -> Circle:
    row = tx.execute(_by_id, {"circle": tx.circle_id}).one()
    return Circle(**row._mapping)


_turn = (
    _every.add_columns(tables.workspace.c.disconnected_at.is_(None).label("connected"))
    .join(tables.workspace, tables.workspace.c.circle_id == tables.circle.c.id)
    .where(tables.workspace.c.id == bindparam("workspace"))
    .with_for_update(of=tables.workspace, skip_locked=True, key_share=True)
)


def take_turn(tx: Transaction, workspace_id: str) -> tuple[Circle, bool] | None:
    """Claim messages of that workspace until this transaction ends. Return its circle, and whether the
    platform accepts us there; None while another process claims them. So a ceiling or a pace is never weighed
    by two at once."""
    row = tx.execute(_turn, {"workspace": workspace_id}).first()
    return (Circle(*row[:-1]), bool(row[-1])) if row else None


def every(tx: Transaction) -> list[Circle]:
    return [Circle(**row._mapping) for row in tx.execute(_every)]


def change(tx: CircleTransaction, **values: object) -> None:
    """`name`, `language`, `zone`, `cadence`, `weekly_ceiling`, `trust_floor`, `slowed_at`."""
    tx.execute(update(tables.circle).where(tables.circle.c.id == tx.circle_id).values(**values))
    recurring.look_again(tx)


def charter(tx: CircleTransaction, language: str) -> Charter:
    """The latest, in that language."""
    c = tables.charter.c
    row = tx.execute(
        select(c.version, c.language, c.purpose, c.members_promise, c.organisation_promises)
        .where(c.circle_id == tx.circle_id, c.language == language)
        .order_by(c.version.desc())
        .limit(1)
    ).one()
    return Charter(**row._mapping)


_t, _n = tables.topic.c, tables.topic_name.c
_topics = (
    select(_t.id, _n.language, _n.name)
    .outerjoin(tables.topic_name, (_n.circle_id == _t.circle_id) & (_n.topic_id == _t.id))
    .where(_t.circle_id == bindparam("circle"))
    .order_by(_t.position, _n.language)
)


def topics(tx: CircleTransaction) -> tuple[Topic, ...]:
    names: dict[str, dict[str, str]] = {}
    for topic_id, language, name in tx.execute(_topics, {"circle": tx.circle_id}).all():
        names.setdefault(topic_id, {}).update({language: name} if language else {})
    return tuple(Topic(topic_id, spoken) for topic_id, spoken in names.items())


def leaderless(tx: Transaction) -> bool:
    """Whether some circle, or a Cercle with no circle yet, still waits for its first lead."""
    led = exists().where(tables.person.c.circle_id == tables.circle.c.id, tables.person.c.role == Role.LEAD)
    some = tx.execute(select(tables.circle.c.id).limit(1)).first()
    return some is None or tx.execute(select(tables.circle.c.id).where(~led).limit(1)).first() is not None


def add_code(tx: Transaction, digest: str, now: datetime) -> None:
    """The only valid code from now on, however many processes start at once."""
    one_at_a_time(tx, "code")
    tx.execute(tables.code.delete().where(tables.code.c.used_at.is_(None)))
    tx.execute(insert(tables.code).values(digest=digest, made_at=now))


def use_code(tx: Transaction, digest: str, now: datetime) -> bool:
    """Spend a code; False if it is unknown or spent."""
    c = tables.code.c
    spent = tx.execute(update(tables.code).where(c.digest == digest, c.used_at.is_(None)).values(used_at=now))
    return spent.rowcount == 1
