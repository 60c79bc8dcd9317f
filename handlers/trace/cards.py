"""What is said about what became of the messages, and of what recurs.

Promise 3 draws it: refusals, silence and pauses are shown to nobody. So whoever waits is a number, for
whatever reason they wait; a name stands only beside what a platform refused. To oneself everything is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from bot.chat.action import Action
from bot.chat.card import Button, Card, Divider, Element, Facts, buttons, small, text
from bot.chat.text import Bold, Italic, Mention, Span
from bot.domain.message import REMOVED, Obstacle, State
from bot.domain.post import Copy, Post
from bot.domain.story import Failure, Failures, Letter, Missed, Story, Subject, Target, grouped
from bot.locales import Translator

GROUPS, SUBJECTS, READERS = 5, 3, 5
"""What one card lists, at most."""
INVITE = "/invite @Cercle"
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
    told: Sequence[tuple[Post, Story]],
    failures: Sequence[Failures],
    missed: Sequence[Missed],
    own: Sequence[Letter],
    now: datetime,
) -> Card:
    body: list[Element] = [text(t("trace.body" if told else "trace.none"))]
    for post, story in told:
        body += _post(t, post, story, now)
    if failures:
        body += [Divider(), text(Bold(t("undelivered.title"))), *_undelivered(t, failures)]
    if missed:
        body += [Divider(), *(text(_missed(t, each)) for each in missed)]
    if own:
        body += [Divider(), text(Bold(t("trace.own"))), *(_letter(t, letter, now) for letter in own)]
    return Card(t("trace.title"), tuple(body))


def _post(t: Translator, post: Post, story: Story, now: datetime) -> list[Element]:
    sentences = " ".join((_past(t, post, story, now), *_future(t, story, now)))
    return [text(Bold(post.copy.title), "\n", sentences), *_counts(t, story)]


def _past(t: Translator, post: Post, story: Story, now: datetime) -> str:
    if post.published_at is None and post.copy.publish_at is not None:
        return t("posts.planned", moment=t.near(post.copy.publish_at, now))
    if story.arrivals is None:
        return t("trace.out" if story.sent else "trace.nothing_yet")
    first, last = (t.near(moment, now) for moment in story.arrivals)
    return t("trace.at_once", moment=first) if first == last else t("trace.between", first=first, last=last)


def _future(t: Translator, story: Story, now: datetime) -> list[str]:
    """What one person's hours or pause would show through is said in general."""
    if not story.waiting:
        return []
    if story.departure is None:
        return [t("trace.next_theirs")]
    soon = story.departure <= now
    return [t("trace.next_soon") if soon else t("trace.next", moment=t.near(story.departure, now))]


def _counts(t: Translator, story: Story) -> list[Element]:
    rows = (
        (t("tally.delivered"), story.sent),
        (t("tally.waiting"), story.waiting),
        (t("trace.doubtful"), story.doubtful),
        (t("trace.dropped"), story.dropped),
        (t("trace.unknown"), story.unknown),
        (t("trace.dead"), story.dead),
    )
    shown = tuple((label, t.number(count)) for label, count in rows if count)
    return [Facts(shown)] if shown else []


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
    return text(*where, " · ", *what, "\n", *t.spans(key, invite=INVITE))


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
    return text(Bold(t(kind)), *title, "\n", "\n".join(_steps(t, letter, now)))


def _steps(t: Translator, letter: Letter, now: datetime) -> list[str]:
    """Line by line, as far as it has come."""
    steps = [t("trace.made", moment=t.near(letter.created_at, now))]
    if letter.shown_at is not None:
        steps.append(t("trace.arrived", moment=t.near(letter.shown_at, now)))
    if letter.changes:
        steps.append(t("trace.changed", letter.changes))
    if letter.reason and letter.state in (State.WAITING, State.DEAD):
        steps.append(t("trace.tried", letter.attempts))
    return [*steps, *_end(t, letter, now)]


def _end(t: Translator, letter: Letter, now: datetime) -> list[str]:
    match letter.state:
        case State.WAITING if letter.due_at > now:
            return [t("trace.leaves", moment=t.near(letter.due_at, now))]
        case State.WAITING | State.SENDING:
            return [t("trace.leaving")]
        case State.AMBIGUOUS:
            return [t("trace.looking")]
        case State.UNKNOWN:
            return [t("trace.lost")]
        case State.DROPPED if letter.reason == REMOVED:
            return [t("trace.removed")]
        case State.DROPPED:
            return [t("trace.given_up")]
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
    few = Post("c2", "p1", copy, 1, now, None)
    planned = Post("c3", "p1", copy, 1, None, None)
    hour = timedelta(hours=1)
    busy = Story(12, 31, 1, 2, 1, 3, now - 24 * hour, now - hour, now + 5 * hour)
    quiet = Story(waiting=1, sent=4, first_at=now, last_at=now, next_at=now + 200 * hour)
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
    told = ((live, busy), (few, quiet), (planned, Story()))
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
