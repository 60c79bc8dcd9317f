"""What holds the circle back and what worked: said without a name, made into themes, answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise

import pytest
from sqlalchemy import Table, select, text

from bot.chat import plain
from bot.chat.action import Action, pack
from bot.chat.card import Card
from bot.chat.event import Click, Command, Sender, Submission
from bot.chat.form import Answers, Choice, Choices, Form, Note, Value
from bot.chat.reply import Ask, Replace, Reply, Say
from bot.chat.text import spoken
from bot.context import Occasion
from bot.domain.board import LIFE, MAX_ANSWER, MAX_FINDING, Matter
from bot.domain.circle import Circle, Role
from bot.domain.member import Preferences
from bot.platforms.slack import render as slack
from handlers.actions import AboutSecrecy, Leave, OpenGathering
from handlers.board import service
from handlers.board.cards import (
    AnswerTheme,
    GiveBack,
    OpenPlan,
    OpenReply,
    OpenSort,
    OpenTell,
    PlanTheme,
    ShowBoard,
    ShowTheme,
    ShowThemes,
    Sort,
    StartGathering,
    TakeBackWords,
    Tell,
)
from handlers.board.jobs import MONTHLY, WEEKLY
from handlers.membership.service import attach_workspace
from storage import board, circles, entries, people, tables, walls
from storage.transaction import CircleTransaction, Transaction
from tests.house import FRENCH, House, actions, asked, button, filled, kinds, said

FIVE = ("camille", "ines", "hugo", "lou", "awa")
TITLE = "Qu’est-ce qui vous freine"
CHANNEL = "playground:playground:#general"
HOME = "playground:playground:"
BLOCKERS = tuple(f"Frein numéro {number}" for number in range(6))
STRANGER = Sender("slack", "T9", "U9", "Zoé", "fr-FR", "Europe/Paris")


async def inhabited(house: House, who: Iterable[str] = FIVE) -> House:
    """On a day on which nothing else comes round. Camille leads; Tom is nobody's member."""
    house.clock.now = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
    await house.with_lead()
    await house.database.transact(partial(enter, who=[house.sender(one) for one in who], now=house.clock()))
    return house


def enter(tx: Transaction, who: Iterable[Sender], now: datetime) -> None:
    for each in who:
        place = each.platform, each.workspace, each.user
        people.add(tx, *place, name=each.name, language="fr", zone=each.zone)
        found = people.find(tx, *place)
        assert found
        topics = frozenset(topic.id for topic in circles.topics(CircleTransaction(tx, found[0].id)))
        people.join(tx, found[1], Preferences(topics, weekly_ceiling=10), 1, now)


@pytest.fixture
async def circle(sqlite_url: str) -> AsyncIterator[House]:
    house = House(sqlite_url)
    yield await inhabited(house)
    house.close()


@pytest.fixture
async def on_each(house: House) -> House:
    """On each kind of database, where that may matter."""
    return await inhabited(house)


def card_of(reply: Reply) -> Card:
    assert isinstance(reply, Say | Replace), reply
    return reply.card


async def the_board(house: House, who: str = "hugo") -> Card:
    return card_of(await house.says(who, "/cercle tableau"))


async def words(house: House, who: str = "hugo") -> str:
    return read(await the_board(house, who))


def read(card: Card) -> str:
    return plain.render(card).replace("\u00a0", " ").replace("\u202f", " ")


async def opens(house: House, who: str = "ines", anonymity: str = "anonymous") -> str:
    form = asked(await house.presses(who, OpenGathering, await the_board(house, who)))
    reply = said(await house.submits(who, form, anonymity=anonymity))
    await house.settle()
    return reply


async def tells(house: House, who: str, blocker: str = "", practice: str = "", **values: Value) -> str:
    form = asked(await house.says(who, "/cercle freins"))
    return said(await house.submits(who, form, blocker=blocker, practice=practice, **values))


async def passes(house: House, **span: float) -> None:
    house.clock.pass_(**span)
    await house.settle()


async def held(house: House, blockers: Iterable[str], by: Sequence[str] = FIVE) -> None:
    """A whole anonymous gathering, from the questions to its closing; `by` says each blocker in turn."""
    await opens(house)
    for number, blocker in enumerate(blockers):
        await tells(house, by[number % len(by)], blocker)
    await passes(house, days=7)


async def gathered(house: House) -> None:
    """The same with six blockers and a good practice, and none of its messages sent yet."""

    def ask(tx: Transaction) -> None:
        circle_id = circles.every(tx)[0].id
        service.ask(CircleTransaction(tx, circle_id), None, house.clock(), anonymous=True)
        gathering = board.current(CircleTransaction(tx, circle_id))
        assert gathering
        said = ({Matter.PRACTICE: "Un essai"}, *({Matter.BLOCKER: blocker} for blocker in BLOCKERS))
        circle = CircleTransaction(tx, circle_id)
        for n, each in enumerate(said):
            board.tell(circle, gathering.id, each, f"person {n}", house.clock(), signed=False)

    await house.database.transact(ask)
    house.clock.pass_(days=7)
    await house.database.transact(partial(service.close_due, now=house.clock()))


async def sorting(house: House, matter: Matter = Matter.BLOCKER, who: str = "camille") -> Form:
    return asked(await house.presses(who, OpenSort, await the_board(house, who), matter=matter))


def boxes(form: Form) -> dict[str, str]:
    """Label → value of what may be ticked, without the number in front."""
    (choices,) = (part for part in form.parts if isinstance(part, Choices))
    return {option.label.partition(". ")[2]: option.value for option in choices.options}


async def themed(house: House, title: str = "Le droit à l’image", findings: int = 2) -> Card:
    """A theme of some of the blockers; the card that the team is answered with."""
    form = await sorting(house)
    ticked = tuple(boxes(form).values())[:findings]
    return card_of(await house.submits("camille", form, findings=ticked, title=title))


async def planned(house: House, theme: Card, **values: Value) -> Reply:
    form = asked(await house.presses("camille", OpenPlan, theme))
    return await house.submits("camille", form, **values)


async def answered(house: House, theme: Card, answer: str, who: str = "camille") -> Card:
    form = asked(await house.presses(who, OpenReply, theme))
    return card_of(await house.submits(who, form, answer=answer))


async def clicks(house: House, who: str | Sender, action: Action) -> Reply:
    sender = house.sender(who) if isinstance(who, str) else who
    return (await house.dispatch(Click(house.key(), sender, pack(action)))).reply


async def submits(house: House, who: str | Sender, action: Action, **values: Value) -> Reply:
    sender = house.sender(who) if isinstance(who, str) else who
    return (await house.dispatch(Submission(house.key(), sender, pack(action), Answers(values)))).reply


async def rows(house: House, table: Table) -> list[dict[str, object]]:
    return await house.database.read(lambda tx: [dict(row._mapping) for row in tx.execute(table.select())])


async def only_id(house: House, table: Table) -> str:
    (row,) = await rows(house, table)
    return str(row["id"])


async def the_circle(house: House) -> Circle:
    return await house.database.read(lambda tx: circles.every(tx)[0])


async def logged(house: House) -> list[str]:
    circle = await the_circle(house)
    found = await house.database.read(lambda tx: entries.latest(CircleTransaction(tx, circle.id), limit=20))
    return sorted(entry.what for entry in found)


async def with_role(house: House, who: str, role: Role) -> None:
    def give(tx: Transaction) -> None:
        found = people.find(tx, "playground", "playground", who)
        assert found
        people.change(CircleTransaction(tx, found[0].id), found[1], role=role)

    await house.says(who, "/cercle aide")
    await house.database.transact(give)


async def with_wall(house: House) -> None:
    circle = await the_circle(house)
    workspace = await only_id(house, tables.workspace)
    await house.database.transact(
        lambda tx: walls.hang(CircleTransaction(tx, circle.id), workspace_id=workspace, address=CHANNEL)
    )


# The two questions


async def test_any_member_opens_it_and_everybody_is_invited(circle: House) -> None:
    assert "Le tour de table est ouvert" in await opens(circle, "hugo")
    for who in FIVE:
        assert kinds(circle.card(who, TITLE)) == [OpenTell, ShowBoard, AboutSecrecy]
    assert await logged(circle) == ["log.gathering_opened"]
    form = asked(await circle.presses("lou", OpenTell, circle.card("lou", TITLE)))
    assert "C’est noté" in said(await circle.submits("lou", form, blocker="Le temps"))


async def test_where_a_wall_hangs_it_is_asked_there_once(circle: House) -> None:
    await with_wall(circle)
    await opens(circle)
    (entry,) = circle.chat.chat.entries(CHANNEL, "lou")
    assert isinstance(entry.said, Card)
    assert TITLE in entry.said.title
    assert not [card for who in FIVE for card in circle.cards(who)]
    await passes(circle, days=7)
    (entry,) = circle.chat.chat.entries(CHANNEL, "lou")
    assert isinstance(entry.said, Card)
    assert "clos" in read(entry.said)


async def test_nobody_is_asked_outside_their_working_time_or_above_their_ceiling(circle: House) -> None:
    form = asked(await circle.says("hugo", "/cercle réglages"))
    await circle.submits("hugo", form, ceiling="1")
    await circle.with_post()
    await circle.settle()
    circle.clock.now = datetime(2026, 11, 25, 19, 0, tzinfo=UTC)
    await opens(circle)
    assert not [card for who in FIVE for card in circle.cards(who) if TITLE in card.title]
    circle.clock.now = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
    await circle.settle()
    assert "Deux questions" in read(circle.card("ines", TITLE))
    assert not [card for card in circle.cards("hugo") if TITLE in card.title]


async def test_whoever_was_not_asked_in_time_is_not_asked_any_more(circle: House) -> None:
    await circle.says("lou", "/cercle pause 2026-12-24")
    await opens(circle)
    circle.clock.now = datetime(2026, 12, 28, 9, 0, tzinfo=UTC)
    await circle.settle()
    assert not [card for card in circle.cards("lou") if TITLE in card.title]


async def test_the_verb_opens_the_form_while_there_is_one_and_the_board_otherwise(circle: House) -> None:
    for verb in ("blockers", "freins"):
        assert OpenGathering in kinds(card_of(await circle.says("ines", f"/cercle {verb}")))
    await opens(circle)
    for verb in ("blockers", "freins"):
        assert asked(await circle.says("ines", f"/cercle {verb}")).title == "Freins, bonnes pratiques"
    for verb in ("board", "tableau"):
        assert OpenTell in kinds(card_of(await circle.says("ines", f"/cercle {verb}")))


async def test_a_blocker_typed_behind_the_verb_is_in_the_form(circle: House) -> None:
    await opens(circle)
    form = asked(await circle.says("ines", "/cercle freins les réunions du lundi"))
    assert filled(form)["blocker"] == "les réunions du lundi"
    assert filled(form)["practice"] == ""


async def test_a_blocker_typed_while_no_round_is_open_comes_back(circle: House) -> None:
    words = said(await circle.says("ines", "/cercle freins les réunions du lundi"))
    assert FRENCH("failure.kept") in words
    assert "les réunions du lundi" in words
    assert FRENCH("failure.kept") not in said(await circle.says("ines", "/cercle freins"))


async def test_a_retrospective_that_another_feature_proposes_opens_one(circle: House) -> None:
    form = asked(await clicks(circle, "lou", OpenGathering()))
    assert form.action == StartGathering()
    await circle.submits("lou", form)
    assert isinstance(asked(await clicks(circle, "awa", OpenGathering())).action, Tell)


async def test_of_two_who_open_one_at_once_both_find_the_same(on_each: House) -> None:
    for who in ("ines", "hugo"):
        await on_each.opens_home(who)
    forms = [submits(on_each, who, StartGathering()) for who in ("ines", "hugo")]
    for reply in await asyncio.gather(*forms):
        assert "ouvert" in said(reply)
    assert len(await rows(on_each, tables.gathering)) == 1


async def test_one_that_is_over_gives_way_to_the_next(circle: House) -> None:
    await opens(circle)
    circle.clock.pass_(days=7)
    assert "ouvert" in said(await submits(circle, "lou", StartGathering()))
    assert [bool(row["closed_at"]) for row in await rows(circle, tables.gathering)].count(False) == 1


async def test_too_few_for_anonymity_can_sign(sqlite_url: str) -> None:
    house = await inhabited(House(sqlite_url), FIVE[:4])
    form = asked(await house.presses("ines", OpenGathering, await the_board(house, "ines")))
    refused = await house.submits("ines", form)
    assert isinstance(refused, Ask)
    assert "moins de cinq membres" in refused.errors["anonymity"]
    assert "ouvert" in said(await house.submits("ines", refused.form, anonymity="signed"))
    house.close()


async def test_the_month_opens_it_for_a_week(circle: House) -> None:
    circle.clock.now = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
    await circle.settle()
    (row,) = await rows(circle, tables.gathering)
    assert row["anonymous"]
    assert row["author_id"] is None
    assert row["closes_at"] == circle.clock() + LIFE
    assert "Deux questions" in read(circle.card("lou", TITLE))
    await circle.settle()
    assert len(await rows(circle, tables.gathering)) == 1


async def test_the_month_leaves_a_circle_alone_that_is_too_small(sqlite_url: str) -> None:
    house = await inhabited(House(sqlite_url), FIVE[:4])
    house.clock.now = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
    await house.settle()
    assert await rows(house, tables.gathering) == []
    house.close()


async def test_each_circle_keeps_its_dates_under_names_of_its_own(circle: House) -> None:
    await circle.dispatch(Command(circle.key(), STRANGER, "aide"))

    def names(tx: Transaction) -> list[str]:
        occasions = [Occasion(CircleTransaction(tx, c.id), circle.clock(), c, "") for c in circles.every(tx)]
        kept = [each.schedule(occasion) for each in (MONTHLY, WEEKLY) for occasion in occasions]
        return [schedule.name for schedule in kept if schedule]

    found = await circle.database.read(names)
    assert len(set(found)) == len(found) == 4


# What may be read, and by whom it was said


async def test_what_was_said_is_read_when_it_closes_and_not_before(circle: House) -> None:
    await opens(circle)
    for who, blocker in zip((*FIVE, "ines"), BLOCKERS, strict=True):
        assert "ni votre nom ni l’heure" in await tells(circle, who, blocker)
        assert "Frein numéro" not in await words(circle, "camille")
    await passes(circle, days=7)
    shown = await words(circle)
    assert sum(blocker in shown for blocker in BLOCKERS) == 4
    assert "Et 2 autres." in shown
    assert await logged(circle) == ["log.gathering_closed", "log.gathering_opened"]


async def test_the_words_of_fewer_than_five_people_wait_unread_for_a_round_of_five(on_each: House) -> None:
    await held(on_each, BLOCKERS[:1], FIVE[:1])
    assert "Frein numéro" not in await words(on_each)
    assert "Moins de cinq personnes" in read(on_each.card("ines", TITLE))
    assert not [card for card in on_each.cards("camille") if "tour de table" in card.title]
    await held(on_each, BLOCKERS[1:6])
    shown = await words(on_each)
    assert sum(blocker in shown for blocker in BLOCKERS) == 4
    assert "Et 2 autres." in shown


async def test_one_person_who_answers_five_times_is_one_person(on_each: House) -> None:
    """Who adds four answers would else read the fifth, of somebody else."""
    await opens(on_each)
    await tells(on_each, "lou", "Mon frein")
    for number in range(5):
        await tells(on_each, "ines", f"Frein numéro {number}", f"Essai numéro {number}")
    await passes(on_each, days=7)
    shown = await words(on_each)
    assert "Mon frein" not in shown
    assert "Frein numéro" not in shown


async def test_what_is_said_anonymously_is_not_readable_before_the_end(circle: House) -> None:
    await opens(circle)
    await tells(circle, "lou", "Le temps", "Une liste")
    assert await rows(circle, tables.finding) == []
    everything = str([await rows(circle, table) for table in tables.metadata.sorted_tables])
    assert "Le temps" not in everything
    assert "Une liste" not in everything


async def test_a_signed_one_shows_the_names_of_those_who_leave_them(on_each: House) -> None:
    assert "votre nom paraît" in await opens(on_each, anonymity="signed")
    await tells(on_each, "lou", "Le temps", sign=True)
    await tells(on_each, "awa", "Les outils", sign=False)
    shown = await words(on_each)
    assert "Le temps — Lou" in shown
    assert "« Les outils »" in shown
    assert [row["person_id"] for row in await rows(on_each, tables.finding)].count(None) == 1


async def test_the_name_of_somebody_who_left_is_not_shown_any_more(circle: House) -> None:
    await opens(circle, anonymity="signed")
    await tells(circle, "lou", "Le temps", sign=True)
    await clicks(circle, "lou", Leave())
    assert "« Le temps »" in await words(circle)


async def test_what_is_signed_can_be_taken_back_and_nothing_else_is(on_each: House) -> None:
    await opens(on_each, anonymity="signed")
    await tells(on_each, "lou", "Le temps", "Une liste", sign=True)
    await tells(on_each, "lou", "Sans mon nom", sign=False)
    await tells(on_each, "awa", "Les outils", sign=True)
    form = await sorting(on_each)
    await on_each.submits("camille", form, findings=(boxes(form)["Le temps — Lou"],), title="Le temps")
    assert TakeBackWords not in kinds(await the_board(on_each, "hugo"))
    mine = await the_board(on_each, "lou")
    assert isinstance(await on_each.presses("lou", TakeBackWords, mine), Replace)
    left = {row["text"] for row in await rows(on_each, tables.finding)}
    assert left == {"Sans mon nom", "Les outils"}
    assert "ne fait plus rien" in said(await on_each.presses("lou", TakeBackWords, mine))
    assert TakeBackWords not in kinds(await the_board(on_each, "lou"))


async def test_the_answer_to_signed_words_takes_them_back_too(circle: House) -> None:
    await opens(circle, anonymity="signed")
    form = asked(await circle.says("lou", "/cercle freins"))
    told = card_of(await circle.submits("lou", form, blocker="Le temps", sign=True))
    unsigned = card_of(await circle.submits("awa", form, blocker="Les outils", sign=False))
    assert kinds(unsigned) == [OpenTell]
    await passes(circle, days=8)
    await circle.presses("lou", TakeBackWords, told)
    await circle.settle()
    assert "1 réponse attend" in read(circle.card("camille", "tour de table"))


async def test_whoever_forges_a_signature_stays_anonymous(circle: House) -> None:
    await opens(circle)
    gathering = Tell(await only_id(circle, tables.gathering))
    await submits(circle, "lou", gathering, blocker="Le temps", sign=True)
    await passes(circle, days=7)
    assert [row["person_id"] for row in await rows(circle, tables.finding)] == [None]


def everything(tx: Transaction) -> dict[str, list[str]]:
    """Each row of each table."""
    return {
        table.name: sorted(map(repr, tx.execute(table.select()))) for table in tables.metadata.sorted_tables
    }


async def test_reading_the_whole_database_links_nobody_to_their_words(on_each: House) -> None:
    """Of all that an answer leaves behind, nothing names its author, directly or by its place."""
    await opens(on_each)
    who = await on_each.database.read(
        lambda tx: {row.external_id: row.person_id for row in tx.execute(tables.account.select())}
    )
    for number in range(12):
        name = FIVE[number % len(FIVE)]
        form = asked(await on_each.says(name, "/cercle freins"))
        before = await on_each.database.read(everything)
        await on_each.submits(name, form, blocker=f"b{number:02}", practice=f"p{number:02}")
        after = await on_each.database.read(everything)
        changed = {table for table in after if after[table] != before[table]}
        assert changed == {"ballot", "inbox"}
        new = str([row for table in changed for row in set(after[table]) - set(before[table])])
        assert not [id for id in who.values() if id in new]
        assert f"b{number:02}" not in new
    await passes(on_each, days=7)
    place = "rowid" if on_each.url.startswith("sqlite") else "ctid"
    found = await on_each.database.read(
        lambda tx: [
            str(row) for row in tx.execute(text(f"select text from finding order by {place}")).scalars()
        ]
    )
    told = [f"{kind}{number:02}" for number in range(12) for kind in "bp"]
    assert sorted(found) == sorted(told)
    assert found != told
    neighbours = sum(a[1:] == b[1:] for a, b in pairwise(found))
    assert neighbours < 10, "the two halves of a form stand side by side"
    if place == "ctid":
        written = select(text("count(distinct xmin::text)")).select_from(tables.finding)
        assert await on_each.database.read(lambda tx: tx.execute(written).scalar_one()) == 1


async def test_many_at_once_are_all_kept(on_each: House) -> None:
    await opens(on_each)
    gathering = Tell(await only_id(on_each, tables.gathering))
    told = [f"Frein {number}" for number in range(30)]
    replies = await asyncio.gather(
        *(submits(on_each, FIVE[n % len(FIVE)], gathering, blocker=blocker) for n, blocker in enumerate(told))
    )
    assert all("noté" in said(reply) for reply in replies)
    await passes(on_each, days=7)
    assert sorted(str(row["text"]) for row in await rows(on_each, tables.finding)) == sorted(told)


# Answers that need another look


async def test_both_empty_and_nothing_is_lost(circle: House) -> None:
    await opens(circle)
    form = asked(await circle.says("lou", "/cercle freins"))
    again = await circle.submits("lou", form, blocker="  ", practice="\n")
    assert isinstance(again, Ask)
    assert "Quelques mots dans l’un ou l’autre" in again.errors["blocker"]


async def test_too_long_stays_in_the_form(circle: House) -> None:
    await opens(circle)
    form = asked(await circle.says("lou", "/cercle freins"))
    again = await circle.submits("lou", form, blocker="é" * (MAX_FINDING + 1))
    assert isinstance(again, Ask)
    assert set(again.errors) == {"blocker"}
    assert filled(again.form)["blocker"] == "é" * (MAX_FINDING + 1)


async def test_after_the_closing_the_words_come_back(circle: House) -> None:
    await opens(circle)
    form = asked(await circle.says("lou", "/cercle freins"))
    circle.clock.pass_(days=7)
    for closed in (False, True):
        if closed:
            await circle.settle()
        answer = said(await circle.submits("lou", form, blocker="Trop tard", practice="Une idée"))
        assert "C’est clos" in answer
        assert "Trop tard" in answer
        assert "Une idée" in answer
    assert await rows(circle, tables.finding) == []
    assert isinstance(form.action, Tell)
    assert "C’est clos" in said(await clicks(circle, "lou", OpenTell(form.action.gathering)))


async def test_the_same_submission_twice_counts_once(circle: House) -> None:
    await opens(circle)
    action = pack(Tell(await only_id(circle, tables.gathering)))
    event = Submission("twice", circle.sender("lou"), action, Answers({"blocker": "Le temps"}))
    await circle.dispatch(event)
    assert (await circle.dispatch(event)).reply is None
    assert len(await rows(circle, tables.ballot)) == 1


async def test_only_members_answer_and_read(circle: House) -> None:
    await opens(circle)
    gathering = await only_id(circle, tables.gathering)
    await circle.says("tom", "/cercle help")
    for reply in (
        await circle.says("tom", "/cercle board"),
        await circle.says("tom", "/cercle blockers"),
        await clicks(circle, "tom", OpenGathering()),
        await clicks(circle, "tom", OpenTell(gathering)),
        await submits(circle, "tom", Tell(gathering), blocker="My words"),
        await submits(circle, "tom", StartGathering()),
        await clicks(circle, "tom", ShowThemes(1)),
    ):
        assert "for members of the circle" in said(reply)
    assert await rows(circle, tables.finding) == await rows(circle, tables.ballot) == []


async def test_the_comms_team_reads_and_sorts_without_being_members(circle: House) -> None:
    await gathered(circle)
    await with_role(circle, "tom", Role.COMMS)
    assert OpenSort in kinds(await the_board(circle, "tom"))
    assert OpenSort not in kinds(await the_board(circle, "hugo"))


async def test_nothing_reaches_into_another_circle(circle: House) -> None:
    await gathered(circle)
    theme = await theme_id(circle, await themed(circle))
    await opens(circle, "lou")
    (gathering,) = [str(r["id"]) for r in await rows(circle, tables.gathering) if r["closed_at"] is None]
    finding = str((await rows(circle, tables.finding))[0]["id"])
    await circle.dispatch(Command(circle.key(), STRANGER, "aide"))

    def promote(tx: Transaction) -> None:
        found = people.find(tx, "slack", "T9", "U9")
        assert found
        people.change(CircleTransaction(tx, found[0].id), found[1], role=Role.LEAD)

    await circle.database.transact(promote)
    form = asked((await circle.dispatch(Command(circle.key(), STRANGER, "rejoindre"))).reply)
    values = {**filled(form), "consent": True}
    await circle.dispatch(Submission(circle.key(), STRANGER, pack(form.action), Answers(values)))
    before = await circle.database.read(everything)
    mine: dict[str, Value] = {
        "blocker": "Mes mots",
        "answer": "Mes mots",
        "title": "Mes mots",
        "findings": (finding,),
    }
    for action in (Tell(gathering), PlanTheme(theme, 0), AnswerTheme(theme, 0), Sort("blocker")):
        assert "Mes mots" in said(await submits(circle, STRANGER, action, **mine))
    for click in (OpenTell(gathering), OpenPlan(theme), OpenReply(theme), ShowTheme(theme), GiveBack(theme)):
        answer = said(await clicks(circle, STRANGER, click))
        assert "Frein" not in answer
        assert "droit à l’image" not in answer
    assert await circle.database.read(everything) == before


def pages(card: Card) -> list[int]:
    """The pages of the themes that its buttons turn to."""
    return [action.page for action in actions(card) if isinstance(action, ShowThemes)]


async def theme_id(house: House, card: Card) -> str:
    return button(card, OpenPlan).action.theme  # type: ignore[attr-defined]


# Making themes


async def test_the_comms_team_is_told_once_and_sorts_from_there(circle: House) -> None:
    await gathered(circle)
    await circle.settle()
    card = circle.card("camille", "Le tour de table est clos")
    assert "7 réponses attendent" in read(card)
    form = asked(await circle.presses("camille", OpenSort, card, matter=Matter.BLOCKER))
    ticked = tuple(boxes(form).values())
    await circle.submits("camille", form, findings=ticked, title="Tout")
    await circle.settle()
    assert "1 réponse attend" in read(circle.card("camille", "Le tour de table est clos"))
    form = await sorting(circle, Matter.PRACTICE)
    await circle.submits("camille", form, findings=tuple(boxes(form).values()), title="Essayer")
    await circle.settle()
    assert "a trouvé son thème" in read(circle.cards("camille")[-1])
    assert not [card for card in circle.cards("ines") if "tour de table" in card.title]


async def test_a_theme_is_new_or_one_that_is_there(on_each: House) -> None:
    await gathered(on_each)
    made = await themed(on_each, "Le  droit\nà l’image")
    assert made.title == "Le droit à l’image"
    form = await sorting(on_each)
    (choice,) = (part for part in form.parts if isinstance(part, Choice))
    assert [option.label for option in choice.options] == ["Un nouveau thème", "Le droit à l’image"]
    rest = tuple(boxes(form).values())[:3]
    more = card_of(await on_each.submits("camille", form, findings=rest, theme=choice.options[1].value))
    assert sum(blocker in read(more) for blocker in BLOCKERS) == 5
    assert len(await rows(on_each, tables.theme)) == 1
    shown = await words(on_each)
    assert "Personne ne s’en occupe encore. Pas encore de date" in shown
    assert sum(blocker in shown for blocker in BLOCKERS) == 1


async def test_good_practice_keeps_the_name_of_whoever_signed_it(circle: House) -> None:
    await opens(circle, anonymity="signed")
    await tells(circle, "lou", practice="Raconter l’erreur d’abord", sign=True)
    form = await sorting(circle, Matter.PRACTICE)
    ticked = boxes(form)
    assert list(ticked) == ["Raconter l’erreur d’abord — Lou"]
    card = card_of(
        await circle.submits("camille", form, findings=tuple(ticked.values()), title="Dire l’erreur")
    )
    assert "Raconter l’erreur d’abord — Lou" in read(card)
    assert kinds(card) == [OpenPlan]
    assert "Ce qui a marché\nDire l’erreur" in await words(circle)


async def test_a_theme_needs_a_title_and_something_in_it(circle: House) -> None:
    await gathered(circle)
    form = await sorting(circle)
    some = tuple(boxes(form).values())[:1]
    nothing = await circle.submits("camille", form, title="Un titre")
    assert isinstance(nothing, Ask)
    assert "Rien n’est coché" in nothing.errors["findings"]
    untitled = await circle.submits("camille", form, findings=some, title=" ")
    assert isinstance(untitled, Ask)
    assert "titre" in untitled.errors["title"]
    assert await rows(circle, tables.theme) == []
    gone = said(await circle.submits("camille", form, findings=some, theme="nowhere", title="Un titre"))
    assert "n’est pas sur le tableau" in gone
    assert "Un titre" in gone


async def test_what_somebody_else_has_just_sorted_is_left_out_and_the_title_kept(circle: House) -> None:
    await gathered(circle)
    form = await sorting(circle)
    ticked = tuple(boxes(form).values())
    await circle.submits("camille", form, findings=ticked[:2], title="Le premier")
    again = await circle.submits("camille", form, findings=ticked[1:3], title="Le second")
    assert isinstance(again, Ask)
    assert len(boxes(again.form)) == 4
    assert filled(again.form)["title"] == "Le second"
    assert "Quelqu’un d’autre" in notes(again.form)
    assert len(await rows(circle, tables.theme)) == 1
    await circle.submits("camille", again.form, findings=ticked[2:3])
    assert "Le second" in await words(circle)
    await circle.submits("camille", again.form, findings=ticked[3:], title="Le reste")
    over = said(await circle.submits("camille", again.form, findings=ticked[3:], title="Une fois de trop"))
    assert "a déjà son thème" in over
    assert "Une fois de trop" in over


def notes(form: Form) -> str:
    return " ".join(spoken(span) for part in form.parts if isinstance(part, Note) for span in part.spans)


async def test_sorting_while_something_comes_in_loses_neither(on_each: House) -> None:
    """The rows of a gathering are written anew with each answer."""
    await opens(on_each, anonymity="signed")
    for who in FIVE:
        await tells(on_each, who, f"De {who}")
    gathering = Tell(await only_id(on_each, tables.gathering))
    form = await sorting(on_each)
    values = {**filled(form), "findings": tuple(boxes(form).values()), "title": "Ensemble"}
    await asyncio.gather(
        submits(on_each, "camille", Sort("blocker"), **values),
        *(submits(on_each, FIVE[n % 5], gathering, blocker=f"Encore {n}") for n in range(20)),
    )
    sorted_ones = [str(r["text"]) for r in await rows(on_each, tables.finding) if r["theme_id"]]
    assert len(sorted_ones) == 5
    assert len(await rows(on_each, tables.finding)) == 25


async def test_only_the_comms_team_makes_themes(circle: House) -> None:
    await gathered(circle)
    theme = await theme_id(circle, await themed(circle))
    for action in (OpenSort("blocker"), OpenPlan(theme)):
        assert "équipe communication" in said(await clicks(circle, "hugo", action))
    for form in (Sort("blocker"), PlanTheme(theme, 0)):
        answer = said(await submits(circle, "hugo", form, title="Mon titre"))
        assert "équipe communication" in answer
        assert "Mon titre" in answer
    assert "ancienne carte" in said(await clicks(circle, "camille", OpenSort("nonsense")))


# Who, and by when


async def test_whoever_is_named_is_told_and_may_hand_it_back(circle: House) -> None:
    await gathered(circle)
    theme = await themed(circle)
    saved = card_of(await planned(circle, theme, owner=(HOME + "lou",), due_on="2026-12-18"))
    assert "Lou s’en occupe. Réponse d’ici au vendredi 18 décembre." in read(saved)
    await circle.settle()
    card = circle.card("lou", "Le droit à l’image")
    assert kinds(card) == [OpenReply, ShowTheme, GiveBack]
    assert "sans dire pourquoi" in read(card)
    assert "cherche quelqu’un" in said(await circle.presses("lou", GiveBack, card))
    await circle.settle()
    assert "Vous ne vous occupez plus" in read(circle.cards("lou")[-1])
    assert "Personne ne s’en occupe encore. Réponse d’ici au vendredi 18 décembre." in await words(circle)
    await planned(circle, theme, owner=(HOME + "lou",))
    await circle.settle()
    assert "Un thème vous est proposé" in circle.card("lou", "Le droit à l’image").title
    await planned(circle, theme, owner=(HOME + "awa",))
    await circle.settle()
    assert "Vous ne vous occupez plus" in read(circle.cards("lou")[-1])
    assert "Un thème vous est proposé" in circle.card("awa", "Le droit à l’image").title
    assert "ancienne carte" in said(await circle.presses("lou", GiveBack, card))


async def test_somebody_who_takes_a_theme_on_is_not_written_to(circle: House) -> None:
    await gathered(circle)
    await circle.settle()
    before = len(circle.cards("camille"))
    await planned(circle, await themed(circle), owner=(HOME + "camille",))
    await circle.settle()
    assert len(circle.cards("camille")) == before
    assert "Camille s’en occupe" in await words(circle)


async def test_who_cannot_look_after_a_theme(circle: House) -> None:
    await gathered(circle)
    theme = await themed(circle)
    await clicks(circle, "lou", Leave())
    await with_role(circle, "tom", Role.NONE)

    def make_guest(tx: Transaction) -> None:
        found = people.find(tx, "playground", "playground", "awa")
        assert found
        people.report(CircleTransaction(tx, found[0].id), found[1].account, guest=True)

    await circle.database.transact(make_guest)
    for owner in (
        (HOME + "lou",),  # left
        (HOME + "tom",),  # no member
        (HOME + "awa",),  # a guest
        (HOME + "nobody",),
        (CHANNEL,),
        ("slack:T9:U9",),
        (HOME + "ines", HOME + "hugo"),
    ):
        again = await planned(circle, theme, owner=owner, title="Un autre titre", due_on="2026-12-18")
        assert isinstance(again, Ask), owner
        assert set(again.errors) == {"owner"}
        assert filled(again.form)["title"] == "Un autre titre"


async def test_several_things_wrong_are_said_together(circle: House) -> None:
    await gathered(circle)
    theme = await themed(circle)
    for day in ("2026-12-01", "hier", "2028-01-01"):
        again = await planned(circle, theme, owner=(CHANNEL,), due_on=day, title=" ")
        assert isinstance(again, Ask)
        assert set(again.errors) == {"owner", "due_on", "title"}
        assert filled(again.form)["due_on"] == day


async def test_an_owner_who_leaves_is_no_longer_named(circle: House) -> None:
    await gathered(circle)
    theme = await themed(circle)
    await planned(circle, theme, owner=(HOME + "lou",))
    assert "Lou s’en occupe" in await words(circle)
    await clicks(circle, "lou", Leave())
    assert "Lou" not in await words(circle)
    action = OpenReply(await theme_id(circle, theme))
    assert "membres du cercle" in said(await clicks(circle, "lou", action))


async def test_an_owner_in_the_other_chat_stays_unless_another_is_chosen(circle: House) -> None:
    await gathered(circle)
    theme = await themed(circle)
    await planned(circle, theme, owner=(HOME + "lou",))

    def move(tx: Transaction) -> None:
        found = people.find(tx, "playground", "playground", "lou")
        assert found
        circle = CircleTransaction(tx, found[0].id)
        other = attach_workspace(circle, "slack", "T1")
        people.report(circle, found[1].account, workspace_id=other, address="slack:T1:U1")

    await circle.database.transact(move)
    form = asked(await circle.presses("camille", OpenPlan, theme))
    assert "Lou s’en occupe, depuis l’autre messagerie" in notes(form)
    await circle.submits("camille", form, due_on="2026-12-18")
    assert "Lou s’en occupe. Réponse d’ici" in await words(circle)
    await planned(circle, theme, owner=(HOME + "ines",))
    assert "Inès s’en occupe" in await words(circle)


# Answering


async def test_an_answer_reaches_the_circle_once_a_week_and_stands_in_the_log(circle: House) -> None:
    await gathered(circle)
    first, second = await themed(circle, "Le premier"), await themed(circle, "Le second")
    await planned(circle, first, owner=(HOME + "lou",))
    await circle.settle()
    owned = circle.card("lou", "Le premier")
    assert "sur le tableau" in read(await answered(circle, owned, "Oui, c’est permis.", "lou"))
    await circle.settle()
    for who in FIVE:
        card = circle.card(who, "Du nouveau sur le tableau")
        assert "1 frein" in read(card)
        assert "Oui, c’est permis." in read(card)
    assert "a sa réponse sur le tableau" in read(
        next(card for card in circle.cards("lou") if "Le premier" in read(card) and not card.title)
    )
    await passes(circle, days=1)
    await answered(circle, second, "Nous y travaillons.")
    await circle.settle()
    news = [card for card in circle.cards("ines") if "Du nouveau" in card.title]
    assert len(news) == 1
    assert "2 freins" in read(news[0])
    assert [what for what in await logged(circle) if "theme" in what] == ["log.theme_answered"] * 2
    assert "Réponse du mercredi 2 décembre : Oui, c’est permis." in await words(circle)
    await passes(circle, days=7)
    form = asked(await circle.presses("camille", OpenReply, first))
    assert filled(form)["answer"] == "Oui, c’est permis."
    await circle.submits("camille", form, answer="Oui, sauf le labo.")
    await circle.settle()
    news = [card for card in circle.cards("ines") if "Du nouveau" in card.title]
    assert len(news) == 1
    assert "Oui, sauf le labo." in read(news[0])
    assert len([what for what in await logged(circle) if "theme" in what]) == 2


async def test_an_answer_of_another_week_is_another_card(circle: House) -> None:
    await gathered(circle)
    first, second = await themed(circle, "Le premier"), await themed(circle, "Le second")
    await answered(circle, first, "Oui.")
    await circle.settle()
    await passes(circle, days=7)
    await answered(circle, second, "Non.")
    await circle.settle()
    news = [read(card) for card in circle.cards("ines") if "Du nouveau" in card.title]
    assert ["Oui." in card for card in news] == [True, False]
    assert ["Non." in card for card in news] == [False, True]


async def test_an_answer_is_told_on_the_wall(circle: House) -> None:
    await gathered(circle)
    await with_wall(circle)
    await answered(circle, await themed(circle), "Oui.")
    await circle.settle()
    (entry,) = circle.chat.chat.entries(CHANNEL, "lou")
    assert isinstance(entry.said, Card)
    assert "Oui." in read(entry.said)
    assert not [card for who in FIVE for card in circle.cards(who) if "Du nouveau" in card.title]


async def test_only_the_team_and_whoever_looks_after_it_answer(circle: House) -> None:
    await gathered(circle)
    theme = await themed(circle)
    action = await theme_id(circle, theme)
    for reply in (
        await clicks(circle, "hugo", OpenReply(action)),
        await submits(circle, "hugo", AnswerTheme(action, 0), answer="Mon idée"),
    ):
        assert "ou la personne qui s’en occupe" in said(reply)
    shown = card_of(await clicks(circle, "hugo", ShowTheme(action)))
    assert kinds(shown) == []
    assert "ancienne carte" in said(await clicks(circle, "hugo", GiveBack(action)))


async def test_an_empty_answer_and_one_to_good_practice(circle: House) -> None:
    await gathered(circle)
    theme = await themed(circle)
    form = asked(await circle.presses("camille", OpenReply, theme))
    again = await circle.submits("camille", form, answer="\n")
    assert isinstance(again, Ask)
    assert set(again.errors) == {"answer"}
    practices = await sorting(circle, Matter.PRACTICE)
    ticked = tuple(boxes(practices).values())
    card = card_of(await circle.submits("camille", practices, findings=ticked, title="Un essai"))
    reply = await clicks(circle, "camille", OpenReply(await theme_id(circle, card)))
    assert "n’est pas sur le tableau" in said(reply)


async def test_of_two_who_answer_at_once_the_later_reads_the_earlier(on_each: House) -> None:
    await gathered(on_each)
    theme = await themed(on_each)
    await with_role(on_each, "hugo", Role.COMMS)
    forms = [
        asked(await clicks(on_each, who, OpenReply(await theme_id(on_each, theme))))
        for who in ("camille", "hugo")
    ]
    answers = {"camille": "La réponse de Camille.", "hugo": "La réponse de Hugo."}
    replies = await asyncio.gather(
        *(
            on_each.submits(who, form, answer=answer)
            for form, (who, answer) in zip(forms, answers.items(), strict=True)
        )
    )
    (later,) = (reply for reply in replies if isinstance(reply, Ask))
    (row,) = await rows(on_each, tables.theme)
    earlier = str(row["answer"])
    assert earlier in notes(later.form)
    assert {earlier, filled(later.form)["answer"]} == set(answers.values())
    assert "quelqu’un d’autre" in notes(later.form)
    who = next(who for who, answer in answers.items() if answer != earlier)
    assert "sur le tableau" in said(await on_each.submits(who, later.form))
    (row,) = await rows(on_each, tables.theme)
    assert row["answer"] == answers[who]


async def test_of_two_who_plan_at_once_the_later_reads_the_earlier(circle: House) -> None:
    await gathered(circle)
    theme = await themed(circle)
    form = asked(await circle.presses("camille", OpenPlan, theme))
    await circle.submits("camille", form, owner=(HOME + "lou",))
    again = await circle.submits("camille", form, owner=(HOME + "awa",), title="Un autre")
    assert isinstance(again, Ask)
    assert "quelqu’un d’autre" in notes(again.form)
    assert "Lou s’en occupe" in notes(again.form)
    assert "Lou s’en occupe" in await words(circle)
    await circle.submits("camille", again.form)
    assert "Un autre\nAwa s’en occupe" in await words(circle)


# What waits in vain


def returned(house: House, who: str = "camille") -> list[str]:
    return [read(card) for card in house.cards(who) if "attendent une réponse" in card.title]


async def test_what_has_no_day_after_a_fortnight_comes_back_on_one_card(on_each: House) -> None:
    await gathered(on_each)
    first = await themed(on_each, "Le premier")
    assert on_each.clock() == datetime(2026, 12, 2, 9, tzinfo=UTC)
    for monday in (7, 14):
        on_each.clock.now = datetime(2026, 12, monday, 9, 30, tzinfo=UTC)
        await on_each.settle()
        assert returned(on_each) == []
    on_each.clock.now = datetime(2026, 12, 21, 9, 30, tzinfo=UTC)
    await on_each.settle()
    (card,) = returned(on_each)
    assert "Le premier" in card
    assert returned(on_each, "ines") == []
    second = await themed(on_each, "Le second")
    await planned(on_each, second, due_on="2026-12-23")
    on_each.clock.now = datetime(2026, 12, 28, 9, 30, tzinfo=UTC)
    await on_each.settle()
    (card,) = returned(on_each)
    assert "Le second\nPersonne ne s’en occupe encore. Une nouvelle date reste à donner" in card
    await answered(on_each, first, "Oui.")
    await planned(on_each, second, due_on="2027-01-08")
    await on_each.settle()
    assert returned(on_each) == []
    assert "Tous les freins de cette carte" in " ".join(map(read, on_each.cards("camille")))
    on_each.clock.now = datetime(2027, 1, 11, 9, 30, tzinfo=UTC)
    await on_each.settle()
    (card,) = returned(on_each)
    assert "Le second" in card
    assert "Le premier" not in card


async def test_it_comes_back_in_working_time_and_to_the_team_of_today(circle: House) -> None:
    await gathered(circle)
    await themed(circle)
    await with_role(circle, "priya", Role.COMMS)
    circle.clock.now = datetime(2026, 12, 21, 14, 0, tzinfo=UTC)  # 19:30 in Kolkata
    await circle.settle()
    assert returned(circle)
    assert circle.cards("priya") == []
    await with_role(circle, "priya", Role.NONE)
    circle.clock.now = datetime(2026, 12, 22, 9, 0, tzinfo=UTC)
    await circle.settle()
    assert circle.cards("priya") == []


async def test_the_agenda_reads_what_has_no_answer(circle: House) -> None:
    await gathered(circle)
    await themed(circle, "Le premier")
    circle.clock.pass_(minutes=1)
    second = await themed(circle, "Le second")
    found = await the_circle(circle)
    waiting = await circle.database.read(lambda tx: board.unanswered(CircleTransaction(tx, found.id)))
    assert [theme.title for theme in waiting] == ["Le premier", "Le second"]
    await answered(circle, second, "Oui.")
    waiting = await circle.database.read(lambda tx: board.unanswered(CircleTransaction(tx, found.id)))
    assert [theme.title for theme in waiting] == ["Le premier"]


# Long boards, odd words


async def test_an_empty_board_says_what_it_is_for(circle: House) -> None:
    assert "Rien sur le tableau pour l’instant" in await words(circle)
    nothing = card_of(await clicks(circle, "hugo", ShowThemes(1)))
    assert "Aucun thème ici" in read(nothing)


async def test_a_long_board_stays_within_what_a_message_takes(circle: House) -> None:
    def fill(tx: Transaction) -> None:
        found = circles.every(tx)[0]
        long = board.start(
            CircleTransaction(tx, found.id), None, circle.clock(), circle.clock() + LIFE, anonymous=False
        )
        assert long
        for number in range(24):
            now = circle.clock() + timedelta(minutes=number)
            matter = Matter.PRACTICE if number % 4 == 3 else Matter.BLOCKER
            theme = board.add(CircleTransaction(tx, found.id), matter, f"{number} " + "t" * 90, now)
            if number % 2:
                board.answer(CircleTransaction(tx, found.id), theme, "é" * MAX_ANSWER, now)
            said = {Matter.BLOCKER: f"{number} " + "b" * 480, Matter.PRACTICE: f"{number} " + "p" * 480}
            board.tell(CircleTransaction(tx, found.id), long, said, "x", circle.clock(), signed=False)

    await circle.database.transact(fill)
    card = await the_board(circle, "camille")
    assert len(slack.message(card)["blocks"]) <= 50
    assert "Et 20 autres." in read(card)
    first = card_of(await circle.presses("camille", ShowThemes, card))
    assert read(first).startswith("Tous les thèmes\n23 t")
    assert pages(first) == [2]
    second = card_of(await circle.presses("camille", ShowThemes, first, page=2))
    assert pages(second) == [1, 3]
    third = card_of(await circle.presses("camille", ShowThemes, second, page=3))
    assert pages(third) == [2]
    assert kinds(third).count(ShowTheme) == 4
    for page in (-5, 10**9, 0):
        assert ShowTheme in kinds(card_of(await clicks(circle, "camille", ShowThemes(page))))
    form = await sorting(circle)
    assert len(boxes(form)) == 10
    assert len(slack.modal(form, cancel="Annuler")["blocks"]) <= 100


async def test_markup_in_words_stays_words(circle: House) -> None:
    odd = "<!channel> *gras* [lien](https://evil.example) <@U1> {title} <b>&amp;"
    await opens(circle, anonymity="signed")
    await tells(circle, "lou", odd, odd, sign=True)
    card = await the_board(circle, "camille")
    assert odd in read(card)
    drawn = str(slack.message(card)["blocks"])
    assert "'type': 'broadcast'" not in drawn
    assert "'type': 'user'" not in drawn
    form = await sorting(circle)
    ticked = tuple(boxes(form).values())
    theme = card_of(await circle.submits("camille", form, findings=ticked, title=odd))
    assert theme.title == odd
    await answered(circle, theme, odd)
    await circle.settle()
    assert odd in read(circle.card("hugo", "Du nouveau"))
    assert odd in read(card_of(await circle.says("hugo", "/cercle journal")))
