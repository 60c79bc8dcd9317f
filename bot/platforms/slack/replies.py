"""How a Reply becomes Slack calls. Slack leaves a different set of ways open for each thing it sends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, assert_never

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.card import Card, Quote, Text
from bot.chat.event import Click, Command, Removed, Said, Submission, typed
from bot.chat.form import Errors, Form, Note
from bot.chat.messenger import MessengerError, Notice, PictureRefused, Refused, Throttled, Unavailable, Unsure
from bot.chat.platform import Answer, Words
from bot.chat.reply import Ask, Home, Replace, Say
from bot.chat.text import shorten
from bot.platforms.slack import render
from bot.platforms.slack.calls import BAD_BLOCKS, JSON, call, encoded
from bot.platforms.slack.messenger import SlackMessenger
from bot.platforms.slack.parse import AGAIN, ON_HOME, Delivery
from bot.platforms.slack.profiles import Begin

log = logging.getLogger(__name__)

Body = Mapping[str, Any]
"""Of the HTTP answer; empty is a plain acknowledgement, which also closes a modal."""

NOTHING: Body = {}

VALUE = 2000
"""Characters that the value of a button holds."""

DRAWN = 1.0
"""Seconds that Slack gets to draw the modal of an answer, which would otherwise cover what is told next."""


@dataclass
class Exchange:
    """A delivery on its way to its answer. `saying`: whether an answer arrived that is its own message."""

    delivery: Delivery
    locale: str = ""
    answer: Answer | None = None
    saying: asyncio.Task[bool] | None = None


class Replies:
    """`begin` starts a task that outlives the request."""

    def __init__(self, client: AsyncWebClient, messenger: SlackMessenger, words: Words, begin: Begin) -> None:
        self._client = client
        self._messenger = messenger
        self._words = words
        self._begin = begin

    async def apply(self, exchange: Exchange, answer: Answer) -> Body:
        """The body of the HTTP answer. What does not have to be done before it is done after it."""
        delivery, reply = exchange.delivery, answer.reply
        if isinstance(delivery.event, Removed):
            return NOTHING
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
                await self._ask(delivery, reply.form, answer.language)
            case Say():
                exchange.saying = self._begin(self._say(delivery, render.message(reply.card)))
            case Replace():
                self._begin(self._replace(delivery, reply.card))
            case Home():
                self._begin(self._publish(delivery, reply.card))
            case _:
                assert_never(reply)
        return NOTHING

    # Forms

    async def _ask(self, delivery: Delivery, form: Form, language: str) -> None:
        """A trigger lives 3 s, so this comes before the acknowledgement."""
        if isinstance(delivery.event, Said) and not delivery.trigger:
            self._begin(self._say(delivery, self._doorstep(delivery.event, form, language)))
            return
        view = self._modal(delivery, form, language)
        try:
            await call(self._client.views_open(trigger_id=delivery.trigger, view=view), Unavailable)
        except MessengerError as error:
            log.warning("no form could be opened: %s", error)
            sorry = Card(self._words(language, "platform.expired"))
            self._begin(self._say(delivery, render.message(sorry)))

    def _doorstep(self, said: Said, form: Form, language: str) -> dict[str, Any]:
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
            case Command():
                return {**render.message(card), "response_type": "ephemeral"}
            case Click() | Said() if delivery.trigger and await self._say(delivery, render.message(card)):
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
        if (card := self._outcome(delivery, answer)) is not None:
            await self._say(delivery, render.message(card))

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
        quotes = [Quote(words) for words in typed(delivery.event)]
        above = [Text((self._words(locale, "failure.kept"),))] if quotes else []
        return Card(self._words(locale, "platform.pending"), (sentence, *above, *quotes))

    def _certain(self, silent: bool, language: str) -> Card:
        """What there is to say may be that it did not work, so only silence is called done."""
        done, replied = ("platform.done", "platform.saved"), ("platform.replied", "platform.answered")
        title, sentence = (self._words(language, key) for key in (done if silent else replied))
        return Card(title, (Text((sentence,)),))

    def _outcome(self, delivery: Delivery, answer: Answer) -> Card | None:
        """For whom no modal tells. What was typed in a form that would be asked again comes back."""
        match answer.reply:
            case None:
                return Card("", (Text((self._words(answer.language, "platform.saved"),)),))
            case Ask(errors=errors) if delivery.view:
                sentences = (Text((sentence,)) for sentence in errors.values())
                quotes = map(Quote, typed(delivery.event))
                return Card(self._words(answer.language, "platform.kept"), (*sentences, *quotes))
        return None

    def _page(self, card: Card, language: str) -> dict[str, Any]:
        return render.page(card, close=self._words(language, "platform.close"))

    async def _redraw(self, view: str, drawn: dict[str, Any]) -> bool:
        """Whether it is still open; a call that fails is tried again."""

        async def update(drawn: dict[str, Any]) -> None:
            await call(self._client.views_update(view_id=view, view=drawn), Unavailable)

        for pause in (DRAWN, 3 * DRAWN, 9 * DRAWN):
            await asyncio.sleep(pause)
            try:
                await _shown(drawn, update)
            except (Unavailable, Throttled) as error:
                log.warning("a form could not be redrawn: %s", error)
            except MessengerError as error:
                log.info("a form was closed before it was answered: %s", error)
                return False
            else:
                return True
        return False

    # Cards

    async def _say(self, delivery: Delivery, message: dict[str, Any]) -> bool:
        """Privately, where it was asked; one to one where Slack does not let us. Whether it arrived."""
        private = {**message, "response_type": "ephemeral", "replace_original": False}
        if await self._respond(delivery, private) or await self._whisper(delivery, message):
            return True
        try:
            await _shown(message, partial(self._messenger.post, self._conversation(delivery)))
        except MessengerError as error:
            log.warning("an answer did not arrive: %s", error)
            return False
        return True

    async def _replace(self, delivery: Delivery, card: Card) -> None:
        """A command's response_url has nothing to replace, and would make a second message of it."""
        message = render.message(card)
        if delivery.on_home:
            await self._publish(delivery, card)
        elif isinstance(delivery.event, Command) or not await self._respond(
            delivery, {**message, "replace_original": True}
        ):
            await self._say(delivery, message)

    async def _draw_over(self, delivery: Delivery, notice: Notice) -> None:
        """Draw a person's own card in the place of the one whose button they pressed. The card loses its
        metadata until it is updated. Raises a MessengerError."""
        try:
            drawn = render.message(notice.card)
            await self._post_to(delivery.response_url, {**drawn, "replace_original": True})
        except Refused as error:
            if str(error) in BAD_BLOCKS and render.has_pictures(drawn):
                raise PictureRefused(str(error)) from error
            raise Unavailable(str(error)) from error
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, ValueError) as error:
            raise Unavailable(type(error).__name__) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unsure(type(error).__name__) from error

    async def _publish(self, delivery: Delivery, card: Card) -> None:
        async def publish(view: dict[str, Any]) -> None:
            user = delivery.event.sender.user
            await call(self._client.views_publish(user_id=user, view=view), Unavailable)

        try:
            await _shown(render.home(card), publish)
        except MessengerError as error:
            log.warning("a Home was not drawn: %s", error)

    async def _respond(self, delivery: Delivery, message: dict[str, Any]) -> bool:
        """Through the response_url, which also works where the bot is no member."""
        if not delivery.response_url:
            return False
        try:
            await _shown(message, partial(self._post_to, delivery.response_url))
        except (MessengerError, aiohttp.ClientError, TimeoutError, OSError):
            return False
        return True

    async def _post_to(self, response_url: str, message: dict[str, Any]) -> None:
        """Raises Refused with what Slack says, Unsure where it may have been done, and aiohttp's errors."""
        session = self._client.session
        if session is None:
            raise Unavailable("not started")
        request = session.post(
            response_url, data=encoded(message), headers=JSON, proxy=self._client.proxy, allow_redirects=False
        )
        async with request as response:
            if response.status >= 500:
                raise Unsure(f"status {response.status}")
            if response.status != 200:
                said = await response.text(errors="replace")
                raise Refused(next((code for code in BAD_BLOCKS if code in said), said[:40]))

    async def _whisper(self, delivery: Delivery, message: dict[str, Any]) -> bool:
        """To one person in a channel."""
        if not delivery.channel or delivery.channel.startswith("D"):
            return False

        async def whisper(message: dict[str, Any]) -> None:
            user = delivery.event.sender.user
            request = self._client.chat_postEphemeral(channel=delivery.channel, user=user, **message)
            await call(request, Unavailable)

        try:
            await _shown(message, whisper)
        except MessengerError:
            return False
        return True

    def _conversation(self, delivery: Delivery) -> str:
        """Slack takes a person's id for their conversation with the bot. So nothing has to be looked up: what
        is said here may be that the database is away."""
        return delivery.channel if delivery.channel.startswith("D") else delivery.event.sender.user


async def _shown(drawn: dict[str, Any], send: Callable[[dict[str, Any]], Awaitable[object]]) -> None:
    """Send a drawn message or view. If Slack refuses it, perhaps for a picture, send it again with the
    alternative text in the place of the picture."""
    try:
        await send(drawn)
    except Refused as error:
        if str(error) not in BAD_BLOCKS or not render.has_pictures(drawn):
            raise
        log.warning("Slack does not show a picture: its alternative text is sent instead (%s)", error)
        await send(render.in_words(drawn))


def _beside(inputs: tuple[str, ...], errors: Errors) -> dict[str, str]:
    """Errors by block: one about an input that is not there stands beside the last one."""
    placed: dict[str, str] = {}
    for name, sentence in errors.items():
        if inputs:
            block = name if name in inputs else inputs[-1]
            placed[block] = f"{placed[block]} {sentence}" if block in placed else sentence
    return placed
