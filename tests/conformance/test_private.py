"""What is said to one person is never shown to another, whatever becomes of it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable

import pytest

from bot.chat.reply import Ask, Home, Replace, Reply, Say
from bot.platforms.teams.messenger import Drawn, TeamsMessenger
from tests.conformance.canaries import Secret, secrets
from tests.conformance.recorded import recorded
from tests.conformance.stage import Combination, Delivery, Place, Stage, Way
from tests.conformance.stages import STAGES
from tests.conformance.teams import TeamsStage


def _is_refused(kind: type[Stage], place: Place, way: Way, delivery: Delivery) -> bool:
    refusing = not kind.why_not(place, way, Delivery.REFUSED)
    return delivery is (Delivery.REFUSED if refusing else Delivery.ACCEPTED)


SAMPLES = tuple(secrets())
FEW = tuple({type(secret.reply): secret for secret in SAMPLES}.values())
"""One reply of each kind."""
POSSIBLE = [
    pytest.param(
        stage, place, way, delivery, id=f"{stage.name}, {place.value}, {way.value}, {delivery.value}"
    )
    for stage, place, way, delivery in itertools.product(STAGES, Place, Way, Delivery)
    if not stage.why_not(place, way, delivery)
]
REFUSED = [each for each in POSSIBLE if _is_refused(*each.values)]
"""Where messages to that person alone are refused; where nothing ever is, as they are."""
IMPOSSIBLE = [(stage, which) for stage in STAGES for which in stage.cannot if isinstance(which, tuple)]


@pytest.mark.parametrize(("kind", "place", "way", "delivery"), POSSIBLE)
async def test_a_reply_is_read_by_nobody_else(
    kind: type[Stage], place: Place, way: Way, delivery: Delivery
) -> None:
    await are_told(FEW, kind, place, way, delivery)


@pytest.mark.parametrize(("kind", "place", "way", "delivery"), REFUSED)
async def test_each_sample_of_each_feature_is_read_by_nobody_else(
    kind: type[Stage], place: Place, way: Way, delivery: Delivery
) -> None:
    await are_told(SAMPLES, kind, place, way, delivery)


@pytest.fixture(scope="module")
def replies(tmp_path_factory: pytest.TempPathFactory) -> list[Secret]:
    """What people were answered in a circle with ten weeks behind it, in a shape that no sample has."""
    return asyncio.run(recorded(tmp_path_factory.mktemp("recorded"), SAMPLES))


def test_the_recorded_replies_are_of_every_sort(replies: list[Secret]) -> None:
    assert len(replies) > 50
    assert {type(secret.reply) for secret in replies} >= {Ask, Replace, Say}
    assert any(isinstance(secret.reply, Ask) and secret.reply.errors for secret in replies)
    assert any(isinstance(secret.reply, Say | Replace) and secret.reply.ballot for secret in replies)


@pytest.mark.parametrize(("kind", "place", "way", "delivery"), REFUSED)
async def test_each_recorded_reply_is_read_by_nobody_else(
    replies: list[Secret], kind: type[Stage], place: Place, way: Way, delivery: Delivery
) -> None:
    await are_told(replies, kind, place, way, delivery)


@pytest.mark.parametrize(("kind", "which"), IMPOSSIBLE)
def test_what_a_platform_has_no_way_to_say(kind: type[Stage], which: Combination) -> None:
    parts = " ".join(part.value for part in which if part is not None)
    pytest.skip(f"{kind.name}, {parts}: {kind.cannot[which]}")


async def are_told(
    replies: Iterable[Secret], kind: type[Stage], place: Place, way: Way, delivery: Delivery
) -> None:
    async with kind.open() as stage:
        await stage.prepare(place, delivery)
        for secret in replies:
            if way is not Way.HOME or not isinstance(secret.reply, Ask):  # opening Home opens no form
                await _is_told(stage, secret, place, way, delivery)


async def _is_told(stage: Stage, secret: Secret, place: Place, way: Way, delivery: Delivery) -> None:
    """Bob does not read it. Ada reads it, or it is kept for her where it could not be shown: in Teams a
    choice in a secret poll is shown in dialogs only, and kept to say that she voted."""
    stage.script.reply = secret.reply
    stage.script.kept.clear()
    await stage.asks(place, way)
    assert secret.word not in stage.bob_reads(), f"{secret.name} is read by another person"
    read = secret.word in stage.ada_reads()
    if delivery is Delivery.ACCEPTED and not _is_ballot(secret.reply):
        assert read, f"{secret.name} did not arrive"
    elif way is not Way.HOME:  # whoever opens Home opens it again
        assert read or secret.word in repr(stage.script.kept), f"{secret.name} is lost"


def _is_ballot(reply: Reply) -> bool:
    return isinstance(reply, Say | Replace) and reply.ballot != ""


def test_each_reply_carries_a_word_of_its_own() -> None:
    assert len({secret.word for secret in SAMPLES}) == len(SAMPLES) > 200
    assert {type(secret.reply) for secret in SAMPLES} >= {Home}


@pytest.mark.parametrize("way", [Way.COMMAND, Way.OLD_BUTTON])
async def test_a_leak_would_be_seen(monkeypatch: pytest.MonkeyPatch, way: Way) -> None:
    """What is meant for one person, written into the channel."""

    async def write_alone(self: TeamsMessenger, person: str, card: Drawn) -> str:
        return await self.post(await self._reach(TeamsStage.channel), card)

    monkeypatch.setattr(TeamsMessenger, "write_alone", write_alone)
    with pytest.raises(AssertionError, match="is read by another person"):
        await are_told(FEW, TeamsStage, Place.CHANNEL, way, Delivery.ACCEPTED)
