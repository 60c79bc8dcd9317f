"""Who follows a tracked link: a reader is counted; a crawler, a preview or a mail scanner is not."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping

MIN_SALT = 16
"""Bytes. With a known salt, all four thousand million IPv4 addresses are tried in minutes."""

CRAWLERS = {
    # Cubot makes phones.
    "names itself a crawler": r"(?<!cu)bot|crawl|spider|slurp|scrap|fetcher|archiver|scan",
    "gives an address, which browsers never do": r"https?:|\w@[\w-]+\.[a-z]|\.(?:com|co|io|net|org)\b",
    "draws the preview of a link": (
        "facebookexternalhit|facebookcatalog|meta-external|skypeuripreview|preview|slack-imgproxy|snap url"
        "|embedly|iframely|vkshare|bitly|cardyb|pinterest/0|flipboardproxy|tumblr/"
    ),
    "reads for a search engine, an assistant or a measurement": (
        "google-|-google|googleother|google favicon|googleagent|imageproxy|mediapartners|lighthouse|pagespeed"
        "|gtmetrix|ptst/|validator|yahoomailproxy|-favicons|baidu[a-z-]*(?:render|transcoder)|chatgpt-user"
        "|oai-search|perplexity-user|claude-user|mistralai-user|manus-user"
    ),
    "follows the links of a mail before its reader does": (
        "barracuda|proofpoint|mimecast|ciscosecure|ironport|fortiguard|fortinet|forcepoint|sophos|symantec"
        "|trend ?micro|zscaler|safe-?browsing|ms-?office|microsoft office|virustotal|cloudmark|netcraft"
        "|phishtank|paloalto|expanse|censys|nessus|qualys"
    ),
    "watches over a site": (
        "uptime|pingdom|statuscake|site24x7|datadog|newrelic|hetrix|monitor|health-?check|synthetic"
        "|appinsights|thousandeyes|rigor"
    ),
    "is a browser nobody looks at": (
        "headless|phantomjs|prerender|puppeteer|playwright|selenium|webdriver|cypress|htmlunit|jsdom|splash"
        "|wkhtml|inspector"
    ),
}
"""Small letters, by what the agent does. Sources: what each named agent documents of itself, and
getsentry/sentry#5285; for mail gateways, the names they are seen to leak. Measured in November 2026: of the
2,123 agents in crawler-user-agents 1.67.0 all but 33 are refused; of the 6,936 browsers in fake-useragent
2.2.0 one is, whose agent stands in quotation marks."""

CRAWLER = re.compile("|".join(CRAWLERS.values()))
BROWSER = re.compile(r"^mozilla/5\.0 \(.+(?:applewebkit/|gecko/|trident/)|^opera/9\.80 \(.+presto/")
AHEAD = re.compile(r"prefetch|prerender|preview|instant")
AHEAD_HEADERS = ("purpose", "sec-purpose", "x-purpose", "x-moz")


def is_reader(method: str, headers: Mapping[str, str]) -> bool:
    """Whether this request is a person opening the link.

    A GET by a browser that is no known crawler, not made ahead of a click, and a navigation: by
    Sec-Fetch-Mode or, from browsers older than that (Safari until 16.4, many web views), by what it asks for.
    """
    lower = {name.lower(): value.lower() for name, value in headers.items()}
    agent = lower.get("user-agent", "")
    if method != "GET" or not BROWSER.search(agent) or CRAWLER.search(agent) or _is_ahead(lower):
        return False
    if "sec-fetch-mode" in lower:
        return lower["sec-fetch-mode"] == "navigate" and lower.get("sec-fetch-dest", "document") == "document"
    return "text/html" in lower.get("accept", "") and "accept-language" in lower


def on_phone(headers: Mapping[str, str]) -> bool:
    """Whether a network would show this visitor its site for phones."""
    lower = {name.lower(): value for name, value in headers.items()}
    hint = lower.get("sec-ch-ua-mobile", "")
    return hint == "?1" if hint else "Mobi" in lower.get("user-agent", "")


def visitor_hash(salt: bytes, address: str, agent: str) -> str:
    """Tells visitors apart for as long as the salt is kept, and no longer: 32 hexadecimal digits.

    Raises ValueError for a salt that could be guessed.
    """
    if len(salt) < MIN_SALT:
        raise ValueError(f"a salt of {len(salt)} bytes, at least {MIN_SALT} are needed")
    who = f"{address}\0{agent}".encode(errors="replace")
    return hmac.digest(salt, who, hashlib.sha256).hex()[:32]


def _is_ahead(lower: Mapping[str, str]) -> bool:
    """Loaded before the click that may never come (Sec-Purpose; Purpose and X-Moz in older browsers)."""
    return any(AHEAD.search(lower.get(name, "")) for name in AHEAD_HEADERS)
