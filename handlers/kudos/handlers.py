"""What kudos hear, and how their messages are drawn."""

from __future__ import annotations

from bot.chat.card import Card
from bot.chat.event import Click, Command, Submission
from bot.chat.form import Form
from bot.chat.reply import Ask, Replace, Reply, Say
from bot.chat.report import ChannelClosed, ChannelLeft
from bot.chat.router import Router
from bot.context import Context, Reading, Scope
from bot.domain.errors import BadInput, DomainError, Problems, UnknownNames
from bot.domain.kudos import Answer, KudosKind, Why
from handlers.actions import OpenKudos
from handlers.kudos import cards, service
from handlers.kudos.cards import (
    ChangeKind,
    GiveKudos,
    Keep,
    OpenWhisper,
    Refuse,
    Show,
    ShowMine,
    ShowWall,
    TakeBack,
    TakeWallDown,
    TellAuthor,
)
from handlers.kudos.service import Given, Typed
from storage import kudos, messages, walls
from storage.messages import Recipient

router: Router[Context] = Router()

HERE = ("here", "ici")
"""What is said behind the command to hang the wall in that channel."""


def form(ctx: Context, action: GiveKudos) -> Form:
    ctx.as_member()
    return cards.form(ctx.t, service.whisper_draft(ctx, action.whisper), action.whisper)


@router.command("kudos", "merci", hint="verb.kudos", wants_addresses=True)
def kudos_command(ctx: Context, event: Command, rest: str) -> Reply:
    match rest.lower():
        case "":
            return Ask(form(ctx, GiveKudos("")))
        case "mine" | "mes":
            return Say(_mine(ctx))
        case "wall" | "mur":
            return Say(_wall(ctx))
        case _:
            return _give_typed(ctx, service.read(ctx, rest))


def _give_typed(ctx: Context, typed: Typed) -> Reply:
    """One line is enough. What is missing or a guess is asked in the form, which holds the rest."""
    try:
        ctx.as_member()
        if typed.unknown:
            raise UnknownNames(names=typed.unknown)
        if typed.people and not typed.sure:
            return Ask(cards.form(ctx.t, service.draft(ctx, typed.people, typed.reason)))
        return Say(_given(ctx, service.give(ctx, typed.people, KudosKind.HELP, typed.reason)))
    except DomainError as error:
        return _explain(ctx, typed, error)


def _explain(ctx: Context, typed: Typed, error: DomainError) -> Reply:
    problems = error.problems if isinstance(error, Problems) else (error,)
    sentences = [ctx.t(p.key, **p.values) for p in problems]
    if any(isinstance(problem, BadInput) and problem.field for problem in problems):
        filled = service.draft(ctx, typed.people, typed.reason, " ".join(sentences))
        return Ask(cards.form(ctx.t, filled))
    return Say(cards.refused(ctx.t, sentences, typed.whole))


def _given(ctx: Context, given: Given) -> Card:
    left_out = [cards.left_out(ctx.t, given.chosen.outsiders)] if given.chosen.outsiders else []
    left_out += [ctx.t("kudos.not_oneself")] if given.chosen.oneself else []
    return cards.given(ctx.t, service.told(ctx, given.kudos, given.kudos.receivers), given.left, left_out)


@router.click(OpenKudos)
def open_kudos(ctx: Context, event: Click, _: OpenKudos) -> Reply:
    return Ask(form(ctx, GiveKudos("")))


@router.click(OpenWhisper)
def open_whisper(ctx: Context, event: Click, action: OpenWhisper) -> Reply:
    return Ask(form(ctx, GiveKudos(action.whisper)))


@router.submission(GiveKudos, form)
def give_kudos(ctx: Context, event: Submission, action: GiveKudos) -> Reply:
    answers = event.answers
    given = service.give(
        ctx, service.wanted(ctx, answers), service.kind(answers.text("kind")), answers.text("reason")
    )
    if action.whisper:
        messages.redraw_for(ctx.tx, ctx.person.id, action.whisper, ctx.now)
    return Say(_given(ctx, given))


@router.click(ChangeKind)
def change_kind(ctx: Context, event: Click, action: ChangeKind) -> Reply:
    changed = service.change_kind(ctx, action.kudos, action.kind)
    return Replace(cards.given(ctx.t, service.told(ctx, changed, changed.receivers), service.left(ctx)))


@router.click(TakeBack)
def take_back(ctx: Context, event: Click, action: TakeBack) -> Reply:
    return Replace(cards.taken_back(ctx.t, service.take_back(ctx, action.kudos)))


@router.click(Show)
def show(ctx: Context, event: Click, action: Show) -> Reply:
    service.answer(ctx, action.kudos, Answer.SHOWN)
    return None


@router.click(Keep)
def keep(ctx: Context, event: Click, action: Keep) -> Reply:
    service.answer(ctx, action.kudos, Answer.KEPT)
    return None


@router.click(Refuse)
def refuse(ctx: Context, event: Click, action: Refuse) -> Reply:
    service.answer(ctx, action.kudos, Answer.DECLINED)
    return None


@router.click(ShowMine)
def show_mine(ctx: Context, event: Click, _: ShowMine) -> Reply:
    return Say(_mine(ctx))


def _mine(ctx: Context) -> Card:
    return cards.mine(ctx.t, service.received(ctx), service.given_this_week(ctx), service.left(ctx))


@router.command("wall", "mur", hint="verb.wall")
def wall_command(ctx: Context, event: Command, rest: str) -> Reply:
    """It is there to be read. With one word more the comms team hangs it in a channel."""
    if rest.lower() in HERE:
        new = service.hang_wall(ctx, event.place)
        return Say(cards.hanging(ctx.t) if new else cards.hangs(ctx.t))
    return Say(_wall(ctx))


@router.click(TakeWallDown)
def take_wall_down(ctx: Context, event: Click, _: TakeWallDown) -> Reply:
    service.take_wall_down(ctx, event.place)
    return Replace(cards.taken_down(ctx.t))


@router.reported(ChannelClosed)
def channel_closed(scope: Scope, report: ChannelClosed) -> None:
    service.lose_wall(scope, report.place)


@router.reported(ChannelLeft)
def channel_left(scope: Scope, report: ChannelLeft) -> None:
    service.lose_wall(scope, report.place)


@router.click(ShowWall)
def show_wall(ctx: Context, event: Click, _: ShowWall) -> Reply:
    return Say(_wall(ctx))


def _wall(ctx: Context) -> Card:
    return cards.wall(ctx.t, service.latest(ctx))


@router.click(TellAuthor)
def tell_author(ctx: Context, event: Click, action: TellAuthor) -> Reply:
    service.tell_author(ctx, action.whisper)
    return None


def draw_thanks(reading: Reading) -> Card | None:
    """Taken back before it arrived: it never arrives."""
    found = kudos.load(reading.tx, reading.message.subject_id)
    answer = found.answer_of(reading.message.person_id or "") if found else None
    if found is None or answer is None or (found.taken_back_at and not reading.message.shown_version):
        return None
    return cards.thanks(reading.t, service.told(reading, found, ()), answer)


def draw_kudos(reading: Reading) -> Card | None:
    """As long as somebody agrees to have it shown."""
    found = kudos.load(reading.tx, reading.message.subject_id)
    receivers = service.shown_to(reading, found) if found and found.taken_back_at is None else []
    if found is not None and receivers:
        return cards.post(reading.t, service.told(reading, found, receivers))
    return cards.gone(reading.t) if reading.message.shown_version else None


def draw_sign(reading: Reading) -> Card:
    """The wall hangs once its sign has arrived."""
    hangs = reading.message.shown_version == 0 or _hangs_here(reading)
    return cards.sign(reading.t) if hangs else cards.sign_down(reading.t)


def draw_wall_down(reading: Reading) -> Card | None:
    return None if _hangs_here(reading) else cards.sign_down(reading.t)


def _hangs_here(reading: Reading) -> bool:
    here = Recipient.channel(reading.message.workspace_id, reading.message.address)
    return here in walls.walls(reading.tx)


def draw_whisper(reading: Reading) -> Card | None:
    """None when there is nothing to say to anybody any more."""
    found = kudos.load_whisper(reading.tx, reading.message.subject_id)
    if found is None or not (reading.message.shown_version or service.is_timely(reading, found)):
        return None
    done, about = service.was_heeded(reading, found), service.mention(reading, found.about_id)
    title = service.title(reading, found)
    match found.why:
        case Why.BALANCE:
            return cards.whisper(reading.t, about, found.id, done)
        case Why.POSTED:
            told = kudos.told(reading.tx, found.giver_id, found.post_id or "")
            return cards.posted(reading.t, about, title, found.id, done, told)
        case Why.TOLD:
            return cards.heard(reading.t, about, title, found.id, done)
