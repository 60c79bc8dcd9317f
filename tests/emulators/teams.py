"""Microsoft's side of a Teams bot, on loopback: signing keys, tokens, the connector, and people who click.

Behaves as the documentation says (facts with their pages in the adapter's modules), faults included. What it
stored is the truth a test holds the bot to.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import math
import random
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache, lru_cache
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.platforms.teams.glue import TeamsSettings
from tests.pressing import Wanted, carries

Json = dict[str, Any]

APP_ID = "11111111-aaaa-4aaa-8aaa-111111111111"
TENANT = "22222222-bbbb-4bbb-8bbb-222222222222"
PASSWORD = "a-client-secret-known-to-nobody"
BOT = {"id": f"28:{APP_ID}", "name": "Cercle"}
CHANNEL = "19:general@thread.tacv2"
"""A channel of a team that has the app."""
GROUP_CHAT = "19:friday@thread.v2"
"""A chat of several people, to which the app was added. Its members need not have it."""
MAX_MESSAGE = 100 * 1024
"""Bytes as UTF-16: 413 MessageSizeTooBig ("format your bot messages")."""
IN_A_CONVERSATION = ((7, 1), (8, 2), (60, 30), (1800, 3600))
"""(calls, seconds) that a bot may make in one conversation ("rate limit", October 2026)."""
IN_A_TENANT = ((50, 1),)


def system_now() -> datetime:
    return datetime.now(UTC)


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """Made once a process: 2048 bits take a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True)
class Fault:
    """What the next connector call meets. `done`: the call has its effect first. `broken`: no answer comes
    ("reset"), or half of one ("half"). `until`: a Retry-After that is a moment, so many seconds from now."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    done: bool = False
    broken: str = ""
    delay: float = 0.0
    until: float = 0.0


@lru_cache(maxsize=256)
def _signed(kid: str, claims: str) -> str:
    return jwt.encode(json.loads(claims), rsa_key(kid), algorithm="RS256", headers={"kid": kid})


class Weather:
    """Seeded faults: `rates` is {fault: probability}, and may be changed at any time."""

    def __init__(self, rates: Mapping[str, float] | None = None, seed: int = 0) -> None:
        """`rates` by the names in FAULTS."""
        self.rates = dict(rates or {})
        self.seed = seed
        self._random = random.Random(seed)

    def next(self) -> Fault:
        point = self._random.random()
        for name, rate in self.rates.items():
            if point < rate:
                return FAULTS[name]
            point -= rate
        return Fault()


FAULTS: Mapping[str, Fault] = {
    "throttle": Fault(429, {"Retry-After": "1"}),
    "error": Fault(500),
    "gateway": Fault(502),
    "reset": Fault(broken="reset"),
    "cut": Fault(broken="reset", done=True),
    "truncate": Fault(broken="half", done=True),
    "failed afterwards": Fault(504, done=True),
    "slow": Fault(delay=1.0),
}


@dataclass
class Message:
    """`only`: the object id of the one person who sees it, for what an invoke was answered with."""

    id: str
    conversation: str
    activity: Json
    edits: int = 0
    deleted: bool = False
    only: str = ""

    @property
    def card(self) -> Json:
        card: Json = self.activity["attachments"][0]["content"]
        return card

    def offers(self, wanted: Wanted, **fields: object) -> bool:
        """Whether it has a button that `TeamsUser.presses` would find."""
        return bool(pressable(self.card, wanted, **fields))


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    token: str


class FakeTeams:
    """Start it, hand `settings()` to the bot, and set `bot` to the bot's origin."""

    def __init__(
        self, now: Callable[[], datetime] = system_now, *, skew: float = 0.0, strict: bool = False
    ) -> None:
        """Microsoft's own clock differs from `now` by `skew` seconds. `strict` enforces the rate limits."""
        self.now = now
        self.skew = skew
        self.strict = strict
        self._recent: dict[str, deque[float]] = defaultdict(deque)
        self.bot = ""
        self.url = ""
        self.kid = "key-1"
        self.endorsements = ["msteams"]
        self.openid_calls = self.token_calls = 0
        self.openid_status = self.token_status = 200
        self.openid_delay = 0.0
        self.token_life = 3600
        self.logging_in = asyncio.Event()
        """Cleared, whoever asks for a token waits for it."""
        self.logging_in.set()
        self.valid_tokens: set[str] = set()
        self.faults: deque[Fault] = deque()
        """The next calls meet these; later ones, whatever the weather brings."""
        self.weather = Weather()
        self.one_to_one: Fault | None = None
        """What each call meets that opens a person's own conversation or writes to it."""
        self.unanswered: set[str] = set()
        """Messages that were posted, and whoever did was not told."""
        self.calls: list[Call] = []
        self.messages: dict[str, Message] = {}
        self.answered: list[Message] = []
        """What one person alone was shown: dialogs, and what stands for them in the place of a card."""
        self.installed: set[str] = set()
        """The object ids of those who have the app themselves."""
        self.members: dict[str, set[str]] = {CHANNEL: set(), GROUP_CHAT: set()}
        """The object ids of those who read a conversation of several people."""
        self.blocking: set[str] = set()
        """The object ids of those to whom the bot cannot write: 403, whatever they have installed."""
        self.roster: dict[str, Json] = {}
        """What the roster says of somebody beside their ids: userRole, tenantId."""
        self.roster_status = 200
        self.lookups: list[str] = []
        """Whom the roster was asked about. These are no `calls`, and meet no faults."""
        self._ids = itertools.count(1_700_000_000_000)
        self._runner: web.AppRunner | None = None
        self._client: aiohttp.ClientSession | None = None
        self._changed = asyncio.Event()

    def moment(self) -> datetime:
        """By Microsoft's own clock."""
        return self.now() + timedelta(seconds=self.skew)

    @property
    def service_url(self) -> str:
        return f"{self.url}/emea/"

    def settings(self, **changes: Any) -> TeamsSettings:
        given: Json = {
            "app_id": APP_ID,
            "app_password": PASSWORD,
            "tenant_id": TENANT,
            "openid_url": f"{self.url}/v1/.well-known/openidconfiguration",
            "login_url": self.url,
            "service_url": self.service_url,
            "service_hosts": ("127.0.0.1",),
        }
        return TeamsSettings(**given | changes)

    async def start(self) -> None:
        app = web.Application(client_max_size=2**21)
        app.add_routes(
            [
                web.get("/v1/.well-known/openidconfiguration", self._openid),
                web.get("/v1/keys", self._jwks),
                web.get("/{tenant}/v2.0/.well-known/openid-configuration", self._authority),
                web.post("/{tenant}/oauth2/v2.0/token", self._token),
                web.route("*", "/{region}/v3/{tail:.*}", self._connector),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = "http://{}:{}".format(*self._runner.addresses[0][:2])
        self._client = aiohttp.ClientSession()

    async def close(self) -> None:
        assert self._client is not None
        assert self._runner is not None
        await self._client.close()
        await self._runner.cleanup()

    # Signing keys and inbound tokens

    def rotate(self, kid: str) -> None:
        self.kid = kid

    def inbound_token(self, *, drop: tuple[str, ...] = (), kid: str | None = None, **changes: Any) -> str:
        """A token as the Bot Connector signs it, but for what is changed or dropped. It uses one for many
        activities; here a token is a minute's."""
        at = int(self.moment().timestamp()) // 60 * 60
        claims: Json = {
            "serviceurl": self.service_url,
            "nbf": at - 60,
            "exp": at + 3600,
            "iss": "https://api.botframework.com",
            "aud": APP_ID,
        }
        claims = {name: value for name, value in (claims | changes).items() if name not in drop}
        return _signed(self.kid if kid is None else kid, json.dumps(claims))

    async def _openid(self, _: web.Request) -> web.Response:
        self.openid_calls += 1
        await asyncio.sleep(self.openid_delay)
        return web.json_response(
            {"issuer": "https://api.botframework.com", "jwks_uri": f"{self.url}/v1/keys"},
            status=self.openid_status,
        )

    async def _jwks(self, _: web.Request) -> web.Response:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key(self.kid).public_key(), as_dict=True)
        return web.json_response({"keys": [public | {"kid": self.kid, "endorsements": self.endorsements}]})

    # Outbound tokens

    async def _authority(self, request: web.Request) -> web.Response:
        base = f"{self.url.replace('http:', 'https:')}/{request.match_info['tenant']}"
        return web.json_response(
            {
                "issuer": f"{base}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
            }
        )

    async def _token(self, request: web.Request) -> web.Response:
        self.token_calls += 1
        form = parse_qs(await request.text())
        await self.logging_in.wait()
        known = form["client_id"] == [APP_ID] and form["client_secret"] == [PASSWORD]
        if self.token_status != 200 or not known or request.match_info["tenant"] != TENANT:
            return web.json_response({"error": "invalid_client"}, status=self.token_status or 401)
        token = f"outbound-{self.token_calls}"
        self.valid_tokens.add(token)
        return web.json_response(
            {"token_type": "Bearer", "expires_in": self.token_life, "access_token": token}
        )

    # The connector

    def visible(self, conversation: str) -> list[Message]:
        """What stands in a conversation, for everybody who reads it."""
        return [m for m in self.messages.values() if m.conversation == conversation and not m.deleted]

    def readers(self, message: Message) -> set[str]:
        """The object ids of those who can read it."""
        whole = message.conversation.partition(";messageid=")[0]
        everybody = {whole.removeprefix("a:")} if whole.startswith("a:") else self.members.get(whole, set())
        return {message.only} if message.only else set(everybody)

    def shows(self, conversation: str, card: Json) -> Message:
        """Keep a card that the bot has sent."""
        id = str(next(self._ids))
        self.messages[id] = Message(id, conversation, _attached(card))
        return self.messages[id]

    def shows_only(self, person: str, conversation: str, activity: Json) -> Message:
        """Keep what an invoke was answered with."""
        self.answered.append(Message(str(next(self._ids)), conversation, activity, only=person))
        return self.answered[-1]

    def reached(self, person: str) -> bool:
        """Whether the bot may write to them: the app is theirs, or that of a team of theirs."""
        return person not in self.blocking and (person in self.installed or person in self.members[CHANNEL])

    async def until(self, true: Callable[[], object]) -> None:
        """Waits for the bot to have called; an answer to an invoke comes before what it leaves to do."""
        async with asyncio.timeout(5):
            while not true():
                self._changed.clear()
                await self._changed.wait()

    async def _connector(self, request: web.Request) -> web.StreamResponse:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if request.method == "GET":
            return self._member(request, token)
        self.calls.append(Call(request.method, request.path, token))
        body = await request.json() if request.can_read_body else {}
        fault = self.faults.popleft() if self.faults else self.weather.next()
        if self.one_to_one and _of_one_person(request.match_info["tail"]):
            fault = self.one_to_one
        await asyncio.sleep(fault.delay)
        if fault.status and not fault.done:
            headers = {**fault.headers, **(self._until(fault.until) if fault.until else {})}
            return web.Response(status=fault.status, headers=headers, text=fault.body)
        if fault.broken and not fault.done:
            return await _broken(request, fault.broken)
        if self.strict and (wait := self._too_fast(request.match_info["tail"])):
            return web.Response(status=429, headers={"Retry-After": str(wait)})
        answer = self._done(request, token, body)
        self._changed.set()
        if fault.broken or fault.status or request.transport is None:
            self.unanswered |= _posted(answer)
        if fault.broken:
            return await _broken(request, fault.broken)
        if fault.status:
            return web.Response(status=fault.status, headers=fault.headers, text=fault.body)
        return answer

    def _until(self, seconds: float) -> dict[str, str]:
        """The headers of an answer that asks to wait until a moment."""
        now = self.moment()
        then = now + timedelta(seconds=seconds)
        return {
            "Date": format_datetime(now, usegmt=True),
            "Retry-After": format_datetime(then, usegmt=True),
        }

    def _too_fast(self, tail: str) -> int:
        """Return the seconds that a call has to wait, 0 for one that is allowed. Only allowed calls count for
        the limits. A reply in a thread counts for the channel of the thread."""
        conversation = tail.removeprefix("conversations/").partition("/")[0].partition(";")[0]
        now = self.moment().timestamp()
        limits = {"": IN_A_TENANT, conversation: IN_A_CONVERSATION}
        for key, windows in limits.items():
            for most, seconds in windows:
                within = [at for at in self._recent[key] if at > now - seconds]
                if len(within) >= most:
                    return max(1, math.ceil(within[-most] + seconds - now))
        for key in limits:
            self._recent[key].append(now)
        return 0

    def _done(self, request: web.Request, token: str, body: Json) -> web.Response:
        if token not in self.valid_tokens:
            return web.json_response({"error": {"code": "Unauthorized"}}, status=401)
        if len(str(body).encode("utf-16-le")) > MAX_MESSAGE:
            return web.json_response({"error": {"code": "MessageSizeTooBig"}}, status=413)
        match [request.method, *request.match_info["tail"].split("/")]:
            case ["POST", "conversations"]:
                return self._create(body)
            case ["POST", "conversations", conversation, "activities", *_]:
                return self._post(conversation, body)
            case ["PUT", "conversations", _, "activities", message]:
                return self._put(message, body)
            case ["DELETE", "conversations", _, "activities", message]:
                return self._delete(message)
            case _:
                return web.Response(status=405)

    def _member(self, request: web.Request, token: str) -> web.Response:
        """One member of a conversation, with what only the roster tells of them."""
        match request.match_info["tail"].split("/"):
            case ["conversations", _, "members", id] if token in self.valid_tokens or not token:
                self.lookups.append(id)
                account = {"id": id, "aadObjectId": id.removeprefix("29:"), "userRole": "user"}
                known = {"tenantId": TENANT, **self.roster.get(account["aadObjectId"], {})}
                return web.json_response(account | known, status=self.roster_status)
            case _:
                return web.Response(status=404)

    def _create(self, body: Json) -> web.Response:
        """ "aadObjectId" is "allowed in personal scope only"; an id of Teams (29:…) also for the members of a
        team that has the app ("send proactive messages")."""
        id = body["members"][0]["id"]
        person = id.removeprefix("29:")
        allowed = self.reached(person) and (id.startswith("29:") or person in self.installed)
        if body["channelData"]["tenant"]["id"] != TENANT or not allowed:
            return web.json_response({"error": {"code": "ForbiddenOperationException"}}, status=403)
        return web.json_response({"id": f"a:{person}"}, status=201)

    def _post(self, conversation: str, activity: Json) -> web.Response:
        whole = conversation.partition(";messageid=")[0]
        if whole.startswith("a:") and not self.reached(whole.removeprefix("a:")):
            blocked = '{"subCode":"MessageWritesBlocked"}'
            return web.json_response({"errorCode": 209, "message": blocked}, status=403)
        if not whole.startswith(("a:", "19:")):
            return web.json_response({"error": {"code": "ConversationNotFound"}}, status=404)
        id = str(next(self._ids))
        self.messages[id] = Message(id, conversation, activity)
        return web.json_response({"id": id}, status=201)

    def _put(self, id: str, activity: Json) -> web.Response:
        message = self.messages.get(id)
        if message is None or message.deleted:
            return web.json_response({"error": {"code": "ActivityNotFound"}}, status=404)
        message.activity, message.edits = activity, message.edits + 1
        return web.json_response({"id": id})

    def _delete(self, id: str) -> web.Response:
        message = self.messages.get(id)
        if message is None or message.deleted:
            return web.json_response({"error": {"code": "ActivityNotFound"}}, status=404)
        message.deleted = True
        return web.Response(status=200)

    # The bot's door

    async def deliver(self, activity: Json, header: str | None = None) -> tuple[int, Any]:
        """What the bot answers: status, and its JSON if it has any."""
        assert self._client is not None
        token = f"Bearer {self.inbound_token()}" if header is None else header
        headers = {"Authorization": token} if token else {}
        async with self._client.post(f"{self.bot}/api/messages", json=activity, headers=headers) as answer:
            return answer.status, await answer.json() if answer.content_type == "application/json" else None

    def activity(self, kind: str, **content: Any) -> Json:
        return {
            "type": kind,
            "id": f"f:{next(self._ids)}",
            "timestamp": self.moment().isoformat(),
            "channelId": "msteams",
            "serviceUrl": self.service_url,
            "recipient": BOT,
        } | content


def _of_one_person(tail: str) -> bool:
    return tail == "conversations" or tail.startswith("conversations/a:")


def _posted(answer: web.Response) -> set[str]:
    told = json.loads(answer.text or "{}")
    return {told["id"]} if "id" in told else set()


async def _broken(request: web.Request, how: str) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "application/json"})
    if how == "half":
        answer.content_length = 100
        await answer.prepare(request)
        await answer.write(b'{"id": "17')
    if request.transport is not None:
        request.transport.abort()
    return answer


@dataclass
class TeamsUser:
    """Somebody with Teams open. `dialog` is what the last answer to an invoke shows them."""

    teams: FakeTeams
    name: str
    aad: str
    locale: str = "fr-FR"
    zone: str = "Europe/Paris"
    dialog: Json | None = None
    status: int = 0
    pressed: Message | None = None

    @property
    def address(self) -> str:
        return f"teams:{TENANT}:{self.aad}"

    @property
    def messages(self) -> list[Message]:
        return self.teams.visible(f"a:{self.aad}")

    async def installs(self) -> None:
        """Told to the bot twice, as Teams does."""
        self.teams.installed.add(self.aad)
        await self._tell("conversationUpdate", membersAdded=[BOT, {"id": f"29:{self.aad}"}])
        await self._tell("installationUpdate", action="add")

    async def removes(self) -> None:
        self.teams.installed.discard(self.aad)
        await self._tell("installationUpdate", action="remove")

    async def says(self, text: str) -> None:
        await self._tell("message", text=text, textFormat="plain")

    async def says_in_channel(self, text: str, *called: TeamsUser, thread: str = "1699999999999") -> None:
        """`called` are the people whom the text mentions, as "<at>Name</at>"."""
        await self._says_among(_channel(thread), text, called)

    async def says_in_group_chat(self, text: str, *called: TeamsUser) -> None:
        await self._says_among(_group_chat(), text, called)

    async def brings(self, conversation: str = CHANNEL) -> None:
        """Adds the app to a team or a chat. Told to the bot twice, as Teams does."""
        self.enters(conversation)
        where = {"conversation": _group_chat() if conversation == GROUP_CHAT else _of_team()}
        await self._tell("conversationUpdate", membersAdded=[BOT], **where)
        await self._tell("installationUpdate", action="add", **where)

    async def takes_out(self, conversation: str = CHANNEL) -> None:
        where = {"conversation": _group_chat() if conversation == GROUP_CHAT else _of_team()}
        await self._tell("conversationUpdate", membersRemoved=[BOT], **where)
        await self._tell("installationUpdate", action="remove", **where)

    async def changes_channel(self, what: str, channel: str = CHANNEL, name: str = "") -> None:
        """`what` is an eventType: channelRenamed, channelDeleted, teamArchived …"""
        about = {"id": channel, "name": name}
        data = {"tenant": {"id": TENANT}, "eventType": what, "channel": about}
        await self._tell("conversationUpdate", channelData=data, conversation=_of_team())

    def enters(self, conversation: str) -> None:
        """A team or a chat, whose other members are there already."""
        self.teams.members[conversation].add(self.aad)

    async def _says_among(self, where: Json, text: str, called: Sequence[TeamsUser]) -> None:
        self.enters(where["id"].partition(";messageid=")[0])
        mentions = [{"type": "mention", "mentioned": BOT, "text": "<at>Cercle</at>"}]
        for user in called:
            mentioned = {"id": f"29:{user.aad}", "name": user.name}
            mentions.append({"type": "mention", "mentioned": mentioned, "text": f"<at>{user.name}</at>"})
        await self._tell(
            "message",
            text=f"<at>Cercle</at>&nbsp;{text}\n",
            conversation=where,
            entities=[*self._entities(), *mentions],
        )

    async def presses(
        self, wanted: Wanted, inputs: Mapping[str, str] | None = None, **fields: object
    ) -> None:
        """The newest button with that action that this person can see; inputs are those of the same card."""
        message, pressed = self._button(wanted, fields)
        self.pressed = message
        data = pressed["data"]
        if data.get("msteams", {}).get("type") == "task/fetch":
            await self._invoke("task/fetch", {"data": data}, message)
            return
        value = data | defaults(message.card) | dict(inputs or {})
        if pressed["type"] == "Action.Execute":
            await self.executes(value, message)
        else:
            await self._tell("message", value=value, replyToId=message.id, **_place(message))

    async def submits_fallback(self, pressed: Json, message: Message) -> None:
        """Presses a button in a client that knows no Action.Execute."""
        self.pressed = message
        data = pressed["fallback"]["data"] | defaults(message.card)
        await self._tell("message", value=data, replyToId=message.id, **_place(message))

    async def submits(self, **inputs: str) -> None:
        """Sends the open dialog."""
        assert self.dialog is not None
        assert self.pressed is not None
        card = self.dialog["value"]["card"]["content"]
        data = next(action["data"] for action in actions(card))
        value = {"data": data | defaults(card) | inputs}
        await self._invoke("task/submit", value, self.pressed)

    async def executes(self, data: Json, message: Message) -> Json:
        """Presses an Action.Execute, as a client of Universal Actions does. What it is answered with stands
        in the place of the card, or under it, for this person."""
        value = {"action": {"type": "Action.Execute", "data": data}, "trigger": "manual"}
        answer = await self._invoke("adaptiveCard/action", value, message)
        shown = answer.get("value")
        if shown:
            content = shown if isinstance(shown, dict) else _said(shown)
            self.teams.shows_only(self.aad, message.conversation, _attached(content))
        return answer

    def reads(self) -> list[Message]:
        """Everything this person can read, oldest first."""
        standing = [m for m in self.teams.messages.values() if not m.deleted]
        return [m for m in (*standing, *self.teams.answered) if self.aad in self.teams.readers(m)]

    def _button(self, wanted: Wanted, fields: Mapping[str, object]) -> tuple[Message, Json]:
        seen = [m for m in self.teams.messages.values() if not m.deleted]
        mine = [m for m in seen if not m.conversation.startswith("a:") or m in self.messages]
        alone = [m for m in self.teams.answered if m.only == self.aad and m.conversation]
        for message in sorted([*mine, *alone], key=lambda m: int(m.id), reverse=True):
            if found := pressable(message.card, wanted, **fields):
                return message, found[0]
        raise LookupError(f"no button {wanted!r}")

    async def _invoke(self, name: str, value: Json, message: Message) -> Json:
        answer = await self._tell("invoke", name=name, value=value, replyToId=message.id, **_place(message))
        self.dialog = answer.get("task")
        if self.dialog:
            inside = self.dialog["value"]
            card = _said(inside) if isinstance(inside, str) else inside["card"]["content"]
            self.teams.shows_only(self.aad, "", _attached(card))
        return answer

    async def _tell(self, kind: str, **content: Any) -> Json:
        self.status, answer = await self.teams.deliver(self.activity(kind, **content))
        return answer or {}

    def activity(self, kind: str, **content: Any) -> Json:
        return self.teams.activity(
            kind,
            **{
                "from": {"id": f"29:{self.aad}", "name": self.name, "aadObjectId": self.aad},
                "conversation": {
                    "conversationType": "personal",
                    "tenantId": TENANT,
                    "id": f"a:{self.aad}",
                },
                "channelData": {"tenant": {"id": TENANT}},
                "entities": self._entities(),
                "locale": self.locale,
                "localTimezone": self.zone,
            }
            | content,
        )

    def _entities(self) -> list[Json]:
        return [{"type": "clientInfo", "locale": self.locale, "timezone": self.zone, "platform": "Web"}]


def _channel(thread: str = "1699999999999") -> Json:
    return {
        "conversationType": "channel",
        "isGroup": True,
        "tenantId": TENANT,
        "id": f"{CHANNEL};messageid={thread}",
    }


def _of_team() -> Json:
    """Where Teams tells what becomes of a team: its first channel, outside every thread."""
    return {**_channel(), "id": CHANNEL}


def _group_chat() -> Json:
    return {"conversationType": "groupChat", "isGroup": True, "tenantId": TENANT, "id": GROUP_CHAT}


def _place(message: Message) -> Json:
    """Where a button was pressed, as an activity says it."""
    if message.conversation.startswith("a:"):
        return {}
    return {"conversation": _group_chat() if message.conversation == GROUP_CHAT else _channel(message.id)}


def _said(words: str) -> Json:
    return {"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": words}]}


def _attached(card: Json) -> Json:
    return {"attachments": [{"content": card}]}


def elements(card: Any) -> Iterator[Json]:
    """Every object of a card, at any depth."""
    if isinstance(card, dict):
        yield card
    for inside in card.values() if isinstance(card, dict) else card if isinstance(card, list) else ():
        yield from elements(inside)


def actions(card: Json) -> Iterator[Json]:
    return (e for e in elements(card) if str(e.get("type", "")).startswith("Action."))


def pressable(card: Json, wanted: Wanted, **fields: object) -> list[Json]:
    """Each button with that action. All do the same. A fallback is for clients that know no better."""
    known = [action for action in actions(card) if action["type"] in ("Action.Submit", "Action.Execute")]
    fallbacks = [id(action["fallback"]) for action in known if "fallback" in action]
    shown = (action for action in known if id(action) not in fallbacks)
    found = [each for each in shown if carries(each["data"].get("cercle", ""), wanted, **fields)]
    assert len({each["data"]["cercle"] for each in found}) <= 1, (wanted, found)
    return found


def defaults(card: Json) -> dict[str, str]:
    """What the inputs of a card hold before anybody types: Teams merges them into the button's data."""
    inputs = (e for e in elements(card) if str(e.get("type", "")).startswith("Input."))
    return {e["id"]: e.get("value", "") for e in inputs}


def words(card: Any) -> str:
    """Everything that can be read on a card, in order."""
    read = (str(e[name]) for e in elements(card) for name in ("text", "title", "label") if e.get(name))
    return " ".join(read)
