"""Joining, wishing, pausing, leaving. Everybody does so for themselves only."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from bot.chat.form import Answers
from bot.context import Context
from bot.domain.circle import MAX_CEILING, Charter, Person, Topic
from bot.domain.day import read_day
from bot.domain.errors import (
    BadInput,
    CharterChanged,
    DateInThePast,
    NoConsent,
    NoDays,
    NoTopics,
    OnlyInAChannel,
    Problems,
    TooFarAway,
    UnknownLanguage,
    WorkspaceTaken,
)
from bot.domain.member import Preferences
from bot.domain.message import CALL, WELCOME
from bot.domain.network import Network, parse_instance
from bot.domain.working_time import parse_hours, zone_or
from bot.locales import LANGUAGES, Translator
from storage import circles, messages, people, replies
from storage.messages import Recipient
from storage.tables import new_id
from storage.transaction import CircleTransaction, Transaction

FIRST_TOPICS = ("topic.company", "topic.people", "topic.business")
LONGEST_PAUSE = timedelta(days=365)
USUAL_PAUSE = timedelta(days=7)


def found_circle(
    tx: Transaction, platform: str, workspace: str, language: str, zone: str, now: datetime
) -> None:
    """A circle for a workspace that has none yet, with the charter and the topics to begin with."""
    spoken = [Translator(each) for each in LANGUAGES]
    circles.open_circle(
        tx,
        platform=platform,
        workspace=workspace,
        language=language,
        zone=zone,
        charters=tuple(_first_charter(t) for t in spoken),
        topics=[{t.language: t(key) for t in spoken} for key in FIRST_TOPICS],
        now=now,
    )


def attach_workspace(tx: CircleTransaction, platform: str, workspace: str) -> str:
    """Have a circle live in one more workspace, and return that workspace's id of ours. Attaching it twice
    changes nothing. Raises WorkspaceTaken when another circle lives there."""
    found = circles.workspace(tx, platform, workspace)
    if found is None:
        return circles.attach_workspace(tx, platform, workspace)
    if found.circle_id != tx.circle_id:
        raise WorkspaceTaken
    return found.id


def _first_charter(t: Translator) -> Charter:
    return Charter(
        1,
        t.language,
        t("charter.purpose"),
        t("charter.members_promise"),
        t("charter.organisation_promises"),
    )


def charter(ctx: Context) -> Charter:
    return circles.charter(ctx.tx, ctx.t.language)


def topics(ctx: Context) -> tuple[Topic, ...]:
    return circles.topics(ctx.tx)


def wishes(ctx: Context) -> Preferences:
    """A member's own, or what we propose to somebody who comes in: everything, at a gentle pace."""
    if ctx.member is not None:
        return ctx.member.preferences
    country = "FR" if ctx.t.language == "fr" and ctx.person.zone == "Europe/Paris" else ""
    return Preferences(topics=frozenset(topic.id for topic in topics(ctx)), country=country)


def join(ctx: Context, version: int, answers: Answers) -> Preferences:
    """Enter the circle. Raises Problems, NoConsent or CharterChanged."""
    if not answers.yes("consent"):
        raise NoConsent
    if version != charter(ctx).version:
        raise CharterChanged
    wanted = _read(ctx, answers)
    if ctx.member is None:
        people.join(ctx.tx, ctx.person, wanted, version, ctx.now)
    else:
        people.prefer(ctx.tx, ctx.person, wanted)
    return wanted


def prefer(ctx: Context, answers: Answers) -> Preferences:
    """Change one's wishes and reschedule what waits for them. Raises Problems."""
    ctx.as_member()
    wanted = _read(ctx, answers)
    people.prefer(ctx.tx, ctx.person, wanted)
    messages.reschedule_for(ctx.tx, ctx.person.id, ctx.now)
    return wanted


def _read(ctx: Context, answers: Answers) -> Preferences:
    known = {topic.id for topic in topics(ctx)}
    wanted = frozenset(answers.many("topics")) & known
    days = frozenset(int(day) for day in answers.many("days") if day in tuple("0123456"))
    problems: list[BadInput] = [] if wanted else [NoTopics()]
    problems += [] if days else [NoDays()]
    networks = tuple(network for network in Network if network in answers.many("networks"))
    hours, instance = (time(9), time(18)), ""
    try:
        hours = parse_hours(answers.text("day_start"), answers.text("day_end"))
    except BadInput as problem:
        problems.append(problem)
    try:
        if Network.MASTODON in networks:
            instance = parse_instance(answers.text("instance"))
    except BadInput as problem:
        problems.append(problem)
    if problems:
        raise Problems(*problems)
    ceiling = answers.text("ceiling")
    return Preferences(
        topics=wanted,
        networks=networks,
        weekly_ceiling=min(int(ceiling), MAX_CEILING) if ceiling.isdecimal() and int(ceiling) else 2,
        day_start=hours[0],
        day_end=hours[1],
        days=days,
        country=answers.text("country")[:10],
        instance=instance,
    )


def report(tx: CircleTransaction, person: Person, now: datetime, **facts: object) -> None:
    """Store what a platform says of a person's account, as `people.report` takes it, and decide again when
    what waits for them may leave."""
    people.report(tx, person.account, **facts)
    messages.reschedule_for(tx, person.id, now)


def welcome(ctx: Context) -> None:
    """Welcome somebody who added the app: once, however often they add it, and in working time, because an
    organisation can add it for its people."""
    messages.request(ctx.tx, WELCOME, ctx.person.id, [Recipient.of(ctx.person)], ctx.now)


def leave(ctx: Context) -> bool:
    """Out, at once: nothing that was on its way leaves. False for somebody who was not in."""
    if ctx.member is None:
        return False
    people.leave(ctx.tx, ctx.person, ctx.now)
    messages.recall_for(ctx.tx, ctx.person.id, "left the circle")
    replies.remove_for(ctx.tx, ctx.person.id)
    return True


def proposed_return(ctx: Context) -> str:
    zone = zone_or(ctx.person.zone)
    return (ctx.now.astimezone(zone).date() + USUAL_PAUSE).isoformat()


def pause(ctx: Context, back: str) -> datetime:
    """Let nothing unasked reach this person before the day that they typed. Return the instant at which that
    day begins for them. Raises BadDate, DateInThePast or TooFarAway."""
    ctx.as_member()
    zone = zone_or(ctx.person.zone)
    american = ctx.t.language == "en" and ctx.sender.locale.replace("_", "-").lower() == "en-us"
    day = read_day(back, ctx.now.astimezone(zone).date(), ctx.t.language, month_first=american)
    until = datetime.combine(day, time(), zone)
    if until <= ctx.now:
        raise DateInThePast
    if until > ctx.now + LONGEST_PAUSE:
        raise TooFarAway
    people.pause(ctx.tx, ctx.person, until)
    return until


def resume(ctx: Context) -> None:
    ctx.as_member()
    people.pause(ctx.tx, ctx.person, None)
    messages.reschedule_for(ctx.tx, ctx.person.id, ctx.now)


def call(ctx: Context, place: str) -> None:
    """Post the call for volunteers in a channel. Raises CommsOnly or OnlyInAChannel."""
    ctx.as_comms()
    if not place:
        raise OnlyInAChannel
    there = Recipient.channel(ctx.person.workspace_id, place)
    messages.request(ctx.tx, CALL, new_id(), [there], ctx.now)


def speak(ctx: Context, language: str) -> str:
    """Raises UnknownLanguage."""
    wanted = language.lower()[:2]
    if wanted not in LANGUAGES:
        raise UnknownLanguage
    people.change(ctx.tx, ctx.person, chosen_language=wanted)
    return wanted
