"""What Cercle says once in a channel into which somebody brings it."""

from __future__ import annotations

from bot.chat.card import Button, Card, FormButton, buttons, small, text
from bot.locales import Translator
from handlers.actions import OpenJoin, OpenPoll, ShowHelp


def greeting(t: Translator) -> Card:
    """Who is here, and what is possible here."""
    return Card(
        t("greeting.title"),
        (
            text(t("greeting.body")),
            buttons(
                FormButton(t("greeting.poll"), OpenPoll()),
                FormButton(t("button.read_and_join"), OpenJoin()),
                Button(t("button.help"), ShowHelp()),
            ),
            small(t("greeting.comms")),
        ),
    )


def examples(t: Translator) -> dict[str, Card]:
    return {"greeting": greeting(t)}
