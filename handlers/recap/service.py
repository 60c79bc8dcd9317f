"""Gathering what a recap tells: sums of the whole circle, and what it agreed to show."""

from __future__ import annotations

from datetime import date, datetime, time

from bot.context import Context, Scope
from bot.domain.board import Matter, Theme
from bot.domain.circle import Circle
from bot.domain.kudos import stories
from bot.domain.recap import (
    ANSWERS,
    Figures,
    Recap,
    Thanked,
    Told,
    month_after,
    months_until,
)
from bot.domain.rhythm import Ritual, next_date, schedule
from bot.domain.schedule import instant
from bot.domain.secrecy import enough
from bot.domain.working_time import first_instant
from storage import board, kudos, meetings, people, pulses, recaps, rituals
from storage.transaction import CircleTransaction

NEXT = 3


def latest(ctx: Context) -> Recap | None:
    """Raises MembersOnly to whoever is neither a member nor of the comms team."""
    if not ctx.person.posts:
        ctx.as_member()
    return recaps.latest(ctx.tx)


def told(scope: Scope, recap: Recap) -> Told:
    tx, circle, span = scope.tx, scope.circle, (recap.since, recap.made_at)
    spoken = _speaks_of_all(tx, circle)
    return Told(
        posts=recaps.posts(tx, *span),
        shares=recaps.shares(tx, *span) if spoken else None,
        clicks=recaps.clicks(tx, *span) if spoken else None,
        thanks=_thanks(tx, *span),
        decisions=recaps.decisions(tx, *span),
        answers=_answers(tx, *span),
        trust=_trust(tx, *span),
        coming=_coming(tx, circle, scope.now),
        months=figures(tx, circle, recap),
    )


def _speaks_of_all(tx: CircleTransaction, circle: Circle) -> bool:
    """In a smaller circle, a number of shares would point at somebody."""
    return enough(people.count_members(tx))


def _thanks(tx: CircleTransaction, since: datetime, until: datetime) -> list[Thanked]:
    chosen = stories(kudos.shown(tx, since=since, until=until))

    def name(person_id: str) -> str:
        return people.load(tx, person_id)[0].name

    return [Thanked(name(k.giver_id), tuple(map(name, k.shown_to)), k.reason) for k in chosen]


def _answers(tx: CircleTransaction, since: datetime, until: datetime) -> list[Theme]:
    themes = board.answered_between(tx, since, until)
    return [theme for theme in themes if theme.matter is Matter.BLOCKER][:ANSWERS]


def _trust(tx: CircleTransaction, since: datetime, until: datetime) -> tuple[float, float | None] | None:
    """That of the pulse which closed in that span, and of the one before."""
    known = [pulse for pulse in pulses.closed(tx, 12) if pulse.closed_at and pulse.closed_at < until]
    spoken = [(pulse.closed_at, pulse.means.trust) for pulse in known if pulse.means and pulse.closed_at]
    if not spoken or spoken[0][0] < since:
        return None
    return spoken[0][1], spoken[1][1] if len(spoken) > 1 else None


def _coming(tx: CircleTransaction, circle: Circle, now: datetime) -> list[tuple[Ritual, datetime]]:
    """The next dates of the rhythm, the meeting's where a lead put it."""
    kept = ((r, schedule(circle, r, when)) for r, when in rituals.of_circle(tx, circle).items())
    dates = {ritual: instant(when, next_date(when, now)) for ritual, when in kept if when is not None}
    meeting = meetings.coming(tx, now)
    if meeting is not None and Ritual.MEETING in dates:
        dates[Ritual.MEETING] = meeting.starts_at
    return sorted(dates.items(), key=lambda each: (each[1], each[0]))[:NEXT]


def figures(tx: CircleTransaction, circle: Circle, recap: Recap) -> list[Figures]:
    """Return the figures of each of the last months. The latest month ends when the recap was made."""
    months, spoken = months_until(recap.month), _speaks_of_all(tx, circle)
    given = kudos.shown(tx, since=_start(circle, months[0]), until=recap.made_at)
    thanked = [each.given_at for each in given]
    return [_figures(tx, circle, month, recap.made_at, thanked, spoken) for month in months]


def _figures(
    tx: CircleTransaction, circle: Circle, month: date, until: datetime, thanked: list[datetime], spoken: bool
) -> Figures:
    since, end = _start(circle, month), min(_start(circle, month_after(month)), until)
    return Figures(
        month,
        posts=len(recaps.posts(tx, since, end)),
        thanks=sum(since <= at < end for at in thanked),
        shares=recaps.shares(tx, since, end) if spoken else None,
    )


def _start(circle: Circle, month: date) -> datetime:
    return first_instant(circle.zone, datetime.combine(month, time()))
