"""What the adapter listens to and asks for: the one list from which the app manifest is made too."""

from __future__ import annotations

from typing import Final

MESSAGES_PATH: Final = "/api/messages"
"""The messaging endpoint to register in Azure Bot: CERCLE_BASE_URL followed by this."""

BOT_SCOPES: Final = ("personal", "team", "groupChat")
"""Where the bot answers; elsewhere than in "personal" only to messages that mention it."""

COMMAND_SCOPES: Final = ("personal",)
"""Where Teams suggests the commands. The list itself is `Router.heard()`, never a copy of it."""

MAX_COMMANDS: Final = 12
"""Commands in one list, manifest 1.25."""
