"""Just before the call the claim is checked."""

from __future__ import annotations

from tests.scheduler.world import World


async def test_a_claim_that_cannot_be_checked_is_not_sent(world: World) -> None:
    (address,) = await world.circle()
    await world.request([address])

    class Blind:
        async def read(self, work):  # type: ignore[no-untyped-def]
            raise OSError("the database is away")

        async def transact(self, work):  # type: ignore[no-untyped-def]
            return await world.database.transact(work)

    async def before(method: str, _: str) -> None:
        if method == "reach":
            world.clock.pass_(seconds=2)

    world.chat.before = before
    await world.pump(Blind()).drain()  # type: ignore[arg-type]
    assert world.chat.calls["send"] == 0
    world.chat.before = None
    world.clock.pass_(seconds=5)
    await world.pump().drain()
    assert world.shown(address) == ["s v1"]
    assert world.chat.calls["send"] == 1
