"""A press shows its effect where it was made: on the person's own card, or on their Home."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from bot.chat.card import Button, Card, FormButton, Image, buttons, text
from bot.chat.event import Click, Submission
from bot.chat.form import Form, TextInput
from bot.chat.messenger import MessengerError, Notice, PictureRefused, Unavailable, Unsure
from bot.chat.platform import Show
from bot.chat.reply import Ask, Home, Reply, Say
from tests.emulators.slack import Fault, Kind
from tests.platforms.slack.conftest import Bench, Poke

ADA = "slack:T1:U1"
OLD = Card("Old", (buttons(Button("Poke", Poke()), FormButton("Edit", Poke("form"))),))
NEW = Card("New", (text("What it shows now."),))
FORM = Form(Poke("form"), "Words", (TextInput("words", "Your words", required=True),), "Save")


class Drawing:
    """What the app does with the way that a press left open: it draws one card, and notes how that went."""

    def __init__(self, card: Card = NEW) -> None:
        self.card = card
        self.error: MessengerError | None = None

    async def __call__(self, show: Show) -> None:
        try:
            await show(Notice("n1", self.card))
        except MessengerError as error:
            self.error = error


async def pressed(bench: Bench, drawing: Drawing, reply: Reply = None) -> None:
    """Ada presses a button on her own card."""
    await bench.platform.messenger.send(ADA, Notice("n1", OLD))
    bench.programme.redraw, bench.programme.reply = drawing, reply
    await bench.user().click(Poke())
    await bench.settle()


def last_click(bench: Bench) -> Click:
    event = bench.programme.heard[-1]
    assert isinstance(event, Click)
    return event


# On a card


async def test_a_card_is_drawn_over_where_it_stands(bench: Bench) -> None:
    await pressed(bench, drawing := Drawing())
    (message,) = bench.slack.seen("U1")
    assert (message.words(), drawing.error) == ("New What it shows now.", None)
    assert last_click(bench).card == message.reference
    assert bench.slack.count("chat.update") == 0


async def test_an_answer_is_said_beside_it(bench: Bench) -> None:
    await pressed(bench, Drawing(), Say(Card("Thank you")))
    assert [m.words() for m in bench.slack.seen("U1")] == ["New What it shows now.", "Thank you"]


async def test_a_form_does_not_wait_for_it(bench: Bench) -> None:
    await pressed(bench, Drawing(), Ask(FORM))
    assert bench.slack.modal_words("U1").startswith("Words")
    assert bench.slack.seen("U1")[0].words() == "New What it shows now."


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(Kind.ERROR), Unsure),
        (Fault(Kind.HTML), Unsure),
        (Fault(Kind.THROTTLE), Unavailable),
        (Fault(Kind.RESET), Unsure),
    ],
)
async def test_a_way_that_fails_is_said_to_the_app(
    bench: Bench, fault: Fault, error: type[MessengerError]
) -> None:
    bench.slack.faults.script("response_url", fault)
    await pressed(bench, drawing := Drawing())
    assert type(drawing.error) is error
    assert bench.slack.seen("U1")[0].words().startswith("Old")


async def test_a_way_that_is_used_up_is_said_to_the_app(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: Callable[..., str] = bench.slack.response_url

    def used_up(*where: str) -> str:
        url = opened(*where)
        bench.slack._doors[url.rpartition("/")[2]].left = 0
        return url

    monkeypatch.setattr(bench.slack, "response_url", used_up)
    await pressed(bench, drawing := Drawing())
    assert isinstance(drawing.error, Unavailable)
    assert "used_url" in str(drawing.error)


async def test_a_picture_that_is_refused_is_said_to_the_app(bench: Bench) -> None:
    bench.slack.unfetchable.add("https://example.org/photo.png")
    picture = Card("New", (Image("https://example.org/photo.png", "Three people"),))
    await pressed(bench, drawing := Drawing(picture))
    assert isinstance(drawing.error, PictureRefused)


@pytest.mark.parametrize("place", ["C1", ""])
async def test_what_others_see_or_nobody_keeps_is_not_drawn_over(bench: Bench, place: str) -> None:
    """A card in a channel, and an answer that only Ada sees."""
    if place:
        await bench.platform.messenger.send("slack:T1:C1", Notice("n1", OLD))
    else:
        bench.programme.reply = Say(OLD)
        await bench.user().command("x")
        await bench.settle()
    await bench.user().click(Poke())
    await bench.settle()
    assert last_click(bench).card == ""


# On Home


async def test_home_shows_the_effect_of_a_press_on_it(bench: Bench) -> None:
    bench.programme.reply = Home(OLD)
    await bench.user().open_home()
    await bench.settle()
    bench.programme.reply, bench.programme.home = Say(Card("Done")), NEW
    await bench.user().click(Poke())
    await bench.settle()
    assert last_click(bench).on_home
    assert bench.slack.homes["U1"]["blocks"][0]["text"]["text"] == "New"
    assert [m.words() for m in bench.slack.seen("U1")] == ["Done"]


async def test_home_shows_the_effect_of_a_form_that_was_opened_there(bench: Bench) -> None:
    bench.programme.reply = Home(OLD)
    await bench.user().open_home()
    await bench.settle()
    bench.programme.reply = Ask(FORM, {"words": "Too short"})
    await bench.user().click(Poke("form"))
    await bench.user().submit({"words": "x"})
    bench.programme.reply, bench.programme.home = None, NEW
    await bench.user().submit({"words": "long enough"})
    await bench.settle()
    assert [e.on_home for e in bench.programme.heard if isinstance(e, Submission)] == [True, True]
    assert bench.slack.homes["U1"]["blocks"][0]["text"]["text"] == "New"


async def test_a_form_that_was_opened_elsewhere_is_not_on_home(bench: Bench) -> None:
    bench.programme.reply = Ask(FORM)
    await bench.user().command("x")
    await bench.user().submit({"words": "x"})
    await asyncio.sleep(0)
    event = bench.programme.heard[-1]
    assert isinstance(event, Submission)
    assert not event.on_home
