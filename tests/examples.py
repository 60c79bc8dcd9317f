"""Cards and forms that use the whole vocabulary, at its ends too: what every renderer has to stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

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
    Row,
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
from bot.chat.text import Bold, CommandName, Invite, Italic, Link, Mention, Moment


@dataclass(frozen=True)
class Press(Action, verb="example_press"):
    id: str


@dataclass(frozen=True)
class Fill(Action, verb="example_fill"):
    id: str


PRESS = Press("01K9ZQX7A3")
FILL = Fill("01K9ZQX7A3")
LONGEST = Press("x" * 61)
"""Packs to the 75 characters that fit behind a button."""

WEB = "https://cercle.example.org"
MOMENT = Moment(datetime(2026, 11, 27, 16, tzinfo=UTC), "vendredi 27 novembre, 17:00")

EVERYTHING = Card(
    "Comment nous accueillons nos alternants",
    (
        text(
            "Proposé par ",
            Mention("slack:T01:U02ABC", "Léa Martin"),
            " et ",
            Mention("teams:tenant:29:1x", "Noé Diallo"),
            ".\n",
            Bold("Pourquoi c’est intéressant"),
            " — trois promotions racontent ",
            Italic("leur première semaine"),
            ". ",
            Link("Lire la page", f"{WEB}/alternants?a=1&b=2"),
        ),
        Image(f"{WEB}/alternants.png", "Trois alternants autour d’une table"),
        Quote("J’étais leur tutrice,\net c’est moi qui ai le plus appris…"),
        Facts((("Thème", "Ressources humaines"), ("Plafond", "2 contenus par semaine"))),
        Bars((Bar("Un par semaine", 12), Bar("Deux par semaine", 6), Bar("Jamais", 0))),
        Divider(),
        buttons(
            Button("Partager", PRESS, Style.PRIMARY),
            FormButton("Changer mes mots", FILL),
            LinkButton("Ouvrir la page", f"{WEB}/s/8wX", Style.PLAIN),
            Button("Pas pour moi", PRESS, Style.DANGER),
            Menu(
                "Autres choix",
                (
                    Button("Plus tard", PRESS),
                    FormButton("Poser une question", FILL),
                    LinkButton("Pourquoi ce message ?", f"{WEB}/why"),
                ),
            ),
        ),
        Row(("Un par semaine, le lundi matin avant la réunion de l’équipe",), Button("Voter", PRESS)),
        Row(
            (Bold("Deux par semaine"), "\n6 votes, jusqu’au ", MOMENT),
            Menu("Autres choix", (Button("Plus tard", PRESS), FormButton("Changer mes mots", FILL))),
        ),
        text("Tapé : ", CommandName("aide"), ". Fermé le ", MOMENT, ", après ", Invite("un ajout"), "."),
        small("Vous suivez le thème Ressources humaines."),
        small(
            "Un message de ",
            Bold("Cercle"),
            " pour ",
            Mention("slack:T01:U02ABC", "Léa Martin"),
            ". ",
            Italic("À vous de voir."),
            " ",
            Link("Réglages", f"{WEB}/settings?a=1&b=2"),
        ),
    ),
)

LONG = "Écrire, c’est une façon de parler sans être interrompu. " * 80
EMOJI = "👩🏽‍🚀🧑‍🧑‍🧒‍🧒🇫🇷" * 400

EXTREMES = Card(
    LONG,
    (
        text(LONG, Bold(LONG), Mention("slack:T01:U02ABC", LONG), Link(LONG, f"{WEB}/{'a' * 2000}")),
        text(EMOJI),
        text(""),
        text(" ", Bold(""), "\n"),
        Image(f"{WEB}/long.png", LONG),
        Quote(LONG),
        Quote(""),
        Facts(tuple((f"Ligne {number}", LONG) for number in range(12))),
        Facts(()),
        Bars(tuple(Bar(LONG, number * 10**9) for number in range(8))),
        Bars(()),
        buttons(),
        buttons(
            *(Button(LONG, LONGEST) for _ in range(5)),
            Menu(LONG, tuple(FormButton(LONG, LONGEST) for _ in range(5))),
            LinkButton(LONG, f"{WEB}/{'a' * 2000}"),
        ),
        Row((LONG, Bold(LONG)), Button(LONG, LONGEST)),
        Row(("",), FormButton("Voter", LONGEST)),
        Row((" ", Link(LONG, WEB)), LinkButton("Lire", WEB)),
        small(LONG, Link("ici", WEB), LONG),
        small(""),
    ),
)

ALONE = Card("Bienvenue")

ASKED = Form(
    FILL,
    "Entrer dans le cercle",
    (
        Note((Bold("Raison d’être"), " : faire connaître notre métier tel qu’on le vit.")),
        TextInput("title", "Titre", required=True, max_length=120),
        TextInput("why", "Pourquoi ?", "Parce que\nc’est vrai", "Deux lignes suffisent", multiline=True),
        Choice("rhythm", "À quel rythme ?", (Option("1", "Un"), Option("2", "Deux")), "2", required=True),
        Choice("topic", "Thème", tuple(Option(str(n), f"Thème {n}") for n in range(12)), "7", "Un seul"),
        Choices("networks", "Réseaux", (Option("li", "LinkedIn"), Option("x", "X")), ("li",), "Ou aucun"),
        People("team", "Équipe", ("slack:T01:U02ABC", "teams:tenant:29:1x"), required=True),
        DateInput("until", "Jusqu’au", "2026-11-22"),
        TimeInput("at", "À partir de", "09:00", required=True),
        Toggle("charter", "J’ai lu la charte", True, "Vous sortez quand vous voulez", required=True),
        Note(("Rien n’est publié sans vous.",), quiet=True),
    ),
    "Entrer",
)

BLANK = Form(
    FILL,
    "Vide",
    (
        TextInput("title", "Titre"),
        Choice("rhythm", "Rythme", (Option("1", "Un"),), required=True),
        Choices("networks", "Réseaux", (Option("li", "LinkedIn"),)),
        People("team", "Équipe"),
        DateInput("until", "Jusqu’au"),
        TimeInput("at", "À partir de"),
        Toggle("charter", "J’ai lu la charte"),
    ),
    "Entrer",
)

STRETCHED = Form(
    Fill("x" * 62),
    LONG,
    (
        Note((LONG,)),
        Note((LONG,), quiet=True),
        TextInput("title", LONG, LONG, LONG, max_length=10),
        TextInput("emoji", "Émoji", EMOJI, multiline=True),
        Choice("rhythm", LONG, tuple(Option(f"{n:x<75}", LONG) for n in range(100)), hint=LONG),
        Choices("networks", LONG, tuple(Option(f"{n:x<75}", LONG) for n in range(10)), hint=LONG),
        DateInput("until", LONG, "tomorrow"),
        TimeInput("at", LONG, "9 h"),
        Toggle("charter", LONG, True),
    ),
    LONG,
)

HOSTILE: tuple[str, ...] = (
    "<!channel>",
    "<!here>",
    "<!everyone>",
    "<!subteam^S012AB3CD>",
    "<!subteam^S012AB3CD|@leads>",
    "<!date^0^{date}|now>",
    "<@U02ABC>",
    "<@W02ABC>",
    "<@U02ABC|Léa>",
    "<#C02ABC>",
    "<#C02ABC|general>",
    "<https://evil.example>",
    "<https://evil.example|your bank>",
    "<mailto:a@evil.example|write>",
    "<javascript:alert(1)|x>",
    "&lt;!channel&gt;",
    "&#60;!channel&#62;",
    "&amp;lt;!here&amp;gt;",
    "<<!channel>>",
    "< !channel>",
    "<!\u200bchannel>",
    "<\u200b!channel>",
    "<!channel",
    "!channel>",
    "@channel @here @everyone",
    "@Léa Martin #general",
    "*bold* _italic_ ~gone~ `code`",
    "***",
    "_ _",
    "*a*b*c*",
    "snake_case_name __init__ _x_",
    "```\nblock\n```",
    "> quoted",
    ">>> quoted\nto the end",
    "a\n> b\n  > c",
    "• one\n1. two\n- three",
    ":tada: :skull: :+1::skin-tone-2:",
    "[text](https://evil.example)",
    "![image](https://evil.example/x.png)",
    "**bold** __bold__ ~~gone~~",
    "# heading\n---",
    "<at>Everyone</at>",
    "<b>bold</b><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "{{DATE(2026-11-22T09:00:00Z)}} {{TIME(2026-11-22T09:00:00Z)}}",
    "${name} {name} %s %(name)s {0}",
    "https://evil.example www.evil.example evil.example",
    "tel:+33123456789 mail@evil.example",
    "\u202eright to left\u202c",
    "\u2066isolated\u2069",
    "null\x00 bell\x07 escape\x1b[31m",
    "a\r\nb\rc\u2028d\u2029e\x0bf",
    "lone \ud83d surrogate \udc00",
    "Z\u0351\u036b\u0343a\u0361lgo" * 20,
    "\u200b\u2060\ufeff",
    "ｆｕｌｌ　ｗｉｄｔｈ ＜！channel＞",
    "/cercle leave",
    "'; DROP TABLE member; --",
    "|pipe|<a|b>|",
    "\\*escaped\\* \\<!channel\\>",
    "\t\ttabs\t",
)


def hostile_card(words: str) -> Card:
    """The words wherever somebody's words can stand."""
    return Card(
        words,
        (
            text(words, Bold(words), Italic(words), Link(words, f"{WEB}/?a=1&b=2"), Mention("", words)),
            text(Link(words, f"{WEB}/{words}"), Link("x", words), Mention(words, words)),
            small(words),
            small("x", Bold(words), Italic(words), Link(words, f"{WEB}/{words}"), Mention(words, words)),
            Quote(words),
            Image(f"{WEB}/x.png", words),
            Image(words, words),
            Facts(((words, words),)),
            Bars((Bar(words, 1),)),
            Row((Bold(words), Moment(MOMENT.at, words)), Button(words, PRESS)),
            small(CommandName(words), Moment(MOMENT.at, words, by_name=True)),
            buttons(Button(words, PRESS), Menu(words, (Button(words, PRESS),))),
        ),
    )


def hostile_form(words: str) -> Form:
    return Form(
        FILL,
        words,
        (
            Note((words, Bold(words))),
            Note((words, Link(words, f"{WEB}/{words}")), quiet=True),
            TextInput("text", words, words, words),
            Choice("one", words, (Option("a", words), Option("b", words)), words, words),
            Choices("any", words, (Option("a", words),), (words,), words),
            People("people", words, (words,), words),
            DateInput("date", words, words, words),
            TimeInput("time", words, words, words),
            Toggle("toggle", words, hint=words),
        ),
        words,
    )


CARDS: dict[str, Card] = {"everything": EVERYTHING, "extremes": EXTREMES, "alone": ALONE}
FORMS: dict[str, Form] = {"asked": ASKED, "blank": BLANK, "stretched": STRETCHED}
EXAMPLES: dict[str, Card | Form] = {**CARDS, **FORMS}
