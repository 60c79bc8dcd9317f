"""Each rule of the delivery policy, alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain.circle import Account, Circle, Person, Role
from bot.domain.member import Member
from bot.domain.message import ANSWER, AUTHOR, POST, QUESTION, REPLY, Kind, Message, State
from scheduler.pump.policy import GO, UNREACHABLE_PAUSE, Decision, decide

TUESDAY = datetime(2026, 11, 24, 10, tzinfo=UTC)
NIGHT = TUESDAY.replace(hour=23)
HOUR = timedelta(hours=1)
CIRCLE = Circle("c", "", "en", "UTC", TUESDAY)
ACCOUNT = Account("a", "w", "slack:T1:U1", "Ines", "en", "UTC", guest=False, reachable=True)
READER = Person("p", "c", Role.NONE, "en", "UTC", ACCOUNT)
MEMBER = Member("p", TUESDAY, 1)


def message(**more: Any) -> Message:
    values = {"expires_at": None, "shown_version": 0} | more
    return Message(
        id="m",
        circle_id="c",
        workspace_id="w",
        person_id="p",
        address="slack:T1:U1",
        kind="post",
        subject_id="s",
        wanted_version=1,
        reference="",
        state=State.WAITING,
        attempt=0,
        fence=0,
        due_at=TUESDAY,
        created_at=TUESDAY,
        last_error="",
        **values,
    )


def decided(
    kind: Kind = POST,
    reader: Person | None = READER,
    member: Member | None = MEMBER,
    used: int = 0,
    now: datetime = TUESDAY,
    **more: Any,
) -> Decision:
    return decide(message(**more), kind, CIRCLE, reader, member, used, now)


def test_within_every_rule_it_goes() -> None:
    assert decided() == GO


def test_what_is_shown_already_is_redrawn_at_any_time() -> None:
    assert decided(member=None, used=9, now=NIGHT, shown_version=1, expires_at=TUESDAY) == GO


def test_a_channel_has_no_hours() -> None:
    assert decided(reader=None, member=None, now=NIGHT) == GO


@pytest.mark.parametrize("kind", [POST, AUTHOR])
def test_what_expired_never_goes(kind: Kind) -> None:
    assert decided(kind, expires_at=TUESDAY).never == "expired before it could go"


def test_without_consent_it_never_goes() -> None:
    assert decided(member=None).never == "no consent"
    assert decided(ANSWER, member=None).never == "no consent"
    assert decided(QUESTION, member=None) == GO


def test_a_guest_receives_answers_only() -> None:
    guest = replace(READER, account=replace(ACCOUNT, guest=True))
    for kind in (POST, AUTHOR, QUESTION):
        assert decided(kind, reader=guest).until == TUESDAY + UNREACHABLE_PAUSE
    assert decided(REPLY, reader=guest, now=NIGHT) == GO


def test_somebody_who_cannot_be_reached_is_left_alone_for_a_day() -> None:
    unreachable = replace(READER, account=replace(ACCOUNT, reachable=False))
    assert decided(AUTHOR, reader=unreachable).until == TUESDAY + UNREACHABLE_PAUSE


def test_what_is_unasked_waits_for_working_time() -> None:
    assert decided(now=NIGHT).until == NIGHT + 10 * HOUR
    assert decided(AUTHOR, now=NIGHT) == GO


def test_above_the_ceiling_it_waits_for_the_next_week() -> None:
    assert decided(used=1) == GO
    assert decided(used=2).until == datetime(2026, 11, 30, 9, tzinfo=UTC)
    assert decided(ANSWER, used=2) == GO
