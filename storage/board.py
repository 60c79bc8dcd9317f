"""What the circle said of itself, and the themes made of it.

In an anonymous gathering nothing ties a finding to anybody: no name, no hour, no order. While it is open,
what was said is in sealed ballots (`storage.ballots`); at its end all of it is written in one transaction,
shuffled."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from random import SystemRandom
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Update, delete, func, insert, select, update

from bot.domain.board import Finding, Gathering, Matter, Plan, Somebody, Telling, Theme
from bot.domain.secrecy import enough
from storage import ballots, tables
from storage.rows import one_at_a_time
from storage.tables import new_id
from storage.transaction import CircleTransaction, Transaction

_g, _f, _t = tables.gathering.c, tables.finding.c, tables.theme.c
_a, _m = tables.account.c, tables.member.c

# Gatherings


def start(
    tx: CircleTransaction,
    author_id: str | None,
    now: datetime,
    closes_at: datetime,
    *,
    anonymous: bool,
) -> str | None:
    """None while one is open."""
    one_at_a_time(tx, f"gathering:{tx.circle_id}")
    if current(tx) is not None:
        return None
    gathering_id = new_id()
    tx.execute(
        insert(tables.gathering).values(
            circle_id=tx.circle_id,
            id=gathering_id,
            author_id=author_id,
            anonymous=anonymous,
            opened_at=now,
            closes_at=closes_at,
            spoken=not anonymous,
        )
    )
    if anonymous:
        ballots.start(tx, gathering_id)
    return gathering_id


def load_gathering(tx: CircleTransaction, gathering_id: str) -> Gathering | None:
    row = tx.execute(_gatherings(tx.circle_id).where(_g.id == gathering_id)).first()
    return Gathering(*row) if row else None


def current(tx: CircleTransaction) -> Gathering | None:
    """The one that has not closed yet."""
    row = tx.execute(_gatherings(tx.circle_id).where(_g.closed_at.is_(None))).first()
    return Gathering(*row) if row else None


def _gatherings(circle_id: str) -> Select[Any]:
    columns = (_g.id, _g.anonymous, _g.opened_at, _g.closes_at, _g.closed_at, _g.spoken, _g.lost)
    return select(*columns).where(_g.circle_id == circle_id)


def tell(
    tx: CircleTransaction,
    gathering_id: str,
    said: Mapping[Matter, str],
    person_id: str,
    now: datetime,
    *,
    signed: bool,
) -> bool:
    """False once it takes none. Whoever signs an anonymous one is not kept all the same. Raises
    KeyChanged."""
    opened = _gatherings(tx.circle_id).where(
        _g.id == gathering_id, _g.closed_at.is_(None), _g.closes_at > now
    )
    row = tx.execute(opened.with_for_update()).first()
    if row is None:
        return False
    if row.anonymous:
        _tell_secretly(tx, gathering_id, said, person_id)
    else:
        _shuffle_in(tx, gathering_id, _rows(tx, gathering_id, said, person_id if signed else None))
    return True


def _tell_secretly(
    tx: CircleTransaction, gathering_id: str, said: Mapping[Matter, str], person_id: str
) -> None:
    box = ballots.box(tx, gathering_id)
    assert box is not None, "an open gathering has its box"
    ballots.cast_another(tx, box, Telling(box.voter(person_id), said).packed())


def _rows(
    tx: CircleTransaction, gathering_id: str, said: Mapping[Matter, str], person_id: str | None = None
) -> list[dict[str, Any]]:
    whose = {"circle_id": tx.circle_id, "gathering_id": gathering_id, "theme_id": None}
    return [
        {**whose, "person_id": person_id, "id": new_id(), "kind": matter, "text": text}
        for matter, text in said.items()
    ]


def signed_by(tx: CircleTransaction, gathering_id: str, person_id: str) -> bool:
    """Whether somebody put their name to something there."""
    return (
        tx.execute(select(_f.id).where(*_signed(tx.circle_id, gathering_id, person_id))).first() is not None
    )


def take_back(tx: CircleTransaction, gathering_id: str, person_id: str) -> bool:
    """All that somebody signed there, in a theme or not; False for nothing. The gathering is held, for its
    rows are written anew when something comes in."""
    tx.execute(_gatherings(tx.circle_id).where(_g.id == gathering_id).with_for_update())
    signed = delete(tables.finding).where(*_signed(tx.circle_id, gathering_id, person_id))
    return tx.execute(signed).rowcount > 0


def _signed(circle_id: str, gathering_id: str, person_id: str) -> tuple[ColumnElement[bool], ...]:
    return _f.circle_id == circle_id, _f.gathering_id == gathering_id, _f.person_id == person_id


def _shuffle_in(tx: CircleTransaction, gathering_id: str, new: Sequence[Mapping[str, Any]]) -> None:
    """Write all findings of a gathering anew, in no order, so that neither their place nor the transaction
    they came with tells who spoke when."""
    mine = (_f.circle_id == tx.circle_id, _f.gathering_id == gathering_id)
    taken = tx.execute(delete(tables.finding).where(*mine).returning(tables.finding))
    rows = [*map(dict, taken.mappings()), *new]
    SystemRandom().shuffle(rows)
    if rows:
        tx.execute(insert(tables.finding), rows)


def due(tx: Transaction, now: datetime) -> list[tuple[str, str]]:
    """(circle, gathering) whose last day is over."""
    rows = tx.execute(select(_g.circle_id, _g.id).where(_g.closed_at.is_(None), _g.closes_at <= now))
    return [(row.circle_id, row.id) for row in rows]


def close(tx: CircleTransaction, gathering_id: str, now: datetime) -> bool:
    """False if that was done already."""
    mine = (_g.circle_id == tx.circle_id, _g.id == gathering_id)
    closing = update(tables.gathering).where(*mine, _g.closed_at.is_(None))
    if not tx.execute(closing.values(closed_at=now)).rowcount:
        return False
    if tx.execute(select(_g.anonymous).where(*mine)).scalar_one():
        _open_ballots(tx, gathering_id)
    return True


def _open_ballots(tx: CircleTransaction, gathering_id: str) -> None:
    """What was left over from those before comes to this one. All of it may be read if enough people answered
    here; who answered before, nobody can tell any more, and they may be the same people."""
    contents = ballots.empty(tx, gathering_id)
    told = [Telling.unpacked(content) for content in contents or ()]
    rows = [row for each in told for row in _rows(tx, gathering_id, each.said)]
    tx.execute(_left_over(tx.circle_id).values(gathering_id=gathering_id))
    _shuffle_in(tx, gathering_id, rows)
    people = len({each.teller for each in told})
    mine = (_g.circle_id == tx.circle_id, _g.id == gathering_id)
    tx.execute(update(tables.gathering).where(*mine).values(spoken=enough(people), lost=contents is None))


def _left_over(circle_id: str) -> Update:
    unspoken = select(_g.id).where(_g.circle_id == circle_id, _g.closed_at.is_not(None), ~_g.spoken)
    return update(tables.finding).where(_f.circle_id == circle_id, _f.gathering_id.in_(unspoken))


# Findings


def _findings(circle_id: str) -> Select[Any]:
    """Those that may be read, in the order of random ids."""
    return (
        select(_f.id, _f.kind, _f.text, *_somebody)
        .select_from(tables.finding)
        .join(tables.gathering, (_g.circle_id == _f.circle_id) & (_g.id == _f.gathering_id))
        .outerjoin(_members, (_m.circle_id == _f.circle_id) & (_m.person_id == _f.person_id))
        .where(_f.circle_id == circle_id, _g.spoken)
        .order_by(_f.id)
    )


_members = tables.member.join(
    tables.account,
    (_a.circle_id == _m.circle_id) & (_a.person_id == _m.person_id) & _a.receives,
)
_somebody = (_m.person_id.label("by_id"), _a.workspace_id, _a.address, _a.name)


def _by(row: Row[Any]) -> Somebody | None:
    return Somebody(row.by_id, row.workspace_id, row.address, row.name) if row.by_id else None


def _finding(row: Row[Any]) -> Finding:
    return Finding(row.id, Matter(row.kind), row.text, _by(row))


def unsorted(tx: CircleTransaction, matter: Matter, limit: int) -> list[Finding]:
    """What may be read and stands in no theme yet."""
    rows = _findings(tx.circle_id).where(_f.theme_id.is_(None), _f.kind == matter)
    return [_finding(row) for row in tx.execute(rows.limit(limit))]


def all_unsorted(tx: CircleTransaction, matter: Matter, findings: Collection[str]) -> bool:
    """Whether every one of these may be read and stands in no theme yet."""
    rows = _findings(tx.circle_id).where(_f.theme_id.is_(None), _f.kind == matter, _f.id.in_(findings))
    return len(tx.execute(rows).all()) == len(set(findings))


def count_unsorted(tx: CircleTransaction, gathering_id: str | None = None) -> Mapping[Matter, int]:
    """Of one gathering, or of all."""
    spoken = (_g.circle_id == _f.circle_id) & (_g.id == _f.gathering_id) & _g.spoken
    counting = select(_f.kind, func.count()).join(tables.gathering, spoken).group_by(_f.kind)
    counting = counting.where(_f.circle_id == tx.circle_id, _f.theme_id.is_(None))
    if gathering_id is not None:
        counting = counting.where(_g.id == gathering_id)
    found = {row[0]: row[1] for row in tx.execute(counting)}
    return {matter: found.get(matter, 0) for matter in Matter}


def findings_of(tx: CircleTransaction, theme_id: str) -> list[Finding]:
    return [_finding(row) for row in tx.execute(_findings(tx.circle_id).where(_f.theme_id == theme_id))]


def sort(tx: CircleTransaction, theme_id: str, findings: Collection[str]) -> list[str]:
    """Tells the gatherings they come from; those are held meanwhile, for their rows are written anew when
    something comes in."""
    theirs = select(_f.gathering_id).where(_f.circle_id == tx.circle_id, _f.id.in_(findings))
    held = tx.execute(_gatherings(tx.circle_id).where(_g.id.in_(theirs)).with_for_update()).all()
    tx.execute(
        update(tables.finding)
        .where(_f.circle_id == tx.circle_id, _f.id.in_(findings))
        .values(theme_id=theme_id)
    )
    return [row.id for row in held]


# Themes


def alone(tx: CircleTransaction) -> None:
    """Until this transaction ends, nobody else changes the themes of that circle."""
    one_at_a_time(tx, f"board:{tx.circle_id}")


def _themes(circle_id: str) -> Select[Any]:
    """Who left the circle looks after nothing any more."""
    return (
        select(tables.theme, *_somebody)
        .outerjoin(_members, (_m.circle_id == _t.circle_id) & (_m.person_id == _t.owner_id))
        .where(_t.circle_id == circle_id)
    )


def _theme(row: Row[Any]) -> Theme:
    return Theme(
        id=row.id,
        matter=Matter(row.kind),
        title=row.title,
        created_at=row.created_at,
        owner=_by(row),
        due_on=row.due_on,
        answer=row.answer,
        answered_at=row.answered_at,
        returned_on=row.returned_on,
        changes=row.changes,
    )


_unanswered = (_t.kind == Matter.BLOCKER) & _t.answered_at.is_(None)


def unanswered(tx: CircleTransaction) -> list[Theme]:
    """What holds the circle back and has no answer yet, oldest first."""
    rows = _themes(tx.circle_id).where(_unanswered).order_by(_t.created_at, _t.id)
    return [_theme(row) for row in tx.execute(rows)]


def answered(tx: CircleTransaction, limit: int) -> list[Theme]:
    """The latest answers first."""
    rows = _themes(tx.circle_id).where(_t.kind == Matter.BLOCKER, _t.answered_at.is_not(None))
    return [_theme(row) for row in tx.execute(rows.order_by(_t.answered_at.desc(), _t.id).limit(limit))]


def answered_between(tx: CircleTransaction, since: datetime, until: datetime) -> list[Theme]:
    rows = _themes(tx.circle_id).where(_t.answered_at >= since, _t.answered_at < until)
    return [_theme(row) for row in tx.execute(rows.order_by(_t.answered_at, _t.id))]


def practices(tx: CircleTransaction, limit: int) -> list[Theme]:
    """The latest first."""
    rows = _themes(tx.circle_id).where(_t.kind == Matter.PRACTICE)
    return [_theme(row) for row in tx.execute(rows.order_by(_t.created_at.desc(), _t.id).limit(limit))]


def every(tx: CircleTransaction, limit: int, offset: int) -> list[Theme]:
    """All there ever were, the latest first."""
    rows = _themes(tx.circle_id).order_by(_t.created_at.desc(), _t.id)
    return [_theme(row) for row in tx.execute(rows.limit(limit).offset(offset))]


def count_themes(tx: CircleTransaction) -> int:
    return tx.execute(
        select(func.count()).select_from(tables.theme).where(_t.circle_id == tx.circle_id)
    ).scalar_one()


def load(tx: CircleTransaction, theme_id: str) -> Theme | None:
    row = tx.execute(_themes(tx.circle_id).where(_t.id == theme_id)).first()
    return _theme(row) if row else None


def add(tx: CircleTransaction, matter: Matter, title: str, now: datetime) -> str:
    theme_id = new_id()
    row = {"circle_id": tx.circle_id, "id": theme_id, "kind": matter, "title": title, "created_at": now}
    tx.execute(insert(tables.theme).values(row))
    return theme_id


def plan(tx: CircleTransaction, theme_id: str, plan: Plan) -> None:
    """With another day or owner it need not come back for now."""
    values = {"title": plan.title, "owner_id": plan.owner_id, "due_on": plan.due_on}
    _change(tx, theme_id, **values, returned_on=None)


def answer(tx: CircleTransaction, theme_id: str, text: str, now: datetime) -> None:
    """A corrected answer keeps the day of the first one."""
    first = func.coalesce(_t.answered_at, now)
    _change(tx, theme_id, answer=text, answered_at=first, returned_on=None)


def give_back(tx: CircleTransaction, theme_id: str) -> None:
    _change(tx, theme_id, owner_id=None)


def _change(tx: CircleTransaction, theme_id: str, **values: object) -> None:
    mine = (_t.circle_id == tx.circle_id, _t.id == theme_id)
    tx.execute(update(tables.theme).where(*mine).values(**values, changes=_t.changes + 1))


# What comes back


def mark_returned(tx: CircleTransaction, themes: Collection[str], day: date) -> None:
    mine = (_t.circle_id == tx.circle_id, _t.id.in_(themes))
    tx.execute(update(tables.theme).where(*mine).values(returned_on=day))


def returned(tx: CircleTransaction, day: date) -> list[Theme]:
    """What came back then, or since, and waits."""
    rows = _themes(tx.circle_id).where(_unanswered, _t.returned_on == day).order_by(_t.created_at, _t.id)
    return [_theme(row) for row in tx.execute(rows)]
