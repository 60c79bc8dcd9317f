"""What posts hear, and how its messages are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.chat.card import Card
from bot.chat.event import Click, Command, Submission
from bot.chat.form import Form
from bot.chat.reply import Ask, Replace, Reply, Say
from bot.chat.router import Router
from bot.chat.text import Mention
from bot.context import Context, Reading
from bot.domain.circle import Topic
from bot.domain.message import DRAFT, QUESTION_AGAIN, Message
from handlers.posts import cards, service
from handlers.posts.cards import (
    AnswerQuestion,
    Asked,
    Compose,
    Edit,
    OpenAnswer,
    OpenCompose,
    OpenEdit,
    OpenWithdrawal,
    Restore,
    RestoreListed,
    ShowPosts,
    Withdraw,
    WithdrawListed,
)
from storage import circles, messages, people, posts, shares
from storage.transaction import CircleTransaction, Transaction

router: Router[Context] = Router()


def compose_form(ctx: Context, action: Compose) -> Form:
    draft = service.draft(ctx, action.draft)
    return cards.compose_form(ctx.t, draft, service.topics(ctx), service.today(ctx))


def edit_form(ctx: Context, action: Edit) -> Form:
    return cards.edit_form(ctx.t, service.mine(ctx, action.post), service.topics(ctx))


def answer_form(ctx: Context, action: AnswerQuestion) -> Form:
    return cards.answer_form(ctx.t, service.question(ctx, action.question), action.question)


@router.command("post", "publier", hint="verb.post", near=("publish", "share", "partager"))
def post(ctx: Context, event: Command, rest: str) -> Reply:
    return Say(cards.reading(ctx.t, service.start(ctx, rest)))


@router.click(OpenCompose)
def open_compose(ctx: Context, event: Click, action: OpenCompose) -> Reply:
    return Ask(compose_form(ctx, Compose(action.draft)))


@router.submission(Compose, compose_form)
def compose(ctx: Context, event: Submission, action: Compose) -> Reply:
    post = service.compose(ctx, action.draft, event.answers)
    later = None if post.published_at else post.copy.publish_at
    return Say(cards.published(ctx.t, post, later, service.pace(ctx, post), ctx.now))


@router.command("contents", "contenus", hint="verb.posts")
def latest(ctx: Context, event: Command, _: str) -> Reply:
    return Say(_list(ctx))


@router.click(ShowPosts)
def show_posts(ctx: Context, event: Click, _: ShowPosts) -> Reply:
    return Replace(_list(ctx))


def _list(ctx: Context) -> Card:
    return cards.posts(ctx.t, service.latest(ctx), ctx.now)


@router.click(OpenWithdrawal)
def open_withdrawal(ctx: Context, event: Click, action: OpenWithdrawal) -> Reply:
    return Replace(cards.withdrawal(ctx.t, service.mine(ctx, action.post)))


@router.click(WithdrawListed)
def withdraw_listed(ctx: Context, event: Click, action: WithdrawListed) -> Reply:
    service.withdraw(ctx, action.post)
    return Replace(cards.withdrawn(ctx.t, service.mine(ctx, action.post)))


@router.click(RestoreListed)
def restore_listed(ctx: Context, event: Click, action: RestoreListed) -> Reply:
    service.restore(ctx, action.post)
    return Replace(_list(ctx))


@router.click(OpenEdit)
def open_edit(ctx: Context, event: Click, action: OpenEdit) -> Reply:
    return Ask(edit_form(ctx, Edit(action.post)))


@router.submission(Edit, edit_form)
def edit(ctx: Context, event: Submission, action: Edit) -> Reply:
    return Say(cards.edited(ctx.t, service.edit(ctx, action.post, event.answers)))


@router.click(Withdraw)
def withdraw(ctx: Context, event: Click, action: Withdraw) -> Reply:
    service.withdraw(ctx, action.post)
    return None


@router.click(Restore)
def restore(ctx: Context, event: Click, action: Restore) -> Reply:
    service.restore(ctx, action.post)
    return None


@router.click(OpenAnswer)
def open_answer(ctx: Context, event: Click, action: OpenAnswer) -> Reply:
    return Ask(answer_form(ctx, AnswerQuestion(action.question)))


@router.submission(AnswerQuestion, answer_form)
def answer(ctx: Context, event: Submission, action: AnswerQuestion) -> Reply:
    service.answer(ctx, action.question, event.answers.text("answer"))
    return None


def draw_draft(reading: Reading) -> Card | None:
    draft = posts.draft(reading.tx, reading.message.subject_id)
    return cards.draft(reading.t, draft) if draft else None


def draw_author(reading: Reading) -> Card | None:
    post = posts.load(reading.tx, reading.message.subject_id)
    if post is None:
        return None
    tally = shares.tally(reading.tx, post.id)
    return cards.author(reading.t, post, _topic(reading, post.copy.topic_id), tally, reading.now)


def _topic(reading: Reading, topic_id: str) -> Topic:
    return next(t for t in circles.topics(reading.tx) if t.id == topic_id)


def draw_question(reading: Reading) -> Card | None:
    """Draw a question for whoever is to answer it. It does not leave any more for somebody who lost the role,
    nor once it is answered."""
    row = posts.question(reading.tx, reading.message.subject_id)
    post = posts.load(reading.tx, row.post_id) if row else None
    if row is None or post is None:
        return None
    may_answer = reading.reader is not None and reading.reader.posts
    if reading.message.shown_version == 0 and (row.answer or not may_answer):
        return None
    asker, _ = people.load(reading.tx, row.asker_id)
    asked = Asked(row.id, Mention(asker.address, asker.name), post.copy.title, row.text, row.answer)
    since = row.asked_at if reading.message.kind == QUESTION_AGAIN.name else None
    return cards.question(reading.t, asked, may_answer=may_answer, since=since)


def leave_picture_out(tx: Transaction, pictureless: Sequence[Message], now: datetime) -> None:
    """The form opens without the picture of a page that the chat does not show, and the draft says so."""
    for message in pictureless:
        in_circle = CircleTransaction(tx, message.circle_id)
        posts.refuse_picture(in_circle, message.subject_id, cards.PICTURE_REFUSED)
        messages.redraw(in_circle, DRAFT, message.subject_id, now)


def draw_picture(reading: Reading) -> Card | None:
    post = posts.load(reading.tx, reading.message.subject_id)
    return cards.picture(reading.t, post) if post and post.live(reading.now) else None
