"""How a Reply becomes Slack calls. Slack leaves a different set of ways open for each thing it sends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, assert_never

from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.card import Card, Quote, Text
from bot.chat.event import Click, Command, HomeOpened, Said, Submission, typed
from bot.chat.form import Errors, Form, Note
from bot.chat.messenger import (
    MessengerError,
    Notice,
    PictureRefused,
    Refused,
    Throttled,
    Unavailable,
    Unreachable,
    Unsure,
)
from bot.chat.platform import Answer, Dispatch, Words
from bot.chat.reply import Ask, Home, Replace, Say
from bot.chat.text import shorten
from bot.platforms.slack import render
from bot.platforms.slack.calls import BAD_BLOCKS, JSON, call, encoded, meaning, told
from bot.platforms.slack.messenger import SlackMessenger, pictures_refused
from bot.platforms.slack.parse import AGAIN, ON_HOME, Delivery
from bot.platforms.slack.profiles import Begin

log = logging.getLogger(__name__)

Way = Callable[[Delivery, dict[str, Any]], Awaitable[None]]

Body = Mapping[str, Any]
"""Of the HTTP answer; empty is a plain acknowledgement, which also closes a modal."""

NOTHING: Body = {}

VALUE = 2000
"""Characters that the value of a button holds."""

DRAWN = 1.0
"""Seconds that Slack gets to draw the modal of an answer, which would otherwise cover what is told next."""

TRIES = (1, 3, 9)
"""How much longer than DRAWN the pauses are between the tries of what may be done twice."""

LONGEST = 30.0
"""Seconds that such a try waits for Slack at most, whatever Slack asks for."""


@dataclass
class Exchange:
    """A delivery on its way to its answer. `saying`: whether an answer that is its own message arrived, or is
    kept until it can."""

    delivery: Delivery
    locale: str = ""
    answer: Answer | None = None
    saying: asyncio.Task[bool] | None = None


class Replies:
    """`begin` starts a task that outlives the request."""

    def __init__(
        self,
        client: AsyncWebClient,
        messenger: SlackMessenger,
        dispatch: Dispatch,
        words: Words,
        begin: Begin,
    ) -> None:
        self._client = client
        self._messenger = messenger
        self._dispatch = dispatch
        self._words = words
        self._begin = begin

    async def apply(self, exchange: Exchange, answer: Answer) -> Body:
        """The body of the HTTP answer. What does not have to be done before it is done after it."""
        delivery, reply = exchange.delivery, answer.reply
        exchange.answer = answer
        if answer.redraw is not None:
            self._begin(answer.redraw(partial(self._draw_over, delivery)))
        if answer.home is not None:
            self._begin(self._publish(delivery, answer.home))
        match reply:
            case None:
                pass
            case Ask() if isinstance(delivery.event, Submission):
                return self._ask_again(delivery, reply, answer.language)
            case Ask():
                await self._ask(delivery, reply.form, answer)
            case Say():
                exchange.saying = self._begin(self._answer(delivery, reply.card, answer))
            case Replace():
                self._begin(self._replace(delivery, reply.card, answer))
            case Home():
                self._begin(self._publish(delivery, reply.card, answer))
            case _:
                assert_never(reply)
        return NOTHING

    # Forms

    async def _ask(self, delivery: Delivery, form: Form, answer: Answer) -> None:
        """A trigger lives 3 s, so this comes before the acknowledgement."""
        if isinstance(delivery.event, Command | Said) and not delivery.trigger:
            message = self._doorstep(delivery.event, form, answer.language)
            self._begin(self._send(delivery, message, answer))
            return
        view = self._modal(delivery, form, answer.language)
        try:
            await call(self._client.views_open(trigger_id=delivery.trigger, view=view), Unavailable)
        except MessengerError as error:
            log.warning("no form could be opened: %s", error)
            self._begin(self._put_off(delivery, answer))

    async def _put_off(self, delivery: Delivery, answer: Answer) -> bool:
        """Show the button that opens the form later."""
        later = await self._dispatch.put_off(delivery.event, answer)
        match later.reply:
            case Say(card):
                return await self._answer(delivery, card, later)
        return False

    def _doorstep(self, said: Command | Said, form: Form, language: str) -> dict[str, Any]:
        """The button to press for a form that was asked for in a message, which has no trigger."""
        message = render.message(Card(form.title))
        label = {"type": "plain_text", "text": self._words(language, "platform.open"), "emoji": False}
        button = {
            "type": "button",
            "action_id": f"{AGAIN}1",
            "value": shorten(said.text, VALUE, mark=""),
            "text": label,
        }
        return {**message, "blocks": [*message["blocks"], {"type": "actions", "elements": [button]}]}

    def _ask_again(self, delivery: Delivery, ask: Ask, language: str) -> Body:
        if errors := _beside(delivery.inputs, ask.errors):
            return {"response_action": "errors", "errors": errors}
        return {"response_action": "update", "view": self._with_notes(delivery, ask, language)}

    def _with_notes(self, delivery: Delivery, ask: Ask, language: str) -> dict[str, Any]:
        """The form, and above it what there is to say of it."""
        notes = tuple(Note((sentence,)) for sentence in ask.errors.values())
        return self._modal(delivery, replace(ask.form, parts=(*notes, *ask.form.parts)), language)

    def _modal(self, delivery: Delivery, form: Form, language: str) -> dict[str, Any]:
        view = render.modal(form, cancel=self._words(language, "platform.cancel"))
        return {**view, "callback_id": ON_HOME} if delivery.on_home else view

    # What takes longer than Slack waits

    async def hold(self, exchange: Exchange) -> Body | None:
        """Tell somebody that nothing is certain yet, and what they typed. The body of the HTTP answer; None
        if there is no way to tell them."""
        delivery = exchange.delivery
        card = self._uncertain(delivery, exchange.locale)
        match delivery.event:
            case Submission():
                return {"response_action": "update", "view": self._page(card, exchange.locale)}
            case Command() if delivery.trigger:
                return {**render.message(card), "response_type": "ephemeral"}
            case Click() | Said() if delivery.trigger and await self._send(delivery, render.message(card)):
                return NOTHING
        return None

    async def settle(self, exchange: Exchange) -> None:
        """Now it is certain. An answer that says nothing by itself has to be told; a modal is told of all."""
        delivery, answer = exchange.delivery, exchange.answer
        if answer is None:
            return
        arrived = exchange.saying is None or await exchange.saying
        if delivery.view and await self._redraw(delivery.view, self._end(delivery, answer, arrived)):
            return
        if answer.reply is None:
            saved = Card("", (Text((self._words(answer.language, "platform.saved"),)),))
            await self._answer(delivery, saved, Answer(Say(saved), answer.language))
        elif delivery.view and isinstance(answer.reply, Ask):
            await self._put_off(delivery, answer)

    def _end(self, delivery: Delivery, answer: Answer, arrived: bool) -> dict[str, Any]:
        """What a modal shows then: the form; that there is an answer, or the answer if it did not arrive."""
        match answer.reply:
            case Ask() as ask:
                return self._with_notes(delivery, ask, answer.language)
            case Say(card) if not arrived:
                title = card.title or self._words(answer.language, "platform.replied")
                return self._page(replace(card, title=title), answer.language)
            case reply:
                return self._page(self._certain(reply is None, answer.language), answer.language)

    def _uncertain(self, delivery: Delivery, locale: str) -> Card:
        sentence = Text((self._words(locale, "platform.uncertain"),))
        quotes = [Quote(words) for words in typed(delivery.event, delivery.chosen)]
        above = [Text((self._words(locale, "failure.kept"),))] if quotes else []
        return Card(self._words(locale, "platform.pending"), (sentence, *above, *quotes))

    def _certain(self, silent: bool, language: str) -> Card:
        """What there is to say may be that it did not work, so only silence is called done."""
        done, replied = ("platform.done", "platform.saved"), ("platform.replied", "platform.answered")
        title, sentence = (self._words(language, key) for key in (done if silent else replied))
        return Card(title, (Text((sentence,)),))

    def _page(self, card: Card, language: str) -> dict[str, Any]:
        return render.page(card, close=self._words(language, "platform.close"))

    async def _redraw(self, view: str, drawn: dict[str, Any]) -> bool:
        """Whether it is still open."""

        async def update(drawn: dict[str, Any]) -> None:
            await call(self._client.views_update(view_id=view, view=drawn), Unavailable)

        await asyncio.sleep(DRAWN)
        try:
            await _insist(lambda: _shown(drawn, update))
        except MessengerError as error:
            log.info("a form was closed before it was answered: %s", error)
            return False
        return True

    # Cards

    async def _answer(self, delivery: Delivery, card: Card, answer: Answer) -> bool:
        """Say a card, in answer. Return whether it arrived or is kept."""
        return await self._send(delivery, render.message(card), answer)

    async def _send(self, delivery: Delivery, message: dict[str, Any], answer: Answer | None = None) -> bool:
        """Privately, where it was asked; one to one where Slack does not let us. What a limit or the network
        holds up is not tried in another way, because it may have arrived: the answer is kept, and sent by the
        pump. Return whether it arrived or is kept."""
        held_up = False
        for way in self._ways(answer):
            try:
                await _shown(message, partial(way, delivery))
            except (Refused, Unreachable) as error:
                log.info("an answer cannot be shown there: %s", error)
            except MessengerError as error:
                log.warning("an answer was held up: %s: %s", type(error).__name__, error)
                if await self._keep(delivery, answer, error):
                    return True
                held_up = held_up or not isinstance(error, Unsure)
            else:
                return True
        if await self._keep(delivery, answer):
            return True
        if held_up and answer is not None:
            self._begin(self._send_again(delivery, message, answer))
        return False

    async def _send_again(self, delivery: Delivery, message: dict[str, Any], answer: Answer) -> None:
        """Show an answer that could be neither shown nor stored, such as an apology while the database is
        away."""
        for pause in TRIES:
            await asyncio.sleep(pause * DRAWN)
            for way in self._ways(answer):
                try:
                    await _shown(message, partial(way, delivery))
                except MessengerError as error:
                    log.warning("an answer was held up: %s: %s", type(error).__name__, error)
                else:
                    return

    def _ways(self, answer: Answer | None) -> tuple[Way, ...]:
        """The choice in a secret poll is shown to its voter for a moment, and written in no message."""
        match answer:
            case Answer(reply=Say(ballot=poll) | Replace(ballot=poll)) if poll:
                return (self._respond, self._whisper)
        return (self._respond, self._whisper, self._write)

    async def _keep(
        self, delivery: Delivery, answer: Answer | None, error: MessengerError | None = None
    ) -> bool:
        wait = error.wait if isinstance(error, Throttled) else 0.0
        return answer is not None and await self._dispatch.keep(delivery.event, answer, wait=wait)

    async def _replace(self, delivery: Delivery, card: Card, answer: Answer) -> None:
        """Only what this person alone sees is replaced. A command's response_url has nothing to replace, and
        would make a second message of it."""
        if delivery.on_home:
            await self._publish(delivery, card, answer)
            return
        if delivery.on_own:
            try:
                message = {**render.message(card), "replace_original": True}
                await _shown(message, partial(self._post_to, delivery))
            except (Refused, Unreachable) as error:
                log.info("a card cannot be replaced: %s", error)
            except MessengerError as error:
                log.warning("a card was not replaced: %s: %s", type(error).__name__, error)
                if await self._keep(delivery, answer, error):
                    return
            else:
                return
        await self._answer(delivery, card, answer)

    async def _draw_over(self, delivery: Delivery, notice: Notice) -> None:
        """Draw a person's own card in the place of the one whose button they pressed. The card loses its
        metadata until it is updated. Raises PictureRefused, Unsure where it may be drawn, Unavailable where
        it is not: then the pump draws it."""
        drawn = render.message(notice.card)
        try:
            with pictures_refused(drawn):
                await self._post_to(delivery, {**drawn, "replace_original": True})
        except (PictureRefused, Unavailable, Unsure):
            raise
        except MessengerError as error:
            raise Unavailable(str(error)) from error

    async def _publish(self, delivery: Delivery, card: Card, answer: Answer | None = None) -> None:
        """`answer`: what this shows, to be kept and answered elsewhere if Home cannot be drawn. Whoever opens
        Home opens it again."""

        async def publish(view: dict[str, Any]) -> None:
            user = delivery.event.sender.user
            await call(self._client.views_publish(user_id=user, view=view), Unavailable)

        try:
            await _insist(lambda: _shown(render.home(card), publish))
        except MessengerError as error:
            log.warning("a Home was not drawn: %s", error)
            if not isinstance(delivery.event, HomeOpened):
                await self._keep(delivery, answer, error)

    # The ways to a person. Each raises MessengerError.

    async def _respond(self, delivery: Delivery, message: dict[str, Any]) -> None:
        await self._post_to(delivery, {**message, "response_type": "ephemeral", "replace_original": False})

    async def _post_to(self, delivery: Delivery, message: dict[str, Any]) -> None:
        """Through the response_url, which also works where the bot is no member."""
        session, url = self._client.session, delivery.response_url
        if not url or session is None:
            raise Refused("no response_url")
        data = encoded(message)
        with told(Unsure):
            request = session.post(
                url, data=data, headers=JSON, proxy=self._client.proxy, allow_redirects=False
            )
            async with request as response:
                if response.status != 200:
                    said = await response.text(errors="replace")
                    code = next((code for code in BAD_BLOCKS if code in said), said[:40] or "refused")
                    raise meaning(response.status, code, response.headers, Unsure)

    async def _whisper(self, delivery: Delivery, message: dict[str, Any]) -> None:
        """To one person in a channel."""
        if not delivery.channel or delivery.channel.startswith("D"):
            raise Refused("no channel")
        user = delivery.event.sender.user
        await call(self._client.chat_postEphemeral(channel=delivery.channel, user=user, **message), Unsure)

    async def _write(self, delivery: Delivery, message: dict[str, Any]) -> None:
        await self._messenger.post(self._conversation(delivery), message)

    def _conversation(self, delivery: Delivery) -> str:
        """Slack takes a person's id for their conversation with the bot. So nothing has to be looked up: what
        is said here may be that the database is away."""
        return delivery.channel if delivery.channel.startswith("D") else delivery.event.sender.user


async def _shown(drawn: dict[str, Any], send: Callable[[dict[str, Any]], Awaitable[object]]) -> None:
    """Send a drawn message or view. If Slack refuses it, perhaps for a picture, send it again with the
    alternative text in the place of the picture."""
    try:
        with pictures_refused(drawn):
            await send(drawn)
    except PictureRefused as error:
        log.warning("Slack does not show a picture: its alternative text is sent instead (%s)", error)
        await send(render.in_words(drawn))


async def _insist(request: Callable[[], Awaitable[object]]) -> None:
    """Make a request that may be made twice, again if Slack or the network holds it up. Raises
    MessengerError."""
    for pause in (times * DRAWN for times in TRIES):
        try:
            await request()
        except (Throttled, Unavailable) as error:
            log.warning("tried again soon: %s", error)
            await asyncio.sleep(min(max(pause, getattr(error, "wait", 0.0)), LONGEST))
        else:
            return
    await request()


def _beside(inputs: tuple[str, ...], errors: Errors) -> dict[str, str]:
    """Errors by block: one about an input that is not there stands beside the last one."""
    placed: dict[str, str] = {}
    for name, sentence in errors.items():
        if inputs:
            block = name if name in inputs else inputs[-1]
            placed[block] = f"{placed[block]} {sentence}" if block in placed else sentence
    return placed
