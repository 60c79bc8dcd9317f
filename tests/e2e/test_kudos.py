"""People called in a typed line, as each chat sends them: the same thank-you to the same person."""

from __future__ import annotations

from functools import partial

from bot.domain.member import Preferences
from storage import circles, people
from storage.transaction import CircleTransaction, Transaction
from tests.e2e.conftest import Bot, Microsoft, Town
from tests.emulators.slack import FakeSlack, SlackUser
from tests.emulators.teams import TENANT, TeamsUser, words


def enter(tx: Transaction, bot: Bot, platform: str, workspace: str, users: tuple[str, ...]) -> None:
    for user in users:
        found = people.find(tx, platform, workspace, user)
        assert found
        topics = frozenset(topic.id for topic in circles.topics(CircleTransaction(tx, found[0].id)))
        people.join(tx, found[1], Preferences(topics), 1, bot.clock())


async def test_on_slack(town: Town, slack: FakeSlack) -> None:
    slack.add_user("UBOT", "Cercle")
    async with town.bot(slack=slack) as bot:
        ines, hugo = (SlackUser(slack, user, f"{bot.site}/slack/events", bot.web) for user in ("U2", "U4"))
        for user in (ines, hugo):
            await user.command("help")
            await bot.answered()
        await bot.cercle.database.transact(
            partial(enter, bot=bot, platform="slack", workspace="T1", users=("U2", "U4"))
        )
        await hugo.command("merci @Inès pour avoir relu <!channel> avec @Hugo")
        await bot.answered()
        await bot.cercle.pump.drain()
        received = [message.words() for message in slack.seen("U2") if not message.to]
        [seen] = [words for words in received if "Hugo vous dit merci" in words]
        assert "avoir relu" in seen
        assert "avec Hugo" in seen
        assert "<!channel>" not in seen
        await hugo.command("merci @Cercle #C1 pour tout")
        form = str(slack.modals["U4"])
        assert "Un merci va aux membres du cercle" in form
        assert "tout" in form
        assert "slack:T1" not in form


async def test_on_teams(town: Town, teams: Microsoft) -> None:
    async with town.bot(teams=teams) as bot:
        ines, hugo = (
            TeamsUser(teams, name, f"{n:08d}-cccc-4ccc-8ccc-000000000001")
            for n, name in enumerate(("Inès", "Hugo"), 1)
        )
        for user in (ines, hugo):
            await user.installs()
            await user.says("aide")
            await bot.answered()
        users = (ines.aad, hugo.aad)
        await bot.cercle.database.transact(
            partial(enter, bot=bot, platform="teams", workspace=TENANT, users=users)
        )
        await hugo.says_in_channel("merci <at>Inès</at> pour avoir relu avec <at>Hugo</at>", ines, hugo)
        await bot.answered()
        await bot.cercle.pump.drain()
        received = words(ines.messages[-1].card)
        assert "Hugo vous dit merci" in received
        assert "avoir relu avec Hugo" in received
        bot.clock.pass_(seconds=2)
        await hugo.says("merci @Inès pour ses mots")  # alone with the bot, nobody can be called
        await bot.settle()
        assert any("ses mots" in words(message.card) for message in ines.messages)
        eve = TeamsUser(teams, "Eve", "00000009-cccc-4ccc-8ccc-000000000001")
        await hugo.says_in_channel("merci <at>Eve</at> pour tout", eve)
        await bot.answered()
        form = words(hugo.messages[-1].card)
        assert "Un merci va aux membres du cercle" in form
