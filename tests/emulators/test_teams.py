"""The fake keeps Microsoft's rules: else every test above it proves nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import jwt
import pytest

from bot.chat.messenger import asked_to_wait
from tests.emulators.teams import FakeTeams, Fault

HERE, THERE = "19:here@thread.tacv2", "19:there@thread.tacv2"


class Clock:
    now = datetime(2026, 11, 30, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def teams(clock: Clock) -> AsyncIterator[FakeTeams]:
    fake = FakeTeams(clock, strict=True)
    await fake.start()
    fake.valid_tokens.add("token")
    yield fake
    await fake.close()


async def post(teams: FakeTeams, conversation: str = HERE) -> tuple[int, dict[str, str]]:
    """Status and headers."""
    url = f"{teams.service_url}v3/conversations/{conversation}/activities"
    async with (
        aiohttp.ClientSession(headers={"Authorization": "Bearer token"}) as session,
        session.post(url, json={"type": "message"}) as answer,
    ):
        return answer.status, dict(answer.headers)


async def statuses(teams: FakeTeams, times: int, conversation: str = HERE) -> list[int]:
    return [(await post(teams, conversation))[0] for _ in range(times)]


async def test_a_conversation_takes_seven_calls_in_a_second_and_eight_in_two(
    teams: FakeTeams, clock: Clock
) -> None:
    assert await statuses(teams, 8) == [201] * 7 + [429]
    clock.pass_(1)
    assert await statuses(teams, 2) == [201, 429]
    assert await statuses(teams, 1, THERE) == [201]
    clock.pass_(1)
    assert await statuses(teams, 1) == [201]


async def test_a_conversation_takes_sixty_calls_in_half_a_minute(teams: FakeTeams, clock: Clock) -> None:
    taken = []
    for _ in range(16):
        taken += await statuses(teams, 4)
        clock.pass_(1)
    assert taken == [201] * 60 + [429] * 4
    clock.pass_(14)
    assert await statuses(teams, 1) == [201]


async def test_a_tenant_takes_fifty_calls_in_a_second(teams: FakeTeams, clock: Clock) -> None:
    taken = [(await post(teams, f"19:{number}@thread.tacv2"))[0] for number in range(51)]
    assert taken == [201] * 50 + [429]
    clock.pass_(1)
    assert await statuses(teams, 1) == [201]


async def test_a_throttled_call_says_when_to_come_back(teams: FakeTeams) -> None:
    teams.faults += [Fault(429, {"Retry-After": "7"}), Fault(429, until=7)]
    for _ in range(2):
        status, headers = await post(teams)
        assert (status, asked_to_wait(headers["Retry-After"], headers["Date"])) == (429, 7)


@pytest.mark.parametrize("skew", [-120.0, 120.0])
async def test_microsofts_own_clock_may_differ(clock: Clock, skew: float) -> None:
    teams = FakeTeams(clock, skew=skew)
    await teams.start()
    claims = jwt.decode(teams.inbound_token(), options={"verify_signature": False})
    assert claims["exp"] - 3600 == clock.now.timestamp() + skew
    assert teams.activity("message")["timestamp"] == (clock.now + timedelta(seconds=skew)).isoformat()
    await teams.close()
