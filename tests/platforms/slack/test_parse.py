"""Payloads as Slack documents them, as events."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.chat.event import Click, Command, Sender, Submission, typed
from bot.chat.report import (
    AccountChanged,
    ChannelClosed,
    ChannelJoined,
    ChannelLeft,
    ChannelRenamed,
    ChannelReopened,
    Disconnected,
)
from bot.chat.text import normalise
from bot.platforms.slack import parse
from bot.platforms.slack.adapter import MALFORMED
from bot.platforms.slack.emoji import with_emoji

COMMAND = {
    "team_id": "T1",
    "channel_id": "C1",
    "user_id": "U1",
    "user_name": "ada",
    "command": "/cercle",
    "text": "join",
    "response_url": "https://hooks.slack.com/commands/T1/1/x",
    "trigger_id": "1.2.3",
    "is_enterprise_install": "false",
}


def click(action: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "block_actions",
        "user": {"id": "U1", "username": "ada", "name": "ada", "team_id": "T1"},
        "container": {"type": "message", "message_ts": "1.2", "channel_id": "C1", "is_ephemeral": False},
        "trigger_id": "1.2.3",
        "team": {"id": "T1", "domain": "x"},
        "enterprise": None,
        "is_enterprise_install": False,
        "response_url": "https://hooks.slack.com/actions/T1/1/x",
        "actions": [{"action_id": "act:1", "block_id": "b", "action_ts": "9.9", **action}],
        **more,
    }


def submission(**more: Any) -> dict[str, Any]:
    view = {"id": "V1", "hash": "h", "private_metadata": "poke/x", "blocks": [], "state": {"values": {}}}
    return {
        "type": "view_submission",
        "user": {"id": "U1", "name": "ada", "team_id": "T1"},
        "team": {"id": "T1"},
        "trigger_id": "7",
        "view": {**view, **more},
    }


def test_a_command() -> None:
    delivery = parse.delivery(COMMAND)
    assert delivery is not None
    assert isinstance(delivery.event, Command)
    assert (delivery.event.key, delivery.event.place) == ("1.2.3", "slack:T1:C1")
    assert (delivery.trigger, delivery.response_url) == ("1.2.3", COMMAND["response_url"])


def test_which_answers_of_a_modal_nobody_typed() -> None:
    option = {"selected_option": {"value": "a-topic"}}
    values = {
        "topic": {"topic": {"type": "static_select", **option}},
        "kind": {"kind": {"type": "radio_buttons", **option}},
        "words": {"words": {"type": "plain_text_input", "value": "my own"}},
    }
    delivery = parse.delivery(submission(state={"values": values}))
    assert delivery is not None
    assert delivery.chosen == ("topic", "kind")
    assert typed(delivery.event, delivery.chosen) == ("my own",)


def test_a_conversation_of_two_is_no_place_and_not_ours() -> None:
    delivery = parse.delivery({**COMMAND, "channel_id": "D5"})
    assert delivery is not None
    assert isinstance(delivery.event, Command)
    assert (delivery.event.place, delivery.channel) == ("", "")


@pytest.mark.parametrize(
    ("escaped", "words"),
    [
        ("post <https://a.example/?x=1&amp;y=2>", "post https://a.example/?x=1&y=2"),
        ("post <http://a.example|a.example>", "post http://a.example"),
        ("team <@U7|ada> <#C3|general>", "team slack:T1:U7 slack:T1:C3"),
        ("<@U7>bravo <@U8>: merci", "slack:T1:U7 bravo slack:T1:U8: merci"),
        ("<!here> <!subteam^S1|@team> <!date^1^x|noon>", "@here @team noon"),
        ("mail <mailto:a@b.example|a@b.example>", "mail a@b.example"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2 &amp;lt;", "1 < 2 && 3 > 2 &lt;"),
        ("half \ud83d and nul\0", "half ? and nul"),
        ("re\u0301glages", "réglages"),
        ("\u202fpost\nhttps://a.example\u200b ", "post\nhttps://a.example"),
        ("sondage :fork_and_knife: &lt;:nope:&gt;", "sondage 🍴 <:nope:>"),
        ("post <https://a.example/:b:>", "post https://a.example/:b:"),
    ],
)
def test_words_come_as_they_were_typed(escaped: str, words: str) -> None:
    assert parse.typed(escaped, "T1") == words


@pytest.mark.parametrize(
    ("escaped", "names"),
    [
        ("team <@U7|ada> <#C3|general>", {"slack:T1:U7": "@ada", "slack:T1:C3": "#general"}),
        ("team <@U7> <#C3|>", {"slack:T1:U7": "@…", "slack:T1:C3": "#…"}),
        ("a <@U7|re\u0301mi&amp;co>", {"slack:T1:U7": "@rémi&co"}),
        ("<https://a.example|a> <!here>", {}),
    ],
)
def test_slack_says_whom_the_words_call(escaped: str, names: dict[str, str]) -> None:
    delivery = parse.delivery({**COMMAND, "text": escaped})
    assert delivery is not None
    assert isinstance(delivery.event, Command)
    assert delivery.event.names == names


@settings(deadline=None)
@given(st.text())
def test_any_typed_text_survives_slacks_escaping(text: str) -> None:
    kept = normalise(with_emoji(text))
    assert parse.typed(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"), "T1") == kept


@pytest.mark.parametrize(
    "action",
    [
        {"type": "button", "value": "link", "url": "https://example.org"},
        {"type": "button", "action_id": "link:1", "value": "link"},
        {"type": "overflow", "selected_option": {"value": "link", "url": "https://example.org"}},
        {"type": "button"},
        {"type": "multi_users_select", "selected_users": ["U1"]},
        {"type": "datepicker", "selected_date": "2026-11-22"},
    ],
)
def test_what_carries_no_action_is_no_event(action: dict[str, Any]) -> None:
    assert parse.delivery(click(action)) is None


def test_the_key_of_a_button_names_this_very_press() -> None:
    delivery = parse.delivery(click({"type": "button", "value": "poke/x"}))
    assert delivery is not None
    assert delivery.event.key == "1.2.3:9.9"


def test_an_entry_of_a_menu() -> None:
    delivery = parse.delivery(click({"type": "overflow", "selected_option": {"value": "poke/x"}}))
    assert delivery is not None
    assert isinstance(delivery.event, Click)
    assert delivery.event.action == "poke/x"


@pytest.mark.parametrize(
    ("body", "workspace"),
    [
        ({"team": {"id": "T1"}, "view": {"app_installed_team_id": "T2"}}, "T2"),
        ({"team": None, "user": {"team_id": "T3"}}, "T3"),
        ({"team": None, "user": {}, "view": {"team_id": "T4"}}, "T4"),
        ({"team_id": "T1", "authorizations": [{"team_id": "T5"}]}, "T5"),
        ({"team_id": "T1", "authorizations": [{"team_id": None}]}, "T1"),
        ({"team_id": "E1", "event": {"team": "T6"}}, "T6"),
        ({"team_id": "E1", "event": {"user": {"team_id": "T7"}}}, "T7"),
        ({}, ""),
    ],
)
def test_the_workspace(body: dict[str, Any], workspace: str) -> None:
    assert parse.workspace_of(body) == workspace


@pytest.mark.parametrize(
    ("user_team", "enterprise", "home", "guest"),
    [
        ("T1", None, "", False),
        ("T2", None, "", True),
        ("E1", {"id": "E1"}, "", False),
        ("T1", None, "T9", True),
        (None, None, "", False),
    ],
)
def test_who_is_a_guest(user_team: str, enterprise: Any, home: str, guest: bool) -> None:
    body = click({"type": "button", "value": "poke/x"}, enterprise=enterprise)
    body["user"]["team_id"] = user_team
    delivery = parse.delivery(body, home)
    assert delivery is not None
    assert (delivery.event.sender.workspace, delivery.event.sender.guest) == (home or "T1", guest)


def test_a_submission_names_its_inputs() -> None:
    blocks = [{"type": "input", "block_id": "a"}, {"type": "section", "block_id": "b"}]
    delivery = parse.delivery(submission(blocks=blocks))
    assert delivery is not None
    assert delivery.inputs == ("a",)
    assert delivery.event.key == "V1:h:7"


@pytest.mark.parametrize(
    ("action_id", "element", "value"),
    [
        ("value", {"type": "plain_text_input", "value": None}, ""),
        ("value", {"type": "static_select", "selected_option": None}, ""),
        ("value", {"type": "radio_buttons", "selected_option": {"value": "a"}}, "a"),
        ("value", {"type": "checkboxes", "selected_options": []}, ()),
        ("value", {"type": "checkboxes", "selected_options": [{"value": "true"}]}, ("true",)),
        ("toggle", {"type": "checkboxes", "selected_options": [{"value": "true"}]}, True),
        ("toggle", {"type": "checkboxes", "selected_options": []}, False),
        ("value", {"type": "multi_users_select", "selected_users": ["U2"]}, ("slack:T1:U2",)),
        ("value", {"type": "datepicker", "selected_date": None}, ""),
        ("value", {"type": "timepicker", "selected_time": "09:00"}, "09:00"),
        ("value", {"type": "plain_text_input", "value": " re\u0301el :+1::skin-tone-3: "}, "réel 👍🏼"),
        ("value", {"type": "plain_text_input", "value": "\u200b"}, ""),
    ],
)
def test_an_answer(action_id: str, element: dict[str, Any], value: object) -> None:
    delivery = parse.delivery(submission(state={"values": {"name": {action_id: element}}}))
    assert delivery is not None
    assert isinstance(delivery.event, Submission)
    assert delivery.event.answers.values == {"name": value}


def envelope(event: dict[str, Any], **outer: Any) -> dict[str, Any]:
    bot = {"team_id": "T1", "user_id": "UBOT", "is_bot": True}
    body = {"type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event": event}
    return {**body, "authorizations": [bot], **outer}


ADA = {"id": "U1", "team_id": "T1", "name": "ada", "tz": "Asia/Tokyo", "locale": "fr-FR"}
THERE = ("Ev1", "slack", "T1")


@pytest.mark.parametrize(
    ("more", "guest", "reachable"),
    [
        ({}, False, True),
        ({"deleted": True}, False, False),
        ({"is_restricted": True}, True, True),
        ({"is_ultra_restricted": True}, True, True),
        ({"team_id": "T9"}, True, True),
    ],
)
def test_a_changed_account(more: dict[str, Any], guest: bool, reachable: bool) -> None:
    report = parse.report(envelope({"type": "user_change", "user": {**ADA, **more}}))
    sender = Sender("slack", "T1", "U1", "ada", "fr-FR", "Asia/Tokyo", guest=guest)
    assert report == AccountChanged("Ev1", sender, reachable)
    assert parse.delivery(envelope({"type": "user_change", "user": {**ADA, **more}})) is None


@pytest.mark.parametrize(
    ("event", "report"),
    [
        (
            {"type": "channel_rename", "channel": {"id": "C1", "name": "idées"}},
            ChannelRenamed(*THERE, "slack:T1:C1", "#idées"),
        ),
        ({"type": "channel_archive", "channel": "C1"}, ChannelClosed(*THERE, "slack:T1:C1")),
        ({"type": "group_archive", "channel": "G1"}, ChannelClosed(*THERE, "slack:T1:G1")),
        ({"type": "channel_deleted", "channel": "C1"}, ChannelClosed(*THERE, "slack:T1:C1")),
        ({"type": "channel_unarchive", "channel": "C1"}, ChannelReopened(*THERE, "slack:T1:C1")),
        ({"type": "channel_left", "channel": "C1"}, ChannelLeft(*THERE, "slack:T1:C1")),
        ({"type": "group_left", "channel": "G1"}, ChannelLeft(*THERE, "slack:T1:G1")),
        (
            {"type": "member_joined_channel", "user": "UBOT", "channel": "C1", "inviter": "U1"},
            ChannelJoined(*THERE, "slack:T1:C1"),
        ),
        ({"type": "member_joined_channel", "user": "U1", "channel": "C1"}, None),
        ({"type": "group_rename", "channel": {"id": "G1", "name": "secret"}}, None),
        ({"type": "app_uninstalled"}, Disconnected(*THERE)),
        ({"type": "tokens_revoked", "tokens": {"bot": ["UBOT"]}}, Disconnected(*THERE)),
        ({"type": "tokens_revoked", "tokens": {"oauth": ["U1"], "bot": []}}, None),
    ],
)
def test_what_slack_reports(event: dict[str, Any], report: object) -> None:
    assert parse.report(envelope(event)) == report
    assert parse.delivery(envelope(event)) is None


def test_what_people_do_is_no_report() -> None:
    assert parse.report(submission()) is None
    assert parse.report({"command": "/cercle"}) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<@UBOT> sondages", "sondages"),
        ("<@UBOT|cercle>\u00a0poll", "poll"),
        ("Bonjour <@UBOT>", "Bonjour"),
        ("<@UBOT> merci <@U2>", "merci slack:T1:U2"),
        ("<@UBOT>", ""),
    ],
)
def test_a_mention_in_a_channel_is_a_command(text: str, words: str) -> None:
    event = {"type": "app_mention", "user": "U1", "channel": "C1", "team": "T1", "text": text, "ts": "1.2"}
    delivery = parse.delivery(envelope(event))
    assert delivery is not None
    assert delivery.event == Command("Ev1", Sender("slack", "T1", "U1", ""), words, "slack:T1:C1")
    assert (delivery.channel, delivery.trigger) == ("C1", "")


@pytest.mark.parametrize("more", [{"bot_id": "B1"}, {"subtype": "bot_message"}, {"channel": "D1"}])
def test_mentions_by_bots_are_nothing(more: dict[str, Any]) -> None:
    event = {"type": "app_mention", "user": "U1", "channel": "C1", "text": "<@UBOT> aide", **more}
    assert parse.delivery(envelope(event)) is None


@pytest.mark.parametrize(
    ("channel", "name", "told"),
    [
        ("C1", "idées", "#idées"),
        ("C1", "privategroup", ""),
        ("C1", "mpdm-ada--bob-1", ""),
        ("D1", "directmessage", ""),
        ("C1", None, ""),
    ],
)
def test_the_name_of_a_channel(channel: str, name: str | None, told: str) -> None:
    assert parse._channel_name(channel, name) == told


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ({"name": "a", "real_name": "Ada L", "profile": {"display_name": "ada"}}, "ada"),
        ({"name": "a", "real_name": "Ada L", "profile": {"display_name": ""}}, "Ada L"),
        ({"name": "a"}, "a"),
        ({"profile": {"display_name": "Ine\u0300s\u200b"}}, "Inès"),
        ({}, ""),
    ],
)
def test_the_name_people_chose(user: dict[str, Any], name: str) -> None:
    assert parse.profile(user).name == name


NAMES = """
    action_id actions authorizations block_id blocks channel channel_id channel_type command container deleted
    enterprise event event_id hash id private_metadata profile selected_option selected_options state subtype
    team team_id text trigger_id type user user_id value values view
    """
names = st.sampled_from(NAMES.split())
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(
        [
            "T1",
            "U1",
            "D1",
            "event_callback",
            "block_actions",
            "view_submission",
            "message",
            "im",
            "user_change",
            "app_mention",
            "channel_rename",
            "member_joined_channel",
            "tokens_revoked",
        ]
    )
)
trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=6),
    max_leaves=25,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(names, trees, max_size=6))
def test_an_unknown_shape_breaks_in_one_known_way(body: dict[str, Any]) -> None:
    with suppress(*MALFORMED):
        parse.report(body)
    with suppress(*MALFORMED):
        parse.delivery(body)
