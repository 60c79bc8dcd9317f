"""Old cards stay in the chats for years: an action that was renamed is still understood."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bot.chat.action import Action, BadAction, pack, unpack
from bot.chat.event import Click, Sender, Submission
from bot.chat.form import Answers, Form, TextInput
from bot.chat.reply import Reply
from bot.chat.router import Router

SENDER = Sender("playground", "playground", "ines", "Inès")


@dataclass(frozen=True, slots=True)
class Applaud(Action, verb="applaud", formerly=("clap", "cheer")):
    post: str


def heard() -> tuple[Router[None], list[Applaud]]:
    """A router with a listener for a click and one for a form, and what they were given."""
    router: Router[None] = Router()
    given: list[Applaud] = []

    @router.click(Applaud)
    def click(context: None, event: Click, action: Applaud) -> Reply:
        given.append(action)
        return None

    def form(context: None, action: Applaud) -> Form:
        return Form(action, "Applause", (TextInput("words", "Words"),), "Send")

    @router.submission(Applaud, form)
    def submit(context: None, event: Submission, action: Applaud) -> Reply:
        given.append(action)
        return None

    return router, given


@pytest.mark.parametrize("verb", ["applaud", "clap", "cheer"])
def test_a_former_verb_reaches_the_same_listener(verb: str) -> None:
    router, given = heard()
    router.route(None, Click("1", SENDER, f"{verb}/p1"))
    router.route(None, Submission("2", SENDER, f"{verb}/p1", Answers({})))
    assert given == [Applaud("p1"), Applaud("p1")]


def test_a_former_verb_draws_the_form_again() -> None:
    router, _ = heard()
    again = router.form(None, Submission("1", SENDER, "clap/p1", Answers({"words": "bravo"})))
    assert again.action == Applaud("p1")


def test_new_cards_carry_the_verb_of_today() -> None:
    assert pack(Applaud("p1")) == "applaud/p1"


@pytest.mark.parametrize("packed", ["clapped/p1", "clap", "clap/p1/p2", "clap/%41", "hiss/p1"])
def test_nothing_else_is_understood(packed: str) -> None:
    with pytest.raises(BadAction):
        unpack(Applaud, packed)


def test_two_actions_cannot_share_a_former_verb() -> None:
    router, _ = heard()

    @dataclass(frozen=True, slots=True)
    class Cheer(Action, verb="cheer"):
        pass

    with pytest.raises(ValueError, match="two listeners for 'cheer'"):
        router.click(Cheer)(lambda context, event, action: None)
