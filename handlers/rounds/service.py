"""Proposing a change, speaking up, and what the circle's consent changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import assert_never

from bot.chat.form import Answers
from bot.chat.text import Mention
from bot.context import Context, Scope
from bot.domain.circle import Circle, Person
from bot.domain.errors import (
    BadClosing,
    BadInput,
    ButtonGone,
    NothingNew,
    NotOffered,
    NotYourRound,
    ObjectionMissing,
    OwnRound,
    Problems,
    PurposeMissing,
    ReasonMissing,
    RoundClosed,
    RoundOpen,
    UnknownRitual,
)
from bot.domain.rhythm import Ritual
from bot.domain.round import (
    CADENCES,
    CEILINGS,
    LONGEST_LIFE,
    ROUND,
    ROUND_OUTCOME,
    ROUND_WALL,
    USUAL_LIFE,
    WEEKS,
    Cadence,
    Ceiling,
    Change,
    Outcome,
    Purpose,
    RitualWeek,
    Round,
    Stance,
    Voice,
    outcome,
    setting_of,
    working_days_after,
)
from bot.domain.working_time import zone_or
from handlers.rounds.cards import SETTINGS, WEEK_NAMES, Objection, View, value
from storage import circles, entries, messages, people, rituals, rounds, walls
from storage.messages import Recipient
from storage.transaction import CircleTransaction, Transaction

COALESCE = timedelta(seconds=20)
"""A count, and what others object, move at most this often."""
NEWS_LIFE = timedelta(days=14)


def under_way(ctx: Context) -> Sequence[Round]:
    """Raises MembersOnly."""
    ctx.as_member()
    return rounds.open_ones(ctx.tx)


def today(ctx: Context, setting: str) -> Sequence[Change]:
    """A setting as it is, each ritual of it. Raises MembersOnly; ButtonGone for no setting of ours."""
    ctx.as_member()
    kinds: dict[str, tuple[Change, ...]] = {
        "cadence": (Cadence(0),),
        "ceiling": (Ceiling(1),),
        "ritual": tuple(RitualWeek(ritual, 0) for ritual in Ritual),
        "purpose": (Purpose("", ""),),
    }
    if setting not in kinds:
        raise ButtonGone
    return [as_it_is(ctx.tx, ctx.circle, change) for change in kinds[setting]]


def as_it_is(tx: CircleTransaction, circle: Circle, change: Change) -> Change:
    """What the same setting is before that change."""
    match change:
        case Cadence():
            return Cadence(circle.cadence)
        case Ceiling():
            return Ceiling(circle.weekly_ceiling)
        case RitualWeek():
            return RitualWeek(change.ritual, rituals.of_circle(tx, circle)[change.ritual].week)
        case Purpose():
            return Purpose(*(circles.charter(tx, language).purpose for language in ("fr", "en")))
        case _:
            assert_never(change)


def usual_end(ctx: Context) -> date:
    """Its last day, where the author is."""
    return working_days_after(_today(ctx), USUAL_LIFE)


def _today(ctx: Context) -> date:
    return ctx.now.astimezone(zone_or(ctx.person.zone)).date()


def start(ctx: Context, setting: str, answers: Answers) -> Round:
    """Put a change to the circle. Raises MembersOnly, ButtonGone or Problems."""
    today(ctx, setting)
    change, why, closes_at = _read(ctx, setting, answers)
    if (other := rounds.about(ctx.tx, setting_of(change))) is not None:
        raise RoundOpen(
            day=ctx.t.day(other.closes_at - timedelta(seconds=1)), value=value(ctx.t, other.change)
        )
    round_id = rounds.start(ctx.tx, ctx.person.id, change, why, ctx.now, closes_at)
    _ask_everybody(ctx, round_id, closes_at)
    entries.write(ctx.tx, "log.round_opened", ctx.now, **_what(change))
    return open_to(ctx, round_id)


def _ask_everybody(ctx: Context, round_id: str, closes_at: datetime) -> None:
    asked = [Recipient.of(p) for p, _ in people.everyone(ctx.tx)]
    hung = walls.walls(ctx.tx)
    for kind, readers in ((ROUND, asked), (ROUND_WALL, hung)):
        messages.request(ctx.tx, kind, round_id, readers, ctx.now, expires_at=closes_at)


def _read(ctx: Context, setting: str, answers: Answers) -> tuple[Change, str, datetime]:
    problems: list[BadInput] = []
    change, closes_at, why = None, None, answers.text("reason")
    try:
        change = _change(ctx, setting, answers)
    except BadInput as problem:
        problems.append(problem)
    if not why:
        problems.append(ReasonMissing())
    try:
        closes_at = _end_of(ctx, answers.text("until"))
    except BadInput as problem:
        problems.append(problem)
    if change is None or closes_at is None or problems:
        raise Problems(*problems)
    return change, why, closes_at


def _change(ctx: Context, setting: str, answers: Answers) -> Change:
    """Raises NotOffered, UnknownRitual, PurposeMissing or NothingNew."""
    wanted = _wanted(ctx.t.language, setting, answers)
    if wanted == as_it_is(ctx.tx, ctx.circle, wanted):
        raise NothingNew
    return wanted


def _wanted(language: str, setting: str, answers: Answers) -> Change:
    match setting:
        case "cadence":
            return Cadence(_number(answers, CADENCES))
        case "ceiling":
            return Ceiling(_number(answers, CEILINGS))
        case "ritual":
            return RitualWeek(_ritual(answers), _number(answers, WEEKS))
        case _:
            return _purpose(language, answers)


def _number(answers: Answers, offered: Sequence[int]) -> int:
    numbers = {str(number): number for number in offered}
    try:
        return numbers[answers.text("value")]
    except KeyError:
        raise NotOffered from None


def _ritual(answers: Answers) -> Ritual:
    try:
        return Ritual(answers.text("ritual"))
    except ValueError:
        raise UnknownRitual from None


def _purpose(language: str, answers: Answers) -> Purpose:
    """In the author's language; the same text in the other one, unless they wrote one for it."""
    own = answers.text("value")
    if not own:
        raise PurposeMissing
    other = answers.text("other") or own
    return Purpose(own, other) if language == "fr" else Purpose(other, own)


def _end_of(ctx: Context, day: str) -> datetime:
    """The end of that day where the author is, in UTC. Raises BadClosing."""
    try:
        last = date.fromisoformat(day)
    except ValueError:
        raise BadClosing from None
    if not _today(ctx) < last <= _today(ctx) + LONGEST_LIFE:
        raise BadClosing
    after = datetime.combine(last + timedelta(days=1), time(), zone_or(ctx.person.zone))
    return after.astimezone(UTC)


def open_to(ctx: Context, round_id: str) -> Round:
    """One that takes voices, for a member. Raises MembersOnly or RoundClosed."""
    ctx.as_member()
    found = rounds.load(ctx.tx, round_id)
    if found is None or not found.takes_voices(ctx.now):
        raise RoundClosed
    return found


def view(scope: Scope, round: Round, reader: Person | None) -> View:
    """A round as `reader` sees it, as everybody does when that is None."""
    voices = rounds.voices(scope.tx, round.id)
    return View(
        round=round,
        before=as_it_is(scope.tx, scope.circle, round.change),
        author=_mention(scope, round.author_id),
        agreed=sum(voice.stance is Stance.AGREE for voice in voices),
        objections=tuple(
            Objection(_mention(scope, voice.person_id), voice.reason)
            for voice in voices
            if voice.stance is Stance.OBJECT
        ),
        stance=next((v.stance for v in voices if reader and v.person_id == reader.id), None),
    )


def _mention(scope: Scope, person_id: str) -> Mention:
    person, _ = people.load(scope.tx, person_id)
    return Mention(person.address, person.name)


def own_reason(ctx: Context, round: Round) -> str:
    """Of the person's objection; empty while they have none."""
    own = _own(ctx, round)
    return own.reason if own else ""


def _own(ctx: Context, round: Round) -> Voice | None:
    voices = rounds.voices(ctx.tx, round.id)
    return next((voice for voice in voices if voice.person_id == ctx.person.id), None)


def take_stance(ctx: Context, round_id: str, stance: str) -> View:
    """Agree or abstain. Raises MembersOnly, RoundClosed, OwnRound, or ButtonGone for any other stance."""
    if stance not in (Stance.AGREE, Stance.ABSTAIN):
        raise ButtonGone
    return _speak(ctx, round_id, Voice(ctx.person.id, Stance(stance)))


def object_to(ctx: Context, round_id: str, reason: str) -> View:
    """Raises MembersOnly, RoundClosed, OwnRound or ObjectionMissing."""
    if not reason:
        open_to(ctx, round_id)
        raise ObjectionMissing
    return _speak(ctx, round_id, Voice(ctx.person.id, Stance.OBJECT, reason))


def _speak(ctx: Context, round_id: str, voice: Voice) -> View:
    round = open_to(ctx, round_id)
    if round.author_id == ctx.person.id:
        raise OwnRound
    if not rounds.hold_open(ctx.tx, round_id, ctx.now):
        raise RoundClosed
    before = _own(ctx, round)
    rounds.speak(ctx.tx, round_id, voice, ctx.now)
    objected = before is not None and before.stance is Stance.OBJECT
    _redraw(ctx, round_id, everybody=objected or voice.stance is Stance.OBJECT)
    return view(ctx, round, ctx.person)


def withdraw_objection(ctx: Context, round_id: str) -> None:
    """Raises MembersOnly or RoundClosed."""
    open_to(ctx, round_id)
    if not rounds.hold_open(ctx.tx, round_id, ctx.now):
        raise RoundClosed
    rounds.drop_objection(ctx.tx, round_id, ctx.person.id)
    _redraw(ctx, round_id, everybody=True)


def _redraw(ctx: Context, round_id: str, everybody: bool) -> None:
    """Who agrees changes a count at the walls; an objection, what everybody reads."""
    messages.redraw_for(ctx.tx, ctx.person.id, round_id, ctx.now)
    for kind in (ROUND_WALL, ROUND) if everybody else (ROUND_WALL,):
        messages.redraw(ctx.tx, kind, round_id, ctx.now, after=COALESCE)


def withdraw(ctx: Context, round_id: str) -> None:
    """By its author. Raises MembersOnly, RoundClosed or NotYourRound."""
    round = open_to(ctx, round_id)
    if round.author_id != ctx.person.id:
        raise NotYourRound
    if not rounds.close(ctx.tx, round_id, ctx.now):
        raise RoundClosed
    _settle(ctx.tx, round, Outcome.WITHDRAWN, ctx.now)


def close_due(tx: Transaction, now: datetime) -> int:
    """Close those whose last day is over; tells how many."""
    return sum(
        close(CircleTransaction(tx, circle_id), round_id, now) for circle_id, round_id in rounds.due(tx, now)
    )


def close(tx: CircleTransaction, round_id: str, now: datetime) -> bool:
    """What was consented to changes, and is told, in the same transaction. False if that was done already."""
    round = rounds.load(tx, round_id)
    if round is None or not rounds.close(tx, round_id, now):
        return False
    found = outcome(round.author_id, rounds.voices(tx, round_id))
    if found is Outcome.ACCEPTED:
        apply(tx, circles.circle(tx), round.change, now)
    _settle(tx, round, found, now)
    author, _ = people.load(tx, round.author_id)
    reader = Recipient.of(author)
    messages.request(tx, ROUND_OUTCOME, round_id, [reader], now, expires_at=now + NEWS_LIFE)
    return True


def apply(tx: CircleTransaction, circle: Circle, change: Change, now: datetime) -> None:
    match change:
        case Cadence():
            circles.change(tx, cadence=change.a_week)
        case Ceiling():
            circles.change(tx, weekly_ceiling=change.a_week)
        case RitualWeek():
            rituals.alone(tx, circle)
            when = rituals.of_circle(tx, circle)[change.ritual]
            rituals.change(tx, circle, change.ritual, replace(when, week=change.week), now)
        case Purpose():
            _rewrite(tx, circle, change)
        case _:
            assert_never(change)


def _rewrite(tx: CircleTransaction, circle: Circle, purpose: Purpose) -> None:
    """A new version of the charter, with the promises as they were."""
    for language, words in (("fr", purpose.fr), ("en", purpose.en)):
        latest = circles.charter(tx, language)
        circles.add_charter(tx, replace(latest, version=latest.version + 1, purpose=words))


def _settle(tx: CircleTransaction, round: Round, how: Outcome, now: datetime) -> None:
    rounds.settle(tx, round.id, how)
    what, values = _entry(how, round.change)
    entries.write(tx, what, now, **values)
    for kind in (ROUND, ROUND_WALL):
        messages.redraw(tx, kind, round.id, now)


def _entry(how: Outcome, change: Change) -> tuple[str, dict[str, str]]:
    """What the public log says, and with which values."""
    match how:
        case Outcome.ACCEPTED:
            return _agreed(change)
        case Outcome.OBJECTED:
            return "log.round_objected", _what(change)
        case Outcome.WITHDRAWN:
            return "log.round_withdrawn", _what(change)
        case Outcome.LAPSED | Outcome.OPEN:
            return "log.round_lapsed", _what(change)
        case _:
            assert_never(how)


def _agreed(change: Change) -> tuple[str, dict[str, str]]:
    match change:
        case Cadence():
            return "log.cadence_agreed", {"value": str(change.a_week)}
        case Ceiling():
            return "log.ceiling_agreed", {"value": str(change.a_week)}
        case RitualWeek():
            return "log.ritual_agreed", {**_what(change), "value": WEEK_NAMES[change.week]}
        case Purpose():
            return "log.purpose_agreed", {}
        case _:
            assert_never(change)


def _what(change: Change) -> dict[str, str]:
    """A key of the catalogue: the log is read in any language."""
    return {"what": SETTINGS[setting_of(change)]}
