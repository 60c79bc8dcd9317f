"""Every failure by its right name, nothing sent twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.card import Button, Buttons, Card, text
from bot.chat.messenger import (
    CannotTell,
    Gone,
    MessengerError,
    NotConnected,
    Notice,
    Refused,
    Throttled,
    Unavailable,
    Unreachable,
    Unsure,
)
from bot.platforms.slack.messenger import METADATA, PACE, PAGE, PAGES, SKEW, SlackMessenger
from tests.emulators import slack as slack_emulator
from tests.emulators.slack import FakeSlack, Fault, Faults, Json, Kind
from tests.platforms.slack.conftest import Poke, Shelf

ADA = "slack:T1:U1"
HELLO = Notice("n-1", Card("Hello", (text("there"),)))
BYE = Notice("n-1", Card("Bye"))


@dataclass
class World:
    slack: FakeSlack
    messenger: SlackMessenger
    shelf: Shelf
    client: AsyncWebClient


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    timeout = aiohttp.ClientTimeout(total=2)
    async with FakeSlack() as slack, aiohttp.ClientSession(timeout=timeout) as session:
        slack.add_user("U1", "Ada")
        slack.add_user("U2", "Gone", deleted=True)
        slack.add_channel("C1")
        slack.add_channel("C2", joined=False)
        client = AsyncWebClient(slack.token, slack.api_url, session=session, retry_handlers=[])
        shelf = Shelf()
        yield World(slack, SlackMessenger(client, shelf), shelf, client)


async def test_a_card_is_sent_changed_and_taken_away(world: World) -> None:
    reference = await world.messenger.send(ADA, HELLO)
    (message,) = world.slack.seen("U1")
    assert (reference, message.words(), message.notice) == (message.reference, "Hello there", "n-1")
    assert message.metadata == {"event_type": "cercle_notice", "event_payload": {"id": "n-1"}}
    post = next(call.args for call in world.slack.calls if call.method == "chat.postMessage")
    assert (post["unfurl_links"], post["unfurl_media"]) == (False, False)
    for _ in range(2):
        await world.messenger.update(ADA, reference, BYE)
        assert (message.words(), message.notice) == ("Bye", "n-1")
    for _ in range(2):
        await world.messenger.delete(ADA, reference)
        assert world.slack.seen("U1") == []


async def test_a_channel_is_written_to_directly(world: World) -> None:
    await world.messenger.send("slack:T1:C1", HELLO)
    assert world.slack.messages["C1"][0].words() == "Hello there"
    assert world.slack.count("conversations.open") == 0


async def test_a_conversation_is_opened_once_for_good(world: World) -> None:
    for _ in range(3):
        await world.messenger.send(ADA, HELLO)
    assert world.shelf.records == {ADA: {"channel": "D1"}}
    await SlackMessenger(world.client, world.shelf).send(ADA, HELLO)
    assert world.slack.count("conversations.open") == 1


async def test_a_conversation_that_moved_is_found_again(world: World) -> None:
    world.shelf.records[ADA] = {"channel": "D-of-an-older-app"}
    assert (await world.messenger.send(ADA, HELLO)).startswith("D1:")
    assert world.shelf.records == {ADA: {"channel": "D1"}}
    assert len(world.slack.seen("U1")) == 1


async def test_one_connection_for_many_calls(world: World) -> None:
    for _ in range(20):
        await world.messenger.update(ADA, await world.messenger.send(ADA, HELLO), BYE)
    assert len(world.slack.connections) == 1


THROTTLED = Fault(Kind.THROTTLE, seconds=7)
LATE = Fault(Kind.SLOW, seconds=3)

SEND = [
    (THROTTLED, Throttled, 0),
    (Fault(Kind.ERROR), Unsure, 0),
    (Fault(Kind.HTML), Unsure, 0),
    (Fault(Kind.RESET), Unsure, 0),
    (Fault(Kind.CUT), Unsure, 1),
    (Fault(Kind.TRUNCATE), Unsure, 1),
    (LATE, Unsure, 1),
]


@pytest.mark.parametrize(("fault", "error", "posted"), SEND, ids=lambda value: str(value)[:24])
async def test_a_send_that_breaks(
    world: World, fault: Fault, error: type[MessengerError], posted: int
) -> None:
    await world.messenger.channel(ADA)
    world.slack.faults.script("chat.postMessage", fault)
    with pytest.raises(error):
        await world.messenger.send(ADA, HELLO)
    assert len(world.slack.seen("U1")) == posted
    assert world.slack.count("chat.postMessage") == 1


@pytest.mark.parametrize("fault", [fault for fault, _, _ in SEND if fault is not THROTTLED])
@pytest.mark.parametrize("method", ["conversations.open", "chat.update", "chat.delete"])
async def test_a_step_that_may_be_repeated(world: World, method: str, fault: Fault) -> None:
    reference = (await world.messenger.send("slack:T1:C1", HELLO)) if method != "conversations.open" else ""
    world.slack.faults.script(method, fault)
    with pytest.raises(Unavailable):
        await step(world, method, reference)
    await step(world, method, reference)


async def step(world: World, method: str, reference: str) -> None:
    match method:
        case "conversations.open":
            await world.messenger.send(ADA, HELLO)
        case "chat.update":
            await world.messenger.update("slack:T1:C1", reference, BYE)
        case _:
            await world.messenger.delete("slack:T1:C1", reference)


@pytest.mark.parametrize("method", ["conversations.open", "chat.postMessage"])
async def test_the_wait_is_slacks(world: World, method: str) -> None:
    world.slack.faults.script(method, THROTTLED)
    with pytest.raises(Throttled) as caught:
        await world.messenger.send(ADA, HELLO)
    assert caught.value.wait == 7


CODES = [
    ("ratelimited", Throttled),
    ("rate_limited", Throttled),
    ("internal_error", Unsure),
    ("fatal_error", Unsure),
    ("user_not_found", Unreachable),
    ("channel_not_found", Unreachable),
    ("is_archived", Unreachable),
    ("not_in_channel", Unreachable),
    ("messages_tab_disabled", Unreachable),
    ("cannot_dm_bot", Unreachable),
    ("user_disabled", Unreachable),
    ("invalid_blocks", Refused),
    ("msg_too_long", Refused),
    ("missing_scope", Refused),
    ("a_code_of_next_year", Refused),
    ("invalid_auth", Unavailable),
    ("token_revoked", Unavailable),
    ("account_inactive", Unavailable),
    ("service_unavailable", Unavailable),
]


@pytest.mark.parametrize(("code", "error"), CODES)
async def test_a_refused_send(world: World, code: str, error: type[MessengerError]) -> None:
    world.slack.faults.script("chat.postMessage", Fault(Kind.REFUSE, code=code))
    with pytest.raises(error):
        await world.messenger.send("slack:T1:C1", HELLO)
    assert world.slack.count("chat.postMessage") == 1


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("message_not_found", Gone),
        ("cant_update_message", Gone),
        ("edit_window_closed", Refused),
        ("internal_error", Unavailable),
        ("fatal_error", Unavailable),
        ("ratelimited", Throttled),
    ],
)
async def test_a_refused_update(world: World, code: str, error: type[MessengerError]) -> None:
    world.slack.faults.script("chat.update", Fault(Kind.REFUSE, code=code))
    with pytest.raises(error):
        await world.messenger.update(ADA, "D1:1.2", HELLO)


async def test_a_card_that_was_taken_away_is_gone(world: World) -> None:
    reference = await world.messenger.send(ADA, HELLO)
    world.slack.messages["D1"].clear()
    with pytest.raises(Gone):
        await world.messenger.update(ADA, reference, BYE)
    await world.messenger.delete(ADA, reference)
    assert world.slack.seen("U1") == []


async def test_what_may_not_be_deleted_is_refused(world: World) -> None:
    reference = await world.messenger.send(ADA, HELLO)
    world.slack.faults.script("chat.delete", Fault(Kind.REFUSE, code="cant_delete_message"))
    with pytest.raises(Refused):
        await world.messenger.delete(ADA, reference)


@pytest.mark.parametrize("address", ["slack:T1:U2", "slack:T1:U404", "slack:T1:C2", "slack:T1:C404"])
async def test_people_and_channels_out_of_reach(world: World, address: str) -> None:
    with pytest.raises(Unreachable):
        await world.messenger.send(address, HELLO)


@pytest.mark.parametrize("address", ["", "slack", "slack:T1:", "teams:T1:U1", "slack:T1:U1:more"])
async def test_an_address_of_another_chat(world: World, address: str) -> None:
    with pytest.raises(Refused):
        await world.messenger.send(address, HELLO)


async def test_a_reference_of_another_chat(world: World) -> None:
    for act in (world.messenger.update(ADA, "19", HELLO), world.messenger.delete(ADA, ":1")):
        with pytest.raises(Refused):
            await act


async def test_a_card_that_cannot_be_drawn_is_refused(world: World) -> None:
    crowded = Card("Crowded", (Buttons(tuple(Button(f"{n}", Poke()) for n in range(26))),))
    with pytest.raises(Refused):
        await world.messenger.send(ADA, Notice("n", crowded))
    assert not world.slack.calls


async def test_nobody_listening_is_unavailable(world: World) -> None:
    await world.messenger.channel(ADA)
    reference = await world.messenger.send(ADA, HELLO)
    await world.slack.close()
    await asyncio.sleep(0)
    world.client.base_url = "http://127.0.0.1:9/api/"
    acts = (world.messenger.send(ADA, HELLO), world.messenger.update(ADA, reference, BYE))
    for act in acts:
        with pytest.raises(Unavailable):
            await act


async def test_a_name_that_does_not_resolve_is_unavailable(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_such_host(*_: object, **__: object) -> list[object]:
        raise OSError(-2, "Name or service not known")

    monkeypatch.setattr(aiohttp.ThreadedResolver, "resolve", no_such_host)
    world.client.base_url = "http://slack.invalid/api/"
    with pytest.raises(Unavailable):
        await world.messenger.send("slack:T1:C1", HELLO)


@pytest.mark.parametrize("seed", range(5))
async def test_under_a_storm_the_ledger_agrees(world: World, seed: int) -> None:
    """What raised anything but Unsure was not posted; what returned was posted once."""
    await world.messenger.channel(ADA)
    rates = {kind: 0.08 for kind in Kind if kind not in (Kind.SLOW, Kind.REFUSE)}
    world.slack.faults = Faults(rates, seed)
    unsure = set()
    sent = set()
    for number in range(60):
        try:
            await world.messenger.send(ADA, Notice(f"n{number}", HELLO.card))
            sent.add(f"n{number}")
        except Unsure:
            unsure.add(f"n{number}")
        except MessengerError:
            pass
    posted = [message.notice for message in world.slack.seen("U1")]
    assert len(posted) == len(set(posted))
    assert sent <= set(posted) <= sent | unsure
    assert unsure


# Looking for what was sent

HISTORY = "conversations.history"
NO_SCOPE = Fault(Kind.REFUSE, code="missing_scope")


def long_ago() -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)


def marked(id: object, event: str = METADATA) -> Json:
    return {"event_type": event, "event_payload": {"id": id}}


async def test_what_was_sent_is_found_by_its_id_alone(world: World) -> None:
    first = await world.messenger.send(ADA, HELLO)
    await world.messenger.send(ADA, Notice("n-2", HELLO.card))
    await world.messenger.update(ADA, first, BYE)
    second = await world.messenger.send(ADA, HELLO)
    assert await world.messenger.find(ADA, "n-1", long_ago()) == (first, second)
    assert await world.messenger.find(ADA, "n-3", long_ago()) == ()
    await world.messenger.delete(ADA, second)
    assert await world.messenger.find(ADA, "n-1", long_ago()) == (first,)


async def test_only_what_was_sent_since_is_looked_at(world: World) -> None:
    reference = await world.messenger.send(ADA, HELLO)
    at = datetime.fromtimestamp(float(reference.partition(":")[2]), UTC)
    second = timedelta(seconds=1)
    assert await world.messenger.find(ADA, "n-1", at + SKEW - second) == (reference,)
    assert await world.messenger.find(ADA, "n-1", at + SKEW + second) == ()
    asked = [call.args for call in world.slack.calls if call.method == HISTORY]
    assert [float(args["oldest"]) for args in asked] == [at.timestamp() - 1, at.timestamp() + 1]
    assert all(args["include_all_metadata"] in (1, "1", "true") for args in asked)


@pytest.mark.parametrize(
    "metadata",
    [
        marked("n-1", "theirs"),
        marked("N-1"),
        marked("n-1 "),
        marked("n-10"),
        marked(["n-1"]),
        {"event_type": METADATA, "event_payload": {"note": "n-1"}},
        {"event_type": METADATA},
        None,
    ],
)
async def test_other_metadata_is_not_ours(world: World, metadata: Json | None) -> None:
    channel = await world.messenger.channel(ADA)
    await world.client.chat_postMessage(channel=channel, text="n-1", metadata=metadata)
    assert await world.messenger.find(ADA, "n-1", long_ago()) == ()


async def test_what_was_said_elsewhere_is_not_looked_at(world: World) -> None:
    await world.messenger.send("slack:T1:C1", HELLO)
    assert await world.messenger.find(ADA, "n-1", long_ago()) == ()


class Pages:
    """A history of so many pages, newest first, with one of our messages on each."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.asked: list[Json] = []

    def answer(self, slack: FakeSlack, args: Json) -> Json:
        self.asked.append(args)
        page = int(args.get("cursor") or 0)
        message = {"ts": f"{1_000 - page}.000001", "metadata": marked("n-1")}
        cursor = str(page + 1) if page + 1 < self.number else ""
        metadata = {"next_cursor": cursor}
        return {"messages": [message], "has_more": bool(cursor), "response_metadata": metadata}


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> Pages:
    pages = Pages(3)
    monkeypatch.setitem(slack_emulator.METHODS, HISTORY, pages.answer)
    return pages


async def test_a_long_history_is_read_in_pages(world: World, pages: Pages) -> None:
    """The oldest first: it is the one that stays."""
    found = await world.messenger.find(ADA, "n-1", long_ago())
    assert found == ("D1:998.000001", "D1:999.000001", "D1:1000.000001")
    assert [int(args["limit"]) for args in pages.asked] == [PAGE] * 3
    assert [args.get("cursor") for args in pages.asked] == [None, "1", "2"]
    assert len({args["oldest"] for args in pages.asked}) == 1


async def test_a_history_without_an_end_tells_nothing(world: World, pages: Pages) -> None:
    """The first of our messages may stand beyond what was read."""
    pages.number = PAGES + 1
    with pytest.raises(CannotTell) as caught:
        await world.messenger.find(ADA, "n-1", long_ago())
    assert not caught.value.resend
    assert len(pages.asked) == PAGES


async def test_without_the_scope_nobody_can_tell_until_it_is_granted(world: World) -> None:
    reference = await world.messenger.send(ADA, HELLO)
    world.slack.faults.script(HISTORY, NO_SCOPE, NO_SCOPE)
    for _ in range(2):
        with pytest.raises(CannotTell) as caught:
            await world.messenger.find(ADA, "n-1", long_ago())
        assert not caught.value.resend
    assert await world.messenger.find(ADA, "n-1", long_ago()) == (reference,)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (THROTTLED, Throttled),
        (Fault(Kind.ERROR), Unavailable),
        (Fault(Kind.TRUNCATE), Unavailable),
        (LATE, Unavailable),
        (Fault(Kind.REFUSE, code="invalid_auth"), NotConnected),
        (Fault(Kind.REFUSE, code="channel_not_found"), Unreachable),
        (Fault(Kind.REFUSE, code="invalid_cursor"), Refused),
    ],
    ids=lambda value: str(value)[:24],
)
async def test_a_look_that_breaks(world: World, fault: Fault, error: type[MessengerError]) -> None:
    world.slack.faults.script(HISTORY, fault)
    with pytest.raises(error) as caught:
        await world.messenger.find(ADA, "n-1", long_ago())
    assert type(caught.value) is error


async def test_who_was_reached_takes_one_request(world: World) -> None:
    await world.messenger.reach(ADA)
    await world.messenger.reach(ADA)
    await world.messenger.reach("slack:T1:C1")
    assert [call.method for call in world.slack.calls] == ["conversations.open"]
    await world.messenger.send(ADA, HELLO)
    assert len(world.slack.calls) == 2


@pytest.mark.parametrize("fault", [fault for fault, _, _ in SEND if fault is not THROTTLED])
async def test_reaching_somebody_is_never_unsure(world: World, fault: Fault) -> None:
    world.slack.faults.script("conversations.open", fault)
    with pytest.raises(Unavailable):
        await world.messenger.reach(ADA)
    assert world.slack.seen("U1") == []


def test_the_pace_is_below_what_slack_allows() -> None:
    assert PACE.channel.rate <= 1
    assert PACE.update.rate * 60 <= 50
    assert PACE.find.rate * 60 <= 50
    assert PACE.send.rate * 60 <= 300
