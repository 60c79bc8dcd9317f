"""Sending unasked: what goes out, what every fault means, and that nobody waits for Microsoft's login."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from bot.chat.card import Card, text
from bot.chat.messenger import (
    CannotTell,
    Gone,
    MessengerError,
    Notice,
    Refused,
    Throttled,
    Unavailable,
    Unreachable,
    Unsure,
)
from bot.platforms.teams.adapter import PACE, Teams
from tests.emulators.teams import APP_ID, CHANNEL, TENANT, Fault, words
from tests.platforms.teams.conftest import House, spoken

NOTICE = Notice("n1", Card("Un contenu", (text("Trois promotions racontent."),)))
LATER = Notice("n1", Card("Un contenu retiré"))


async def outcome(house: House, address: str, method: str, reference: str) -> MessengerError | None:
    messenger = house.teams.messenger
    try:
        if method == "send":
            await messenger.send(address, NOTICE)
        elif method == "update":
            await messenger.update(address, reference, LATER)
        else:
            await messenger.delete(address, reference)
    except MessengerError as error:
        return error
    return None


async def test_a_card_is_sent_redrawn_and_taken_away(house: House) -> None:
    ada = await house.member()
    reference = await house.teams.messenger.send(ada.address, NOTICE)
    [message] = ada.messages
    assert (message.id, words(message.card)[:10]) == (reference, "Un contenu")
    assert message.activity["summary"] == "Un contenu — Trois promotions racontent."
    assert message.activity["recipient"]["id"] == f"29:{ada.aad}"
    await house.teams.messenger.update(ada.address, reference, LATER)
    await house.teams.messenger.update(ada.address, reference, LATER)
    [message] = ada.messages
    assert (message.edits, words(message.card)[:17]) == (2, "Un contenu retiré")
    await house.teams.messenger.delete(ada.address, reference)
    await house.teams.messenger.delete(ada.address, reference)
    assert ada.messages == []


async def test_teams_cannot_tell_and_twice_is_better_than_never(house: House) -> None:
    ada = await house.member()
    await house.teams.messenger.send(ada.address, NOTICE)
    with pytest.raises(CannotTell) as caught:
        await house.teams.messenger.find(ada.address, NOTICE.id, datetime.now(UTC) - timedelta(hours=1))
    assert caught.value.resend
    assert len(house.fake.calls) == 1


async def test_who_was_reached_takes_one_request(house: House) -> None:
    ada = house.user()
    house.fake.installed.add(ada.aad)
    for _ in range(2):
        await house.teams.messenger.reach(ada.address)
    assert [call.path for call in house.fake.calls] == ["/emea/v3/conversations"]
    assert ada.messages == []
    await house.teams.messenger.send(ada.address, NOTICE)
    assert len(house.fake.calls) == 2


@pytest.mark.parametrize("fault", [Fault(500), Fault(broken="reset"), Fault(broken="half", done=True)])
async def test_reaching_somebody_is_never_unsure(house: House, fault: Fault) -> None:
    ada = house.user()
    house.fake.installed.add(ada.aad)
    house.fake.faults.append(fault)
    with pytest.raises(Unavailable):
        await house.teams.messenger.reach(ada.address)
    await house.teams.messenger.send(ada.address, NOTICE)
    assert len(ada.messages) == 1


async def test_a_card_that_was_taken_away_is_gone(house: House) -> None:
    ada = await house.member()
    reference = await house.teams.messenger.send(ada.address, NOTICE)
    house.fake.messages[reference].deleted = True
    with pytest.raises(Gone):
        await house.teams.messenger.update(ada.address, reference, LATER)
    await house.teams.messenger.delete(ada.address, reference)
    assert ada.messages == []


async def test_a_channel_is_written_to_outside_the_thread_it_was_met_in(house: House) -> None:
    await house.user().says_in_channel("aide")
    [command] = house.script.events
    await house.teams.messenger.send(command.place, NOTICE)  # type: ignore[union-attr]
    assert command.place == f"teams:{TENANT}:{CHANNEL}"  # type: ignore[union-attr]
    assert len(house.fake.visible(CHANNEL)) == 1


async def test_somebody_never_met_is_met_by_object_id(house: House) -> None:
    ada = house.user()
    house.fake.installed.add(ada.aad)
    for _ in range(2):
        await house.teams.messenger.send(ada.address, NOTICE)
    assert [call.path for call in house.fake.calls].count("/emea/v3/conversations") == 1
    assert house.pages.records[ada.address]["bot"] == f"28:{APP_ID}"
    assert len(ada.messages) == 2


@pytest.mark.parametrize(
    "address",
    [
        f"teams:{TENANT}:00000009-cccc-4ccc-8ccc-000000000001",
        "teams:another-tenant:00000001-cccc-4ccc-8ccc-000000000001",
        f"teams:{TENANT}:ada@example.org",
        f"teams:{TENANT}:{CHANNEL}",
        "slack:T1:U1",
        "teams",
        "",
    ],
)
async def test_who_cannot_be_met_is_unreachable(house: House, address: str) -> None:
    with pytest.raises(Unreachable):
        await house.teams.messenger.send(address, NOTICE)


async def test_records_outlive_the_process(house: House) -> None:
    ada = await house.member()
    assert house.pages.writes == 2
    assert house.fake.calls == []
    again = Teams(house.fake.settings(), house.script, spoken, house.pages, house.clock)
    try:
        await again.messenger.send(ada.address, NOTICE)
    finally:
        await again.close()
    assert len(ada.messages) == 1


async def test_a_record_is_written_only_when_it_changes(house: House) -> None:
    ada = await house.member()
    for _ in range(3):
        await ada.says("bonjour")
    assert (house.pages.reads, house.pages.writes) == (2, 2)


async def test_no_token_goes_to_a_service_url_that_is_not_on_the_list(house: House) -> None:
    ada = await house.member()
    house.pages.records[ada.address]["service_url"] = "http://127.0.0.2:1/"
    house.fake.token_calls = 0
    again = Teams(house.fake.settings(), house.script, spoken, house.pages, house.clock)
    try:
        with pytest.raises(Unreachable):
            await again.messenger.send(ada.address, NOTICE)
    finally:
        await again.close()
    assert house.fake.token_calls == 0


FAULTS: dict[str, tuple[Fault, type, type, type]] = {
    # what happens, and what it means for send, update, delete
    "429": (Fault(429, {"Retry-After": "7"}), Throttled, Throttled, Throttled),
    "429 until": (Fault(429, until=7), Throttled, Throttled, Throttled),
    "412": (Fault(412), Throttled, Throttled, Throttled),
    "403": (Fault(403, body='{"errorCode":209}'), Unreachable, Unreachable, Unreachable),
    "404": (Fault(404), Unreachable, Gone, type(None)),
    "413": (Fault(413), Refused, Refused, Refused),
    "400": (Fault(400, body="<html>"), Refused, Refused, Refused),
    "302": (Fault(302, {"Location": "/elsewhere"}), Refused, Refused, Refused),
    "500": (Fault(500), Unsure, Unavailable, Unavailable),
    "502": (Fault(502, body="<html>Bad Gateway</html>"), Unsure, Unavailable, Unavailable),
    "503": (Fault(503), Unsure, Unavailable, Unavailable),
    "504": (Fault(504), Unsure, Unavailable, Unavailable),
    # aiohttp tries once more by itself where twice is the same as once
    "reset before": (Fault(broken="reset"), Unsure, type(None), type(None)),
    "reset after": (Fault(broken="reset", done=True), Unsure, type(None), type(None)),
    "cut in the answer": (Fault(broken="half", done=True), Unsure, Unavailable, Unavailable),
    "answered with half a body": (
        Fault(200, {"Content-Type": "application/json"}, '{"id": "1', done=True),
        Unsure,
        type(None),
        type(None),
    ),
    "answered without an id": (
        Fault(200, {"Content-Type": "application/json"}, "{}", done=True),
        Unsure,
        type(None),
        type(None),
    ),
    "answered in text": (Fault(200, body="ok", done=True), Unsure, type(None), type(None)),
}


@pytest.mark.parametrize(("fault", "send", "update", "delete"), FAULTS.values(), ids=FAULTS)
async def test_what_a_fault_means(house: House, fault: Fault, send: type, update: type, delete: type) -> None:
    ada = await house.member()
    reference = await house.teams.messenger.send(ada.address, NOTICE)
    for method, expected in (("send", send), ("update", update), ("delete", delete)):
        house.fake.faults.append(fault)
        error = await outcome(house, ada.address, method, reference)
        assert type(error) is expected, method
        if isinstance(error, Throttled):
            assert error.wait == (7 if fault.headers or fault.until else 2)
    assert await outcome(house, ada.address, "send", reference) is None


async def test_two_resets_are_one_too_many(house: House) -> None:
    ada = await house.member()
    reference = await house.teams.messenger.send(ada.address, NOTICE)
    for method in ("update", "delete"):
        house.fake.faults.extend([Fault(broken="reset")] * 2)
        assert type(await outcome(house, ada.address, method, reference)) is Unavailable


async def test_an_unsure_send_is_never_repeated_by_itself(house: House) -> None:
    ada = await house.member()
    await house.teams.messenger.send(ada.address, NOTICE)
    for broken in ("reset", "half"):
        house.fake.faults.append(Fault(broken=broken, done=True))
        with pytest.raises(Unsure):
            await house.teams.messenger.send(ada.address, NOTICE)
    assert len(ada.messages) == 3


async def test_a_connector_that_is_not_there_is_unavailable_within_a_second(house: House) -> None:
    ada = await house.member()
    await house.teams.messenger.send(ada.address, NOTICE)
    await house.fake.close()
    began = time.monotonic()
    with pytest.raises((Unavailable, Unsure)):
        await house.teams.messenger.send(ada.address, NOTICE)
    with pytest.raises(Unavailable):
        await house.teams.messenger.send(ada.address, NOTICE)
    assert time.monotonic() - began < 1
    await house.fake.start()


async def test_a_removed_app_is_unreachable_until_it_is_back(house: House) -> None:
    ada = await house.member()
    await ada.removes()
    with pytest.raises(Unreachable):
        await house.teams.messenger.send(ada.address, NOTICE)
    await ada.installs()
    await house.teams.messenger.send(ada.address, NOTICE)


async def test_a_card_too_large_for_teams_is_refused_before_it_leaves(house: House) -> None:
    ada = await house.member()
    large = Notice("n1", Card("x", tuple(text("é" * 3000) for _ in range(200))))
    with pytest.raises(Refused):
        await house.teams.messenger.send(ada.address, large)
    assert house.fake.calls == []


# The token


async def test_one_token_and_no_thread_serve_five_hundred_sends(house: House) -> None:
    ada = await house.member()
    before = set(threading.enumerate())
    await asyncio.gather(*(house.teams.messenger.send(ada.address, NOTICE) for _ in range(500)))
    assert (house.fake.token_calls, len(ada.messages)) == (1, 500)
    assert [t.name for t in set(threading.enumerate()) - before if t.name.startswith("asyncio")] == []


async def test_a_refused_token_is_renewed_once(house: House) -> None:
    ada = await house.member()
    await house.teams.messenger.send(ada.address, NOTICE)
    house.fake.valid_tokens.clear()
    await house.teams.messenger.send(ada.address, NOTICE)
    assert (house.fake.token_calls, len(ada.messages)) == (2, 2)
    for _ in range(2):
        house.fake.faults.append(Fault(401))
    with pytest.raises(Unavailable):
        await house.teams.messenger.send(ada.address, NOTICE)
    assert len(house.fake.calls) == 5


async def test_a_token_is_renewed_before_it_ends_and_nobody_waits(house: House) -> None:
    """The login does not answer before all five have been sent."""
    ada = await house.member()
    await house.teams.messenger.send(ada.address, NOTICE)
    house.clock.ahead += timedelta(minutes=56)
    house.fake.logging_in.clear()
    async with asyncio.timeout(10):
        await asyncio.gather(*(house.teams.messenger.send(ada.address, NOTICE) for _ in range(5)))
    assert [call.token for call in house.fake.calls] == ["outbound-1"] * 6
    house.fake.logging_in.set()
    async with asyncio.timeout(10):
        while house.fake.calls[-1].token != "outbound-2":
            await asyncio.sleep(0.05)
            await house.teams.messenger.send(ada.address, NOTICE)
    assert house.fake.token_calls == 2


async def test_a_slow_login_does_not_stall_the_loop(house: House) -> None:
    """The login answers on this very loop, so one that held it up would wait for itself."""
    ada = await house.member()
    house.fake.logging_in.clear()
    sending = asyncio.create_task(house.teams.messenger.send(ada.address, NOTICE))
    async with asyncio.timeout(10):
        while not house.fake.token_calls:
            await asyncio.sleep(0.01)
        assert not sending.done()
        house.fake.logging_in.set()
        await sending
    assert house.fake.token_calls == 1


async def test_without_a_token_nothing_is_sent_and_the_login_is_left_in_peace(house: House) -> None:
    house.fake.token_status = 401
    ada = await house.member()
    for _ in range(5):
        with pytest.raises(Unavailable):
            await house.teams.messenger.send(ada.address, NOTICE)
    assert (house.fake.token_calls, house.fake.calls) == (1, [])
    house.fake.token_status = 200
    house.clock.ahead += timedelta(minutes=10)
    await house.teams.messenger.send(ada.address, NOTICE)


async def test_forty_sends_at_once_do_not_queue(house: House) -> None:
    """Latency of 100 ms each; one after the other they would take four seconds."""
    ada = await house.member()
    await house.teams.messenger.send(ada.address, NOTICE)
    house.fake.faults.extend(Fault(delay=0.1) for _ in range(40))
    began = time.monotonic()
    await asyncio.gather(*(house.teams.messenger.send(ada.address, NOTICE) for _ in range(40)))
    assert time.monotonic() - began < 1


def test_the_pace_leaves_room_under_fifty_a_second() -> None:
    together = sum(limit.rate + limit.burst for limit in (PACE.send, PACE.update))
    assert together < 50
    assert PACE.channel.rate <= 1
