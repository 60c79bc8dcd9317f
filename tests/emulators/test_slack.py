"""The fake keeps Slack's rules: else every test above it proves nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.emulators.slack import FakeSlack, Faults, Kind


class Clock:
    now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack(clock=Clock()) as fake:
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


async def test_a_trigger_works_once_for_three_seconds(slack: FakeSlack) -> None:
    trigger, late = slack.trigger("U1"), slack.trigger("U1")
    assert (await ask(slack, "views.open", trigger_id=trigger, view=VIEW))["ok"]
    assert (await ask(slack, "views.open", trigger_id=trigger, view=VIEW))["error"] == "exchanged_trigger_id"
    assert (await ask(slack, "views.open", trigger_id="x", view=VIEW))["error"] == "invalid_trigger_id"
    slack.clock.now += 3.1  # type: ignore[attr-defined]
    assert (await ask(slack, "views.open", trigger_id=late, view=VIEW))["error"] == "expired_trigger_id"


async def test_a_response_url_works_five_times_in_half_an_hour(slack: FakeSlack) -> None:
    first, late = slack.response_url("C1", "U1"), slack.response_url("C1", "U1")
    async with aiohttp.ClientSession() as session:
        statuses = [(await session.post(first, json={"text": "x"})).status for _ in range(6)]
        assert statuses == [200] * 5 + [404]
        slack.clock.now += 1801  # type: ignore[attr-defined]
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


async def test_a_strict_slack_allows_one_message_a_second_in_a_channel(slack: FakeSlack) -> None:
    slack.strict = True
    statuses = [(await ask(slack, "chat.postMessage", channel="C1", text="x"))["status"] for _ in range(2)]
    slack.clock.now += 1  # type: ignore[attr-defined]
    statuses.append((await ask(slack, "chat.postMessage", channel="C1", text="x"))["status"])
    assert statuses == [200, 429, 200]


def test_a_seed_is_a_fate() -> None:
    def fate(seed: int) -> list[str]:
        faults = Faults({Kind.RESET: 0.2, Kind.CUT: 0.2}, seed, "chat.postMessage")
        assert all(faults.next("users.info") is None for _ in range(20))
        return [str(faults.next("chat.postMessage")) for _ in range(50)]

    assert fate(1) == fate(1) != fate(2)
