"""Every way in that is not the Bot Connector's own is 401, or 403 for another tenant; never a 5xx."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bot.platforms.teams.auth import KeyStore, TokenCheck, trusted
from bot.platforms.teams.glue import TeamsSettings
from tests.emulators.teams import APP_ID, TENANT, FakeTeams, Json, rsa_key, system_now
from tests.platforms.teams.conftest import House

Forge = Callable[[FakeTeams], str]


def bearer(**changes: Any) -> Forge:
    return lambda fake: f"Bearer {fake.inbound_token(**changes)}"


def ago(fake: FakeTeams, **delta: float) -> int:
    return int((fake.now() - timedelta(**delta)).timestamp())


def _part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def unsigned(fake: FakeTeams) -> str:
    _, claims, _ = fake.inbound_token().split(".")
    return f"Bearer {_part({'alg': 'none', 'kid': fake.kid})}.{claims}.AA"


def signed_with_the_public_key(fake: FakeTeams) -> str:
    """The classic: HS256, the secret being what everybody can read."""
    import hashlib
    import hmac

    _, claims, _ = fake.inbound_token().split(".")
    body = f"{_part({'alg': 'HS256', 'kid': fake.kid})}.{claims}"
    pem = rsa_key(fake.kid).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    digest = hmac.new(pem, body.encode(), hashlib.sha256).digest()
    return f"Bearer {body}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def signed_by_another(fake: FakeTeams) -> str:
    claims = jwt.decode(fake.inbound_token(), options={"verify_signature": False})
    return f"Bearer {jwt.encode(claims, rsa_key('foreign'), algorithm='RS256', headers={'kid': fake.kid})}"


def without_kid(fake: FakeTeams) -> str:
    claims = jwt.decode(fake.inbound_token(), options={"verify_signature": False})
    return f"Bearer {jwt.encode(claims, rsa_key(fake.kid), algorithm='RS256')}"


def with_changed_claims(fake: FakeTeams) -> str:
    head, _, signature = fake.inbound_token().split(".")
    claims = jwt.decode(fake.inbound_token(), options={"verify_signature": False})
    return f"Bearer {head}.{_part(claims | {'name': 'x'})}.{signature}"


HEADERS: dict[str, Forge] = {
    "no header": lambda _: "",
    "no token": lambda _: "Bearer ",
    "only the word": lambda _: "Bearer",
    "garbage": lambda _: "Bearer garbage",
    "three parts of garbage": lambda _: "Bearer a.b.c",
    "parts that are no JSON": lambda _: "Bearer " + ".".join(["bm90IGpzb24"] * 3),
    "header that is a list": lambda _: f"Bearer {_part([1])}.{_part({})}.AA",
    "basic": lambda _: "Basic YTpi",
    "two tokens": lambda fake: f"Bearer {fake.inbound_token()} {fake.inbound_token()}",
    "endless": lambda _: "Bearer " + "a" * 3000 + ".b" * 2,
    "alg none": unsigned,
    "HS256 with the public key": signed_with_the_public_key,
    "signed by another key": signed_by_another,
    "claims changed": with_changed_claims,
    "unknown kid": bearer(kid="never-published"),
    "no kid": without_kid,
    "wrong aud": bearer(aud="somebody-else"),
    "no aud": bearer(drop=("aud",)),
    "emulator issuer": bearer(iss=f"https://sts.windows.net/{TENANT}/"),
    "no iss": bearer(drop=("iss",)),
    "wrong serviceurl": bearer(serviceurl="https://smba.trafficmanager.net/amer/"),
    "no serviceurl": bearer(drop=("serviceurl",)),
    "no exp": bearer(drop=("exp",)),
    "exp that is text": bearer(exp="tomorrow"),
    "exp that is true": bearer(exp=True),
    "expired": lambda fake: f"Bearer {fake.inbound_token(exp=ago(fake, minutes=6))}",
    "not yet valid": lambda fake: f"Bearer {fake.inbound_token(nbf=ago(fake, minutes=-6))}",
}


@pytest.mark.parametrize("forge", HEADERS.values(), ids=HEADERS)
async def test_a_token_that_is_not_the_connectors_is_401(
    house: House, forge: Forge, caplog: pytest.LogCaptureFixture
) -> None:
    activity = house.user().activity("message", text="aide")
    header = forge(house.fake)
    caplog.set_level(logging.INFO)
    status, body = await house.fake.deliver(activity, header)
    assert (status, body, house.script.events, house.fake.calls) == (401, None, [], [])
    refused = [record for record in caplog.records if record.name == "bot.platforms.teams.adapter"]
    assert len(refused) == 1
    assert len(header) < 20 or header not in caplog.text


ACTIVITIES: dict[str, tuple[Json, int]] = {
    "no serviceUrl": ({"serviceUrl": None}, 401),
    "empty serviceUrl": ({"serviceUrl": ""}, 401),
    "serviceUrl that is a list": ({"serviceUrl": ["https://smba.trafficmanager.net/"]}, 401),
    "foreign serviceUrl": ({"serviceUrl": "https://evil.example/"}, 401),
    "no channelId": ({"channelId": None}, 401),
    "emulator channel": ({"channelId": "emulator"}, 401),
    "direct line": ({"channelId": "directline"}, 401),
    "other tenant": ({"conversation": {"id": "a:1", "tenantId": "elsewhere"}, "channelData": {}}, 403),
    "two tenants": ({"channelData": {"tenant": {"id": "elsewhere"}}}, 400),
    "no tenant": ({"conversation": {"id": "a:1"}, "channelData": {}}, 403),
}


@pytest.mark.parametrize(("changes", "expected"), ACTIVITIES.values(), ids=ACTIVITIES)
async def test_a_good_token_does_not_carry_any_activity(house: House, changes: Json, expected: int) -> None:
    activity = house.user().activity("message", text="aide") | changes
    activity = {name: value for name, value in activity.items() if value is not None}
    claimed = activity.get("serviceUrl", house.fake.service_url)
    status, _ = await house.fake.deliver(activity, f"Bearer {house.fake.inbound_token(serviceurl=claimed)}")
    assert (status, house.script.events, house.pages.records) == (expected, [], {})


async def test_a_key_that_is_not_endorsed_for_teams_is_401(house: House) -> None:
    house.fake.endorsements = ["webchat"]
    status, _ = await house.fake.deliver(house.user().activity("message", text="aide"))
    assert status == 401


async def test_the_connectors_token_is_let_in_with_five_minutes_of_leeway(house: House) -> None:
    late = f"Bearer {house.fake.inbound_token(exp=ago(house.fake, minutes=4))}"
    for header in (None, late):
        status, _ = await house.fake.deliver(house.user().activity("message", text="aide"), header)
        assert status == 202
    assert len(house.script.events) == 2
    assert house.fake.openid_calls == 1


@pytest.mark.parametrize("skew", [-120.0, 120.0])
async def test_a_token_by_another_clock_is_taken(house: House, skew: float) -> None:
    house.fake.skew = skew
    status, _ = await house.fake.deliver(house.user().activity("message", text="aide"))
    assert (status, len(house.script.events)) == (202, 1)


async def test_a_rotated_key_is_accepted_after_one_refresh(house: House) -> None:
    user = house.user()
    await user.says("un")
    house.clock.ahead += timedelta(minutes=2)
    house.fake.rotate("key-2")
    await asyncio.gather(*(user.says("deux") for _ in range(5)))
    assert (user.status, house.fake.openid_calls, len(house.script.events)) == (202, 2, 6)
    assert (await house.fake.deliver(user.activity("message"), bearer(kid="key-1")(house.fake)))[0] == 401


async def test_unknown_keys_cause_at_most_one_refresh_a_minute(house: House) -> None:
    activity = house.user().activity("message", text="aide")
    for _ in range(5):
        assert (await house.fake.deliver(activity, bearer(kid="forged")(house.fake)))[0] == 401
    assert house.fake.openid_calls == 1


async def test_keys_are_read_again_every_hour_without_anybody_waiting(house: House) -> None:
    user = house.user()
    await user.says("un")
    house.clock.ahead += timedelta(hours=2)
    house.fake.openid_delay = 0.3
    async with asyncio.timeout(0.2):
        await user.says("deux")
    await asyncio.sleep(0.4)
    assert (user.status, house.fake.openid_calls) == (202, 2)


async def test_known_keys_serve_for_a_day_when_no_new_ones_can_be_had(house: House) -> None:
    user = house.user()
    await user.says("un")
    house.fake.openid_status = 503
    house.clock.ahead += timedelta(hours=23)
    await user.says("deux")
    assert user.status == 202
    house.clock.ahead += timedelta(hours=2)
    await user.says("les clés sont trop vieilles")
    assert user.status == 503
    assert len(house.script.events) == 2


async def test_a_new_key_that_cannot_be_had_is_no_forgery(house: House) -> None:
    user = house.user()
    await user.says("un")
    house.clock.ahead += timedelta(minutes=2)
    house.fake.rotate("key-2")
    house.fake.openid_status = 503
    await user.says("deux")
    assert user.status == 503


async def test_when_microsofts_keys_cannot_be_had_it_is_asked_to_send_again(house: House) -> None:
    house.fake.openid_status = 500
    user = house.user()
    await user.says("un")
    assert user.status == 503
    house.fake.openid_status = 200
    house.clock.ahead += timedelta(minutes=2)
    await user.says("un")
    assert user.status == 202


async def test_a_key_set_that_is_none_is_not_believed(house: House) -> None:
    house.fake.endorsements = 7  # type: ignore[assignment]
    status, _ = await house.fake.deliver(house.user().activity("message", text="aide"))
    assert status == 503


BODIES: dict[str, tuple[bytes, str, int]] = {
    "text": (b"{}", "text/plain", 415),
    "form": (b"a=b", "application/x-www-form-urlencoded", 415),
    "too large": (b'{"type":"message","text":"' + b"a" * 300_000 + b'"}', "application/json", 413),
    "empty": (b"", "application/json", 400),
    "no JSON": (b"{", "application/json", 400),
    "no UTF-8": (b'{"type":"\xff"}', "application/json", 400),
    "a list": (b"[]", "application/json", 400),
    "a number": (b"7", "application/json", 400),
    "no type": (b"{}", "application/json", 400),
    "empty type": (b'{"type":""}', "application/json", 400),
    "type that is none": (b'{"type":7}', "application/json", 400),
    "half a surrogate pair": (b'{"type":"message","text":"\\ud83d"}', "application/json", 400),
    "very deep": (b'{"type":"message","value":' + b"[" * 100_000, "application/json", 400),
}


@pytest.mark.parametrize(("body", "kind", "expected"), BODIES.values(), ids=BODIES)
async def test_what_is_no_activity_is_said_plainly(
    house: House, body: bytes, kind: str, expected: int
) -> None:
    import aiohttp

    headers = {"Content-Type": kind, "Authorization": bearer()(house.fake)}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{house.fake.bot}/api/messages", data=body, headers=headers) as answer,
    ):
        assert answer.status == expected
        assert "Traceback" not in await answer.text()


def test_without_an_app_id_nothing_starts(fake: FakeTeams) -> None:
    for missing in ("app_id", "app_password", "tenant_id"):
        with pytest.raises(ValueError):
            fake.settings(**{missing: ""})
    with pytest.raises(ValueError):
        TokenCheck("", (), KeyStore("", lambda: pytest.fail("no network"), system_now), system_now)


def test_the_password_is_in_no_repr() -> None:
    assert "pass-word" not in repr(TeamsSettings(APP_ID, "pass-word", TENANT))


@pytest.mark.parametrize(
    "url",
    [
        "https://smba.trafficmanager.net/emea/",
        "https://smba.trafficmanager.net:443/teams",
        "https://europe.botframework.com/",
        "http://127.0.0.1:3978",
    ],
)
def test_service_urls_that_are_trusted(url: str) -> None:
    assert trusted(url, ("smba.trafficmanager.net", "*.botframework.com", "127.0.0.1"))


@pytest.mark.parametrize(
    "url",
    [
        "http://smba.trafficmanager.net/",
        "https://smba.trafficmanager.net:8443/",
        "https://smba.trafficmanager.net.evil.example/",
        "https://evil-smba.trafficmanager.net/",
        "https://botframework.com/",
        "https://user@smba.trafficmanager.net/",
        "https://evil.example\\@smba.trafficmanager.net/",
        "https://smba.trafficmanager.net/?x=1",
        "https://smba.trafficmanager.net/#x",
        "https://smba.trafficmanager.net:99999/",
        "https://[::1/",
        "https://smba.trafficmanager.net\n/",
        "ftp://127.0.0.1/",
        "http://127.0.0.2/",
        "file:///etc/passwd",
        "",
    ],
)
def test_service_urls_that_are_not(url: str) -> None:
    assert not trusted(url, ("smba.trafficmanager.net", "*.botframework.com", "127.0.0.1"))
