"""The judge: what the platforms stored and the tables hold, against what was accepted.

Lost: accepted and not there, or not shown as it was left. Twice: two of the same card before one person, or
two effects of one request. Teams shows a bot no history; where an answer of Teams was spoilt, or came to a
process that died before it could be written down, a second card is counted apart.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, text

from handlers.posts.cards import OpenCompose
from handlers.sharing.cards import Reconsider
from tests.torture.crowd import (
    CEILING,
    DECLINED,
    IN,
    LIVE,
    NOWHERE,
    OPEN,
    OUT,
    WITHDRAWN,
    Crowd,
)
from tests.torture.fakes import t
from tests.torture.ledger import Deed, What, possible
from tests.torture.people import Person, Seen
from tests.torture.world import Side, World

TAKEN_BACK, USED, UNDELIVERED = t("post.withdrawn"), t("draft.used"), t("undelivered.title")


@dataclass
class Verdict:
    """`lost` and `twice`: a sentence each. `answer_lost`: second cards in Teams after a lost answer, or ones
    that could not be taken back.
    `given_up`: dead letters that the lead is told of. `accepted`: what was held against the bot."""

    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    answer_lost: int = 0
    given_up: int = 0
    accepted: int = 0

    def __iadd__(self, other: Verdict) -> Verdict:
        self.lost += other.lost
        self.twice += other.twice
        self.answer_lost += other.answer_lost
        self.given_up += other.given_up
        self.accepted += other.accepted
        return self


@dataclass(frozen=True)
class Stored:
    """A post as the tables hold it."""

    why: str
    withdrawn: bool


@dataclass
class Tables:
    """By mark, by person's id on their platform, or by both; `given_up` and `shown` hold messages."""

    drafts: Counter[str]
    posts: dict[str, list[Stored]]
    given_up: set[tuple[str, str]]
    declined: set[tuple[str, str]]
    words: dict[tuple[str, str], str]
    questions: Counter[str]
    members: set[str]
    consents: Counter[str]
    slots: Counter[str]
    shown: list[tuple[str, str]]


QUERIES = {
    "drafts": "select url from draft",
    "posts": "select title, why, withdrawn_at from post",
    "given_up": """
        select coalesce(c.title, q.text, d.url), p.external_id
        from message m join account p on p.person_id = m.person_id
        left join post c on c.id = m.subject_id
        left join question q on q.id = m.subject_id
        left join draft d on d.id = m.subject_id
        where m.state in ('dead', 'unknown') and m.kind in ('post', 'question', 'draft')
    """,
    "declined": """
        select c.title, p.external_id
        from stance s join post c on c.id = s.post_id join account p on p.person_id = s.person_id
        where s.declined_at is not null
    """,
    "words": """
        select c.title, p.external_id, w.text
        from words w join post c on c.id = w.post_id join account p on p.person_id = w.person_id
    """,
    "questions": "select text from question",
    "members": "select p.external_id from member m join account p on p.person_id = m.person_id",
    "consents": "select p.external_id from consent c join account p on p.person_id = c.person_id",
    "slots": "select key from inbox where key like 'slot:%'",
    "shown": "select id, reference from message where state = 'shown'",
}


def read(tx: Connection) -> Tables:
    found = {name: [tuple(row) for row in tx.execute(text(query))] for name, query in QUERIES.items()}
    posts: dict[str, list[Stored]] = defaultdict(list)
    for title, why, withdrawn in found["posts"]:
        posts[_mark(title)].append(Stored(why, withdrawn is not None))
    return Tables(
        drafts=Counter(_mark(url) for (url,) in found["drafts"]),
        posts=dict(posts),
        given_up={(_mark(words), user) for words, user in found["given_up"]},
        declined={(_mark(title), user) for title, user in found["declined"]},
        words={(_mark(title), user): words for title, user, words in found["words"]},
        questions=Counter(question for (question,) in found["questions"]),
        members={user for (user,) in found["members"]},
        consents=Counter(user for (user,) in found["consents"]),
        slots=Counter(key.split(":")[1] for (key,) in found["slots"]),
        shown=[(id, reference) for id, reference in found["shown"]],
    )


def _mark(words: str) -> str:
    """The last word of a title, the last part of an address, the whole of a question."""
    return words.replace("/", " ").rpartition(" ")[2]


async def judge(world: World) -> dict[str, Verdict]:
    """By platform. Slots are counted with the first."""
    tables = await world.look(read)
    verdicts = {side.name: Trial(world, side, tables).verdict() for side in world.sides}
    first = verdicts["slack"]
    for slot in (planned.partition("@")[0] for planned in world.slots):
        _expect(first, tables.slots[slot], f"the date {slot}")
    return verdicts


def _expect(verdict: Verdict, number: int, what: str, *, required: bool = True) -> None:
    """One, or if it is not required, one at most."""
    if number == 0 and required:
        verdict.lost.append(f"{what} left no trace")
    elif number > 1:
        verdict.twice.append(f"{what} had {number} effects")


class Trial:
    """One platform of one world."""

    def __init__(self, world: World, side: Side, tables: Tables) -> None:
        self.world = world
        self.side = side
        self.tables = tables
        self.crowd: Crowd = side.crowd
        self.apologies = side.fake.apologies
        everybody = (self.crowd.lead, *self.crowd.members, *self.crowd.newcomers)
        self.cards = {self.crowd.user(person): person.cards() for person in everybody}
        self.deeds: dict[What, list[Deed]] = defaultdict(list)
        self.done: dict[tuple[What, str, str], list[Deed]] = defaultdict(list)
        for deed in world.ledger.deeds:
            if deed.user in self.cards:
                self.deeds[deed.what].append(deed)
                self.done[deed.what, deed.user, deed.about].append(deed)
        self.result = Verdict()

    def verdict(self) -> Verdict:
        self.result.accepted = sum(self._accepted(deed) for deeds in self.deeds.values() for deed in deeds)
        self._count(What.POST, self.tables.drafts.__getitem__, "a link")
        self._count(What.ASK, self.tables.questions.__getitem__, "a question")
        self._count(What.COMPOSE, lambda mark: len(self.tables.posts.get(mark, ())), "a post")
        self._judge_drafts()
        self._judge_membership()
        self._judge_posts()
        self._judge_questions()
        if self.side.name == "slack":
            self._judge_slack()
        return self.result

    def _accepted(self, deed: Deed) -> bool:
        return deed.accepted(self.apologies)

    def _possible(self, what: What, user: str, about: str, before: str) -> set[str]:
        return possible(self.done[what, user, about], self.apologies, before)

    def _cards(self, person: Person, marker: str) -> list[Seen]:
        """Newest first."""
        return [card for card in self.cards[self.crowd.user(person)] if marker in card.words]

    # what has to be there once

    def _count(self, what: What, count: Callable[[str], int], name: str) -> None:
        for deed in self.deeds[what]:
            _expect(self.result, count(deed.about), f"{name} {deed.about}", required=self._accepted(deed))

    def _judge_drafts(self) -> None:
        lead = self.crowd.lead
        for deed in self.deeds[What.POST]:
            cards = [card for card in self._cards(lead, f"{NOWHERE}/{deed.about}") if _is_draft(card)]
            self._expect_card(lead, cards, deed.about, "the draft of", required=self._accepted(deed))

    def _judge_questions(self) -> None:
        lead, title = self.crowd.lead, t("question.title")
        for deed in self.deeds[What.ASK]:
            cards = [card for card in self._cards(lead, deed.about) if title in card.words]
            self._expect_card(lead, cards, deed.about, "the question", required=self._accepted(deed))

    def _expect_card(
        self, reader: Person, cards: Sequence[Seen], mark: str, what: str = "", *, required: bool
    ) -> None:
        if not cards and required and not self._is_given_up(reader, mark):
            self.result.lost.append(f"{self.crowd.user(reader)} is not shown {what} {mark}")
        elif len(cards) > 1:
            self._twice(reader, cards, f"{what} {mark}")

    def _is_given_up(self, reader: Person, mark: str) -> bool:
        """And not in silence."""
        if (mark, self.crowd.user(reader)) not in self.tables.given_up:
            return False
        told = bool(self._cards(self.crowd.lead, UNDELIVERED))
        self.result.given_up += told
        return told

    def _twice(self, reader: Person, cards: Sequence[Seen], what: str) -> None:
        """`cards` newest first: the answer to each older one is in question."""
        older = [card.message.id for card in cards[1:]] if self.side.name == "teams" else []
        excused = sum(self._answer_was_lost(id) for id in older)
        self.result.answer_lost += excused
        if len(cards) - 1 > excused:
            self.result.twice.append(f"{self.crowd.user(reader)} is shown {what} {len(cards)} times")

    def _answer_was_lost(self, id: str) -> bool:
        teams, told = self.world.teams, f'"{id}"'.encode()
        at = teams.stored[id]
        return (
            id in teams.unanswered
            or any(told in answer for answer in self.side.net.spoilt)
            or any(began <= at <= ended for began, ended in self.world.trouble)
        )

    # people

    def _judge_membership(self) -> None:
        for person in self.crowd.newcomers:
            user = self.crowd.user(person)
            now = IN if user in self.tables.members else OUT
            if now not in self._possible(What.JOIN, user, "", OUT):
                self.result.lost.append(f"{user} is {now}")
            if self.tables.consents[user] > 1:
                self.result.twice.append(f"{user} consented {self.tables.consents[user]} times")

    # posts

    def _judge_posts(self) -> None:
        for deed in self.deeds[What.COMPOSE]:
            for stored in self.tables.posts.get(deed.about, ()):
                self._judge_post(deed, stored)
        for person in self.crowd.newcomers:
            self._judge_newcomer(person)

    def _judge_post(self, deed: Deed, stored: Stored) -> None:
        lead = self.crowd.user(self.crowd.lead)
        whys = self._possible(What.CORRECT, lead, deed.about, deed.value)
        fates = self._possible(What.WITHDRAW, lead, deed.about, LIVE)
        if stored.why not in whys:
            self.result.lost.append(f"{deed.about} says {stored.why}, not {whys}")
        if (WITHDRAWN if stored.withdrawn else LIVE) not in fates:
            self.result.lost.append(f"{deed.about} is not {fates}")
        for member in self.crowd.members:
            self._judge_copy(member, deed.about, stored, required=True)

    def _judge_newcomer(self, person: Person) -> None:
        """Whoever is in for good was to get what was composed since, up to a week's ceiling; whoever left,
        nothing that was composed after that, and what they have is no longer drawn."""
        user = self.crowd.user(person)
        joins = self.done[What.JOIN, user, ""]
        if not joins:
            return
        got = [mark for mark in self.tables.posts if self._cards(person, mark)]
        for mark in got:
            if user in self.tables.members:
                self._judge_copy(person, mark, self.tables.posts[mark][0], required=False)
            else:
                self._expect_card(person, self._cards(person, mark), mark, required=False)
        if len(joins) == 1 and self._accepted(joins[0]):
            due = min(CEILING, self._published_since(joins[0]))
            if len(got) < due:
                self.result.lost.append(f"{user} is shown {len(got)} posts of {due}")
        if len(joins) == 2 and self._accepted(joins[1]):
            late = [mark for mark in got if self._composed_after(mark, joins[1])]
            self.result.twice += [f"{user} left, and is shown {mark}" for mark in late]

    def _published_since(self, join: Deed) -> int:
        assert join.ended is not None
        return sum(
            self._accepted(deed)
            and deed.began > join.ended
            and not self.tables.posts[deed.about][0].withdrawn
            for deed in self.deeds[What.COMPOSE]
            if deed.about in self.tables.posts
        )

    def _composed_after(self, mark: str, leave: Deed) -> bool:
        assert leave.ended is not None
        composed = self.done[What.COMPOSE, self.crowd.user(self.crowd.lead), mark]
        return all(deed.began > leave.ended for deed in composed)

    def _judge_copy(self, person: Person, mark: str, stored: Stored, *, required: bool) -> None:
        user, cards = self.crowd.user(person), self._cards(person, mark)
        self._expect_card(person, cards, mark, required=required and not stored.withdrawn)
        wrong = [self._wrong(user, mark, stored, card) for card in cards]
        if not (wrong and all(wrong)) or self._is_given_up(person, mark):  # of two in Teams the bot knows one
            return
        if stored.withdrawn and self._stand_unknown(cards):
            self.result.answer_lost += 1
        else:
            self.result.lost.append(f"{user}, {mark}: {wrong[0]}; the card says {cards[0].words[:300]}")

    def _stand_unknown(self, cards: Sequence[Seen]) -> bool:
        """Teams' answer to each of them was lost, and what was withdrawn was not sent again: the bot does not
        know where they stand."""
        known = {reference for _, reference in self.tables.shown}
        return self.side.name == "teams" and all(
            card.message.id not in known and self._answer_was_lost(card.message.id) for card in cards
        )

    def _wrong(self, user: str, mark: str, stored: Stored, card: Seen) -> str:
        """What is not shown as it was left; the tables themselves have to agree with what was accepted."""
        stance = DECLINED if (mark, user) in self.tables.declined else OPEN
        words = self.tables.words.get((mark, user), "")
        if stance not in self._possible(What.STANCE, user, mark, OPEN):
            return f"the stance is {stance}"
        if words not in (known := self._possible(What.WORDS, user, mark, "")):
            return f"the words are {words!r}, not {known}"
        if stored.withdrawn:
            return "" if TAKEN_BACK in card.words else "not shown as withdrawn"
        if card.offers(Reconsider) != (stance == DECLINED):
            return f"not shown as {stance}"
        if stance == OPEN and not (stored.why in card.words and words in card.words):
            return f"not shown with {stored.why} and {words!r}"
        return ""

    # Slack's own

    def _judge_slack(self) -> None:
        """Every message carries its row's id, so of whatever kind there is one, and where the row says."""
        places: dict[str, list[str]] = {}
        for message in self.world.slack.all_messages():
            if message.id:
                places.setdefault(message.id, []).append(message.reference)
        for id, found in places.items():
            if len(found) > 1:
                self.result.twice.append(f"the message {id} stands {len(found)} times")
        for id, reference in self.tables.shown:
            if ":" in reference and reference not in places.get(id, ()):
                self.result.lost.append(f"the message {id} does not stand where its row says")


def _is_draft(card: Seen) -> bool:
    return card.offers(OpenCompose) or USED in card.words
