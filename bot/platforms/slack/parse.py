"""What Slack sends, as events. Pure; only payloads whose signature was checked may come here.

Shapes: docs.slack.dev/reference/interaction-payloads, docs.slack.dev/apis/events-api and @slack/bolt 5.1.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.chat.event import Click, Command, Event, HomeOpened, Names, Said, Sender, Submission
from bot.chat.form import Answers, Value
from bot.chat.report import (
    AccountChanged,
    ChannelClosed,
    ChannelJoined,
    ChannelLeft,
    ChannelRenamed,
    ChannelReopened,
    Disconnected,
    Report,
)
from bot.chat.text import in_words, normalise
from bot.platforms.slack.emoji import with_emoji

PLATFORM = "slack"

AGAIN = "again:"
"""How the action_id starts of a button whose value are words to hear once more: a message gives no trigger,
so a form asked for in a message has to wait for a click."""

ON_HOME = "cercle:home"
"""The callback_id of a modal that was opened from somebody's Home, which its submission does not say."""

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event, and the ways Slack leaves open to answer it; a way that is not there is empty.

    `channel`: the channel's id, or that of the bot's own conversation with the sender. `trigger`: opens one
    modal within 3 s. `response_url`: 5 answers within 30 min. `view`: the modal that was sent;
    `inputs`: those of its blocks that can bear an error; `chosen`: those in which nobody types. `on_home`:
    the button stood on the person's Home, or opened the modal from there; `on_own`: on a message that only
    this person sees.
    """

    event: Event
    channel: str = ""
    trigger: str = ""
    response_url: str = ""
    view: str = ""
    inputs: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()
    on_home: bool = False
    on_own: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """What Slack knows of a person. `locale` "fr-FR", `zone` an IANA name; `guest` is None for somebody of
    whom Slack has told nothing."""

    name: str = ""
    locale: str = ""
    zone: str = ""
    guest: bool | None = None


def delivery(body: Payload, home: str = "") -> Delivery | None:
    """What the payload says; None if it says nothing to us.

    `home`: the one workspace that our token speaks for, where there is one: whoever comes from another is
    then a guest of it. Raises LookupError, TypeError or AttributeError for shapes that Slack never makes.
    """
    workspace = home or workspace_of(body)
    if not workspace:
        return None
    if "command" in body:
        return _command(body, workspace)
    match body.get("type"):
        case "block_actions":
            return _click(body, workspace)
        case "view_submission":
            return _submission(body, workspace)
        case "event_callback":
            return _event(body, workspace)
    return None


def workspace_of(body: Payload) -> str:
    """The workspace in which the app was met. `team` is null where a whole organisation installed it."""
    return next((team for team in _teams(body) if isinstance(team, str) and team.startswith("T")), "")


def _teams(body: Payload) -> Iterator[Any]:
    view, event = body.get("view") or {}, body.get("event") or {}
    yield view.get("app_installed_team_id")
    yield (body.get("team") or {}).get("id")
    yield from (each.get("team_id") for each in body.get("authorizations") or ())
    yield body.get("team_id")
    yield event.get("team")
    users = (body.get("user"), event.get("user"))
    yield from (user.get("team_id") for user in users if isinstance(user, dict))
    yield view.get("team_id")


def profile(user: Payload) -> Profile:
    """Of a user object, as users.info and user_change have it."""
    shown = user.get("profile") or {}
    return Profile(
        name=normalise(shown.get("display_name") or user.get("real_name") or user.get("name") or ""),
        locale=user.get("locale") or "",
        zone=user.get("tz") or "",
        guest=any(user.get(kind) for kind in ("is_restricted", "is_ultra_restricted", "is_stranger")),
    )


# Commands


def _command(body: Payload, workspace: str) -> Delivery:
    """A D channel may be a conversation between two people, where the bot can only use response_url."""
    channel = "" if body["channel_id"].startswith("D") else body["channel_id"]
    sender = _sender(workspace, body["user_id"], body.get("user_name"), body.get("team_id"), body)
    words = body.get("text") or ""
    event = Command(
        key=body["trigger_id"],
        sender=sender,
        text=typed(words, workspace),
        place=_place(workspace, channel),
        names=names(words, workspace),
        place_name=_channel_name(channel, body.get("channel_name")),
    )
    return Delivery(event, channel, trigger=body["trigger_id"], response_url=body.get("response_url") or "")


# Buttons


def _click(body: Payload, workspace: str) -> Delivery | None:
    """None for what only opens a page, and for elements that carry no action."""
    pressed = body["actions"][0]
    chosen = pressed.get("selected_option") or pressed
    value, trigger = chosen.get("value"), body.get("trigger_id") or ""
    if not isinstance(value, str) or "url" in chosen or pressed["action_id"].startswith("link:"):
        return None
    channel = _channel(body)
    known = (f"{trigger}:{pressed.get('action_ts', '')}", _person(body, workspace), clean(value))
    again = pressed["action_id"].startswith(AGAIN)
    place, name = _place(workspace, channel), _channel_name(channel, (body.get("channel") or {}).get("name"))
    on_home = (body.get("view") or {}).get("type") == "home"
    click = Click(*known, place, name, card=_own_card(body, channel), on_home=on_home)
    return Delivery(
        _heard_again(known, place) if again else click,
        channel,
        trigger=trigger,
        response_url=body.get("response_url") or "",
        on_home=on_home,
        on_own=channel.startswith("D") or (body.get("container") or {}).get("is_ephemeral") is True,
    )


def _own_card(body: Payload, channel: str) -> str:
    """The reference of the message that the button stood on, in the bot's own conversation with somebody. One
    that is shown to that person only, for as long as they look at it, has none."""
    container = body.get("container") or {}
    lasting = container.get("message_ts") and not container.get("is_ephemeral") and body.get("response_url")
    return f"{channel}:{container['message_ts']}" if lasting and channel.startswith("D") else ""


def _heard_again(known: tuple[str, Sender, str], place: str) -> Command | Said:
    """The words of a message, now that there is a trigger."""
    return Command(*known, place) if place else Said(*known)


def _channel(body: Payload) -> str:
    container, channel = body.get("container") or {}, body.get("channel") or {}
    return container.get("channel_id") or channel.get("id") or ""


# Forms


def _submission(body: Payload, workspace: str) -> Delivery:
    """The key holds the trigger: a form sent again after it was refused has the same id and hash."""
    view = body["view"]
    on_home = view.get("callback_id") == ON_HOME
    return Delivery(
        Submission(
            key=":".join((view["id"], view.get("hash") or "", body.get("trigger_id") or "")),
            sender=_person(body, workspace),
            action=view.get("private_metadata") or "",
            answers=Answers(dict(_answers(view["state"]["values"], workspace))),
            on_home=on_home,
        ),
        trigger=body.get("trigger_id") or "",
        view=view["id"],
        inputs=tuple(block["block_id"] for block in view["blocks"] if block["type"] == "input"),
        chosen=tuple(_chosen(view["state"]["values"])),
        on_home=on_home,
    )


def _chosen(state: Payload) -> Iterator[str]:
    """Yield the inputs whose answer is the value of an option, a name of ours."""
    for name, elements in state.items():
        if any(element["type"] in ("static_select", "radio_buttons") for element in elements.values()):
            yield name


def _answers(state: Payload, workspace: str) -> Iterator[tuple[str, Value]]:
    for name, elements in state.items():
        for action_id, element in elements.items():
            yield name, _value(action_id, element, workspace)


def _value(action_id: str, element: Payload, workspace: str) -> Value:
    match element["type"]:
        case "checkboxes" | "multi_static_select":
            ticked = tuple(option["value"] for option in element.get("selected_options") or ())
            return ticked == ("true",) if action_id == "toggle" else ticked
        case "multi_users_select":
            return tuple(address(workspace, user) for user in element.get("selected_users") or ())
        case "static_select" | "radio_buttons":
            return str((element.get("selected_option") or {}).get("value", ""))
        case "datepicker":
            return element.get("selected_date") or ""
        case "timepicker":
            return element.get("selected_time") or ""
        case _:
            return normalise(with_emoji(element.get("value") or ""))


# Events


def _event(body: Payload, workspace: str) -> Delivery | None:
    event, key = body["event"], body["event_id"]
    match event["type"]:
        case "app_home_opened" if event.get("tab") == "home":
            sender = _sender(workspace, event["user"], "", "", body)
            return Delivery(HomeOpened(key, sender), event.get("channel") or "")
        case "message" if _is_said(event):
            team = event.get("user_team") or event.get("team")
            sender, words = _sender(workspace, event["user"], "", team, body), event.get("text") or ""
            said = Said(key, sender, typed(words, workspace), names(words, workspace))
            return Delivery(said, event["channel"])
        case "app_mention" if _is_new(event) and not event["channel"].startswith("D"):
            return _mention(body, event, workspace, key)
    return None


def _is_said(event: Payload) -> bool:
    return event.get("channel_type") == "im" and _is_new(event)


def _is_new(event: Payload) -> bool:
    """A person's own new words: no edit, no deletion, nothing a bot wrote."""
    return not any(event.get(key) for key in ("subtype", "bot_id", "edited"))


def _mention(body: Payload, event: Payload, workspace: str, key: str) -> Delivery:
    """The bot was called in a channel, so what else was said is a command."""
    channel, team = event["channel"], event.get("user_team") or event.get("team")
    words = re.sub(rf"<@{re.escape(_us(body))}(?:\|[^<>]*)?>", " ", event.get("text") or "")
    sender = _sender(workspace, event["user"], "", team, body)
    place = _place(workspace, channel)
    return Delivery(Command(key, sender, typed(words, workspace), place, names(words, workspace)), channel)


def _us(body: Payload) -> str:
    """The id of the bot's own user; "" where Slack does not tell."""
    return next((each["user_id"] for each in body.get("authorizations") or () if each.get("is_bot")), "")


# Reports


def report(body: Payload, home: str = "") -> Report | None:
    """What Slack tells by itself; None for anything else. `home` and what is raised: as in `delivery`."""
    workspace = home or workspace_of(body)
    if body.get("type") != "event_callback" or not workspace:
        return None
    event, key = body["event"], body["event_id"]
    there = (key, PLATFORM, workspace)
    match event["type"]:
        case "user_change":
            return _account(event["user"], workspace, key, body)
        case "channel_rename":
            channel = event["channel"]
            return ChannelRenamed(*there, address(workspace, channel["id"]), f"#{normalise(channel['name'])}")
        case "channel_archive" | "channel_deleted" | "group_archive" | "group_deleted":
            return ChannelClosed(*there, address(workspace, event["channel"]))
        case "channel_unarchive" | "group_unarchive":
            return ChannelReopened(*there, address(workspace, event["channel"]))
        case "channel_left" | "group_left":
            return ChannelLeft(*there, address(workspace, event["channel"]))
        case "member_joined_channel" if event["user"] == _us(body):
            return ChannelJoined(*there, address(workspace, event["channel"]))
        case "app_uninstalled":
            return Disconnected(*there)
        case "tokens_revoked" if (event.get("tokens") or {}).get("bot"):
            return Disconnected(*there)
    return None


def inviter(body: Payload) -> str:
    """The id of whoever brought somebody into a channel; "" where Slack does not tell."""
    return str((body.get("event") or {}).get("inviter") or "")


def _account(user: Payload, workspace: str, key: str, body: Payload) -> AccountChanged:
    known = profile(user)
    sender = _sender(workspace, user["id"], known.name, user.get("team_id"), body)
    account = replace(sender, locale=known.locale, zone=known.zone, guest=sender.guest or known.guest)
    return AccountChanged(key, account, reachable=not user.get("deleted"))


# People and places


def address(workspace: str, id: str) -> str:
    """Of a person or a channel: Slack's own ids tell which."""
    return f"{PLATFORM}:{workspace}:{id}"


def _place(workspace: str, channel: str) -> str:
    return address(workspace, channel) if channel and not channel.startswith("D") else ""


def _channel_name(channel: str, name: Any) -> str:
    """What a text calls a channel. Slack gives private channels and conversations the name of their kind."""
    if not channel or channel.startswith("D") or not isinstance(name, str):
        return ""
    nameless = name in ("", "privategroup", "directmessage") or name.startswith("mpdm-")
    return "" if nameless else f"#{normalise(name)}"


def _person(body: Payload, workspace: str) -> Sender:
    user = body["user"]
    return _sender(workspace, user["id"], user.get("name") or user.get("username"), user.get("team_id"), body)


def _sender(workspace: str, user: str, name: str | None, team: str | None, body: Payload) -> Sender:
    """Whoever belongs to another team (Slack Connect) is a guest of the one that installed the app."""
    organisation = (body.get("enterprise") or {}).get("id") or body.get("enterprise_id")
    guest = bool(team) and team not in (workspace, organisation)
    return Sender(PLATFORM, workspace, user, normalise(name or ""), guest=guest)


# Words


def clean(text: str) -> str:
    """Without what no database keeps: NUL, and halves of surrogate pairs that JSON can smuggle in."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


_WRAPPED = re.compile(r"<([^<>]*)>")


def typed(text: str, workspace: str) -> str:
    """Return the words as typed. Slack wraps links, mentions and channels in <…> and escapes & < > only
    (docs.slack.dev/messaging/formatting-message-text); people and channels become addresses."""
    parts = _WRAPPED.split(text)
    parts[::2] = [_unescaped(with_emoji(words)) for words in parts[::2]]
    parts[1::2] = [
        _unescaped(_unwrapped(reference, workspace, following))
        for reference, following in zip(parts[1::2], parts[2::2], strict=True)
    ]
    return normalise("".join(parts))


def names(text: str, workspace: str) -> Names:
    """Return what Slack calls the people and channels in the words; it does not name them everywhere."""
    references = (reference.partition("|") for reference in _WRAPPED.findall(text))
    return {
        address(workspace, target[1:]): target[0] + (normalise(_unescaped(label)) or "…")
        for target, _, label in references
        if target[:1] in ("@", "#") and target[1:]
    }


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _unwrapped(reference: str, workspace: str, following: str) -> str:
    target, _, label = reference.partition("|")
    match target[:1]:
        case "@" | "#":
            return in_words(address(workspace, target[1:]), following)
        case "!":
            return label or f"@{target[1:].partition('^')[0]}"
    return label if target.startswith(("mailto:", "tel:")) and label else target
