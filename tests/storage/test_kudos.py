"""Thanks as rows: what is shown to whom, what is counted against an allowance, whose paths crossed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from bot.domain.kudos import Answer, KudosKind, Why
from storage import kudos, tables
from storage.transaction import CircleTransaction
from tests.storage.rows import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
C = "ours"


@pytest.fixture
def circle(tx: Connection) -> Connection:
    """Two circles of four; `d` of ours is not a member."""
    for circle_id in (C, "theirs"):
        tx.execute(tables.circle.insert().values(id=circle_id, created_at=NOW))
        place = {
            "circle_id": circle_id,
            "id": f"w-{circle_id}",
            "platform": "slack",
            "external_id": f"T-{circle_id}",
        }
        tx.execute(tables.workspace.insert().values(place))
        for person in "abcd":
            tx.execute(tables.person.insert().values(circle_id=circle_id, id=person))
            account = {
                "circle_id": circle_id,
                "id": f"{circle_id}-{person}",
                "person_id": person,
                "workspace_id": f"w-{circle_id}",
                "external_id": person,
                "name": person,
                "address": f"slack:T:{person}",
            }
            tx.execute(tables.account.insert().values(account))
        for person in "abc":
            enter(tx, circle_id, person)
        for topic in "xy":
            tx.execute(tables.topic.insert().values(circle_id=circle_id, id=topic, position=0))
    return tx


def enter(tx: Connection, circle_id: str, person: str) -> None:
    values = {"joined_at": NOW, "consent_version": 1, "weekly_ceiling": 2}
    tx.execute(tables.member.insert().values(circle_id=circle_id, person_id=person, **values))


def give(tx: Connection, giver: str, *receivers: str, after: timedelta = HOUR, circle_id: str = C) -> str:
    return kudos.give(
        CircleTransaction(tx, circle_id), giver, KudosKind.IDEA, "parce que", receivers, NOW + after
    )


def post(tx: Connection, id: str, topic: str, *posters: str, author: str = "a") -> None:
    moments = {"created_at": NOW, "publish_at": NOW, "expires_at": NOW + DAY}
    row = {"circle_id": C, "id": id, "author_id": author, "topic_id": topic, "openings": [], **moments}
    tx.execute(tables.post.insert().values(row))
    for poster in posters:
        tokens = {"page_token": f"{id}{poster}p", "link_token": f"{id}{poster}l"}
        share = {"circle_id": C, "post_id": id, "person_id": poster, "network": "x", **tokens}
        tx.execute(tables.share.insert().values(**share, posted_at=NOW))


def test_it_comes_back_as_it_went(circle: Connection) -> None:
    id = give(circle, "a", "c", "b")
    found = kudos.load(CircleTransaction(circle, C), id)
    assert found
    assert (found.giver_id, found.kind, found.reason) == ("a", KudosKind.IDEA, "parce que")
    assert found.receivers == ("b", "c")
    assert {each.answer for each in found.thanks} == {Answer.NONE}
    assert kudos.load(CircleTransaction(circle, "theirs"), id) is None


def test_only_what_was_agreed_to_is_shown(circle: Connection) -> None:
    id = give(circle, "a", "b", "c")
    assert kudos.shown(CircleTransaction(circle, C)) == []
    kudos.answer(CircleTransaction(circle, C), id, "c", Answer.SHOWN, NOW)
    [found] = kudos.shown(CircleTransaction(circle, C))
    assert found.receivers == ("c",)
    kudos.answer(CircleTransaction(circle, C), id, "c", Answer.KEPT, NOW)
    assert kudos.shown(CircleTransaction(circle, C)) == []


@pytest.mark.parametrize("gone", ["a", "b"])
def test_what_is_shown_is_between_members(circle: Connection, gone: str) -> None:
    id = give(circle, "a", "b")
    kudos.answer(CircleTransaction(circle, C), id, "b", Answer.SHOWN, NOW)
    member = tables.member.c
    circle.execute(tables.member.delete().where(member.circle_id == C, member.person_id == gone))
    assert kudos.shown(CircleTransaction(circle, C)) == []


def test_a_month_begins_with_its_first_instant_and_ends_before_the_next(circle: Connection) -> None:
    ids = [give(circle, "a", "b", after=n * DAY) for n in range(4)]
    for id in ids:
        kudos.answer(CircleTransaction(circle, C), id, "b", Answer.SHOWN, NOW)
    found = kudos.shown(CircleTransaction(circle, C), since=NOW + DAY, until=NOW + 3 * DAY)
    assert [each.id for each in found] == [ids[2], ids[1]]
    assert [each.id for each in kudos.shown(CircleTransaction(circle, C), limit=1)] == [ids[3]]


def test_what_was_taken_back_is_nowhere(circle: Connection) -> None:
    id = give(circle, "a", "b")
    kudos.answer(CircleTransaction(circle, C), id, "b", Answer.SHOWN, NOW)
    kudos.change(CircleTransaction(circle, C), id, taken_back_at=NOW)
    assert (
        kudos.shown(CircleTransaction(circle, C))
        == kudos.given(CircleTransaction(circle, C), "a", NOW)
        == kudos.received(CircleTransaction(circle, C), "b", 9)
        == []
    )
    assert kudos.count_thanked(CircleTransaction(circle, C), "a", NOW, NOW + DAY) == 0
    assert kudos.last_thanked(CircleTransaction(circle, C)) == {}
    assert not kudos.thanked(CircleTransaction(circle, C), "b", NOW)
    assert kudos.active(CircleTransaction(circle, C), NOW) == set()


def test_people_thanked_are_counted_for_the_giver_alone_declined_ones_too(circle: Connection) -> None:
    give(circle, "a", "b", "c")
    declined = give(circle, "a", "b", after=2 * HOUR)
    kudos.answer(CircleTransaction(circle, C), declined, "b", Answer.DECLINED, NOW)
    give(circle, "b", "a")
    give(circle, "a", "b", after=DAY)
    give(circle, "a", "b", circle_id="theirs")
    assert kudos.count_thanked(CircleTransaction(circle, C), "a", NOW, NOW + DAY) == 3
    assert [each.id for each in kudos.received(CircleTransaction(circle, C), "b", 1)] != [declined]
    assert declined not in {each.id for each in kudos.received(CircleTransaction(circle, C), "b", 9)}


def test_names_are_those_of_members_that_nobody_else_has(circle: Connection) -> None:
    account = tables.account.c
    circle.execute(tables.account.update().where(account.person_id == "b").values(name="a"))
    assert kudos.names(CircleTransaction(circle, C)) == {"c": "slack:T:c"}
    assert kudos.homes(CircleTransaction(circle, C)) == ("slack:T-ours:",)


def test_who_was_last_thanked_and_by_whom(circle: Connection) -> None:
    give(circle, "a", "b")
    give(circle, "c", "b", after=DAY)
    assert kudos.last_thanked(CircleTransaction(circle, C)) == {"b": NOW + DAY}
    assert kudos.joined(CircleTransaction(circle, C)) == dict.fromkeys("abc", NOW)
    assert kudos.thanked(CircleTransaction(circle, C), "b", NOW + 2 * HOUR)
    assert not kudos.thanked(CircleTransaction(circle, C), "b", NOW + 2 * HOUR, by="a")
    assert not kudos.thanked(CircleTransaction(circle, "theirs"), "b", NOW)


def test_paths_cross_in_posts_topics_and_thanks(circle: Connection) -> None:
    post(circle, "one", "x", "a", "b", "d")
    post(circle, "two", "x", "c")
    post(circle, "three", "y", "c")
    give(circle, "a", "b", "c")
    give(circle, "b", "c")
    give(circle, "c", "a")
    assert kudos.ties(CircleTransaction(circle, C), "a", NOW) == {"b": 3, "c": 1}
    assert kudos.ties(CircleTransaction(circle, C), "a", NOW + DAY) == {}
    assert kudos.ties(CircleTransaction(circle, "theirs"), "a", NOW) == {}
    assert kudos.active(CircleTransaction(circle, C), NOW) == set("abcd")


def test_posts_of_members_of_what_another_member_brought(circle: Connection) -> None:
    post(circle, "one", "x", "a", "b", "d")
    post(circle, "two", "x", "c", author="d")
    assert kudos.posts(CircleTransaction(circle, C), NOW) == [("b", "one", "a")]
    assert kudos.posts(CircleTransaction(circle, C), NOW + HOUR) == []


def test_whispers_are_kept_for_those_who_heard_them(circle: Connection) -> None:
    post(circle, "one", "x", "b")
    first = kudos.whisper(CircleTransaction(circle, C), "a", "b", Why.BALANCE, NOW)
    told = kudos.whisper(CircleTransaction(circle, C), "a", "b", Why.TOLD, NOW + DAY, "one")
    assert [each.id for each in kudos.whispers(CircleTransaction(circle, C), Why.BALANCE, NOW)] == [first]
    assert kudos.whispers(CircleTransaction(circle, C), Why.BALANCE, NOW + HOUR) == []
    found = kudos.load_whisper(CircleTransaction(circle, C), told)
    assert found
    assert (found.giver_id, found.about_id, found.why, found.post_id) == ("a", "b", Why.TOLD, "one")
    assert kudos.load_whisper(CircleTransaction(circle, "theirs"), told) is None
    assert kudos.told(CircleTransaction(circle, C), "b", "one")
    assert not kudos.told(CircleTransaction(circle, C), "a", "one")
