"""The app as Slack is told of it, made from what the adapter listens to and what the features hear.

Fields: docs.slack.dev/reference/app-manifest. The text is YAML so that every scope stands beside its reason.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.chat.router import Verb
from bot.chat.text import COMMAND
from bot.platforms.slack.surface import EVENTS, OPTIONAL_SCOPES, PATH, SCOPES

DESCRIPTION = "A circle of volunteer ambassadors: by choice, in your own words, out in one step."
LONG_DESCRIPTION = (
    "Cercle runs a programme of volunteer ambassadors. The communication team brings a content; every "
    "member who asked for that topic receives it as a card, in their own language and working hours, makes "
    "the words their own, and shares it in one click. Nobody is enrolled by somebody else, nothing is posted "
    "without a person's own click, nobody is ranked, and silence is a right. Leaving takes one step, at once."
)


def manifest(base_url: str, verbs: Sequence[Verb]) -> dict[str, Any]:
    """`base_url`: where Slack reaches the bot, without a slash at its end.

    Raises ValueError unless it is https: Slack calls nothing else.
    """
    if not base_url.startswith("https://"):
        raise ValueError(f"Slack calls https addresses only, and CERCLE_BASE_URL is {base_url!r}")
    url = base_url.rstrip("/") + PATH
    return {
        "_metadata": {"major_version": 1, "minor_version": 1},
        "display_information": {
            "name": "Cercle",
            "description": DESCRIPTION,
            "long_description": LONG_DESCRIPTION,
            "background_color": "#1f4b43",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "Cercle", "always_online": True},
            "slash_commands": [_command(url, verbs)],
        },
        "oauth_config": {"scopes": _scopes()},
        "settings": {
            "event_subscriptions": {"request_url": url, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, "request_url": url},
            "org_deploy_enabled": False,
            "socket_mode_enabled": False,
            "token_rotation_enabled": False,
        },
    }


def text(base_url: str, verbs: Sequence[Verb]) -> str:
    """The manifest as YAML, ready for "From a manifest" at api.slack.com/apps."""
    lines = _yaml(manifest(base_url, verbs), {**SCOPES, **OPTIONAL_SCOPES})
    return "\n".join(["# Made by `cercle manifest slack`: change the code, not this file.", *lines, ""])


def _scopes() -> dict[str, list[str]]:
    """`bot` names them all, `bot_optional` those of them that may be declined: Slack wants the scope of every
    event in `bot`, and does not send an event whose scope was not granted."""
    return {"bot": [*SCOPES, *OPTIONAL_SCOPES], "bot_optional": list(OPTIONAL_SCOPES)}


def _command(url: str, verbs: Sequence[Verb]) -> dict[str, Any]:
    return {
        "command": COMMAND,
        "url": url,
        "description": "Join the circle, bring a content, choose what reaches you",
        "usage_hint": " | ".join(verb.name for verb in verbs),
        "should_escape": True,
    }


def _yaml(value: Mapping[str, Any] | Sequence[Any], notes: Mapping[str, str]) -> Iterator[str]:
    """Block style for what holds something, JSON, which is YAML, for the rest; a note above its item."""
    rows = value.items() if isinstance(value, Mapping) else (("-", item) for item in value)
    for name, inner in rows:
        key = name if name == "-" else f"{name}:"
        if isinstance(inner, str) and inner in notes:
            yield from textwrap.wrap(notes[inner], 100, initial_indent="# ", subsequent_indent="# ")
        if not isinstance(inner, Mapping | list) or not inner:
            yield f"{key} {json.dumps(inner, ensure_ascii=False)}"
            continue
        nested = [f"  {line}" for line in _yaml(inner, notes)]
        yield from [f"- {nested[0][2:]}", *nested[1:]] if name == "-" else [key, *nested]
