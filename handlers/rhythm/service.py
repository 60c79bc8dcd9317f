"""Reading the month of the circle, and changing it."""

from __future__ import annotations

from dataclasses import replace

from bot.chat.form import Answers
from bot.context import Context
from bot.domain.circle import Person, Role
from bot.domain.errors import LeadsOnly, RhythmChanged
from bot.domain.rhythm import WEEKS, Rhythm, Ritual, When, mark, next_date, parse_hour, parse_place, schedule
from handlers.rhythm.cards import NAMES, WEEK_NAMES, Month
from storage import entries, people, rituals

WEEKDAYS = 7


def month(ctx: Context) -> Month:
    rhythm = rituals.of_circle(ctx.tx, ctx.circle)
    kept = ((ritual, schedule(ctx.circle, ritual, when)) for ritual, when in rhythm.items())
    dates = {ritual: next_date(when, ctx.now) for ritual, when in kept if when is not None}
    return Month(rhythm, dates, ctx.circle.zone)


def lead(ctx: Context) -> Person:
    """Raises LeadsOnly, which names who can."""
    if ctx.person.role is not Role.LEAD:
        team = people.with_role(ctx.tx)
        names = [person.name or ctx.t("kudos.someone") for person in team if person.role is Role.LEAD]
        raise LeadsOnly(leads=ctx.t.all_of(names) if names else ctx.t("rhythm.no_lead"))
    return ctx.person


def change(ctx: Context, seen: str, answers: Answers) -> Month:
    """The whole month, said anew. Raises LeadsOnly, BadRhythm, BadHour, or RhythmChanged when it is no longer
    the one that was seen."""
    lead(ctx)
    wanted = _read(answers)
    rituals.alone(ctx.tx, ctx.circle)
    before = rituals.of_circle(ctx.tx, ctx.circle)
    if mark(before) != seen:
        raise RhythmChanged
    changed = [ritual for ritual in Ritual if wanted[ritual] != before[ritual]]
    for ritual in changed:
        rituals.change(ctx.tx, ctx.circle, ritual, wanted[ritual], ctx.now)
    _write_down(ctx, before, wanted)
    return month(ctx)


def _read(answers: Answers) -> Rhythm:
    weekday, at = parse_place(answers.text("weekday"), WEEKDAYS), parse_hour(answers.text("at"))
    return {ritual: When(parse_place(answers.text(ritual), WEEKS + 1), weekday, at) for ritual in Ritual}


def _write_down(ctx: Context, before: Rhythm, after: Rhythm) -> None:
    """Each ritual whose week changed; the day and the hour, which are the same for all, once."""
    for ritual in (r for r in Ritual if after[r].week != before[r].week):
        named = {"ritual": NAMES[ritual], "week": WEEK_NAMES[after[ritual].week]}
        entries.write(ctx.tx, "log.ritual_changed", ctx.now, ctx.person.id, **named)
    if any(replace(after[r], week=before[r].week) != before[r] for r in Ritual):
        at = f"{after[Ritual.BLOCKERS].at:%H:%M}"
        entries.write(ctx.tx, "log.rhythm_hour", ctx.now, ctx.person.id, at=at)
