"""What is said about what became of the messages, and of what recurs.

Promise 3 draws it: refusals, silence and pauses are shown to nobody. So whoever waits is a number, for
whatever reason they wait; a name stands only beside what a platform refused. To oneself everything is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from bot.chat.card import Button, Card, Divider, Element, Facts, buttons, small, text
from bot.chat.text import Bold, Italic, Span
from bot.domain.message import REMOVED, State
from bot.domain.post import Copy, Post
from bot.domain.story import Failure, Letter, Missed, Story
from bot.locales import Translator
from handlers.actions import Retry

KINDS = {
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
    told: Sequence[tuple[Post, Story]],
    failures: Sequence[Failure],
    missed: Sequence[Missed],
    own: Sequence[Letter],
    now: datetime,
) -> Card:
    body: list[Element] = [text(t("trace.body" if told else "trace.none"))]
    for post, story in told:
        body += _post(t, post, story, now)
    body += _failures(t, failures, sum(story.dead + story.unknown for _, story in told))
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
    few = Post("c2", "p1", copy, 1, now, None)
    planned = Post("c3", "p1", copy, 1, None, None)
    hour = timedelta(hours=1)
    busy = Story(12, 31, 1, 2, 1, 3, now - 24 * hour, now - hour, now + 5 * hour)
    quiet = Story(waiting=1, sent=4, first_at=now, last_at=now, next_at=now + 200 * hour)
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
    told = ((live, busy), (few, quiet), (planned, Story()))
    days = tuple(date(2026, 11, day) for day in (3, 4, 6))
    missed = (Missed("forget what need not be kept", days[:1]), Missed("of an older version", days))
    return {
        "trace": trace(t, told, failures, missed, own, now),
        "trace_none": trace(t, (), (), (), (), now),
    }
