"""Where to begin: a person's first commands, and pages of the sample world to try them on."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat.router import Verb
from bot.platforms.playground import world
from bot.platforms.playground.parse import COMMAND
from bot.platforms.playground.persona import Persona, Role
from bot.platforms.playground.render import Say
from bot.platforms.playground.world import Kind

ROLES = {
    Role.COMMS: "playground.role_comms",
    Role.AMBASSADOR: "playground.role_ambassador",
    Role.NEWCOMER: "playground.role_newcomer",
    Role.COLLEAGUE: "playground.role_colleague",
}
ADVICE = {
    Role.COMMS: "playground.advice_comms",
    Role.AMBASSADOR: "playground.advice_ambassador",
    Role.NEWCOMER: "playground.advice_newcomer",
    Role.COLLEAGUE: "playground.advice_colleague",
}
FIRST_VERBS = {
    Role.COMMS: ("call", "help"),
    Role.AMBASSADOR: ("join", "help"),
    Role.NEWCOMER: ("join", "help"),
    Role.COLLEAGUE: ("help",),
}
ODD_PAGES = {
    Kind.ERROR: "playground.page_error",
    Kind.TRUNCATED: "playground.page_truncated",
    Kind.SLOW: "playground.page_slow",
    Kind.BARE: "playground.page_bare",
}


def spelt(verb: Verb, language: str) -> str:
    """The verb as it is written in that language: French is the second name where there is one."""
    return verb.names[1] if language == "fr" and len(verb.names) > 1 else verb.name


def verbs(heard: Sequence[Verb], language: str) -> list[dict[str, str]]:
    return [{"name": spelt(verb, language), "hint": verb.hint} for verb in heard]


def first_steps(
    persona: Persona, language: str, heard: Sequence[Verb], origin: str, say: Say
) -> dict[str, object]:
    known = {verb.name: verb for verb in heard}
    named = [known[name] for name in FIRST_VERBS[persona.role] if name in known]
    commands = [f"{COMMAND} {spelt(verb, language)}" for verb in named]
    pages = _pages(known["post"], language, origin, say) if _posts(persona, known) else []
    return {
        "advice": say(ADVICE[persona.role]),
        "steps": [*pages, *({"label": command, "text": command} for command in commands)],
    }


def _posts(persona: Persona, known: dict[str, Verb]) -> bool:
    return persona.role is Role.COMMS and "post" in known


def _pages(post: Verb, language: str, origin: str, say: Say) -> list[dict[str, object]]:
    mine = [page for page in world.PAGES if page.language == language]
    return [
        {
            "label": say(ODD_PAGES[page.kind]) if page.kind in ODD_PAGES else page.title,
            "text": f"{COMMAND} {spelt(post, language)} {origin}{page.path}",
            "odd": page.kind in ODD_PAGES,
        }
        for page in mine
    ]
