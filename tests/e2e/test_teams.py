"""The same story in Teams: signed activities in, and in the fake service what people would see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from handlers.actions import OpenJoin, Reopen
from handlers.membership.cards import Join
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
from tests.e2e.conftest import CRAWLER, Bot, Microsoft, Town
from tests.emulators.teams import BOT, CHANNEL, GROUP_CHAT, Json, Message, TeamsUser, actions, elements, words
from tests.house import ENGLISH, FRENCH

ARTICLE = "/playground/world/fr/accueil-alternants"
OTHER = "/playground/world/fr/semaine-choisie"
WRITTEN = {"why": "Onze sur quatorze sont restés.", "opening_1": "J’étais leur tutrice."}
TITLE = "Comment nous accueillons nos alternants"


@dataclass
class Tenant:
    """The bot and four people: Camille will lead, Inès, Priya and Hugo may join."""

    bot: Bot
    teams: Microsoft
    camille: TeamsUser = field(init=False)
    ines: TeamsUser = field(init=False)
    priya: TeamsUser = field(init=False)
    hugo: TeamsUser = field(init=False)

    def __post_init__(self) -> None:
        self.camille = self.user("Camille", 1)
        self.ines = self.user("Inès", 2)
        self.priya = self.user("Priya", 3, "en-GB", "Europe/London")
        self.hugo = self.user("Hugo", 4)

    def user(self, name: str, number: int, locale: str = "fr-FR", zone: str = "Europe/Paris") -> TeamsUser:
        return TeamsUser(self.teams, name, f"{number:08d}-cccc-4ccc-8ccc-000000000001", locale, zone)

    # what is seen

    def cards(self, user: TeamsUser, title: str = TITLE) -> list[Message]:
        return [m for m in user.messages if title in words(m.card)]

    def card(self, user: TeamsUser, title: str = TITLE) -> Message:
        found = self.cards(user, title)
        assert found, f"{user.name} sees no «{title}»: {[words(m.card)[:60] for m in user.messages]}"
        return found[-1]

    async def told(self, user: TeamsUser) -> str:
        """The answer to what somebody just did: a dialog, or the newest message."""
        assert user.status in (200, 202)
        await self.bot.answered()
        shown = words(user.dialog) or str(user.dialog)
        return shown if user.dialog else words(user.messages[-1].card)

    # the usual ways

    async def says(self, user: TeamsUser, text: str) -> str:
        user.dialog = None
        await user.says(text)
        return await self.told(user)

    async def submits(self, user: TeamsUser, **values: str) -> str:
        await user.submits(**values)
        return await self.told(user)

    async def join(self, user: TeamsUser, **wishes: str) -> None:
        await user.installs()
        await user.says("join")
        await user.presses(Join, {"networks": "linkedin,x", "consent": "true", **wishes})
        assert user.status == 202

    async def post(self, path: str = ARTICLE) -> None:
        await self.camille.says(f"post {self.bot.site}{path}")
        await self.bot.settle()
        await self.camille.presses(OpenCompose)
        assert self.camille.dialog
        await self.submits(self.camille, **WRITTEN, topic=topics(self.camille.dialog)[1])
        assert not self.camille.dialog, words(self.camille.dialog)
        await self.bot.settle()


def topics(dialog: Json) -> list[str]:
    chooser = next(e for e in elements(dialog) if e.get("id") == "topic")
    return [choice["value"] for choice in chooser["choices"]]


def links(message: Message) -> dict[str, str]:
    """Addresses by label."""
    return {action["title"]: action["url"] for action in actions(message.card) if "url" in action}


@pytest.fixture
async def place(town: Town, teams: Microsoft) -> AsyncIterator[Tenant]:
    async with town.bot(teams=teams) as bot:
        yield Tenant(bot, teams)


@pytest.fixture
async def circle(place: Tenant) -> Tenant:
    """Camille leads; Inès (French) and Priya (English) are in; one post has reached both."""
    await place.camille.installs()
    await place.says(place.camille, f"lead {await place.bot.code()}")
    await place.join(place.ines)
    await place.join(place.priya)
    await place.post()
    return place


async def test_the_whole_story(place: Tenant) -> None:
    camille, ines, priya, bot, teams = place.camille, place.ines, place.priya, place.bot, place.teams
    for user in (camille, ines, priya):
        await user.installs()

    # Nobody may post before there is a lead; the code works once.
    assert "équipe communication" in await place.says(camille, "post https://example.org")
    code = await bot.code()
    assert "référent" in await place.says(camille, f"lead {code}")
    assert "code" in await place.says(ines, f"lead {code}")

    # The call goes to the channel.
    await camille.says_in_channel("call")
    await bot.settle()
    call = teams.visible(CHANNEL)[-1]
    assert "volontaires" in words(call.card)

    # In by a button, a dialog and a consent.
    await ines.presses(OpenJoin)
    assert "Entrer dans le cercle" in words(ines.dialog)
    assert "Sans votre accord" in await place.submits(ines, networks="linkedin")
    assert ines.dialog
    assert "Vous voilà dans le cercle" in await place.submits(ines, networks="linkedin", consent="true")
    await priya.presses(OpenJoin)
    assert "You are in the circle" in await place.submits(priya, networks="linkedin,x", consent="true")
    assert "Vous voilà" not in str([words(m.card) for m in teams.visible(CHANNEL)])

    # A link becomes a private card with what the page says.
    assert "en cours de lecture" in await place.says(camille, f"post {bot.site}{ARTICLE}")
    await bot.settle()
    assert "première semaine" in words(place.card(camille).card)

    # The form is filled from the page; one thing is wrong, and nothing typed is lost.
    await camille.presses(OpenCompose)
    assert camille.dialog
    topic = topics(camille.dialog)[1]
    told = await place.submits(camille, **WRITTEN, topic=topic, expires="2020-01-01")
    assert "n’est pas à venir" in told or "date" in told
    kept = {e["id"]: e.get("value") for e in elements(camille.dialog) if "id" in e}
    assert kept["why"] == WRITTEN["why"]
    assert kept["topic"] == topic
    assert "C’est en route" in await place.submits(camille, expires="2026-12-08")
    await bot.settle()
    assert len(place.cards(camille, "devenu un contenu")) == 1

    # Each in their own language, in working hours.
    assert "Pourquoi c’est intéressant" in words(place.card(ines).card)
    assert "Why it is worth sharing" in words(place.card(priya).card)
    shares = {ENGLISH("post.share_on", network=network) for network in ("LinkedIn", "X")}
    assert shares <= set(links(place.card(priya)))

    # Words of one's own.
    await ines.presses(OpenWords)
    await place.submits(ines, words="Je me souviens de ma première semaine.")
    await bot.settle()
    assert "Je me souviens" in words(place.card(ines).card)
    assert "Je me souviens" not in words(place.card(priya).card)

    # The share page, as a browser opens it.
    page = links(place.card(ines))[FRENCH("post.share_on", network="LinkedIn")]
    status, html = await bot.browse(page)
    assert status == 200
    assert "Je me souviens" in html
    await bot.later(minutes=1)

    # Posted, undone, posted.
    for kind, after in ((Posted, NotPosted), (NotPosted, Posted), (Posted, NotPosted)):
        await ines.presses(kind, network="linkedin")
        await bot.later(minutes=1)
        assert place.card(ines).offers(after, network="linkedin")
    assert facts(place.card(camille, "Ces nombres"))["Publiés, d’après les membres"] == "1"

    # A reader clicks twice, a crawler once.
    tracked = await bot.tracked(page)
    for answer in (await bot.browse(tracked), await bot.browse(tracked), await bot.browse(tracked, CRAWLER)):
        assert answer == (302, f"{bot.site}{ARTICLE}")
    await bot.later(minutes=1)
    assert "1 clic sur votre lien" in words(place.card(ines).card)
    assert facts(place.card(camille, "Ces nombres"))["Lecteurs"].startswith("1 clic")

    # A correction reaches every copy where it stands, and so does a recall.
    before = place.card(priya).id
    await camille.presses(OpenEdit)
    assert "Corrigé" in await place.submits(camille, title="Nos alternants, un an après")
    await bot.settle()
    assert place.card(priya, "Nos alternants, un an après").id == before
    await camille.presses(Withdraw)
    await bot.settle()
    assert "was withdrawn" in words(place.card(priya, "Nos alternants").card)
    assert "a été retiré" in words(place.card(ines, "Nos alternants").card)
    assert teams.complaints == []


def facts(message: Message) -> dict[str, str]:
    return {fact["title"]: fact["value"] for e in elements(message.card) for fact in e.get("facts", ())}


async def test_outside_working_hours_it_waits(circle: Tenant) -> None:
    """19:00 in Paris: Hugo joins with days that begin at noon."""
    circle.bot.clock.pass_(hours=9)
    await circle.join(circle.hugo, day_start="12:00")
    await circle.post(OTHER)
    await circle.bot.later(hours=16, minutes=59)
    assert circle.cards(circle.hugo, "Quatre jours") == []
    assert len(circle.cards(circle.ines, "Quatre jours")) == 1
    await circle.bot.later(minutes=1)
    assert len(circle.cards(circle.hugo, "Quatre jours")) == 1


async def test_later_and_not_for_me(circle: Tenant) -> None:
    ines, priya, bot = circle.ines, circle.priya, circle.bot
    await ines.presses(Later)
    await priya.presses(Decline)
    await bot.settle()
    assert "Mis de côté" in words(circle.card(ines).card)
    assert "Nobody knows" in words(circle.card(priya).card)
    await priya.presses(Reconsider)
    await bot.later(hours=23)
    assert "Vous l’aviez mis de côté" in words(circle.card(ines).card)
    assert circle.card(priya).offers(Decline)


async def test_a_question_and_its_answer(circle: Tenant) -> None:
    priya, camille, bot = circle.priya, circle.camille, circle.bot
    await priya.presses(OpenAsk)
    assert "on its way" in await circle.submits(priya, question="Is it open to <at>Camille</at> & others?")
    await bot.settle()
    await camille.presses(OpenAnswer)
    await circle.submits(camille, answer="Oui, à tout le monde.")
    await bot.settle()
    assert not circle.card(camille, "Une question").offers(OpenAnswer)
    assert "Oui, à tout le monde." in words(circle.card(priya, "An answer").card)


async def test_pause_leave_and_old_buttons(circle: Tenant) -> None:
    ines, bot = circle.ines, circle.bot
    assert "avant" in await circle.says(ines, "pause 2026-12-01")
    await circle.post(OTHER)
    assert circle.cards(ines, "Quatre jours") == []
    await circle.says(ines, "reprendre")
    await bot.settle()
    assert len(circle.cards(ines, "Quatre jours")) == 1

    assert "Vous avez quitté le cercle" in await circle.says(ines, "quitter")
    for kind in (Later, Decline, OpenWords, Why, OpenAsk):
        ines.dialog = None
        await ines.presses(kind)
        assert "membres du cercle" in await circle.told(ines), kind
    await circle.post("/playground/world/fr/bilan-carbone")
    assert circle.cards(ines, "bilan carbone") == []


async def test_home_language_and_help(circle: Tenant) -> None:
    priya, hugo, bot = circle.priya, circle.hugo, circle.bot
    await hugo.installs()
    await circle.says(priya, "home")
    assert ENGLISH("button.settings") in words(priya.messages[-1].card)
    await circle.says(hugo, "accueil")
    assert FRENCH("button.read_and_join") in words(hugo.messages[-1].card)
    assert "désormais en français" in await circle.says(priya, "language fr")
    await priya.presses(Later)
    await bot.settle()
    assert "Mis de côté" in words(circle.card(priya).card)
    assert "rejoindre" in await circle.says(hugo, "bonjour, qui êtes-vous ?")


async def test_removing_the_app_is_silence_and_adding_it_brings_back_what_waited(circle: Tenant) -> None:
    await circle.ines.removes()
    await circle.post(OTHER)
    assert circle.cards(circle.ines, "Quatre jours") == []
    await circle.bot.later(minutes=2)
    await circle.ines.installs()
    await circle.bot.settle()
    assert len(circle.cards(circle.ines, "Quatre jours")) == 1


async def test_somebody_who_joins_in_a_group_chat_is_told_how_to_be_reached(circle: Tenant) -> None:
    """They do not have the app: what is for them waits, and comes when they add it."""
    hugo, bot, teams = circle.hugo, circle.bot, circle.teams
    circle.ines.enters(GROUP_CHAT)
    await circle.camille.says_in_group_chat("appel")
    hugo.enters(GROUP_CHAT)
    await bot.settle()
    await hugo.presses(OpenJoin)
    told = await circle.submits(hugo, networks="linkedin", consent="true")
    assert FRENCH("welcome.unreachable") in told
    assert f"https://teams.microsoft.com/l/chat/0/0?users={BOT['id']}" in str(hugo.dialog)

    await circle.post(OTHER)
    await hugo.says_in_group_chat("réglages")
    [settings] = [m for m in teams.visible(GROUP_CHAT) if FRENCH("platform.waiting") in words(m.card)]
    assert "réglages" not in words(settings.card)
    assert hugo.messages == []

    await hugo.installs()
    await bot.settle()
    assert len(circle.cards(hugo, "Quatre jours")) == 1
    form = circle.card(hugo, FRENCH("settings.title"))
    await hugo.presses(Reopen)
    assert FRENCH("wishes.topics") in words(hugo.dialog)
    await bot.later(seconds=3)
    assert len(circle.cards(hugo, FRENCH("added.title"))) == 1
    assert FRENCH("wishes.topics") not in words(form.card)
    seen_by_ines = str([m.activity for m in circle.ines.reads()])
    assert FRENCH("wishes.topics") not in seen_by_ines


async def test_a_team_into_which_cercle_is_brought_is_greeted_once(place: Tenant) -> None:
    bot, teams = place.bot, place.teams
    await place.hugo.brings()
    await bot.settle()
    [greeting] = teams.visible(CHANNEL)
    assert FRENCH("greeting.title") in words(greeting.card)
    await place.hugo.takes_out()
    await bot.later(hours=1)
    await place.hugo.brings()
    await bot.settle()
    assert len(teams.visible(CHANNEL)) == 1


@pytest.mark.parametrize("command", ["mur ici", "appel", 'sondage "On déjeune ?" "Oui" "Non"'])
async def test_an_answer_read_elsewhere_does_not_call_the_channel_here(circle: Tenant, command: str) -> None:
    """A command of a channel is answered in the sender's own conversation."""
    await circle.join(circle.camille)
    await circle.camille.says_in_channel(command)
    told = await circle.told(circle.camille)
    assert "dans le canal" in told
    assert " ici" not in told


async def test_a_guest_of_the_tenant_stays_outside(circle: Tenant) -> None:
    teams, hugo = circle.teams, circle.hugo
    teams.roster[hugo.aad] = {"userRole": "guest"}
    await hugo.installs()
    assert FRENCH("guest.outside") in await circle.says(hugo, "rejoindre")
    assert await circle.bot.rows("SELECT id FROM account WHERE external_id = :who", who=hugo.aad) == []
