"""The playground over HTTP: what is seen, what is done, what is refused."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import aiohttp
import pytest

from bot.app import words
from bot.chat.action import pack
from bot.chat.card import Card, text
from bot.chat.event import Click, Command, HomeOpened, Said, Submission
from bot.chat.messenger import Gone, Notice, Unreachable
from bot.chat.platform import Platform
from bot.platforms.playground.adapter import ASSETS, INTERFACE, MAX_BODY
from bot.platforms.playground.chat import KEPT
from bot.platforms.playground.persona import PERSONAS, channel_address
from bot.platforms.playground.preview import block_kit_builder
from bot.platforms.playground.world import PAGES, Kind
from tests.platforms.playground.scene import Compose, Rest, Scene, Wave, build, kitchen, served

GENERAL = channel_address("#general")
INES = PERSONAS[1].address


@dataclass(frozen=True)
class Reader:
    """A browser without a page."""

    scene: Scene
    session: aiohttp.ClientSession

    async def get(self, path: str, **query: str) -> tuple[int, Any]:
        async with self.session.get(f"{self.scene.url}/playground{path}", params=query) as answer:
            return answer.status, await answer.json()

    async def state(self, who: str, place: str = "") -> Any:
        status, state = await self.get("/state", who=who, place=place)
        assert status == 200
        return state

    async def entries(self, who: str, place: str = "") -> list[str]:
        return [entry["spoken"] for entry in (await self.state(who, place))["entries"]]

    async def post(self, body: bytes, path: str = "/act", **headers: str) -> tuple[int, Any]:
        headers = headers or {"Origin": self.scene.url}
        url = f"{self.scene.url}/playground{path}"
        async with self.session.post(url, data=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def act(self, who: str, kind: str, **what: object) -> Any:
        status, answer = await self.post(json.dumps({"who": who, "kind": kind, **what}).encode())
        assert status == 200, answer
        return answer


@pytest.fixture
async def reader() -> AsyncIterator[Reader]:
    async with served() as scene, aiohttp.ClientSession() as session:
        yield Reader(scene, session)


def test_it_is_a_platform() -> None:
    from tests.platforms.playground.scene import Programme

    platform: Platform = build(Programme())
    assert platform.name == "playground"


def test_every_word_is_in_two_languages() -> None:
    for key in INTERFACE:
        assert words("fr", key)
        assert words("en", key)


# What is said unasked


async def test_a_card_sent_is_seen_by_its_reader_alone(reader: Reader) -> None:
    await reader.scene.deliver("ines", Card("Bonjour"))
    assert await reader.entries("ines") == ["Bonjour"]
    assert await reader.entries("tom") == []


async def test_the_same_notice_twice_is_one_message(reader: Reader) -> None:
    first = await reader.scene.deliver("ines", Card("Bonjour"), "n1")
    assert await reader.scene.deliver("ines", Card("Bonjour"), "n1") == first
    assert await reader.entries("ines") == ["Bonjour"]


async def test_a_card_changes_where_it_stands_and_goes(reader: Reader) -> None:
    messenger = reader.scene.playground.messenger
    reference = await reader.scene.deliver("ines", Card("Un"), "n1")
    await reader.scene.deliver("ines", Card("Deux"), "n2")
    await messenger.update(INES, reference, Notice("n1", Card("Un, corrigé")))
    [changed, other] = (await reader.state("ines"))["entries"]
    assert (changed["spoken"], changed["version"]) == ("Un, corrigé", 2)
    assert (other["spoken"], other["version"]) == ("Deux", 1)
    await messenger.update(INES, reference, Notice("n1", Card("Un, corrigé")))
    assert (await reader.state("ines"))["entries"][0]["version"] == 2
    await messenger.delete(INES, reference)
    await messenger.delete(INES, reference)
    assert await reader.entries("ines") == ["Deux"]


async def test_what_was_sent_is_found_where_it_stands(reader: Reader) -> None:
    messenger = reader.scene.playground.messenger
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    await messenger.reach(INES)
    assert await messenger.find(INES, "n1", long_ago) == ()
    reference = await reader.scene.deliver("ines", Card("Un"), "n1")
    await reader.scene.deliver("ines", Card("Deux"), "n2")
    assert await messenger.find(INES, "n1", long_ago) == (reference,)
    assert await messenger.find(GENERAL, "n1", long_ago) == ()
    await messenger.delete(INES, reference)
    assert await messenger.find(INES, "n1", long_ago) == ()


async def test_a_message_that_is_gone_and_an_address_that_never_was(reader: Reader) -> None:
    messenger = reader.scene.playground.messenger
    with pytest.raises(Gone):
        await messenger.update(INES, "gone", Notice("n", Card("t")))
    for address in ("playground:playground:nobody", "slack:T1:U1", "", "playground:playground:#secret"):
        with pytest.raises(Unreachable):
            await messenger.reach(address)
        with pytest.raises(Unreachable):
            await messenger.send(address, Notice("n", Card("t")))


async def test_a_channel_is_read_by_everyone(reader: Reader) -> None:
    await reader.scene.playground.messenger.send(GENERAL, Notice("n", Card("Appel")))
    for persona in PERSONAS:
        assert await reader.entries(persona.id, GENERAL) == ["Appel"]


async def test_old_entries_make_room(reader: Reader) -> None:
    for n in range(KEPT + 5):
        await reader.scene.deliver("ines", Card(f"n{n}"), f"n{n}")
    entries = await reader.entries("ines")
    assert len(entries) == KEPT
    assert entries[0] == "n5"


async def test_news_of_others_show_as_a_revision(reader: Reader) -> None:
    before = {face["id"]: face["latest"] for face in (await reader.state("camille"))["people"]}
    await reader.scene.deliver("tom", Card("Hello"))
    after = {face["id"]: face["latest"] for face in (await reader.state("camille"))["people"]}
    assert [id for id in after if after[id] > before[id]] == ["tom"]


# What one does


async def test_a_command_is_heard_with_who_and_where(reader: Reader) -> None:
    await reader.act("ines", "say", text="/cercle aide", place=GENERAL)
    [event] = reader.scene.programme.heard
    assert isinstance(event, Command)
    assert (event.text, event.place, event.sender) == ("aide", GENERAL, PERSONAS[1].sender)
    assert event.key.startswith("playground:")


async def test_each_delivery_has_a_key_of_its_own(reader: Reader) -> None:
    for _ in range(3):
        await reader.act("ines", "say", text="aide")
    assert len({event.key for event in reader.scene.programme.heard}) == 3


async def test_a_command_in_a_channel_is_between_two(reader: Reader) -> None:
    answer = await reader.act("ines", "say", text="/cercle aide", place=GENERAL)
    assert answer == {"place": GENERAL}
    mine = (await reader.state("ines", GENERAL))["entries"]
    assert [entry["private"] for entry in mine] == [True, True]
    assert await reader.entries("tom", GENERAL) == []


async def test_words_in_a_channel_are_for_the_people_there(reader: Reader) -> None:
    await reader.act("ines", "say", text="aide <b>", place=GENERAL)
    assert reader.scene.programme.heard == []
    [entry] = (await reader.state("tom", GENERAL))["entries"]
    assert (entry["author"], entry["html"], entry["private"]) == ("Inès", "aide &lt;b&gt;", False)


async def test_free_words_to_the_bot(reader: Reader) -> None:
    await reader.act("tom", "say", text="is anybody there?")
    [event] = reader.scene.programme.heard
    assert isinstance(event, Said)
    assert (event.sender.locale, event.sender.zone) == ("en-GB", "Europe/London")
    assert (await reader.entries("tom"))[0] == "is anybody there?"


async def test_a_button_replaces_its_card(reader: Reader) -> None:
    reference = await reader.scene.deliver("ines", kitchen(""))
    await reader.act("ines", "click", action=pack(Wave(3)), entry=reference)
    assert isinstance(reader.scene.programme.heard[0], Click)
    assert await reader.entries("ines") == ["Salué 3 fois"]


async def test_a_button_of_a_card_that_is_gone_is_answered(reader: Reader) -> None:
    await reader.act("ines", "click", action=pack(Wave()), entry="gone")
    assert await reader.entries("ines") == ["Salué 1 fois"]


async def test_an_action_nobody_made_is_answered(reader: Reader) -> None:
    await reader.act("ines", "click", action="scene.wave/x/y/z")
    assert await reader.entries("ines") == ["Ce bouton ne dit plus rien"]


async def test_a_form_is_checked_kept_and_sent(reader: Reader) -> None:
    action = pack(Compose())
    asked = await reader.act("ines", "click", action=action)
    assert "<form" in asked["form"]
    answers = {"title": "x" * 61, "why": "gardé", "network": "linkedin", "agree": False}
    again = await reader.act("ines", "submit", action=action, answers=answers)
    assert "error-title" in again["form"]
    assert "error-agree" in again["form"]
    assert "error-why" not in again["form"]
    assert "x" * 61 in again["form"]
    assert "gardé</textarea>" in again["form"]
    assert [type(event) for event in reader.scene.programme.heard] == [Click]


async def test_a_handlers_error_keeps_what_was_typed(reader: Reader) -> None:
    action = pack(Compose())
    await reader.act("ines", "click", action=action)
    answers = {"title": "Mon titre", "why": "mot interdit", "network": "bluesky", "agree": True}
    again = await reader.act("ines", "submit", action=action, answers=answers)
    assert "Ce mot-là ne passe pas." in again["form"]
    assert "mot interdit</textarea>" in again["form"]
    done = await reader.act("ines", "submit", action=action, answers={**answers, "why": "mot permis"})
    assert done == {"place": INES}
    assert (await reader.entries("ines"))[-1].startswith("Enregistré")


async def test_a_form_nobody_opened_is_still_heard(reader: Reader) -> None:
    await reader.act("ines", "submit", action=pack(Rest()), answers={"a": ["b"], "c": True})
    [event] = reader.scene.programme.heard
    assert isinstance(event, Submission)
    assert event.answers.many("a") == ("b",)


async def test_home(reader: Reader) -> None:
    assert await reader.act("ines", "home", place="home") == {"place": "home"}
    assert isinstance(reader.scene.programme.heard[0], HomeOpened)
    assert await reader.entries("ines", "home") == ["Votre cercle — Rien d'attendu."]
    assert await reader.entries("tom", "home") == []
    await reader.act("ines", "click", action=pack(Wave()), place="home", entry="home")
    assert await reader.entries("ines", "home") == ["Salué 1 fois"]
    assert await reader.act("ines", "click", action=pack(Rest()), place="home") == {"place": INES}


async def test_a_command_can_open_home_and_silence_is_an_answer(reader: Reader) -> None:
    assert await reader.act("ines", "say", text="accueil") == {"place": "home"}
    assert await reader.act("ines", "command", text="quiet") == {"place": INES}


# How it looks elsewhere


async def test_a_card_as_the_others_draw_it(reader: Reader) -> None:
    await reader.scene.deliver("ines", Card("Été"), "n1")
    status, slack = await reader.get("/preview", who="ines", entry="n1", **{"in": "slack"})
    assert status == 200
    assert slack["carries"]
    builder, _, payload = slack["link"].partition("#")
    assert builder == "https://app.slack.com/block-kit-builder/"
    assert json.loads(unquote(payload)) == {"blocks": json.loads(slack["json"])}
    status, teams = await reader.get("/preview", who="ines", entry="n1", **{"in": "teams"})
    assert (status, teams["carries"]) == (200, False)
    assert "Été" in teams["json"]


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        ([{"type": "divider"}], {"blocks": [{"type": "divider"}]}),
        ({"text": "t", "blocks": []}, {"blocks": []}),
        ({"type": "modal", "blocks": []}, {"type": "modal", "blocks": []}),
    ],
)
def test_the_builder_is_given_what_it_takes(payload: object, shown: object) -> None:
    assert json.loads(unquote(block_kit_builder(payload).partition("#")[2])) == shown


async def test_a_form_as_the_others_draw_it(reader: Reader) -> None:
    query = {"who": "ines", "entry": "form", "in": "slack"}
    assert (await reader.get("/preview", **query))[0] == 404
    await reader.act("ines", "click", action=pack(Compose()))
    status, slack = await reader.get("/preview", **query)
    assert status == 200
    assert json.loads(slack["json"])["type"] == "modal"


async def test_what_cannot_be_drawn_elsewhere_says_so(reader: Reader) -> None:
    await reader.scene.deliver("ines", Card("Trop"), "n1")
    await reader.act("ines", "say", text="bonjour")
    [_, typed, _] = (await reader.state("ines"))["entries"]
    slack = {"who": "ines", "in": "slack"}
    assert (await reader.get("/preview", entry="n1", **slack))[0] == 422
    assert (await reader.get("/preview", entry=typed["id"], **slack))[0] == 404
    assert (await reader.get("/preview", entry="n9", **slack))[0] == 404
    assert (await reader.get("/preview", entry="n1", who="ines", **{"in": "irc"}))[0] == 404


async def test_another_persons_card_is_not_shown(reader: Reader) -> None:
    await reader.scene.deliver("ines", Card("Privé"), "n1")
    query = {"who": "tom", "entry": "n1", "in": "slack"}
    assert (await reader.get("/preview", **query))[0] == 404
    assert (await reader.get("/preview", place=INES, **query))[0] == 404


# What is refused


@pytest.mark.parametrize(
    "headers",
    [
        {"X-None": "1"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
async def test_a_post_from_elsewhere_does_nothing(reader: Reader, headers: dict[str, str]) -> None:
    status, answer = await reader.post(b'{"who": "ines", "kind": "say", "text": "aide"}', **headers)
    assert status == 403
    assert answer["error"]
    assert reader.scene.programme.heard == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"\xff\xfe", 400),
        (b'{"who": "nobody", "kind": "home"}', 404),
        (b'{"who": ["ines"], "kind": "home"}', 404),
        (b'{"kind": "home"}', 404),
        (b'{"who": "ines", "kind": "dance"}', 400),
        (b'{"who": "ines", "kind": "say", "text": "x", "place": "playground:playground:tom"}', 404),
        (b'{"who": "ines", "kind": "say", "text": "x", "place": "slack:T:U"}', 404),
        (b'{"who": "ines", "kind": "say", "text": "x", "place": 7}', 400),
        (b'{"who": "ines", "kind": "click", "action": "a", "entry": {}}', 400),
        (b'{"who": "ines", "kind": "click", "action": ""}', 400),
        (b'{"who": "ines", "kind": "say", "text": "' + b"x" * MAX_BODY + b'"}', 413),
    ],
)
async def test_garbage_gets_a_kind_word(reader: Reader, body: bytes, status: int) -> None:
    got, answer = await reader.post(body)
    assert got == status
    assert set(answer) == {"error"}
    assert answer["error"].endswith(".")
    assert reader.scene.programme.heard == []


@pytest.mark.parametrize(
    "path", ["/state", "/stream", "/preview", "/assets/adapter.py", "/assets/..%2fadapter.py"]
)
async def test_nobody_and_nothing_are_not_found(reader: Reader, path: str) -> None:
    assert (await reader.get(path, who="nobody"))[0] == 404
    assert (await reader.get(path))[0] == 404


async def test_the_page_lets_nothing_in_from_outside(reader: Reader) -> None:
    async with reader.session.get(f"{reader.scene.url}/playground") as answer:
        page = await answer.text()
        policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self'")
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*\bsrc=)|\bon\w+=|\bstyle=|https?://", page)
    for name in ASSETS:
        async with reader.session.get(f"{reader.scene.url}/playground/assets/{name}") as answer:
            body = await answer.text()
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", body)


# Live


async def lines(answer: aiohttp.ClientResponse, count: int) -> list[str]:
    found: list[str] = []
    while len(found) < count:
        line = (await asyncio.wait_for(answer.content.readline(), 5)).decode().strip()
        found += [line] if line else []
    return found


async def test_the_stream_tells_each_change(reader: Reader) -> None:
    url = f"{reader.scene.url}/playground/stream?who=ines"
    async with reader.session.get(url) as answer:
        assert answer.content_type == "text/event-stream"
        assert await lines(answer, 1) == ["data: 0"]
        await reader.scene.deliver("ines", Card("Bonjour"))
        assert await lines(answer, 1) == ["data: 1"]
        await reader.scene.playground.close()
        assert (await asyncio.wait_for(answer.content.read(), 5)).strip() == b""


async def test_the_clock_goes_forward_for_everybody(reader: Reader) -> None:
    before = (await reader.state("ines"))["revision"]

    async def forward(**what: object) -> tuple[int, Any]:
        body = json.dumps({"who": "ines", **what}).encode()
        return await reader.post(body, path="/clock", Origin=reader.scene.url)

    assert (await forward(by="hour"))[1] == {"now": "2026-11-16T10:30:00+00:00"}
    status, morning = await forward(by="morning")
    assert (status, datetime.fromisoformat(morning["now"])) == (200, datetime(2026, 11, 17, 8, tzinfo=UTC))
    tom = await reader.state("tom")
    assert tom["movable"]
    assert (datetime.fromisoformat(tom["now"]), tom["revision"]) == (
        datetime(2026, 11, 17, 8, tzinfo=UTC),
        before + 2,
    )
    for wrong in ("year", "", None, -3600, ["hour"]):
        assert (await forward(by=wrong))[0] == 400
    assert (await reader.post(b'{"who": "ines", "by": "hour"}', path="/clock", Origin="http://evil"))[
        0
    ] == 403


async def test_before_nine_the_next_morning_is_today(reader: Reader) -> None:
    """At 09:30 UTC it is half past four in Montreal."""
    body = b'{"who": "hugo", "by": "morning"}'
    _, answer = await reader.post(body, path="/clock", Origin=reader.scene.url)
    assert datetime.fromisoformat(answer["now"]) == datetime(2026, 11, 16, 14, tzinfo=UTC)


async def test_a_clock_that_cannot_be_moved_is_not_offered() -> None:
    async with served(movable=False) as scene, aiohttp.ClientSession() as session:
        reader = Reader(scene, session)
        assert not (await reader.state("ines"))["movable"]
        body = b'{"who": "ines", "by": "hour"}'
        assert (await reader.post(body, path="/clock", Origin=scene.url))[0] == 404


async def test_first_steps_follow_the_person(reader: Reader) -> None:
    pages, odd, more = (await reader.state("camille"))["hints"]["groups"]
    french = [page for page in PAGES if page.language == "fr"]
    for group, fine in ((pages, True), (odd, False)):
        expected = [page.path for page in french if (page.kind is Kind.ARTICLE) is fine]
        said = [step["text"] for step in group["steps"]]
        assert said == [f"/cercle publier {reader.scene.url}{path}" for path in expected]
    assert [step["label"] for step in more["steps"]] == ["Passer à Inès", "/cercle aide"]
    tom = await reader.state("tom")
    [group] = tom["hints"]["groups"]
    assert [step["label"] for step in group["steps"]] == ["Switch to Camille", "/cercle help"]
    assert (group["steps"][0]["who"], group["steps"][1]["text"]) == ("camille", "/cercle help")
    [group] = (await reader.state("lou"))["hints"]["groups"]
    assert group["steps"][0] == {"label": "Lire l’appel dans #general", "who": "lou", "place": GENERAL}
    assert (tom["language"], tom["words"]["send"]) == ("en", "Send")
    assert datetime.fromisoformat(tom["now"]) == datetime(2026, 11, 16, 9, 30, tzinfo=UTC)


async def test_what_a_card_says_is_escaped(reader: Reader) -> None:
    await reader.scene.deliver("ines", Card("<script>", (text("<img src=x onerror=alert(1)>"),)))
    [entry] = (await reader.state("ines"))["entries"]
    assert "<script" not in entry["html"]
    assert "<img" not in entry["html"]
