"""From an event to an answer: one transaction in which it is heard once, by the feature that listens."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import TypedDict

import structlog

from bot.chat.action import BadAction, unpack, verb_of
from bot.chat.card import Card, Element, Quote, text
from bot.chat.event import (
    Click,
    Command,
    Event,
    HomeOpened,
    Removed,
    Said,
    Sender,
    Submission,
    typed,
)
from bot.chat.form import Form, TextInput, chosen_in
from bot.chat.platform import Answer
from bot.chat.reply import Ask, Home, Reply, Say
from bot.chat.report import AccountChanged, ChannelJoined, Report
from bot.chat.router import Router, Unheard
from bot.chat.text import COMMAND, Spans, every_address, split_word
from bot.context import Context, Scope
from bot.crash import crash
from bot.domain.circle import Circle, Person
from bot.domain.errors import BadInput, ButtonGone, DomainError, Problems
from bot.domain.member import Member
from bot.locales import LANGUAGES, Translator, language_of
from bot.replies import Replies
from handlers import FEATURES
from handlers.actions import Reopen
from handlers.home.handlers import unknown
from handlers.membership.cards import for_guest
from handlers.membership.handlers import is_leaving
from handlers.membership.service import found_circle, report
from scheduler.pump import PressedCards
from storage import channels, circles, inbox, people, workspaces
from storage.engines.database import Database
from storage.transaction import CircleTransaction, Transaction

log = structlog.get_logger()

Who = tuple[Circle, Person, Member | None]


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
        replies: Replies,
        *,
        pressed: PressedCards | None = None,
    ) -> None:
        """`pressed` updates a card at once when somebody presses one of its buttons. Without it, the pump
        updates the card later."""
        self._database = database
        self._router = router
        self._replies = replies
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

    async def keep(self, event: Event, answer: Answer, *, wait: float = 0.0) -> bool:
        try:
            return await self._database.transact(lambda tx: self._keep(tx, event, answer, wait))
        except Exception:
            log.exception("dispatch.not_kept", kind=type(event).__name__)
            return False

    async def put_off(self, event: Event, answer: Answer) -> Answer:
        reply = answer.reply
        if not isinstance(reply, Ask):
            return answer
        try:
            card = await self._database.transact(lambda tx: self._put_off(tx, event, reply, answer.language))
        except Exception:
            log.exception("dispatch.not_put_off", kind=type(event).__name__)
            t = Translator(answer.language)
            card = _sorry(t, t.spans("platform.expired"), event)
        return Answer(Say(card), answer.language)

    def _keep(self, tx: Transaction, event: Event, answer: Answer, wait: float) -> bool:
        """Nobody is noted down for an answer: somebody who was never met has none that waits."""
        who = self._known(tx, event.sender)
        if who is None:
            return False
        circle, person, _ = who
        t, now = Translator(answer.language, person.zone, circle.zone), self._now()
        not_before = now + timedelta(seconds=wait) if wait > 0 else None
        bound = CircleTransaction(tx, circle.id)
        return self._replies.keep(bound, person, event, answer.reply, t, now, not_before=not_before)

    def _put_off(self, tx: Transaction, event: Event, ask: Ask, language: str) -> Card:
        circle, person, _ = self._known(tx, event.sender) or self._meet(tx, event.sender)
        t = Translator(language, person.zone, circle.zone)
        return self._replies.put_off(CircleTransaction(tx, circle.id), person, event, ask, t, self._now())

    async def report(self, report: Report) -> bool:
        return await self._database.transact(lambda tx: self._store(tx, report))

    def _store(self, tx: Transaction, report: Report) -> bool:
        """Once in each workspace that it is about. Somebody who was never met is not noted down."""
        if report.key and not inbox.first_time(tx, f"{report.platform}:{report.key}", self._now()):
            return False
        if isinstance(report, AccountChanged):
            who = people.find(tx, report.platform, report.workspace, report.account.user)
            told = [who[0]] if who else []
        else:
            told = [circles.circle(CircleTransaction(tx, id)) for id in self._circles(tx, report)]
        for circle in told:
            t = Translator(circle.language, circle.zone)
            scope = Scope(CircleTransaction(tx, circle.id), self._now(), circle, t, self._site)
            self._router.tell(scope, report)
        return bool(told)

    def _circles(self, tx: Transaction, report: Report) -> Iterable[str]:
        """Return the circles whose workspaces a report is about. Whoever brings the bot into a channel opens
        the circle, as whoever writes to it does."""
        there = workspaces.of_platform(tx, report.platform, report.workspace)
        if not there and isinstance(report, ChannelJoined):
            place, language = (report.platform, report.workspace), language_of(report.locale)
            found_circle(tx, *place, language, report.zone or "UTC", self._now())
            there = workspaces.of_platform(tx, *place)
        return dict.fromkeys(workspace.circle_id for workspace in there)

    def _hear(self, tx: Transaction, event: Event) -> Answer:
        if not inbox.first_time(tx, f"{event.sender.platform}:{event.key}", self._now()):
            return Answer(None, language_of(event.sender.locale))
        crash("dispatch.heard")
        event = _as_reported(event)
        who = self._known(tx, event.sender)
        if event.sender.guest or (who is not None and who[1].guest):
            return self._answer_guest(tx, event, who)
        ctx = self._context(tx, event, who or self._meet(tx, event.sender))
        if isinstance(event, Command | Click) and event.place and event.place_name:
            channels.meet(ctx.tx, event.place, name=event.place_name)
        if isinstance(event, Submission) and (again := self._too_long(ctx, event)):
            return Answer(again, ctx.t.language)
        try:
            reply = self._route(ctx, self._as_command(_introduced(ctx, event)))
        except Unheard as words:
            reply = unknown(ctx, str(words))
        crash("dispatch.routed")
        return self._answered(ctx, event, reply)

    def _answered(self, ctx: Context, event: Event, reply: Reply) -> Answer:
        """Show people the effect of what they pressed where they pressed it: on their own card or page. In a
        channel, where a card changes for everybody a little later, say that it is saved."""
        answer = Answer(reply, ctx.t.language)
        match event:
            case Click(card=reference) if reference and self._pressed is not None:
                return replace(answer, redraw=self._pressed.reserve(ctx, reference))
            case Click(on_home=True) | Submission(on_home=True) if reply is None or isinstance(reply, Say):
                home = self._home(ctx.tx, HomeOpened(event.key, event.sender))
                return replace(answer, home=home.card if isinstance(home, Home) else None)
            case Click(place=place) if place and reply is None:
                return replace(answer, reply=Say(Card("", (text(ctx.t("platform.saved")),))))
        return answer

    def _home(self, tx: Transaction, opened: HomeOpened) -> Reply:
        """What somebody's own page shows now, after what they did there."""
        who = self._known(tx, opened.sender) or self._meet(tx, opened.sender)
        return self._router.route(self._context(tx, opened, who), opened)

    def _route(self, ctx: Context, event: Event) -> Reply:
        if isinstance(event, Click) and verb_of(event.action) in Reopen.verbs():
            return self._replies.reopen(ctx, unpack(Reopen, event.action))
        return self._router.route(ctx, event)

    def _as_command(self, event: Event) -> Event:
        """In a conversation with the bot a known verb alone is a command. Some people write "/cercle" where
        it is not needed."""
        if not isinstance(event, Command | Said):
            return event
        word, rest = split_word(event.text)
        if word.lower() == COMMAND:
            place = event.place if isinstance(event, Command) else ""
            name = event.place_name if isinstance(event, Command) else ""
            return Command(event.key, event.sender, rest, place, event.names, name)
        if isinstance(event, Said) and self._router.verb(word):
            return Command(event.key, event.sender, event.text, names=event.names)
        return event

    def _answer_guest(self, tx: Transaction, event: Event, who: Who | None) -> Answer:
        """A guest can leave the circle, and is told why nothing else is possible: on their Home whenever they
        open it, elsewhere in answer to what they do. A guest who was never met is not noted down."""
        t = Translator(who[1].language if who else language_of(event.sender.locale))
        if who is not None and is_leaving(event := self._as_command(event)):
            return Answer(self._router.route(self._context(tx, event, who), event), t.language)
        card = for_guest(t, is_member=who is not None and who[2] is not None)
        match event:
            case HomeOpened():
                return Answer(Home(card), t.language)
            case Removed():
                return Answer(None, t.language)
        return Answer(Say(card), t.language)

    def _context(self, tx: Transaction, event: Event, who: Who) -> Context:
        """Build what a handler is given: the circle, its transaction, who acts, the names in the event."""
        circle, person, member = who
        t = Translator(person.language, person.zone, circle.zone)
        bound = CircleTransaction(tx, circle.id)
        names = event.names if isinstance(event, Command | Said | Submission) else {}
        return Context(
            bound, self._now(), circle, t, self._site, event.sender, person, member, self._verbs, names=names
        )

    def _known(self, tx: Transaction, sender: Sender) -> Who | None:
        """Somebody who was met before, with what the platform says of them now."""
        found = people.find(tx, sender.platform, sender.workspace, sender.user)
        if found is None:
            return None
        circle, person, _ = found
        if changed := {k: v for k, v in _reported(sender).items() if v != getattr(person.account, k)}:
            report(CircleTransaction(tx, circle.id), person, self._now(), **changed)
            found = people.find(tx, sender.platform, sender.workspace, sender.user)
            assert found is not None
        return found

    def _meet(self, tx: Transaction, sender: Sender) -> Who:
        """Note somebody down who is seen for the first time, and found the circle if it has none yet."""
        who = sender.platform, sender.workspace, sender.user
        profile = _profile(sender)
        if not people.add(tx, *who, **profile):
            place = sender.platform, sender.workspace
            found_circle(tx, *place, language_of(sender.locale), sender.zone or "UTC", self._now())
            people.add(tx, *who, **profile)
        found = self._known(tx, sender)
        assert found is not None
        return found

    async def _explain(self, event: Event, error: DomainError) -> Answer:
        """A kind sentence, in a transaction of its own: the other one is undone."""
        try:
            return await self._database.transact(lambda tx: self._sentence(tx, event, error))
        except Exception:
            return self._apologise(event)

    def _sentence(self, tx: Transaction, event: Event, error: DomainError) -> Answer:
        who = self._known(tx, event.sender) or self._meet(tx, event.sender)
        ctx = self._context(tx, event, who)
        event = _introduced(ctx, event)
        if isinstance(event, Submission) and (reply := self._ask_again(ctx, event, error)) is not None:
            return Answer(reply, ctx.t.language)
        return Answer(Say(_sorry(ctx.t, ctx.t.error(error), event)), ctx.t.language)

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


def _sorry(t: Translator, sentence: Spans, event: Event) -> Card:
    return Card("", (text(*sentence), *_typed(t, event)))


def _typed(t: Translator, event: Event) -> tuple[Element, ...]:
    words = typed(event, _chosen(verb_of(event.action)) if isinstance(event, Submission) else ())
    return (text(t("failure.kept")), *map(Quote, words)) if words else ()


@cache
def _chosen(verb: str) -> frozenset[str]:
    """Return the inputs of a form in which nobody types, from the samples of the features: the form itself
    may be gone, and an answer does not tell what kind of input it comes from."""
    t = Translator(LANGUAGES[0])
    samples = (sample for feature in FEATURES for sample in feature.examples(t).values())
    forms = (sample for sample in samples if isinstance(sample, Form) and verb in sample.action.verbs())
    return frozenset(name for form in forms for name in chosen_in(form))


def _as_reported(event: Event) -> Event:
    """Whoever removed the app cannot be written to."""
    gone = isinstance(event, Removed)
    return replace(event, sender=replace(event.sender, reachable=False)) if gone else event


def _reported(sender: Sender) -> dict[str, object]:
    """What the platform says of an account. What it does not say stays as it was."""
    facts = {"guest": sender.guest, "reachable": sender.reachable}
    profile = {name: value for name, value in _profile(sender).items() if value}
    return {**profile, **{name: value for name, value in facts.items() if value is not None}}


def _profile(sender: Sender) -> Profile:
    return {
        "name": sender.name,
        "language": language_of(sender.locale) if sender.locale else "",
        "zone": sender.zone,
    }
