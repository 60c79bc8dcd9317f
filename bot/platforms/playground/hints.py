"""What to try next: a person's first steps, and pages of the sample world to try them on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.chat.router import Verb
from bot.chat.text import COMMAND
from bot.platforms.playground import world
from bot.platforms.playground.persona import CHANNELS, Persona, Role, channel_address
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
    Role.COMMS: ("contents", "help"),
    Role.AMBASSADOR: ("settings", "pause", "help"),
    Role.NEWCOMER: ("join", "help"),
    Role.COLLEAGUE: ("help",),
}
MEETING_PLACE = CHANNELS[0]
"""The channel in which the call for volunteers is read."""
ODD_PAGES = {
    Kind.ERROR: "playground.page_error",
    Kind.TRUNCATED: "playground.page_truncated",
    Kind.SLOW: "playground.page_slow",
    Kind.BARE: "playground.page_bare",
}


Step = dict[str, str]
"""A button: its `label`, and the `text` it says or where it goes (`who`, `place`)."""


def spelt(verb: Verb, language: str) -> str:
    """The verb as it is written in that language: French is the second name where there is one."""
    return verb.names[1] if language == "fr" and len(verb.names) > 1 else verb.name


def verbs(heard: Sequence[Verb], language: str, say: Say) -> list[dict[str, str]]:
    return [{"name": spelt(verb, language), "hint": say(verb.hint) if verb.hint else ""} for verb in heard]


def first_steps(
    persona: Persona,
    language: str,
    heard: Sequence[Verb],
    origin: str,
    people: Iterable[Persona],
    say: Say,
) -> dict[str, object]:
    """In the conversation with the bot: the advice, and buttons in groups, the likeliest first."""
    known = {verb.name: verb for verb in heard}
    commands = [_command(known[name], language) for name in FIRST_VERBS[persona.role] if name in known]
    pages = _pages(known["post"], language, origin, say) if _posts(persona, known) else ([], [])
    groups = (
        ("try_pages", say("playground.try_pages"), pages[0]),
        ("try_odd", say("playground.try_odd"), pages[1]),
        ("try_more", say("playground.try_more"), [*_elsewhere(persona, people, say), *commands]),
    )
    return {
        "advice": say(ADVICE[persona.role]),
        "groups": [{"name": name, "title": title, "steps": steps} for name, title, steps in groups if steps],
    }


def _command(verb: Verb, language: str) -> Step:
    command = f"{COMMAND} {spelt(verb, language)}"
    return {"label": command, "text": command}


def _elsewhere(persona: Persona, people: Iterable[Persona], say: Say) -> list[Step]:
    """The next scene of the story is another person's, or in the channel."""
    if persona.role in (Role.NEWCOMER, Role.COLLEAGUE):
        label = f"{say('playground.read_call')} {MEETING_PLACE}"
        return [{"label": label, "who": persona.id, "place": channel_address(MEETING_PLACE)}]
    wanted = Role.COMMS if persona.role is Role.AMBASSADOR else Role.AMBASSADOR
    other = next((one for one in people if one.role is wanted), None)
    return (
        [{"label": f"{say('playground.play')} {other.name}", "who": other.id, "place": ""}] if other else []
    )


def _posts(persona: Persona, known: dict[str, Verb]) -> bool:
    return persona.role is Role.COMMS and "post" in known


def _pages(post: Verb, language: str, origin: str, say: Say) -> tuple[list[Step], list[Step]]:
    """Those that are as they should be, and those that go wrong."""
    mine = [page for page in world.PAGES if page.language == language]
    command = f"{COMMAND} {spelt(post, language)} {origin}"
    fine = [{"label": page.title, "text": command + page.path} for page in mine if page.kind not in ODD_PAGES]
    odd = [
        {"label": say(ODD_PAGES[page.kind]), "text": command + page.path}
        for page in mine
        if page.kind in ODD_PAGES
    ]
    return fine, odd
