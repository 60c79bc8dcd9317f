"""Slack refuses a whole message for a picture that it cannot fetch, and a message is worth more than that."""

from __future__ import annotations

import logging

import pytest

from bot.chat.card import Button, Card, Image, buttons, text
from bot.chat.messenger import Notice, PictureRefused, Refused
from bot.chat.reply import Home, Replace, Reply, Say
from tests.emulators.slack import Fault, Kind, Message
from tests.platforms.slack.conftest import Bench, Poke

ADA = "slack:T1:U1"
PHOTO = "https://example.org/photo.png"
CARD = Card("News", (Image(PHOTO, "Three people"), text("What happened."), buttons(Button("x", Poke()))))
IN_WORDS = "News Three people What happened."


@pytest.fixture
def closed(bench: Bench) -> Bench:
    """Slack can fetch no picture."""
    bench.slack.unfetchable.add(PHOTO)
    return bench


async def test_a_message_is_refused_for_its_picture(closed: Bench) -> None:
    with pytest.raises(PictureRefused):
        await closed.platform.messenger.send(ADA, Notice("n1", CARD))
    reference = await closed.platform.messenger.send(ADA, Notice("n1", Card("News")))
    with pytest.raises(PictureRefused):
        await closed.platform.messenger.update(ADA, reference, Notice("n1", CARD))
    assert [message.words() for message in closed.slack.seen("U1")] == ["News"]


async def test_a_message_without_a_picture_is_refused_for_something_else(bench: Bench) -> None:
    bench.slack.faults.script("chat.postMessage", Fault(Kind.REFUSE, code="invalid_blocks"))
    with pytest.raises(Refused) as refused:
        await bench.platform.messenger.send(ADA, Notice("n1", Card("News")))
    assert not isinstance(refused.value, PictureRefused)


def newest(bench: Bench) -> Message:
    return max(bench.slack.all_messages(), key=lambda message: message.ts)


@pytest.mark.parametrize("reply", [Say(CARD), Replace(CARD)], ids=["say", "replace"])
@pytest.mark.parametrize("place", ["", "C1", "C2"])
async def test_an_answer_to_a_command(
    closed: Bench, reply: Reply, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    closed.programme.reply = reply
    with caplog.at_level(logging.WARNING):
        await closed.user().command("recap", channel=place)
        await closed.settle()
    (message,) = closed.slack.all_messages()
    assert message.words().startswith(IN_WORDS)
    assert "picture" in caplog.text


async def test_an_answer_when_the_response_url_is_used_up(closed: Bench) -> None:
    closed.programme.reply = Say(CARD)
    closed.slack.faults.script("response_url", Fault(Kind.REFUSE, code="used_url"))
    await closed.user().command("recap", channel="C1")
    await closed.settle()
    (message,) = closed.slack.all_messages()
    assert (message.to, message.words().startswith(IN_WORDS)) == ("U1", True)


async def test_an_answer_one_to_one(closed: Bench) -> None:
    closed.programme.reply = Say(CARD)
    await closed.user().say("recap")
    await closed.settle()
    assert newest(closed).words().startswith(IN_WORDS)


async def test_a_card_in_the_place_of_another(closed: Bench) -> None:
    await closed.platform.messenger.send(ADA, Notice("n1", Card("Old", (buttons(Button("x", Poke())),))))
    closed.programme.reply = Replace(CARD)
    await closed.user().click(Poke())
    await closed.settle()
    (message,) = closed.slack.seen("U1")
    assert message.words().startswith(IN_WORDS)


async def test_a_home(closed: Bench) -> None:
    closed.programme.reply = Home(CARD)
    await closed.user().open_home()
    await closed.settle()
    assert closed.slack.homes["U1"]["blocks"][1]["type"] == "context"
