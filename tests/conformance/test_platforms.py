"""Every platform against the one list of checks. A platform that passes is complete."""

from __future__ import annotations

import itertools

import pytest

from tests.conformance.checks import CHECKS
from tests.conformance.stage import Stage
from tests.conformance.stages import STAGES


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("kind", STAGES, ids=lambda kind: kind.name)
async def test_a_platform(kind: type[Stage], name: str) -> None:
    if reason := kind.cannot.get(name):
        pytest.skip(f"{kind.name}, {name}: {reason}")
    async with kind.open() as stage:
        await CHECKS[name](stage)


@pytest.mark.parametrize(
    ("kind", "which"),
    [(kind, which) for kind in STAGES for which in kind.cannot],
    ids=lambda each: each.name if isinstance(each, type) else "",
)
def test_what_a_platform_cannot_do_is_a_check(kind: type[Stage], which: object) -> None:
    assert not isinstance(which, str) or which in CHECKS
    assert kind.cannot[which]  # type: ignore[index]


def test_no_check_is_skipped_everywhere() -> None:
    for name in CHECKS:
        assert [kind for kind in STAGES if name not in kind.cannot], name


def test_every_platform_of_the_product_has_a_stage() -> None:
    assert {kind.name for kind in STAGES} == {"slack", "teams", "playground"}
    assert len({*itertools.chain(kind.name for kind in STAGES)}) == len(STAGES)
