"""What sharing hears, and how its messages are drawn."""

from __future__ import annotations

from bot.chat.card import Card
from bot.chat.event import Click, Submission
from bot.chat.form import Form
from bot.chat.reply import Ask, Reply, Say
from bot.chat.router import Router
from bot.chat.text import Mention
from bot.context import Context, Reading
from bot.domain.member import weekly_ceiling
from handlers.sharing import cards, service
from handlers.sharing.cards import (
    AskAuthor,
    Decline,
    Later,
    NotPosted,
    Now,
    OpenAsk,
    OpenWords,
    Posted,
    PutOff,
    Reconsider,
    SaveWords,
    Stop,
    View,
    Why,
)
from storage import people, posts

router: Router[Context] = Router()


def words_form(ctx: Context, action: SaveWords) -> Form:
    post = service.live(ctx, action.post)
    member = ctx.as_member()
    view = service.view(ctx, ctx.person, member, post)
    return cards.words_form(ctx.t, post, view.words, service.networks(member, post))


def ask_form(ctx: Context, action: AskAuthor) -> Form:
    return cards.ask_form(ctx.t, service.live(ctx, action.post))


@router.click(OpenWords)
def open_words(ctx: Context, event: Click, action: OpenWords) -> Reply:
    return Ask(words_form(ctx, SaveWords(action.post)))


@router.submission(SaveWords, words_form)
def save_words(ctx: Context, event: Submission, action: SaveWords) -> Reply:
    service.save_words(ctx, action.post, event.answers.text("words"))
    return None


@router.click(Later)
def later(ctx: Context, event: Click, action: Later) -> Reply:
    service.later(ctx, action.post)
    return None


@router.click(PutOff)
def put_off(ctx: Context, event: Click, action: PutOff) -> Reply:
    service.choose_moment(ctx, action.post, action.until)
    return None


@router.click(Now)
def bring_back(ctx: Context, event: Click, action: Now) -> Reply:
    service.bring_back(ctx, action.post)
    return None


@router.click(Decline)
def decline(ctx: Context, event: Click, action: Decline) -> Reply:
    service.decline(ctx, action.post)
    return None


@router.click(Reconsider)
def reconsider(ctx: Context, event: Click, action: Reconsider) -> Reply:
    service.bring_back(ctx, action.post)
    return None


@router.click(Posted)
def posted(ctx: Context, event: Click, action: Posted) -> Reply:
    service.posted(ctx, action.post, action.network, ctx.now)
    return None


@router.click(NotPosted)
def not_posted(ctx: Context, event: Click, action: NotPosted) -> Reply:
    service.posted(ctx, action.post, action.network, None)
    return None


@router.click(OpenAsk)
def open_ask(ctx: Context, event: Click, action: OpenAsk) -> Reply:
    return Ask(ask_form(ctx, AskAuthor(action.post)))


@router.submission(AskAuthor, ask_form)
def ask(ctx: Context, event: Submission, action: AskAuthor) -> Reply:
    service.ask(ctx, action.post, event.answers.text("question"))
    return Say(cards.asked(ctx.t))


@router.click(Why)
def why(ctx: Context, event: Click, action: Why) -> Reply:
    member = ctx.as_member()
    wishes = member.preferences
    view = service.view(ctx, ctx.person, member, service.post(ctx, action.post))
    hours = ctx.t("wishes.from_to", start=ctx.t.time(wishes.day_start), end=ctx.t.time(wishes.day_end))
    return Say(cards.why(ctx.t, view, hours, weekly_ceiling(ctx.circle, member)))


@router.click(Stop)
def stop(ctx: Context, event: Click, action: Stop) -> Reply:
    return Say(cards.stop(ctx.t))


def _view(reading: Reading) -> View | None:
    post = reading.once(posts.load, reading.message.subject_id)
    if reading.reader is None or reading.member is None or post is None:
        return None
    return service.view(reading, reading.reader, reading.member, post, reading.readers)


def draw_post(reading: Reading) -> Card | None:
    """Withdrawn or expired before it arrived: it never arrives."""
    view = _view(reading)
    if view is None or (reading.message.shown_version == 0 and not view.post.live(reading.now)):
        return None
    return cards.card(reading.t, view, reading.now)


def draw_reminder(reading: Reading) -> Card | None:
    """Only if it was still put aside when its moment came."""
    view = _view(reading)
    if view is None:
        return None
    wanted = cards.open_to(view, reading.now) and view.stance.came_back(reading.now)
    if reading.message.shown_version == 0 and not wanted:
        return None
    return cards.reminder(reading.t, view, reading.now)


def draw_answer(reading: Reading) -> Card | None:
    row = posts.question(reading.tx, reading.message.subject_id)
    post = posts.load(reading.tx, row.post_id) if row else None
    if row is None or post is None or not row.answered_by:
        return None
    by, _ = people.load(reading.tx, row.answered_by)
    return cards.answered(reading.t, post.copy.title, row.text, row.answer, Mention(by.address, by.name))
