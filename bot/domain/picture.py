"""Which pictures both chats show: png, jpg and gif. Slack refuses a whole message that has another one."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

TYPES = ("image/png", "image/jpeg", "image/gif")
_OTHERS = re.compile("apng|avif|bmp|eps|hei[cf]|ico|jp2|jxl|pdf|svgz?|tiff?|webp", re.IGNORECASE)


def may_be_shown(url: str) -> bool:
    """Tell whether an address does not name another format, in its path or, as image servers do, in a value
    of its query. Most addresses name none: then only the chat can tell."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    ending = parts.path.rpartition("/")[2].rpartition(".")[2]
    named = (ending, *(value for _, value in parse_qsl(parts.query)))
    return not any(map(_OTHERS.fullmatch, named))
