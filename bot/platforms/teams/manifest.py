"""The app package that an administrator uploads to Teams, made from what the code listens to."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Final
from urllib.parse import urlsplit

from bot.chat.platform import Words
from bot.chat.router import Verb
from bot.platforms.teams import icons
from bot.platforms.teams.surface import BOT_SCOPES, COMMAND_SCOPES, MAX_COMMANDS

MANIFEST_VERSION: Final = "1.25"
"""The first with twelve commands in a list."""
SCHEMAS: Final = f"https://developer.microsoft.com/json-schemas/teams/v{MANIFEST_VERSION}"

LANGUAGES: Final = ("en", "fr")
"""The default first; a verb has its names in this order."""

_BEGINNING: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip file can hold: the same code makes the same bytes."""


def package(base_url: str, app_id: str, verbs: Sequence[Verb], words: Words) -> bytes:
    """The zip. Raises ValueError for an address without https, which Teams refuses."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as zipped:
        for name, content in files(base_url, app_id, verbs, words).items():
            zipped.writestr(zipfile.ZipInfo(name, _BEGINNING), content)
    return archive.getvalue()


def files(base_url: str, app_id: str, verbs: Sequence[Verb], words: Words) -> dict[str, bytes]:
    """The package's files by name. Suggested are the first verbs that have a hint, as many as Teams takes;
    the others are heard all the same."""
    if urlsplit(base_url).scheme != "https":
        raise ValueError(f"Teams takes https addresses only, not {base_url!r}")
    suggested = [verb for verb in verbs if verb.hint][:MAX_COMMANDS]
    default, *others = LANGUAGES
    return {
        "manifest.json": _json(
            _manifest(base_url.rstrip("/"), app_id, _commands(suggested, words, default), words)
        ),
        "color.png": icons.color(),
        "outline.png": icons.outline(),
    } | {f"{language}.json": _json(_strings(suggested, words, language)) for language in others}


def _manifest(base_url: str, app_id: str, commands: list[dict[str, str]], words: Words) -> dict[str, Any]:
    default, *others = LANGUAGES
    return {
        "$schema": f"{SCHEMAS}/MicrosoftTeams.schema.json",
        "manifestVersion": MANIFEST_VERSION,
        "version": version("cercle"),
        "id": app_id,
        "developer": {
            "name": "Cercle",
            "websiteUrl": base_url,
            "privacyUrl": base_url,
            "termsOfUseUrl": base_url,
        },
        "name": {"short": "Cercle", "full": words(default, "platform.app_name")},
        "description": {
            "short": words(default, "platform.app_summary"),
            "full": words(default, "platform.app_description"),
        },
        "icons": {"color": "color.png", "outline": "outline.png"},
        "accentColor": icons.ACCENT,
        "localizationInfo": {
            "defaultLanguageTag": default,
            "additionalLanguages": [{"languageTag": tag, "file": f"{tag}.json"} for tag in others],
        },
        "bots": [_bot(app_id, commands)],
        "defaultInstallScope": "personal",
        "permissions": ["identity", "messageTeamMembers"],
        "validDomains": [urlsplit(base_url).hostname],
    }


def _bot(app_id: str, commands: list[dict[str, str]]) -> dict[str, Any]:
    lists = [{"scopes": list(COMMAND_SCOPES), "commands": commands}] if commands else []
    return {"botId": app_id, "scopes": list(BOT_SCOPES), "commandLists": lists}


def _commands(verbs: Sequence[Verb], words: Words, language: str) -> list[dict[str, str]]:
    return [{"title": _name(verb, language), "description": words(language, verb.hint)} for verb in verbs]


def _name(verb: Verb, language: str) -> str:
    place = LANGUAGES.index(language)
    return verb.names[place] if place < len(verb.names) else verb.name


def _strings(verbs: Sequence[Verb], words: Words, language: str) -> dict[str, str]:
    """One language file: the manifest's texts by their path in it."""
    strings = {
        "$schema": f"{SCHEMAS}/MicrosoftTeams.Localization.schema.json",
        "name.short": "Cercle",
        "name.full": words(language, "platform.app_name"),
        "description.short": words(language, "platform.app_summary"),
        "description.full": words(language, "platform.app_description"),
    }
    for place, command in enumerate(_commands(verbs, words, language)):
        path = f"bots[0].commandLists[0].commands[{place}]"
        strings |= {f"{path}.{key}": text for key, text in command.items()}
    return strings


def _json(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()
