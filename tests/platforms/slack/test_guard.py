"""The quick way to read a form's field reads what the slow one does."""

from __future__ import annotations

import json
from urllib.parse import quote, quote_plus, unquote_plus

from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.slack.guard import _unquoted

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(TEXT, st.sampled_from([quote_plus, quote, lambda text: quote(text, safe="=/_.~")]))
def test_whatever_a_client_quotes(text: str, quoting: object) -> None:
    quoted = quoting(text)  # type: ignore[operator]
    assert _unquoted(quoted) == unquote_plus(quoted) == text


@given(st.dictionaries(TEXT, TEXT, max_size=5))
def test_a_payload(payload: dict[str, str]) -> None:
    assert json.loads(_unquoted(quote_plus(json.dumps(payload)))) == payload
