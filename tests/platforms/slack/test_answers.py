"""What a limit or the network holds up of an answer is kept, so that the pump can bring it."""

from __future__ import annotations

import json

import pytest

from bot.chat.card import Card, text
from bot.chat.form import Form, TextInput
from bot.chat.reply import Ask, Home, Replace, Reply, Say
from bot.platforms.slack import replies
from tests.emulators.slack import Fault, Kind
from tests.platforms.slack.conftest import Bench, Poke
from tests.platforms.slack.test_adapter import hear

HELLO = Card("Hello there")
FORM = Form(Poke("form"), "Your words", (TextInput("words", "Words"),), "Save")
HELD_UP = [Kind.THROTTLE, Kind.ERROR, Kind.HTML, Kind.RESET, Kind.CUT]
WAYS = ("response_url", "chat.postEphemeral", "chat.postMessage")


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replies, "DRAWN", 0.01)


async def acts(bench: Bench, event: str, reply: Reply, *meets: tuple[str, Kind | Fault]) -> None:
    """Do it once so that everything stands there, then with that reply, whose calls meet these faults."""
    await hear(bench, event, Ask(FORM) if event == "submission" else None)
    bench.programme.reply = reply
    for method, fault in meets:
        bench.slack.faults.script(method, fault)
    user = bench.user()
    match event:
        case "command":
            await user.command("go")
        case "command in a channel":
            await user.command("go", channel="C2")
        case "click" | "click in a channel":
            await user.click(Poke())
        case "submission":
            await user.submit({"words": "mine"})
        case "said":
            await user.say("go")
        case _:
            raise ValueError(event)
    await bench.settle()


def said(bench: Bench) -> list[str]:
    """Each "Hello there" that somebody can read, as a message."""
    return [m.words() for m in bench.slack.all_messages() if m.words() == "Hello there"]


@pytest.mark.parametrize("kind", HELD_UP)
@pytest.mark.parametrize(
    ("event", "way"),
    [
        ("command", "response_url"),
        ("command in a channel", "response_url"),
        ("click", "response_url"),
        ("click in a channel", "response_url"),
        ("submission", "chat.postMessage"),
        ("said", "chat.postMessage"),
    ],
)
async def test_an_answer_that_is_held_up_is_kept_and_not_tried_in_another_way(
    bench: Bench, event: str, way: str, kind: Kind
) -> None:
    await acts(bench, event, Say(HELLO), (way, kind))
    assert [reply for reply, _ in bench.programme.kept] == [Say(HELLO)]
    assert len(said(bench)) == (1 if kind is Kind.CUT else 0)
    assert bench.slack.count("chat.postEphemeral") == 0


async def test_a_response_url_that_answers_200_has_shown_it_whatever_follows(bench: Bench) -> None:
    await acts(bench, "click", Say(HELLO), ("response_url", Kind.TRUNCATE))
    assert (len(said(bench)), bench.programme.kept) == (1, [])


async def test_how_long_slack_asks_to_wait_is_passed_on(bench: Bench) -> None:
    await acts(bench, "command in a channel", Say(HELLO), ("response_url", Fault(Kind.THROTTLE, seconds=7)))
    assert bench.programme.kept == [(Say(HELLO), 7.0)]


async def test_a_whisper_that_is_held_up_is_kept(bench: Bench) -> None:
    over = Fault(Kind.REFUSE, code="expired_url")
    held_up = ("response_url", over), ("chat.postEphemeral", Kind.RESET)
    await acts(bench, "click in a channel", Say(HELLO), *held_up)
    assert [reply for reply, _ in bench.programme.kept] == [Say(HELLO)]
    assert said(bench) == []


async def test_while_nothing_can_be_kept_the_other_ways_are_tried(bench: Bench) -> None:
    bench.programme.keeps = False
    held_up = ("response_url", Kind.RESET), ("chat.postEphemeral", Kind.HTML)
    await acts(bench, "click in a channel", Say(HELLO), *held_up)
    assert [m.words() for m in bench.slack.seen("U1")] == ["Hello there"]


async def test_what_no_way_takes_and_nobody_keeps_is_shown_a_little_later(bench: Bench) -> None:
    """The apology, when the database is away."""
    bench.programme.keeps = False
    held_up = [(way, Fault(Kind.THROTTLE, seconds=1)) for way in WAYS]
    await acts(bench, "click in a channel", Say(HELLO), *held_up)
    await bench.settle()
    assert said(bench) == ["Hello there"]


async def test_an_answer_that_slack_lets_us_show_nowhere_is_kept(bench: Bench) -> None:
    refused = Fault(Kind.REFUSE, code="channel_not_found")
    await acts(bench, "click in a channel", Say(HELLO), *((way, refused) for way in WAYS))
    assert [reply for reply, _ in bench.programme.kept] == [Say(HELLO)]


@pytest.mark.parametrize("kind", HELD_UP)
async def test_a_card_that_was_to_be_replaced_is_kept(bench: Bench, kind: Kind) -> None:
    await acts(bench, "click", Replace(HELLO), ("response_url", kind))
    assert [reply for reply, _ in bench.programme.kept] == [Replace(HELLO)]


# Forms


@pytest.mark.parametrize("fault", [Fault(Kind.REFUSE, code="expired_trigger_id"), *map(Fault, HELD_UP)])
@pytest.mark.parametrize("event", ["command in a channel", "click", "click in a channel"])
async def test_a_form_that_does_not_open_becomes_the_card_that_opens_it(
    bench: Bench, event: str, fault: Fault
) -> None:
    await acts(bench, event, Ask(FORM), ("views.open", fault))
    shown = [m for m in bench.slack.all_messages() if m.words().startswith("Your words, later")]
    assert [m.to for m in shown] == ["U1"]
    assert bench.programme.kept == []


async def test_that_card_is_kept_if_it_is_held_up_too(bench: Bench) -> None:
    held_up = ("views.open", Kind.THROTTLE), ("response_url", Kind.ERROR)
    await acts(bench, "command in a channel", Ask(FORM), *held_up)
    [(reply, _)] = bench.programme.kept
    assert isinstance(reply, Say)
    assert reply.card.title == "Your words, later"


async def test_the_card_has_what_was_typed_in_the_command(bench: Bench) -> None:
    bench.slack.faults.script("views.open", Kind.THROTTLE)
    bench.programme.reply = Ask(FORM)
    await bench.user().command("post https://example.org", channel="C1")
    await bench.settle()
    assert "/cercle post https://example.org" in bench.slack.messages["C1"][-1].words()


# Home


@pytest.mark.parametrize("event", ["home", "click at home"])
async def test_home_is_drawn_again_until_slack_takes_it(bench: Bench, event: str) -> None:
    await hear(bench, event, Home(Card("before")))
    bench.slack.faults.script("views.publish", Kind.HTML, Kind.RESET, Fault(Kind.THROTTLE, seconds=0))
    await hear(bench, "home", Home(HELLO))
    assert "Hello there" in json.dumps(bench.slack.homes["U1"])
    assert bench.programme.kept == []


@pytest.mark.parametrize(("event", "kept"), [("home", []), ("command", [Home(HELLO)])])
async def test_an_answer_for_home_is_kept_and_home_itself_is_not(
    bench: Bench, event: str, kept: list[Reply]
) -> None:
    bench.slack.faults.script("views.publish", *[Kind.HTML] * 20)
    await hear(bench, event, Home(HELLO))
    assert [reply for reply, _ in bench.programme.kept] == kept


# Secret polls


CHOICE = Card("Your choice", (text("the soup"),))


@pytest.mark.parametrize("reply", [Say(CHOICE, ballot="p1"), Replace(CHOICE, ballot="p1")])
@pytest.mark.parametrize("event", ["command", "command in a channel", "click in a channel", "submission"])
async def test_the_choice_in_a_secret_poll_is_written_in_no_message(
    bench: Bench, event: str, reply: Reply
) -> None:
    over = Fault(Kind.REFUSE, code="expired_url")
    await acts(bench, event, reply, ("response_url", over), ("chat.postEphemeral", over))
    assert [kept for kept, _ in bench.programme.kept] == [reply]
    assert [m for m in bench.slack.all_messages() if "the soup" in m.words()] == []
