"""The address itself says what it is: the Teams package points there for privacy and terms."""

from __future__ import annotations

from tests.web.world import World


async def test_the_front_page_speaks_both_languages_and_keeps_the_headers(world: World) -> None:
    answer = await world.get(f"{world.url}/")
    assert answer.status == 200
    for words in ("Un cercle de volontaires", "Ce qui est gardé", "A circle of volunteers", "What is kept"):
        assert words in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
