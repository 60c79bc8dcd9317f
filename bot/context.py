"""What a handler is given, and what a feature is made of."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from bot.chat.card import Card
from bot.chat.event import Names, Sender
from bot.chat.form import Form
from bot.chat.router import Router, Verb
from bot.domain.circle import Circle, Person, Role
from bot.domain.errors import CommsOnly, LeadOnly, MembersOnly
from bot.domain.member import Member
from bot.domain.message import Kind, Message
from bot.domain.schedule import Schedule
from bot.locales import Translator
from storage import people
from storage.transaction import CircleTransaction, Transaction

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Scope:
    """One transaction under one circle. `now` is an aware UTC instant; `site` is where our pages are."""

    tx: CircleTransaction
    now: datetime
    circle: Circle
    t: Translator
    site: str
    known: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False, kw_only=True)

    def once(
        self, read: Callable[Concatenate[CircleTransaction, P], T], /, *asked: P.args, **more: P.kwargs
    ) -> T:
        """What `read(tx, …)` says, asked once: cards that are drawn in one turn share the answer."""
        question = (read, *asked, *more.items())
        try:
            answer: T = self.known[question]
        except KeyError:
            answer = self.known[question] = read(self.tx, *asked, **more)
        return answer


@dataclass(frozen=True, slots=True)
class Context(Scope):
    """Somebody did something. `verbs` is every command the bot hears; `names` is what the platform calls the
    people and channels whose addresses stand in the words."""

    sender: Sender
    person: Person
    member: Member | None
    verbs: tuple[Verb, ...]
    names: Names = field(default_factory=dict, kw_only=True)

    def called(self, address: str) -> str:
        """Return how a text calls whoever is at that address: "@Ada" or "#general"."""
        person = people.at_address(self.tx, address)
        if person and person.name:
            return f"@{person.name}"
        return self.names.get(address) or f"@{self.t('kudos.someone')}"

    def as_member(self) -> Member:
        """Raises MembersOnly."""
        if self.member is None:
            raise MembersOnly
        return self.member

    def as_comms(self) -> Person:
        """Raises CommsOnly."""
        if not self.person.posts:
            raise CommsOnly
        return self.person

    def as_lead(self) -> Person:
        """Raises LeadOnly."""
        if self.person.role is not Role.LEAD:
            raise LeadOnly
        return self.person


@dataclass(frozen=True, slots=True)
class Reading(Scope):
    """Somebody is about to read a message; a whole channel when `reader` is None. `readers` are the ids of
    all who are shown the same in this turn, so that what they have of their own is asked for `once` (of a
    frozenset, Python remembers the hash)."""

    message: Message
    reader: Person | None
    member: Member | None
    readers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Notice:
    """A kind of message and how it is drawn: at send time, from today's data, in the reader's language.
    None means there is nothing to show any more. `arrived` is told once of each that first stands there;
    `lost` of one that became a dead letter; `pictureless` of those that stand there with the alternative text
    in the place of a picture that the chat refused."""

    kind: Kind
    draw: Callable[[Reading], Card | None]
    arrived: Callable[[Transaction, Sequence[Message], datetime], None] | None = None
    lost: Callable[[Transaction, Message, datetime], None] | None = None
    pictureless: Callable[[Transaction, Sequence[Message], datetime], None] | None = None


@dataclass(frozen=True, slots=True)
class File:
    """What a link gives to keep. `shown`: it opens in the browser or the chat, rather than being saved."""

    name: str
    content_type: str
    body: bytes
    shown: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """Files behind links that nobody can guess, `/f/{name}/{token}`, made when they are asked for. None:
    there is nothing behind that token."""

    name: str
    make: Callable[[Transaction, datetime, str], File | None]


@dataclass(frozen=True, slots=True)
class Occasion:
    """The moment at which one of the things that recur in a circle is looked at. `subject_id` is empty where
    each circle has one of that kind."""

    tx: CircleTransaction
    now: datetime
    circle: Circle
    subject_id: str


@dataclass(frozen=True, slots=True)
class Dated:
    """What is done once on each date of a schedule, by all processes together. `schedule` is None while there
    is none. `work` changes the database and nothing else. `kind` is its key for good, as is the name of the
    schedule. Where `in_each_circle` is false, the feature says of which subjects there is one:
    `storage.recurring.start`."""

    kind: str
    schedule: Callable[[Occasion], Schedule | None]
    work: Callable[[Occasion], object]
    in_each_circle: bool = True


@dataclass(frozen=True, slots=True)
class Timed:
    """What each circle has to do at instants that it works out itself. `work` does what is due, changes the
    database and nothing else, and returns the next instant, which is later than now; None for as long as
    nothing changes. `kind` is its key for good."""

    kind: str
    work: Callable[[Occasion], datetime | None]
    in_each_circle: bool = True


Recurring = Dated | Timed


Examples = Mapping[str, Card | Form]


@dataclass(frozen=True, slots=True)
class Feature:
    """One folder of `handlers`: what it hears, what it sends, what recurs, and a sample of all it can say."""

    name: str
    router: Router[Context]
    examples: Callable[[Translator], Examples]
    notices: tuple[Notice, ...] = field(default=())
    documents: tuple[Document, ...] = field(default=())
    recurring: tuple[Recurring, ...] = field(default=())
