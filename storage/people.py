"""People, members and their consents."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, time
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)

from bot.domain.circle import Circle, Person, Role
from bot.domain.member import Member, Preferences
from storage import recurring, tables
from storage.rows import among, insert_new, joined, put, split
from storage.tables import new_id
from storage.transaction import CircleTransaction, Transaction

_p, _m, _w, _c = tables.person.c, tables.member.c, tables.workspace.c, tables.circle.c

_comma: Any = literal_column("','")
"""Not a str: SQLAlchemy would write it into the statement anew each time."""
_followed = (
    select(func.aggregate_strings(tables.follow.c.topic_id, _comma))
    .where(tables.follow.c.circle_id == _p.circle_id, tables.follow.c.person_id == _p.id)
    .correlate(tables.person)
    .scalar_subquery()
)


_PERSON = (
    *(_p.id, _p.circle_id, _p.workspace_id, _p.address, _p.name, _p.role, _p.guest, _p.reachable),
    *(_p.chosen_language, _p.platform_language, _c.language, _p.zone, _c.zone),
)
_MEMBER = (
    *(_m.person_id, _m.joined_at, _m.consent_version, _m.paused_until),
    *(_m.weekly_ceiling, _m.day_start, _m.day_end, _m.days, _m.country, _m.instance),
    *(_followed, _m.networks),
)
_BOTH = len(_PERSON) + len(_MEMBER)
"""What is read of them, in this order: for every card and every press."""
_ROLES = {role.value: role for role in Role}
ALIKE = 1024
"""Preferences kept in memory, of those read last."""


def _people(*more: ColumnElement[Any]) -> Select[Any]:
    """One row a person, with what they are as a member, and `more`."""
    return (
        select(*_PERSON, *_MEMBER, *more)
        .select_from(tables.person)
        .join(tables.circle, _c.id == _p.circle_id)
        .outerjoin(tables.member, (_m.circle_id == _p.circle_id) & (_m.person_id == _p.id))
    )


def _person(row: Row[Any]) -> Person:
    """Where their platform tells neither language nor zone, those of the circle stand in."""
    id, circle_id, workspace_id, address, name, role, guest, reachable, *speaks = row[: len(_PERSON)]
    chosen, spoken, circles_own, zone, home = speaks
    language, where, can = chosen or spoken or circles_own, zone or home, _ROLES[role]
    return Person(id, circle_id, workspace_id, address, name, language, where, can, guest, reachable, spoken)


def _member(row: Row[Any]) -> Member | None:
    id, joined_at, version, paused_until, *wishes = row[len(_PERSON) : _BOTH]
    return None if id is None else Member(id, joined_at, version, paused_until, _preferences(*wishes))


@lru_cache(ALIKE)
def _preferences(
    ceiling: int, start: time, end: time, days: str, country: str, instance: str, topics: str, networks: str
) -> Preferences:
    """Many have the same."""
    weekdays, followed = frozenset(map(int, days)), frozenset(split(topics or ""))
    return Preferences(followed, split(networks), ceiling, start, end, weekdays, country, instance)


def _circle(row: Row[Any]) -> Circle:
    r = row._mapping
    return Circle(**{column.name: r[column] for column in _c})


_by_sender = (
    _people(*_c)
    .join(tables.workspace, (_w.circle_id == _p.circle_id) & (_w.id == _p.workspace_id))
    .where(
        _w.platform == bindparam("platform"),
        _w.external_id == bindparam("workspace"),
        _p.external_id == bindparam("user"),
    )
)
_by_id = _people().where(_p.circle_id == bindparam("circle"), _p.id == bindparam("person"))
_by_ids = _people().where(_p.circle_id == bindparam("circle"), among(_p.id, "people"))


def find(
    tx: Transaction, platform: str, workspace: str, user: str
) -> tuple[Circle, Person, Member | None] | None:
    """Whom the platform vouched for, under their own circle; None for somebody never seen."""
    row = tx.execute(_by_sender, {"platform": platform, "workspace": workspace, "user": user}).first()
    return (_circle(row), _person(row), _member(row)) if row else None


def load(tx: CircleTransaction, person_id: str) -> tuple[Person, Member | None]:
    row = tx.execute(_by_id, {"circle": tx.circle_id, "person": person_id}).one()
    return _person(row), _member(row)


def load_all(tx: CircleTransaction, person_ids: Collection[str]) -> dict[str, tuple[Person, Member | None]]:
    """By their ids."""
    asked = {"circle": tx.circle_id, "people": list(person_ids)}
    rows = tx.execute(_by_ids, asked).all() if person_ids else ()
    found = ((_person(row), _member(row)) for row in rows)
    return {person.id: (person, member) for person, member in found}


def add(tx: Transaction, platform: str, workspace: str, user: str, **profile: object) -> bool:
    """Note somebody down in a workspace that is known; False if the workspace is not. Enrols nobody."""
    home = tx.execute(
        select(_w.circle_id, _w.id).where(_w.platform == platform, _w.external_id == workspace)
    ).first()
    if home is None:
        return False
    values = {
        "circle_id": home.circle_id,
        "id": new_id(),
        "workspace_id": home.id,
        "external_id": user,
        "address": f"{platform}:{workspace}:{user}",
        "guest": False,
        "reachable": True,
    }
    insert_new(tx, tables.person, values | profile)
    return True


def change(tx: Transaction, person: Person, **values: object) -> None:
    """`name`, `chosen_language`, `platform_language`, `zone`, `role`, `guest`, `reachable`."""
    tx.execute(
        update(tables.person).where(_p.circle_id == person.circle_id, _p.id == person.id).values(**values)
    )
    if "zone" in values:
        recurring.look_again(CircleTransaction(tx, person.circle_id))


def lose(tx: CircleTransaction, person_id: str) -> None:
    """They cannot be written to. Their consent stays, and nobody is told."""
    tx.execute(
        update(tables.person).where(_p.circle_id == tx.circle_id, _p.id == person_id).values(reachable=False)
    )


def with_role(tx: CircleTransaction) -> list[Person]:
    rows = tx.execute(
        _people().where(_p.circle_id == tx.circle_id, _p.role != Role.NONE).order_by(_p.role.desc(), _p.name)
    )
    return [_person(row) for row in rows]


def at_address(tx: CircleTransaction, address: str) -> Person | None:
    row = tx.execute(_people().where(_p.circle_id == tx.circle_id, _p.address == address)).first()
    return _person(row) if row else None


def members(tx: CircleTransaction, topic_id: str) -> Iterable[tuple[Person, Member]]:
    """Everybody in the circle who follows a topic and can be written to."""
    follows = tables.follow.c
    rows = tx.execute(
        _people()
        .join(tables.follow, (follows.circle_id == _p.circle_id) & (follows.person_id == _p.id))
        .where(_p.circle_id == tx.circle_id, follows.topic_id == topic_id, _p.reachable)
    )
    for row in rows:
        member = _member(row)
        if member is not None:
            yield _person(row), member


def everyone(tx: CircleTransaction) -> list[tuple[Person, Member]]:
    """All members of a circle who can be written to, by name."""
    rows = tx.execute(
        _people()
        .where(_p.circle_id == tx.circle_id, _m.person_id.is_not(None), _p.reachable)
        .order_by(_p.name)
    )
    return [(_person(row), member) for row in rows if (member := _member(row)) is not None]


def count_members(tx: CircleTransaction) -> int:
    return tx.execute(
        select(func.count()).select_from(tables.member).where(_m.circle_id == tx.circle_id)
    ).scalar_one()


def join(tx: Transaction, person: Person, preferences: Preferences, version: int, now: datetime) -> None:
    """Enter the circle: the consent and what it was given to, kept for good."""
    tx.execute(
        insert(tables.consent).values(
            circle_id=person.circle_id,
            id=new_id(),
            person_id=person.id,
            version=version,
            language=person.language,
            given_at=now,
        )
    )
    key = {"circle_id": person.circle_id, "person_id": person.id}
    put(
        tx,
        tables.member,
        key,
        {"joined_at": now, "consent_version": version, "paused_until": None, **_columns(preferences)},
    )
    _follow(tx, person, preferences.topics)


def prefer(tx: Transaction, person: Person, preferences: Preferences) -> None:
    tx.execute(
        update(tables.member)
        .where(_m.circle_id == person.circle_id, _m.person_id == person.id)
        .values(**_columns(preferences))
    )
    _follow(tx, person, preferences.topics)


def pause(tx: Transaction, person: Person, until: datetime | None) -> None:
    tx.execute(
        update(tables.member)
        .where(_m.circle_id == person.circle_id, _m.person_id == person.id)
        .values(paused_until=until)
    )


def leave(tx: Transaction, person: Person, now: datetime) -> None:
    """Out, and what was on its way to them is dropped in the same transaction."""
    tx.execute(
        update(tables.consent)
        .where(
            tables.consent.c.circle_id == person.circle_id,
            tables.consent.c.person_id == person.id,
            tables.consent.c.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=now)
    )
    tx.execute(delete(tables.member).where(_m.circle_id == person.circle_id, _m.person_id == person.id))


def _columns(preferences: Preferences) -> dict[str, object]:
    return {
        "weekly_ceiling": preferences.weekly_ceiling,
        "day_start": preferences.day_start,
        "day_end": preferences.day_end,
        "days": "".join(str(day) for day in sorted(preferences.days)),
        "country": preferences.country,
        "networks": joined(preferences.networks),
        "instance": preferences.instance,
    }


def _follow(tx: Transaction, person: Person, topics: frozenset[str]) -> None:
    follows = tables.follow.c
    tx.execute(
        delete(tables.follow).where(follows.circle_id == person.circle_id, follows.person_id == person.id)
    )
    for topic_id in sorted(topics):
        tx.execute(
            insert(tables.follow).values(circle_id=person.circle_id, topic_id=topic_id, person_id=person.id)
        )
