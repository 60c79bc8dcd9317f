"""The pump against Slack as it is on a bad day: nothing lost, nothing twice, never faster than allowed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from itertools import count, pairwise

import pytest

from bot.chat.action import pack
from bot.chat.event import Click, Command, Sender
from bot.domain.circle import Role
from bot.domain.member import Preferences
from bot.domain.message import POST, Message, State
from bot.domain.post import Copy
from bot.platforms.slack.messenger import PACE
from handlers.membership.service import found_circle
from handlers.posts import service
from handlers.trace.cards import RetryAll
from scheduler.pump import Pump
from scheduler.pump.failures import ATTEMPTS, backoff
from scheduler.pump.times import LEASE, SWEEP
from storage import circles, messages, people, posts, tables
from storage.transaction import CircleTransaction, Transaction
from tests.e2e.conftest import Bot, Town
from tests.emulators.slack import FakeSlack, Fault, Kind
from tests.house import Clock
from tests.platforms.slack.blocks import check

SEND, UPDATE, HISTORY = "chat.postMessage", "chat.update", "conversations.history"
WISHES = Preferences(networks=("linkedin",), weekly_ceiling=10)


@dataclass
class Circle:
    """A circle of one Slack workspace, filled straight in the tables. Its lead is U<n>LEAD."""

    bot: Bot
    slack: FakeSlack
    team: str
    id: str = ""
    keys: Iterator[int] = field(default_factory=count)

    @property
    def clock(self) -> Clock:
        return self.bot.clock

    @property
    def lead(self) -> str:
        return f"U{self.team[1:]}LEAD"

    async def open(self) -> Circle:
        await self.bot.cercle.database.transact(self._open)
        self.slack.add_user(self.lead, "Camille", locale="fr-FR", tz="Europe/Paris")
        return self

    def _open(self, tx: Transaction) -> None:
        found_circle(tx, "slack", self.team, "fr", "Europe/Paris", self.clock())
        people.add(tx, "slack", self.team, self.lead, zone="Europe/Paris", role=Role.LEAD)
        found = people.find(tx, "slack", self.team, self.lead)
        assert found
        self.id = found[0].id

    async def members(self, number: int, wishes: Preferences = WISHES) -> list[str]:
        """Their ids in Slack."""
        users = [f"U{self.team[1:]}M{next(self.keys)}" for _ in range(number)]
        for user in users:
            self.slack.add_user(user, user, locale="fr-FR", tz="Europe/Paris")
        await self.bot.cercle.database.transact(partial(self._members, users=users, wishes=wishes))
        return users

    def _members(self, tx: Transaction, users: list[str], wishes: Preferences) -> None:
        followed = replace(wishes, topics=frozenset({circles.topics(CircleTransaction(tx, self.id))[0].id}))
        for user in users:
            profile = {"name": user, "zone": "Europe/Paris", "language": "fr"}
            people.add(tx, "slack", self.team, user, **profile)
            found = people.find(tx, "slack", self.team, user)
            assert found
            people.join(tx, found[1], followed, 1, self.clock())

    async def publish(self, title: str = "Un an d’horaires choisis", days: float = 14) -> str:
        return await self.bot.cercle.database.transact(partial(self._publish, title=title, days=days))

    def _publish(self, tx: Transaction, title: str, days: float) -> str:
        author = people.find(tx, "slack", self.team, self.lead)
        assert author
        circle = CircleTransaction(tx, self.id)
        post_id = posts.add(circle, author[1].id, self._copy(circle, title, days), self.clock())
        service.publish(circle, post_id, self.clock())
        return post_id

    def _copy(self, circle: CircleTransaction, title: str, days: float = 14) -> Copy:
        topic, expiry = circles.topics(circle)[0].id, self.clock() + timedelta(days=days)
        return Copy("https://example.org/a", title, "Pourquoi.", ("Accroche.",), topic, (), "", "", expiry)

    async def correct(self, post_id: str, title: str) -> None:
        def change(tx: Transaction) -> None:
            circle = CircleTransaction(tx, self.id)
            posts.change(circle, post_id, self._copy(circle, title))
            messages.redraw(circle, POST, post_id, self.clock())

        await self.bot.cercle.database.transact(change)

    # what happens

    async def settle(self, **span: float) -> None:
        self.clock.pass_(**span)
        await self.bot.cercle.pump.drain()

    async def does(self, user: str, what: str) -> None:
        """A command, or with a slash the packed action behind a button."""
        sender = Sender("slack", self.team, user, user, "fr-FR", "Europe/Paris")
        key = f"{self.team}-{next(self.keys)}"
        await self.bot.cercle.dispatch(
            Click(key, sender, what) if "/" in what else Command(key, sender, what)
        )

    def got(self, user: str) -> list[str]:
        return [message.words() for message in self.slack.seen(user)]

    def calls(self, method: str) -> list[float]:
        return [call.at for call in self.slack.calls if call.method == method]

    async def rows(self, kind: str = "post") -> list[Message]:
        def read(tx: Transaction) -> list[Message]:
            circle, m = CircleTransaction(tx, self.id), tables.message.c
            ids = tx.execute(
                tables.message.select().with_only_columns(m.id).where(m.circle_id == self.id, m.kind == kind)
            ).scalars()
            return [found for id in list(ids) if (found := messages.load(circle, id))]

        return await self.bot.look(read)

    async def states(self) -> Counter[State]:
        query = "select state, count(*) from message where circle_id = :circle and kind = 'post' group by 1"
        return Counter({State(state): number for state, number in await self.bot.rows(query, circle=self.id)})


@asynccontextmanager
async def workspace(town: Town, *, skew: float = 0.0) -> AsyncIterator[Circle]:
    """A Slack that enforces its own limits, and whose clock differs from ours by `skew` seconds."""

    def clock() -> float:
        return town.clock().timestamp()

    async with FakeSlack(check=check, clock=clock, skew=skew, strict=True) as slack:
        async with town.bot(slack=slack) as bot:
            yield await Circle(bot, slack, "T1").open()
        assert slack.complaints == []


@pytest.fixture
async def circle(town: Town) -> AsyncIterator[Circle]:
    async with workspace(town) as circle:
        yield circle


# Asked to wait


async def test_429_holds_the_whole_workspace_and_loses_nothing(circle: Circle) -> None:
    users = await circle.members(15)
    await circle.publish()
    circle.slack.faults.script(SEND, Fault(Kind.THROTTLE, 30))
    await circle.settle()
    first = len(circle.calls(SEND))
    assert first == PACE.send.burst
    await circle.settle(seconds=15)
    await circle.settle(seconds=14)
    assert len(circle.calls(SEND)) == first
    for _ in range(5):
        await circle.settle(seconds=2)
    assert [len(circle.got(user)) for user in users] == [1] * 15
    assert len(circle.calls(SEND)) == 16
    assert await circle.states() == {State.SHOWN: 15}


async def test_429_with_a_date_holds_the_workspace_until_then(circle: Circle) -> None:
    (user,) = await circle.members(1)
    await circle.publish()
    circle.slack.faults.script(SEND, Fault(Kind.THROTTLE_UNTIL, 30))
    await circle.settle()
    await circle.settle(seconds=28)
    assert circle.got(user) == []
    await circle.settle(seconds=2)
    assert len(circle.got(user)) == 1


async def test_a_429_on_one_workspace_does_not_delay_the_other(circle: Circle) -> None:
    slow = await circle.members(1)
    await circle.publish()
    circle.slack.faults.script(SEND, Fault(Kind.THROTTLE, 60))
    await circle.settle()
    other = await Circle(circle.bot, circle.slack, "T2").open()
    quick = await other.members(5)
    await other.publish()
    await circle.settle()
    assert [len(other.got(user)) for user in quick] == [1] * 5
    assert circle.got(slow[0]) == []
    await circle.settle(seconds=61)
    assert len(circle.got(slow[0])) == 1


# Answers that never came


LOST = [Kind.CUT, Kind.TRUNCATE, Kind.ERROR, Kind.HTML, Kind.RESET]
ARRIVED = (Kind.CUT, Kind.TRUNCATE)


@pytest.mark.parametrize("kind", LOST)
async def test_a_lost_answer_is_looked_for_in_the_history(circle: Circle, kind: Kind) -> None:
    (user,) = await circle.members(1)
    await circle.publish()
    circle.slack.faults.script(SEND, kind)
    await circle.settle()
    assert await circle.states() == {State.SENDING: 1}
    await circle.settle(seconds=LEASE.total_seconds() - 1)
    assert await circle.states() == {State.SENDING: 1}
    await circle.settle(seconds=2)
    assert await circle.states() == {State.SHOWN: 1}
    for _ in range(3):
        await circle.settle(minutes=1)
    sent = [call for call in circle.slack.calls if call.method == SEND and is_to(call.args, user)]
    assert len(sent) == (1 if kind in ARRIVED else 2)
    assert len(circle.got(user)) == 1
    assert len(circle.calls(HISTORY)) == 2
    assert circle.got(circle.lead) == []
    (row,) = await circle.rows()
    assert row.reference == circle.slack.seen(user)[0].reference


@pytest.mark.parametrize("kind", ARRIVED)
@pytest.mark.parametrize("skew", [-120.0, -3.0, 120.0])
async def test_a_lost_answer_is_found_whatever_slacks_clock_says(town: Town, kind: Kind, skew: float) -> None:
    async with workspace(town, skew=skew) as circle:
        (user,) = await circle.members(1)
        await circle.publish()
        circle.slack.faults.script(SEND, kind)
        await circle.settle()
        await circle.settle(seconds=LEASE.total_seconds() + 1)
        assert await circle.states() == {State.SHOWN: 1}
        await circle.settle(seconds=SWEEP.total_seconds())
        assert len(circle.got(user)) == 1


async def test_a_crash_in_a_fan_out_sends_nothing_twice_while_slacks_clock_is_behind(town: Town) -> None:
    """Half of the cards stand in Slack when the process ends; it had written down none of their answers."""
    async with workspace(town, skew=-3.0) as circle:
        users = await circle.members(10)
        await circle.publish()
        circle.slack.faults.script(SEND, *[Fault(Kind.SLOW, 5)] * 5)
        crashed = asyncio.create_task(second_pump(circle).drain())
        while len(circle.calls(SEND)) < 5:
            await asyncio.sleep(0.01)
        crashed.cancel()
        with suppress(asyncio.CancelledError):
            await crashed
        for _ in range(6):
            await circle.settle(seconds=LEASE.total_seconds() + 1)
        assert await circle.states() == {State.SHOWN: 10}
        await circle.settle(seconds=SWEEP.total_seconds())
        assert [len(circle.got(user)) for user in users] == [1] * 10


@pytest.mark.parametrize("kind", LOST)
async def test_without_the_scope_a_lost_answer_rests_unknown(circle: Circle, kind: Kind) -> None:
    (user,) = await circle.members(1)
    await unknown(circle, kind)
    await circle.settle(days=1)
    assert len([call for call in circle.slack.calls if call.method == SEND and is_to(call.args, user)]) == 1
    assert len(circle.got(user)) == (1 if kind in ARRIVED else 0)
    letter = circle.got(circle.lead)[-1]
    assert "la réponse s’est perdue" in letter
    assert user in letter


async def unknown(circle: Circle, kind: Kind) -> None:
    """Its one post's card for its one member is lost, and Slack was not asked for im:history."""
    await circle.publish()
    circle.slack.faults.script(SEND, kind)
    circle.slack.faults.script(HISTORY, Fault(Kind.REFUSE, code="missing_scope"))
    await circle.settle()
    await circle.settle(seconds=61)
    assert await circle.states() == {State.UNKNOWN: 1}


async def test_a_scope_granted_later_needs_no_restart(circle: Circle) -> None:
    (user,) = await circle.members(1)
    await unknown(circle, Kind.CUT)
    circle.slack.faults.script(SEND, Kind.CUT)
    await circle.publish("Un autre")
    await circle.settle(seconds=2)
    await circle.settle(seconds=LEASE.total_seconds() + 1)
    assert await circle.states() == {State.UNKNOWN: 1, State.SHOWN: 1}
    assert len(circle.got(user)) == 2


async def test_a_human_may_send_an_unknown_one_again(circle: Circle) -> None:
    (user,) = await circle.members(1)
    await unknown(circle, Kind.RESET)
    await circle.does(circle.lead, pack(RetryAll(State.UNKNOWN)))
    await circle.settle(seconds=2)
    assert len(circle.got(user)) == 1
    assert "Rien n’attend de décision" in circle.got(circle.lead)[-1]


def is_to(args: dict[str, object], user: str) -> bool:
    return args.get("channel") == f"D{user[1:]}"


async def test_a_change_that_fails_is_tried_again_with_patience(circle: Circle) -> None:
    (user,) = await circle.members(1)
    post = await circle.publish()
    await circle.settle()
    circle.slack.faults.script(UPDATE, Kind.ERROR, Kind.CUT, Kind.HTML)
    await circle.correct(post, "Corrigé")
    await circle.settle(seconds=2)
    for attempt in (1, 2, 3):
        assert len(circle.calls(UPDATE)) == attempt
        wait = backoff(attempt).total_seconds()
        await circle.settle(seconds=wait - 0.5)
        assert len(circle.calls(UPDATE)) == attempt
        await circle.settle(seconds=0.5)
    assert len(circle.calls(UPDATE)) == 4
    await circle.settle(seconds=SWEEP.total_seconds())
    assert len(circle.calls(UPDATE)) == 5  # after whatever may still have been on its way
    assert await circle.states() == {State.SHOWN: 1}
    assert len(circle.got(user)) == 1
    assert "Corrigé" in circle.got(user)[0]


# Dead letters


async def test_a_dead_letter_is_shown_to_the_comms_team_and_can_be_tried_again(circle: Circle) -> None:
    good, bad = await circle.members(2)
    circle.slack.faults.script(SEND, Fault(Kind.REFUSE, code="invalid_blocks"))
    await circle.publish()
    await circle.settle()
    unlucky = good if not circle.got(good) else bad
    await circle.settle(seconds=2)
    letter = circle.slack.seen(circle.lead)[-1]
    assert unlucky in letter.words()
    assert "La messagerie a refusé ce message." in letter.words()
    assert "invalid_blocks" not in letter.words()
    assert letter.offers(RetryAll)
    await circle.does(circle.lead, pack(RetryAll(State.DEAD)))
    await circle.settle(seconds=2)
    assert [len(circle.got(user)) for user in (good, bad)] == [1, 1]
    assert "Rien n’attend de décision" in circle.got(circle.lead)[-1]


async def test_a_change_gives_up_after_its_attempts_and_says_so(circle: Circle) -> None:
    await circle.members(1)
    post = await circle.publish()
    await circle.settle()
    circle.slack.faults.script(UPDATE, *[Kind.ERROR] * ATTEMPTS)
    await circle.correct(post, "Corrigé")
    await circle.settle(seconds=2)
    for attempt in range(1, ATTEMPTS):
        await circle.settle(seconds=backoff(attempt).total_seconds())
    assert len(circle.calls(UPDATE)) == ATTEMPTS
    assert await circle.states() == {State.DEAD: 1}
    await circle.settle(seconds=2)
    assert "La messagerie n’a pas répondu" in circle.got(circle.lead)[-1]
    await circle.correct(post, "Corrigé encore")
    await circle.settle(seconds=2)
    assert await circle.states() == {State.SHOWN: 1}


async def test_what_somebody_deletes_in_slack_is_left_at_that(circle: Circle) -> None:
    keeps, deletes = await circle.members(2)
    post = await circle.publish()
    await circle.settle()
    circle.slack.messages[circle.slack.dm(deletes)].clear()
    for title in ("Corrigé", "Corrigé encore"):
        await circle.correct(post, title)
        await circle.settle(seconds=2)
    assert await circle.states() == {State.SHOWN: 1, State.DROPPED: 1}
    assert "Corrigé encore" in circle.got(keeps)[0]
    assert circle.got(deletes) == circle.got(circle.lead) == []
    assert len(circle.calls(UPDATE)) == 3


async def test_whoever_cannot_be_reached_is_waited_for_in_silence(circle: Circle) -> None:
    (user,) = await circle.members(1)
    circle.slack.faults.script(SEND, Fault(Kind.REFUSE, code="user_disabled"))
    await circle.publish()
    await circle.settle()
    await circle.settle(days=2)
    assert len(circle.calls(SEND)) == 1
    assert circle.got(circle.lead) == []
    assert await circle.states() == {State.WAITING: 1}
    await circle.does(user, "help")
    await circle.settle()
    assert len(circle.got(user)) == 1


# May it go


async def test_what_expired_before_it_could_go_is_dropped(circle: Circle) -> None:
    evening = replace(WISHES, day_start=time(20), day_end=time(22))
    (user,) = await circle.members(1, evening)
    await circle.publish(days=0.1)
    await circle.settle()
    assert await circle.states() == {State.WAITING: 1}
    await circle.settle(hours=11)
    assert circle.got(user) == []
    assert await circle.states() == {State.DROPPED: 1}


async def test_working_time_and_holidays_are_waited_for(circle: Circle) -> None:
    (user,) = await circle.members(1, replace(WISHES, country="FR"))
    circle.clock.now = datetime(2026, 12, 24, 17, 30, tzinfo=UTC)  # 18:30 on Christmas Eve in Paris
    await circle.publish()
    await circle.settle()
    for hours in (15, 24, 24):  # Christmas is a Friday, then a weekend
        await circle.settle(hours=hours)
        assert circle.got(user) == []
    circle.clock.now = datetime(2026, 12, 28, 7, 59, 59, tzinfo=UTC)
    await circle.settle()
    assert circle.got(user) == []
    await circle.settle(seconds=1)
    assert len(circle.got(user)) == 1


async def test_the_ceiling_holds_until_the_next_week(circle: Circle) -> None:
    (user,) = await circle.members(1, replace(WISHES, weekly_ceiling=2))
    for title in ("Un", "Deux", "Trois", "Quatre"):
        await circle.publish(title)
    for _ in range(6):
        await circle.settle(seconds=2)
    assert len(circle.got(user)) == 2
    await circle.settle(days=3)
    assert len(circle.got(user)) == 2
    circle.clock.now = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
    for _ in range(6):
        await circle.settle(seconds=2)
    assert len(circle.got(user)) == 4


async def test_a_consent_withdrawn_between_accept_and_send(circle: Circle) -> None:
    stays, goes = await circle.members(2)
    await circle.publish()
    await circle.does(goes, "leave")
    await circle.settle()
    await circle.settle(days=1)
    assert (len(circle.got(stays)), circle.got(goes)) == (1, [])


async def test_a_consent_withdrawn_while_slack_asked_to_wait(circle: Circle) -> None:
    (user,) = await circle.members(1)
    circle.slack.faults.script(SEND, Fault(Kind.THROTTLE, 30))
    await circle.publish()
    await circle.settle()
    await circle.does(user, "leave")
    await circle.settle(seconds=31)
    assert circle.got(user) == []
    assert await circle.states() == {State.DROPPED: 1}


# Several at once


def second_pump(circle: Circle) -> Pump:
    """As another process would run it on the same tables."""
    cercle = circle.bot.cercle
    return Pump(cercle.database, cercle.platforms, cercle.drawings, circle.bot.site, circle.clock)


async def test_two_pumps_send_each_message_once(circle: Circle) -> None:
    users = await circle.members(40)
    await circle.publish()
    one, other = circle.bot.cercle.pump, second_pump(circle)
    for _ in range(10):
        await asyncio.gather(one.drain(), other.drain())
        circle.clock.pass_(seconds=2)
    assert [len(circle.got(user)) for user in users] == [1] * 40
    assert len(circle.calls(SEND)) == 40


async def test_a_stale_fence_writes_nothing(circle: Circle) -> None:
    """The first pump's update hangs; its lease ends; the second draws a newer version; the first one's
    answer comes after all."""
    (user,) = await circle.members(1)
    post = await circle.publish()
    await circle.settle()
    circle.slack.faults.script(UPDATE, Fault(Kind.SLOW, 0.4))
    await circle.correct(post, "Deux")
    slow = asyncio.create_task(circle.bot.cercle.pump.drain())
    while not circle.calls(UPDATE):
        await asyncio.sleep(0.01)
    circle.clock.pass_(seconds=LEASE.total_seconds() + 1)
    await circle.correct(post, "Trois")
    await second_pump(circle).drain()
    (before,) = await circle.rows()
    await slow
    (after,) = await circle.rows()
    assert after == before
    assert (after.state, after.shown_version, after.wanted_version) == (State.SHOWN, 3, 3)
    circle.clock.pass_(seconds=SWEEP.total_seconds())
    await second_pump(circle).drain()
    (last,) = await circle.rows()
    assert (last.state, last.shown_version, last.wanted_version) == (State.SHOWN, 4, 4)
    assert "Trois" in circle.got(user)[0]


async def test_a_first_answer_that_comes_after_its_lease_was_found_already(circle: Circle) -> None:
    (user,) = await circle.members(1)
    await circle.publish()
    circle.slack.faults.script(SEND, Fault(Kind.SLOW, 0.4))
    slow = asyncio.create_task(circle.bot.cercle.pump.drain())
    while not circle.calls(SEND):
        await asyncio.sleep(0.01)
    circle.clock.pass_(seconds=LEASE.total_seconds() + 1)
    await second_pump(circle).drain()
    (before,) = await circle.rows()
    await slow
    assert await circle.rows() == [before]
    assert await circle.states() == {State.SHOWN: 1}
    assert len(circle.got(user)) == 1


# Pace


async def test_twenty_changes_within_the_pace_become_few(circle: Circle) -> None:
    (user,) = await circle.members(1)
    post = await circle.publish()
    await circle.settle()
    for number in range(1, 21):
        await circle.correct(post, f"Version {number}")
        await circle.settle(seconds=0.1)
    await circle.settle(seconds=2)
    assert len(circle.calls(UPDATE)) <= 4
    assert "Version 20" in circle.got(user)[0]
    (row,) = await circle.rows()
    assert row.shown_version == row.wanted_version == 21


def fastest(times: list[float], seconds: float) -> int:
    """The most calls in any window of that length."""
    return max((sum(start <= at < start + seconds for at in times) for start in times), default=0)


async def test_the_pace_is_never_exceeded_and_everybody_is_served(town: Town) -> None:
    """60 members all get two posts and a correction."""
    async with workspace(town) as circle:
        users = await circle.members(60)
        post = await circle.publish("Un")
        await circle.publish("Deux")
        while (await circle.states())[State.SHOWN] < 120:
            await circle.settle(seconds=1)
        await circle.correct(post, "Un, corrigé")
        while any("Un, corrigé" not in " ".join(circle.got(user)) for user in users):
            await circle.settle(seconds=2)
        assert [len(circle.got(user)) for user in users] == [2] * 60

        for method, limit in ((SEND, PACE.send), (UPDATE, PACE.update)):
            for seconds in (1, 5, 20, 60):
                assert fastest(circle.calls(method), seconds) <= limit.burst + limit.rate * seconds + 1
        for user in users:
            mine = [c.at for c in circle.slack.calls if c.method == SEND and is_to(c.args, user)]
            assert all(later - sooner >= 1 for sooner, later in pairwise(mine))
        assert len(circle.calls(SEND)) == 120
