"""One card and one form with everything in them, and text that tries to be more than text."""

from __future__ import annotations

from dataclasses import dataclass

from bot.chat.action import Action
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
)
from bot.chat.text import Bold, Italic, Link, Mention


@dataclass(frozen=True)
class Stir(Action, verb="kitchen.stir"):
    pot: str = "soup"
    times: int = 3


@dataclass(frozen=True)
class Taste(Action, verb="kitchen.taste"):
    pot: str = "soup"


@dataclass(frozen=True)
class Season(Action, verb="kitchen.season"):
    pot: str = "soup"


TENANT = "11111111-2222-3333-4444-555555555555"
AISHA = "aaaaaaaa-0000-4000-8000-000000000001"
BRUNO = "bbbbbbbb-0000-4000-8000-000000000002"

HOSTILE = (
    "<at>Aïsha</at> **gras** _penché_ [lien](https://evil.example) <b>html</b> &lt;i&gt; `code` ~~rayé~~ "
    "\\*seul\\* {{DATE(2026-11-22T09:00:00Z)}} a_b_c # * 3*4"
)

CARD = Card(
    title="Comment nous accueillons nos alternants",
    body=(
        small("Ressources humaines · proposé par ", Mention(f"teams:{TENANT}:{AISHA}", "Aïsha Benali")),
        Image("https://images.example/alternants.png", "Trois alternantes autour d’un établi"),
        text(
            Bold("Pourquoi c’est intéressant"),
            " — trois promotions racontent leur ",
            Italic("première"),
            " semaine ;\ndeux sont devenus collègues.\n\nÀ lire sur ",
            Link("le site", "https://www.example/recit?a=1&b=(2)"),
            ".",
        ),
        Quote("J’étais leur tutrice,\net c’est moi qui ai le plus appris…"),
        Facts((("Parution", "lundi 23 novembre"), ("Réseaux", "LinkedIn, Mastodon"))),
        Bars((Bar("Un par semaine", 12), Bar("Deux par semaine", 6), Bar("Jamais", 0))),
        Divider(),
        buttons(
            LinkButton("Partager sur LinkedIn", "https://cercle.example/s/abc", Style.PRIMARY),
            FormButton("Changer mes mots", Taste()),
            Button("Plus tard", Stir()),
            Button("Pas pour moi", Stir("pan", 1), Style.DANGER),
            Menu(
                "Autres choix",
                (
                    FormButton("Écrire à l’auteur", Season()),
                    Button("Pourquoi ce message ?", Stir("why", 0)),
                    LinkButton("La charte", "https://cercle.example/charte"),
                ),
            ),
        ),
        small("Vous suivez le thème Ressources humaines."),
    ),
)

FORM = Form(
    action=Season("stew"),
    title="Entrer dans le cercle",
    parts=(
        Note((Bold("Ce que vous promettez"), " : parler en votre nom.")),
        TextInput("title", "Titre", value="Bonjour", required=True, max_length=80),
        TextInput("words", "Vos mots", hint="Ils restent les vôtres.", multiline=True, required=True),
        Choice(
            "ceiling",
            "Contenus par semaine",
            (Option("1", "Un"), Option("2", "Deux"), Option("5", "Cinq")),
            value="2",
            required=True,
        ),
        Choices(
            "topics",
            "Thèmes",
            (Option("hr", "Ressources humaines"), Option("sales", "Ventes"), Option("corp", "Entreprise")),
            value=("hr", "corp"),
            hint="Changez quand vous voulez.",
        ),
        People("team", "Équipe", value=(f"teams:{TENANT}:{BRUNO}",)),
        DateInput("until", "Jusqu’au", value="2026-12-01"),
        TimeInput("at", "À partir de", value="09:00"),
        Toggle("charter", "J’ai lu la charte", required=True),
        Note(("Vous sortez quand vous voulez.",), quiet=True),
    ),
    submit="Entrer",
)
