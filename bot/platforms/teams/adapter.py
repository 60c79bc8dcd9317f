"""Teams: one route in, the verified activity through the SDK's turn, the reply back where it belongs."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, TypeVar, assert_never

from aiohttp import web
from botbuilder.core import TurnContext

from bot.chat.action import verb_of
from bot.chat.card import Buttons, Card, LinkButton, Text, every_item
from bot.chat.event import Event, Removed, Submission
from bot.chat.form import Errors, Form, refill
from bot.chat.messenger import (
    Gone,
    Limit,
    MessengerError,
    Notebook,
    Pace,
    Refused,
    Throttled,
    Unreachable,
)
from bot.chat.plain import render as plain
from bot.chat.platform import Answer, Dispatch, Words
from bot.chat.reply import Ask, Home, Replace, Say
from bot.chat.report import Report
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
from bot.platforms.teams.parse import NAME, THREAD, Heard, Malformed, Origin, called, hear, tenant_of
from bot.platforms.teams.rate import AnswerRate
from bot.platforms.teams.roster import Roster
from bot.platforms.teams.surface import MESSAGES_PATH
from bot.platforms.teams.text import block, spelling

log = logging.getLogger(__name__)
T = TypeVar("T")

MAX_BODY: Final = 256 * 1024
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
EMPTY: Final[Mapping[str, Any]] = {}
PATIENCE: Final = 1.5
"""Seconds that the answer to a form waits to know whether its sender can be written to. Teams waits five."""
INVOKE: Final = 2.5
"""Seconds that an invoke waits for its answer after that. One that takes longer is shown as a message."""
DRAIN: Final = 3.0
"""Seconds that close() waits for the answers under way."""

PACE: Final = Pace(send=Limit(30, burst=4), update=Limit(10, burst=2), channel=Limit(0.8))
"""Teams allows 50 requests a second a tenant, sends and updates together, and 7 in one second, 60 in 30 a
conversation ("rate limit", October 2026). What is left is for answers (`rate.py`). Two messages to one
conversation leave more than a second apart: the first may take longer to get there."""

CLEARING: Final = (0.0, 2.0, 10.0)
"""Seconds before each try to take away a form that was sent."""


class NotStored(Exception):
    """A report that has to be told again."""


AGAIN = (1.0, 3.0, 9.0)
"""Seconds before each further attempt to show an answer that could not be stored."""
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
        self._roster = Roster(connectors, self._begin)
        self._rate = AnswerRate()
        self._under_way: set[asyncio.Task[Any]] = set()

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
        cannot be had, or what Teams reports cannot be stored: the fault is not the caller's, and Microsoft
        sends again after a 5xx."""
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
        except (KeysUnavailable, NotStored):
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
        for conversation in (heard.known, heard.own):
            if conversation is not None:
                await self.messenger.remember(conversation)
        if heard.report is not None:
            await self._store(heard.report)
        if heard.event is None:
            return
        await self.messenger.recognise(heard.event.sender, heard.user)
        event = await self._completed(heard, heard.event)
        heard = replace(heard, event=event)
        match heard.origin:
            case Origin.CHAT | Origin.CHAT_FORM:
                await self._deliver(heard, event, await self._dispatch(event))
            case Origin.FETCH | Origin.SUBMIT | Origin.EXECUTE:
                await answer_invoke(context, await self._invoked(heard, event))
            case _:
                assert_never(heard.origin)

    async def _invoked(self, heard: Heard, event: Event) -> Mapping[str, Any]:
        """The body of the answer to an invoke. Teams does not wait for one that takes long. The person is
        told that nothing is certain yet, and the answer comes as a message."""
        work = self._begin(self._dispatch(event))
        await asyncio.wait({work}, timeout=INVOKE)
        in_place = heard.origin is Origin.EXECUTE
        if work.done():
            return (self._in_place if in_place else self._in_dialog)(heard, event, work.result())
        self._begin(self._follow(heard, event, work))
        words = self._words(event.sender.locale, "platform.uncertain")
        return _executed(words) if in_place else _message(words)

    async def _follow(self, heard: Heard, event: Event, work: asyncio.Task[Answer]) -> None:
        """Nothing was said of an answer that says nothing, so it is told."""
        answer = await work
        if answer.reply is None:
            saved = Card("", (Text((self._words(answer.language, "platform.saved"),)),))
            answer = replace(answer, reply=Say(saved))
        await self._deliver(heard, event, answer)

    async def _store(self, report: Report) -> None:
        """Raises NotStored, for Microsoft sends again after a 5xx."""
        try:
            await self._dispatch.report(report)
        except Exception as error:
            log.exception("a report of Teams was not stored")
            raise NotStored from error

    async def _completed(self, heard: Heard, event: Event) -> Event:
        """The event, with what Teams tells of its sender only when it is asked. A form sent in a channel may
        be that of joining: whoever joins there has to know whether they can be written to."""
        guest, reachable = await asyncio.gather(self._guest(heard, event), self._reachable(heard, event))
        return replace(event, sender=replace(event.sender, guest=guest, reachable=reachable))

    async def _guest(self, heard: Heard, event: Event) -> bool | None:
        if self._settings.anonymous or isinstance(event, Removed):
            return event.sender.guest
        return await self._roster.guest(heard.known or heard.here, heard.user)

    async def _reachable(self, heard: Heard, event: Event) -> bool | None:
        if not heard.here.shared or not isinstance(event, Submission):
            return event.sender.reachable
        opening = self._begin(self._try_to_open(event.sender.address))
        await asyncio.wait({opening}, timeout=PATIENCE)
        return opening.result() if opening.done() and not opening.exception() else None

    async def _try_to_open(self, address: str) -> bool | None:
        try:
            self._rate.take(address)
        except Throttled:
            return None
        return await self.messenger.try_to_open(address)

    # Answers in the body of an invoke. It has five seconds, so whatever needs Teams itself comes after it.
    # Only the person who pressed sees that body. So in a conversation of several people it holds the answer.

    def _in_dialog(self, heard: Heard, event: Event, answer: Answer) -> Mapping[str, Any]:
        try:
            body = self._dialog_body(heard, answer)
        except Refused as error:
            log.error("Teams dialog not shown: %s", error)
            body = None
        if body is None:
            self._begin(self._deliver(heard, event, answer))
        return body or EMPTY

    def _dialog_body(self, heard: Heard, answer: Answer) -> Mapping[str, Any] | None:
        """None: the answer is to be shown in the conversation. Raises Refused."""
        match answer.reply:
            case Ask(form, errors):
                form, shared = _kept(form, heard), heard.here.shared
                inside = self._form(form, errors, answer.language, shared=shared, in_dialog=True)
                return _dialog(form.title, inside)
            case Say(card) | Home(card) if heard.origin is Origin.FETCH or heard.here.shared:
                return _shown(card, heard.here.shared)
            case Replace(card) if heard.here.shared:
                return _shown(card, shared=True)
            case Say() | Home() | Replace():
                return None
            case None:
                return EMPTY
            case _:
                assert_never(answer.reply)

    def _in_place(self, heard: Heard, event: Event, answer: Answer) -> Mapping[str, Any]:
        """The answer to a Universal Action: a card stands in the place of the pressed one for this person."""
        try:
            body = self._place_body(heard, answer) if heard.here.shared else None
        except Refused as error:
            log.error("Teams card not shown: %s", error)
            body = None
        if body is None:
            self._begin(self._deliver(heard, event, answer))
        return body or _executed("")

    def _place_body(self, heard: Heard, answer: Answer) -> Mapping[str, Any] | None:
        """A sentence leaves the pressed card where it is. None: there is nothing to show. Raises Refused."""
        match answer.reply:
            case Ask(form, errors):
                form_card = self._form_card(_kept(form, heard), errors, answer.language, shared=True)
                return _executed_card(form_card)
            case Say(card) | Home(card) if not any(every_item(card)):
                return _executed(plain(card, spelling(shared=True)))
            case Say(card) | Home(card) | Replace(card):
                return _executed_card(drawn(card, shared=True))
            case None:
                return None
            case _:
                assert_never(answer.reply)

    # Answers in a conversation.

    async def _deliver(self, heard: Heard, event: Event, answer: Answer) -> None:
        """What was done stays done. An answer that cannot be shown now waits until it can. The choice in a
        secret poll is shown in the answer to a click only, never written in a message."""
        if isinstance(answer.reply, Say | Replace) and answer.reply.ballot:
            await self._dispatch.keep(event, answer)
            return
        try:
            await (self._privately if heard.here.shared else self._in_chat)(heard, event, answer)
        except Refused as error:
            log.error("Teams answer not shown: %s", error)
        except MessengerError as error:
            log.warning("Teams answer not shown yet: %s: %s", type(error).__name__, error)
            if not await self._keep(heard, event, answer, error) and not isinstance(error, Unreachable):
                self._begin(self._deliver_again(heard, event, answer))

    async def _deliver_again(self, heard: Heard, event: Event, answer: Answer) -> None:
        """Show what could be neither shown nor stored, such as an apology while the database is away."""
        show = self._privately if heard.here.shared else self._in_chat
        for pause in AGAIN:
            await asyncio.sleep(pause)
            try:
                await show(heard, event, answer)
            except (Refused, Unreachable) as error:
                log.error("Teams answer not shown: %s", error)
                return
            except MessengerError as error:
                log.warning("Teams answer not shown yet: %s: %s", type(error).__name__, error)
            else:
                return

    async def _privately(self, heard: Heard, event: Event, answer: Answer) -> None:
        """One to one, for the others read what stands here. Raises MessengerError."""
        if (card := self._card(heard, answer)) is not None:
            self._rate.take(event.sender.address)
            await self.messenger.write_alone(event.sender.address, card)

    async def _keep(self, heard: Heard, event: Event, answer: Answer, error: MessengerError) -> bool:
        """Have the answer wait. Return False if it cannot be stored. Whoever cannot be written to is told
        where it waits, in a sentence that says nothing of what they asked."""
        wait = error.wait if isinstance(error, Throttled) else 0.0
        self._rate.hold(wait)
        unreachable = isinstance(error, Unreachable)
        if unreachable:
            event = replace(event, sender=replace(event.sender, reachable=False))
        if not await self._dispatch.keep(event, answer, wait=wait):
            return False
        if _in_form(heard) and not isinstance(answer.reply, Ask):
            self._begin(self._clear(heard))
        if unreachable and heard.here.shared:
            await self._tell_where(heard, event, answer.language)
        return True

    async def _tell_where(self, heard: Heard, event: Event, language: str) -> None:
        try:
            self._rate.take(heard.here.id.partition(THREAD)[0])
            await self.messenger.post(heard.here, drawn(self._elsewhere(event, language)))
        except MessengerError as lost:
            log.warning("Teams did not take the sentence on where an answer waits: %s", lost)

    def _elsewhere(self, event: Event, language: str) -> Card:
        label, url = self._words(language, "button.open_chat"), event.sender.chat_url
        button = (Buttons((LinkButton(label, url),)),) if url else ()
        return Card("", (Text((self._words(language, "platform.waiting"),)), *button))

    async def _in_chat(self, heard: Heard, event: Event, answer: Answer) -> None:
        """In the sender's own conversation. Raises MessengerError."""
        card = self._card(heard, answer)
        if card is None:
            if _in_form(heard):
                self._begin(self._clear(heard))
            return
        self._rate.take(event.sender.address)
        if _in_form(heard) or (isinstance(answer.reply, Replace) and heard.card):
            await self._redraw(heard, card)
        else:
            await self.messenger.post(heard.here, card)

    async def _clear(self, heard: Heard) -> None:
        """Take away a form that was sent, which is answered by nothing or elsewhere."""
        for pause in CLEARING:
            await asyncio.sleep(pause)
            try:
                self._rate.take(heard.here.address)
                await self.messenger.remove(heard.here, heard.card)
            except MessengerError as error:
                log.warning("Teams form not taken away: %s: %s", type(error).__name__, error)
            else:
                return

    def _card(self, heard: Heard, answer: Answer) -> Drawn | None:
        """What an answer shows as a message. Raises Refused."""
        match answer.reply:
            case Ask(form, errors):
                return self._form_card(_kept(form, heard), errors, answer.language)
            case Say(card) | Home(card) | Replace(card):
                return drawn(card)
            case None:
                return None
            case _:
                assert_never(answer.reply)

    async def _redraw(self, heard: Heard, card: Drawn) -> None:
        """The form gives way to the answer, or to itself with sentences beside the inputs."""
        try:
            await self.messenger.redraw(heard.here, heard.card, card)
        except (Gone, Refused):
            await self.messenger.post(heard.here, card)

    def _form(
        self, form: Form, errors: Errors, language: str, *, shared: bool = False, in_dialog: bool = False
    ) -> Mapping[str, Any]:
        """Raises Refused for a form too large to be drawn."""
        required = self._words(language, "platform.required")
        try:
            return render.dialog(form, required=required, errors=errors, shared=shared, in_dialog=in_dialog)
        except ValueError as error:
            raise Refused(str(error)) from error

    def _form_card(self, form: Form, errors: Errors, language: str, *, shared: bool = False) -> Drawn:
        """A dialog opens from a button only, so a form asked for by typed words is a card. Where it is
        `shared`, one person sees it in a conversation of several."""
        inside = self._form(form, errors, language, shared=shared)
        title = block(form.title, style="heading", size="large", weight="bolder")
        return Drawn({**inside, "body": [title, *inside["body"]]}, form.title)

    def _begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A task that close() waits for."""
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task


def _in_form(heard: Heard) -> bool:
    """Whether the form that was sent stands in the conversation as a card."""
    return heard.origin is Origin.CHAT_FORM and bool(heard.card)


def _executed(words: str) -> Mapping[str, Any]:
    return {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": words}


def _executed_card(card: Drawn) -> Mapping[str, Any]:
    return {"statusCode": 200, "type": ADAPTIVE, "value": card.content}


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


def _shown(card: Card, shared: bool) -> Mapping[str, Any]:
    """A dialog was asked for, so something has to open: plain words, or the card if it can be acted upon."""
    if any(every_item(card)):
        return _dialog(card.title, drawn(card, shared=shared, in_dialog=True).content)
    return _message(plain(card, spelling(shared)))


def _message(words: str) -> Mapping[str, Any]:
    return {"task": {"type": "message", "value": words}}
