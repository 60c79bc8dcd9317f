"""Who hears what: features register by action and by verb, the app dispatches. `C` is what a handler is
given beside the event; the vocabulary does not need to know it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from bot.chat.action import Action, BadAction, unpack, verb_of
from bot.chat.event import Click, Command, Event, HomeOpened, Installed, Removed, Said, Submission, readable
from bot.chat.form import Form, refill
from bot.chat.reply import Reply
from bot.chat.report import Report
from bot.chat.text import split_word

C = TypeVar("C")
A = TypeVar("A", bound=Action)
E = TypeVar("E")
S = TypeVar("S")
L = TypeVar("L")


class Unheard(Exception):
    """Nobody listens to that verb."""


@dataclass(frozen=True, slots=True)
class Verb:
    """A command: its name in English first, then in every other language it is heard in. `near`: other words
    that people try, for which the command is proposed. `wants_addresses`: its handler is given the addresses
    of the people in the text rather than their names."""

    names: tuple[str, ...]
    hint: str = ""
    near: tuple[str, ...] = ()
    wants_addresses: bool = False

    @property
    def name(self) -> str:
        return self.names[0]


@dataclass
class Router(Generic[C]):
    """One a feature, then one for all."""

    verbs: dict[str, tuple[Verb, Callable[[C, Command, str], Reply]]] = field(default_factory=dict)
    clicks: dict[str, tuple[type[Action], Callable[[C, Click, Any], Reply]]] = field(default_factory=dict)
    submissions: dict[
        str, tuple[type[Action], Callable[[C, Submission, Any], Reply], Callable[[C, Any], Form]]
    ] = field(default_factory=dict)
    others: dict[type[Any], Callable[[C, Any], Reply]] = field(default_factory=dict)
    reports: dict[type[Any], list[Callable[[Any, Any], None]]] = field(default_factory=dict)
    """Several features may have something to do about one report."""

    def command(
        self, *names: str, hint: str = "", near: tuple[str, ...] = (), wants_addresses: bool = False
    ) -> Callable[[Callable[[C, Command, str], Reply]], Callable[[C, Command, str], Reply]]:
        """Hear `/cercle name rest`; the handler is given the rest."""
        verb = Verb(names, hint, near, wants_addresses)

        def register(handler: Callable[[C, Command, str], Reply]) -> Callable[[C, Command, str], Reply]:
            for name in names:
                _add(self.verbs, name, (verb, handler))
            return handler

        return register

    def click(
        self, kind: type[A]
    ) -> Callable[[Callable[[C, Click, A], Reply]], Callable[[C, Click, A], Reply]]:
        def register(handler: Callable[[C, Click, A], Reply]) -> Callable[[C, Click, A], Reply]:
            for verb in kind.verbs():
                _add(self.clicks, verb, (kind, handler))
            return handler

        return register

    def submission(
        self, kind: type[A], form: Callable[[C, A], Form]
    ) -> Callable[[Callable[[C, Submission, A], Reply]], Callable[[C, Submission, A], Reply]]:
        """Hear a form sent. `form` draws it again, for when something in it has to be said differently."""

        def register(handler: Callable[[C, Submission, A], Reply]) -> Callable[[C, Submission, A], Reply]:
            for verb in kind.verbs():
                _add(self.submissions, verb, (kind, handler, form))
            return handler

        return register

    def on(self, kind: type[E]) -> Callable[[Callable[[C, E], Reply]], Callable[[C, E], Reply]]:
        """Hear HomeOpened, Installed, Removed or Said."""

        def register(handler: Callable[[C, E], Reply]) -> Callable[[C, E], Reply]:
            _add(self.others, kind, handler)
            return handler

        return register

    def reported(self, kind: type[E]) -> Callable[[Callable[[S, E], None]], Callable[[S, E], None]]:
        """Hear a report of that kind. `S` is what is known beside it: nobody acts, so there is no `C`."""

        def register(handler: Callable[[S, E], None]) -> Callable[[S, E], None]:
            self.reports.setdefault(kind, []).append(handler)
            return handler

        return register

    def tell(self, scope: object, report: Report) -> None:
        """Tell a report to every handler that listens to its kind."""
        for handler in self.reports.get(type(report), ()):
            handler(scope, report)

    def route(self, context: C, event: Event) -> Reply:
        """The reply of the handler that listens. Raises Unheard or BadAction when there is none."""
        match event:
            case Command():
                return self._command(context, event)
            case Click():
                clicked, click = _listener(self.clicks, event.action)
                return click(context, event, unpack(clicked, event.action))
            case Submission():
                sent, submit, _ = _listener(self.submissions, event.action)
                return submit(context, event, unpack(sent, event.action))
            case HomeOpened() | Installed() | Removed() | Said():
                handler = self.others.get(type(event))
                return handler(context, event) if handler else None

    def action(self, packed: str) -> Action:
        """Return the action of a button or a form. Raises BadAction when nobody listens to it."""
        clicked = {verb: kind for verb, (kind, _) in self.clicks.items()}
        sent = {verb: kind for verb, (kind, _, _) in self.submissions.items()}
        return unpack(_listener(clicked | sent, packed), packed)

    def _command(self, context: C, event: Command) -> Reply:
        word, rest = split_word(readable(event))
        if self.verb(word) is None:
            raise Unheard(word)
        verb, handler = self.verbs[_verb(word)]
        return handler(context, event, split_word(event.text)[1] if verb.wants_addresses else rest)

    def verb(self, word: str) -> Verb | None:
        """Return the verb that a word says, in any case and with any punctuation behind it."""
        verb, _ = self.verbs.get(_verb(word), (None, None))
        return verb

    def form(self, context: C, event: Submission) -> Form:
        """The form that was sent, as it is drawn today, holding what was typed."""
        kind, _, draw = _listener(self.submissions, event.action)
        return refill(draw(context, unpack(kind, event.action)), event.answers)

    def heard(self) -> Iterator[Verb]:
        """Every command once, in the order it was registered."""
        yield from dict.fromkeys(verb for verb, _ in self.verbs.values())


def _verb(word: str) -> str:
    return word.lower().rstrip("!?.,:;…")


def _listener(table: dict[str, L], packed: str) -> L:
    try:
        return table[verb_of(packed)]
    except KeyError:
        raise BadAction(packed) from None


def join(routers: Iterable[Router[C]]) -> Router[C]:
    """One router of many; raises ValueError if two listen to the same thing."""
    whole: Router[C] = Router()
    for router in routers:
        for mine, theirs in zip(_tables(whole), _tables(router), strict=True):
            for name, listener in theirs.items():
                _add(mine, name, listener)
        for kind, handlers in router.reports.items():
            whole.reports.setdefault(kind, []).extend(handlers)
    return whole


def _tables(router: Router[C]) -> tuple[dict[Any, Any], ...]:
    return router.verbs, router.clicks, router.submissions, router.others


def _add(table: dict[Any, Any], name: Any, listener: Any) -> None:
    if name in table:
        raise ValueError(f"two listeners for {name!r}")
    table[name] = listener
