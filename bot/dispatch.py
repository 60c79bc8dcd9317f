"""From an event to an answer: one transaction in which it is heard once, by the feature that listens."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypedDict

import structlog

from bot.chat.action import BadAction
from bot.chat.card import Card, Element, Quote, text
from bot.chat.event import Click, Command, Event, HomeOpened, Removed, Said, Sender, Submission, typed
from bot.chat.form import TextInput
from bot.chat.platform import Answer
from bot.chat.reply import Ask, Home, Reply, Say
from bot.chat.router import Router, Unheard
from bot.chat.text import COMMAND, every_address, split_word
from bot.context import Context
from bot.crash import crash
from bot.domain.circle import Circle, Person
from bot.domain.errors import BadInput, ButtonGone, DomainError, GuestsStayOut, Problems
from bot.domain.member import Member
from bot.locales import Translator, language_of
from handlers.home.handlers import unknown
from handlers.membership.service import found_circle
from scheduler.pump import PressedCards
from storage import inbox, messages, people
from storage.engines.database import Database
from storage.transaction import CircleTransaction, Transaction

log = structlog.get_logger()


class Profile(TypedDict):
    """What a platform says of an account, as `people.add` takes it; empty where it says nothing."""

    name: str
    language: str
    zone: str


class Dispatcher:
    """bot.chat.platform.Dispatch."""

    def __init__(
        self,
        database: Database,
        router: Router[Context],
        site: str,
        now: Callable[[], datetime],
        *,
        pressed: PressedCards | None = None,
    ) -> None:
        """`pressed` draws cards again by the way that a press left open. Without it, the pump draws them."""
        self._database = database
        self._router = router
        self._pressed = pressed
        self._verbs = tuple(router.heard())
        self._site = site
        self._now = now

    async def __call__(self, event: Event) -> Answer:
        try:
            answer = await self._database.transact(lambda tx: self._hear(tx, event))
            crash("dispatch.committed")
            return answer
        except DomainError as error:
            return await self._explain(event, error)
        except BadAction:
            return await self._explain(event, ButtonGone())
        except Exception:
            return self._apologise(event)

    def _hear(self, tx: Transaction, event: Event) -> Answer:
        if not inbox.first_time(tx, f"{event.sender.platform}:{event.key}", self._now()):
            return Answer(None, language_of(event.sender.locale))
        crash("dispatch.heard")
        ctx = self._context(tx, event)
        if isinstance(event, Submission) and (again := self._too_long(ctx, event)):
            return Answer(again, ctx.t.language)
        try:
            reply = self._router.route(ctx, self._as_command(_introduced(ctx, event)))
        except Unheard as words:
            reply = unknown(ctx, str(words))
        crash("dispatch.routed")
        if not ctx.person.reachable and not isinstance(event, Removed):
            people.report(ctx.tx, ctx.person.account, reachable=True)
            messages.reschedule_for(ctx.tx, ctx.person.id, ctx.now)
        return self._answered(ctx, event, reply)

    def _answered(self, ctx: Context, event: Event, reply: Reply) -> Answer:
        """Show people the effect of what they pressed where they pressed it: on their own card or page. In a
        channel, where a card changes for everybody a little later, say that it is saved."""
        answer = Answer(reply, ctx.t.language)
        match event:
            case Click(card=reference) if reference and self._pressed is not None:
                return replace(answer, redraw=self._pressed.reserve(ctx, reference))
            case Click(on_home=True) | Submission(on_home=True) if reply is None or isinstance(reply, Say):
                home = self._router.route(self._context(ctx.tx, event), HomeOpened(event.key, event.sender))
                return replace(answer, home=home.card if isinstance(home, Home) else None)
            case Click(place=place) if place and reply is None:
                return replace(answer, reply=Say(Card("", (text(ctx.t("platform.saved")),))))
        return answer

    def _as_command(self, event: Event) -> Event:
        """In a conversation with the bot a known verb alone is a command. Some people write "/cercle" where
        it is not needed."""
        if not isinstance(event, Command | Said):
            return event
        word, rest = split_word(event.text)
        if word.lower() == COMMAND:
            place = event.place if isinstance(event, Command) else ""
            return Command(event.key, event.sender, rest, place, event.names)
        if isinstance(event, Said) and self._router.hears(word):
            return Command(event.key, event.sender, event.text, names=event.names)
        return event

    def _context(self, tx: Transaction, event: Event) -> Context:
        """Return who acts, under their circle; both are made when they are seen for the first time."""
        sender = event.sender
        if sender.guest:
            raise GuestsStayOut
        circle, person, member = self._who(tx, sender)
        t = Translator(person.language, person.zone)
        bound = CircleTransaction(tx, circle.id)
        names = event.names if isinstance(event, Command | Said) else {}
        return Context(
            bound, self._now(), circle, t, self._site, sender, person, member, self._verbs, names=names
        )

    def _who(self, tx: Transaction, sender: Sender) -> tuple[Circle, Person, Member | None]:
        found = people.find(tx, sender.platform, sender.workspace, sender.user)
        if found is None:
            return self._meet(tx, sender)
        circle, person, _ = found
        if changed := {k: v for k, v in _profile(sender).items() if v and v != getattr(person.account, k)}:
            people.report(CircleTransaction(tx, circle.id), person.account, **changed)
            found = people.find(tx, sender.platform, sender.workspace, sender.user)
            assert found is not None
        return found

    def _meet(self, tx: Transaction, sender: Sender) -> tuple[Circle, Person, Member | None]:
        who = sender.platform, sender.workspace, sender.user
        profile = _profile(sender)
        if not people.add(tx, *who, **profile):
            place = sender.platform, sender.workspace
            found_circle(tx, *place, language_of(sender.locale), sender.zone or "UTC", self._now())
            people.add(tx, *who, **profile)
        found = people.find(tx, *who)
        assert found is not None
        return found

    async def _explain(self, event: Event, error: DomainError) -> Answer:
        """A kind sentence, in a transaction of its own: the other one is undone."""
        try:
            return await self._database.transact(lambda tx: self._sentence(tx, event, error))
        except Exception:
            return self._apologise(event)

    def _sentence(self, tx: Transaction, event: Event, error: DomainError) -> Answer:
        if isinstance(error, GuestsStayOut):
            t = Translator(language_of(event.sender.locale))
            return Answer(Say(Card("", (text(t(error.key)),))), t.language)
        ctx = self._context(tx, event)
        event = _introduced(ctx, event)
        if isinstance(event, Submission) and (reply := self._ask_again(ctx, event, error)) is not None:
            return Answer(reply, ctx.t.language)
        return Answer(Say(_sorry(ctx.t, ctx.t(error.key, **error.values), event)), ctx.t.language)

    def _ask_again(self, ctx: Context, event: Submission, error: DomainError) -> Reply:
        """The form stays open with a sentence beside the input; None when no input is to blame."""
        problems = error.problems if isinstance(error, Problems) else (error,)
        errors = {p.field: ctx.t(p.key, **p.values) for p in problems if isinstance(p, BadInput) and p.field}
        return Ask(self._router.form(ctx, event), errors) if errors else None

    def _too_long(self, ctx: Context, event: Submission) -> Ask | None:
        """The platforms' own clients hold to the length of each input; other clients need not."""
        form = self._router.form(ctx, event)
        inputs = (part for part in form.parts if isinstance(part, TextInput))
        long = [part.name for part in inputs if len(event.answers.text(part.name)) > part.max_length]
        return Ask(form, dict.fromkeys(long, ctx.t("platform.too_long"))) if long else None

    def _apologise(self, event: Event) -> Answer:
        """Something is wrong with us: logged under a number, which the person is shown."""
        number = secrets.token_hex(4)
        log.exception("dispatch.failed", number=number, kind=type(event).__name__)
        t = Translator(language_of(event.sender.locale))
        card = Card(t("failure.title"), (text(t("failure.body", id=number)), *_typed(t, event)))
        return Answer(Say(card), t.language)


def _introduced(ctx: Context, event: Event) -> Event:
    """Return the event with the name of everybody in its text as the circle knows them."""
    if not isinstance(event, Command | Said):
        return event
    names = {address: ctx.called(address) for address in every_address(event.text, (event.sender.home,))}
    return replace(event, names=names) if names else event


def _sorry(t: Translator, sentence: str, event: Event) -> Card:
    return Card("", (text(sentence), *_typed(t, event)))


def _typed(t: Translator, event: Event) -> tuple[Element, ...]:
    words = typed(event)
    return (text(t("failure.kept")), *map(Quote, words)) if words else ()


def _profile(sender: Sender) -> Profile:
    return {
        "name": sender.name,
        "language": language_of(sender.locale) if sender.locale else "",
        "zone": sender.zone,
    }
