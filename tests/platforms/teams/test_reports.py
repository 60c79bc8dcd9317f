"""What Teams tells by itself of teams and chats."""

from __future__ import annotations

import pytest

from bot.chat.messenger import Notice
from bot.chat.report import (
    ChannelClosed,
    ChannelJoined,
    ChannelLeft,
    ChannelRenamed,
    ChannelReopened,
    Report,
)
from tests.emulators.teams import CHANNEL, GROUP_CHAT, TENANT
from tests.platforms.teams.conftest import House
from tests.platforms.teams.test_adapter import CONTENT

OTHER = "19:other@thread.tacv2"


def told(house: House) -> list[tuple[type[Report], str]]:
    return [(type(report), report.place) for report in house.script.reports]  # type: ignore[union-attr]


@pytest.mark.parametrize("conversation", [CHANNEL, GROUP_CHAT])
async def test_the_bot_is_brought_in_once_although_it_is_told_twice(house: House, conversation: str) -> None:
    await house.user().brings(conversation)
    first, second = house.script.reports
    assert isinstance(first, ChannelJoined)
    assert first == second
    assert (first.platform, first.workspace) == ("teams", TENANT)
    assert first.place == f"teams:{TENANT}:{conversation}"
    assert (first.locale, first.zone) == ("fr-FR", "Europe/Paris")
    assert house.script.events == []


async def test_a_channel_can_be_written_to_from_then_on(house: House) -> None:
    await house.user().brings()
    await house.teams.messenger.send(f"teams:{TENANT}:{CHANNEL}", Notice("n1", CONTENT))
    assert len(house.fake.visible(CHANNEL)) == 1


async def test_the_bot_is_taken_out(house: House) -> None:
    await house.user().takes_out()
    first, second = house.script.reports
    assert isinstance(first, ChannelLeft)
    assert first == second
    assert f"teams:{TENANT}:{CHANNEL}" not in house.pages.records


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        ("channelDeleted", ChannelClosed),
        ("teamArchived", ChannelClosed),
        ("teamDeleted", ChannelClosed),
        ("channelRestored", ChannelReopened),
        ("teamUnarchived", ChannelReopened),
    ],
)
async def test_what_becomes_of_a_channel(house: House, what: str, kind: type[Report]) -> None:
    await house.user().changes_channel(what, OTHER)
    assert told(house) == [(kind, f"teams:{TENANT}:{OTHER}")]


async def test_a_new_name_of_a_channel(house: House) -> None:
    await house.user().changes_channel("channelRenamed", OTHER, " Cantine\u200b ")
    [report] = house.script.reports
    assert isinstance(report, ChannelRenamed)
    assert (report.place, report.name) == (f"teams:{TENANT}:{OTHER}", "Cantine")


@pytest.mark.parametrize("what", ["teamRenamed", "teamMemberAdded", "channelCreated", "channelRenamed"])
async def test_anything_else_is_no_report(house: House, what: str) -> None:
    await house.user().changes_channel(what, OTHER)
    assert house.script.reports == []
    assert house.user().status == 0


async def test_what_could_not_be_stored_is_told_again(house: House) -> None:
    house.script.away = True
    ada = house.user()
    await ada.changes_channel("channelDeleted", OTHER)
    assert ada.status == 503


async def test_somebody_elses_coming_is_no_report(house: House) -> None:
    ada = house.user()
    channel = {"conversationType": "channel", "tenantId": TENANT, "id": CHANNEL}
    added = [{"id": "29:somebody"}]
    await house.fake.deliver(ada.activity("conversationUpdate", membersAdded=added, conversation=channel))
    assert house.script.reports == []
