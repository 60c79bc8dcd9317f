"""A small programme of the tests' own, behind a real server: every card, form and reply there can be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp import web

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

VERBS = (
    Verb(("join", "rejoindre"), "entrer dans le cercle"),
    Verb(("post", "publier"), "https://…"),
    Verb(("call", "appel"), "appeler des volontaires"),
    Verb(("help", "aide"), "ce que Cercle sait faire"),
    Verb(("home", "accueil")),
    Verb(("kitchen", "cuisine"), "tout ce qu'une carte peut porter"),
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


def words(language: str, key: str) -> str:
    return WORDS[key][0 if language.startswith("fr") else 1]


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


def build(programme: Programme) -> Playground:
    return Playground(programme.dispatch, words, previews=PREVIEWS, verbs=VERBS, clock=lambda: NOW)


@asynccontextmanager
async def served() -> AsyncIterator[Scene]:
    """The playground on a free port of loopback."""
    programme = Programme()
    playground = build(programme)
    app = web.Application()
    app.router.add_routes(playground.routes())

    async def close(_: web.Application) -> None:
        await playground.close()

    app.on_shutdown.append(close)
    runner = web.AppRunner(app, shutdown_timeout=2, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    await playground.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    programme.origin = url
    try:
        yield Scene(url, playground, programme)
    finally:
        await runner.cleanup()


WORDS: dict[str, tuple[str, str]] = {
    "platform.cancel": ("Annuler", "Cancel"),
    "platform.required": ("Une réponse est nécessaire ici.", "An answer is needed here."),
    "platform.too_long": (
        "Ce texte est trop long ; il est gardé, il reste à le raccourcir.",
        "This text is too long. It is kept: it only has to be shortened.",
    ),
    "playground.advice_ambassador": (
        "Les contenus du cercle arrivent ici. Pour commencer, une commande suffit :",
        "What the circle shares arrives here. One command is enough to begin:",
    ),
    "playground.advice_colleague": (
        "Vous n'êtes pas dans le cercle, et tout va bien ainsi. Par curiosité :",
        "You are not in the circle, and that is perfectly fine. If you are curious:",
    ),
    "playground.advice_comms": (
        "Proposez une page au cercle : choisissez-en une, la commande s'écrit toute seule.",
        "Offer the circle a page: pick one, and the command writes itself.",
    ),
    "playground.advice_newcomer": (
        "Vous venez d'arriver. Pour voir ce qu'est le cercle avant d'y entrer :",
        "You have just arrived. To see what the circle is before you step in:",
    ),
    "playground.bot_topic": ("Votre conversation avec Cercle", "Your conversation with Cercle"),
    "playground.change_person": ("Changer de personne ou de conversation", "Change person or conversation"),
    "playground.channel_topic": ("Un canal que tout le monde lit", "A channel that everyone reads"),
    "playground.characters": ("caractères", "characters"),
    "playground.check_form": (
        "Il reste un point à revoir. Ce que vous avez écrit est gardé.",
        "Something needs another look. What you wrote is kept.",
    ),
    "playground.choose": ("Choisir…", "Choose…"),
    "playground.clock": ("Heure du programme :", "Programme time:"),
    "playground.close": ("Fermer", "Close"),
    "playground.commands": ("Commandes", "Commands"),
    "playground.copied": ("Copié", "Copied"),
    "playground.copy": ("Copier le JSON", "Copy the JSON"),
    "playground.empty": ("Rien ici pour l'instant.", "Nothing here yet."),
    "playground.failed": (
        "L'envoi n'a pas abouti. Ce que vous avez écrit est gardé : vous pouvez réessayer.",
        "That did not go through. What you wrote is kept: you can try again.",
    ),
    "playground.from_elsewhere": (
        "Cette demande vient d'une autre page. Rien n'a été fait : ouvrez le chat d'essai et recommencez.",
        "That request came from another page. Nothing was done: open the playground and try again.",
    ),
    "playground.home": ("Accueil", "Home"),
    "playground.home_topic": ("Votre page dans Cercle", "Your page inside Cercle"),
    "playground.message": ("Votre message", "Your message"),
    "playground.new": ("du nouveau", "something new"),
    "playground.new_tab": ("(nouvel onglet)", "(new tab)"),
    "playground.nobody": (
        "Personne ne porte ce nom ici. Choisissez quelqu'un dans la liste.",
        "Nobody goes by that name here. Choose someone from the list.",
    ),
    "playground.not_understood": (
        "Le chat d'essai n'a pas compris. Rien n'a été fait : rechargez la page et recommencez.",
        "The playground did not understand that. Nothing was done: reload the page and try again.",
    ),
    "playground.nothing_here": (
        "Il n'y a rien à cet endroit. Le message a peut-être été retiré.",
        "There is nothing there. The message may have been taken away.",
    ),
    "playground.offline": ("Connexion perdue, nouvel essai…", "Connection lost, trying again…"),
    "playground.only_you": ("Visible de vous seulement", "Only visible to you"),
    "playground.open_in": ("Ouvrir dans", "Open in"),
    "playground.optional": ("(facultatif)", "(optional)"),
    "playground.page_bare": ("Une page sans balises", "A page without tags"),
    "playground.page_error": ("Une page en panne", "A broken page"),
    "playground.page_slow": ("Une page très lente", "A very slow page"),
    "playground.page_truncated": ("Une page coupée", "A page cut short"),
    "playground.paste_there": (
        "Cette page ne reçoit pas de carte par un lien. Le JSON est copié quand vous l'ouvrez : "
        "il reste à le coller dans « Card payload editor ».",
        "That page cannot be given a card by a link. The JSON is copied when you open it: "
        "paste it into “Card payload editor”.",
    ),
    "playground.placeholder": (
        "Écrivez à Cercle, ou « / » pour les commandes",
        "Write to Cercle, or “/” for commands",
    ),
    "playground.places": ("Conversations", "Conversations"),
    "playground.role_ambassador": ("membre du cercle", "circle member"),
    "playground.role_colleague": ("collègue", "colleague"),
    "playground.role_comms": ("équipe communication", "comms team"),
    "playground.role_newcomer": ("nouvelle venue", "newcomer"),
    "playground.see_in": ("Voir dans", "See it in"),
    "playground.send": ("Envoyer", "Send"),
    "playground.tagline": (
        "Un chat pour essayer : rien ne sort d'ici.",
        "A chat to try things in: nothing leaves it.",
    ),
    "playground.too_large": (
        "C'est trop long pour une seule demande. Ce que vous avez écrit est gardé : raccourcissez-le.",
        "That is too long for one request. What you wrote is kept: please shorten it.",
    ),
    "playground.too_much_there": (
        "Cette carte est trop grande pour être dessinée là-bas.",
        "This card is too large to be drawn there.",
    ),
    "playground.who": ("Qui êtes-vous ?", "Who are you?"),
    "playground.you_are": ("Vous êtes", "You are"),
}
