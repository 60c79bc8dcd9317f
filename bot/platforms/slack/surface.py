"""What Cercle asks of a workspace: read by the adapter, and by the manifest, which cannot then disagree."""

from __future__ import annotations

COMMAND = "/cercle"

PATH = "/slack/events"
"""Where events, interactivity and commands all arrive."""

EVENTS: tuple[str, ...] = (
    "app_home_opened",
    "app_uninstalled",
    "message.im",
    "tokens_revoked",
    "user_change",
)
"""Bot events, sorted."""

SCOPES: dict[str, str] = {
    "chat:write": "Send a member the cards they asked for, change them, and take them away.",
    "commands": f"Hear {COMMAND}.",
    "im:history": "Hear what a member writes to the bot in its own conversation, and answer it; after a "
    "broken connection, look in that same conversation whether a card has already arrived.",
    "im:write": "Open the bot's own conversation with a member who joined the circle.",
    "users:read": "Read a member's name, language and time zone, so that cards speak their language and "
    "respect their working hours; learn that an account was closed, so that it is not written to.",
}
"""Scope → the reason, as Slack's review asks for it."""

OPTIONAL_SCOPES: dict[str, str] = {
    "chat:write.public": "Post a call for volunteers or a poll in a public channel without being "
    "invited to it.",
}
"""Scopes that an administrator may leave out: nothing in the core rests on them."""
