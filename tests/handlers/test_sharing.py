"""Words of one's own, one click, and nobody watching."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.chat import plain
from bot.chat.reply import Ask
from handlers.actions import Leave, OpenJoin, OpenPause
from handlers.sharing.cards import Decline, Later, NotPosted, OpenWords, Posted, Reconsider, Stop, Why
from storage import shares
from storage.transaction import CircleTransaction
from tests.house import FRENCH, SITE, House, asked, button, kinds, links, said


@pytest.fixture
async def circle(house: House) -> House:
    await house.with_lead()
    await house.with_member("ines")
    await house.with_member("hugo")
    await house.with_post(opening_2="Une première semaine se prépare.", opening_3="Trois promotions.")
    await house.settle()
    return house


async def test_the_saved_words_are_the_members_own_and_only_theirs(circle: House) -> None:
    form = asked(await circle.presses("ines", OpenWords, circle.card("ines")))
    assert await circle.submits("ines", form, words="Je me souviens de ma première semaine.") is None
    await circle.settle()
    assert "Je me souviens" in plain.render(circle.card("ines"))
    assert "Vos mots" in plain.render(circle.card("ines"))
    assert "Je me souviens" not in plain.render(circle.card("hugo"))
    assert "Je me souviens" not in plain.render(circle.card("camille", "alternants"))


async def test_too_long_everywhere_keeps_the_form_and_the_words(circle: House) -> None:
    form = asked(await circle.presses("ines", OpenWords, circle.card("ines")))
    reply = await circle.submits("ines", form, words="é" * 2990)
    assert isinstance(reply, Ask)
    assert "pour LinkedIn, qui en accepte 3" in reply.errors["words"]
    assert next(p.value for p in reply.form.parts if getattr(p, "name", "") == "words") == "é" * 2990  # type: ignore[union-attr]


async def test_too_long_for_one_network_is_saved_and_said(circle: House) -> None:
    form = asked(await circle.presses("ines", OpenWords, circle.card("ines")))
    await circle.submits("ines", form, words="long " * 70)
    await circle.settle()
    card = circle.card("ines")
    assert "caractères pour X." in plain.render(card)
    assert FRENCH("post.share_on", network="LinkedIn") in links(card)
    assert FRENCH("post.share_on", network="X") not in links(card)


async def test_different_people_start_from_different_openings(circle: House) -> None:
    for who in ("tom", "awa", "priya", "lou", "sam"):
        await circle.with_member(who, day_start="01:00", day_end="23:00")
    await circle.with_post(opening_2="Une première semaine se prépare.", opening_3="Trois promotions.")
    await circle.settle()
    openings = ("J’étais leur tutrice.", "Une première semaine se prépare.", "Trois promotions.")
    seen = {
        o
        for who in ("ines", "hugo", "tom", "awa", "priya", "lou", "sam")
        for o in openings
        if o in plain.render(circle.card(who))
    }
    assert len(seen) > 1


async def test_opened_and_posted_are_different_facts(circle: House) -> None:
    page = links(circle.card("ines"))[FRENCH("post.share_on", network="LinkedIn")]
    token = page.removeprefix(f"{SITE}/s/")
    circle_id, share = await circle.database.transact(lambda tx: shares.by_page(tx, token))  # type: ignore[misc]
    await circle.database.transact(
        lambda tx: shares.mark(CircleTransaction(tx, circle_id), share, opened_at=circle.clock())
    )
    form = asked(await circle.presses("ines", OpenWords, circle.card("ines")))
    await circle.submits("ines", form, words="Mes mots.")
    await circle.settle()
    card = circle.card("ines")
    assert button(card, Posted, network="linkedin")

    await circle.presses("ines", Posted, card, network="linkedin")
    circle.clock.pass_(minutes=1)
    await circle.settle()
    card = circle.card("ines")
    assert "Publié sur LinkedIn, mardi 24 novembre." in plain.render(card)
    assert button(card, NotPosted, network="linkedin")
    author = plain.render(circle.card("camille", "alternants"))
    assert "ouvert" not in author
    assert "Publiés, d’après les membres : 1" in author

    await circle.presses("ines", NotPosted, card, network="linkedin")
    circle.clock.pass_(minutes=1)
    await circle.settle()
    assert button(circle.card("ines"), Posted, network="linkedin")
    assert "Publiés, d’après les membres : 0" in plain.render(circle.card("camille", "alternants"))


async def test_later_comes_back_once_on_the_next_working_morning(circle: House) -> None:
    await circle.presses("ines", Later, circle.card("ines"))
    await circle.settle()
    assert "Mis de côté jusqu’au mercredi 25 novembre, 09:00." in plain.render(circle.card("ines"))
    circle.clock.now = datetime(2026, 11, 25, 7, 59, tzinfo=UTC)
    await circle.settle()
    assert len(circle.cards("ines")) == 1
    circle.clock.now = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
    await circle.settle()
    assert len(circle.cards("ines")) == 2
    assert "Vous l’aviez mis de côté" in plain.render(circle.cards("ines")[-1])
    circle.clock.pass_(days=2)
    await circle.settle()
    assert len(circle.cards("ines")) == 2


async def test_not_for_me_is_undone_and_told_to_nobody(circle: House) -> None:
    circle.clock.pass_(minutes=1)
    await circle.settle()
    before = plain.render(circle.card("camille", "alternants"))
    await circle.presses("ines", Decline, circle.card("ines"))
    circle.clock.pass_(minutes=1)
    await circle.settle()
    assert "Personne n’en sait rien" in plain.render(circle.card("ines"))
    assert plain.render(circle.card("camille", "alternants")) == before
    assert "Inès" not in said(await circle.says("camille", "/cercle contenus"))
    await circle.presses("ines", Reconsider, circle.card("ines"))
    await circle.settle()
    assert Later in kinds(circle.card("ines"))


async def test_why_this_message_answers_four_questions(circle: House) -> None:
    reply = await circle.presses("ines", Why, circle.card("ines"))
    for answer in ("suivez le thème", "de 09:00 à 18:00", "Camille l’a proposé"):
        assert answer in said(reply)
    assert Leave in kinds(reply.card)  # type: ignore[union-attr]


async def test_stop_offers_every_way_out(circle: House) -> None:
    reply = await circle.presses("ines", Stop, circle.card("ines"))
    assert reply is not None
    assert {OpenJoin, OpenPause, Leave} <= set(kinds(reply.card))  # type: ignore[union-attr]


async def test_a_network_that_is_not_the_members_is_refused_kindly(circle: House) -> None:
    from dataclasses import replace

    from bot.chat.action import pack
    from bot.chat.event import Click

    later = button(circle.card("ines"), Later).action
    forged = pack(Posted(later.post, "myspace"))  # type: ignore[attr-defined]
    answer = await circle.dispatch(Click(circle.key(), replace(circle.sender("ines")), forged))
    assert "ancienne carte" in said(answer.reply)


@pytest.mark.parametrize(
    "packed", ["", "nothing", "later", "later/", "later/a/b", "later/%ff", "x" * 500, "later/" + "a" * 80]
)
async def test_buttons_nobody_made(circle: House, packed: str) -> None:
    from bot.chat.event import Click

    answer = await circle.dispatch(Click(circle.key(), circle.sender("ines"), packed))
    assert "/cercle aide" in said(answer.reply) or "n’est plus partagé" in said(answer.reply)


async def test_the_weekly_ceiling_holds_and_next_week_brings_the_rest(circle: House) -> None:
    form = asked(await circle.says("hugo", "/cercle réglages"))
    await circle.submits("hugo", form, ceiling="2")
    for _ in range(3):
        await circle.with_post()
        await circle.settle()
    assert len([c for c in circle.cards("hugo") if "alternants" in c.title]) == 2
    circle.clock.now = datetime(2026, 11, 30, 7, 59, tzinfo=UTC)
    await circle.settle()
    assert len([c for c in circle.cards("hugo") if "alternants" in c.title]) == 2
    circle.clock.now = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
    await circle.settle()
    assert len([c for c in circle.cards("hugo") if "alternants" in c.title]) == 4
