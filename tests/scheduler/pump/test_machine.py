"""Any order of events that a life can bring, against the real tables and a chat with a memory. What must hold
whatever happens, in the words of the promises: nothing twice, nothing lost, nothing after leaving."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.chat.messenger import MessengerError, Notice, Throttled, Unavailable, Unsure
from bot.domain.message import POST, State
from scheduler.pump import Pump
from scheduler.pump.failures import ATTEMPTS
from scheduler.pump.times import LEASE, SWEEP
from storage import people
from storage.engines.connect import connect
from storage.transaction import CircleTransaction, Transaction
from tests import databases
from tests.house import Clock
from tests.scheduler.world import Cut, FakeChat, World

MEMBERS = 3
SEND_FAULTS = st.sampled_from([Cut("cut"), Unsure("reset"), Unavailable("503"), Throttled(5)])
FIND_FAULTS = st.sampled_from([Cut("cut"), Unavailable("503"), Throttled(20)])
NUMBERS = st.integers(0, MEMBERS - 1)


class Life(RuleBasedStateMachine):
    """One workspace whose chat shows its history; two pumps, one of which may die or freeze."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.fresh = databases.fresh("sqlite", Path(self.folder.name))
        self.database = connect(self.fresh.__enter__())
        self.database.open()
        self.clock = Clock()
        self.chat = FakeChat(self.clock)
        self.world = World(self.database, self.chat, self.clock)
        self.posts = 0
        self.left: dict[str, Counter[str]] = {}
        self.addresses: list[str] = []
        self.ever_frozen = False

    def teardown(self) -> None:
        self.run(self.end_of_time())
        self.everything_holds_at_the_end()
        self.database.close()
        self.fresh.__exit__(None, None, None)
        self.folder.cleanup()
        self.loop.close()

    def run(self, work):  # type: ignore[no-untyped-def]
        return self.loop.run_until_complete(work)

    @initialize()
    def begin(self) -> None:
        self.addresses = self.run(self.world.circle(members=MEMBERS))

    def pump(self) -> Pump:
        """Of a process that has just started: nothing is remembered but what stands in the tables."""
        return self.world.pump()

    # what people do

    @rule()
    def accept(self) -> None:
        staying = [address for address in self.addresses if address not in self.left]
        if staying:
            self.run(self.world.request(staying, f"c{self.posts}"))
            self.posts += 1

    @precondition(lambda self: self.posts)
    @rule(data=st.data())
    def correct(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(0, self.posts - 1))
        self.run(self.world.change(subject=f"c{number}"))

    @rule(number=NUMBERS)
    def leave(self, number: int) -> None:
        self.run(self.leaving(self.addresses[number]))

    async def leaving(self, address: str) -> None:
        if address not in self.left:
            await self.world.leave(address)
            self.left[address] = self.notices(address)

    @rule(number=NUMBERS, hours=st.integers(1, 48))
    def pause(self, number: int, hours: int) -> None:
        address = self.addresses[number]

        def pausing(tx: Transaction) -> None:
            person = people.at_address(CircleTransaction(tx, self.world.circles["T1"]), address)
            assert person
            people.pause(tx, person, self.clock() + timedelta(hours=hours))

        self.run(self.database.transact(pausing))

    @rule(number=NUMBERS, pick=st.integers(0, 99), then=st.sampled_from(["shows", "dies", "shows and dies"]))
    def press(self, number: int, pick: int, then: str) -> None:
        """A button on a card that they see. The process that heard it may be killed, before or after it drew
        over the card."""
        self.run(self.pressing(self.addresses[number], pick, then))

    async def pressing(self, address: str, pick: int, then: str) -> None:
        if not self.chat.stored[address]:
            return
        posted = self.chat.stored[address][pick % len(self.chat.stored[address])]
        redraw = await self.world.press(address, posted.reference, posted.words.split()[0])
        if redraw is None or then == "dies":
            return
        show = self.world.over(address, posted.reference)
        if then == "shows":
            await redraw(show)
            return

        async def killed(notice: Notice) -> None:
            with suppress(MessengerError):
                await show(notice)
            raise asyncio.CancelledError

        with suppress(asyncio.CancelledError):
            await redraw(killed)

    # what the network does

    @rule(fault=SEND_FAULTS)
    def trouble_with_sending(self, fault: MessengerError) -> None:
        self.chat.meets("send", fault)

    @rule(fault=FIND_FAULTS)
    def trouble_with_looking(self, fault: MessengerError) -> None:
        self.chat.meets("find", fault)

    @rule(fault=st.sampled_from([Cut("cut"), Unavailable("503"), Throttled(5)]))
    def trouble_with_changing(self, fault: MessengerError) -> None:
        self.chat.meets("update", fault)

    @rule(fault=st.sampled_from([Cut("cut"), Unsure("reset"), Unavailable("used_url")]))
    def trouble_with_drawing_over(self, fault: MessengerError) -> None:
        self.chat.meets("over", fault)

    # what processes do

    @rule()
    def send(self) -> None:
        self.run(self.pump().drain())

    @rule(method=st.sampled_from(["reach", "send", "update"]), done=st.booleans())
    def die(self, method: str, done: bool) -> None:
        """Killed at the socket, before or after the chat did it; nothing of the process is left."""
        pump = self.pump()

        async def killed(called: str, address: str) -> None:
            if called == method:
                self.chat.before = None
                raise asyncio.CancelledError

        async def dying() -> None:
            self.chat.before = killed
            await pump.round()
            await asyncio.gather(*pump._under_way.tasks(), return_exceptions=True)
            self.chat.before = None

        if done and method == "send":
            self.chat.meets("send", Cut("killed"))
        self.run(dying())

    @rule(
        method=st.sampled_from(["reach", "send"]),
        seconds=st.sampled_from([1, 30, 61, 100]),
        meanwhile=st.sampled_from(["nothing", "another sends", "its reader leaves", "both"]),
    )
    def freeze(self, method: str, seconds: int, meanwhile: str) -> None:
        """Stopped at its next call, and thawed when something else has happened."""
        self.run(self.freezing(method, seconds, meanwhile))

    async def freezing(self, method: str, seconds: int, meanwhile: str) -> None:
        frozen, thaw = asyncio.Event(), asyncio.Event()
        held: list[str] = []

        async def before(called: str, address: str) -> None:
            if called == method and not held:
                held.append(address)
                frozen.set()
                await thaw.wait()

        self.chat.before = before
        process = asyncio.ensure_future(self.pump().drain())
        noticed = asyncio.ensure_future(frozen.wait())
        await asyncio.wait([process, noticed], return_when=asyncio.FIRST_COMPLETED)
        noticed.cancel()
        self.chat.before = None
        if held:
            self.ever_frozen = True
            if meanwhile in ("its reader leaves", "both"):
                await self.leaving(held[0])
            self.clock.pass_(seconds=seconds)
            if meanwhile in ("another sends", "both"):
                await self.pump().drain()
        thaw.set()
        await process

    @rule(seconds=st.sampled_from([1, 5, 30, 61, 120, 3600, 86400]))
    def tick(self, seconds: int) -> None:
        self.clock.pass_(seconds=seconds)

    # what holds

    def notices(self, address: str) -> Counter[str]:
        return Counter(posted.id for posted in self.chat.stored[address])

    @invariant()
    def nobody_sees_a_card_twice(self) -> None:
        """But for what a frozen process sent, until the sweep."""
        for address in self.addresses:
            assert max(self.notices(address).values(), default=0) <= 1 + self.ever_frozen

    async def end_of_time(self) -> None:
        """Every fault is over, and time enough goes by."""
        self.chat.faults.clear()
        self.chat.before = None
        for _ in range(3 * ATTEMPTS):
            self.clock.pass_(seconds=(LEASE + SWEEP).total_seconds())
            await self.pump().drain()
        for _ in range(4):
            self.clock.pass_(days=1)
            await self.pump().drain()

    def everything_holds_at_the_end(self) -> None:
        for address, had in self.left.items():
            assert self.notices(address) <= had, "came after leaving"
        rows = [row for row in self.run(self.world.rows()) if row.kind == POST.name]
        for row in rows:
            seen = self.notices(row.address)[row.id]
            assert seen <= 1, "twice"
            match row.state:
                case State.SHOWN:
                    assert seen == 1, "lost"
                    (posted,) = [p for p in self.chat.stored[row.address] if p.id == row.id]
                    assert posted.words == f"{row.subject_id} v{row.wanted_version}", "an old version"
                case State.DROPPED:
                    assert row.address in self.left, "dropped without a reason"
                    assert seen == 0, "stands there after leaving"
                case State.DEAD | State.UNKNOWN:
                    pass
                case _:
                    raise AssertionError(f"still {row.state}")


Life.TestCase.settings = settings(
    max_examples=30,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestLife = Life.TestCase
