"""The door: what does not come from Slack goes no further. Bolt 1.30 comes after it, since left alone it
reads the body before the signature, and answers a timestamp that is no number with 500 and a traceback."""

from __future__ import annotations

import json
import re
from binascii import a2b_qp
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from slack_sdk.signature import SignatureVerifier

MAX_BODY = 1024 * 1024
"""Bytes. Slack's largest payload is a modal's: 250 kB (docs.slack.dev, `view_too_large`)."""

TIMESTAMP = re.compile(r"[0-9]{1,12}")
INTERACTION = "payload="
SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")


class Guard:
    def __init__(self, signing_secret: str) -> None:
        self._verifier = SignatureVerifier(signing_secret)

    async def admit(self, request: web.Request) -> dict[str, Any]:
        """The payload of a request that Slack signed within the last five minutes.

        Raises HTTPUnauthorized, HTTPRequestEntityTooLarge, or HTTPBadRequest for a signed body that is no
        payload.
        """
        timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        if not (TIMESTAMP.fullmatch(timestamp) and SIGNATURE.fullmatch(signature)):
            raise web.HTTPUnauthorized
        body = _decoded(await _read(request))
        if not self._verifier.is_valid(body, timestamp, signature):
            raise web.HTTPUnauthorized
        return _payload(body)


async def _read(request: web.Request) -> bytes:
    """At most MAX_BODY. aiohttp unpacks a compressed body before it hands it over, so the limit holds for
    what comes out, and a body that is not what its encoding says breaks here."""
    body = bytearray()
    try:
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > MAX_BODY:
                raise web.HTTPRequestEntityTooLarge(max_size=MAX_BODY, actual_size=len(body))
    except (web.RequestPayloadError, ConnectionError):
        raise web.HTTPUnauthorized from None
    return bytes(body)


def _decoded(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise web.HTTPUnauthorized from None


def _payload(body: str) -> dict[str, Any]:
    """Events are JSON, commands a form, interactions JSON within a form. Bolt's own reading drops a command
    whose text holds the word "payload" (slack_bolt.request.internals.parse_body, 1.30)."""
    form: dict[str, Any] = {} if body.startswith("{") else _form(body)
    source = form.get("payload", "{}") if form else body
    try:
        payload = form if form and "payload" not in form else json.loads(source)
    except (ValueError, RecursionError):
        raise web.HTTPBadRequest from None
    if not isinstance(payload, dict):
        raise web.HTTPBadRequest
    return payload


def _form(body: str) -> dict[str, str]:
    if body.startswith(INTERACTION) and "&" not in body:
        return {"payload": _unquoted(body.removeprefix(INTERACTION))}
    return dict(parse_qsl(body, keep_blank_values=True))


def _unquoted(value: str) -> str:
    """As urllib.parse.unquote_plus, in C: a press brings its whole card along, a thousand escapes and more,
    and unquote_plus was a fifth of all the work it made. Quoted-printable is the same code with another
    sign."""
    quoted = value.replace("+", " ").replace("=", "%3D").replace("%", "=")
    return a2b_qp(quoted.encode()).decode(errors="replace")
