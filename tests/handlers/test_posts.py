"""From a link to the members' cards, and back again: post, compose, correct, recall."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.chat import plain
from bot.chat.action import Action, pack
from bot.chat.card import Card
from bot.chat.event import Click, Command, Sender
from bot.chat.reply import Ask, Reply, Say
from bot.context import Reading
from bot.domain.post import Found
from handlers.posts.cards import OpenAnswer, OpenCompose, OpenEdit, Restore, Withdraw
from handlers.sharing.cards import Decline, Later, OpenAsk, OpenWords, Stop
from tests.house import ENGLISH, FRENCH, House, actions, asked, kinds, links, said

URL = "https://example.org/alternants"


@pytest.fixture
async def circle(house: House) -> House:
    await house.with_lead()
    await house.with_member("ines")
    await house.with_member("tom")
    return house


async def test_a_link_becomes_a_card_and_a_filled_form(circle: House) -> None:
    await circle.with_post()
    await circle.settle()
    card = circle.card("ines", "alternants")
    words = plain.render(card)
    assert "Deux d’entre eux sont devenus collègues." in words
    assert "J’étais leur tutrice." in words
    assert "proposé par Camille" in words
    assert {FRENCH("post.share_on", network=network) for network in ("LinkedIn", "X")} <= set(links(card))
    assert {OpenWords, Later, Decline} <= set(kinds(card))
    assert ENGLISH("post.share_on", network="LinkedIn") in links(circle.card("tom", "alternants"))


async def test_a_picture_that_the_chats_do_not_show_is_left_out_and_said(circle: House) -> None:
    circle.pages[URL] = Found(URL, "Nos alternants", picture_alt="Trois alternants", unshown=True)
    await circle.says("camille", f"/cercle post {URL}")
    await circle.settle()
    card = circle.card("camille", "alternants")
    assert "Trois alternants" in plain.render(card)
    assert FRENCH("draft.picture_refused") in plain.render(card)
    form = asked(await circle.presses("camille", OpenCompose, card))
    values = {part.name: part.value for part in form.parts if hasattr(part, "name")}
    assert (values["picture_url"], values["picture_alt"]) == ("", "")


@pytest.mark.parametrize("typed", ["https://example.org/a.webp", "https://example.org/17?format=avif"])
async def test_a_picture_of_a_format_that_the_chats_do_not_show_is_not_taken(
    circle: House, typed: str
) -> None:
    circle.pages[URL] = Found(URL, "Nos alternants")
    await circle.says("camille", f"/cercle post {URL}")
    await circle.settle()
    form = asked(await circle.presses("camille", OpenCompose, circle.card("camille", "alternants")))
    reply = await circle.submits("camille", form, picture_url=typed, picture_alt="Trois alternants")
    assert isinstance(reply, Ask)
    assert reply.errors["picture_url"] == FRENCH("error.BadPicture")


async def test_a_page_that_cannot_be_read_gives_the_reason_and_an_empty_form(circle: House) -> None:
    circle.pages[URL] = "page.slow"
    await circle.says("camille", f"/cercle post {URL}")
    await circle.settle()
    card = circle.card("camille", "pas pu être lue")
    assert "trop de temps à répondre" in plain.render(card)
    form = asked(await circle.presses("camille", OpenCompose, card))
    assert next(p.value for p in form.parts if getattr(p, "name", "") == "url") == URL  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "typed", ["", "hello", "file:///etc/passwd", "javascript:alert(1)", "http://", "//x"]
)
async def test_what_is_no_link_is_said_kindly(circle: House, typed: str) -> None:
    words = said(await circle.says("camille", f"/cercle post {typed}"))
    assert "Il manque un lien" in words or "adresse web" in words


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://example.org/actu\u200b", "https://example.org/actu"),
        ("https://exam\u00adple.org/ac\u00adtu", "https://example.org/actu"),
        ("www.example.org/actu", "https://www.example.org/actu"),
        ("example.org/a", "https://example.org/a"),
        ("Titre : https://example.org/a", "https://example.org/a"),
    ],
)
async def test_the_form_takes_the_links_that_the_command_takes(circle: House, typed: str, kept: str) -> None:
    assert kept in said(await circle.says("camille", f"/cercle post {typed}"))
    await circle.with_post(url=typed)
    await circle.settle()
    assert links(circle.card("ines", "alternants"))[FRENCH("button.read")] == kept


async def test_slack_wraps_links_and_that_is_fine(circle: House) -> None:
    assert "en cours de lecture" in said(await circle.says("camille", f"/cercle post <{URL}|example.org>"))


async def test_only_the_comms_team_posts(circle: House) -> None:
    assert "comms team" in said(await circle.says("tom", f"/cercle post {URL}"))


async def test_the_role_is_asked_again_when_the_form_comes_back(circle: House) -> None:
    """Privilege is checked at submit, not only when the form is opened."""
    circle.pages[URL] = "page.slow"
    await circle.says("camille", f"/cercle post {URL}")
    await circle.settle()
    form = asked(await circle.presses("camille", OpenCompose, circle.card("camille")))
    words = said(await circle.submits("tom", form, why="Mine now", title="T", opening_1="o"))
    assert "comms team" in words
    assert "Mine now" in words  # nothing typed is lost


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"title": ""}, {"title"}),
        ({"why": ""}, {"why"}),
        ({"opening_1": ""}, {"opening_1"}),
        ({"url": "nope"}, {"url"}),
        ({"topic": "of another circle"}, {"topic"}),
        ({"picture_url": "http://example.org/p.png", "picture_alt": "A picture"}, {"picture_url"}),
        ({"picture_url": "https://example.org/p.png"}, {"picture_alt"}),
        ({"expires": "2026-11-01"}, {"expires"}),
        ({"expires": "soon"}, {"expires"}),
        ({"publish_date": "2026-11-01"}, {"publish_date"}),
        ({"publish_date": "2027-11-01"}, {"publish_date"}),
        ({"title": "", "why": "", "expires": ""}, {"title", "why", "expires"}),
    ],
)
async def test_each_mistake_is_said_beside_its_input(
    circle: House, values: dict[str, str], wrong: set[str]
) -> None:
    circle.pages[URL] = "page.slow"
    await circle.says("camille", f"/cercle post {URL}")
    await circle.settle()
    form = asked(await circle.presses("camille", OpenCompose, circle.card("camille")))
    topic = next(p for p in form.parts if getattr(p, "name", "") == "topic").options[0].value  # type: ignore[union-attr]
    good = {"title": "Titre", "why": "Parce que", "opening_1": "Voici", "topic": topic}
    reply = await circle.submits("camille", form, **{**good, **values})
    assert isinstance(reply, Ask)
    assert set(reply.errors) == wrong
    assert (
        next(p.value for p in reply.form.parts if getattr(p, "name", "") == "why")
        == {**good, **values}["why"]
    )  # type: ignore[union-attr]


async def test_a_draft_becomes_a_post_once(circle: House) -> None:
    await circle.with_post()
    old = circle.card("camille", "alternants")
    assert OpenCompose not in kinds(old) or "n’est plus à jour" in said(
        await circle.presses("camille", OpenCompose, old)
    )


async def test_a_post_can_wait_for_its_hour(circle: House) -> None:
    await circle.with_post(publish_date="2026-11-25", publish_time="11:00")
    await circle.settle()
    assert "demain à 11:00" in plain.render(circle.card("camille", "alternants"))
    assert circle.cards("ines") == []
    circle.clock.now = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
    await circle.settle()
    assert circle.card("ines", "alternants")


async def test_a_correction_changes_every_copy_where_it_stands(circle: House) -> None:
    await circle.with_post()
    await circle.settle()
    before = len(circle.cards("ines"))
    form = asked(await circle.presses("camille", OpenEdit, circle.card("camille", "alternants")))
    await circle.submits("camille", form, title="Comment nous accueillons")
    await circle.settle()
    assert len(circle.cards("ines")) == before
    assert circle.card("ines").title == "Comment nous accueillons"


async def test_a_withdrawn_post_says_so_everywhere_and_its_old_buttons_are_kind(circle: House) -> None:
    await circle.with_post()
    await circle.settle()
    old = circle.card("ines", "alternants")
    await circle.presses("camille", Withdraw, circle.card("camille", "alternants"))
    await circle.settle()
    for who, words in (("ines", "a été retiré par son auteur"), ("tom", "withdrawn by its author")):
        assert words in plain.render(circle.card(who, "alternants"))
    for kind in (Later, Decline, OpenWords, OpenAsk):
        assert "n’est plus partagé" in said(await circle.presses("ines", kind, old))

    await circle.presses("camille", Restore, circle.card("camille", "alternants"))
    await circle.settle()
    assert Later in kinds(circle.card("ines", "alternants"))


async def test_a_withdrawn_post_that_has_not_left_never_does(circle: House) -> None:
    await circle.with_member("awa", day_start="15:00")
    await circle.with_post()
    await circle.settle()
    await circle.presses("camille", Withdraw, circle.card("camille", "alternants"))
    circle.clock.pass_(hours=7)
    await circle.settle()
    assert circle.cards("awa") == []
    await circle.presses("camille", Restore, circle.card("camille", "alternants"))
    await circle.settle()
    assert circle.card("awa", "alternants")


async def test_ids_of_another_circle_are_nothing_here(circle: House) -> None:
    """A button's ids are hints, loaded again under the circle of whoever pressed it."""
    await circle.with_post()
    await circle.settle()
    stranger = replace(circle.sender("camille"), workspace="elsewhere", user="eve", name="Eve")
    await _lead_elsewhere(circle, stranger)
    for card in (circle.card("ines", "alternants"), circle.card("camille", "alternants")):
        for action in actions(card):
            if action == Stop():
                continue
            words = said(await _press_as(circle, stranger, action))
            assert "alternants" not in words
    circle.clock.pass_(minutes=5)
    await circle.settle()
    assert Later in kinds(circle.card("ines", "alternants"))


async def _lead_elsewhere(circle: House, stranger: Sender) -> None:
    from functools import partial

    from handlers.team.service import first_code

    await circle.dispatch(Command(circle.key(), stranger, "help"))
    code = await circle.database.transact(partial(first_code, now=circle.clock()))
    answer = await circle.dispatch(Command(circle.key(), stranger, f"lead {code}"))
    assert "référent" in said(answer.reply)


async def _press_as(circle: House, sender: Sender, action: Action) -> Reply:
    answer = await circle.dispatch(Click(circle.key(), sender, pack(action)))
    assert isinstance(answer.reply, Say), (action, answer)
    return answer.reply


async def test_the_list_of_posts(circle: House) -> None:
    assert "Rien encore" in said(await circle.says("camille", "/cercle contenus"))
    await circle.with_post()
    assert "alternants" in said(await circle.says("camille", "/cercle contents"))


async def test_a_question_reaches_the_author_and_its_answer_the_asker(circle: House) -> None:
    await circle.with_post()
    await circle.settle()
    form = asked(await circle.presses("tom", OpenAsk, circle.card("tom", "alternants")))
    assert "on its way" in said(await circle.submits("tom", form, question="May we name them?"))
    await circle.settle()
    card = circle.card("camille", "question")
    assert "Tom demande" in plain.render(card)
    answer = asked(await circle.presses("camille", OpenAnswer, card))
    await circle.submits("camille", answer, answer="Oui, toutes sont d’accord.")
    await circle.settle()
    assert "Oui, toutes sont d’accord." in plain.render(circle.card("tom", "answer"))
    assert OpenAnswer not in kinds(circle.card("camille", "question"))


async def test_the_same_event_twice_has_one_effect(circle: House) -> None:
    event = Command("same-key", circle.sender("camille"), f"post {URL}")
    first, again = await circle.dispatch(event), await circle.dispatch(event)
    assert isinstance(first.reply, Say)
    assert again.reply is None
    circle.pages[URL] = "page.slow"
    await circle.settle()
    assert len([c for c in circle.cards("camille") if "pas pu" in c.title]) == 1


async def test_the_authors_card_does_not_tell_who_got_the_post(circle: House) -> None:
    """Whether it has arrived, waits for somebody's hours or was opened: the card is the same."""
    await circle.with_post()
    while await circle.settle():
        pass
    before = plain.render(circle.card("camille", "alternants"))
    assert "Publiés, d’après les membres : 0" in before
    await circle.with_member("priya", day_start="20:00", day_end="22:00")
    circle.clock.pass_(minutes=1)
    await circle.settle()
    assert plain.render(circle.card("camille", "alternants")) == before


async def test_a_card_that_cannot_be_drawn_stands_in_nobodys_way(
    circle: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one it is about is a dead letter; the others leave."""
    from dataclasses import replace as changed

    kinds = circle.pump._kinds
    whole = kinds["post"]

    def broken_for_tom(reading: Reading) -> Card | None:
        if reading.reader is not None and reading.reader.name == "Tom":
            raise LookupError("a bug of ours")
        return whole.draw(reading)

    monkeypatch.setitem(kinds, "post", changed(whole, draw=broken_for_tom))
    await circle.with_post()
    await circle.settle()
    await circle.settle()
    assert circle.card("ines", "alternants")
    assert circle.cards("tom") == []
    assert "Cercle n’a pas su composer ce message" in plain.render(circle.card("camille", "non remis"))
