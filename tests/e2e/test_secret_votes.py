"""What somebody chose in a secret poll is told in a dialog or an ephemeral answer, and is in no message."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from handlers.polls.cards import OpenBallot, OpenPollWords, ShowMyVote, TakeBack, Vote
from tests.e2e.conftest import Bot, Microsoft, Town
from tests.e2e.test_slack import Workspace
from tests.e2e.test_teams import Tenant
from tests.emulators.slack import FakeSlack
from tests.emulators.teams import CHANNEL, words
from tests.house import FRENCH

QUESTION, OPTIONS = "On déjeune ?", ("Oui", "Non")
OWN = "Les mots que personne d’autre ne lit"
BALLOT = {"question": QUESTION, "options": "\n".join(OPTIONS), "closes_time": "17:00"}
TELLING = ("Votre choix", OWN)
"""What only an answer to its author may say."""


async def options(bot: Bot) -> list[str]:
    return [row[0] for row in await bot.rows("SELECT id FROM poll_option ORDER BY position")]


@pytest.fixture
async def tenant(town: Town, teams: Microsoft) -> AsyncIterator[Tenant]:
    """Camille leads; Inès is a member."""
    async with town.bot(teams=teams) as bot:
        tenant = Tenant(bot, teams)
        await tenant.camille.installs()
        await tenant.says(tenant.camille, f"lead {await bot.code()}")
        await tenant.join(tenant.camille)
        await tenant.join(tenant.ines)
        await bot.settle()  # the welcomes have left: one conversation gets a message a second
        yield tenant


async def standing(tenant: Tenant) -> list[str]:
    """Every message that anybody sees, once all answers have left."""
    await tenant.bot.answered()
    await tenant.bot.settle()
    told = [words(message.card) for message in tenant.teams.messages.values() if not message.deleted]
    assert any(QUESTION in each for each in told)
    return [each for each in told if any(part in each for part in TELLING)]


async def test_in_teams_a_member_reads_their_choice_in_dialogs_only(tenant: Tenant) -> None:
    camille, ines, bot = tenant.camille, tenant.ines, tenant.bot
    await camille.says("sondage")
    await camille.presses(OpenBallot, {**BALLOT, "rules": "anonymous,asks_words"})
    await bot.settle()
    yes, no = await options(bot)
    for option, label in ((yes, "Oui"), (no, "Non")):
        await ines.presses(Vote, option=option)
        assert f"Votre choix : {label} " in " ".join(words(ines.dialog).split())
        assert await standing(tenant) == []
    await ines.presses(OpenPollWords)
    await ines.submits(words=OWN)
    assert await standing(tenant) == []
    await ines.presses(ShowMyVote)
    assert all(part in words(ines.dialog) for part in (*TELLING, "Non"))
    assert await standing(tenant) == []
    await ines.submits()  # the first button of that dialog takes the vote back
    assert await standing(tenant) == []
    await ines.presses(ShowMyVote)
    assert OWN in str(ines.dialog)
    assert "Votre choix" not in str(ines.dialog)


async def test_in_a_channel_of_teams_the_choice_is_told_in_a_dialog(tenant: Tenant) -> None:
    await tenant.camille.says_in_channel(f'sondage "{QUESTION}" "Oui" "Non"')
    await tenant.bot.settle()
    yes, _ = await options(tenant.bot)
    before = len(tenant.teams.visible(CHANNEL))
    await tenant.ines.presses(Vote, option=yes)
    assert "Votre choix" in words(tenant.ines.dialog)
    assert await standing(tenant) == []
    assert len(tenant.teams.visible(CHANNEL)) == before


async def test_in_a_channel_a_voter_who_cannot_be_written_to_shows_nobody_their_choice(
    tenant: Tenant,
) -> None:
    """Hugo has not added Cercle for himself: Teams answers 403 to a conversation with him."""
    await tenant.camille.says_in_channel(f'sondage "{QUESTION}" "Oui" "Non"')
    await tenant.bot.settle()
    hugo, teams = tenant.hugo, tenant.teams
    hugo.enters(CHANNEL)
    teams.blocking.add(hugo.aad)
    yes, _ = await options(tenant.bot)
    before = len(teams.messages)
    await hugo.presses(Vote, option=yes)
    assert "Votre choix" in words(hugo.dialog)
    assert await standing(tenant) == []
    await hugo.says_in_channel("sondages")
    assert await standing(tenant) == []
    [told] = list(teams.messages.values())[before:]
    assert told.conversation.startswith(CHANNEL)
    assert words(told.card).startswith(FRENCH("platform.waiting"))
    assert hugo.messages == []


@pytest.fixture
async def workspace(town: Town, slack: FakeSlack) -> AsyncIterator[Workspace]:
    """Camille leads; Inès is a member."""
    async with town.bot(slack=slack) as bot:
        workspace = Workspace(bot, slack)
        await workspace.lead()
        await workspace.join(workspace.camille)
        await workspace.join(workspace.ines)
        yield workspace


@pytest.mark.parametrize("where", ["here", "members"])
async def test_in_slack_it_is_told_in_ephemeral_answers_only(workspace: Workspace, where: str) -> None:
    camille, ines, bot, slack = workspace.camille, workspace.ines, workspace.bot, workspace.slack
    await camille.command("sondage", "C1")
    rules = ["anonymous", "asks_words"]
    assert not (await camille.submit({**BALLOT, "where": where, "rules": rules})).errors
    await bot.settle()
    yes, no = await options(bot)
    for option in (yes, no):
        assert (await ines.click(Vote, option=option)).status == 200
        await bot.settle()
    await ines.click(OpenPollWords)
    assert not (await ines.submit({"words": OWN})).errors
    await bot.settle()
    await ines.click(ShowMyVote)
    await bot.settle()
    told = [m for m in slack.all_messages() if any(part in m.words() for part in TELLING)]
    assert {m.to for m in told} == {ines.id}
    assert all(any(part in m.words() for m in told) for part in TELLING)
    await ines.click(TakeBack)
    await bot.settle()
    lasting = [m for m in slack.all_messages() if not m.to]
    assert any(QUESTION in m.words() for m in lasting)
    assert not [m for m in lasting if any(part in m.words() for part in TELLING)]
