"""A circle whose readers press what was pressed least so far. It keeps every card and form that it showed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import select

from bot.chat.action import Action, pack, verb_of
from bot.chat.card import Card, LinkButton, every_item
from bot.chat.event import Submission
from bot.chat.form import Choices, Form, Values
from bot.chat.messenger import Notice
from bot.chat.reply import Ask, Home, Replace, Reply, Say
from handlers.board.cards import NEW, SIGNED, AnswerTheme, PlanTheme, Sort, StartGathering, Tell
from handlers.kudos.cards import GiveKudos
from handlers.meetings.cards import SaveMeeting, SaveMinutes
from handlers.membership.cards import Pause, Prefer
from handlers.polls.cards import AddOption, ChangePoll, SayWords
from handlers.posts.cards import AnswerQuestion, Edit
from handlers.pulse.cards import AnswerPulse
from handlers.rounds.cards import Object
from handlers.sharing.cards import AskAuthor, SaveWords
from handlers.team.cards import NameTeam
from storage import tables
from tests.house import filled
from tests.versions.fixture import CLICK, FORM, Actions, Reader, Seen
from tests.year.cast import Player
from tests.year.oracle import DAY
from tests.year.programme import Arrival, Memory, Programme

USUAL = 4
MOST = {
    "board.answer.open": 1,
    "board.give_back": 1,
    "board.sort.open": 10,
    "gathering.back": 1,
    "gathering.open": 0,
    "language": 2,
    "leave": 0,
    "objection.open": 0,
    "objection.withdraw": 1,
    "pause.open": 1,
    "poll.once": 0,
    "restore.listed": 1,
    "pulse.open": 2,
    "pulse.start": 0,
    "round.withdraw": 0,
    "wall.down": 1,
    "withdraw": 1,
    "withdraw.listed": 1,
}
"""How often readers press a button of that verb by themselves, where that is not USUAL. The programme presses
those with 0."""


@dataclass
class Watched(Memory):
    """A chat that tells of every version of every card that is put at an address."""

    shown: Callable[[str, Card], None] = lambda address, card: None

    async def send(self, address: str, notice: Notice) -> str:
        reference = await super().send(address, notice)
        self.shown(address, notice.card)
        return reference

    async def update(self, address: str, reference: str, notice: Notice) -> None:
        await super().update(address, reference, notice)
        self.shown(address, notice.card)


def every_action(card: Card) -> Iterator[Action]:
    yield from (item.action for item in every_item(card) if not isinstance(item, LinkButton))


@dataclass
class Crowd(Programme):
    """A programme whose readers explore. `passers_by`: who sees what stands in the channels of a chat. `saw`:
    the answers by reader, click or form, channel, and packed action."""

    passers_by: Mapping[str, tuple[Player, ...]] = field(default_factory=dict)
    saw: dict[tuple[str, str, str, str], Values] = field(default_factory=dict)
    pressed: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.chat = partial(Watched, shown=self._shown)
        super().__post_init__()

    async def _collect(self) -> None:
        """No oracle judges this programme."""

    # What is seen

    def _shown(self, address: str, card: Card) -> None:
        readers = {player.address: player for player in self.record.players.values()}
        if address in readers:
            self._see(readers[address].id, card, "")
        else:
            for player in self.passers_by[address.partition(":")[0]]:
                self._see(player.id, card, address)

    def _see(self, who: str, card: Card, place: str) -> None:
        for action in every_action(card):
            self.saw.setdefault((who, CLICK, place, pack(action)), {})

    async def _heard(self, event: Any) -> Reply:
        reply = await super()._heard(event)
        who = event.sender.user
        if isinstance(event, Submission):
            self.saw[who, FORM, "", event.action] = event.answers.values
        match reply:
            case Say(card) | Replace(card) | Home(card):
                self._see(who, card, getattr(event, "place", ""))
            case Ask(form):
                self.saw.setdefault((who, FORM, "", pack(form.action)), filled(form))
        return reply

    async def actions(self) -> Actions:
        """Return all that was seen, in the order of its verbs."""
        rows = await self.database.transact(lambda tx: tx.execute(_roles).all())
        roles = {row.external_id: row.role or ("member" if row.member else "visitor") for row in rows}
        players = self.record.players
        readers = {id: Reader(player.sender, roles.get(id, "visitor")) for id, player in players.items()}
        seen = (Seen(*where, answers) for where, answers in self.saw.items())
        return Actions(self.clock(), readers, sorted(seen, key=lambda each: (verb_of(each.action), each.on)))

    # What is pressed

    async def rereads(self, arrival: Arrival, times: int = 3) -> None:
        """Press something on a message, and again some hours later on what it became."""
        await self.explores(arrival.player, self.card(arrival))
        if times > 1:
            self.soon(partial(self.rereads, arrival, times - 1), 60)

    async def explores(self, player: Player, card: Card, place: str = "", depth: int = 3) -> None:
        """Press what was pressed least on that card, send the form it opens, and go on with the reply."""
        verbs = {action.verb: action for action in reversed([*every_action(card)])}
        fresh = [verb for verb in verbs if self.pressed[verb] < MOST.get(verb, USUAL)]
        if depth and fresh:
            verb = min(fresh, key=lambda verb: (self.pressed[verb], verb))
            self.pressed[verb] += 1
            reply = await self.presses(player, verbs[verb], place)
            await self._goes_on(player, reply, place, depth - 1)

    async def _goes_on(self, player: Player, reply: Reply, place: str, depth: int) -> None:
        match reply:
            case Say(card) | Replace(card):
                await self.explores(player, card, place, depth)
            case Ask(form) if type(form.action) in ANSWERS:
                await self._goes_on(player, await self.sends(player, form), "", depth)

    async def sends(self, player: Player, form: Form) -> Reply:
        answers = {**filled(form), **ANSWERS[type(form.action)](self, player, form)}
        return await self.submits(player, form.action, **answers)

    def channel_cards(self, place: str) -> list[Card]:
        chat = self.chats[place.partition(":")[0]]
        return [chat.cards[posted.notice] for posted in chat.stored[place]]

    def colleague(self, player: Player) -> Player:
        """Return a member of the same workspace, each in turn."""
        here = [other for other in self.cast if other.home == player.home and self.record.is_member(other.id)]
        others = [other for other in here if other != player]
        return others[next(self.numbers) % len(others)]


p, a, m = tables.person.c, tables.account.c, tables.member.c
_roles = (
    select(a.external_id, p.role, m.person_id.label("member"))
    .join(tables.person, (p.circle_id == a.circle_id) & (p.id == a.person_id))
    .outerjoin(tables.member, (m.circle_id == a.circle_id) & (m.person_id == a.person_id))
)

Answer = Callable[[Crowd, Player, Form], Values]


def says(**answers: str) -> Answer:
    return lambda crowd, player, form: answers


def as_it_is(crowd: Crowd, player: Player, form: Form) -> Values:
    return {}


def thanks(crowd: Crowd, player: Player, form: Form) -> Values:
    return {
        "people": (crowd.colleague(player).address,),
        "kind": ("help", "win", "idea", "courage")[next(crowd.numbers) % 4],
        "reason": f"for number {next(crowd.numbers)}",
    }


def sorts(crowd: Crowd, player: Player, form: Form) -> Values:
    """Make a theme of the first finding."""
    (findings,) = (part.options for part in form.parts if isinstance(part, Choices))
    return {"findings": (findings[0].value,), "theme": NEW, "title": f"Theme {next(crowd.numbers)}"}


def plans(crowd: Crowd, player: Player, form: Form) -> Values:
    due = crowd.clock().date() + 10 * DAY
    return {"owner": (crowd.colleague(player).address,), "due_on": due.isoformat()}


def adds(crowd: Crowd, player: Player, form: Form) -> Values:
    return {"options": f"Something else, {next(crowd.numbers)}"}


ANSWERS: Mapping[type[Action], Answer] = {
    AddOption: adds,
    AnswerPulse: says(trust="4", pressure="2", energy="5", words="A good month."),
    AnswerQuestion: says(answer="Of course."),
    AnswerTheme: says(answer="One meeting less."),
    AskAuthor: says(question="May I shorten it?"),
    ChangePoll: as_it_is,
    Edit: as_it_is,
    GiveKudos: thanks,
    NameTeam: as_it_is,
    Object: says(reason="It would be too much."),
    Pause: as_it_is,
    PlanTheme: plans,
    Prefer: as_it_is,
    SaveMeeting: says(place="Room 4", at="14:00"),
    SaveMinutes: says(minutes="We met and agreed."),
    SaveWords: says(words="I was there, and I would do it again."),
    SayWords: says(words="Both have something."),
    Sort: sorts,
    StartGathering: says(anonymity=SIGNED),
    Tell: says(blocker="Too many meetings.", practice="A walk at noon."),
}
"""What readers write into the forms that they send by themselves."""
