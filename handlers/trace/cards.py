"""What is said about what became of the messages, and of what recurs.

Silence, refusals and pauses are shown to nobody. So a post tells what members say they posted and what their
readers clicked, never to whom it was sent or who waits for it; a name stands only beside what a platform
refused. To oneself everything is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from bot.chat.action import Action
from bot.chat.card import Button, Card, Divider, Element, buttons, small, text
from bot.chat.text import Bold, Invite, Italic, Mention, Span, Spans
from bot.domain.message import REMOVED, Obstacle, State
from bot.domain.post import Copy, Post
from bot.domain.share import Tally
from bot.domain.story import Failure, Failures, Letter, Missed, Subject, Target, grouped
from bot.locales import Translator

GROUPS, SUBJECTS, READERS = 5, 3, 5
"""What one card lists, at most."""
KINDS = {
    "call": "trace.kind_call",
    "disconnected": "trace.kind_disconnected",
    "greeting": "trace.kind_greeting",
    "kudos": "trace.kind_kudos",
    "poll_lost": "trace.kind_poll_author",
    "round_wall": "trace.kind_round",
    "wall": "trace.kind_wall",
    "wall_down": "trace.kind_wall",
    "post": "trace.kind_post",
    "reminder": "trace.kind_reminder",
    "author": "trace.kind_author",
    "draft": "trace.kind_draft",
    "question": "trace.kind_question",
    "question_again": "trace.kind_question",
    "answer": "trace.kind_answer",
    "picture": "trace.kind_picture",
    "undelivered": "trace.kind_undelivered",
    "gathered": "trace.kind_gathered",
    "gathering": "trace.kind_gathering",
    "kudos_week": "trace.kind_kudos_week",
    "meeting": "trace.kind_meeting",
    "meeting_reminder": "trace.kind_meeting_reminder",
    "minutes": "trace.kind_minutes",
    "pace": "trace.kind_pace",
    "poll": "trace.kind_poll",
    "poll_author": "trace.kind_poll_author",
    "poll_again": "trace.kind_poll_author",
    "poll_reminder": "trace.kind_poll_reminder",
    "poll_week": "trace.kind_poll_week",
    "pulse": "trace.kind_pulse",
    "pulse_reminder": "trace.kind_pulse_reminder",
    "recap": "trace.kind_recap",
    "reply": "trace.kind_reply",
    "round": "trace.kind_round",
    "round_outcome": "trace.kind_round_outcome",
    "thanks": "trace.kind_thanks",
    "theme_owner": "trace.kind_theme_owner",
    "themes_answered": "trace.kind_themes_answered",
    "themes_returned": "trace.kind_themes_returned",
    "welcome": "trace.kind_welcome",
    "whisper": "trace.kind_whisper",
}

SCHEDULES = {
    "forget what need not be kept": "trace.schedule_forget",
    "board": "trace.schedule_board",
    "kudos": "trace.schedule_kudos",
    "poll": "trace.schedule_poll",
    "recap": "trace.schedule_recap",
    "ritual": "trace.schedule_ritual",
}
"""What recurs, by the first word of its schedule's name."""

ADVICE = {
    (obstacle, in_channel): key
    for obstacle, person, channel in (
        (Obstacle.NOT_THERE, "undelivered.unreachable", "undelivered.not_there"),
        (Obstacle.CLOSED, "undelivered.unreachable", "undelivered.closed"),
        (Obstacle.RESTRICTED, "undelivered.unreachable", "undelivered.restricted"),
        (Obstacle.REFUSED, "undelivered.refused", "undelivered.refused"),
        (Obstacle.SILENT, "undelivered.silent", "undelivered.silent"),
        (Obstacle.BROKEN, "undelivered.broken", "undelivered.broken"),
        (Obstacle.LOST, "undelivered.lost", "undelivered.lost"),
    )
    for in_channel, key in ((False, person), (True, channel))
}
"""What to do about an obstacle between a message and a person, or a channel."""
HOPELESS = frozenset({Obstacle.CLOSED, Obstacle.LOST})
"""Obstacles that "try all again" does not overcome."""


@dataclass(frozen=True, slots=True)
class RetryAll(Action, verb="undelivered.retry"):
    """Tries every message of the circle again that is in that state."""

    state: str


def trace(
    t: Translator,
    told: Sequence[tuple[Post, Tally]],
    failures: Sequence[Failures],
    missed: Sequence[Missed],
    own: Sequence[Letter],
    now: datetime,
) -> Card:
    body: list[Element] = [text(t("trace.body" if told else "trace.none"))]
    body += [text(Bold(post.copy.title), "\n", *_state(t, post, tally, now)) for post, tally in told]
    if failures:
        body += [Divider(), text(Bold(t("undelivered.title"))), *_undelivered(t, failures)]
    if missed:
        body += [Divider(), *(text(_missed(t, each)) for each in missed)]
    if own:
        body += [Divider(), text(Bold(t("trace.own"))), *(_letter(t, letter, now) for letter in own)]
    return Card(t("trace.title"), tuple(body))


def _state(t: Translator, post: Post, tally: Tally, now: datetime) -> Spans:
    if post.published_at is None and post.copy.publish_at is not None and post.withdrawn_at is None:
        return t.spans("posts.planned", moment=t.instant(post.copy.publish_at, now))
    did = t("posts.live", posted=tally.posted, clicks=tally.clicks)
    if post.withdrawn_at is not None:
        return (f"{t('posts.withdrawn')} · {did}",)
    return (did if post.live(now) else f"{t('posts.expired')} · {did}",)


def undelivered(t: Translator, groups: Sequence[Failures]) -> Card:
    """What did not arrive, for the comms team."""
    if not groups:
        return Card(t("undelivered.none"), ())
    return Card(t("undelivered.title"), _undelivered(t, groups))


def retried(t: Translator) -> Card:
    return Card("", (text(t("undelivered.retried")),))


def _undelivered(t: Translator, groups: Sequence[Failures]) -> tuple[Element, ...]:
    """Each group with what it needs, and one button that tries all of them again. What may have arrived has a
    button of its own, because it may then stand there twice."""
    shown = (_group(t, group) for group in groups[:GROUPS])
    left = len(groups) - GROUPS
    more = (small(t("trace.more", left)),) if left > 0 else ()
    obstacles = {group.obstacle for group in groups}
    again = Button(t("undelivered.retry_all"), RetryAll(State.DEAD))
    perhaps = Button(t("undelivered.send_again"), RetryAll(State.UNKNOWN))
    offered = (again if obstacles - HOPELESS else None, perhaps if Obstacle.LOST in obstacles else None)
    return (*shown, *more, *((buttons(*offered),) if any(offered) else ()))


def _group(t: Translator, group: Failures) -> Element:
    what: list[Span] = []
    for subject in group.subjects[:SUBJECTS]:
        what += [", "] if what else []
        what += _subject(t, subject)
    if (left := len(group.subjects) - SUBJECTS) > 0:
        what += [" ", t("undelivered.and_more", left)]
    where: list[Span] = [_called(t, group.targets[0])] if group.in_channel else [_readers(t, group.targets)]
    key = ADVICE[group.obstacle, group.in_channel]
    return text(*where, " · ", *what, "\n", *t.spans(key, invite=Invite(t("channel.invite"))))


def _called(t: Translator, channel: Target) -> Span:
    return Mention(channel.address, channel.name or t("undelivered.a_channel"))


def _readers(t: Translator, targets: Sequence[Target]) -> Bold:
    names = [target.name or t("kudos.someone") for target in targets[:READERS]]
    if (left := len(targets) - READERS) > 0:
        names.append(t("undelivered.others", left))
    return Bold(t.all_of(names))


def _subject(t: Translator, subject: Subject) -> tuple[Span, ...]:
    key = KINDS.get(subject.kind, "trace.kind_other")
    kind = t(key)
    return (kind, " ", Italic(t("undelivered.quoted", title=subject.title))) if subject.title else (kind,)


def _missed(t: Translator, missed: Missed) -> str:
    key = SCHEDULES.get(missed.schedule.partition(":")[0], "trace.schedule_other")
    first, last, number = t.day(missed.days[0]), t.day(missed.days[-1]), len(missed.days)
    if number == 1:
        return t("trace.missed", what=t(key), day=first)
    return t("trace.missed_often", number, what=t(key), first=first, last=last)


def _letter(t: Translator, letter: Letter, now: datetime) -> Element:
    title: tuple[Span, ...] = (" · ", Italic(letter.title)) if letter.title else ()
    kind = KINDS.get(letter.kind, "trace.kind_other")
    return text(Bold(t(kind)), *title, *(span for step in _steps(t, letter, now) for span in ("\n", *step)))


def _steps(t: Translator, letter: Letter, now: datetime) -> list[Spans]:
    """Line by line, as far as it has come."""
    steps = [t.spans("trace.made", moment=t.instant(letter.created_at, now))]
    if letter.shown_at is not None:
        steps.append(t.spans("trace.arrived", moment=t.instant(letter.shown_at, now)))
    if letter.changes:
        steps.append(t.spans("trace.changed", letter.changes))
    if letter.reason and letter.state in (State.WAITING, State.DEAD):
        steps.append(t.spans("trace.tried", letter.attempts))
    return [*steps, *_end(t, letter, now)]


def _end(t: Translator, letter: Letter, now: datetime) -> list[Spans]:
    match letter.state:
        case State.WAITING if letter.due_at > now:
            return [t.spans("trace.leaves", moment=t.instant(letter.due_at, now))]
        case State.WAITING | State.SENDING:
            return [t.spans("trace.leaving")]
        case State.AMBIGUOUS:
            return [t.spans("trace.looking")]
        case State.UNKNOWN:
            return [t.spans("trace.lost")]
        case State.DROPPED if letter.reason == REMOVED:
            return [t.spans("trace.removed")]
        case State.DROPPED:
            return [t.spans("trace.given_up")]
        case State.SHOWN | State.DEAD:
            return []


def examples(t: Translator) -> dict[str, Card]:
    now = datetime(2026, 11, 24, 9, tzinfo=UTC)
    copy = Copy(
        url="https://example.org/alternants",
        title=t("example.title"),
        why=t("example.why"),
        openings=(t("example.opening"),),
        topic_id="t1",
        networks=(),
        picture_url="",
        picture_alt="",
        expires_at=now + timedelta(days=14),
        publish_at=now + timedelta(days=1),
    )
    live = Post("c1", "p1", copy, 1, now - timedelta(days=1), None)
    withdrawn = Post("c2", "p1", copy, 1, now, now)
    planned = Post("c3", "p1", copy, 1, None, None)
    hour = timedelta(hours=1)
    content, sign = Subject("post", copy.title), Subject("wall")
    poll = Subject("poll", t("example.poll"))
    awa, tom, priya = (Target(f"slack:T1:U{n}", name) for n, name in enumerate(("Awa", "Tom", "Priya")))
    secret = Target("slack:T1:C0SECRET", "", in_channel=True)
    general = Target("slack:T1:C1", "#general", in_channel=True)
    failures = grouped(
        (
            Failure(poll, secret, Obstacle.NOT_THERE),
            Failure(sign, secret, Obstacle.NOT_THERE),
            Failure(content, awa, Obstacle.REFUSED),
            Failure(content, tom, Obstacle.REFUSED),
            Failure(content, priya, Obstacle.LOST),
        )
    )
    every = [
        Failure(subject, target, obstacle)
        for subject, target in ((poll, general), (content, awa))
        for obstacle in Obstacle
    ]
    hall = Target("teams:t1:19:hall", "", in_channel=True)
    closed = grouped((Failure(poll, hall, Obstacle.CLOSED), Failure(sign, hall, Obstacle.CLOSED)))
    own = (
        Letter("author", copy.title, State.SHOWN, now - 2 * hour, now, now - hour, 3, 0, ""),
        Letter("post", copy.title, State.WAITING, now - hour, now + 20 * hour, None, 0, 0, ""),
        Letter("draft", "", State.DEAD, now - hour, now, None, 0, 8, "ServerDisconnectedError"),
        Letter("question", "", State.WAITING, now - hour, now, None, 0, 2, "TimeoutError"),
        Letter("reminder", copy.title, State.DROPPED, now - hour, now, None, 0, 0, "no consent"),
        Letter("post", copy.title, State.DROPPED, now - 3 * hour, now, now - 2 * hour, 0, 0, REMOVED),
        Letter("answer", "", State.AMBIGUOUS, now - hour, now, None, 0, 1, "TimeoutError"),
        Letter("undelivered", "", State.UNKNOWN, now - hour, now, None, 0, 1, "TimeoutError"),
    )
    told = ((live, Tally(6, 41)), (withdrawn, Tally(1, 3)), (planned, Tally(0, 0)))
    days = tuple(date(2026, 11, day) for day in (3, 4, 6))
    missed = (Missed("forget what need not be kept", days[:1]), Missed("of an older version", days))
    return {
        "trace": trace(t, told, failures, missed, own, now),
        "trace_none": trace(t, (), (), (), (), now),
        "undelivered": undelivered(t, failures),
        "undelivered_closed": undelivered(t, closed),
        "undelivered_many": undelivered(t, grouped(every)),
        "undelivered_none": undelivered(t, ()),
        "retried": retried(t),
    }
