"""Asking the circle how it is, answering, and what the answers change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import SystemRandom

from bot.chat.form import Answers
from bot.context import Context, Reading
from bot.domain.circle import Circle
from bot.domain.errors import (
    BadInput,
    DomainError,
    EnergyMissing,
    PressureMissing,
    Problems,
    PulseClosed,
    PulseTooSoon,
    TooFewForPulse,
    TrustMissing,
)
from bot.domain.message import Message
from bot.domain.pulse import (
    LAST_DAYS,
    LIFE,
    MARKS,
    PACE,
    PULSE,
    PULSE_REMINDER,
    REST,
    Answer,
    Means,
    Pulse,
    means,
)
from bot.domain.secrecy import enough
from storage import circles, entries, messages, people, pulses, walls
from storage.messages import Recipient
from storage.transaction import CircleTransaction, Transaction

TREND = 6
NEWS_LIFE = timedelta(days=14)
"""How long a change of pace is still news."""


def current(ctx: Context) -> Pulse | None:
    """The one that takes answers. Raises MembersOnly."""
    ctx.as_member()
    found = pulses.current(ctx.tx)
    return found if found and found.takes_answers(ctx.now) else None


def open_to(ctx: Context, pulse_id: str) -> Pulse:
    """One that takes answers, for a member. Raises MembersOnly or PulseClosed."""
    ctx.as_member()
    found = pulses.load(ctx.tx, pulse_id)
    if found is None or not found.takes_answers(ctx.now):
        raise PulseClosed
    return found


def mine(ctx: Context, pulse_id: str) -> Answer | None:
    return pulses.answer_of(ctx.tx, pulse_id, ctx.person.id)


def trend(ctx: Context) -> tuple[Sequence[Pulse], Sequence[str]]:
    """The latest that have closed, and the free words of the last one."""
    found = pulses.closed(ctx.tx, TREND)
    return found, pulses.words(ctx.tx, found[0].id) if found else ()


def obstacle(ctx: Context) -> DomainError | None:
    """Why a pulse cannot be opened now."""
    if _too_few(ctx.tx):
        return TooFewForPulse()
    rested = _rested_at(ctx.tx)
    return PulseTooSoon(day=ctx.t.day(rested)) if rested and ctx.now < rested else None


def _too_few(tx: CircleTransaction) -> bool:
    return not enough(people.count_members(tx))


def _rested_at(tx: CircleTransaction) -> datetime | None:
    last = pulses.closed(tx, 1)
    return last[0].closes_at + REST if last else None


def start(ctx: Context) -> Pulse:
    """Ask everybody; the one that is open where there is one. Raises MembersOnly, TooFewForPulse or
    PulseTooSoon."""
    ctx.as_member()
    if pulses.current(ctx.tx) is None:
        if (problem := obstacle(ctx)) is not None:
            raise problem
        ask(ctx.tx, ctx.now)
    started = current(ctx)
    if started is None:
        raise PulseClosed
    return started


def ask_by_the_month(tx: CircleTransaction, now: datetime) -> None:
    """Unless the circle is too small, or was asked a short while ago."""
    rested = _rested_at(tx)
    if not _too_few(tx) and (rested is None or rested <= now):
        ask(tx, now)


def ask(tx: CircleTransaction, now: datetime) -> None:
    """Open one, and a question to each member; nothing while one is open."""
    closes_at = now + LIFE
    pulse_id = pulses.start(tx, now, closes_at)
    if pulse_id is None:
        return
    asked = [Recipient.of(p) for p, _ in people.everyone(tx)]
    messages.request(tx, PULSE, pulse_id, asked, now, expires_at=closes_at)
    entries.write(tx, "log.pulse_opened", now)


def promise_reminders(tx: Transaction, arrived: Sequence[Message], now: datetime) -> None:
    """One, to whoever was asked in good time; it leaves only if they have not answered by then."""
    for circle_id, pulse_id in {(message.circle_id, message.subject_id) for message in arrived}:
        pulse = pulses.load(CircleTransaction(tx, circle_id), pulse_id)
        if pulse is None or now + LAST_DAYS >= pulse.closes_at - LAST_DAYS:
            continue
        asked = [m for m in arrived if m.subject_id == pulse_id]
        readers = [Recipient(m.workspace_id, m.address, m.person_id) for m in asked]
        when = {"due_at": pulse.closes_at - LAST_DAYS, "expires_at": pulse.closes_at}
        messages.request(CircleTransaction(tx, circle_id), PULSE_REMINDER, pulse_id, readers, now, **when)


def is_done(reading: Reading, pulse: Pulse) -> bool:
    """There is nothing left to ask this reader."""
    if reading.reader is None or not pulse.takes_answers(reading.now):
        return True
    readers = reading.readers or frozenset((reading.reader.id,))
    return reading.reader.id in reading.once(pulses.answered, pulse.id, readers)


def answer(ctx: Context, pulse_id: str, answers: Answers) -> Pulse:
    """Raises MembersOnly, PulseClosed or Problems."""
    pulse = open_to(ctx, pulse_id)
    if not pulses.answer(ctx.tx, pulse_id, ctx.person.id, _read(answers), ctx.now):
        raise PulseClosed
    return pulse


def _read(answers: Answers) -> Answer:
    marks = {str(mark): mark for mark in MARKS}
    trust, pressure, energy = (marks.get(answers.text(name)) for name in ("trust", "pressure", "energy"))
    if trust and pressure and energy:
        return Answer(trust, pressure, energy, answers.text("words"))
    missing: list[BadInput] = [] if trust else [TrustMissing()]
    missing += [] if pressure else [PressureMissing()]
    missing += [] if energy else [EnergyMissing()]
    raise Problems(*missing)


def close_due(tx: Transaction, now: datetime) -> int:
    """Close those whose last day is over; tells how many."""
    return sum(
        close(CircleTransaction(tx, circle_id), pulse_id, now) for circle_id, pulse_id in pulses.due(tx, now)
    )


def close(tx: CircleTransaction, pulse_id: str, now: datetime) -> bool:
    """The key and who answered what are gone; averages and shuffled words remain, if enough answered."""
    if not pulses.close(tx, pulse_id, now):
        return False
    answers = pulses.take(tx, pulse_id)
    found = means(answers or ())
    words = [answer.words for answer in answers or () if answer.words] if found else []
    SystemRandom().shuffle(words)
    people = len(answers) if answers and found else 0
    pulses.keep(tx, pulse_id, people, found, words, lost=answers is None)
    for kind in (PULSE, PULSE_REMINDER):
        messages.redraw(tx, kind, pulse_id, now)
    if found is not None:
        _tell(tx, pulse_id, people, found, now)
    else:
        entries.write(tx, "log.pulse_lost" if answers is None else "log.pulse_few", now)
    return True


def _tell(tx: CircleTransaction, pulse_id: str, people: int, found: Means, now: datetime) -> None:
    marks = {"trust": str(found.trust), "pressure": str(found.pressure), "energy": str(found.energy)}
    entries.write(tx, "log.pulse_closed", now, answers=str(people), **marks)
    set_pace(tx, circles.circle(tx), pulse_id, found.trust, now)


def set_pace(tx: CircleTransaction, circle: Circle, pulse_id: str, trust: float, now: datetime) -> None:
    """Slow below the circle's floor, its usual pace again from there on; everybody is told."""
    slow, was_slow = trust < circle.trust_floor, circle.slowed_at is not None
    if not slow and not was_slow:
        return
    if slow != was_slow:
        circles.change(tx, slowed_at=now if slow else None)
    what = "log.slowed" if slow else "log.usual_pace"
    entries.write(tx, what, now, trust=str(trust), floor=str(circle.trust_floor))
    audience = walls.audience(tx)
    messages.request(tx, PACE, pulse_id, audience, now, expires_at=now + NEWS_LIFE)
