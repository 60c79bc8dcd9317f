"""A small programme of the tests' own, behind a real server: every card, form and reply there can be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from aiohttp import web

from bot.app import words
from bot.chat.action import Action, BadAction, unpack
from bot.chat.card import (
    Bar,
    Bars,
    Button,
    Card,
    Divider,
    Facts,
    FormButton,
    Image,
    LinkButton,
    Menu,
    Quote,
    Style,
    buttons,
    small,
    text,
)
from bot.chat.event import Click, Command, Event, HomeOpened, Said, Submission
from bot.chat.form import (
    Choice,
    Choices,
    DateInput,
    Form,
    Note,
    Option,
    People,
    TextInput,
    TimeInput,
    Toggle,
    refill,
)
from bot.chat.messenger import Notice
from bot.chat.platform import Answer
from bot.chat.reply import Ask, Home, Replace, Reply, Say
from bot.chat.router import Verb
from bot.chat.text import Bold, Italic, Link, Mention
from bot.platforms.playground.adapter import Playground
from bot.platforms.playground.persona import PERSONAS
from bot.platforms.playground.preview import Preview, adaptive_cards_designer, block_kit_builder

NOW = datetime(2026, 11, 16, 9, 30, tzinfo=UTC)


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


VERBS = (
    Verb(("join", "rejoindre"), "verb.join"),
    Verb(("post", "publier"), "verb.post"),
    Verb(("call", "appel"), "verb.call"),
    Verb(("help", "aide"), "verb.help"),
    Verb(("home", "accueil"), "verb.home"),
    Verb(("kitchen", "cuisine")),
)


@dataclass(frozen=True)
class Wave(Action, verb="scene.wave"):
    times: int = 1


@dataclass(frozen=True)
class Compose(Action, verb="scene.compose"):
    content: str = "c1"


@dataclass(frozen=True)
class Rest(Action, verb="scene.rest"):
    pass


@dataclass(frozen=True)
class Later(Action, verb="scene.later"):
    pass


def kitchen(origin: str) -> Card:
    """Every element a card can hold."""
    return Card(
        "Comment nous accueillons nos alternants",
        (
            small("Ressources humaines · proposé par ", Mention(PERSONAS[0].address, "Camille")),
            Image(f"{origin}/playground/world/welcome.png", "Des cercles de couleur autour d'un grand"),
            text(
                Bold("Pourquoi c'est intéressant"),
                " — trois promotions racontent leur première semaine ; ",
                Italic("deux"),
                " personnes sont devenues collègues.\nÀ lire sur ",
                Link("le site", "https://example.com/alternants"),
                ".",
            ),
            Quote("J'étais leur tutrice, et c'est moi qui ai le plus appris."),
            Facts((("Thème", "Ressources humaines"), ("Jusqu'au", "30 novembre"))),
            Bars((Bar("Un par semaine", 12), Bar("Deux par semaine", 6), Bar("Jamais", 0))),
            Divider(),
            buttons(
                LinkButton("Partager sur LinkedIn", "https://example.com/s/abc", Style.PRIMARY),
                FormButton("Changer mes mots", Compose()),
                Button("Saluer", Wave()),
                Button("Pas pour moi", Rest(), Style.DANGER),
                Menu(
                    "Plus de choix",
                    (
                        Button("Plus tard", Later()),
                        FormButton("Écrire à l'autrice", Compose("ask")),
                        LinkButton("Pourquoi ce message ?", "https://example.com/why"),
                    ),
                ),
            ),
            small("Vous suivez le thème Ressources humaines."),
        ),
    )


def pantry(action: Action) -> Form:
    """Every input a form can hold."""
    networks = tuple(Option(n.lower(), n) for n in ("LinkedIn", "Bluesky", "Mastodon"))
    topics = tuple(Option(str(n), f"Thème {n}") for n in range(1, 8))
    return Form(
        action,
        "Vos mots",
        (
            Note(("Ce que vous écrivez ici ", Bold("reste le vôtre"), "."), quiet=True),
            TextInput("title", "Titre", "Comment nous accueillons", required=True, max_length=60),
            TextInput(
                "why",
                "Pourquoi le partager",
                hint="Une phrase suffit.",
                multiline=True,
                required=True,
                max_length=280,
            ),
            Choice("network", "Réseau", networks, "linkedin", required=True),
            Choice("topic", "Thème", topics),
            Choices("langs", "Langues", (Option("fr", "Français"), Option("en", "Anglais")), ("fr",)),
            People("with", "Avec"),
            DateInput("day", "Jour"),
            TimeInput("hour", "Heure", "09:00"),
            Toggle("agree", "J'ai lu la charte", required=True),
        ),
        "Enregistrer",
    )


@dataclass
class Programme:
    """Hears events, remembers them, answers like features do."""

    origin: str = ""
    heard: list[Event] = field(default_factory=list)

    async def dispatch(self, event: Event) -> Answer:
        self.heard.append(event)
        return Answer(self._reply(event), event.sender.locale)

    def _reply(self, event: Event) -> Reply:
        match event:
            case Command(text="kitchen" | "cuisine"):
                return Say(kitchen(self.origin))
            case Command(text="home" | "accueil") | HomeOpened():
                return Home(
                    Card("Votre cercle", (text("Rien d'attendu."), buttons(Button("Saluer", Wave()))))
                )
            case Command(text="quiet"):
                return None
            case Command() | Said():
                return Say(Card("Entendu", (text(event.text),)))
            case Click():
                return self._click(event)
            case Submission():
                return self._submission(event)
            case _:
                return None

    def _click(self, event: Click) -> Reply:
        try:
            match event.action.partition("/")[0]:
                case Wave.verb:
                    times = unpack(Wave, event.action).times
                    again = buttons(Button("Saluer encore", Wave(times + 1)))
                    return Replace(Card(f"Salué {times} fois", (again,)))
                case Compose.verb:
                    return Ask(pantry(unpack(Compose, event.action)))
                case _:
                    return Say(Card("C'est noté", ()))
        except BadAction:
            return Say(Card("Ce bouton ne dit plus rien", ()))

    def _submission(self, event: Submission) -> Reply:
        form = pantry(Compose())
        if "interdit" in event.answers.text("why"):
            return Ask(refill(form, event.answers), {"why": "Ce mot-là ne passe pas."})
        said = tuple((name, str(value)) for name, value in event.answers.values.items())
        return Say(Card("Enregistré", (Facts(said),)))


def _blocks(card: Card) -> object:
    if card.title == "Trop":
        raise ValueError("51 blocks, 50 fit")
    return [{"type": "header", "text": {"type": "plain_text", "text": card.title}}]


PREVIEWS = {
    "slack": Preview(
        "Slack",
        _blocks,
        lambda form: {"type": "modal", "title": form.title},
        block_kit_builder,
        "Block Kit Builder",
        True,
    ),
    "teams": Preview(
        "Teams",
        lambda card: {
            "type": "AdaptiveCard",
            "version": "1.5",
            "body": [{"type": "TextBlock", "text": card.title}],
        },
        lambda form: {"type": "AdaptiveCard", "version": "1.5", "title": form.title},
        adaptive_cards_designer,
        "Adaptive Cards Designer",
        False,
    ),
}


@dataclass(frozen=True)
class Scene:
    url: str
    playground: Playground
    programme: Programme

    def address(self, who: str) -> str:
        return f"playground:playground:{who}"

    async def deliver(self, who: str, card: Card, id: str = "n1") -> str:
        address = self.address(who)
        return await self.playground.messenger.send(address, Notice(id, card))


def build(programme: Programme, *, movable: bool = True) -> Playground:
    clock = Clock()
    advance = clock.advance if movable else None
    return Playground(programme.dispatch, words, previews=PREVIEWS, verbs=VERBS, clock=clock, advance=advance)


@asynccontextmanager
async def served(port: int = 0, *, movable: bool = True) -> AsyncIterator[Scene]:
    """The playground on a free port of loopback, or on that one."""
    programme = Programme()
    playground = build(programme, movable=movable)
    app = web.Application()
    app.router.add_routes(playground.routes())

    async def close(_: web.Application) -> None:
        await playground.close()

    app.on_shutdown.append(close)
    runner = web.AppRunner(app, shutdown_timeout=2, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    await playground.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    programme.origin = url
    try:
        yield Scene(url, playground, programme)
    finally:
        await runner.cleanup()
