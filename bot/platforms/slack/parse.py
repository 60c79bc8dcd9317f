"""What Slack sends, as events. Pure; only payloads whose signature was checked may come here.

Shapes: docs.slack.dev/reference/interaction-payloads, docs.slack.dev/apis/events-api and @slack/bolt 5.1.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.chat.event import Click, Command, Event, HomeOpened, Names, Removed, Said, Sender, Submission
from bot.chat.form import Answers, Value
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
    `inputs`: those of its blocks that can bear an error. `on_home`: the button stood on the person's Home,
    or opened the modal from there.
    """

    event: Event
    channel: str = ""
    trigger: str = ""
    response_url: str = ""
    view: str = ""
    inputs: tuple[str, ...] = ()
    on_home: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """What Slack knows of a person. `locale` "fr-FR", `zone` an IANA name."""

    name: str = ""
    locale: str = ""
    zone: str = ""
    guest: bool = False


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


def changed_profile(body: Payload) -> tuple[tuple[str, str], Profile] | None:
    """((workspace, user), profile) that a user_change tells."""
    event = body.get("event") or {}
    if event.get("type") != "user_change":
        return None
    return (workspace_of(body), event["user"]["id"]), profile(event["user"])


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
    on_home = (body.get("view") or {}).get("type") == "home"
    click = Click(*known, place=_place(workspace, channel), card=_own_card(body, channel), on_home=on_home)
    return Delivery(
        Said(*known) if again else click,
        channel,
        trigger=trigger,
        response_url=body.get("response_url") or "",
        on_home=on_home,
    )


def _own_card(body: Payload, channel: str) -> str:
    """The reference of the message that the button stood on, in the bot's own conversation with somebody. One
    that is shown to that person only, for as long as they look at it, has none."""
    container = body.get("container") or {}
    lasting = container.get("message_ts") and not container.get("is_ephemeral") and body.get("response_url")
    return f"{channel}:{container['message_ts']}" if lasting and channel.startswith("D") else ""


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
        on_home=on_home,
    )


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
        case "user_change" if event["user"].get("deleted"):
            user = event["user"]
            return Delivery(Removed(key, _sender(workspace, user["id"], user.get("name"), "", body)))
    return None


def _is_said(event: Payload) -> bool:
    """A person's own new words to the bot: no edit, no deletion, nothing a bot wrote."""
    return event.get("channel_type") == "im" and not any(event.get(key) for key in ("subtype", "bot_id"))


# People and places


def address(workspace: str, id: str) -> str:
    """Of a person or a channel: Slack's own ids tell which."""
    return f"{PLATFORM}:{workspace}:{id}"


def _place(workspace: str, channel: str) -> str:
    return address(workspace, channel) if channel and not channel.startswith("D") else ""


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
