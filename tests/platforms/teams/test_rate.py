"""Answers share Teams' limits with what the pump sends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.chat.card import Card
from bot.chat.messenger import Limit, Throttled
from bot.chat.reply import Say
from bot.platforms.teams import rate
from bot.platforms.teams.adapter import PACE
from bot.platforms.teams.rate import AnswerRate
from tests.emulators.teams import CHANNEL, Fault
from tests.platforms.teams.conftest import House

TENANT, CONVERSATION = Limit(2, burst=2), Limit(1, burst=4)
STEP = 0.01
DONE = Card("C'est gardé")


@pytest.fixture(autouse=True)
def usual_people(monkeypatch: pytest.MonkeyPatch, hurried_people: None) -> None:
    monkeypatch.setattr(rate, "TENANT", TENANT)
    monkeypatch.setattr(rate, "CONVERSATION", CONVERSATION)


def greedy(limit: Limit, until: float) -> list[float]:
    """When messages leave that wait for nothing but a limit, as `storage.paces` allows them."""
    free, left, interval = 0.0, [], limit.interval / timedelta(seconds=1)
    for step in range(round(until / STEP)):
        now = step * STEP
        while free - interval * (limit.burst - 1) <= now:
            free = max(free, now) + interval
            left.append(now)
    return left


def answers(until: float, conversation: Callable[[int], str]) -> list[float]:
    """When answers leave that are asked for all the time."""
    now = 0.0
    spent = AnswerRate(lambda: now)
    left = []
    for step in range(round(until / STEP)):
        now = step * STEP
        for number in range(10):
            try:
                spent.take(conversation(step * 10 + number))
            except Throttled:
                continue
            left.append(now)
    return left


def most(left: list[float], window: float) -> int:
    """How many leave in the fullest window of so many seconds."""
    return max(sum(start <= each < start + window for each in left) for start in left)


def test_a_tenant_is_never_asked_for_more_than_it_allows() -> None:
    pump = greedy(PACE.send, 5) + greedy(PACE.update, 5)
    theirs = answers(5, lambda number: f"a:{number}")
    assert len(theirs) >= 10
    assert most([*pump, *theirs], 1) <= 50


@pytest.mark.parametrize(("window", "allowed"), [(1, 7), (2, 8), (30, 60)])
def test_a_conversation_is_never_asked_for_more_than_it_allows(
    window: float, allowed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate, "TENANT", Limit(1000, burst=1000))
    everything = greedy(PACE.channel, 40) + answers(40, lambda _: "a:1")
    assert most(everything, window) <= allowed


def test_one_conversation_does_not_use_up_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate, "TENANT", Limit(1000, burst=1000))
    spent = AnswerRate(lambda: 0.0)
    for _ in range(CONVERSATION.burst):
        spent.take("a:1")
    with pytest.raises(Throttled):
        spent.take("a:1")
    spent.take("a:2")


def test_the_conversations_of_yesterday_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate, "TENANT", Limit(100_000, burst=100_000))
    spent = AnswerRate(lambda: 0.0)
    for number in range(rate.MOST + 10):
        spent.take(f"a:{number}")
    assert len(spent._free) == rate.MOST


async def test_an_answer_too_many_is_kept_and_not_sent(house: House) -> None:
    ada = await house.member()
    house.script.reply = Say(DONE)
    for _ in range(4):
        await ada.says("aide")
    assert (len(ada.messages), len(house.script.kept)) == (2, 2)
    assert house.script.waits == [0, 0]


async def test_the_sentence_in_a_channel_takes_from_the_limits_too(house: House) -> None:
    ada = house.user()
    house.fake.blocking.add(ada.aad)
    house.script.reply = Say(DONE)
    for _ in range(4):
        await ada.says_in_channel("aide")
    assert len(house.fake.visible(CHANNEL)) == 0
    assert len([call for call in house.fake.calls if "19:" in call.path]) <= 2
    assert len(house.script.kept) == 4


async def test_what_teams_asks_to_wait_holds_all_answers(house: House) -> None:
    ada, bob = await house.member(), await house.member("Bob", 2)
    house.script.reply = Say(DONE)
    house.fake.faults.append(Fault(429, {"Retry-After": "7"}))
    await ada.says("aide")
    asked = len(house.fake.calls)
    await bob.says("aide")
    assert len(house.fake.calls) == asked
    assert house.script.waits == [7, 0]
