"""What the board hears, and how its messages are drawn."""

from __future__ import annotations

from datetime import date

from bot.chat.card import Card
from bot.chat.event import Click, Command, Submission
from bot.chat.form import Form, refill
from bot.chat.reply import Ask, Replace, Reply, Say
from bot.chat.router import Router
from bot.context import Context, Reading
from handlers.actions import OpenGathering
from handlers.board import cards, service
from handlers.board.cards import (
    AnswerTheme,
    GiveBack,
    OpenPlan,
    OpenReply,
    OpenSort,
    OpenTell,
    PlanTheme,
    ShowBoard,
    ShowTheme,
    ShowThemes,
    Sort,
    StartGathering,
    TakeBackWords,
    Tell,
    View,
)
from storage import board

router: Router[Context] = Router()


def start_form(ctx: Context, _: StartGathering) -> Form:
    service.insider(ctx)
    return cards.start_form(ctx.t)


def tell_form(ctx: Context, action: Tell) -> Form:
    return cards.tell_form(ctx.t, service.open_to(ctx, action.gathering))


def sort_form(ctx: Context, action: Sort, note: str = "") -> Form:
    matter = service.matter_of(action.matter)
    return cards.sort_form(ctx.t, matter, *service.to_sort(ctx, matter), note)


def plan_form(ctx: Context, action: PlanTheme, note: str = "") -> Form:
    theme, here = service.to_plan(ctx, action.theme), ctx.person.workspace_id
    return cards.plan_form(ctx.t, theme, here, service.today(ctx), note)


def reply_form(ctx: Context, action: AnswerTheme, note: str = "") -> Form:
    theme = service.to_answer(ctx, action.theme)
    return cards.reply_form(ctx.t, theme, board.findings_of(ctx.tx, theme.id), note)


def again(form: Form, event: Submission) -> Reply:
    """The form as it stands now, holding what was typed: sent again, it goes through."""
    return Ask(refill(form, event.answers))


# The two questions


@router.command("blockers", "freins", "blocker", "frein", hint="verb.blockers")
def blockers(ctx: Context, event: Command, rest: str) -> Reply:
    """Words behind the command are the blocker in the form; where no round takes answers, they come back."""
    gathering = service.current(ctx)
    if gathering is None:
        return Say(cards.board(ctx.t, service.on_the_board(ctx), typed=rest))
    return Ask(cards.holding(tell_form(ctx, Tell(gathering.id)), rest))


@router.click(OpenGathering)
def open_gathering(ctx: Context, event: Click, _: OpenGathering) -> Reply:
    gathering = service.current(ctx)
    return Ask(tell_form(ctx, Tell(gathering.id)) if gathering else cards.start_form(ctx.t))


@router.submission(StartGathering, start_form)
def start(ctx: Context, event: Submission, _: StartGathering) -> Reply:
    return Say(cards.started(ctx.t, service.start(ctx, event.answers)))


@router.click(OpenTell)
def open_tell(ctx: Context, event: Click, action: OpenTell) -> Reply:
    return Ask(tell_form(ctx, Tell(action.gathering)))


@router.submission(Tell, tell_form)
def tell(ctx: Context, event: Submission, action: Tell) -> Reply:
    gathering = service.tell(ctx, action.gathering, event.answers)
    return Say(cards.told(ctx.t, gathering, signed=not gathering.anonymous and event.answers.yes("sign")))


@router.click(TakeBackWords)
def take_back(ctx: Context, event: Click, action: TakeBackWords) -> Reply:
    service.take_back(ctx, action.gathering)
    return Replace(cards.taken_back(ctx.t))


# The board


def _board(ctx: Context) -> Card:
    return cards.board(ctx.t, service.on_the_board(ctx))


@router.command("board", "tableau", hint="verb.board")
def show(ctx: Context, event: Command, _: str) -> Reply:
    return Say(_board(ctx))


@router.click(ShowBoard)
def show_board(ctx: Context, event: Click, _: ShowBoard) -> Reply:
    return Say(_board(ctx))


@router.click(ShowThemes)
def show_themes(ctx: Context, event: Click, action: ShowThemes) -> Reply:
    return Replace(cards.themes(ctx.t, *service.page(ctx, action.page), service.today(ctx)))


@router.click(ShowTheme)
def show_theme(ctx: Context, event: Click, action: ShowTheme) -> Reply:
    return Say(cards.theme(ctx.t, service.view(ctx, action.theme)))


# Making themes


@router.click(OpenSort)
def open_sort(ctx: Context, event: Click, action: OpenSort) -> Reply:
    return Ask(sort_form(ctx, Sort(action.matter)))


@router.submission(Sort, sort_form)
def sort(ctx: Context, event: Submission, action: Sort) -> Reply:
    theme_id = service.sort(ctx, service.matter_of(action.matter), event.answers)
    if theme_id is None:
        return again(sort_form(ctx, action, ctx.t("sort.meanwhile")), event)
    return Say(cards.theme(ctx.t, service.view(ctx, theme_id), ctx.t("sort.done")))


@router.click(OpenPlan)
def open_plan(ctx: Context, event: Click, action: OpenPlan) -> Reply:
    return Ask(plan_form(ctx, PlanTheme(action.theme, 0)))


@router.submission(PlanTheme, plan_form)
def plan(ctx: Context, event: Submission, action: PlanTheme) -> Reply:
    if not service.plan(ctx, action.theme, action.changes, event.answers):
        return again(plan_form(ctx, action, ctx.t("theme.meanwhile")), event)
    return Say(cards.theme(ctx.t, service.view(ctx, action.theme), ctx.t("theme.saved")))


# Answering


@router.click(OpenReply)
def open_reply(ctx: Context, event: Click, action: OpenReply) -> Reply:
    return Ask(reply_form(ctx, AnswerTheme(action.theme, 0)))


@router.submission(AnswerTheme, reply_form)
def answer(ctx: Context, event: Submission, action: AnswerTheme) -> Reply:
    if not service.answer(ctx, action.theme, action.changes, event.answers):
        return again(reply_form(ctx, action, ctx.t("theme.meanwhile")), event)
    return Say(cards.theme(ctx.t, service.view(ctx, action.theme), ctx.t("theme.replied")))


@router.click(GiveBack)
def give_back(ctx: Context, event: Click, action: GiveBack) -> Reply:
    service.give_back(ctx, action.theme)
    return Say(cards.theme(ctx.t, service.view(ctx, action.theme), ctx.t("theme.given_back")))


# Unasked


def draw_gathering(reading: Reading) -> Card | None:
    """Whoever has not been asked by the time it closes is not asked any more."""
    gathering = board.load_gathering(reading.tx, reading.message.subject_id)
    late = reading.message.shown_version == 0 and gathering and not gathering.takes_findings(reading.now)
    return None if gathering is None or late else cards.invitation(reading.t, gathering)


def draw_gathered(reading: Reading) -> Card | None:
    counts = board.count_unsorted(reading.tx, reading.message.subject_id)
    return cards.gathered(reading.t, counts) if _for_team(reading, any(counts.values())) else None


def draw_owner(reading: Reading) -> Card | None:
    theme = board.load(reading.tx, reading.message.subject_id)
    if theme is None or reading.reader is None:
        return None
    owns = theme.owner is not None and theme.owner.id == reading.reader.id
    if reading.message.shown_version == 0 and not (owns and theme.waits):
        return None
    return cards.owner(reading.t, View(theme, service.today(reading), owns=owns))


def draw_answers(reading: Reading) -> Card | None:
    themes = service.answered_in(reading, date.fromisoformat(reading.message.subject_id))
    return cards.answers(reading.t, themes) if themes else None


def draw_returned(reading: Reading) -> Card | None:
    day = date.fromisoformat(reading.message.subject_id)
    themes = board.returned(reading.tx, day)
    today = service.today(reading)
    return cards.returned(reading.t, themes, today) if _for_team(reading, bool(themes)) else None


def _for_team(reading: Reading, something: bool) -> bool:
    """Whoever is of the comms team no more reads nothing new of it; a card that is there tells its end."""
    posts = reading.reader is not None and reading.reader.posts
    return posts and (something or reading.message.shown_version > 0)
