"""What Cercle asks of a workspace: read by the adapter, and by the manifest, which cannot then disagree."""

from __future__ import annotations

from bot.chat.text import COMMAND

PATH = "/slack/events"
"""Where events, interactivity and commands all arrive."""

EVENTS: tuple[str, ...] = (
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "channel_archive",
    "channel_deleted",
    "channel_left",
    "channel_rename",
    "channel_unarchive",
    "group_archive",
    "group_deleted",
    "group_left",
    "group_unarchive",
    "member_joined_channel",
    "message.im",
    "tokens_revoked",
    "user_change",
)
"""Bot events, sorted. What an optional scope brings is lost without it, and nothing else is. The names of
private channels are nobody's business who is not in them: `group_rename` is not asked for."""

SCOPES: dict[str, str] = {
    "chat:write": "Send a member the cards they asked for, change them, and take them away.",
    "commands": f"Hear {COMMAND}.",
    "im:write": "Open the bot's own conversation with a member who joined the circle.",
    "users:read": "Read a member's name, language and time zone, so that cards speak their language and "
    "respect their working hours; learn that an account was closed, so that it is not written to.",
}
"""Scope → the reason, as Slack's review asks for it."""

OPTIONAL_SCOPES: dict[str, str] = {
    "app_mentions:read": "Optional: answer somebody who calls the bot by its name in a channel. Without it, "
    f"{COMMAND} does the same there.",
    "channels:read": "Optional: learn that a public channel was renamed, archived or deleted, and say once "
    "what is possible in a channel into which the bot was invited. Without it, what cannot be shown in a "
    "channel is noticed when it is sent.",
    "chat:write.public": "Optional: post a call for volunteers in a public channel without being invited to "
    "it. Without it, /invite the bot there first.",
    "groups:read": "Optional: the same for private channels into which the bot was invited; their names are "
    "not kept. Without it, what cannot be shown there is noticed when it is sent.",
    "im:history": "Optional: answer what a member writes to the bot in its own conversation; after a broken "
    f"connection, look there whether a card has arrived. Without it {COMMAND}, buttons and Home do "
    "everything, and the communication team decides whether such a card is sent again.",
}
"""Scopes that an administrator may decline, and grant later by installing the app again: what each adds, and
how to do without."""
