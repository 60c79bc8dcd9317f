"""What is said to those who bring posts: the draft, the compose form, how a post is doing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from bot.chat.action import Action
from bot.chat.card import (
    Button,
    Card,
    Element,
    Facts,
    FormButton,
    Image,
    LinkButton,
    Quote,
    Style,
    Text,
    buttons,
    small,
    text,
)
from bot.chat.form import Choice, Choices, DateInput, Form, Note, Option, Part, TextInput, TimeInput
from bot.chat.text import Bold, Italic, Mention, Spans, shorten
from bot.domain.circle import Topic
from bot.domain.link import MAX_URL
from bot.domain.network import Network
from bot.domain.post import (
    MAX_ALT,
    MAX_OPENING,
    MAX_TITLE,
    MAX_WHY,
    Copy,
    Draft,
    DraftState,
    Found,
    Post,
)
from bot.domain.share import Tally
from bot.locales import Translator

OPENINGS = 3
USUAL_LIFE = timedelta(days=14)
PICTURE_REFUSED = "draft.picture_refused"
"""Why the picture of a page is left out of its draft."""


@dataclass(frozen=True, slots=True)
class OpenCompose(Action, verb="compose.open"):
    draft: str


@dataclass(frozen=True, slots=True)
class Compose(Action, verb="compose"):
    draft: str


@dataclass(frozen=True, slots=True)
class OpenEdit(Action, verb="edit.open"):
    post: str


@dataclass(frozen=True, slots=True)
class Edit(Action, verb="edit"):
    post: str


@dataclass(frozen=True, slots=True)
class Withdraw(Action, verb="withdraw"):
    post: str


@dataclass(frozen=True, slots=True)
class Restore(Action, verb="restore"):
    post: str


@dataclass(frozen=True, slots=True)
class ShowPosts(Action, verb="posts.list"):
    pass


@dataclass(frozen=True, slots=True)
class OpenWithdrawal(Action, verb="withdraw.open"):
    """Asks whether a post of the list is to be withdrawn."""

    post: str


@dataclass(frozen=True, slots=True)
class WithdrawListed(Action, verb="withdraw.listed"):
    post: str


@dataclass(frozen=True, slots=True)
class RestoreListed(Action, verb="restore.listed"):
    post: str


@dataclass(frozen=True, slots=True)
class OpenAnswer(Action, verb="answer.open"):
    question: str


@dataclass(frozen=True, slots=True)
class AnswerQuestion(Action, verb="answer"):
    question: str


@dataclass(frozen=True, slots=True)
class Pace:
    """Posts a week: what the circle agreed on, and how many there are with this one."""

    agreed: int
    this_week: int


def reading(t: Translator, url: str) -> Card:
    """The instant answer to `post`, while the page is being read."""
    return Card(t("draft.reading"), (small(url),))


def draft(t: Translator, draft: Draft) -> Card:
    match draft.state:
        case DraftState.WAITING:
            return reading(t, draft.url)
        case DraftState.PUBLISHED:
            return Card(t("draft.used"), (small(draft.found.title or draft.url),))
        case DraftState.READY:
            return _found(t, draft)
        case DraftState.UNREADABLE:
            return _unreadable(t, draft)


def _found(t: Translator, draft: Draft) -> Card:
    found = draft.found
    about = (text(found.description),) if found.description else ()
    return Card(
        found.title or t("draft.untitled"),
        (
            small(t("draft.found", site=found.site or found.url)),
            *_picture(t, draft),
            *about,
            buttons(
                FormButton(t("draft.compose"), OpenCompose(draft.id), Style.PRIMARY),
                LinkButton(t("button.read"), found.url),
            ),
        ),
    )


def _picture(t: Translator, draft: Draft) -> tuple[Element, ...]:
    alt = draft.found.picture_alt or t("draft.picture")
    if draft.found.picture_url:
        return (Image(draft.found.picture_url, alt),)
    return (small(alt), text(t(draft.problem))) if draft.problem else ()


def _unreadable(t: Translator, draft: Draft) -> Card:
    return Card(
        t("draft.unreadable"),
        (
            text(t(draft.problem)),
            text(t("draft.kept")),
            buttons(FormButton(t("draft.compose"), OpenCompose(draft.id), Style.PRIMARY)),
            small(draft.url),
        ),
    )


def compose_form(t: Translator, draft: Draft, topics: Sequence[Topic], today: date) -> Form:
    """Filled from what the page said; `today` is the author's."""
    found = draft.found
    copy = Copy(
        url=found.url,
        title=found.title,
        why="",
        openings=(),
        topic_id=topics[0].id if len(topics) == 1 else "",
        networks=(),
        picture_url=found.picture_url,
        picture_alt=found.picture_alt if found.picture_url else "",
        expires_at=datetime.combine(today + USUAL_LIFE, time(), UTC),
    )
    when: tuple[Part, ...] = (
        DateInput("publish_date", t("compose.publish_date"), hint=t("compose.publish_hint")),
        TimeInput("publish_time", t("compose.publish_time")),
    )
    parts = (*_copy_parts(t, copy, topics, today + USUAL_LIFE), *when)
    return Form(Compose(draft.id), t("compose.title"), parts, t("compose.submit"))


def edit_form(t: Translator, post: Post, topics: Sequence[Topic]) -> Form:
    parts = _copy_parts(t, post.copy, topics, post.copy.last_day)
    note = Note((t("edit.note"),), quiet=True)
    return Form(Edit(post.id), t("edit.title"), (note, *parts), t("edit.submit"))


def _copy_parts(t: Translator, copy: Copy, topics: Sequence[Topic], expires: date) -> tuple[Part, ...]:
    openings = (*copy.openings, "", "", "")[:OPENINGS]
    return (
        TextInput("url", t("compose.url"), copy.url, required=True, max_length=MAX_URL),
        TextInput(
            "title",
            t("compose.headline"),
            shorten(copy.title, MAX_TITLE),
            required=True,
            max_length=MAX_TITLE,
        ),
        TextInput(
            "why",
            t("compose.why"),
            copy.why,
            t("compose.why_hint"),
            multiline=True,
            required=True,
            max_length=MAX_WHY,
        ),
        *(
            TextInput(
                f"opening_{n}",
                t("compose.opening", n=n),
                opening,
                t("compose.opening_hint") if n == 1 else "",
                multiline=True,
                required=n == 1,
                max_length=MAX_OPENING,
            )
            for n, opening in enumerate(openings, 1)
        ),
        Choice(
            "topic",
            t("compose.topic"),
            tuple(Option(topic.id, topic.name(t.language)) for topic in topics),
            copy.topic_id,
            required=True,
        ),
        Choices(
            "networks",
            t("compose.networks"),
            tuple(Option(network, network.label) for network in Network),
            copy.networks,
            t("compose.networks_hint"),
        ),
        TextInput("picture_url", t("compose.picture"), copy.picture_url, max_length=MAX_URL),
        TextInput(
            "picture_alt",
            t("compose.alt"),
            shorten(copy.picture_alt, MAX_ALT),
            t("compose.alt_hint"),
            max_length=MAX_ALT,
        ),
        DateInput(
            "expires", t("compose.expires"), expires.isoformat(), t("compose.expires_hint"), required=True
        ),
    )


def author(t: Translator, post: Post, topic: Topic, tally: Tally, now: datetime) -> Card:
    """The author's own living card: what became of a post, all members together."""
    copy = post.copy
    edit = FormButton(t("author.edit"), OpenEdit(post.id))
    withdraw = Button(t("author.withdraw"), Withdraw(post.id), Style.DANGER)
    if post.withdrawn_at is not None:
        restore = Button(t("author.restore"), Restore(post.id))
        return Card(copy.title, (text(t("author.withdrawn")), buttons(restore)))
    if post.published_at is None and copy.publish_at is not None:
        planned = t.spans(
            "author.planned", moment=t.instant(copy.publish_at, now), topic=topic.name(t.language)
        )
        return Card(copy.title, (Text(planned), buttons(edit, withdraw)))
    state = t("author.live", topic=topic.name(t.language), day=t.day(copy.last_day))
    if not post.live(now):
        state = t("author.expired", day=t.day(copy.last_day))
    actions = buttons(edit, withdraw) if post.live(now) else buttons(edit)
    return Card(copy.title, (text(state), _tally(t, tally), actions, small(t("author.known"))))


def _tally(t: Translator, tally: Tally) -> Facts:
    return Facts(
        (
            (t("tally.posted"), t.number(tally.posted)),
            (t("tally.clicks"), t("tally.clicks_count", tally.clicks)),
        )
    )


def published(t: Translator, post: Post, moment: datetime | None, pace: Pace, now: datetime) -> Card:
    """The answer to the compose form; `moment` when it is for later."""
    when = t.spans("published.now")
    if moment:
        when = t.spans("published.later", moment=t.instant(moment, now))
    number = t.number(pace.this_week)
    above = (small(t("published.pace", pace.agreed, number=number)),) if pace.this_week > pace.agreed else ()
    return Card(t("published.title"), (text(Bold(post.copy.title)), Text(when), *above))


def edited(t: Translator, post: Post) -> Card:
    return Card(t("edited.title"), (text(Bold(post.copy.title)), text(t("edited.body"))))


def posts(t: Translator, rows: Sequence[tuple[Post, Tally]], now: datetime) -> Card:
    if not rows:
        return Card(t("posts.title"), (text(*t.spans("posts.none")),))
    body: list[Element] = []
    for post, tally in rows:
        body.append(text(Bold(post.copy.title), "\n", *_state(t, post, tally, now)))
        if post.live(now):
            body.append(
                buttons(
                    FormButton(t("author.edit"), OpenEdit(post.id)),
                    Button(t("author.withdraw"), OpenWithdrawal(post.id), Style.DANGER),
                )
            )
    return Card(t("posts.title"), tuple(body))


def withdrawal(t: Translator, post: Post) -> Card:
    """The question in the place of the list, before a post is withdrawn."""
    sure = Button(t("author.withdraw"), WithdrawListed(post.id), Style.DANGER)
    keep = Button(t("withdrawal.keep"), ShowPosts())
    return Card(
        t("withdrawal.title"), (text(Bold(post.copy.title)), text(t("withdrawal.body")), buttons(keep, sure))
    )


def withdrawn(t: Translator, post: Post) -> Card:
    """The answer where it was pressed."""
    restore = Button(t("author.restore"), RestoreListed(post.id))
    actions = buttons(restore, Button(t("posts.title"), ShowPosts()))
    return Card(t("withdrawn.title"), (text(Bold(post.copy.title)), text(t("withdrawn.body")), actions))


def _state(t: Translator, post: Post, tally: Tally, now: datetime) -> Spans:
    if post.withdrawn_at is not None:
        return t.spans("posts.withdrawn")
    if post.published_at is None and post.copy.publish_at is not None:
        return t.spans("posts.planned", moment=t.instant(post.copy.publish_at, now))
    if not post.live(now):
        return t.spans("posts.expired")
    return (t("posts.live", posted=tally.posted, clicks=tally.clicks),)


def question(t: Translator, asker: Mention, title: str, asked: str, question_id: str, answer: str) -> Card:
    """Return the card on which the author of a post reads a question. The answer takes the place of the
    button."""
    end: Element = (
        Quote(answer)
        if answer
        else buttons(FormButton(t("question.answer"), OpenAnswer(question_id), Style.PRIMARY))
    )
    given = (text(Bold(t("question.your_answer"))),) if answer else ()
    return Card(
        t("question.title"),
        (text(*t.spans("question.about", asker=asker, title=Italic(title))), Quote(asked), *given, end),
    )


def answer_form(t: Translator, asked: str, question_id: str) -> Form:
    return Form(
        AnswerQuestion(question_id),
        t("answer.title"),
        (
            Note((asked,)),
            TextInput("answer", t("answer.label"), multiline=True, required=True, max_length=MAX_OPENING),
        ),
        t("answer.submit"),
    )


def picture(t: Translator, post: Post) -> Card:
    """To the author of a post whose picture a chat does not show."""
    correct = FormButton(t("author.edit"), OpenEdit(post.id))
    return Card("", (text(t("picture.refused", title=post.copy.title)), buttons(correct)))


def examples(t: Translator) -> dict[str, Card | Form]:
    now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    topics = (
        Topic("t1", {"fr": "Ressources humaines", "en": "People"}),
        Topic("t2", {"fr": "Entreprise", "en": "Company"}),
    )
    found = Found(
        "https://example.org/alternants",
        t("example.title"),
        t("example.description"),
        "https://example.org/alternants.png",
        t("example.alt"),
        "example.org",
    )
    copy = Copy(
        url=found.url,
        title=found.title,
        why=t("example.why"),
        openings=(t("example.opening"),),
        topic_id="t1",
        networks=("linkedin",),
        picture_url=found.picture_url,
        picture_alt=found.picture_alt,
        expires_at=now + USUAL_LIFE,
        publish_at=now + timedelta(days=1),
    )
    ready = Draft("d1", "p1", found.url, DraftState.READY, found)
    bare = replace(ready, found=replace(found, picture_url=""), problem=PICTURE_REFUSED)
    broken = Draft("d2", "p1", found.url, DraftState.UNREADABLE, Found(found.url), "page.slow")
    live = Post("c1", "p1", copy, 1, now, None)
    planned = Post("c2", "p1", copy, 1, None, None)
    withdrawn_post = Post("c3", "p1", copy, 2, now, now)
    tally = Tally(4, 37)
    asker = Mention("slack:T1:U2", "Priya")
    asked = t("example.question")
    return {
        "reading": reading(t, found.url),
        "draft": draft(t, ready),
        "draft_without_picture": draft(t, bare),
        "draft_unreadable": draft(t, broken),
        "compose_form": compose_form(t, ready, topics, now.date()),
        "edit_form": edit_form(t, live, topics),
        "author": author(t, live, topics[0], tally, now),
        "author_planned": author(t, planned, topics[0], Tally(0, 0), now),
        "author_withdrawn": author(t, withdrawn_post, topics[0], tally, now),
        "author_expired": author(t, live, topics[0], tally, now + 2 * USUAL_LIFE),
        "published": published(t, live, None, Pace(2, 2), now),
        "published_above": published(t, live, None, Pace(2, 3), now),
        "published_later": published(t, planned, copy.publish_at, Pace(2, 1), now),
        "edited": edited(t, live),
        "posts": posts(t, ((live, tally), (planned, tally), (withdrawn_post, tally)), now),
        "posts_none": posts(t, (), now),
        "question": question(t, asker, copy.title, asked, "q1", ""),
        "question_answered": question(t, asker, copy.title, asked, "q1", t("example.answer")),
        "answer_form": answer_form(t, asked, "q1"),
        "picture": picture(t, live),
        "withdrawal": withdrawal(t, live),
        "withdrawn": withdrawn(t, withdrawn_post),
    }
