"""Everybody sees the effect of their own press at once, however many press in the same minute and whatever is
left of Slack's limits. The clock stands still: what is seen did not wait for the pump."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from handlers.actions import OpenPause, Resume
from handlers.polls.cards import ShowMyVote, TakeBack, Vote
from tests.e2e.conftest import Bot, Town
from tests.emulators.slack import TIERS, FakeSlack, Kind, Message, SlackUser, pressable

UPDATE = "chat.update"
MEMBERS = 12


@pytest.fixture
async def bot(town: Town, slack: FakeSlack) -> AsyncIterator[Bot]:
    """A circle of twelve; U100 leads it."""
    for number in range(MEMBERS):
        slack.add_user(f"U{100 + number}", f"M{number}", locale="en-GB", tz="Europe/Paris")
    async with town.bot(slack=slack) as bot:
        await person(bot, 0).command(f"lead {await bot.code()}")
        for number in range(MEMBERS):
            await person(bot, number).command("join")
            sent = await person(bot, number).submit({"consent": True, "networks": ["linkedin"]})
            assert not sent.errors
        await bot.answered()
        bot.clock.pass_(minutes=2)
        yield bot


def person(bot: Bot, number: int) -> SlackUser:
    assert bot.slack
    return SlackUser(bot.slack, f"U{100 + number}", f"{bot.site}/slack/events", bot.web)


def exhaust(bot: Bot) -> None:
    """Nobody may update a message for a minute, and the bot knows it."""
    assert bot.slack
    bot.slack._recent[UPDATE].extend([bot.slack.clock()] * TIERS[UPDATE])


async def asked(bot: Bot, where: str, secret: bool) -> None:
    """A poll to every member, or in the channel."""
    await person(bot, 0).command("poll", channel="C1")
    rules = ["anonymous"] if secret else ["live"]
    poll = {"question": "Thursdays?", "options": "Yes\nNo", "where": where, "rules": rules}
    assert not (await person(bot, 0).submit(poll)).errors
    for _ in range(MEMBERS):
        await bot.settle()


def own_card(bot: Bot, number: int) -> Message:
    assert bot.slack
    seen = reversed(bot.slack.seen(f"U{100 + number}"))
    return next(m for m in seen if "Thursdays?" in m.words() and _votes(m))


def shows_vote(card: Message, secret: bool) -> bool:
    """What was chosen in a secret poll stands on no card."""
    return card.offers(ShowMyVote) and not card.offers(TakeBack) if secret else card.offers(TakeBack)


@pytest.mark.parametrize("secret", [True, False])
async def test_each_votes_on_their_own_card(bot: Bot, secret: bool) -> None:
    assert bot.slack
    await asked(bot, "members", secret)
    exhaust(bot)
    before = bot.slack.count(UPDATE)
    for number in reversed(range(MEMBERS)):  # every vote changes the card of the author, who comes last
        votes = _votes(own_card(bot, number))
        await person(bot, number).click(Vote, own_card(bot, number), option=votes[number % 2])
    await bot.answered()
    for number in range(MEMBERS):
        assert shows_vote(own_card(bot, number), secret), number
    assert bot.slack.count(UPDATE) == before


def _votes(card: Message) -> list[str]:
    values = (element.get("value", "") for element, _ in pressable(card.blocks))
    return [value.partition("/")[2] for value in values if value.startswith("vote/")]


async def test_a_way_that_fails_is_made_good_by_the_pump(bot: Bot) -> None:
    """Slack answers neither the first press, nor the second in time."""
    assert bot.slack
    await asked(bot, "members", secret=False)
    bot.slack.faults.script("response_url", Kind.ERROR, Kind.RESET)
    for number in (1, 2):
        await person(bot, number).click(Vote, own_card(bot, number), option=_votes(own_card(bot, number))[0])
    await bot.answered()
    assert not own_card(bot, 1).offers(TakeBack)
    await bot.settle()
    assert own_card(bot, 1).offers(TakeBack)
    assert own_card(bot, 2).offers(TakeBack)


@pytest.mark.parametrize(("secret", "counted"), [(True, "At least 10 people"), (False, str(MEMBERS // 2))])
async def test_each_votes_on_the_card_in_a_channel_which_changes_a_few_times(
    bot: Bot, secret: bool, counted: str
) -> None:
    assert bot.slack
    await asked(bot, "here", secret)
    (card,) = (m for m in bot.slack.messages["C1"] if not m.to)
    options = _votes(card)
    before = bot.slack.count(UPDATE)
    for number in range(MEMBERS):
        await person(bot, number).click(Vote, card, option=options[number % 2])
        await bot.answered()
        assert any(m.to == f"U{100 + number}" for m in bot.slack.messages["C1"]), number
    await bot.settle()
    assert counted in card.words()
    assert bot.slack.count(UPDATE) - before <= 3


async def test_home_shows_what_was_pressed_there(bot: Bot) -> None:
    assert bot.slack
    for number in range(MEMBERS):
        user = person(bot, number)
        await user.open_home()
        await bot.answered()
        await user.click(OpenPause, bot.slack.homes[user.id])
        await user.submit({"back": "2026-12-24"})
        await bot.answered()
        assert "pause.end" in str(bot.slack.homes[user.id]), number
        await user.click(Resume, bot.slack.homes[user.id])
        await bot.answered()
        assert "pause.open" in str(bot.slack.homes[user.id]), number
