"""One circle's story in Slack: signed requests in, and in the fake workspace what people would see."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
from aiohttp import web

from bot.domain.post import Found
from handlers.actions import OpenJoin
from handlers.posts.cards import OpenAnswer, OpenCompose, OpenEdit, Withdraw
from handlers.sharing.cards import (
    Decline,
    Later,
    NotPosted,
    OpenAsk,
    OpenWords,
    Posted,
    Reconsider,
    Why,
)
from tests.e2e.conftest import CRAWLER, Bot, Town
from tests.emulators.slack import Ack, FakeSlack, Json, Message, SlackUser, pressable
from tests.house import ENGLISH, FRENCH
from tests.platforms.slack.blocks import check

ARTICLE = "/playground/world/fr/accueil-alternants"
WRITTEN = {"why": "Onze sur quatorze sont restés.", "opening_1": "J’étais leur tutrice."}
TITLE = "Comment nous accueillons nos alternants"


@dataclass
class Workspace:
    """The bot and four people of one workspace: Camille will lead, Inès, Priya and Hugo may join."""

    bot: Bot
    slack: FakeSlack

    def user(self, id: str) -> SlackUser:
        return SlackUser(self.slack, id, f"{self.bot.site}/slack/events", self.bot.web)

    @property
    def camille(self) -> SlackUser:
        return self.user("U1")

    @property
    def ines(self) -> SlackUser:
        return self.user("U2")

    @property
    def priya(self) -> SlackUser:
        return self.user("U3")

    @property
    def hugo(self) -> SlackUser:
        return self.user("U4")

    # what is seen

    def card(self, user: SlackUser, title: str = TITLE) -> Message:
        """The newest lasting message of that title in somebody's conversation with the bot."""
        found = [m for m in self.slack.seen(user.id) if not m.to and title in m.words()]
        assert found, (
            f"{user.id} sees no «{title}», only {[m.words()[:60] for m in self.slack.seen(user.id)]}"
        )
        return found[-1]

    def cards(self, user: SlackUser, title: str = TITLE) -> list[Message]:
        return [m for m in self.slack.seen(user.id) if not m.to and title in m.words()]

    async def told(self, user: SlackUser, ack: Ack) -> str:
        """The private answer to what somebody just did."""
        assert ack.status == 200
        await self.bot.answered()
        private = [m for m in self.slack.all_messages() if m.to == user.id or m in self.slack.seen(user.id)]
        return max(private, key=lambda m: m.ts.partition(".")[2]).words()

    # the usual ways

    async def lead(self) -> None:
        ack = await self.camille.command(f"lead {await self.bot.code()}")
        assert "référent" in await self.told(self.camille, ack)

    async def join(self, user: SlackUser, **wishes: object) -> None:
        assert (await user.command("join")).status == 200
        values = {"consent": True, "networks": ["linkedin", "x"], **wishes}
        ack = await user.submit(values)
        assert not ack.errors, ack.errors
        await self.bot.answered()

    async def post(self, path: str = ARTICLE, **values: object) -> None:
        """Camille posts and composes; the cards are on their way."""
        await self.camille.command(f"post {self.bot.site}{path}")
        await self.bot.settle()
        await self.camille.click(OpenCompose)
        topic = topics(self.slack.modals["U1"])[1]
        given = {
            "why": "Onze sur quatorze sont restés.",
            "opening_1": "J’étais leur tutrice.",
            "topic": topic,
        }
        ack = await self.camille.submit({**given, **values})
        assert not ack.errors, ack.errors
        await self.bot.settle()


def topics(modal: dict[str, object]) -> list[str]:
    block = next(b for b in modal["blocks"] if b.get("block_id") == "topic")  # type: ignore[attr-defined]
    return [option["value"] for option in block["element"]["options"]]


def links(message: Message) -> dict[str, str]:
    """Addresses by label."""
    shown = (option or element for element, option in pressable(message.blocks))
    return {each["text"]["text"]: each["url"] for each in shown if "url" in each}


@pytest.fixture
async def place(town: Town, slack: FakeSlack) -> AsyncIterator[Workspace]:
    async with town.bot(slack=slack) as bot:
        yield Workspace(bot, slack)


@pytest.fixture
async def circle(place: Workspace) -> Workspace:
    """Camille leads; Inès (French) and Priya (English) are in; one post has reached both."""
    await place.lead()
    await place.join(place.ines)
    await place.join(place.priya)
    await place.post()
    return place


async def test_a_picture_that_slack_cannot_fetch_does_not_hold_up_a_post(place: Workspace) -> None:
    """The members read its description, and the author is told once, however many members there are."""
    await place.lead()
    await place.join(place.ines)
    await place.join(place.priya)
    photo = "https://pictures.example/gone.png"
    place.slack.unfetchable.add(photo)
    await place.post(picture_url=photo, picture_alt="Trois alternants")
    for user in (place.ines, place.priya):
        assert "Trois alternants" in place.card(user).words()
        assert all(block["type"] != "image" for block in place.card(user).blocks)
    await place.bot.settle()
    told = FRENCH("picture.refused", title=TITLE)
    assert [m.words().startswith(told) for m in place.slack.seen("U1")].count(True) == 1
    await place.camille.click(OpenEdit)
    await place.camille.submit({"picture_url": "https://pictures.example/there.png"})
    await place.bot.settle()
    assert any(block["type"] == "image" for block in place.card(place.ines).blocks)


async def test_a_page_whose_picture_slack_cannot_fetch_becomes_a_post_without_one(place: Workspace) -> None:
    await place.lead()
    page, photo = "https://example.org/a", "https://example.org/photo.png"

    async def read(url: str) -> Found:
        return Found(url, TITLE, "Une semaine racontée.", photo, "Trois alternants")

    place.bot.cercle.tools = replace(place.bot.cercle.tools, read_page=read)
    place.slack.unfetchable.add(photo)
    await place.camille.command(f"post {page}")
    await place.bot.settle()
    draft = place.card(place.camille)
    assert "Trois alternants" in draft.words()
    assert FRENCH("draft.picture_refused") in draft.words()
    await place.camille.click(OpenCompose)
    form = place.slack.modals["U1"]
    (picture,) = (block for block in form["blocks"] if block.get("block_id") == "picture_url")
    assert "initial_value" not in picture["element"]


async def test_the_whole_story(place: Workspace) -> None:
    camille, ines, priya, bot, slack = place.camille, place.ines, place.priya, place.bot, place.slack

    # Nobody may post before there is a lead; the code works once.
    assert "équipe communication" in await place.told(
        camille, await camille.command("post https://example.org")
    )
    code = await bot.code()
    assert "référent" in await place.told(camille, await camille.command(f"lead {code}"))
    assert "code" in await place.told(ines, await ines.command(f"lead {code}"))

    # The call goes to the channel, and says nothing of who answers it.
    await camille.command("call", channel="C1")
    await bot.settle()
    call = next(m for m in slack.messages["C1"] if not m.to)
    assert "volontaires" in call.words()

    # In by a button and a consent.
    await ines.click(OpenJoin, call)
    assert "Entrer dans le cercle" in str(slack.modals["U2"]["title"])
    refused = await ines.submit({"networks": ["linkedin"]})
    assert "Sans votre accord" in refused.errors["consent"]
    joined = await ines.submit({"networks": ["linkedin"], "consent": True})
    assert "Vous voilà dans le cercle" in await place.told(ines, joined)
    await priya.click(OpenJoin, call)
    joined = await priya.submit({"networks": ["linkedin", "x"], "consent": True})
    assert "You are in the circle" in await place.told(priya, joined)

    # A link becomes a private card with what the page says.
    assert "en cours de lecture" in await place.told(
        camille, await camille.command(f"post {bot.site}{ARTICLE}", channel="C1")
    )
    await bot.settle()
    draft = place.card(camille)
    assert "première semaine" in draft.words()
    assert draft.channel == slack.dm("U1")

    # The form is filled from the page; one thing is missing, and nothing typed is lost.
    await camille.click(OpenCompose, draft)
    modal = slack.modals["U1"]
    topic = topics(modal)[1]
    wrong = await camille.submit({**WRITTEN, "topic": topic, "expires": "2020-01-01"})
    assert set(wrong.errors) == {"expires"}
    assert slack.modals["U1"]["id"] == modal["id"]
    right = {**WRITTEN, "topic": topic}
    assert "C’est en route" in await place.told(camille, await camille.submit(right))
    await bot.settle()
    assert "devenu un contenu" in place.card(camille, "devenu").words()

    # Each in their own language, in working hours.
    assert "Pourquoi c’est intéressant" in place.card(ines).words()
    assert "Why it is worth sharing" in place.card(priya).words()
    assert FRENCH("post.share_on", network="LinkedIn") in links(place.card(ines))
    shares = {ENGLISH("post.share_on", network=network) for network in ("LinkedIn", "X")}
    assert shares <= set(links(place.card(priya)))

    # Words of one's own.
    await ines.click(OpenWords, place.card(ines))
    assert "1 caractère" not in str(slack.modals["U2"])
    await ines.submit({"words": "Je me souviens de ma première semaine."})
    await bot.settle()
    assert "Je me souviens" in place.card(ines).words()
    assert "Je me souviens" not in place.card(priya).words()

    # The share page, as a browser opens it.
    page = links(place.card(ines))[FRENCH("post.share_on", network="LinkedIn")]
    status, html = await bot.browse(page)
    assert status == 200
    assert "Je me souviens" in html
    assert "linkedin.com" in html
    await bot.later(minutes=1)
    assert place.card(ines).offers(Posted, network="linkedin")
    assert "ouvert" not in place.card(camille, "Ces nombres").words()

    # Posted, undone, posted.
    for kind, after in ((Posted, NotPosted), (NotPosted, Posted), (Posted, NotPosted)):
        await ines.click(kind, place.card(ines), network="linkedin")
        await bot.later(minutes=1)
        assert place.card(ines).offers(after, network="linkedin")
    author = place.card(camille, "Ces nombres").words()
    assert re.search(r"Publiés, d’après les membres\s1\b", author), author

    # A reader clicks twice, a crawler once.
    tracked = await bot.tracked(page)
    for headers in (None, None, CRAWLER):
        status, where = await bot.browse(tracked, headers) if headers else await bot.browse(tracked)
        assert (status, where) == (302, f"{bot.site}{ARTICLE}")
    await bot.later(minutes=1)
    assert "1 clic sur votre lien" in place.card(ines).words()
    assert "1 clic, robots écartés" in place.card(camille, "Ces nombres").words()

    # A correction reaches every copy where it stands.
    before = place.card(priya).reference
    await camille.click(OpenEdit, place.card(camille, "Ces nombres"))
    corrected = await camille.submit({"title": "Nos alternants, un an après"})
    assert "Corrigé" in await place.told(camille, corrected)
    await bot.settle()
    assert place.card(priya, "Nos alternants, un an après").reference == before
    assert len(place.cards(priya, "alternants")) == 1

    # And so does a recall.
    await camille.click(Withdraw, place.card(camille, "Ces nombres"))
    await bot.settle()
    assert "was withdrawn" in place.card(priya, "Nos alternants").words()
    assert "a été retiré" in place.card(ines, "Nos alternants").words()
    assert (await bot.browse(page))[0] == 200
    assert "a été retiré" in (await bot.browse(page))[1]
    assert slack.complaints == []

    # All of it by commands, buttons and forms: nothing needed the scope that may be declined.
    assert slack.count("conversations.history") == 0


async def test_within_seconds_by_itself(town: Town, slack: FakeSlack) -> None:
    """The pump and the clock run as in production: nobody pushes."""
    async with town.bot(slack=slack, by_itself=True) as bot:
        place = Workspace(bot, slack)
        await place.lead()
        await place.camille.command(f"post {bot.site}{ARTICLE}")
        async with asyncio.timeout(8):
            while not place.cards(place.camille):
                await asyncio.sleep(0.05)
        assert place.card(place.camille).offers(OpenCompose)


async def test_outside_working_hours_it_waits(circle: Workspace) -> None:
    """19:00 in Paris: Hugo joins with days that begin at noon, a post is posted, and it waits."""
    circle.bot.clock.pass_(hours=9)
    await circle.join(circle.hugo, day_start="12:00")
    await circle.post("/playground/world/fr/semaine-choisie")
    assert circle.cards(circle.hugo, "Quatre jours") == []
    await circle.bot.later(hours=16, minutes=59)
    assert circle.cards(circle.hugo, "Quatre jours") == []
    assert len(circle.cards(circle.ines, "Quatre jours")) == 1
    await circle.bot.later(minutes=1)
    assert len(circle.cards(circle.hugo, "Quatre jours")) == 1


async def test_a_card_that_waits_follows_its_reader_into_another_zone(circle: Workspace) -> None:
    """19:00 in Paris, where Hugo's card waits for the morning; 3:00 in Tokyo, where he is now."""
    circle.bot.clock.pass_(hours=9)
    await circle.join(circle.hugo)
    await circle.post("/playground/world/fr/semaine-choisie")
    circle.slack.users["U4"] |= {"tz": "Asia/Tokyo"}
    await circle.hugo.event({"type": "user_change", "user": circle.slack.users["U4"]})
    await circle.bot.later(hours=5, minutes=59)
    assert circle.cards(circle.hugo, "Quatre jours") == []
    await circle.bot.later(minutes=1)
    assert len(circle.cards(circle.hugo, "Quatre jours")) == 1


async def test_later_comes_back_the_next_morning(circle: Workspace) -> None:
    ines, bot = circle.ines, circle.bot
    await ines.click(Later, circle.card(ines))
    await bot.settle()
    assert "Mis de côté jusqu’au mercredi 25 novembre, 09:00" in circle.card(ines).words()
    await bot.later(hours=23)
    assert len(circle.cards(ines)) == 2
    assert "Vous l’aviez mis de côté" in circle.card(ines).words()


async def test_not_for_me_is_nobodys_business(circle: Workspace) -> None:
    priya, bot = circle.priya, circle.bot
    await bot.later(minutes=1)
    before = circle.card(circle.camille, "Ces nombres").words()
    await priya.click(Decline, circle.card(priya))
    await bot.later(minutes=1)
    assert "Nobody knows" in circle.card(priya).words()
    assert circle.card(circle.camille, "Ces nombres").words() == before
    await priya.click(Reconsider, circle.card(priya))
    await bot.settle()
    assert circle.card(priya).offers(Decline)


async def test_a_question_and_its_answer(circle: Workspace) -> None:
    priya, camille, bot = circle.priya, circle.camille, circle.bot
    await priya.click(OpenAsk, circle.card(priya))
    sent = await priya.submit({"question": "Is it open to <@U1> interns & others?"})
    assert "on its way" in await circle.told(priya, sent)
    await bot.settle()
    question = circle.card(camille, "Une question")
    assert "<@U1> interns & others" in question.words().replace("\u2060", "")
    assert not any("user_id" in str(block) and "'U1'" in str(block) for block in question.blocks)
    await camille.click(OpenAnswer, question)
    await camille.submit({"answer": "Oui, à tout le monde."})
    await bot.settle()
    assert "Oui, à tout le monde." in circle.card(camille, "Une question").words()
    assert not circle.card(camille, "Une question").offers(OpenAnswer)
    assert "Oui, à tout le monde." in circle.card(priya, "An answer").words()


async def test_pause_leave_and_old_buttons(circle: Workspace) -> None:
    ines, bot = circle.ines, circle.bot
    paused = await ines.command("pause 2026-12-01")
    assert "avant le mardi 1er décembre" in await circle.told(ines, paused)
    await circle.post("/playground/world/fr/semaine-choisie")
    assert circle.cards(ines, "Quatre jours") == []
    await ines.command("reprendre")
    await bot.settle()
    assert len(circle.cards(ines, "Quatre jours")) == 1

    card = circle.card(ines)
    assert "Vous avez quitté le cercle" in await circle.told(ines, await ines.command("quitter"))
    for kind in (Later, Decline, OpenWords, Why, OpenAsk):
        assert "membres du cercle" in await circle.told(ines, await ines.click(kind, card)), kind
    status, html = await bot.browse(links(card)[FRENCH("post.share_on", network="LinkedIn")])
    assert status == 200
    assert "J’étais leur tutrice" not in html
    await circle.post("/playground/world/fr/bilan-carbone")
    assert circle.cards(ines, "bilan carbone") == []


async def test_home_language_and_help(circle: Workspace) -> None:
    priya, hugo, slack, bot = circle.priya, circle.hugo, circle.slack, circle.bot
    await priya.open_home()
    await bot.answered()
    assert ENGLISH("button.settings") in str(slack.homes["U3"])
    await hugo.open_home()
    await bot.answered()
    assert FRENCH("button.read_and_join") in str(slack.homes["U4"])
    assert "désormais en français" in await circle.told(priya, await priya.command("language fr"))
    await priya.open_home()
    await bot.answered()
    assert FRENCH("button.settings") in str(slack.homes["U3"])
    await priya.click(Later, circle.card(priya))
    await bot.settle()
    assert "Mis de côté" in circle.card(priya).words()
    assert "/cercle" in await circle.told(hugo, await hugo.say("bonjour, qui êtes-vous ?"))
    assert FRENCH("draft.compose") not in await circle.told(hugo, await hugo.say("aide"))


class Organisation(FakeSlack):
    """One token for every workspace of an organisation (Enterprise Grid)."""

    def _perform(self, request: web.Request, method: str, args: Json) -> Json:
        answer = super()._perform(request, method, args)
        return answer | {"is_enterprise_install": True} if method == "auth.test" else answer


@dataclass
class Colleague(SlackUser):
    """Somebody in one of the workspaces; what is built says which."""

    home: str = ""

    async def command(self, text: str = "", channel: str = "") -> Ack:
        self.slack.team = self.home
        return await super().command(text, channel)

    async def event(self, event: dict[str, object], **outer: object) -> Ack:
        self.slack.team = self.home
        return await super().event(event, **outer)

    async def _interact(self, payload: dict[str, object]) -> Ack:
        self.slack.team = self.home
        return await super()._interact(payload)


async def test_two_workspaces_at_once_stay_apart(town: Town) -> None:
    async with Organisation(check=check) as slack, town.bot(slack=slack) as bot:
        url = f"{bot.site}/slack/events"
        people = {}
        for team, lead, member in (("T1", "U11", "U12"), ("T2", "U21", "U22")):
            for id in (lead, member):
                slack.add_user(id, id, locale="fr-FR", tz="Europe/Paris", team_id=team)
                people[id] = Colleague(slack, id, url, bot.web, home=team)
        for lead, member in (("U11", "U12"), ("U21", "U22")):
            await people[lead].command("help")
            await people[lead].command(f"lead {await bot.code()}")
            await people[member].command("join")
            await people[member].submit({"consent": True, "networks": ["linkedin"]})
        circles = await bot.rows("select external_id, circle_id from workspace order by 1")
        assert [team for team, _ in circles] == ["T1", "T2"]
        assert len({circle for _, circle in circles}) == 2

        place = Workspace(bot, slack)
        await people["U11"].command(f"post {bot.site}{ARTICLE}")
        await bot.settle()
        await people["U11"].click(OpenCompose)
        topic = topics(slack.modals["U11"])[0]
        await people["U11"].submit({"why": "Pour T1.", "opening_1": "Chez nous.", "topic": topic})
        await bot.settle()
        assert len(place.cards(people["U12"])) == 1
        assert slack.seen("U22") == [m for m in slack.seen("U22") if m.to or "Vous voilà" in m.words()]
        told = await place.told(people["U21"], await people["U21"].command("contenus"))
        assert "alternants" not in told
        assert slack.complaints == []
