"""Nothing an address says makes the guarded client reach what is not the public web.

Faked are the two ends only: the resolver's answers, and servers on loopback. What is dialled is seen by an
audit hook under the socket itself, and stopped there if it is not loopback.
"""

from __future__ import annotations

import asyncio
import gzip
import re
import socket
import ssl
import sys
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from bot.clients import errors, http
from bot.clients.address import is_public
from bot.clients.http import HTML, GuardedClient, Page
from tests.emulators import web
from tests.emulators.web import Web

PUBLIC = "93.184.215.14"

dialled: list[tuple[str, int]] = []
watching = False


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if watching and event == "socket.connect" and isinstance(arguments[1], tuple):
        host, port = arguments[1][:2]
        dialled.append((host, port))
        if host != "127.0.0.1":
            raise ConnectionRefusedError(host)


sys.addaudithook(_watch)


@pytest.fixture(autouse=True)
def dials() -> Iterator[list[tuple[str, int]]]:
    """Every address dialled during the test."""
    global watching
    dialled.clear()
    watching = True
    yield dialled
    watching = False


class Names:
    """A name server: each answer in turn, the last one for ever."""

    def __init__(self, **answers: Sequence[Sequence[str]]) -> None:
        self.answers = {name.replace("__", "."): list(turns) for name, turns in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        turns = self.answers.get(host)
        if turns is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return turns.pop(0) if len(turns) > 1 else turns[0]


async def get(client: GuardedClient, url: str, deadline: float = 5.0, limit: int = 1 << 20) -> Page:
    return await client.fetch(url, limit=limit, accept=HTML, deadline=deadline)


def sample(served: Web, names: Names | None = None) -> GuardedClient:
    return GuardedClient(names or Names(), frozenset({served.origin}))


# The corpus


def corpus() -> Iterator[tuple[str, str, list[str] | None]]:
    reason = ""
    for line in Path(__file__).with_name("corpus").joinpath("urls.txt").read_text("utf-8").split("\n"):
        if section := re.fullmatch(r"\[(page\.\w+)\]", line):
            reason = section[1]
        elif line and not line.startswith("#"):
            url, arrow, answers = line.partition(" →")
            yield reason, url, answers.split() if arrow else None


CORPUS = list(corpus())
ABSOLUTE = [case for case in CORPUS if re.match(r"https?://[^/]|(?!http)[\w+-]+:", case[1], re.IGNORECASE)]
"""Those that mean the same in a redirect."""


class OneName:
    """Answers the same to every question."""

    answers: list[str] | None = None

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        if self.answers is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return self.answers


async def refusal(client: GuardedClient, url: str) -> str:
    try:
        return (await get(client, url)).url
    except errors.Unreadable as error:
        return error.reason


async def test_the_corpus_is_refused_and_nothing_is_dialled(dials: list[tuple[str, int]]) -> None:
    assert len(CORPUS) > 350
    wrong = []
    names = OneName()
    async with Web() as canary, GuardedClient(names) as client:
        for reason, url, names.answers in CORPUS:
            found = await refusal(client, url.replace("{port}", str(canary.port)))
            if found != reason:
                wrong.append((url, found, reason))
        assert wrong == []
        assert dials == []
        assert canary.connections == 0


async def test_a_redirect_to_any_of_the_corpus_is_refused(dials: list[tuple[str, int]]) -> None:
    assert len(ABSOLUTE) > 300
    wrong = []
    names = OneName()
    async with Web() as canary, Web() as served, GuardedClient(names, frozenset({served.origin})) as client:
        for reason, url, names.answers in ABSOLUTE:
            served.answers["/"] = web.redirect(url.replace("{port}", str(canary.port)))
            found = await refusal(client, served.origin + "/")
            if found != reason:
                wrong.append((url, found, reason))
        assert wrong == []
        assert set(dials) == {("127.0.0.1", served.port)}
        assert canary.connections == 0


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_inside_ipv6_is_never_public(address: Any) -> None:
    packed = int(address)
    for prefix, shift in ((0, 0), (0xFFFF << 32, 0), (0x64FF9B << 96, 0), (0x2002 << 112, 80)):
        carrier = (prefix | packed << shift).to_bytes(16, "big")
        assert not is_public(socket.inet_ntop(socket.AF_INET6, carrier))


@given(st.text(max_size=60) | st.from_regex(r"https?://[^ ]{0,40}", fullmatch=True))
def test_any_text_is_an_address_or_a_kind_refusal(text: str) -> None:
    client = GuardedClient.__new__(GuardedClient)
    client._allowed = frozenset()
    with suppress(errors.BadAddress, errors.Forbidden):
        assert client.check(text).startswith(("http://", "https://"))


# What is dialled


async def test_a_name_is_resolved_once_and_the_checked_address_dialled(dials: list[tuple[str, int]]) -> None:
    names = Names(rebound__example=[[PUBLIC], ["127.0.0.1"]])
    async with GuardedClient(names) as client:
        with pytest.raises(errors.Unreachable):
            await get(client, "http://rebound.example/")
    assert names.asked == ["rebound.example"]
    assert dials == [(PUBLIC, 80)]


async def test_a_name_that_changes_its_answer_is_refused_the_next_time(dials: list[tuple[str, int]]) -> None:
    names = Names(rebound__example=[[PUBLIC], ["127.0.0.1"]])
    async with GuardedClient(names) as client:
        with pytest.raises(errors.Unreachable):
            await get(client, "http://rebound.example/")
        with pytest.raises(errors.Forbidden):
            await get(client, "http://rebound.example/")
    assert dials == [(PUBLIC, 80)]


async def test_the_next_address_is_tried_when_one_does_not_answer(dials: list[tuple[str, int]]) -> None:
    async with GuardedClient(Names(many__example=[["2606:4700::1", PUBLIC, "1.1.1.1", "8.8.8.8"]])) as client:
        with pytest.raises(errors.Unreachable):
            await get(client, "https://many.example/")
    assert dials == [("2606:4700::1", 443), (PUBLIC, 443), ("1.1.1.1", 443)]


async def test_a_public_address_written_plainly_is_dialled_without_asking_a_name_server(
    dials: list[tuple[str, int]],
) -> None:
    names = Names()
    async with GuardedClient(names) as client:
        for url in (f"http://{PUBLIC}/", "https://[2606:4700::1111]/", f"http://{PUBLIC}:443/"):
            with pytest.raises(errors.Unreachable):
                await get(client, url)
    assert names.asked == []
    assert dials == [(PUBLIC, 80), ("2606:4700::1111", 443), (PUBLIC, 443)]


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Web() as proxy, Web({"/": web.page(b"x")}) as served, sample(served) as client:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.origin)
        await get(client, served.origin + "/")
        assert proxy.connections == 0


async def test_only_the_exact_origin_is_allowed() -> None:
    async with Web({"/": web.page(b"x")}) as served, Web({"/": web.page(b"x")}) as other:
        async with sample(served, Names(localhost=[["127.0.0.1"]])) as client:
            assert (await get(client, served.origin)).body == b"x"
            near = [other.origin, f"https://127.0.0.1:{served.port}", f"http://localhost:{served.port}"]
            for url in [*near, f"http://127.0.0.1:{served.port}0/", f"http://127.1:{served.port}/"]:
                with pytest.raises(errors.Unreadable):
                    await get(client, url)
        assert (served.connections, other.connections) == (1, 0)


async def test_the_system_is_asked_off_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []

    def answer(*_: object, **__: object) -> list[Any]:
        threads.append(threading.current_thread().name)
        return [(0, 0, 0, "", ("127.0.0.1", 80)), (0, 0, 0, "", ("127.0.0.1", 80))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    assert await http.resolve("sample.example", 80) == ["127.0.0.1"]
    assert threads[0].startswith("resolve")


async def test_a_name_server_that_never_answers_is_too_slow() -> None:
    async def never(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(60)
        return []

    async with GuardedClient(never) as client:
        with pytest.raises(errors.TooSlow):
            await get(client, "http://slow.example/", deadline=0.1)


# TLS


def self_signed(name: str, tmp_path: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


async def test_tls_keeps_the_name_and_refuses_a_certificate_nobody_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = self_signed("secure.example", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))  # not trusted for it either
    asked_for: list[str] = []
    context.sni_callback = lambda _socket, name, _context: asked_for.append(name)
    async with Web({"/": web.page(b"x")}, tls=context) as served:
        names = Names(secure__example=[["127.0.0.1"]])
        async with GuardedClient(names, frozenset({f"https://secure.example:{served.port}"})) as client:
            with pytest.raises(errors.Unreachable):
                await get(client, f"https://secure.example:{served.port}/")
        assert asked_for == ["secure.example"]
        assert served.requests == []


# What is sent


async def test_the_request_names_the_host_and_asks_for_plain_bytes() -> None:
    async with Web({"/a?b=c": web.page(b"x")}) as served:
        names = Names(sample__example=[["127.0.0.1"]])
        origin = f"http://sample.example:{served.port}"
        async with GuardedClient(names, frozenset({origin})) as client:
            page = await get(client, f"{origin}/a?b=c#d")
        assert page.url == f"{origin}/a?b=c#d"
        assert served.requests == [
            web.Request(
                "/a?b=c",
                {
                    "host": f"sample.example:{served.port}",
                    "user-agent": http.USER_AGENT,
                    "accept": "text/html, application/xhtml+xml",
                    "accept-encoding": "identity",
                    "connection": "close",
                },
            )
        ]


async def test_no_cookie_is_kept() -> None:
    answers = {"/": web.redirect("/next"), "/next": web.page(b"x", "text/html", "Set-Cookie: a=b")}
    async with Web(answers) as served, sample(served) as client:
        await get(client, served.origin + "/")
        await get(client, served.origin + "/")
        assert len(served.requests) == 4
        assert not any("cookie" in request.headers for request in served.requests)


async def test_four_at_once_to_one_host() -> None:
    async def late(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.05)
        await web.page(b"x")(writer)

    async with Web({"/": late}) as served, sample(served) as client:
        await asyncio.gather(*(get(client, served.origin + "/") for _ in range(10)))
        assert served.most_at_once == http.PER_HOST


# What comes back


async def test_a_page_comes_back_as_it_was_sent() -> None:
    body = "<title>Été</title>".encode("latin-1")
    async with Web({"/": web.page(body, 'Text/HTML ; Charset="ISO-8859-1"')}) as served:
        async with sample(served) as client:
            page = await get(client, served.origin + "/")
        assert page == Page(served.origin + "/", 200, "text/html", "iso-8859-1", body)


@pytest.mark.parametrize(
    "line", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"]
)
async def test_redirects_are_followed(line: str) -> None:
    answers = {
        "/a": web.redirect("b", line),
        "/b": web.redirect("/c?d=e", line),
        "/c?d=e": web.redirect("?f#g", line),
        "/c?f": web.page(b"there"),
    }
    async with Web(answers) as served, sample(served) as client:
        assert (await get(client, served.origin + "/a")).url == served.origin + "/c?f#g"
        served.answers["/"] = web.redirect("/a")
        assert (await get(client, served.origin + "/")).body == b"there"


async def test_ten_redirects_are_followed_and_not_one_more() -> None:
    answers = {f"/{n}": web.redirect(f"/{n + 1}") for n in range(http.MAX_REDIRECTS)}
    answers[f"/{http.MAX_REDIRECTS}"] = web.page(b"there")
    async with Web(answers) as served, sample(served) as client:
        assert (await get(client, served.origin + "/0")).body == b"there"
        served.answers["/"] = web.redirect("/0")
        with pytest.raises(errors.Astray):
            await get(client, served.origin + "/")


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/a b?c d", "/a%20b?c%20d"),
        (" /a ", "/a"),
        ("{origin}/a b", "/a%20b"),
        ("/a\tb", "/ab"),
        ("/a\u00a0b", "/a%C2%A0b"),
    ],
)
async def test_white_space_in_a_redirect_is_read_as_a_browser_reads_it(location: str, path: str) -> None:
    async with Web({path: web.page(b"there")}) as served, sample(served) as client:
        served.answers["/"] = web.redirect(location.format(origin=served.origin))
        assert (await get(client, served.origin + "/")).url == served.origin + path


async def test_a_page_with_status_203_is_read() -> None:
    answer = web.raw(web.head("203 Non-Authoritative", "Content-Type: text/html") + b"<title>x</title>")
    async with Web({"/": answer}) as served, sample(served) as client:
        page = await get(client, served.origin + "/")
    assert (page.status, page.body) == (203, b"<title>x</title>")


def _raw_deflate(body: bytes) -> bytes:
    squeeze = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return squeeze.compress(body) + squeeze.flush()


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("X-GZIP", gzip.compress),
        ("identity, gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", _raw_deflate),
    ],
)
async def test_a_body_compressed_unasked_is_unpacked(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    body = b"<title>x</title>" + bytes(range(256)) * 500
    answer = web.page(pack(body), "text/html", f"Content-Encoding: {encoding}")
    async with Web({"/": answer}) as served, sample(served) as client:
        assert (await get(client, served.origin + "/")).body == body


async def test_a_bomb_is_unpacked_up_to_the_limit() -> None:
    async with Web({"/": web.gzip_bomb(10 << 20)}) as served, sample(served) as client:
        page = await client.fetch(served.origin + "/", limit=1000, accept=HTML, deadline=5, cut=True)
        assert page.body == bytes(1000)


@pytest.mark.parametrize(
    "body", [b"<!doctype html><p>x", b" \n<HTML lang=fr>", b"\xef\xbb\xbf<!-- x -->", b"<title>x"]
)
@pytest.mark.parametrize(
    "header", [(), ("Content-Type: ",), ("Content-Type: unknown/unknown",), ("Content-Type: html",)]
)
async def test_html_without_a_type_is_a_page(header: tuple[str, ...], body: bytes) -> None:
    async with Web({"/": web.raw(web.head("200 OK", *header) + body)}) as served, sample(served) as client:
        page = await get(client, served.origin + "/")
    assert (page.content_type, page.body) == ("text/html", body)


async def test_a_redirect_loop_ends() -> None:
    async with Web({"/": web.redirect("/")}) as served, sample(served) as client:
        with pytest.raises(errors.Astray):
            await get(client, served.origin + "/")
        assert len(served.requests) == http.MAX_REDIRECTS + 1


ANSWERS: dict[str, tuple[web.Answer, type[errors.Unreadable]]] = {
    "endless": (web.endless(), errors.TooBig),
    "drip": (web.drip(0.02), errors.TooSlow),
    "silent": (web.silent, errors.TooSlow),
    "endless hints": (web.endless_early_hints(), errors.TooSlow),
    "endless headers": (web.endless_headers(), errors.Failing),
    "huge header": (web.page(b"x", "text/html", "X: " + "a" * 200_000), errors.Failing),
    "gzip bomb": (web.gzip_bomb(10 << 20), errors.TooBig),
    "badly compressed": (web.page(b"x" * 99, "text/html", "Content-Encoding: gzip"), errors.NotAPage),
    "two compressions": (web.page(b"x", "text/html", "Content-Encoding: gzip, gzip"), errors.NotAPage),
    "brotli": (web.page(b"x", "text/html", "Content-Encoding: br"), errors.NotAPage),
    "two encodings": (web.page(b"x", "text/html", "Content-Encoding: identity, gzip"), errors.NotAPage),
    "chunked bomb": (
        web.raw(
            web.head("200 OK", "Content-Type: text/html", "Transfer-Encoding: chunked")
            + b"100000\r\n"
            + bytes(0x100000)
            + b"\r\n1\r\nx\r\n0\r\n\r\n"
        ),
        errors.TooBig,
    ),
    "bad chunk": (
        web.raw(web.head("200 OK", "Content-Type: text/html", "Transfer-Encoding: chunked") + b"zz\r\n"),
        errors.Failing,
    ),
    "truncated": (web.truncated(b"<title>half"), errors.Failing),
    "reset": (web.reset, errors.Failing),
    "empty": (web.raw(b""), errors.Failing),
    "garbage": (web.raw(b"\x00\xff" * 500 + b"\r\n\r\n"), errors.Failing),
    "another protocol": (web.raw(b"SSH-2.0-OpenSSH_9.2\r\n"), errors.Failing),
    "two lengths": (web.page(b"x", "text/html", "Content-Length: 7"), errors.Failing),
    "redirect to a file": (web.redirect("file:///etc/passwd"), errors.BadAddress),
    "redirect to a user": (web.redirect("http://a:b@example.com/"), errors.BadAddress),
    "redirect to loopback": (web.redirect("http://127.0.0.1/"), errors.Forbidden),
    "redirect to metadata": (web.redirect("//169.254.169.254/latest/"), errors.Forbidden),
    "redirect to nowhere": (web.redirect("http://nowhere.example/"), errors.Unreachable),
    "redirect without a place": (web.status("302 Found"), errors.Failing),
    "redirect of malice": (web.redirect("http://[::1"), errors.BadAddress),
    "not modified": (web.raw(web.head("304 Not Modified")), errors.Failing),
    "no content": (web.raw(web.head("204 No Content")), errors.Failing),
    "picture": (web.page(b"x", "image/png"), errors.NotAPage),
    "document": (web.page(b"x", "application/pdf"), errors.NotAPage),
    "no type": (web.raw(web.head("200 OK", "Content-Length: 1") + b"x"), errors.NotAPage),
    "no type, plain words": (web.raw(web.head("200 OK") + b"hello <html>"), errors.NotAPage),
    "odd type": (web.page(b"x", "text/html-not; charset=utf-8"), errors.NotAPage),
    "unprintable type": (web.raw(web.head()[:-2] + b"Content-Type: \xe9\xff\r\n\r\n"), errors.NotAPage),
    "log in": (web.status("401 Unauthorized"), errors.Closed),
    "stay out": (web.status("403 Forbidden"), errors.Closed),
    "linkedin": (web.status("999 Request denied"), errors.Closed),
    "missing": (web.status("404 Not Found"), errors.Missing),
    "gone": (web.status("410 Gone"), errors.Missing),
    "too many": (web.status("429 Too Many Requests"), errors.Failing),
    "broken": (web.status("500 Internal Server Error"), errors.Failing),
    "down": (web.status("503 Service Unavailable"), errors.Failing),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_a_hostile_answer_ends_in_a_reason(name: str) -> None:
    answer, expected = ANSWERS[name]
    async with Web({"/": answer}) as served, sample(served) as client:
        with pytest.raises(expected):
            await get(client, served.origin + "/", deadline=0.5 if expected is errors.TooSlow else 10)


async def test_nobody_listening() -> None:
    async with Web() as served:
        origin = served.origin
    async with GuardedClient(Names(), frozenset({origin})) as client:
        with pytest.raises(errors.Unreachable):
            await get(client, origin)


async def test_the_deadline_covers_the_redirects_together() -> None:
    async def late(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.2)
        await web.redirect("/")(writer)

    async with Web({"/": late}) as served, sample(served) as client:
        with pytest.raises(errors.TooSlow):
            await get(client, served.origin + "/", deadline=0.5)


async def test_a_body_of_exactly_the_limit_fits() -> None:
    async with Web({"/": web.page(b"a" * 1000)}) as served, sample(served) as client:
        assert len((await get(client, served.origin + "/", limit=1000)).body) == 1000
        with pytest.raises(errors.TooBig):
            await get(client, served.origin + "/", limit=999)


async def test_a_longer_body_is_cut_when_asked_to() -> None:
    async with Web({"/": web.endless(b"<title>x")}) as served, sample(served) as client:
        page = await client.fetch(served.origin + "/", limit=5000, accept=HTML, deadline=5, cut=True)
        assert (len(page.body), page.body[:8]) == (5000, b"<title>x")


async def test_after_the_worst_the_client_still_works() -> None:
    hostile = {f"/{place}": answer for place, (answer, _) in enumerate(ANSWERS.values())}
    async with Web({**hostile, "/fine": web.page(b"fine")}) as served, sample(served) as client:
        gets = [get(client, served.origin + path, deadline=0.2) for path in hostile]
        await asyncio.gather(*gets, return_exceptions=True)
        assert (await get(client, served.origin + "/fine")).body == b"fine"


def test_every_reason_is_one_of_its_own() -> None:
    reasons = [kind.reason for kind in errors.Unreadable.__subclasses__()]
    assert len(set(reasons)) == len(reasons) == 12
    assert all(kind.__doc__ for kind in errors.Unreadable.__subclasses__())
