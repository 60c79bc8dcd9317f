"""The manifest as Slack would check it, without asking Slack."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema_rs import Draft7Validator, ValidationError

from bot.chat.router import Verb
from bot.platforms.slack import surface
from bot.platforms.slack.manifest import manifest, text
from tests.golden.registry import verbs

STALE = "the committed manifest is not what the code makes: run `make manifests`"
ROOT = Path(__file__).parents[3]
COMMITTED = ROOT / "manifests" / "slack.yaml"
SCHEMA = ROOT / "tests" / "schemas" / "slack" / "manifest.schema.json"
BASE = "https://cercle.example.org"
VERBS = (Verb(("join", "rejoindre")), Verb(("help", "aide")))

EVENT_SCOPES: dict[str, set[str]] = {
    "app_home_opened": set(),
    "app_mention": {"app_mentions:read"},
    "app_uninstalled": set(),
    "channel_archive": {"channels:read"},
    "channel_deleted": {"channels:read"},
    "channel_left": {"channels:read"},
    "channel_rename": {"channels:read"},
    "channel_unarchive": {"channels:read"},
    "group_archive": {"groups:read"},
    "group_deleted": {"groups:read"},
    "group_left": {"groups:read"},
    "group_unarchive": {"groups:read"},
    "member_joined_channel": {"channels:read", "groups:read"},
    "message.im": {"im:history"},
    "team_join": {"users:read"},
    "tokens_revoked": set(),
    "user_change": {"users:read"},
}
"""What an event needs in all its forms, as its page under docs.slack.dev/reference/events says."""

LENGTHS: dict[str, tuple[int, int]] = {
    "display_information/name": (1, 35),
    "display_information/description": (1, 140),
    "display_information/long_description": (175, 4000),
    "features/bot_user/display_name": (1, 80),
    "features/slash_commands/0/command": (2, 32),
    "features/slash_commands/0/description": (1, 2000),
    "features/slash_commands/0/usage_hint": (1, 1000),
}
"""From github.com/slackapi/manifest-schema; the schema made from the types has no lengths."""


@pytest.fixture
def built() -> dict[str, Any]:
    return manifest(BASE, VERBS)


@pytest.fixture(scope="module")
def schema() -> Draft7Validator:
    """Made from @slack/web-api's own type of apps.manifest.validate."""
    return Draft7Validator(json.loads(SCHEMA.read_text("utf-8")))


def at(value: Any, path: str) -> Any:
    for step in path.split("/"):
        value = value[int(step) if step.isdigit() else step]
    return value


def test_slacks_own_types_take_it(built: dict[str, Any], schema: Draft7Validator) -> None:
    schema.validate(built)


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        ("oauth_config/scopes", "bot", ["chat:write", "chat:shout"]),
        ("settings/event_subscriptions", "bot_events", ["app_home_closed"]),
        ("features", "slash_command", []),
        ("features/app_home", "home_tab_enabled", "yes"),
        ("display_information", "title", "Cercle"),
    ],
)
def test_the_schema_would_notice(
    built: dict[str, Any], schema: Draft7Validator, path: str, name: str, value: Any
) -> None:
    at(built, path)[name] = value
    with pytest.raises(ValidationError):
        schema.validate(built)


@pytest.mark.parametrize("path", LENGTHS)
def test_lengths(built: dict[str, Any], path: str) -> None:
    least, most = LENGTHS[path]
    assert least <= len(at(built, path)) <= most


def test_shapes_no_schema_knows(built: dict[str, Any]) -> None:
    assert re.fullmatch("#[0-9a-f]{6}", built["display_information"]["background_color"])
    assert re.fullmatch(r"/[a-z0-9_-]+", built["features"]["slash_commands"][0]["command"])
    addresses = re.findall(r'"([a-z]+://[^"]*)"', json.dumps(built))
    assert set(addresses) == {BASE + surface.PATH}


def lost(events: list[str], scopes: set[str]) -> set[str]:
    """The events that Slack does not deliver without more than these scopes."""
    return {event for event in events if not EVENT_SCOPES[event] <= scopes}


def test_every_event_has_its_scope(built: dict[str, Any]) -> None:
    """apps.manifest.validate refuses an event whose scope is not under `bot`."""
    scopes = built["oauth_config"]["scopes"]
    assert not lost(built["settings"]["event_subscriptions"]["bot_events"], set(scopes["bot"]))


def test_declining_what_may_be_declined_costs_words_and_what_channels_report(built: dict[str, Any]) -> None:
    scopes = built["oauth_config"]["scopes"]
    granted = set(scopes["bot"]) - set(scopes["bot_optional"])
    assert lost(built["settings"]["event_subscriptions"]["bot_events"], granted) == {
        event for event in surface.EVENTS if event.startswith(("channel_", "group_"))
    } | {"app_mention", "member_joined_channel", "message.im"}
    assert granted == set(surface.SCOPES) == {"chat:write", "commands", "im:write", "users:read"}


def test_what_may_be_declined_is_asked_for_too(built: dict[str, Any]) -> None:
    """docs.slack.dev/reference/app-manifest: each optional scope stands among all the bot's scopes."""
    scopes = built["oauth_config"]["scopes"]
    optional = {"app_mentions:read", "channels:read", "chat:write.public", "groups:read", "im:history"}
    assert set(scopes["bot_optional"]) == optional < set(scopes["bot"])
    assert len(scopes["bot"]) == len(set(scopes["bot"]))


def test_an_optional_scope_says_so_and_how_to_do_without() -> None:
    for reason in surface.OPTIONAL_SCOPES.values():
        assert reason.startswith("Optional: ")
        assert " Without it" in reason


def test_it_asks_for_what_the_code_listens_to(built: dict[str, Any]) -> None:
    assert built["settings"]["event_subscriptions"]["bot_events"] == list(surface.EVENTS)
    assert [command["command"] for command in built["features"]["slash_commands"]] == [surface.COMMAND]
    assert not surface.SCOPES.keys() & surface.OPTIONAL_SCOPES.keys()
    assert all(reason.endswith(".") for reason in (surface.SCOPES | surface.OPTIONAL_SCOPES).values())


def test_the_hint_names_every_verb(built: dict[str, Any]) -> None:
    assert built["features"]["slash_commands"][0]["usage_hint"] == "join | help"


@pytest.mark.parametrize("url", ["http://cercle.example.org", "cercle.example.org", ""])
def test_slack_calls_https_only(url: str) -> None:
    with pytest.raises(ValueError, match="CERCLE_BASE_URL"):
        manifest(url, VERBS)


def test_a_slash_at_the_end_does_no_harm() -> None:
    assert manifest(f"{BASE}/", VERBS) == manifest(BASE, VERBS)


def test_the_text_says_the_same(built: dict[str, Any]) -> None:
    assert yaml.safe_load(text(BASE, VERBS)) == built


def test_every_scope_stands_under_its_reason() -> None:
    lines = [line.strip() for line in text(BASE, VERBS).splitlines()]
    for scope in surface.SCOPES | surface.OPTIONAL_SCOPES:
        assert lines[lines.index(f'- "{scope}"') - 1].startswith("# ")


def test_the_committed_file_is_the_one_the_code_makes() -> None:
    assert COMMITTED.read_text("utf-8") == text(BASE, verbs()), STALE
