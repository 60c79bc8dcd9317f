"""Whatever nobody else listens to, and a person's own page."""

from __future__ import annotations

from difflib import get_close_matches

from bot.chat.card import Card
from bot.chat.event import Click, Command, HomeOpened, Said
from bot.chat.reply import Home, Reply, Say
from bot.chat.router import Router, Verb
from bot.chat.text import shorten
from bot.context import Context
from handlers.actions import ShowHelp
from handlers.home import cards
from storage import circles, posts

router: Router[Context] = Router()
LONGEST_VERB = 30


@router.command("home", "accueil", hint="verb.home")
def home_command(ctx: Context, event: Command, _: str) -> Reply:
    return Say(home_card(ctx))


@router.on(HomeOpened)
def home(ctx: Context, event: HomeOpened) -> Reply:
    return Home(home_card(ctx))


@router.command("help", "aide", hint="verb.help")
def help_command(ctx: Context, event: Command, _: str) -> Reply:
    return Say(cards.help_card(ctx.t, ctx.verbs))


@router.click(ShowHelp)
def show_help(ctx: Context, event: Click, _: ShowHelp) -> Reply:
    return Say(cards.help_card(ctx.t, ctx.verbs))


@router.on(Said)
def said(ctx: Context, event: Said) -> Reply:
    return Say(cards.help_card(ctx.t, ctx.verbs))


def unknown(ctx: Context, typed: str) -> Reply:
    """The reply to a verb that nobody hears."""
    if not typed:
        return Say(home_card(ctx))
    return Say(cards.unknown(ctx.t, shorten(typed, LONGEST_VERB), nearest(typed, ctx.verbs), ctx.verbs))


def nearest(typed: str, verbs: tuple[Verb, ...]) -> Verb | None:
    names = {name: verb for verb in verbs for name in verb.names}
    close = get_close_matches(typed.lower(), names, n=1)
    return names[close[0]] if close else None


def home_card(ctx: Context) -> Card:
    charter = circles.charter(ctx.tx, ctx.t.language)
    offered = posts.count_live(ctx.tx, ctx.now)
    return cards.home(ctx.t, charter, ctx.member, offered, ctx.now)
