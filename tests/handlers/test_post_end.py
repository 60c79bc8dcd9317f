"""The end of a post: one day for everybody, by its author's clock, and then every copy closes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from bot.chat import plain
from bot.domain.circle import Role
from handlers.posts.cards import Edit, OpenEdit, Restore, Withdraw
from handlers.sharing.cards import Decline, Later, OpenWords
from storage import people
from storage.transaction import CircleTransaction, Transaction
from tests.house import House, asked, filled, kinds, said

LAST_DAY = "2026-12-11"
END_IN_PARIS = datetime(2026, 12, 11, 23, tzinfo=UTC)
CLOSED_WITHIN = timedelta(minutes=1)


@pytest.fixture
async def circle(house: House) -> House:
    """Camille in Paris posts; Awa is in Dakar, an hour behind, and Priya in Kolkata."""
    await house.with_lead()
    for who in ("ines", "awa", "priya"):
        await house.with_member(who, day_start="00:00", day_end="23:59")
    await house.with_post(expires=LAST_DAY)
    await house.settle()
    return house


async def test_everybody_reads_the_same_last_day(circle: House) -> None:
    for who, words in (
        ("camille", "proposé jusqu’au vendredi 11 décembre"),
        ("ines", "jusqu’au vendredi 11 décembre"),
        ("awa", "jusqu’au vendredi 11 décembre"),
        ("priya", "until Friday 11 December"),
    ):
        assert words in plain.render(circle.card(who, "alternants"))


async def test_it_is_offered_until_its_authors_midnight_and_closes_within_a_minute(circle: House) -> None:
    circle.clock.now = END_IN_PARIS - timedelta(seconds=1)
    await circle.settle()
    for who in ("ines", "awa", "priya"):
        assert Later in kinds(circle.card(who, "alternants"))
    circle.clock.now = END_IN_PARIS + CLOSED_WITHIN
    await circle.settle()
    for who in ("ines", "awa", "priya"):
        assert kinds(circle.card(who, "alternants")) == []
    assert "n’est plus proposé" in plain.render(circle.card("ines", "alternants"))
    author = circle.card("camille", "alternants")
    assert "était proposé jusqu’au vendredi 11 décembre" in plain.render(author)
    assert Withdraw not in kinds(author)


async def test_what_came_back_closes_too(circle: House) -> None:
    await circle.presses("ines", Later, circle.card("ines", "alternants"))
    circle.clock.pass_(days=1)
    await circle.settle()
    assert len([card for card in circle.cards("ines") if OpenWords in kinds(card)]) == 2
    circle.clock.now = END_IN_PARIS + CLOSED_WITHIN
    await circle.settle()
    assert [kinds(card) for card in circle.cards("ines") if "alternants" in card.title] == [[], []]


async def test_a_press_between_the_end_and_the_closing_gets_a_kind_sentence(circle: House) -> None:
    for who, words in (
        ("ines", "était proposé jusqu’au vendredi 11 décembre"),
        ("priya", "was offered until Friday 11 December"),
    ):
        card = circle.card(who, "alternants")
        circle.clock.now = END_IN_PARIS
        for pressed in (Later, Decline, OpenWords):
            assert words in said(await circle.presses(who, pressed, card))


async def _appoint(circle: House, who: str) -> None:
    def appoint(tx: Transaction) -> None:
        sender = circle.sender(who)
        found = people.find(tx, sender.platform, sender.workspace, sender.user)
        assert found is not None
        people.change(CircleTransaction(tx, found[0].id), found[1], role=Role.COMMS)

    await circle.database.transact(appoint)


async def test_an_editor_in_another_zone_does_not_move_it(circle: House) -> None:
    await _appoint(circle, "priya")
    posts = await circle.says("priya", "/cercle contents")
    form = asked(await circle.presses("priya", OpenEdit, posts.card))  # type: ignore[union-attr]
    assert isinstance(form.action, Edit)
    assert filled(form)["expires"] == LAST_DAY
    await circle.submits("priya", form, title="Nos alternants")
    await circle.settle()
    for who, words in (("camille", "vendredi 11 décembre"), ("priya", "Friday 11 December")):
        assert words in plain.render(circle.card(who, "Nos alternants"))
    circle.clock.now = END_IN_PARIS - timedelta(seconds=1)
    await circle.settle()
    assert Later in kinds(circle.card("ines", "Nos alternants"))
    circle.clock.now = END_IN_PARIS
    await circle.settle()
    assert Later not in kinds(circle.card("ines", "Nos alternants"))


async def _edit(circle: House, **values: str) -> None:
    form = asked(await circle.presses("camille", OpenEdit, circle.card("camille", "alternants")))
    await circle.submits("camille", form, **values)
    await circle.settle()


async def test_a_later_last_day_opens_every_copy_again(circle: House) -> None:
    circle.clock.now = END_IN_PARIS
    await circle.settle()
    await _edit(circle, expires="2026-12-18")
    assert "jusqu’au vendredi 18 décembre" in plain.render(circle.card("ines", "alternants"))
    assert Later in kinds(circle.card("ines", "alternants"))
    circle.clock.now = END_IN_PARIS + timedelta(days=7)
    await circle.settle()
    assert Later not in kinds(circle.card("ines", "alternants"))


async def test_copies_that_wait_follow_the_last_day(house: House) -> None:
    """Inès is away until 14 December. With the first end she would never have received it."""
    await house.with_lead()
    await house.with_member("ines")
    await house.says("ines", "/cercle pause 2026-12-14")
    await house.with_post(expires=LAST_DAY)
    await house.settle()
    house.clock.now = datetime(2026, 12, 12, 9, tzinfo=UTC)
    await house.settle()
    assert house.cards("ines") == []
    await _edit(house, expires="2026-12-18")
    house.clock.now = datetime(2026, 12, 14, 9, tzinfo=UTC)
    await house.settle()
    assert "jusqu’au vendredi 18 décembre" in plain.render(house.card("ines", "alternants"))


async def test_a_withdrawn_post_stays_withdrawn_at_its_end_and_is_over_when_it_is_restored(
    circle: House,
) -> None:
    await circle.presses("camille", Withdraw, circle.card("camille", "alternants"))
    circle.clock.now = END_IN_PARIS
    await circle.settle()
    assert "a été retiré" in plain.render(circle.card("ines", "alternants"))
    await circle.presses("camille", Restore, circle.card("camille", "alternants"))
    await circle.settle()
    assert "n’est plus proposé" in plain.render(circle.card("ines", "alternants"))


async def test_a_post_is_closed_once(circle: House) -> None:
    from handlers.posts.jobs import close_due

    circle.clock.now = END_IN_PARIS
    close = partial(close_due, now=circle.clock())
    assert await circle.database.transact(close) == 1
    assert await circle.database.transact(close) == 0
