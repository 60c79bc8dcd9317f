"""What is said to one person is never shown to another, whatever becomes of it."""

from __future__ import annotations

import itertools

import pytest

from bot.chat.reply import Ask, Home
from tests.conformance.canaries import Secret, secrets
from tests.conformance.playground import PlaygroundStage
from tests.conformance.slack import SlackStage
from tests.conformance.stage import Delivery, Place, Stage, Way
from tests.conformance.teams import TeamsStage

STAGES = (SlackStage, TeamsStage, PlaygroundStage)
ALL = tuple(secrets())
FEW = tuple({type(secret.reply): secret for secret in ALL}.values())
"""One reply of each kind."""
WHOLE = {Delivery.ACCEPTED, Delivery.REFUSED}
"""Where every reply is tried; elsewhere one of each kind is."""

CHECKS = [
    pytest.param(
        stage, place, way, delivery, id=f"{stage.name}, {place.value}, {way.value}, {delivery.value}"
    )
    for stage, place, way, delivery in itertools.product(STAGES, Place, Way, Delivery)
]


@pytest.mark.parametrize(("kind", "place", "way", "delivery"), CHECKS)
async def test_a_reply_is_read_by_nobody_else(
    kind: type[Stage], place: Place, way: Way, delivery: Delivery
) -> None:
    if reason := kind.why_not(place, way, delivery):
        pytest.skip(reason)
    async with kind.open() as stage:
        await stage.prepare(place, delivery)
        for secret in ALL if delivery in WHOLE else FEW:
            if way is not Way.HOME or not isinstance(secret.reply, Ask):  # opening Home opens no form
                await _is_told(stage, secret, place, way, delivery)


async def _is_told(stage: Stage, secret: Secret, place: Place, way: Way, delivery: Delivery) -> None:
    """Bob does not read it. Ada reads it, or it is kept for her where it could not be shown."""
    stage.script.reply = secret.reply
    stage.script.kept.clear()
    await stage.asks(place, way)
    assert secret.word not in stage.bob_reads(), f"{secret.name} is read by another person"
    read = secret.word in stage.ada_reads()
    if delivery is Delivery.ACCEPTED:
        assert read, f"{secret.name} did not arrive"
    elif stage.keeps:
        assert read or secret.reply in stage.script.kept, f"{secret.name} is lost"


def test_each_reply_carries_a_word_of_its_own() -> None:
    assert len({secret.word for secret in ALL}) == len(ALL) > 200
    assert {type(secret.reply) for secret in ALL} >= {Home}
