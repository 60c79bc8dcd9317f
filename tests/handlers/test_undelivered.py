"""What could not be delivered: the comms team reads what it was, where, and what to do, and tries all of it
again with one press. The author of a poll is told too."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.chat import plain
from bot.chat.messenger import Closed, Refused, Restricted, Unreachable
from bot.chat.reply import Replace
from bot.domain.message import Obstacle, State
from bot.domain.story import Failure, Subject, Target, grouped
from handlers.polls.cards import ShowAgain
from handlers.posts.cards import OpenWithdrawal, RestoreListed, ShowPosts, WithdrawListed
from handlers.sharing.cards import Later
from handlers.trace.cards import RetryAll, undelivered
from scheduler.pump.failures import settle_failure
from storage import people, tables
from storage.transaction import CircleTransaction, Transaction
from tests.house import FRENCH, House, actions, kinds, said

PRIVATE = "playground:playground:#private"


@pytest.fixture
async def circle(house: House) -> House:
    await house.with_lead()
    for who in ("camille", "ines", "hugo"):
        await house.with_member(who)
    return house


def words(card: object) -> str:
    return plain.render(card).replace("\u00a0", " ").replace("\u202f", " ")  # type: ignore[arg-type]


async def settle(house: House) -> None:
    for _ in range(3):
        await house.settle()


def invite(house: House) -> None:
    house.chat.chat._conversations[PRIVATE] = {}


async def test_three_messages_to_one_channel_are_one_entry_with_what_to_do(circle: House) -> None:
    await circle.says("ines", '/cercle sondage "On déjeune ?" "Oui" "Non"', PRIVATE)
    await circle.says("ines", '/cercle sondage "Où ?" "Ici" "Ailleurs"', PRIVATE)
    await circle.says("camille", "/cercle mur ici", PRIVATE)
    await settle(circle)
    card = circle.card("camille", "non remis")
    told = words(card)
    assert told.count("#private") == 1
    for what in ("Sondage « On déjeune ? »", "Sondage « Où ? »", "Mur du cercle"):
        assert what in told
    assert "/invite @Cercle" in told
    assert "not_in" not in told
    assert actions(card) == [RetryAll(State.DEAD)]
    invite(circle)
    assert "Un nouvel essai est en cours" in said(await circle.presses("camille", RetryAll, card))
    await settle(circle)
    shown = [e.said.title for e in circle.chat.chat.entries(PRIVATE, "") if not isinstance(e.said, str)]
    assert sorted(shown) == ["Le mur du cercle", "On déjeune ?", "Où ?"]
    assert "Rien n’attend de décision" in words(circle.card("camille"))


async def test_only_the_comms_team_tries_again(circle: House) -> None:
    await circle.says("ines", '/cercle sondage "On déjeune ?" "Oui" "Non"', PRIVATE)
    await settle(circle)
    card = circle.card("camille", "non remis")
    assert "équipe communication" in said(await circle.presses("ines", RetryAll, card))


async def test_the_author_of_a_poll_is_told_in_a_message_and_when_it_stands_there(circle: House) -> None:
    await circle.says("ines", '/cercle sondage "On déjeune ?" "Oui" "Non"', PRIVATE)
    await settle(circle)
    card = circle.card("ines", "n’a pas pu être affiché")
    assert "On déjeune ?" in words(card)
    assert "#private" in words(card)
    assert "/invite @Cercle" in words(card)
    assert kinds(card) == [ShowAgain]
    await circle.presses("ines", ShowAgain, card)
    await settle(circle)
    assert kinds(circle.card("ines", "n’a pas pu être affiché")) == [ShowAgain]
    invite(circle)
    await circle.presses("ines", ShowAgain, circle.card("ines", "n’a pas pu être affiché"))
    await settle(circle)
    assert not any("n’a pas pu" in told.title for told in circle.cards("ines"))
    assert circle.chat.chat.entries(PRIVATE, "")


@pytest.mark.parametrize(
    ("error", "obstacle", "advice"),
    [
        (Unreachable("not_in_channel"), Obstacle.NOT_THERE, "/invite @Cercle"),
        (Closed("is_archived"), Obstacle.CLOSED, "archivé ou supprimé"),
        (Restricted("restricted_action"), Obstacle.RESTRICTED, "seules certaines personnes"),
        (Refused("invalid_blocks"), Obstacle.REFUSED, "a refusé ce message"),
    ],
)
async def test_each_failure_says_what_to_do(
    circle: House, error: Unreachable | Refused, obstacle: Obstacle, advice: str
) -> None:
    await circle.says("ines", '/cercle sondage "On déjeune ?" "Oui" "Non"', "playground:playground:#general")

    def fail(tx: Transaction) -> None:
        from storage import deliveries

        m = tables.message.c
        row = tx.execute(tables.message.select().where(m.kind == "poll")).one()
        due = deliveries.due(tx, row.workspace_id, row.priority, circle.clock(), 10)
        held = [one for one in due if one.kind == "poll"]
        (message,) = deliveries.claim(tx, held, circle.clock(), circle.clock())
        settle_failure(tx, circle.pump._kinds, message, error, circle.clock())
        assert tx.execute(select(m.obstacle).where(m.id == message.id)).scalar_one() == obstacle

    await circle.database.transact(fail)
    await circle.settle()
    told = words(circle.card("camille", "non remis"))
    assert "#general · Sondage « On déjeune ? »" in told
    assert advice in told
    assert str(error) not in told


@pytest.mark.parametrize("obstacle", Obstacle)
@pytest.mark.parametrize("in_channel", [False, True])
def test_every_obstacle_has_advice(obstacle: Obstacle, in_channel: bool) -> None:
    failure = Failure(Subject("poll", "?"), Target("slack:T1:X1", "Awa", in_channel), obstacle)
    card = undelivered(FRENCH, grouped([failure]))
    assert "Awa" in words(card)
    retried = {Obstacle.CLOSED: [], Obstacle.LOST: [RetryAll(State.UNKNOWN)]}
    assert actions(card) == retried.get(obstacle, [RetryAll(State.DEAD)])


def test_people_who_miss_the_same_are_one_entry() -> None:
    post, other = Subject("post", "Titre"), Subject("post", "Autre")
    awa, tom = Target("a", "Awa"), Target("t", "Tom")
    groups = grouped(
        Failure(subject, target, Obstacle.REFUSED)
        for subject, target in ((post, awa), (other, awa), (post, tom), (post, tom))
    )
    found = [(group.subjects, group.targets) for group in groups]
    assert found == [((post,), (awa, tom)), ((other,), (awa,))]


async def test_what_says_something_about_its_reader_is_a_message_like_any_other(circle: House) -> None:
    """A reminder says that somebody put a post aside."""
    await circle.with_post()
    await circle.settle()
    await circle.presses("ines", Later, circle.card("ines", "alternants"))

    def fail(tx: Transaction) -> None:
        reminders = tables.message.update().where(tables.message.c.kind == "reminder")
        for state in (State.SENDING, State.DEAD):
            tx.execute(reminders.values(state=state, obstacle="refused"))

    await circle.database.transact(fail)
    told = words((await circle.says("camille", "/cercle suivi")).card)  # type: ignore[union-attr]
    assert "Inès · Message" in told
    assert "Rappel" not in told


async def test_whoever_cannot_be_written_to_is_listed_nowhere(circle: House) -> None:
    await circle.with_post()
    await circle.settle()

    def fail(tx: Transaction) -> None:
        m = tables.message.c
        sender = circle.sender("ines")
        found = people.find(tx, sender.platform, sender.workspace, sender.user)
        assert found
        people.report(CircleTransaction(tx, found[0].id), found[1].account, reachable=False)
        theirs = (m.kind == "post") & (m.person_id == found[1].id)
        for state in (State.WAITING, State.SENDING, State.DEAD):
            tx.execute(tables.message.update().where(theirs).values(state=state, obstacle="silent"))

    await circle.database.transact(fail)
    assert "Inès" not in words((await circle.says("camille", "/cercle suivi")).card)  # type: ignore[union-attr]


# Withdrawing from the list


async def test_withdrawing_from_the_list_asks_first_and_answers_where_it_was_pressed(circle: House) -> None:
    await circle.with_post()
    await circle.settle()
    listed = (await circle.says("camille", "/cercle contenus")).card  # type: ignore[union-attr]
    asks = await circle.presses("camille", OpenWithdrawal, listed)
    assert isinstance(asks, Replace)
    assert "Retirer ce contenu" in asks.card.title
    kept = await circle.presses("camille", ShowPosts, asks.card)
    assert isinstance(kept, Replace)
    assert OpenWithdrawal in kinds(kept.card)
    done = await circle.presses("camille", WithdrawListed, asks.card)
    assert isinstance(done, Replace)
    assert "Ce contenu est retiré" in done.card.title
    await circle.settle()
    assert "a été retiré" in words(circle.card("ines", "alternants"))
    back = await circle.presses("camille", RestoreListed, done.card)
    assert isinstance(back, Replace)
    assert OpenWithdrawal in kinds(back.card)
    await circle.settle()
    assert Later in kinds(circle.card("ines", "alternants"))
    for action, card in ((OpenWithdrawal, kept.card), (WithdrawListed, asks.card), (ShowPosts, done.card)):
        assert "comms team" in said(await circle.presses("tom", action, card))
