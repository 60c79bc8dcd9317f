"""Teams: one route in, the verified activity through the SDK's turn, the reply back where it belongs."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, assert_never

from aiohttp import web
from botbuilder.core import TurnContext

from bot.chat.action import verb_of
from bot.chat.card import Card, every_item
from bot.chat.event import Submission
from bot.chat.form import Errors, Form, refill
from bot.chat.messenger import Gone, Limit, MessengerError, Notebook, Pace, Refused, Unreachable
from bot.chat.plain import render as plain
from bot.chat.platform import Answer, Dispatch, Words
from bot.chat.reply import Ask, Home, Replace, Say
from bot.platforms.teams import render
from bot.platforms.teams.auth import KeyStore, KeysUnavailable, Stranger, TokenCheck, Unauthorized
from bot.platforms.teams.glue import (
    Connectors,
    Gate,
    Sockets,
    TeamsSettings,
    Tokens,
    TurnAdapter,
    UntrustedService,
    answer_invoke,
)
from bot.platforms.teams.messenger import ADAPTIVE, Drawn, TeamsMessenger, drawn
from bot.platforms.teams.parse import NAME, Heard, Malformed, Origin, called, hear, tenant_of
from bot.platforms.teams.surface import MESSAGES_PATH
from bot.platforms.teams.text import block

log = logging.getLogger(__name__)

MAX_BODY: Final = 256 * 1024
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
EMPTY: Final[Mapping[str, Any]] = {}
DRAIN: Final = 3.0
"""Seconds that close() waits for the answers under way."""

PACE: Final = Pace(send=Limit(30, burst=4), update=Limit(10, burst=2), channel=Limit(0.8))
"""Teams allows 50 requests a second a tenant, sends and updates together, and 7 in one second, 60 in 30 a
conversation ("rate limit", October 2026). What is left is for answers to clicks. Two messages to one
conversation leave more than a second apart: the first may take longer to get there."""


LOCAL = "local"
"""The tenant of a local client that names none."""


class Teams:
    name = NAME
    pace = PACE

    def __init__(
        self,
        settings: TeamsSettings,
        dispatch: Dispatch,
        words: Words,
        notebook: Notebook,
        now: Callable[[], datetime],
    ) -> None:
        hosts = LOOPBACK if settings.anonymous else settings.service_hosts
        self._settings = settings
        self._dispatch = dispatch
        self._words = words
        self._sockets = Sockets()
        self._keys = KeyStore(settings.openid_url, self._sockets, now)
        self._tokens = None if settings.anonymous else Tokens(settings, now)
        connectors = Connectors(hosts, self._sockets, self._tokens)
        check = None if settings.anonymous else TokenCheck(settings.app_id, hosts, self._keys, now)
        self._turns = TurnAdapter(Gate(check, connectors))
        self.messenger = TeamsMessenger(settings, connectors, notebook)
        self._under_way: set[asyncio.Task[None]] = set()

    def routes(self) -> list[web.RouteDef]:
        return [web.post(MESSAGES_PATH, self.receive)]

    async def start(self) -> None:
        """Nothing to open: keys and token are fetched when they are first needed."""

    async def close(self) -> None:
        if self._under_way:
            _, left = await asyncio.wait(self._under_way, timeout=DRAIN)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        await self._keys.close()
        if self._tokens is not None:
            await self._tokens.close()
        await self._sockets.close()

    async def receive(self, request: web.Request) -> web.Response:
        """415, 413, 400 for what is no activity; 401, 403 for who may not speak; 503 when Microsoft's keys
        cannot be had: the fault is not the caller's, and Microsoft sends again after a 5xx."""
        if request.content_type != "application/json":
            return web.Response(status=415)
        body = await request.clone(client_max_size=MAX_BODY).read()
        try:
            return await self._answer(request.headers.get("Authorization", ""), _activity(body))
        except Malformed as error:
            log.info("Teams activity refused: %s", error)
            return web.Response(status=400)
        except (Unauthorized, UntrustedService) as error:
            log.warning("Teams activity refused: %s", str(error) or type(error).__name__)
            return web.Response(status=401)
        except Stranger as error:
            log.warning("Teams activity refused: %s", error)
            return web.Response(status=403)
        except KeysUnavailable:
            return web.Response(status=503, headers={"Retry-After": "60"})

    async def _answer(self, header: str, raw: Mapping[str, Any]) -> web.Response:
        async def turn(context: TurnContext) -> None:
            tenant = self._tenant(raw)
            objects = await self.messenger.objects(tenant, [user for _, user in called(raw)])
            await self._turn(context, hear(raw, tenant, objects))

        response = await self._turns.run(header, raw, turn)
        if response is None:
            return web.Response(status=202)
        return web.json_response(response.body or {}, status=int(response.status))

    def _tenant(self, raw: Mapping[str, Any]) -> str:
        """Raises Stranger. Local clients may know of no tenant, and we of none that is theirs."""
        tenant, ours = tenant_of(raw), self._settings.tenant_id
        if tenant == ours != "":
            return ours
        if self._settings.anonymous and not (tenant and ours):
            return tenant or ours or LOCAL
        raise Stranger("another tenant")

    async def _turn(self, context: TurnContext, heard: Heard) -> None:
        if heard.known is not None:
            await self.messenger.remember(heard.known)
        if heard.event is None:
            return
        await self.messenger.recognise(heard.event.sender, heard.user)
        answer = await self._dispatch(heard.event)
        match heard.origin:
            case Origin.CHAT | Origin.CHAT_FORM:
                await self._quietly(self._in_chat(heard, answer))
            case Origin.FETCH | Origin.SUBMIT:
                await answer_invoke(context, self._dialog(heard, answer))
            case Origin.EXECUTE:
                self._later(self._in_chat(heard, answer))
                await answer_invoke(context, _EXECUTED)
            case _:
                assert_never(heard.origin)

    # Answers in the body of an invoke. It has five seconds, so whatever needs Teams itself comes after it.

    def _dialog(self, heard: Heard, answer: Answer) -> Mapping[str, Any]:
        try:
            return self._dialog_body(heard, answer)
        except Refused as error:
            log.error("Teams dialog not shown: %s", error)
            return EMPTY

    def _dialog_body(self, heard: Heard, answer: Answer) -> Mapping[str, Any]:
        match answer.reply:
            case Ask(form, errors):
                kept = _kept(form, heard)
                return _dialog(form.title, self._form(kept, errors, answer.language))
            case Say(card) | Home(card) if heard.origin is Origin.FETCH:
                return _shown(card)
            case Say() | Home() | Replace():
                self._later(self._in_chat(heard, answer))
                return EMPTY
            case None:
                return EMPTY
            case _:
                assert_never(answer.reply)

    # Answers in the conversation.

    async def _in_chat(self, heard: Heard, answer: Answer) -> None:
        if heard.origin is Origin.CHAT_FORM and heard.card:
            await self._after_chat_form(heard, answer)
            return
        match answer.reply:
            case Ask(form, errors):
                await self._say(heard, self._form_card(_kept(form, heard), errors, answer.language))
            case Say(card) | Home(card):
                await self._say(heard, drawn(card))
            case Replace(card) if heard.card:
                await self._redraw(heard, drawn(card))
            case Replace(card):
                await self._say(heard, drawn(card))
            case None:
                pass
            case _:
                assert_never(answer.reply)

    async def _after_chat_form(self, heard: Heard, answer: Answer) -> None:
        """The form gives way to the answer, or to itself with sentences beside the inputs."""
        match answer.reply:
            case Ask(form, errors):
                await self._redraw(heard, self._form_card(_kept(form, heard), errors, answer.language))
            case Say(card) | Home(card) | Replace(card):
                await self._redraw(heard, drawn(card))
            case None:
                await self.messenger.remove(heard.here, heard.card)
            case _:
                assert_never(answer.reply)

    async def _redraw(self, heard: Heard, card: Drawn) -> None:
        try:
            await self.messenger.redraw(heard.here, heard.card, card)
        except (Gone, Refused):
            await self._say(heard, card)

    async def _say(self, heard: Heard, card: Drawn) -> None:
        """One to one: a channel shows everything to everybody. Whoever has not added the app for themselves
        is answered where they wrote."""
        if not heard.personal and heard.event is not None:
            with suppress(Unreachable):
                await self.messenger.write(heard.event.sender.address, card)
                return
        await self.messenger.post(heard.here, card)

    def _form(self, form: Form, errors: Errors, language: str) -> Mapping[str, Any]:
        """Raises Refused for a form too large to be drawn."""
        try:
            return render.dialog(form, required=self._words(language, "platform.required"), errors=errors)
        except ValueError as error:
            raise Refused(str(error)) from error

    def _form_card(self, form: Form, errors: Errors, language: str) -> Drawn:
        """A dialog opens from a button only, so a form asked for by typed words stands in the chat itself."""
        inside = self._form(form, errors, language)
        title = block(form.title, style="heading", size="large", weight="bolder")
        return Drawn({**inside, "body": [title, *inside["body"]]}, form.title)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._quietly(work))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _quietly(self, work: Coroutine[Any, Any, None]) -> None:
        """What was done stays done; only its answer is lost."""
        try:
            await work
        except MessengerError as error:
            log.warning("Teams answer not shown: %s: %s", type(error).__name__, error)


_EXECUTED: Final = {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": ""}


def _activity(body: bytes) -> Mapping[str, Any]:
    """Raises Malformed, also for text that no database would take (half a surrogate pair)."""
    try:
        raw = json.loads(body)
        json.dumps(raw, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise Malformed("no JSON") from error
    if not isinstance(raw, dict) or not isinstance(raw.get("type"), str) or not raw["type"]:
        raise Malformed("no activity")
    return raw


def _kept(form: Form, heard: Heard) -> Form:
    """The same form asked again keeps what was typed; the next of several starts with its own values."""
    match heard.event:
        case Submission(action=packed, answers=answers) if verb_of(packed) in form.action.verbs():
            return refill(form, answers)
        case _:
            return form


def _dialog(title: str, content: Mapping[str, Any]) -> Mapping[str, Any]:
    card = {"contentType": ADAPTIVE, "content": content}
    return {"task": {"type": "continue", "value": {"title": title, "width": "medium", "card": card}}}


def _shown(card: Card) -> Mapping[str, Any]:
    """A dialog was asked for, so something has to open: plain words, or the card if it can be acted upon."""
    if any(every_item(card)):
        return _dialog(card.title, drawn(card).content)
    return {"task": {"type": "message", "value": plain(card)}}
