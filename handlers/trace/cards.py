"""What is said about what became of the messages, and of what recurs.

Silence, refusals and pauses are shown to nobody. So a post tells what members say they posted and what their
readers clicked, never to whom it was sent or who waits for it; a name stands only beside what a platform
refused. To oneself everything is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from bot.chat.card import Button, Card, Divider, Element, buttons, small, text
from bot.chat.text import Bold, Italic, Span
from bot.domain.message import REMOVED, State
from bot.domain.post import Copy, Post
from bot.domain.share import Tally
from bot.domain.story import Failure, Letter, Missed
from bot.locales import Translator
from handlers.actions import Retry

KINDS = {
    "post": "trace.kind_post",
    "reminder": "trace.kind_reminder",
    "author": "trace.kind_author",
    "draft": "trace.kind_draft",
    "question": "trace.kind_question",
    "answer": "trace.kind_answer",
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
    "round": "trace.kind_round",
    "round_outcome": "trace.kind_round_outcome",
    "thanks": "trace.kind_thanks",
    "theme_owner": "trace.kind_theme_owner",
    "themes_answered": "trace.kind_themes_answered",
    "themes_returned": "trace.kind_themes_returned",
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


def trace(
    t: Translator,
    told: Sequence[tuple[Post, Tally]],
    failures: Sequence[Failure],
    in_all: int,
    missed: Sequence[Missed],
    own: Sequence[Letter],
    now: datetime,
) -> Card:
    """`failures` are the latest of `in_all`."""
    body: list[Element] = [text(t("trace.body" if told else "trace.none"))]
    body += [text(Bold(post.copy.title), "\n", _state(t, post, tally, now)) for post, tally in told]
    body += _failures(t, failures, in_all)
    if missed:
        body += [Divider(), *(text(_missed(t, each)) for each in missed)]
    if own:
        body += [Divider(), text(Bold(t("trace.own"))), *(_letter(t, letter, now) for letter in own)]
    return Card(t("trace.title"), tuple(body))


def _state(t: Translator, post: Post, tally: Tally, now: datetime) -> str:
    if post.published_at is None and post.copy.publish_at is not None and post.withdrawn_at is None:
        return t("posts.planned", moment=t.near(post.copy.publish_at, now))
    did = t("posts.live", posted=tally.posted, clicks=tally.clicks)
    if post.withdrawn_at is not None:
        return f"{t('posts.withdrawn')} · {did}"
    return did if post.live(now) else f"{t('posts.expired')} · {did}"


def _failures(t: Translator, failures: Sequence[Failure], in_all: int) -> list[Element]:
    body: list[Element] = [Divider(), text(Bold(t("undelivered.title")))] if failures else []
    for failure in failures:
        body.append(text(Bold(failure.name), " · ", Italic(failure.title), "\n", _why(t, failure)))
        body.append(buttons(Button(t("undelivered.retry"), Retry(failure.message_id))))
    if in_all > len(failures) > 0:
        body.append(small(t("trace.more", in_all - len(failures))))
    return body


def _why(t: Translator, failure: Failure) -> str:
    return t("undelivered.unknown") if failure.unknown else _tried(t, failure.attempts, failure.reason)


def _tried(t: Translator, attempts: int, reason: str) -> str:
    return t("trace.tried", attempts, reason=reason)


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
        steps.append(_tried(t, letter.attempts, letter.reason))
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
            return [t("undelivered.unknown")]
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
    withdrawn = Post("c2", "p1", copy, 1, now, now)
    planned = Post("c3", "p1", copy, 1, None, None)
    hour = timedelta(hours=1)
    failures = (
        Failure("m1", "Awa", copy.title, 8, "invalid_blocks", False),
        Failure("m2", "Tom", copy.title, 1, "", True),
    )
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
        "trace": trace(t, told, failures, 4, missed, own, now),
        "trace_none": trace(t, (), (), 0, (), (), now),
    }
