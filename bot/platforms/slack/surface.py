"""What Cercle asks of a workspace: read by the adapter, and by the manifest, which cannot then disagree."""

from __future__ import annotations

from bot.chat.text import COMMAND

PATH = "/slack/events"
"""Where events, interactivity and commands all arrive."""

EVENTS: tuple[str, ...] = (
    "app_home_opened",
    "app_uninstalled",
    "message.im",
    "tokens_revoked",
    "user_change",
)
"""Bot events, sorted. What `message.im` brings is lost without its scope, and nothing else is."""

SCOPES: dict[str, str] = {
    "chat:write": "Send a member the cards they asked for, change them, and take them away.",
    "commands": f"Hear {COMMAND}.",
    "im:write": "Open the bot's own conversation with a member who joined the circle.",
    "users:read": "Read a member's name, language and time zone, so that cards speak their language and "
    "respect their working hours; learn that an account was closed, so that it is not written to.",
}
"""Scope → the reason, as Slack's review asks for it."""

OPTIONAL_SCOPES: dict[str, str] = {
    "chat:write.public": "Optional: post a call for volunteers in a public channel without being invited to "
    "it. Without it, /invite the bot there first.",
    "im:history": "Optional: answer what a member writes to the bot in its own conversation; after a broken "
    f"connection, look there whether a card has arrived. Without it {COMMAND}, buttons and Home do "
    "everything, and the communication team decides whether such a card is sent again.",
}
"""Scopes that an administrator may decline, and grant later by installing the app again: what each adds, and
how to do without."""
