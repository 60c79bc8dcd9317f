"""The fake keeps Slack's rules: else every test above it proves nothing."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.chat.messenger import asked_to_wait
from tests.emulators.slack import FakeSlack, Fault, Faults, Kind


class Clock:
    now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def slack(clock: Clock) -> AsyncIterator[FakeSlack]:
    async with FakeSlack(clock=clock) as fake:
        fake.add_user("U1", "Ada", locale="fr-FR")
        fake.add_channel("C1")
        yield fake


async def ask(slack: FakeSlack, method: str, token: str = "", **args: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token or slack.token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{slack.api_url}{method}", json=args) as response,
    ):
        return {**await response.json(), "status": response.status}


VIEW = {"type": "modal", "blocks": []}


async def test_a_trigger_works_once_for_three_seconds(slack: FakeSlack, clock: Clock) -> None:
    trigger, late = slack.trigger("U1"), slack.trigger("U1")
    assert (await ask(slack, "views.open", trigger_id=trigger, view=VIEW))["ok"]
    assert (await ask(slack, "views.open", trigger_id=trigger, view=VIEW))["error"] == "exchanged_trigger_id"
    assert (await ask(slack, "views.open", trigger_id="x", view=VIEW))["error"] == "invalid_trigger_id"
    clock.now += 3.1
    assert (await ask(slack, "views.open", trigger_id=late, view=VIEW))["error"] == "expired_trigger_id"


async def test_a_response_url_works_five_times_in_half_an_hour(slack: FakeSlack, clock: Clock) -> None:
    first, late = slack.response_url("C1", "U1"), slack.response_url("C1", "U1")
    async with aiohttp.ClientSession() as session:
        statuses = [(await session.post(first, json={"text": "x"})).status for _ in range(6)]
        assert statuses == [200] * 5 + [404]
        clock.now += 1801
        assert (await session.post(late, json={"text": "x"})).status == 404
    assert [message.to for message in slack.messages["C1"]] == ["U1"] * 5


async def test_an_update_without_them_drops_blocks_and_metadata(slack: FakeSlack) -> None:
    metadata = {"event_type": "e", "event_payload": {"id": "n1"}}
    sent = await ask(slack, "chat.postMessage", channel="C1", text="a", blocks=[{}], metadata=metadata)
    history = await ask(slack, "conversations.history", channel="C1", include_all_metadata=True)
    assert history["messages"][0]["metadata"] == metadata
    assert "metadata" not in (await ask(slack, "conversations.history", channel="C1"))["messages"][0]
    await ask(slack, "chat.update", channel="C1", ts=sent["ts"], text="b")
    (message,) = slack.messages["C1"]
    assert (message.text, message.blocks, message.metadata) == ("b", [], None)


async def test_a_long_history_comes_in_pages(slack: FakeSlack) -> None:
    for number in range(5):
        await ask(slack, "chat.postMessage", channel="C1", text=str(number))
    read: list[str] = []
    cursor = {}
    for _ in range(3):
        page = await ask(slack, "conversations.history", channel="C1", limit=2, **cursor)
        read += [message["text"] for message in page["messages"]]
        cursor = {"cursor": page["response_metadata"]["next_cursor"]}
    assert (read, page["has_more"], cursor) == (["4", "3", "2", "1", "0"], False, {"cursor": ""})


async def test_a_locale_is_told_only_when_asked_for(slack: FakeSlack) -> None:
    assert "locale" not in (await ask(slack, "users.info", user="U1"))["user"]
    assert (await ask(slack, "users.info", user="U1", include_locale=True))["user"]["locale"] == "fr-FR"


async def test_what_slack_refuses(slack: FakeSlack) -> None:
    assert (await ask(slack, "auth.test", token="xoxb-other"))["error"] == "invalid_auth"
    assert (await ask(slack, "chat.postMessage", channel="C1"))["error"] == "no_text"
    assert (await ask(slack, "chat.delete", channel="C1", ts="1.1"))["error"] == "message_not_found"
    assert (await ask(slack, "views.update", view_id="V", view=VIEW))["error"] == "not_found"


async def test_a_strict_slack_allows_one_message_a_second_in_a_channel(
    slack: FakeSlack, clock: Clock
) -> None:
    slack.strict = True
    statuses = [(await ask(slack, "chat.postMessage", channel="C1", text="x"))["status"] for _ in range(2)]
    clock.now += 1
    statuses.append((await ask(slack, "chat.postMessage", channel="C1", text="x"))["status"])
    assert statuses == [200, 429, 200]


@pytest.mark.parametrize(
    ("method", "args", "most"),
    [
        ("chat.update", {"channel": "C1", "ts": "1.1", "text": "x"}, 50),
        ("conversations.history", {"channel": "C1"}, 50),
        ("users.info", {"user": "U1"}, 100),
        ("views.publish", {"user_id": "U1", "view": {"type": "home", "blocks": []}}, 100),
    ],
)
async def test_a_strict_slack_allows_so_many_calls_a_minute(
    slack: FakeSlack, clock: Clock, method: str, args: dict[str, Any], most: int
) -> None:
    slack.strict = True
    statuses = [(await ask(slack, method, **args))["status"] for _ in range(most + 1)]
    assert statuses == [200] * most + [429]
    clock.now += 60
    assert (await ask(slack, method, **args))["status"] == 200


async def test_a_strict_slack_allows_a_workspace_several_hundred_messages_a_minute(slack: FakeSlack) -> None:
    slack.strict = True
    for number in range(301):
        slack.add_channel(f"CX{number}")
    sent = [await ask(slack, "chat.postMessage", channel=f"CX{n}", text="x") for n in range(301)]
    assert [answer["status"] for answer in sent] == [200] * 300 + [429]


async def test_a_throttled_call_says_when_to_come_back(slack: FakeSlack) -> None:
    slack.faults.script("auth.test", Fault(Kind.THROTTLE, 7), Fault(Kind.THROTTLE_UNTIL, 7))
    async with aiohttp.ClientSession() as session:
        waits = []
        for _ in range(2):
            async with session.post(f"{slack.api_url}auth.test") as response:
                headers = response.headers
                waits.append(asked_to_wait(headers["Retry-After"], headers["Date"]))
    assert waits == [7, pytest.approx(7, abs=1)]


PICTURE = {"type": "image", "image_url": "https://example.org/a.png", "alt_text": "A"}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.org/a.png", True),
        ("https://example.org/a.JPEG?width=9", True),
        ("https://example.org/17", True),
        ("https://example.org/a.webp", False),
        ("https://example.org/a.svg", False),
        ("https://example.org/gone.png", False),
    ],
)
async def test_a_picture_that_cannot_be_fetched_is_refused_everywhere(
    slack: FakeSlack, url: str, shown: bool
) -> None:
    slack.unfetchable.add("https://example.org/gone.png")
    blocks = [{**PICTURE, "image_url": url}]
    message = {"text": "x", "blocks": blocks}
    ts = (await ask(slack, "chat.postMessage", channel="C1", text="x"))["ts"]
    view = {"type": "modal", "blocks": blocks}
    answers = [
        await ask(slack, "chat.postMessage", channel="C1", **message),
        await ask(slack, "chat.update", channel="C1", ts=ts, **message),
        await ask(slack, "chat.postEphemeral", channel="C1", user="U1", **message),
        await ask(slack, "views.open", trigger_id=slack.trigger("U1"), view=view),
        await ask(slack, "views.publish", user_id="U1", view={"type": "home", "blocks": blocks}),
    ]
    errors = [""] * 5 if shown else ["invalid_blocks"] * 3 + ["invalid_arguments"] * 2
    assert [answer.get("error", "") for answer in answers] == errors
    async with (
        aiohttp.ClientSession() as session,
        session.post(slack.response_url("C1", "U1", ts), json={**message, "replace_original": True}) as reply,
    ):
        assert (reply.status, await reply.text()) == ((200, "ok") if shown else (400, "invalid_blocks"))


async def test_blocks_hold_so_much_text(slack: FakeSlack) -> None:
    def section(size: int) -> dict[str, Any]:
        return {"type": "section", "text": {"type": "plain_text", "text": "x" * size}}

    for blocks, error in (
        ([section(2500)] * 4, ""),
        ([*[section(2500)] * 4, section(1)], "msg_blocks_too_long"),
    ):
        answer = await ask(slack, "chat.postMessage", channel="C1", text="x", blocks=blocks)
        assert answer.get("error", "") == error


async def test_what_a_response_url_puts_in_the_place_of_a_message_has_no_metadata(slack: FakeSlack) -> None:
    metadata = {"event_type": "e", "event_payload": {"id": "n1"}}
    ts = (await ask(slack, "chat.postMessage", channel="C1", text="a", metadata=metadata))["ts"]
    async with aiohttp.ClientSession() as session:
        await session.post(slack.response_url("C1", "U1", ts), json={"text": "b", "replace_original": True})
    (message,) = slack.messages["C1"]
    assert (message.text, message.metadata) == ("b", None)


@pytest.mark.parametrize("skew", [-120.0, 120.0])
async def test_slacks_own_clock_may_differ(clock: Clock, skew: float) -> None:
    async with FakeSlack(clock=clock, skew=skew) as slack:
        slack.add_channel("C1")
        ts = (await ask(slack, "chat.postMessage", channel="C1", text="a"))["ts"]
        assert float(ts) == pytest.approx(clock.now + skew, abs=1)
        assert slack.signing_clock() == pytest.approx(time.time() + skew, abs=1)


def test_a_seed_is_a_fate() -> None:
    def fate(seed: int) -> list[str]:
        faults = Faults({Kind.RESET: 0.2, Kind.CUT: 0.2}, seed, "chat.postMessage")
        assert all(faults.next("users.info") is None for _ in range(20))
        return [str(faults.next("chat.postMessage")) for _ in range(50)]

    assert fate(1) == fate(1) != fate(2)
