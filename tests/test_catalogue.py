"""Every word a person sees stands in both catalogues, is used, and is written as its language is.

The rule for use: a text literal in the code that has the form of a key and begins like one (`button.`,
`page.`…) is a use of it. So a key can be handed on, kept in a table or on a class, and is still seen; and one
that is misspelt names nothing and is found.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog

import bot.domain.network
import bot.domain.working_time
from bot.clients.errors import Unreadable
from bot.domain.errors import DomainError
from bot.locales import LANGUAGES, catalogue
from tests.golden.registry import verbs

ROOT = Path(__file__).parent.parent
KEY = re.compile(r"[a-z_]+(\.[a-z0-9_]+)+", re.ASCII)
NO_KEY = re.compile(r"\.(?:css|csv|html|ics|js|json|org|png|svg|toml|yaml)$")
TRANSLATORS = {"t", "_t", "spans", "words", "_words", "say", "_say"}
"""What a translator is called: `t("key")`, `ctx.t("key")`, `t.spans("key")`, `words(language, "key")`."""
DYNAMIC = {"draft.problem", "error.key", "p.key", "rejected.key", "verb.hint"}
"""The expressions that may stand where a key stands: an error's own, why a page could not be read (a client's
`reason`), a command's `hint`. A plain variable may too: what it holds is a literal, seen where it stands."""
MADE = re.compile(r"[a-z_]+\.[a-z_.]*")
"""How a text begins that is put together to a key."""
BUTTON = 75
"""Characters of a button's text (docs.slack.dev, Button element)."""
ROOM = 12
"""Characters kept for what fills a placeholder on a button: the longest name of a network and a little."""
NBSP, THIN = "\u00a0", "\u202f"


@dataclass
class Use:
    """What some code says: all its `literals`, those `asked` for where a key has to stand, and those of them
    that are asked for as `plain` words."""

    literals: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    plain: set[str] = field(default_factory=set)
    dynamic: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)
    labels: set[str] = field(default_factory=set)


def sources() -> Iterator[str]:
    for package in ("bot", "handlers", "scheduler"):
        for file in sorted((ROOT / package).rglob("*.py")):
            yield file.read_text("utf-8")


def use(code: Iterable[str]) -> Use:
    found = Use()
    for text in code:
        tree = ast.parse(text)
        no_keys = set(_no_keys(tree))
        for node in ast.walk(tree):
            match node:
                case ast.Constant(value=str(value)) if id(node) not in no_keys:
                    found.literals.add(value)
                case ast.JoinedStr(values=[ast.Constant(value=str(start)), *_]) if MADE.fullmatch(start):
                    found.made.add(start)
                case ast.Call():
                    _call(node, found)
    return found


def _no_keys(tree: ast.AST) -> Iterator[int]:
    """Literals that only look like keys: the verb of an action, the name of a logged event."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(keywords=keywords):
                yield from (id(keyword.value) for keyword in keywords)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="log")), args=[first, *_]):
                yield id(first)
            case ast.Call(func=ast.Attribute(value=ast.Call(func=maker)), args=[first, *_]):
                if _name(maker) == "get_logger":
                    yield id(first)


def _call(node: ast.Call, found: Use) -> None:
    name = _name(node.func)
    if name in ("Button", "FormButton", "LinkButton", "Menu") and node.args:
        found.labels |= {key for key in _texts(node.args[0]) if KEY.fullmatch(key)}
    if name in TRANSLATORS and (argument := _key_argument(node)) is not None:
        _asked(argument, found)
        if name != "spans":
            found.plain |= {key for key in _texts(argument) if KEY.fullmatch(key)}


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=func):
            return _name(func)
        case _:
            return ""


def _key_argument(node: ast.Call) -> ast.expr | None:
    """`t(key, …)`, or `words(language, key)`."""
    for argument in node.args[:2]:
        if any(KEY.fullmatch(text) for text in _texts(argument)) or ast.unparse(argument) in DYNAMIC:
            return argument
    return node.args[0] if _name(node.func) in ("t", "spans") and node.args else None


def _asked(argument: ast.expr, found: Use) -> None:
    match argument:
        case ast.Constant(value=str(key)):
            found.asked.add(key)
        case ast.IfExp(body=body, orelse=orelse):
            _asked(body, found)
            _asked(orelse, found)
        case ast.Name():
            pass
        case _:
            found.dynamic.add(ast.unparse(argument))


def _texts(node: ast.expr) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value


def faults(code: Iterable[str], books: Iterable[Iterable[str]], errors: Iterable[str]) -> list[str]:
    """What does not fit between the code, the catalogues and the errors' own keys."""
    keys = [set(book) for book in books]
    everywhere, somewhere = set.intersection(*keys), set.union(*keys)
    found, begun = use(code), {key.partition(".")[0] for key in somewhere}
    alike = {text for text in found.literals if KEY.fullmatch(text) and not NO_KEY.search(text)}
    used = {key for key in alike if key.partition(".")[0] in begun} | found.asked | set(errors)
    used |= found.literals & somewhere
    return [
        *(f"not in every catalogue: {key}" for key in sorted(somewhere - everywhere)),
        *(f"no text for: {key}" for key in sorted(used - somewhere)),
        *(f"never used: {key}" for key in sorted(somewhere - used)),
        *(f"a key made up at run time: {text}" for text in sorted(found.dynamic - DYNAMIC)),
        *(
            f"a key put together: {text}…"
            for text in sorted(found.made - {"error."})
            if text.partition(".")[0] in begun
        ),
    ]


def family(error: type[DomainError]) -> Iterator[type[DomainError]]:
    yield error
    for child in error.__subclasses__():
        if child.__module__.startswith("bot.domain"):
            yield from family(child)


ERRORS = sorted(set(family(DomainError)), key=lambda error: error.__name__)
UNREADABLE = [error for error in Unreadable.__subclasses__() if error.__module__ == "bot.clients.errors"]


def keys(book: Catalog) -> list[str]:
    return [id_of(message.id) for message in book if message.id]


def id_of(id: object) -> str:
    return str(id[0] if isinstance(id, tuple | list) else id)


def forms(language: str, key: str) -> tuple[str, ...]:
    message = catalogue(language).get(key)
    assert message is not None, key
    return message.string if isinstance(message.string, tuple) else (str(message.string),)


def every_text(language: str) -> list[tuple[str, str]]:
    return [(key, form) for key in keys(catalogue(language)) for form in forms(language, key)]


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def placeholders(text: str) -> set[str]:
    return {name for name in fields(text) if not name.startswith("/")}


def commands(text: str) -> list[str]:
    """The words of the commands that a sentence names: `{/poll}`."""
    return sorted(name[1:] for name in fields(text) if name.startswith("/"))


# The catalogues and the code


def test_every_word_is_there_and_none_is_idle() -> None:
    books = [keys(catalogue(language)) for language in LANGUAGES]
    assert faults(sources(), books, (f"error.{error.__name__}" for error in ERRORS)) == []


@pytest.mark.parametrize(
    ("code", "fr", "en", "fault"),
    [
        ('t("a.b")', ["a.b"], ["a.b"], ""),
        ('t("a.b", n, x=1)', ["a.b"], ["a.b"], ""),
        ('words(language, "a.b")', ["a.b"], ["a.b"], ""),
        ('self._say(viewer)("a.b")', ["a.b"], ["a.b"], ""),
        ('t("a.b" if x else "a.c")', ["a.b", "a.c"], ["a.b", "a.c"], ""),
        ('ROWS = (("a.b", 1), ("a.c", 2))', ["a.b", "a.c"], ["a.b", "a.c"], ""),
        ('@router.command("go", hint="a.b")\ndef go(): ...', ["a.b"], ["a.b"], ""),
        ("t(draft.problem)", [], [], ""),
        ('t("a.b")', ["a.b"], [], "not in every catalogue: a.b"),
        ('t("a.b")', [], [], "no text for: a.b"),
        ('ctx.t("plain")', [], [], "no text for: plain"),
        ('t.spans("a.b")', [], [], "no text for: a.b"),
        ('words(language, "z.b")', ["a.b"], ["a.b"], "no text for: z.b"),
        ('open("a.css")', ["a.b"], ["a.b"], "never used: a.b"),
        ('reason = "a.typo"', ["a.b"], ["a.b"], "no text for: a.typo"),
        ("pass", ["a.b"], ["a.b"], "never used: a.b"),
        ('log.info("a.b")', ["a.b"], ["a.b"], "never used: a.b"),
        ('class Go(Action, verb="a.b"): ...', ["a.b"], ["a.b"], "never used: a.b"),
        ('t(f"a.{x}")', [], [], "a key made up at run time: f'a.{x}'"),
        ("t(verb.name)", [], [], "a key made up at run time: verb.name"),
        ('key = f"a.{x}"\nt(key)', ["a.b"], ["a.b"], "a key put together: a.…"),
        ('for key in ("a.b", "a.c"): t(key)', ["a.b", "a.c"], ["a.b", "a.c"], ""),
    ],
)
def test_the_check_itself(code: str, fr: list[str], en: list[str], fault: str) -> None:
    found = faults([code], [fr, en], [])
    assert fault in found if fault else found == []


def test_the_same_placeholders_in_every_language_and_plural() -> None:
    different = {
        key: found
        for key in keys(catalogue("en"))
        if len(found := {frozenset(placeholders(f)) for lang in LANGUAGES for f in forms(lang, key)}) > 1
    }
    assert different == {}


def test_plurals_are_plurals_in_every_language() -> None:
    assert {k for k in keys(catalogue("fr")) if len(forms("fr", k)) > 1} == {
        k for k in keys(catalogue("en")) if len(forms("en", k)) > 1
    }


# Commands

VERBS = {name: verb for verb in verbs() for name in verb.names}


def test_every_command_that_a_sentence_names_is_heard_in_both_languages() -> None:
    named = 0
    for key in keys(catalogue("en")):
        french, english = (forms(language, key) for language in ("fr", "en"))
        for in_french, in_english in zip(french, english, strict=True):
            said = [VERBS[command.split()[0]] for command in commands(in_french)]
            assert said == [VERBS[command.split()[0]] for command in commands(in_english)], key
            assert [command.split()[0] for command in commands(in_french)] == [v.names[1] for v in said], key
            assert [command.split()[0] for command in commands(in_english)] == [v.name for v in said], key
            named += len(said)
    assert named > 20


def test_a_sentence_with_a_command_is_asked_for_as_spans() -> None:
    plain = use(sources()).plain
    assert len(plain) > 300
    assert [key for key in plain if any(commands(forms(language, key)[0]) for language in LANGUAGES)] == []


def test_no_sentence_spells_a_command_as_one_platform_does() -> None:
    spelt = re.compile(r"/(?:cercle|invite)\b|@Cercle\b", re.IGNORECASE)
    assert {key: text for lang in LANGUAGES for key, text in every_text(lang) if spelt.search(text)} == {}


def test_a_sentence_beside_an_input_names_no_command() -> None:
    """It is plain words: a command is spelt as the platform does on cards and in the notes of a form."""
    beside = [error for error in ERRORS if getattr(error, "field", "")]
    assert len(beside) > 40
    for error in beside:
        assert [commands(forms(language, f"error.{error.__name__}")[0]) for language in LANGUAGES] == [[], []]


# Errors speak for themselves


def sentence(error: type[Exception]) -> str:
    """A docstring on one line, with the apostrophe of print."""
    return " ".join((error.__doc__ or "").split()).replace("'", "’")


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_an_error_says_what_its_docstring_says(error: type[DomainError]) -> None:
    assert forms("en", f"error.{error.__name__}") == (sentence(error),)
    assert forms("fr", f"error.{error.__name__}")


@pytest.mark.parametrize("error", UNREADABLE, ids=lambda error: error.__name__)
def test_an_unreadable_page_says_what_its_docstring_says(error: type[Unreadable]) -> None:
    assert forms("en", error.reason) == (sentence(error),)


# Typography


def in_french(text: str) -> list[str]:
    """What a French typographer would mark. Addresses and times of day keep their colons."""
    prose = re.sub(r"https?://\S*|\d:\d|\{/?[\w ]*\}", "X", text)
    marks = {
        r"'": "a straight apostrophe",
        r'"': "straight quotes",
        r"\.\.\.": "three full stops for an ellipsis",
        rf"[^{THIN}?!][;?!]": "no narrow no-break space before ; ? !",
        rf"[^{NBSP}]:(?!\w)": "no no-break space before a colon",
        rf"«[^{NBSP}{THIN}]|[^{NBSP}{THIN}]»": "no no-break space inside « »",
        r" \d{3}\b(?<=\d \d{3})": "a plain space inside a number",
        r"  ": "two spaces",
    }
    return [what for mark, what in marks.items() if re.search(mark, prose)]


def in_english(text: str) -> list[str]:
    marks = {
        r"'": "a straight apostrophe",
        r'"': "straight quotes",
        r"\.\.\.": "three full stops for an ellipsis",
        rf"[\s{NBSP}{THIN}][;:?!]": "a space before punctuation",
        r"  ": "two spaces",
        r"\b(?:color|favorite|behavior|center|organiz\w+|recogniz\w+|catalog|dialog)\b": "American spelling",
    }
    return [what for mark, what in marks.items() if re.search(mark, text)]


def test_french_is_set_as_french() -> None:
    assert {key: marks for key, text in every_text("fr") if (marks := in_french(text))} == {}


WITHOUT_ARTICLE = re.compile(r"(?:jusqu’à|d’ici|avant|depuis|à partir de) \{day\}", re.IGNORECASE)


def test_a_day_has_its_article_in_french() -> None:
    """ "jusqu’au vendredi 11 décembre": a day is always said with its date."""
    assert [key for key, text in every_text("fr") if WITHOUT_ARTICLE.search(text)] == []


def test_english_is_set_as_english() -> None:
    assert {key: marks for key, text in every_text("en") if (marks := in_english(text))} == {}


@pytest.mark.parametrize(
    "text",
    ["l'ami", "Quoi ?", "Quoi?", "Ceci : cela", "Ceci: cela", "« oui »", "«oui»", "Et...", '"oui"', "10 000"],
)
def test_a_typographer_would_mark(text: str) -> None:
    assert in_french(text)


@pytest.mark.parametrize(
    "text",
    [
        f"L’ami{NBSP}: à 14:30, https://exemple.fr",
        f"Quoi{THIN}?",
        f"«{NBSP}oui{NBSP}»",
        f"10{THIN}000 {{count}}{THIN}!",
    ],
)
def test_a_typographer_would_not_mark(text: str) -> None:
    assert in_french(text) == []


def test_both_speak_of_the_same_addresses() -> None:
    """An example in one language is an example in the other."""
    web = re.compile(r"https?://[\w./…-]+")
    for key in keys(catalogue("en")):
        assert len(web.findall(forms("en", key)[0])) == len(web.findall(forms("fr", key)[0])), key


# Voice

UNASKED = (
    "post.",
    "reminder.",
    "call.",
    "question.",
    "answered.",
    "undelivered.",
    "welcome.",
    "goodbye.",
    "pulse.",
    "pace.",
    "round.",
    "rhythm.",
    "meeting.",
    "recap.",
    "thanks.",
    "whisper.",
)
"""Where texts begin that reach somebody who has asked for nothing, or for nothing more."""
ORDERS = {
    "fr": re.compile(
        r"(?:^|[.!?…] )(?:Ne |N’)?(?:\w+ez)\b(?!-vous)(?! voir| vous)|n’oubliez|dépêchez|il faut|vous devez",
        re.I,
    ),
    "en": re.compile(
        r"\bdon’t (?:forget|miss)|\bremember to\b|\bhurry|\byou (?:must|should|need to)\b|"
        r"(?:^|[.!?…] )(?:please )?(?:share|post|click|act|join|take|check|make sure|tell)\b(?=.*[.!])",
        re.I,
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_unasked_gives_orders(language: str) -> None:
    unasked = [(key, text) for key, text in every_text(language) if key.startswith(UNASKED)]
    assert unasked
    assert {key: text for key, text in unasked if ORDERS[language].search(text)} == {}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "Partagez ce contenu."),
        ("fr", "Bonjour. N’oubliez pas de partager."),
        ("en", "Share it now!"),
        ("en", "Hello. Don’t forget to share."),
    ],
)
def test_an_order_is_noticed(language: str, text: str) -> None:
    assert ORDERS[language].search(text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_button_has_room_for_its_label(language: str) -> None:
    labels = use(sources()).labels | {key for key in keys(catalogue(language)) if key.startswith("button.")}
    assert len(labels) > 10
    for key in labels:
        for form in forms(language, key):
            assert len(re.sub(r"\{\w+\}", "x" * ROOM, form)) <= BUTTON, key


def test_every_network_fits_in_that_room() -> None:
    assert max(len(network.label) for network in bot.domain.network.Network) <= ROOM
