"""Activity → event. The token vouches for the sender, not for what a card sends back: that stays a hint."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import Enum, auto
from typing import Any, Final

from bot.chat.event import Click, Command, Event, Installed, Names, Removed, Said, Sender, Submission
from bot.chat.form import Answers, Value
from bot.chat.report import ChannelClosed, ChannelJoined, ChannelLeft, ChannelRenamed, ChannelReopened, Report
from bot.chat.text import in_words, normalise

NAME: Final = "teams"
NOBODY: Final[Mapping[str, str]] = {}
CHAT_URL: Final = "https://teams.microsoft.com/l/chat/0/0?users="
AT = re.compile(r"<at[^>]*>(.*?)</at>", re.DOTALL)
THREAD: Final = ";messageid="
RESERVED: Final = frozenset(
    {"cercle", "cercle.form", "cercle.many", "cercle.toggles", "cercle.people", "msteams"}
)
"""What a submission carries beside the inputs, merged by Teams into one object with them."""


Words = tuple[str, Names]
"""What was written, with addresses in the place of people, and what Teams calls them."""


class Malformed(ValueError):
    """An activity that Teams would not send."""


class Origin(Enum):
    """Where an event came from, hence how it is answered."""

    CHAT = auto()
    CHAT_FORM = auto()
    """A form that stands in the conversation as a card."""
    FETCH = auto()
    SUBMIT = auto()
    EXECUTE = auto()


@dataclass(frozen=True, slots=True)
class Conversation:
    """Where something can be written: our own record, kept by address (the SDK's own loses the tenant).
    `aad` (object id) and `user` (29:…) are empty for a channel. `id` is empty for a person whose conversation
    with the bot was not opened yet."""

    tenant: str
    id: str
    service_url: str
    bot: str
    aad: str = ""
    user: str = ""

    @property
    def address(self) -> str:
        return f"{NAME}:{self.tenant}:{self.aad or self.user or self.id}"

    @property
    def shared(self) -> bool:
        """Whether several people read it."""
        return not (self.aad or self.user)

    def record(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Conversation:
        return cls(**{field.name: record[field.name] for field in fields(cls)})


@dataclass(frozen=True, slots=True)
class Heard:
    """One activity. `report` is what it tells by itself, of the conversation of several people that it came
    from. `here` is the conversation it came from, `known` what there is to remember of it, if
    anything; `own` is the sender's own conversation with the bot, not opened yet, where the activity came
    from another one; `card` is the message whose button was pressed; `user` is the id (29:…) that Teams gives
    the sender, and mentions of them."""

    event: Event | None
    origin: Origin
    here: Conversation
    known: Conversation | None
    own: Conversation | None = None
    card: str = ""
    user: str = ""
    report: Report | None = None


def address_parts(address: str) -> tuple[str, str]:
    """Tenant, and a person's or a channel's id, which may hold colons. Raises ValueError."""
    platform, tenant, name = address.split(":", 2)
    if platform != NAME or not tenant or not name:
        raise ValueError(address)
    return tenant, name


def tenant_of(raw: Mapping[str, Any]) -> str:
    """The one tenant an activity names; raises Malformed when it names two."""
    named = {_text(raw, "conversation", "tenantId"), _text(raw, "channelData", "tenant", "id")} - {""}
    if len(named) > 1:
        raise Malformed("two tenants")
    return next(iter(named), "")


def called(raw: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(marked name, Teams' id) of the people mentioned, in the order of the text. The bot is not one."""
    mentions = (e for e in _list(raw, "entities") if _text(e, "type") == "mention" and not _calls_us(raw, e))
    named = ((_marked(raw, mention), _text(mention, "mentioned", "id")) for mention in mentions)
    return [(marked, user) for marked, user in named if marked and user]


def hear(raw: Mapping[str, Any], tenant: str, objects: Mapping[str, str] = NOBODY) -> Heard:
    """`objects`: what is known of object ids, by Teams' id of the same person. Raises Malformed."""
    kind, key = _text(raw, "type"), _text(raw, "id")
    here = _conversation(raw, tenant)
    personal = bool(here.user)
    sender = _sender(raw, tenant, reachable=True if personal else None)
    known = here if personal else _channel(here)
    place = "" if personal else known.address
    words = _words(raw, tenant, objects)
    event, origin = _event(raw, kind, f"{here.id}|{key}", sender, place, words)
    if event is not None and not (key and here.id and sender.user):
        raise Malformed("no id, conversation or sender")
    report = None if personal or not here.id else _report(raw, kind, known)
    leaving = isinstance(report, ChannelLeft | ChannelClosed)
    lasting = known if known.id and _lasting(known, event) and not leaving else None
    own = None if personal else _own(raw, here)
    own = own if own and own.user and _lasting(own, event) else None
    user = _text(raw, "from", "id")
    return Heard(event, origin, here, lasting, own, _text(raw, "replyToId"), user, report)


def _lasting(known: Conversation, event: Event | None) -> bool:
    return bool(known.bot and known.service_url) and not isinstance(event, Removed)


def _event(
    raw: Mapping[str, Any], kind: str, key: str, sender: Sender, place: str, words: Words
) -> tuple[Event | None, Origin]:
    match kind:
        case "message":
            return _message(raw, key, sender, place, words)
        case "invoke":
            return _invoke(raw, key, sender, place)
        case "installationUpdate" | "conversationUpdate" if _personal(raw):
            return _presence(raw, kind, sender), Origin.CHAT
        case _:
            return None, Origin.CHAT


def _message(
    raw: Mapping[str, Any], key: str, sender: Sender, place: str, words: Words
) -> tuple[Event | None, Origin]:
    data = raw.get("value")
    if isinstance(data, dict) and "cercle" in data:
        event = _pressed(data, key, sender, place)
        return event, Origin.CHAT_FORM if isinstance(event, Submission) else Origin.CHAT
    if _personal(raw):
        return Said(key, sender, *words), Origin.CHAT
    text, names = words
    return (Command(key, sender, text, place, names) if _mentioned(raw) else None), Origin.CHAT


def _invoke(raw: Mapping[str, Any], key: str, sender: Sender, place: str) -> tuple[Event | None, Origin]:
    match _text(raw, "name"):
        case "task/fetch":
            return _pressed(_dict(raw, "value", "data"), key, sender, place), Origin.FETCH
        case "task/submit":
            return _pressed(_dict(raw, "value", "data"), key, sender, place), Origin.SUBMIT
        case "adaptiveCard/action":
            return _pressed(_dict(raw, "value", "action", "data"), key, sender, place), Origin.EXECUTE
        case _:
            return None, Origin.CHAT


def _pressed(data: Mapping[str, Any], key: str, sender: Sender, place: str) -> Click | Submission:
    action = _text(data, "cercle")
    if not action:
        raise Malformed("a button without an action")
    if data.get("cercle.form") is True:
        return Submission(key, sender, action, _answers(data, sender.workspace))
    return Click(key, sender, action, place)


def _answers(data: Mapping[str, Any], tenant: str) -> Answers:
    """Teams sends every input as a string; the submit button says which of them are more than that."""
    many, toggles, people = (_names(data, f"cercle.{kind}") for kind in ("many", "toggles", "people"))

    def typed(name: str, given: str) -> Value:
        if name in toggles:
            return given == "true"
        if name in people:
            return tuple(f"{NAME}:{tenant}:{one}" for one in _split(given))
        return _split(given) if name in many else normalise(given)

    inputs = data.keys() - RESERVED
    return Answers({name: typed(name, _text(data, name)) for name in sorted(inputs)})


def _presence(raw: Mapping[str, Any], kind: str, sender: Sender) -> Installed | Removed | None:
    """Adding the app is told twice, once in each kind, within moments and under two ids; a second adding only
    as an installationUpdate. One key for both keeps the welcome single."""
    action = _text(raw, "action")
    key = "|".join((_text(raw, "conversation", "id"), _text(raw, "timestamp")[:16] or _text(raw, "id")))
    if kind == "conversationUpdate":
        return Installed(f"{key}|add", sender) if _is_us_among(raw, kind, "membersAdded") else None
    if action == "add":
        return Installed(f"{key}|add", sender)
    return Removed(f"{key}|remove", replace(sender, reachable=False)) if action == "remove" else None


# What Teams tells of a conversation of several people

_CLOSED = frozenset({"channelDeleted", "teamArchived", "teamDeleted", "teamHardDeleted"})
_OPEN_AGAIN = frozenset({"channelRestored", "teamRestored", "teamUnarchived"})


def _report(raw: Mapping[str, Any], kind: str, known: Conversation) -> Report | None:
    """That the bot was brought in or taken out is told twice, once in each kind, within moments: one key for
    both. What becomes of a channel is told in the first channel of its team."""
    about = replace(known, id=_text(raw, "channelData", "channel", "id") or known.id).address
    minute = _text(raw, "timestamp")[:16] or _text(raw, "id")
    told = _text(raw, "channelData", "eventType") if kind == "conversationUpdate" else ""
    action = _text(raw, "action") if kind == "installationUpdate" else ""

    def there(place: str, what: str) -> tuple[str, str, str, str]:
        return f"{place}|{minute}|{what}", NAME, known.tenant, place

    if told == "channelRenamed":
        name = normalise(_text(raw, "channelData", "channel", "name"))
        return ChannelRenamed(*there(about, f"named {name}"), name) if name else None
    if told in _CLOSED:
        return ChannelClosed(*there(about, told))
    if told in _OPEN_AGAIN:
        return ChannelReopened(*there(about, told))
    if action == "add" or _is_us_among(raw, kind, "membersAdded"):
        zone = _text(raw, "localTimezone")
        return ChannelJoined(*there(known.address, "joined"), _text(raw, "locale"), zone)
    if action == "remove" or _is_us_among(raw, kind, "membersRemoved"):
        return ChannelLeft(*there(known.address, "left"))
    return None


def _is_us_among(raw: Mapping[str, Any], kind: str, who: str) -> bool:
    us = _text(raw, "recipient", "id")
    return kind == "conversationUpdate" and any(_text(member, "id") == us for member in _list(raw, who))


def _sender(raw: Mapping[str, Any], tenant: str, reachable: bool | None) -> Sender:
    """The roster tells who is a guest (`roster.py`); an activity does not."""
    client: Any = next((e for e in _list(raw, "entities") if _text(e, "type") == "clientInfo"), {})
    bot = _text(raw, "recipient", "id")
    return Sender(
        platform=NAME,
        workspace=tenant,
        user=_text(raw, "from", "aadObjectId") or _text(raw, "from", "id"),
        name=normalise(_text(raw, "from", "name")),
        locale=_text(raw, "locale") or _text(client, "locale"),
        zone=_text(raw, "localTimezone") or _text(client, "timezone"),
        guest=None,
        reachable=reachable,
        chat_url=f"{CHAT_URL}{bot}" if bot.startswith("28:") else "",
    )


def _conversation(raw: Mapping[str, Any], tenant: str) -> Conversation:
    personal = _personal(raw)
    return Conversation(
        tenant=tenant,
        id=_text(raw, "conversation", "id"),
        service_url=_text(raw, "serviceUrl"),
        bot=_text(raw, "recipient", "id"),
        aad=_text(raw, "from", "aadObjectId") if personal else "",
        user=_text(raw, "from", "id") if personal else "",
    )


def _own(raw: Mapping[str, Any], here: Conversation) -> Conversation:
    """The sender's conversation with the bot. A member of a team that has the app can be written to by the id
    (29:…) that channel activities carry, also if they did not add the app for themselves."""
    return replace(here, id="", aad=_text(raw, "from", "aadObjectId"), user=_text(raw, "from", "id"))


def _channel(here: Conversation) -> Conversation:
    """The channel itself, without the thread in which somebody wrote."""
    return replace(here, id=here.id.partition(THREAD)[0])


def _words(raw: Mapping[str, Any], tenant: str, objects: Mapping[str, str]) -> Words:
    """Return what was written, without the mention by which the bot was called and with other people as
    addresses, and what Teams calls these people."""
    text, names = _text(raw, "text"), {}
    for entity in _list(raw, "entities"):
        if _calls_us(raw, entity) and (marked := _marked(raw, entity)):
            text = text.replace(marked, " ")
    for marked, user in called(raw):
        address = f"{NAME}:{tenant}:{objects.get(user, user)}"
        before, _, after = text.partition(marked)
        text = before + in_words(address, after) + after if marked in text else text
        names[address] = "@" + normalise(AT.sub(r"\1", marked)).removeprefix("@")
    return normalise(AT.sub(r"@\1", text).replace("&nbsp;", "\xa0")), names


def _marked(raw: Mapping[str, Any], mention: Any) -> str:
    """Return the words of the message that are this mention, "" if none are. In group chats Teams leaves them
    out of the mention itself."""
    text, said = _text(raw, "text"), _text(mention, "text")
    if said in text:
        return said or _marked_by_name(raw, mention)
    return _marked_by_name(raw, mention) or said


def _marked_by_name(raw: Mapping[str, Any], mention: Any) -> str:
    ours = _text(raw, "recipient", "name") if _calls_us(raw, mention) else ""
    name = re.escape(_text(mention, "mentioned", "name") or ours)
    found = re.search(rf"<at[^>]*>\s*{name}\s*</at>|@{name}(?!\w)", _text(raw, "text")) if name else None
    return found[0] if found else ""


def _mentioned(raw: Mapping[str, Any]) -> bool:
    return any(_calls_us(raw, entity) for entity in _list(raw, "entities"))


def _calls_us(raw: Mapping[str, Any], entity: Any) -> bool:
    bot = _text(raw, "recipient", "id")
    return _text(entity, "type") == "mention" and _text(entity, "mentioned", "id") == bot


def _personal(raw: Mapping[str, Any]) -> bool:
    """Teams names the kind of each conversation; local clients do not. Ids of conversations of several
    people start with 19:, whatever else is said of them."""
    kind, group = _at(raw, ("conversation", "conversationType")), _at(raw, ("conversation", "isGroup"))
    shared = _text(raw, "conversation", "id").startswith("19:")
    return group is not True and kind in ("personal", None) and not shared


def _split(given: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in given.split(",") if one.strip())


def _names(data: Mapping[str, Any], kind: str) -> frozenset[str]:
    return frozenset(name for name in _list(data, kind) if isinstance(name, str))


def _at(raw: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        raw = raw.get(step) if isinstance(raw, dict) else None
    return raw


def _dict(raw: Any, *path: str) -> Mapping[str, Any]:
    found = _at(raw, path)
    return found if isinstance(found, dict) else {}


def _list(raw: Any, *path: str) -> list[Any]:
    found = _at(raw, path)
    return found if isinstance(found, list) else []


def _text(raw: Any, *path: str) -> str:
    """The string there, or "". PostgreSQL stores no NUL."""
    found = _at(raw, path)
    return found.replace("\x00", "") if isinstance(found, str) else ""
