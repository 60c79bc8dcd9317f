"""The chat page and the little it talks to: what there is to see, what one does, what has changed."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial, wraps
from pathlib import Path
from typing import Any, assert_never
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from aiohttp import web
from jinja2 import Environment, FileSystemLoader

from bot.chat.action import pack
from bot.chat.card import Card
from bot.chat.event import Command, Event, HomeOpened, Said, Submission
from bot.chat.form import Answers, Errors, Form, Note, TextInput, Toggle, refill
from bot.chat.messenger import Messenger
from bot.chat.plain import summary
from bot.chat.platform import Answer, Dispatch, Words
from bot.chat.reply import Ask, Home, Replace, Say
from bot.chat.router import Verb
from bot.chat.text import normalise
from bot.platforms.playground import hints, parse, render, world
from bot.platforms.playground.chat import BOT, Chat, Entry
from bot.platforms.playground.messenger import PACE, PlaygroundMessenger
from bot.platforms.playground.persona import (
    CHANNELS,
    PERSONAS,
    PLATFORM,
    Persona,
    address,
    channel_address,
)
from bot.platforms.playground.preview import Preview

MAX_BODY = 64 * 1024
"""Bytes in a post."""
HEARTBEAT = 15.0
"""Seconds after which a silent stream says it is alive, and so finds out whether anybody listens."""
MORNING = time(9)
"""Where "next morning" leads, in the zone of whoever asks."""
HOME = "home"
FORM = "form"

PAGE = Path(__file__).parent / "page"
ASSETS = {
    "playground.css": "text/css",
    "playground.js": "text/javascript",
    "cercle.svg": "image/svg+xml",
}
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' https:; base-uri 'none'; "
    "object-src 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

INTERFACE = (
    "playground.bot_topic",
    "playground.change_person",
    "playground.channel_topic",
    "playground.clock",
    "playground.close",
    "playground.commands",
    "playground.copied",
    "playground.copy",
    "playground.empty",
    "playground.failed",
    "playground.home_topic",
    "playground.message",
    "playground.new",
    "playground.next_morning",
    "playground.offline",
    "playground.one_hour",
    "playground.only_you",
    "playground.open_in",
    "playground.paste_there",
    "playground.placeholder",
    "playground.places",
    "playground.reload",
    "playground.restarted",
    "playground.see_in",
    "playground.send",
    "playground.tagline",
    "playground.what_next",
    "playground.who",
    "playground.you_are",
)
"""The words the page itself shows, by catalogue key."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_TEMPLATE = Environment(loader=FileSystemLoader(PAGE), autoescape=True).get_template("playground.html")


class Rejected(Exception):
    """A request that is answered by a status and a kind sentence."""

    def __init__(self, status: int, key: str) -> None:
        super().__init__(key)
        self.status = status
        self.key = key


@dataclass(frozen=True, slots=True)
class Pressed:
    """Where an event came from: the conversation, and the message whose button was pressed."""

    place: str
    reference: str = ""


class Playground:
    """The chat in the browser. For demonstrations only: whoever reaches the page can be anybody in it."""

    name = PLATFORM
    pace = PACE

    def __init__(
        self,
        dispatch: Dispatch,
        words: Words,
        *,
        previews: Mapping[str, Preview],
        verbs: Sequence[Verb],
        clock: Callable[[], datetime],
        people: Sequence[Persona] = PERSONAS,
        origin: str = "",
        advance: Callable[[timedelta], None] | None = None,
    ) -> None:
        """`origin` ("http://127.0.0.1:8080") is where the bot reads the sample world; empty: where the page
        was opened. `advance` moves the programme's clock forward, where it can be moved."""
        self.chat = Chat(people, clock)
        self.messenger: Messenger = PlaygroundMessenger(self.chat)
        self._dispatch = dispatch
        self._words = words
        self._previews = previews
        self._verbs = verbs
        self._clock = clock
        self._people = {persona.id: persona for persona in people}
        self._languages = {persona.id: persona.language for persona in people}
        self._callable = {"Cercle": address(BOT), **{persona.name: persona.address for persona in people}}
        self._origin = origin
        self._advance = advance
        self._boot = secrets.token_hex(8)
        self._closed = False
        self._assets = {name: (PAGE / name).read_bytes() for name in ASSETS}

    async def start(self) -> None:
        """Nothing to open: the chat is memory."""

    async def close(self) -> None:
        """End the streams, so that the server need not wait for the pages that listen."""
        self._closed = True
        self.chat.wake()

    def routes(self) -> list[web.RouteDef]:
        handlers: Sequence[tuple[str, str, Handler]] = (
            ("GET", "/playground", self._index),
            ("GET", "/playground/assets/{name}", self._asset),
            ("GET", "/playground/state", self._state),
            ("GET", "/playground/stream", self._stream),
            ("GET", "/playground/preview", self._preview),
            ("POST", "/playground/act", self._act),
            ("POST", "/playground/clock", self._clock_forward),
        )
        mine = [web.route(method, path, self._kindly(handler)) for method, path, handler in handlers]
        return [*mine, *world.routes()]

    def _kindly(self, handler: Handler) -> Handler:
        @wraps(handler)
        async def answered(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request)
            except Rejected as rejected:
                sentence = self._words(_preferred(request), rejected.key)
                return _json({"error": sentence}, rejected.status)

        return answered

    # What there is to see

    async def _index(self, request: web.Request) -> web.Response:
        page = _TEMPLATE.render(
            people=self._people.values(),
            language=_preferred(request),
            no_script=self._in_both("playground.no_script"),
            cold=self._in_both("playground.cold"),
        )
        return web.Response(text=page, content_type="text/html", headers=HEADERS)

    def _in_both(self, key: str) -> dict[str, str]:
        """For a page that does not know yet who reads it."""
        return {language: self._words(language, key) for language in ("fr", "en")}

    async def _asset(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in ASSETS:
            raise Rejected(404, "playground.nothing_here")
        return web.Response(
            body=self._assets[name], content_type=ASSETS[name], charset="utf-8", headers=HEADERS
        )

    async def _state(self, request: web.Request) -> web.Response:
        viewer = self._persona(request.query.get("who"))
        place = self._place(viewer, request.query.get("place", ""))
        say = self._say(viewer)
        return _json(
            {
                "boot": self._boot,
                "revision": self.chat.revision,
                "who": viewer.id,
                "language": self._languages[viewer.id],
                "zone": viewer.zone,
                "now": self._clock().isoformat(),
                "movable": self._advance is not None,
                "place": place,
                "places": self._places(viewer),
                "people": self._faces(viewer),
                "words": {key.partition(".")[2]: say(key) for key in INTERFACE},
                "previews": [{"id": id, "name": preview.name} for id, preview in self._previews.items()],
                "verbs": hints.verbs(self._verbs, self._languages[viewer.id], say),
                "hints": self._hints(viewer, request),
                "entries": [self._entry(entry, viewer) for entry in self._entries(viewer, place)],
            }
        )

    def _places(self, viewer: Persona) -> list[dict[str, object]]:
        channels = [(channel_address(channel), channel) for channel in CHANNELS]
        named = [(viewer.address, "Cercle"), *channels, (HOME, self._say(viewer)("playground.home"))]
        return [
            {"id": id, "name": name, "latest": self.chat.latest(id, viewer.id) if id != HOME else 0}
            for id, name in named
        ]

    def _faces(self, viewer: Persona) -> list[dict[str, object]]:
        say = self._say(viewer)
        return [
            {
                "id": persona.id,
                "name": persona.name,
                "role": say(hints.ROLES[persona.role]),
                "zone": persona.zone,
                "latest": self.chat.latest(persona.address, persona.id),
            }
            for persona in self._people.values()
        ]

    def _hints(self, viewer: Persona, request: web.Request) -> dict[str, object]:
        origin = self._origin or str(request.url.origin())
        language, people = self._languages[viewer.id], self._people.values()
        return hints.first_steps(viewer, language, self._verbs, origin, people, self._say(viewer))

    def _entries(self, viewer: Persona, place: str) -> Sequence[Entry]:
        if place == HOME:
            return [self.chat.homes[viewer.id]] if viewer.id in self.chat.homes else []
        return self.chat.entries(place, viewer.id)

    def _entry(self, entry: Entry, viewer: Persona) -> dict[str, object]:
        author = self._people.get(entry.author)
        return {
            "id": entry.reference,
            "version": entry.version,
            "born": entry.born,
            "at": entry.at.isoformat(),
            "author": author.name if author else "Cercle",
            "who": entry.author,
            "mine": entry.author == viewer.id,
            "private": bool(entry.reader) and entry.reference != HOME,
            "card": isinstance(entry.said, Card),
            "html": self._drawn(entry.said, viewer),
            "spoken": entry.said if isinstance(entry.said, str) else summary(entry.said),
        }

    def _drawn(self, said: Card | str, viewer: Persona) -> str:
        return render.words(said) if isinstance(said, str) else render.card(said, self._say(viewer))

    async def _preview(self, request: web.Request) -> web.Response:
        viewer = self._persona(request.query.get("who"))
        preview = self._previews.get(request.query.get("in", ""))
        place = self._place(viewer, request.query.get("place", ""))
        if preview is None:
            raise Rejected(404, "playground.nothing_here")
        payload = self._elsewhere(preview, viewer, place, request.query.get("entry", ""))
        return _json(
            {
                "name": preview.name,
                "json": json.dumps(payload, ensure_ascii=False, indent=2),
                "link": preview.link(payload),
                "tool": preview.tool,
                "carries": preview.carries,
            }
        )

    def _elsewhere(self, preview: Preview, viewer: Persona, place: str, reference: str) -> object:
        """What the other platform would be sent; raises Rejected when there is nothing, or it is too much."""
        said: Card | Form | str | None
        if reference == FORM:
            said = self.chat.forms.get(viewer.id)
        else:
            found = (e for e in self._entries(viewer, place) if e.reference == reference)
            said = next((entry.said for entry in found), None)
        try:
            match said:
                case Card():
                    return preview.message(said)
                case Form():
                    return preview.form(said)
                case _:
                    raise Rejected(404, "playground.nothing_here")
        except ValueError as error:
            raise Rejected(422, "playground.too_much_there") from error

    # What one does

    async def _act(self, request: web.Request) -> web.Response:
        post = await _post(request)
        viewer = self._persona(post.get("who"))
        try:
            place = self._place(viewer, parse.string(post, "place", 200))
            channel = place if place not in (HOME, viewer.address) else ""
            key = f"playground:{secrets.token_hex(12)}"
            event = parse.event(post, viewer.sender, channel, self._verbs, self._callable, key)
            pressed = Pressed(place, parse.string(post, "entry", 200))
        except parse.BadPost as error:
            raise Rejected(400, "playground.not_understood") from error
        self._echo(post, viewer, place, event)
        return _json(await self._hear(event, viewer, pressed) if event else {"place": place})

    async def _clock_forward(self, request: web.Request) -> web.Response:
        """An hour on, or to the next morning of whoever asks."""
        post = await _post(request)
        viewer = self._persona(post.get("who"))
        if self._advance is None:
            raise Rejected(404, "playground.nothing_here")
        now = self._clock()
        match post.get("by"):
            case "hour":
                self._advance(timedelta(hours=1))
            case "morning":
                self._advance(_next_morning(now, viewer.zone) - now)
            case _:
                raise Rejected(400, "playground.not_understood")
        self.chat.touch()
        return _json({"now": self._clock().isoformat()})

    def _echo(self, post: Mapping[str, Any], viewer: Persona, place: str, event: Event | None) -> None:
        """Show what was typed to whoever would see it: a command in a channel is between two."""
        if isinstance(event, Command | Said) or event is None:
            where = viewer.address if place == HOME else place
            reader = viewer.id if isinstance(event, Command) and where != viewer.address else ""
            self.chat.post(where, viewer.id, normalise(post["text"]), reader)

    async def _hear(self, event: Event, viewer: Persona, pressed: Pressed) -> dict[str, object]:
        if isinstance(event, Submission) and (kept := self._incomplete(event, viewer)):
            return self._ask(kept, viewer)
        answer = await self._dispatch(event)
        self._languages[viewer.id] = "fr" if answer.language.startswith("fr") else "en"
        return self._apply(answer, event, viewer, pressed)

    def _incomplete(self, event: Submission, viewer: Persona) -> Ask | None:
        """The form again when it lacks what it requires: other chats check that before they send."""
        opened = self.chat.forms.get(viewer.id)
        if opened is None or pack(opened.action) != event.action:
            return None
        errors = _missing(opened, event.answers, self._say(viewer))
        return Ask(refill(opened, event.answers), errors) if errors else None

    def _apply(self, answer: Answer, event: Event, viewer: Persona, pressed: Pressed) -> dict[str, object]:
        match answer.reply:
            case Ask(form, errors):
                typed = event.answers if isinstance(event, Submission) and errors else None
                return self._ask(Ask(refill(form, typed) if typed else form, errors), viewer)
            case Say(card):
                place = self._answer(card, viewer, pressed.place)
            case Replace(card):
                place = self._replace(card, viewer, pressed)
            case Home(card):
                self.chat.show_home(viewer.id, card)
                place = HOME
            case None:
                place = pressed.place
            case _:
                assert_never(answer.reply)
        if isinstance(event, Submission):
            self.chat.forms.pop(viewer.id, None)
        if isinstance(event, HomeOpened):
            place = HOME
        return {"place": place}

    def _answer(self, card: Card, viewer: Persona, place: str) -> str:
        where = viewer.address if place == HOME else place
        self.chat.post(where, BOT, card, "" if where == viewer.address else viewer.id)
        return where

    def _replace(self, card: Card, viewer: Persona, pressed: Pressed) -> str:
        if pressed.place == HOME:
            self.chat.show_home(viewer.id, card)
            return HOME
        own = {entry.reference for entry in self.chat.own_entries(pressed.place, viewer.id)}
        if pressed.reference in own and self.chat.change(pressed.place, pressed.reference, card):
            return pressed.place
        return self._answer(card, viewer, pressed.place)

    def _ask(self, ask: Ask, viewer: Persona) -> dict[str, object]:
        self.chat.forms[viewer.id] = ask.form
        return {"form": render.form(ask.form, ask.errors, tuple(self._people.values()), self._say(viewer))}

    # What has changed

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: the revision, at once and at each change."""
        self._persona(request.query.get("who"))
        response = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream"})
        await response.prepare(request)
        with suppress(ConnectionError):
            await self._follow(response)
        return response

    async def _follow(self, response: web.StreamResponse) -> None:
        told = -1
        while not self._closed:
            revision = self.chat.revision
            news = f"data: {revision}\n\n" if revision != told else ": nothing new\n\n"
            await response.write(news.encode())
            told = revision
            with suppress(TimeoutError):
                await asyncio.wait_for(self.chat.after(told), HEARTBEAT)

    # Who and where

    def _persona(self, who: object) -> Persona:
        persona = self._people.get(who) if isinstance(who, str) else None
        if persona is None:
            raise Rejected(404, "playground.nobody")
        return persona

    def _place(self, viewer: Persona, place: str) -> str:
        """The place asked for, when that person may be there; their conversation with the bot by default."""
        place = place or viewer.address
        if place not in (viewer.address, HOME, *map(channel_address, CHANNELS)):
            raise Rejected(404, "playground.nothing_here")
        return place

    def _say(self, viewer: Persona) -> render.Say:
        return partial(self._words, self._languages[viewer.id])


def _missing(form: Form, answers: Answers, say: render.Say) -> Errors:
    """What every chat refuses by itself: an empty required input, a text above its length."""
    errors: dict[str, str] = {}
    for part in form.parts:
        if isinstance(part, Note):
            continue
        given = answers.yes(part.name) if isinstance(part, Toggle) else answers.many(part.name)
        if part.required and not (given or answers.text(part.name)):
            errors[part.name] = say("platform.required")
        if isinstance(part, TextInput) and len(answers.text(part.name)) > part.max_length:
            errors[part.name] = say("platform.too_long")
    return errors


def _preferred(request: web.Request) -> str:
    """The first language the browser asks for, of the two there are."""
    return "fr" if request.headers.get("Accept-Language", "").lower().startswith("fr") else "en"


def _same_origin(request: web.Request) -> bool:
    """Browsers say where a post comes from; without their word it is refused."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return urlsplit(request.headers.get("Origin", "")).netloc == request.host


def _next_morning(now: datetime, zone: str) -> datetime:
    local = now.astimezone(ZoneInfo(zone))
    day = local.date() if local.time() < MORNING else local.date() + timedelta(days=1)
    return datetime.combine(day, MORNING, ZoneInfo(zone))


async def _post(request: web.Request) -> Mapping[str, Any]:
    """What our own page posted; raises Rejected for anything else."""
    if not _same_origin(request):
        raise Rejected(403, "playground.from_elsewhere")
    try:
        return parse.post(await _body(request))
    except parse.BadPost as error:
        raise Rejected(400, "playground.not_understood") from error


async def _body(request: web.Request) -> bytes:
    """At most MAX_BODY bytes, whatever the server around allows; raises Rejected above."""
    body = bytearray()
    async for chunk in request.content.iter_chunked(MAX_BODY):
        body += chunk
        if len(body) > MAX_BODY:
            raise Rejected(413, "playground.too_large")
    return bytes(body)


def _json(value: Mapping[str, object], status: int = 200) -> web.Response:
    return web.json_response(
        value, status=status, headers=HEADERS, dumps=partial(json.dumps, ensure_ascii=False)
    )
