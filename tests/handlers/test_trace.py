"""The comms team reads what became of the messages, and nobody's refusals, silences or pauses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import select, update

from bot.app import DRAWINGS
from bot.chat import plain
from bot.chat.action import Action, pack
from bot.chat.card import Card
from bot.chat.event import Click
from bot.chat.reply import Say
from bot.context import Dated, Occasion
from bot.domain.message import POST, REMOVED, REPLY, State
from bot.domain.schedule import Schedule
from bot.domain.story import CROWD
from handlers.sharing.cards import Decline, Later
from handlers.trace.cards import KINDS, SCHEDULES, RetryAll
from scheduler import slots
from scheduler.timetable import CHORES, RECURRING
from storage import circles, stories, tables
from storage.transaction import CircleTransaction, Transaction
from tests import transitions
from tests.house import PEOPLE, TUESDAY, House, actions, kinds, said

NIGHT = {"day_start": "02:00", "day_end": "03:00"}
MEMBERS = ("ines", "tom", "sam")


@pytest.fixture
async def circle(house: House) -> House:
    await house.with_lead()
    for who in MEMBERS:
        await house.with_member(who)
    return house


async def traced(house: House, who: str = "camille") -> Card:
    reply = await house.says(who, "/cercle suivi")
    assert isinstance(reply, Say)
    return reply.card


async def words(house: House) -> str:
    return read(await traced(house))


def read(card: Card) -> str:
    return plain.render(card).replace("\u00a0", " ").replace("\u202f", " ")


async def retried(house: House, who: str, state: str) -> str:
    click = Click(house.key(), house.sender(who), pack(RetryAll(state)))
    return said((await house.dispatch(click)).reply)


def person(tx: Transaction, who: str) -> str:
    return tx.execute(
        select(tables.account.c.person_id).where(tables.account.c.external_id == who)
    ).scalar_one()


async def set_message(house: House, who: str, state: State | None = None, **values: object) -> str:
    """Change the row of somebody's post card, as the pump would; returns its id."""
    m = tables.message.c

    def change(tx: Transaction) -> str:
        mine = (m.kind == POST.name) & (m.person_id == person(tx, who))
        was = State(tx.execute(select(m.state).where(mine)).scalar_one())
        for step in transitions.path(was, state or was):
            tx.execute(update(tables.message).where(mine).values(state=step))
        if values:
            tx.execute(update(tables.message).where(mine).values(**values))
        return tx.execute(select(m.id).where(mine)).scalar_one()

    return await house.database.transact(change)


async def test_the_verb_in_both_languages_and_for_the_comms_team_only(circle: House) -> None:
    for verb in ("trace", "suivi"):
        assert "Aucun contenu pour l’instant." in said(await circle.says("camille", f"/cercle {verb}"))
        assert "belongs to the comms team" in said(await circle.says("tom", f"/cercle {verb}"))
    assert "comms team" in await retried(circle, "tom", State.DEAD)


async def test_a_post_is_told_in_sums(circle: House) -> None:
    await circle.with_post()
    assert "En attente des heures de chacun : 3" in await words(circle)
    await circle.settle()
    told = await words(circle)
    assert "Cartes reçues : 3" in told
    assert "Cartes remises aujourd’hui à 10:00." in told
    assert "En attente" not in told


async def test_the_first_and_the_last_are_told(circle: House) -> None:
    await circle.with_member("hugo", **NIGHT)
    await circle.with_post()
    await circle.settle()
    circle.clock.now = datetime(2026, 11, 25, 1, 30, tzinfo=UTC)
    await circle.settle()
    circle.clock.pass_(hours=8)
    assert "Première carte remise mardi 24 novembre, 10:00, dernière aujourd’hui à 02:30." in await words(
        circle
    )


async def test_a_planned_post_is_told_as_planned(circle: House) -> None:
    await circle.with_post(publish_date="2026-11-25", publish_time="11:00")
    assert "demain à 11:00" in await words(circle)


async def test_when_many_wait_the_next_moment_is_told(circle: House) -> None:
    circle.clock.now = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
    for who in ("hugo", "lou"):
        await circle.with_member(who)
    await circle.with_post()
    await circle.settle()
    told = await words(circle)
    assert "En attente des heures de chacun : 5" in told
    assert "Prochain départ : demain à 09:00." in told


# Promise 3: refusals, silence and pauses are shown to nobody


async def paused(house: House) -> None:
    await house.says("sam", "/cercle pause 2027-02-01")


async def at_night(house: House) -> None:
    await set_hours(house, day_start=time(1), day_end=time(2))


async def one_day_a_week(house: House) -> None:
    await set_hours(house, days="6")


async def unreachable(house: House) -> None:
    await house.database.transact(
        lambda tx: tx.execute(
            update(tables.account).where(tables.account.c.external_id == "sam").values(reachable=False)
        )
    )


async def at_the_ceiling(house: House) -> None:
    await set_hours(house, weekly_ceiling=0)


async def set_hours(house: House, **values: object) -> None:
    def change(tx: Transaction) -> None:
        sam = tables.member.c.person_id == person(tx, "sam")
        tx.execute(update(tables.member).where(sam).values(**values))

    await house.database.transact(change)


REASONS = (paused, at_night, one_day_a_week, unreachable, at_the_ceiling)


@pytest.mark.parametrize("reason", REASONS, ids=lambda reason: reason.__name__)
async def test_why_somebody_waits_leaves_no_trace(
    circle: House, reason: Callable[[House], Awaitable[None]]
) -> None:
    """Word for word the same, whatever the reason, and without a moment that would give it away."""
    await circle.with_post()
    await reason(circle)
    await circle.settle()
    card = await traced(circle)
    assert read(card).split("\n—\n")[0].splitlines() == [
        "Ce que sont devenus les messages",
        "Les derniers contenus, tout le monde ensemble. Qui attend, et pourquoi, reste à chacun.",
        "Comment nous accueillons nos alternants",
        "Des cartes sont remises. La suite part aux heures de chacun.",
        "Cartes reçues : 2",
        "En attente des heures de chacun : 1",
    ]


@pytest.mark.parametrize("answer", [Decline, Later, None])
async def test_a_refusal_or_a_silence_leaves_no_trace(circle: House, answer: type[Action] | None) -> None:
    await circle.with_post()
    await circle.settle()
    before = (await words(circle)).split("\n—\n")[0]
    if answer:
        await circle.presses("ines", answer, circle.card("ines", "alternants"))
        await circle.settle()
    after = (await words(circle)).split("\n—\n")[0]
    assert after == before
    for persona in PEOPLE:
        assert persona.id == "camille" or persona.name not in after


async def test_a_card_taken_away_leaves_no_trace(circle: House) -> None:
    await circle.with_post()
    await circle.settle()
    before = await words(circle)
    await set_message(circle, "tom", state=State.DROPPED, last_error=REMOVED)
    assert await words(circle) == before


async def test_nobody_is_named_who_waits(circle: House) -> None:
    await circle.with_post()
    await paused(circle)
    await circle.settle()
    told = await words(circle)
    for who in MEMBERS:
        assert next(persona.name for persona in PEOPLE if persona.id == who) not in told


def test_a_crowd_is_at_least_three() -> None:
    """Of two, each knows the other's."""
    assert CROWD >= 3


# What went wrong


async def test_what_did_not_arrive_is_told_by_name_and_can_be_tried_again(circle: House) -> None:
    await circle.with_post()
    await set_message(circle, "tom", state=State.DEAD, attempt=8, last_error="invalid_blocks")
    await circle.settle()
    card = await traced(circle)
    told = read(card)
    assert "Tom · Contenu « Comment nous accueillons nos alternants »" in told
    assert "La messagerie a refusé ce message." in told
    assert "invalid_blocks" not in told
    assert "Non remises : 1" in told
    assert "Un nouvel essai est en cours" in said(await circle.presses("camille", RetryAll, card))
    assert RetryAll not in kinds(await traced(circle))
    await circle.settle()
    assert "Cartes reçues : 3" in await words(circle)
    assert len([c for c in circle.cards("tom") if "alternants" in c.title]) == 1
    again = said(await circle.presses("camille", RetryAll, card))
    assert "ancienne carte" in again


async def test_what_is_unknown_says_what_another_try_may_do(circle: House) -> None:
    await circle.with_post()
    await set_message(circle, "ines", state=State.UNKNOWN, attempt=1, last_error="TimeoutError")
    told = await words(circle)
    assert "peut faire doublon" in told
    assert "Remises ou non, la réponse s’est perdue : 1" in told
    card = await traced(circle)
    assert [action for action in actions(card) if isinstance(action, RetryAll)] == [RetryAll(State.UNKNOWN)]


async def test_only_what_did_not_arrive_can_be_tried_again(circle: House) -> None:
    await circle.with_post()
    await set_message(circle, "ines", state=State.SHOWN, shown_version=1)
    for wrong in ("nothing", *State):
        assert "ancienne carte" in await retried(circle, "camille", wrong)
    for state in (State.DEAD, State.UNKNOWN):
        await set_message(circle, "tom", state=state)
        assert "nouvel essai" in await retried(circle, "camille", state)


# What recurs and was not done

NIGHTLY = Schedule("forget what need not be kept", time(3, 30))


async def kept(house: House, schedule: Schedule = NIGHTLY) -> int:
    return await slots.keep(house.database, schedule, lambda tx, now: None, house.clock)


async def test_what_was_not_done_in_time_is_told(circle: House) -> None:
    assert await kept(circle) == 1
    assert "Pas fait à temps" not in await words(circle)
    circle.clock.pass_(days=1, hours=6)
    assert await kept(circle) == 0
    line = (
        "Pas fait à temps : l’effacement de ce qui n’a plus à être gardé, mercredi 25 novembre. "
        "La prochaine fois aura lieu comme prévu."
    )
    assert line in (await words(circle)).splitlines()
    await circle.says("camille", "/cercle language en")
    assert "Not done in time: clearing out what no longer has to be kept, Wednesday 25" in await words(circle)


async def test_many_days_are_one_line(circle: House) -> None:
    await kept(circle)
    circle.clock.pass_(days=3, hours=6)
    await kept(circle)
    told = [line for line in (await words(circle)).splitlines() if "Pas fait à temps" in line]
    assert len(told) == 1
    assert "3 jours entre le mercredi 25 novembre et le vendredi 27 novembre" in told[0]


async def test_after_a_month_it_is_no_longer_told(circle: House) -> None:
    await kept(circle)
    circle.clock.pass_(days=1, hours=6)
    await kept(circle)
    circle.clock.now = datetime(2026, 12, 25, 23, 59, tzinfo=UTC)
    assert "mercredi 25 novembre" in await words(circle)
    circle.clock.now += timedelta(minutes=1)
    assert "Pas fait à temps" not in await words(circle)


async def test_a_schedule_that_is_no_more_has_a_name_too(circle: House) -> None:
    await kept(circle, gone := Schedule("of an older version", time(3, 30)))
    circle.clock.pass_(days=1, hours=6)
    await kept(circle, gone)
    told = await words(circle)
    assert "une tâche récurrente, mercredi 25 novembre" in told
    assert gone.name not in told


async def test_whatever_recurs_has_a_name(circle: House) -> None:
    await circle.with_member("ines")
    await circle.says("ines", '/cercle poll "Encore ?" "oui" "non"', "playground:camille:general")
    await circle.database.transact(lambda tx: tx.execute(update(tables.poll).values(repeats="weekly")))

    def schedules(tx: Transaction) -> list[Schedule | None]:
        found = circles.every(tx)[0]
        bound, poll = CircleTransaction(tx, found.id), tx.execute(select(tables.poll.c.id)).scalar_one()
        occasion = Occasion(bound, circle.clock(), found, poll)
        return [each.schedule(occasion) for each in RECURRING.values() if isinstance(each, Dated)]

    kept = await circle.database.transact(schedules)
    names = [schedule.name for schedule in (*(chore.schedule for chore in CHORES), *kept) if schedule]
    assert {name.partition(":")[0] for name in names} == set(SCHEDULES)


async def test_what_another_circle_missed_is_not_told(circle: House) -> None:
    await kept(circle, theirs := Schedule("recap:another-circle", time(3, 30)))
    circle.clock.pass_(days=1, hours=6)
    await kept(circle, theirs)
    assert "Pas fait à temps" not in await words(circle)


# One's own


async def test_ones_own_messages_are_told_line_by_line(circle: House) -> None:
    await circle.with_member("camille")
    await circle.with_post()
    own = (await words(circle)).split("\n—\n")[-1]
    assert "Contenu · Comment nous accueillons nos alternants" in own
    assert "préparé aujourd’hui à 10:00" in own
    assert "part d’un instant à l’autre" in own
    await circle.settle()
    own = (await words(circle)).split("\n—\n")[-1]
    assert "arrivé aujourd’hui à 10:00" in own
    assert "Lien en préparation" in own
    assert "Suivi d’un contenu" in own


async def test_ones_own_waiting_is_told_with_its_moment(circle: House) -> None:
    await circle.with_member("camille", **NIGHT)
    await circle.with_post()
    await circle.settle()
    own = (await words(circle)).split("\n—\n")[-1]
    assert "part demain à 02:00" in own


async def test_ones_own_card_taken_away_is_told(circle: House) -> None:
    await circle.with_member("camille")
    await circle.with_post()
    await circle.settle()
    await set_message(circle, "camille", state=State.DROPPED, last_error=REMOVED)
    own = (await words(circle)).split("\n—\n")[-1]
    assert "arrivé aujourd’hui à 10:00\nretiré dans la conversation, Cercle en reste là" in own


async def test_nobody_elses_messages_are_among_ones_own(circle: House) -> None:
    await circle.with_post()
    await circle.settle()
    own = (await words(circle)).split("\n—\n")[-1]
    assert "Contenu ·" not in own


async def test_another_circle_sees_nothing_of_this_one(circle: House) -> None:
    await circle.with_post()
    await circle.settle()

    def elsewhere(tx: Transaction) -> list[object]:

        other = "another-circle"
        post_id = tx.execute(select(tables.post.c.id)).scalar_one()
        camille = person(tx, "camille")
        told = stories.of_posts(CircleTransaction(tx, other), [post_id])[post_id]
        return [
            told.sent,
            stories.failures(CircleTransaction(tx, other), TUESDAY, 5),
            stories.to(CircleTransaction(tx, other), camille, 5),
        ]

    assert await circle.database.transact(elsewhere) == [0, [], []]


def test_every_kind_of_message_has_a_name() -> None:
    assert {drawing.kind.name for drawing in DRAWINGS} | {REPLY.name} == set(KINDS)
