"""Signed bytes in, Slack calls out."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import time
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest

from bot.chat.card import Button, Card, FormButton, LinkButton, Menu, buttons, text
from bot.chat.event import Click, Command, HomeOpened, Said, Submission
from bot.chat.form import Choice, Choices, DateInput, Form, Note, Option, People, TextInput, TimeInput, Toggle
from bot.chat.messenger import Notice, Unsure
from bot.chat.reply import Ask, Home, Replace, Reply, Say
from bot.chat.report import (
    AccountChanged,
    ChannelClosed,
    ChannelJoined,
    Connected,
    Disconnected,
    Report,
)
from bot.platforms.slack import adapter, parse, replies
from bot.platforms.slack.adapter import Slack, SlackSettings
from tests.emulators.slack import Fault, Kind, signed
from tests.platforms.slack.conftest import WORDS, Bench, Poke, Programme, Shelf

HELLO = Card("Hello", (text("there"),))
FORM = Form(Poke("form"), "Words", (TextInput("words", "Your words", required=True),), "Save")
CARD = Card(
    "Card",
    (
        buttons(
            Button("Poke", Poke()),
            FormButton("Edit", Poke("form")),
            LinkButton("Read", "https://example.org/"),
            Menu("More", (Button("Stop", Poke("stop")), LinkButton("Why", "https://example.org/why"))),
        ),
    ),
)


async def send(bench: Bench, address: str = "slack:T1:U1", card: Card = CARD) -> str:
    return await bench.platform.messenger.send(address, Notice("n1", card))


# What comes in


async def test_a_command_in_a_channel(bench: Bench) -> None:
    ack = await bench.user().command('post https://example.org/?a=1&b=<2> payload "é"', channel="C1")
    assert (ack.status, ack.text) == (200, "")
    (event,) = bench.programme.heard
    assert isinstance(event, Command)
    assert event.text == 'post https://example.org/?a=1&b=<2> payload "é"'
    assert event.place == "slack:T1:C1"
    sender = event.sender
    assert (sender.address, sender.name, sender.locale, sender.zone, sender.guest) == (
        "slack:T1:U1",
        "Ada",
        "fr-FR",
        "Europe/Paris",
        False,
    )


async def test_every_kind_of_button(bench: Bench) -> None:
    await send(bench)
    user = bench.user()
    for wanted in (Poke(), Poke("form"), Poke("stop"), "Read", "Why"):
        assert (await user.click(wanted)).status == 200
    assert [e.action for e in bench.programme.heard if isinstance(e, Click)] == [
        "poke/x",
        "poke/form",
        "poke/stop",
    ]
    assert len(bench.programme.heard) == 3


async def test_a_button_in_a_channel_has_a_place(bench: Bench) -> None:
    await send(bench, "slack:T1:C1")
    await bench.user("U2").click(Poke())
    (event,) = bench.programme.heard
    assert isinstance(event, Click)
    assert (event.place, event.sender.user) == ("slack:T1:C1", "U2")


async def test_every_kind_of_input(bench: Bench) -> None:
    options = (Option("a", "A"), Option("b", "B"))
    parts = (
        TextInput("words", "Words"),
        TextInput("blank", "Blank"),
        Choice("one", "One", options),
        Choices("some", "Some", options, value=("b",)),
        People("people", "People"),
        DateInput("day", "Day", value="2026-11-22"),
        TimeInput("hour", "Hour"),
        Toggle("yes", "Yes"),
        Toggle("no", "No"),
        Choices("single", "Single", (Option("true", "True"),)),
    )
    bench.programme.reply = Ask(Form(Poke("form"), "Words", parts, "Save"))
    user = bench.user()
    await user.command("post")
    bench.programme.reply = None
    given = {"words": " my words\0", "one": "b", "people": ["U2"], "hour": "09:30", "yes": True}
    await user.submit({**given, "single": ["true"]})
    event = bench.programme.heard[-1]
    assert isinstance(event, Submission)
    assert event.action == "poke/form"
    assert event.answers.values == {
        "words": "my words",
        "blank": "",
        "one": "b",
        "some": ("b",),
        "people": ("slack:T1:U2",),
        "day": "2026-11-22",
        "hour": "09:30",
        "yes": True,
        "no": False,
        "single": ("true",),
    }


async def test_events(bench: Bench) -> None:
    user = bench.user()
    await user.open_home()
    await user.open_home(tab="messages")
    await user.say("bonjour <https://example.org|example.org> &amp; <@U2>")
    await user.say("edited", subtype="message_changed")
    await user.say("from a bot", bot_id="B7")
    await user.event({"type": "something_new"})
    assert [type(event) for event in bench.programme.heard] == [HomeOpened, Said]
    said = bench.programme.heard[1]
    assert isinstance(said, Said)
    assert said.text == "bonjour https://example.org & slack:T1:U2"


async def test_a_replay_has_the_same_key(bench: Bench) -> None:
    user = bench.user()
    bench.programme.reply = Ask(FORM)
    await user.command("post")
    await user.again()
    bench.programme.reply = None
    await user.submit({"words": "mine"})
    await user.again()
    await send(bench)
    await user.click(Poke())
    await user.again()
    await user.say("hello")
    await user.again()
    keys = [event.key for event in bench.programme.heard]
    assert keys[::2] == keys[1::2]
    assert len(set(keys)) == 4


async def test_a_corrected_form_has_another_key(bench: Bench) -> None:
    user = bench.user()
    bench.programme.reply = lambda event: Ask(FORM, {"words": "Too short."} if "words" in str(event) else {})
    await user.command("post")
    for words in ("a", "b"):
        await user.submit({"words": words})
    _, first, second = bench.programme.heard
    assert first.key != second.key


async def test_url_verification(bench: Bench) -> None:
    ack = await bench.user().post(
        '{"type":"url_verification","challenge":"c","token":"t"}', "application/json"
    )
    assert ack.body == {"challenge": "c"}


@pytest.mark.parametrize("kind", ["view_closed", "shortcut", "block_suggestion", "brand_new"])
async def test_what_nobody_listens_to_is_heard(bench: Bench, kind: str) -> None:
    body = {"type": kind, "user": {"id": "U1"}, "team": {"id": "T1"}, "view": {"callback_id": "x"}}
    ack = await bench.user().post(urlencode({"payload": json.dumps(body)}))
    assert ack.status == 200
    assert not bench.programme.heard


async def test_a_button_of_an_older_version_is_heard(bench: Bench) -> None:
    await send(bench)
    (message,) = bench.slack.seen("U1")
    message.blocks[-1]["elements"][0] |= {"action_id": "of_2019", "value": "gone/1"}
    await bench.user().click("Poke")  # its action is of no class any more
    assert isinstance(bench.programme.heard[0], Click)
    assert bench.programme.heard[0].action == "gone/1"


# Strangers and organisations


async def test_a_stranger_is_a_guest_of_the_installation(bench: Bench) -> None:
    await send(bench, "slack:T1:C1")
    stranger = bench.user("U9").as_guest_of("T2")
    await stranger.click(Poke())
    await stranger.command("join", channel="C1")
    await stranger.say("hi", user_team="T2")
    assert [(e.sender.workspace, e.sender.guest) for e in bench.programme.heard] == [("T1", True)] * 3


async def test_a_guest_account_is_a_guest(bench: Bench) -> None:
    bench.slack.add_user("U3", "Visitor", is_restricted=True)
    await bench.user("U3").command("join")
    assert bench.programme.heard[0].sender.guest


async def test_a_null_team_of_an_organisation(bench: Bench) -> None:
    bench.platform._home = ""
    body = {
        "type": "block_actions",
        "team": None,
        "enterprise": {"id": "E1", "name": "Org"},
        "is_enterprise_install": True,
        "user": {"id": "W1", "name": "ada", "team_id": "T7"},
        "container": {"type": "message", "channel_id": "C7", "message_ts": "1.2"},
        "trigger_id": "t",
        "actions": [{"type": "button", "action_id": "act:1", "value": "poke/x", "action_ts": "1"}],
    }
    await bench.user().post(urlencode({"payload": json.dumps(body)}))
    (event,) = bench.programme.heard
    assert (event.sender.address, event.sender.guest) == ("slack:T7:W1", None)


# The door


def _without(name: str) -> dict[str, str | None]:
    return {name: None}


NOW = int(time.time())
MUTATIONS: dict[str, dict[str, str | None]] = {
    "no signature": _without("X-Slack-Signature"),
    "no timestamp": _without("X-Slack-Request-Timestamp"),
    "empty signature": {"X-Slack-Signature": ""},
    "empty timestamp": {"X-Slack-Request-Timestamp": ""},
    "another signature": {"X-Slack-Signature": "v0=" + "0" * 64},
    "short signature": {"X-Slack-Signature": "v0=abc"},
    "non-ASCII signature": {"X-Slack-Signature": "v0=" + "é" * 64},
    "another version": {"X-Slack-Signature": "v1=" + "0" * 64},
    "timestamp of letters": {"X-Slack-Request-Timestamp": "abc"},
    "negative timestamp": {"X-Slack-Request-Timestamp": "-1"},
    "endless timestamp": {"X-Slack-Request-Timestamp": "9" * 5000},
    "timestamp of other digits": {"X-Slack-Request-Timestamp": "١٢٣"},
    "timestamp moved": {"X-Slack-Request-Timestamp": str(NOW + 1)},
}


async def knock(bench: Bench, body: bytes, headers: dict[str, str]) -> int:
    async with bench.session.post(bench.url, data=BytesIO(body), headers=headers) as response:
        text = await response.text()
        assert "Traceback" not in text
        assert len(text) < 200
        return response.status


@pytest.mark.parametrize("change", MUTATIONS.values(), ids=MUTATIONS.keys())
async def test_a_forged_header_is_turned_away(bench: Bench, change: dict[str, str | None]) -> None:
    body = "command=%2Fcercle&text=join"
    headers: dict[str, str | None] = {**signed(bench.slack.secret, body, NOW - 1), **change}
    sent = {name: value for name, value in headers.items() if value is not None}
    assert await knock(bench, body.encode(), sent) == 401
    assert not bench.programme.heard


@pytest.mark.parametrize("seconds", [-120, 120])
async def test_a_signature_by_another_clock_is_taken(bench: Bench, seconds: int) -> None:
    bench.slack.signing_clock = lambda: time.time() + seconds
    assert (await bench.user().command("join")).status == 200
    assert bench.programme.heard


@pytest.mark.parametrize("seconds", [-301, 301, -86_400])
async def test_an_old_or_early_signature_is_turned_away(bench: Bench, seconds: int) -> None:
    body = "command=%2Fcercle"
    headers = signed(bench.slack.secret, body, time.time() + seconds)
    assert await knock(bench, body.encode(), headers) == 401


@pytest.mark.parametrize(
    "body",
    [b"command=%2Fcercle&text=leave", b"", b"\xff\xfe", b"{", b'{"a":' * 5000, b"payload=[", b'{"type":1}'],
)
async def test_a_changed_body_is_turned_away_unread(bench: Bench, body: bytes) -> None:
    headers = signed(bench.slack.secret, "command=%2Fcercle&text=join", time.time())
    assert await knock(bench, body, headers) == 401


async def test_another_secret_is_turned_away(bench: Bench) -> None:
    headers = signed("another", "command=%2Fcercle", time.time())
    assert await knock(bench, b"command=%2Fcercle", headers) == 401


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
async def test_a_body_that_is_not_what_it_says_is_no_failure_of_ours(bench: Bench, encoding: str) -> None:
    headers = {**signed(bench.slack.secret, "x", time.time()), "Content-Encoding": encoding}
    assert await knock(bench, b"\x00garbage", headers) in (400, 401)


async def test_a_body_that_unpacks_without_end_is_turned_away(bench: Bench) -> None:
    headers = {**signed(bench.slack.secret, "x", time.time()), "Content-Encoding": "gzip"}
    assert await knock(bench, gzip.compress(b"a" * 8_000_000), headers) == 413


async def test_an_oversized_body_is_turned_away(bench: Bench) -> None:
    body = "a" * (1024 * 1024 + 1)
    assert await knock(bench, body.encode(), signed(bench.slack.secret, body, time.time())) == 413


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        '{"a":' * 5000,
        "payload=%5B",
        "payload=%5B%5D",
        "payload=1",
        "payload=" + "%5B" * 50_000,
        '{"type":"event_callback","event":1,"authorizations":3}',
        '{"type":"event_callback","team_id":"T1","event":{"type":"message","channel_type":"im"}}',
        '{"type":"block_actions","team":{"id":"T1"},"actions":[{"action_id":"act:1","value":"x"}]}',
        '{"type":"view_submission","team":{"id":"T1"},"view":{"callback_id":"c"}}',
        '{"type":"view_submission","view":7}',
        "command=%2Fcercle&team_id=T1",
        "command=%2Fcercle",
    ],
)
async def test_a_signed_oddity_is_never_a_5xx(bench: Bench, body: str) -> None:
    status = await knock(bench, body.encode(), signed(bench.slack.secret, body, time.time()))
    assert status in (200, 400)
    assert not bench.programme.heard


async def test_no_body_and_no_secret_reaches_the_logs(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await knock(bench, b"text=canary", signed("another", "text=canary", time.time()))
    bench.slack.faults.script("views.open", Fault(Kind.REFUSE, code="expired_trigger_id"))
    bench.programme.reply = Ask(FORM)
    await bench.user().command("canary")
    await bench.settle()
    assert "canary" not in caplog.text
    assert bench.slack.token not in caplog.text
    assert bench.slack.secret not in caplog.text + repr(bench.platform._settings)


# What goes out: every reply to every kind of event


async def hear(bench: Bench, kind: str, reply: Reply) -> None:
    user = bench.user()
    if kind == "submission":
        bench.programme.reply = Ask(FORM)
        await user.command("post")
    if kind == "click":
        await send(bench)
    if kind == "click in a channel":
        await send(bench, "slack:T1:C2" if "C2" in bench.shelf.records else "slack:T1:C1")
    if kind == "click at home":
        bench.programme.reply = Home(CARD)
        await user.open_home()
        await bench.settle()
    bench.programme.reply = reply
    match kind:
        case "command":
            await user.command("go")
        case "command in a channel":
            await user.command("go", channel="C2")
        case "click" | "click in a channel" | "click at home":
            await user.click(Poke())
        case "submission":
            await user.submit({"words": "mine"})
        case "home":
            await user.open_home()
        case "said":
            await user.say("go")
    await bench.settle()


PRIVATE = [
    ("command", "D1", "U1"),
    ("command in a channel", "C2", "U1"),
    ("click", "D1", "U1"),
    ("click in a channel", "C1", "U1"),
    ("click at home", "D1", ""),
    ("submission", "D1", ""),
    ("home", "D1", ""),
    ("said", "D1", ""),
]


@pytest.mark.parametrize(("kind", "channel", "to"), PRIVATE)
async def test_say_is_private(bench: Bench, kind: str, channel: str, to: str) -> None:
    await hear(bench, kind, Say(HELLO))
    message = bench.slack.messages[channel][-1]
    assert message.words() == "Hello there"
    assert message.to == to
    assert message.metadata is None


@pytest.mark.parametrize(("kind", "channel", "to"), PRIVATE)
async def test_replace(bench: Bench, kind: str, channel: str, to: str) -> None:
    await hear(bench, kind, Replace(HELLO))
    if kind == "click at home":
        assert "Hello" in json.dumps(bench.slack.homes["U1"])
        return
    messages = bench.slack.messages[channel]
    assert messages[-1].words() == "Hello there"
    replaced = kind == "click"
    assert (messages[-1].edits, messages[-1].to) == (int(replaced), "" if replaced else to)


async def test_a_card_that_others_see_is_not_replaced_and_one_for_its_reader_alone_is(bench: Bench) -> None:
    await hear(bench, "click in a channel", Replace(HELLO))
    shared, own = bench.slack.messages["C1"]
    assert (shared.edits, shared.to, own.to) == (0, "", "U1")
    own.blocks = shared.blocks
    bench.programme.reply = Replace(Card("Once more"))
    await bench.user().click(Poke, own, what="x")
    await bench.settle()
    assert [(m.edits, m.words()) for m in bench.slack.messages["C1"]][1:] == [(1, "Once more")]


@pytest.mark.parametrize("kind", [kind for kind, _, _ in PRIVATE])
async def test_home(bench: Bench, kind: str) -> None:
    await hear(bench, kind, Home(HELLO))
    assert bench.slack.homes["U1"]["blocks"][0]["text"]["text"] == "Hello"


@pytest.mark.parametrize("kind", [kind for kind, _, _ in PRIVATE if kind not in ("home", "said")])
async def test_ask_opens_a_form(bench: Bench, kind: str) -> None:
    await hear(bench, kind, Ask(FORM))
    modal = bench.slack.modals["U1"]
    assert (modal["title"]["text"], modal["close"]["text"]) == ("Words", "Cancel")
    assert modal["private_metadata"] == "poke/form"


async def test_ask_in_answer_to_words_is_a_button_that_asks(bench: Bench) -> None:
    await hear(bench, "said", Ask(FORM))
    assert "U1" not in bench.slack.modals
    await bench.user().click(WORDS["platform.open"])
    first, second = bench.programme.heard
    assert isinstance(first, Said)
    assert isinstance(second, Said)
    assert first.text == second.text
    assert first.key != second.key
    assert bench.slack.modals["U1"]["private_metadata"] == "poke/form"


@pytest.mark.parametrize("kind", [kind for kind, _, _ in PRIVATE])
async def test_nothing_is_only_heard(bench: Bench, kind: str) -> None:
    await hear(bench, kind, None)
    assert not [m for m in bench.slack.all_messages() if not m.metadata]
    assert "U1" not in bench.slack.modals


async def test_errors_stand_beside_their_inputs(bench: Bench) -> None:
    user = bench.user()
    bench.programme.reply = Ask(FORM)
    await user.command("post")
    bench.programme.reply = Ask(FORM, {"words": "Too short.", "elsewhere": "And late."})
    ack = await user.submit({"words": "a"})
    assert ack.body == {"response_action": "errors", "errors": {"words": "Too short. And late."}}
    assert "U1" in bench.slack.modals


async def test_errors_of_a_form_without_inputs_are_notes(bench: Bench) -> None:
    user = bench.user()
    bare = Form(Poke("form"), "Words", (Note(("Sure?",)),), "Save")
    bench.programme.reply = Ask(bare)
    await user.command("post")
    bench.programme.reply = Ask(bare, {"any": "No longer open."})
    await user.submit()
    assert "No longer open." in json.dumps(bench.slack.modals["U1"])


async def test_a_submission_may_lead_to_another_form(bench: Bench) -> None:
    user = bench.user()
    bench.programme.reply = Ask(FORM)
    await user.command("post")
    bench.programme.reply = Ask(Form(Poke("next"), "Next", FORM.parts, "Save"))
    await user.submit({"words": "mine"})
    assert bench.slack.modals["U1"]["private_metadata"] == "poke/next"


# When the network or the clock is against us


async def test_a_used_response_url_falls_back(bench: Bench) -> None:
    await send(bench, "slack:T1:C1")
    bench.slack.faults.script("response_url", Fault(Kind.REFUSE, code="used_url"))
    bench.programme.reply = Say(HELLO)
    await bench.user().click(Poke())
    await bench.settle()
    assert [m.to for m in bench.slack.messages["C1"]] == ["", "U1"]
    assert bench.slack.count("chat.postEphemeral") == 1


async def test_where_the_bot_is_no_member_the_answer_comes_one_to_one(bench: Bench) -> None:
    bench.slack.faults.script("response_url", Fault(Kind.REFUSE, code="expired_url"))
    bench.programme.reply = Say(HELLO)
    await bench.user().command("go", channel="C2")
    await bench.settle()
    assert [m.words() for m in bench.slack.seen("U1")] == ["Hello there"]


@pytest.mark.parametrize("kind", [Kind.RESET, Kind.CUT])
async def test_a_cut_connection_is_no_second_send(bench: Bench, kind: Kind) -> None:
    """slack_sdk left alone would send again."""
    await send(bench)
    bench.slack.faults.script("chat.postMessage", kind)
    with pytest.raises(Unsure):
        await send(bench)
    assert bench.slack.count("chat.postMessage") == 2
    assert len(bench.slack.seen("U1")) == 1 + (kind is Kind.CUT)


async def test_one_connection_for_everything(bench: Bench) -> None:
    for reply in (Say(HELLO), Ask(FORM), Home(HELLO)) * 3:
        bench.programme.reply = reply
        await bench.user().command("go", channel="C1")
        await bench.settle()
        await send(bench)
    assert len(bench.slack.calls) > 15
    assert len(bench.slack.connections) == 1


async def test_slack_being_away_is_no_failure_of_ours(bench: Bench) -> None:
    for method in ("response_url", "chat.postEphemeral", "chat.postMessage", "views.open", "views.publish"):
        bench.slack.faults.script(method, *[Fault(Kind.HTML)] * 20)
    user = bench.user()
    for reply in (Say(HELLO), Ask(FORM), Home(HELLO), Replace(HELLO)):
        bench.programme.reply = reply
        assert (await user.command("go", channel="C1")).status == 200
        assert (await user.open_home()).status == 200
    await bench.settle()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "PATIENCE", 0.15)
    monkeypatch.setattr(replies, "DRAWN", 0.05)


async def slowly(reply: Reply) -> Reply:
    await asyncio.sleep(0.4)
    return reply


UNCERTAIN = f"{WORDS['platform.pending']} {WORDS['platform.uncertain']}"


async def test_the_real_deadline_is_kept(bench: Bench) -> None:
    """The one test that waits: within Slack's 3 s the person knows that nothing is certain yet."""

    async def later(reply: Reply) -> Reply:
        await asyncio.sleep(3.2)
        return reply

    await send(bench)
    bench.programme.reply = lambda event: later(None)
    ack = await bench.user().click(Poke())
    assert (ack.status, ack.text) == (200, "")
    assert 1.9 < ack.seconds < 2.5
    assert bench.slack.seen("U1")[-1].words() == UNCERTAIN
    await bench.settle()
    assert bench.slack.seen("U1")[-1].words() == WORDS["platform.saved"]


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(("kind", "channel", "to"), PRIVATE)
async def test_a_slow_answer_still_arrives(bench: Bench, kind: str, channel: str, to: str) -> None:
    await hear(bench, kind, None)
    bench.programme.reply = lambda event: slowly(Say(HELLO))
    if kind == "submission":
        await a_slow_form(bench, Say(HELLO))
        await bench.settle()
    else:
        await hear(bench, kind, bench.programme.reply(bench.programme.heard[0]))  # type: ignore[operator]
    assert bench.slack.messages[channel][-1].words() == "Hello there"


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("channel", ["", "C2"])
async def test_a_slow_command_is_told_so_and_gets_back_what_it_said(bench: Bench, channel: str) -> None:
    bench.programme.reply = lambda event: slowly(None)
    await bench.user().command("post https://example.org", channel=channel)
    place = channel or "D1"
    typed = f"{WORDS['failure.kept']} /cercle post https://example.org"
    assert [(m.words(), m.to) for m in bench.slack.messages[place]] == [(f"{UNCERTAIN} {typed}", "U1")]
    await bench.settle()
    assert [m.words() for m in bench.slack.messages[place]][1:] == [WORDS["platform.saved"]]


@pytest.mark.usefixtures("hurried")
async def test_an_event_is_answered_when_it_is_kept_however_long_it_takes(bench: Bench) -> None:
    """Slack sends it again until then."""
    bench.programme.reply = lambda event: slowly(None)
    for ack in (await bench.user().say("hello"), await bench.user().open_home()):
        assert (ack.status, ack.seconds > 0.35) == (200, True)
    assert bench.slack.seen("U1") == []


@pytest.mark.usefixtures("hurried")
async def test_who_cannot_be_told_is_not_answered_before_it_is_kept(bench: Bench) -> None:
    await send(bench)
    for method in ("response_url", "chat.postEphemeral", "chat.postMessage"):
        bench.slack.faults.script(method, *[Fault(Kind.HTML)] * 20)
    bench.programme.reply = lambda event: slowly(None)
    ack = await bench.user().click(Poke())
    assert (ack.status, ack.seconds > 0.35) == (200, True)


async def a_slow_form(bench: Bench, reply: Reply) -> str:
    """The words of the modal while nothing is certain."""
    bench.programme.reply = Ask(FORM)
    await bench.user().command("post")
    bench.programme.reply = lambda event: slowly(reply)
    ack = await bench.user().submit({"words": "my own words"})
    assert ack.body["response_action"] == "update"
    return modal(bench)


def modal(bench: Bench) -> str:
    return bench.slack.modal_words("U1")


SAVED = f"{WORDS['platform.done']} {WORDS['platform.saved']}"
ANSWERED = f"{WORDS['platform.replied']} {WORDS['platform.answered']}"


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(
    ("reply", "after"),
    [
        (None, SAVED),
        (Say(HELLO), ANSWERED),
        (Ask(FORM, {"words": "Too short."}), "Words Too short. Your words"),
    ],
)
async def test_a_slow_form_shows_what_was_typed_then_how_it_ended(
    bench: Bench, reply: Reply, after: str
) -> None:
    before = await a_slow_form(bench, reply)
    assert before == f"{UNCERTAIN} {WORDS['failure.kept']} my own words"
    await bench.settle()
    assert modal(bench) == after


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (None, WORDS["platform.saved"]),
        (Say(HELLO), "Hello there"),
        (Ask(FORM, {"words": "Too short."}), f"{FORM.title}, later my own words"),
    ],
)
async def test_whoever_closed_a_slow_form_is_told_how_it_ended(bench: Bench, reply: Reply, said: str) -> None:
    await a_slow_form(bench, reply)
    await bench.user().close_modal()
    await bench.settle()
    assert [m.words() for m in bench.slack.seen("U1")] == [said]


@pytest.mark.usefixtures("hurried")
async def test_whoever_hears_of_it_late_is_told_how_it_ended_all_the_same(bench: Bench) -> None:
    """It was kept while Slack still took what says that it is not."""
    await send(bench)
    replies_of, respond = bench.platform._replies, bench.platform._replies._respond

    async def slow(*given: Any) -> None:
        await asyncio.sleep(0.4)
        await respond(*given)

    replies_of._respond = slow  # type: ignore[method-assign]
    bench.programme.reply = lambda event: slowly(None)
    await bench.user().click(Poke())
    await bench.settle()
    assert [m.words() for m in bench.slack.seen("U1")][1:] == [UNCERTAIN, WORDS["platform.saved"]]


@pytest.mark.usefixtures("hurried")
async def test_that_nothing_is_certain_yet_is_not_said_behind_the_answer(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No way takes the sentence in time; afterwards it would be untrue."""
    monkeypatch.setattr(replies, "TRIES", (10, 20))
    await send(bench)
    for way in ("response_url", "chat.postMessage"):
        bench.slack.faults.script(way, Fault(Kind.THROTTLE, seconds=1))
    bench.programme.reply = lambda event: slowly(Say(Card("Done")))
    await bench.user().click(Poke())
    await bench.settle()
    assert "Done" in [m.words() for m in bench.slack.all_messages()]
    assert UNCERTAIN not in [m.words() for m in bench.slack.all_messages()]


@pytest.mark.usefixtures("hurried")
async def test_a_form_that_could_not_be_redrawn_is_tried_again(bench: Bench) -> None:
    bench.slack.faults.script("views.update", Fault(Kind.HTML), Fault(Kind.HTML))
    await a_slow_form(bench, None)
    await bench.settle()
    assert modal(bench) == SAVED
    assert bench.slack.seen("U1") == []


@pytest.mark.usefixtures("hurried")
async def test_an_answer_that_does_not_arrive_stands_in_the_form(bench: Bench) -> None:
    bench.slack.faults.script("chat.postMessage", Fault(Kind.HTML))
    bench.programme.keeps = False
    await a_slow_form(bench, Say(HELLO))
    await bench.settle()
    assert modal(bench) == "Hello there"


@pytest.mark.usefixtures("hurried")
async def test_closing_waits_for_slow_answers(bench: Bench) -> None:
    bench.programme.reply = lambda event: slowly(Say(HELLO))
    await bench.user().command("go", channel="C1")
    await bench.platform.close()
    assert bench.slack.messages["C1"][-1].words() == "Hello there"


async def test_start_survives_slack_being_away_and_learns_later(
    monkeypatch: pytest.MonkeyPatch, bench: Bench
) -> None:
    monkeypatch.setattr(adapter, "GREET_AGAIN", 0.05)
    bench.slack.faults.script("auth.test", Kind.HTML, Kind.RESET)
    settings = SlackSettings("s", bench.slack.token, bench.slack.api_url)
    slack = Slack(settings, Programme(), lambda language, key: key, Shelf())
    monkeypatch.setattr(adapter, "GREET_WITHIN", 0.01)
    await slack.start()
    try:
        assert slack._home == ""
        async with asyncio.timeout(20):
            while not slack._home:
                await asyncio.sleep(0.02)
        assert slack._home == "T1"
    finally:
        await slack.close()


async def test_oauth_settings_in_the_environment_change_nothing(
    monkeypatch: pytest.MonkeyPatch, bench: Bench
) -> None:
    monkeypatch.setenv("SLACK_CLIENT_ID", "1.2")
    monkeypatch.setenv("SLACK_CLIENT_SECRET", "x")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-other")
    slack = Slack(bench.platform._settings, bench.programme, lambda language, key: key, bench.shelf)
    bench.platform._bolt = slack._bolt
    await bench.user().command("join")
    assert len(bench.programme.heard) == 1
    assert bench.slack.count("auth.test") == 1


async def test_a_profile_is_asked_for_once(bench: Bench) -> None:
    users = [bench.user("U1"), bench.user("U1"), bench.user("U2")]
    await asyncio.gather(*(user.command("go") for user in users))
    await users[0].command("go")
    assert bench.slack.count("users.info") == 2
    assert bench.slack.count("auth.test") == 1
    changed = {**bench.slack.users["U1"], "locale": "en-GB", "tz": "Asia/Tokyo"}
    await users[0].event({"type": "user_change", "user": changed})
    await users[0].command("go")
    sender = bench.programme.heard[-1].sender
    assert (sender.locale, sender.zone) == ("en-GB", "Asia/Tokyo")
    assert bench.slack.count("users.info") == 2


async def test_people_in_the_words_have_the_names_they_chose(bench: Bench) -> None:
    """The name in the command is the user name of old; somebody whom Slack does not tell of keeps it."""
    chosen = f"@{parse.profile(bench.slack.users['U2']).name}"
    await bench.user().command(f"poll {chosen} #C3")
    event = bench.programme.heard[-1]
    assert isinstance(event, Command)
    assert event.text == "poll slack:T1:U2 slack:T1:C3"
    assert event.names == {"slack:T1:U2": chosen, "slack:T1:C3": "#general"}
    assert chosen != chosen.lower()
    bench.slack.add_user("U9", "Bob")
    bench.slack.faults.script("users.info", Fault(Kind.REFUSE, code="user_not_found"))
    await bench.user().command("poll @Bob")
    assert isinstance(stranger := bench.programme.heard[-1], Command)
    assert stranger.names == {"slack:T1:U9": "@bob"}


async def test_people_chosen_in_a_form_have_the_names_they_chose(bench: Bench) -> None:
    bench.programme.reply = Ask(TEAM)
    user = bench.user()
    await user.command("team")
    bench.programme.reply = None
    await user.submit({"team": ["U2", "U9"]})
    event = bench.programme.heard[-1]
    assert isinstance(event, Submission)
    chosen = f"@{parse.profile(bench.slack.users['U2']).name}"
    assert event.names == {"slack:T1:U2": chosen, "slack:T1:U9": ""}


TEAM = Form(Poke("team"), "Team", (People("team", "Team"),), "Save")


async def test_an_outage_changes_nobodys_name(bench: Bench) -> None:
    await bench.user().command("go")
    bench.platform._profiles.learn(("T1", "U1"), parse.Profile("Ada", "fr-FR", "Europe/Paris"), kept=-1)
    bench.slack.faults.script("users.info", Kind.HTML)
    await bench.user().command("go")
    sender = bench.programme.heard[-1].sender
    assert (sender.name, sender.locale, sender.zone) == ("Ada", "fr-FR", "Europe/Paris")


@pytest.mark.parametrize("kind", [Kind.HTML, Kind.RESET, Kind.THROTTLE, Kind.TRUNCATE])
async def test_a_profile_that_does_not_come_holds_nobody_up(bench: Bench, kind: Kind) -> None:
    bench.slack.faults.script("users.info", Fault(kind), Fault(kind))
    await bench.user().command("go")
    asked = bench.slack.count("users.info")
    await bench.user().command("go")
    assert [event.sender.name for event in bench.programme.heard] == ["ada", "ada"]
    assert bench.slack.count("users.info") == asked


async def test_a_slow_profile_costs_less_than_a_second(bench: Bench) -> None:
    bench.slack.faults.script("users.info", Fault(Kind.SLOW, seconds=1.2))
    ack = await bench.user().command("go")
    assert ack.seconds < 1.1
    assert bench.programme.heard[0].sender.locale == ""
    await bench.settle()
    await bench.user().command("go")
    assert bench.programme.heard[1].sender.locale == "fr-FR"


# What Slack reports


async def test_the_token_is_told_to_work(bench: Bench) -> None:
    assert bench.programme.told == [Connected("", "slack", "T1")]


async def test_a_token_that_is_not_accepted_any_more_is_told_and_looked_at_again(
    monkeypatch: pytest.MonkeyPatch, bench: Bench
) -> None:
    """Also when no event says so."""
    monkeypatch.setattr(adapter, "GREET_AGAIN", 0.02)
    monkeypatch.setattr(adapter, "LOOK_AGAIN", 0.02)
    bench.slack.faults.script("auth.test", None, Fault(Kind.REFUSE, code="token_revoked"), Kind.HTML)
    programme = Programme()
    settings = SlackSettings("s", bench.slack.token, bench.slack.api_url)
    slack = Slack(settings, programme, lambda language, key: key, Shelf())
    await slack.start()
    try:
        async with asyncio.timeout(20):
            while len(programme.told) < 3:
                await asyncio.sleep(0.02)
    finally:
        await slack.close()
    works, lost = Connected("", "slack", "T1"), Disconnected("", "slack", "T1")
    assert programme.told[:3] == [works, lost, works]


async def test_a_report_reaches_the_programme(bench: Bench) -> None:
    await bench.user().event({"type": "channel_archive", "channel": "C1"})
    (report,) = bench.programme.told[1:]
    assert isinstance(report, ChannelClosed)
    assert report.place == "slack:T1:C1"
    assert bench.programme.heard == []


async def test_what_was_not_kept_slack_tells_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(report: Report) -> bool:
        raise OSError("the database is away")

    monkeypatch.setattr(bench.programme, "report", broken)
    ack = await bench.user().event({"type": "app_uninstalled"})
    assert ack.status == 503
    monkeypatch.undo()
    assert (await bench.user().event({"type": "app_uninstalled"})).status == 200


async def test_the_language_is_asked_for_where_slack_does_not_tell_it(bench: Bench) -> None:
    await bench.user().command("go")
    changed = {**bench.slack.users["U1"], "tz": "Asia/Tokyo"}
    bench.slack.users["U1"] |= {"tz": "Asia/Tokyo", "locale": "en-GB"}
    del changed["locale"]
    await bench.user().event({"type": "user_change", "user": changed})
    await bench.settle()
    first, second = bench.programme.told[1:]
    assert isinstance(first, AccountChanged)
    assert isinstance(second, AccountChanged)
    assert (first.account.locale, first.account.zone) == ("", "Asia/Tokyo")
    assert (second.account.locale, second.account.zone) == ("en-GB", "Asia/Tokyo")
    await bench.user().command("go")
    assert bench.programme.heard[-1].sender.locale == "en-GB"


async def test_nothing_is_asked_about_somebody_who_is_not_known(bench: Bench) -> None:
    bench.programme.knows = False
    changed = {name: value for name, value in bench.slack.users["U2"].items() if name != "locale"}
    await bench.user().event({"type": "user_change", "user": changed})
    await bench.settle()
    assert len(bench.programme.told) == 2
    assert bench.slack.count("users.info") == 0


async def test_whoever_invites_the_bot_lends_it_their_language(bench: Bench) -> None:
    event = {"type": "member_joined_channel", "user": "UBOT", "channel": "C1", "inviter": "U1"}
    await bench.user().event(event)
    (joined,) = bench.programme.told[1:]
    assert isinstance(joined, ChannelJoined)
    assert (joined.place, joined.locale, joined.zone) == ("slack:T1:C1", "fr-FR", "Europe/Paris")


async def test_a_mention_is_answered_privately_in_the_channel(bench: Bench) -> None:
    bench.programme.reply = Say(HELLO)
    event = {"type": "app_mention", "user": "U1", "channel": "C1", "text": "<@UBOT> aide", "ts": "1.2"}
    await bench.user().event(event)
    await bench.settle()
    (heard,) = bench.programme.heard
    assert isinstance(heard, Command)
    assert (heard.text, heard.place, heard.sender.name) == ("aide", "slack:T1:C1", "Ada")
    (message,) = bench.slack.messages["C1"]
    assert (message.words(), message.to) == ("Hello there", "U1")


async def test_a_form_asked_for_in_a_mention_opens_by_a_button_and_knows_the_channel(bench: Bench) -> None:
    bench.programme.reply = Ask(FORM)
    event = {"type": "app_mention", "user": "U1", "channel": "C1", "text": "<@UBOT> poll", "ts": "1.2"}
    await bench.user().event(event)
    await bench.settle()
    (message,) = bench.slack.messages["C1"]
    assert message.to == "U1"
    await bench.user().click(WORDS["platform.open"], message)
    again = bench.programme.heard[-1]
    assert again == Command(again.key, again.sender, "poll", "slack:T1:C1")
    assert bench.slack.modals["U1"]["title"]["text"] == "Words"
