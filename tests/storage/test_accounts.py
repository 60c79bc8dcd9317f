"""A person has one or more accounts: acts belong to the person, what a platform says to the account."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from bot.domain.circle import Person, Role
from bot.domain.errors import WorkspaceTaken
from bot.domain.member import Preferences
from handlers.membership.service import attach_workspace, found_circle
from storage import circles, people, tables
from storage.transaction import CircleTransaction

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
EVERYTHING = Preferences(topics=frozenset())


@pytest.fixture
def circle(tx: Connection) -> CircleTransaction:
    """A circle in a Slack workspace, with Inès as a member."""
    found_circle(tx, "slack", "T1", "fr", "Europe/Paris", NOW)
    bound = CircleTransaction(tx, circles.every(tx)[0].id)
    people.add(tx, "slack", "T1", "U1", name="Inès", language="fr", zone="Europe/Paris")
    people.join(bound, person(bound), EVERYTHING, 1, NOW)
    return bound


def person(circle: CircleTransaction, platform: str = "slack", home: str = "T1", user: str = "U1") -> Person:
    found = people.find(circle.connection, platform, home, user)
    assert found is not None
    return found[1]


def with_second_account(circle: CircleTransaction, **facts: object) -> None:
    """Give Inès an account in a Teams tenant of the same circle. It does not receive messages."""
    row = {
        "circle_id": circle.circle_id,
        "id": "second",
        "person_id": person(circle).id,
        "workspace_id": attach_workspace(circle, "teams", "tenant"),
        "external_id": "29:ines",
        "address": "teams:tenant:29:ines",
        "name": "Inès Martin",
        "language": "en",
        "zone": "Europe/London",
        "guest": False,
        "reachable": True,
        "receives": False,
    }
    circle.execute(insert(tables.account).values(row | facts))


def test_either_account_is_the_same_member(circle: CircleTransaction) -> None:
    with_second_account(circle)
    in_slack, in_teams = person(circle), person(circle, "teams", "tenant", "29:ines")
    assert in_slack.id == in_teams.id
    found = people.find(circle.connection, "teams", "tenant", "29:ines")
    assert found is not None
    assert found[2] is not None
    assert found[2].person_id == in_slack.id


def test_who_acts_is_spoken_to_as_that_account_says(circle: CircleTransaction) -> None:
    with_second_account(circle)
    in_teams = person(circle, "teams", "tenant", "29:ines")
    assert (in_teams.language, in_teams.zone, in_teams.name) == ("en", "Europe/London", "Inès Martin")
    assert in_teams.address == "teams:tenant:29:ines"


def test_what_the_person_chose_holds_in_both_chats(circle: CircleTransaction) -> None:
    with_second_account(circle)
    people.change(circle, person(circle), chosen_language="fr", role=Role.LEAD)
    in_teams = person(circle, "teams", "tenant", "29:ines")
    assert (in_teams.language, in_teams.role) == ("fr", Role.LEAD)


def test_messages_go_to_one_account_only(circle: CircleTransaction) -> None:
    with_second_account(circle)
    assert [p.address for p, _ in people.everyone(circle)] == ["slack:T1:U1"]
    assert people.load(circle, person(circle).id)[0].address == "slack:T1:U1"
    somebody = people.at_address(circle, "teams:tenant:29:ines")
    assert somebody is not None
    assert somebody.address == "slack:T1:U1"


def test_two_accounts_that_receive_are_refused(circle: CircleTransaction) -> None:
    with pytest.raises(IntegrityError):
        with_second_account(circle, receives=True)


def test_a_report_about_one_account_leaves_the_other_alone(circle: CircleTransaction) -> None:
    with_second_account(circle)
    in_teams = person(circle, "teams", "tenant", "29:ines")
    people.report(circle, in_teams.account, zone="Asia/Tokyo", guest=True, reachable=False)
    assert person(circle).zone == "Europe/Paris"
    assert not person(circle).guest
    assert person(circle).reachable
    people.report_unreachable(circle, "slack:T1:U1")
    assert not person(circle).reachable


def test_what_is_for_everybody_waits_for_the_unreachable_and_passes_guests_by(
    circle: CircleTransaction,
) -> None:
    ines = person(circle)
    people.report(circle, ines.account, reachable=False)
    assert [p.id for p, _ in people.everyone(circle)] == [ines.id]
    people.report(circle, ines.account, guest=True)
    assert people.everyone(circle) == []


def test_somebody_known_is_noted_down_once(circle: CircleTransaction) -> None:
    assert people.add(circle.connection, "slack", "T1", "U1", name="Another")
    assert not people.add(circle.connection, "slack", "T9", "U1")
    assert len(circle.execute(select(tables.person.c.id)).all()) == 1
    assert person(circle).name == "Inès"


# A second workspace


def test_attaching_a_workspace_twice_changes_nothing(circle: CircleTransaction) -> None:
    first = attach_workspace(circle, "teams", "tenant")
    assert attach_workspace(circle, "teams", "tenant") == first
    people.add(circle.connection, "teams", "tenant", "29:tom")
    assert person(circle, "teams", "tenant", "29:tom").circle_id == circle.circle_id


def test_a_workspace_of_another_circle_stays_theirs(circle: CircleTransaction) -> None:
    found_circle(circle.connection, "teams", "tenant", "en", "UTC", NOW)
    with pytest.raises(WorkspaceTaken):
        attach_workspace(circle, "teams", "tenant")


# Languages


def test_a_topic_has_a_name_in_each_language_that_has_one(circle: CircleTransaction) -> None:
    topic = circles.topics(circle)[0]
    assert topic.name("fr") != topic.name("en")
    assert topic.name("de") == topic.name("en"), "the first name that exists stands in"
    row = {"circle_id": circle.circle_id, "topic_id": topic.id, "language": "de", "name": "Unternehmen"}
    circle.execute(insert(tables.topic_name).values(row))
    assert circles.topics(circle)[0].name("de") == "Unternehmen"
