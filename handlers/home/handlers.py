"""Whatever nobody else listens to, and a person's own page."""

from __future__ import annotations

from difflib import get_close_matches

from bot.chat.card import Card
from bot.chat.event import Click, Command, HomeOpened, Said, readable
from bot.chat.reply import Home, Reply, Say
from bot.chat.router import Router, Verb
from bot.chat.text import shorten, split_word
from bot.context import Context
from handlers.actions import ShowHelp
from handlers.home import cards
from storage import circles, posts

router: Router[Context] = Router()
LONGEST_VERB = 30
ALIKE = 0.7
"""How like a command a word is, of 1, before the command is proposed: "jion" is 0.75 like "join"."""


@router.command("home", "accueil", hint="verb.home")
def home_command(ctx: Context, event: Command, _: str) -> Reply:
    return Say(home_card(ctx))


@router.on(HomeOpened)
def home(ctx: Context, event: HomeOpened) -> Reply:
    return Home(home_card(ctx))


@router.command("help", "aide", hint="verb.help", near=("menu", "commands", "commandes"))
def help_command(ctx: Context, event: Command, _: str) -> Reply:
    return Say(cards.help_card(ctx.t, ctx.verbs))


@router.click(ShowHelp)
def show_help(ctx: Context, event: Click, _: ShowHelp) -> Reply:
    return Say(cards.help_card(ctx.t, ctx.verbs))


@router.on(Said)
def said(ctx: Context, event: Said) -> Reply:
    word, _ = split_word(readable(event))
    near = nearest(word, ctx.verbs)
    return Say(cards.nearest(ctx.t, _short(word), near) if near else cards.help_card(ctx.t, ctx.verbs))


def unknown(ctx: Context, typed: str) -> Reply:
    """Return the reply to a word that is no command: home for none, the nearest command, else the help."""
    if not typed:
        return Say(home_card(ctx))
    if near := nearest(typed, ctx.verbs):
        return Say(cards.nearest(ctx.t, _short(typed), near))
    return Say(cards.unknown(ctx.t, _short(typed), ctx.verbs))


def nearest(typed: str, verbs: tuple[Verb, ...]) -> Verb | None:
    words = {word: verb for verb in verbs for word in (*verb.near, *verb.names)}
    close = get_close_matches(typed.lower(), words, n=1, cutoff=ALIKE)
    return words[close[0]] if close else None


def _short(word: str) -> str:
    return shorten(word, LONGEST_VERB)


def home_card(ctx: Context) -> Card:
    charter = circles.charter(ctx.tx, ctx.t.language)
    offered = posts.count_live(ctx.tx, ctx.now)
    return cards.home(ctx.t, charter, ctx.member, offered, ctx.now)
