"""A table of real agents, as browsers, apps, previews and scanners send them."""

# ruff: noqa: E501

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.visitor import is_reader, on_phone, visitor_hash

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
PIXEL = (
    f"Mozilla/5.0 (Linux; Android 15; Pixel 8 Build/AP4A.250105.002; wv) {WEBKIT} Version/4.0 Chrome/131.0"
)
WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT}"
CHROME = f"{WINDOWS} Chrome/142.0.0.0 Safari/537.36"

READERS = {
    "Chrome": CHROME,
    "Edge": f"{CHROME} Edg/142.0.0.0",
    "Opera": f"{CHROME} OPR/124.0.0.0",
    "Firefox": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Safari": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Safari/605.1.15",
    "Internet Explorer": "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
    "iPhone": f"{IPHONE} Version/18.5 Mobile/15E148 Safari/604.1",
    "Chrome on an iPhone": f"{IPHONE} CriOS/142.0.7444.46 Mobile/15E148 Safari/604.1",
    "Android": f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/142.0.0.0 Mobile Safari/537.36",
    "Samsung": f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36",
    "a Cubot phone": f"Mozilla/5.0 (Linux; Android 13; CUBOT X70) {WEBKIT} Chrome/131.0 Mobile Safari/537.36",
    "Opera Mini": "Opera/9.80 (Android; Opera Mini/36.2.2254/119.132; U; id) Presto/2.12.423 Version/12.16",
    "Ecosia": f"{IPHONE} Version/18.4 Mobile/15E148 Safari/605.1.15 (Ecosia ios@11.0.2.2268)",
    "in LinkedIn, iPhone": f"{IPHONE} Mobile/15E148 [LinkedInApp]/9.31.4567",
    "in LinkedIn, Android": f"{PIXEL} Mobile Safari/537.36 [LinkedInApp] (com.linkedin.android; 4.1.1048; Pixel 8)",
    "in Facebook, iPhone": f"{IPHONE} Mobile/15E148 [FBAN/FBIOS;FBAV/500.0.0.49.108;FBBV/7;FBLC/fr_FR;FBOP/80]",
    "in Facebook, Android": f"{PIXEL} Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/500.0.0.58.78;FBPN/com.facebook.katana;]",
    "in Instagram": f"{IPHONE} Mobile/15E148 Instagram 360.0.0.30.98 (iPhone16,2; iOS 18_5; fr_FR; fr; scale=3.00)",
    "in X": f"{IPHONE} Mobile/15E148 Twitter for iPhone/11.2",
    "in Threads": f"{IPHONE} Mobile/15E148 Barcelona 370.0.0.30.75 (iPhone16,2; iOS 18_5; en_GB; en; scale=3.00)",
    "in Pinterest": f"{IPHONE} Mobile/15E148 [Pinterest/iOS]",
    "in Slack's desktop window": f"{WINDOWS} Chrome/138.0.0.0 Electron/37.2.0 Safari/537.36 Slack_SSB/4.45.64",
    "in Teams": f"{CHROME} Edg/142.0.0.0 Teams/25275.2602.4021.5366/49",
    "in Slack on a phone": f"{IPHONE} Mobile/15E148 Slack/25.11.10",
    "in Snapchat": f"{IPHONE} Mobile/15E148 Snapchat/13.40.0.48 (like Safari/8620.2.4, panda)",
    "in the Google app": f"{IPHONE} GSA/350.0.700 Mobile/15E148 Safari/604.1",
}

MACHINES = {
    "Slack's preview": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Slack's pictures": "Slack-ImgProxy (+https://api.slack.com/robots)",
    "LinkedIn's preview": "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "X's preview": "Twitterbot/1.0",
    "Facebook's preview": "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Meta's crawler": "meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)",
    "Messages on an iPhone": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like "
    "Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
    "Teams' preview": f"{WINDOWS} Chrome/120.0 Safari/537.36 SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
    "Microsoft's preview": f"{WINDOWS} Chrome/100.0 Safari/537.36 (compatible; MicrosoftPreview/2.0; +https://aka.ms/x)",
    "Bing's preview": f"{WINDOWS} Chrome/100.0 Safari/537.36 BingPreview/1.0b",
    "WhatsApp's preview": "WhatsApp/2.25.30.7 A",
    "Telegram's preview": "TelegramBot (like TwitterBot)",
    "Discord's preview": "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "Bluesky's preview": "Mozilla/5.0 (compatible; Bluesky Cardyb/1.1; +mailto:support@bsky.app) AppleWebKit/537.36",
    "Mastodon's preview": "Mastodon/4.5.0 (http.rb/5.3.1; +https://mastodon.social/) Bot",
    "Snapchat's preview": "Mozilla/5.0 (compatible; Snap URL Preview Service; bot; snapchat) AppleWebKit/537.36",
    "Pinterest's crawler": f"{WINDOWS} Chrome/100.0 Safari/537.36 (compatible; Pinterestbot/1.0)",
    "Google": "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Google's other crawler": f"{PIXEL} Mobile Safari/537.36 (compatible; GoogleOther)",
    "Gmail's pictures": "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "an assistant": f"Mozilla/5.0 {WEBKIT}; compatible; ChatGPT-User/1.0; +https://openai.com/bot",
    "Outlook looking whether a link exists": "Mozilla/4.0 (compatible; ms-office; MSOffice rmj)",
    "a mail gateway": f"{CHROME} BarracudaCentral/1.0",
    "another mail gateway": f"{WINDOWS} Chrome/110.0 Safari/537.36 Proofpoint URL Defense",
    "a monitor": "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
    "a browser nobody looks at": f"{WINDOWS} HeadlessChrome/142.0.0.0 Safari/537.36",
    "a speed test": f"{CHROME} PTST/250101.120000",
    "a script": "python-requests/2.32.3",
    "curl": "curl/8.16.0",
    "Node": "node",
    "a script that borrows a name": "Mozilla/5.0",
    "nobody": "",
}

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": "fr-FR,fr;q=0.9"}
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "cross-site"}


@pytest.mark.parametrize("agent", READERS.values(), ids=READERS.keys())
def test_people_count(agent: str) -> None:
    assert is_reader("GET", {**HTML, "User-Agent": agent})
    assert is_reader("GET", {**HTML, **NAVIGATION, "User-Agent": agent})
    assert is_reader("GET", {**NAVIGATION, "user-agent": agent})


@pytest.mark.parametrize("agent", MACHINES.values(), ids=MACHINES.keys())
def test_machines_do_not_whatever_they_ask_for(agent: str) -> None:
    assert not is_reader("GET", {**HTML, "User-Agent": agent})
    assert not is_reader("GET", {**HTML, **NAVIGATION, "User-Agent": agent})


@pytest.mark.parametrize("method", ["HEAD", "POST", "OPTIONS", "PROPFIND", "get", ""])
def test_only_a_get_is_a_reading(method: str) -> None:
    assert not is_reader(method, {**HTML, **NAVIGATION, "User-Agent": CHROME})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Sec-Purpose", "prefetch"),
        ("Sec-Purpose", "prefetch;prerender"),
        ("sec-purpose", "Prefetch;anonymous-client-ip"),
        ("Purpose", "prefetch"),
        ("X-Purpose", "preview"),
        ("X-Moz", "prefetch"),
    ],
)
def test_what_is_loaded_ahead_of_a_click_does_not_count(name: str, value: str) -> None:
    assert not is_reader("GET", {**HTML, **NAVIGATION, "User-Agent": CHROME, name: value})


@pytest.mark.parametrize("mode", ["cors", "no-cors", "same-origin", "websocket", ""])
def test_a_page_that_loads_the_link_is_not_a_reader(mode: str) -> None:
    assert not is_reader("GET", {**HTML, "User-Agent": CHROME, "Sec-Fetch-Mode": mode})


@pytest.mark.parametrize("destination", ["iframe", "embed", "object", "image"])
def test_a_link_drawn_inside_a_page_is_not_read(destination: str) -> None:
    headers = {**HTML, **NAVIGATION, "User-Agent": CHROME, "Sec-Fetch-Dest": destination}
    assert not is_reader("GET", headers)


@pytest.mark.parametrize("missing", HTML)
def test_an_old_browser_asks_for_a_page_in_a_language(missing: str) -> None:
    headers = {name: value for name, value in HTML.items() if name != missing}
    assert not is_reader("GET", {**headers, "User-Agent": CHROME})


@pytest.mark.parametrize("accept", ["*/*", "image/avif,image/webp,*/*", "application/json", ""])
def test_an_old_browser_that_wants_something_else_is_no_reader(accept: str) -> None:
    assert not is_reader("GET", {**HTML, "User-Agent": CHROME, "Accept": accept})


@given(st.text(), st.dictionaries(st.text(), st.text()))
def test_anything_may_come_in(method: str, headers: dict[str, str]) -> None:
    assert is_reader(method, headers) is False
    assert on_phone(headers) in (True, False)


@pytest.mark.parametrize(
    ("headers", "phone"),
    [
        ({"User-Agent": READERS["iPhone"]}, True),
        ({"User-Agent": READERS["Android"]}, True),
        ({"User-Agent": READERS["Safari"]}, False),
        ({"User-Agent": CHROME}, False),
        ({"User-Agent": READERS["Android"], "Sec-CH-UA-Mobile": "?0"}, False),
        ({"User-Agent": CHROME, "sec-ch-ua-mobile": "?1"}, True),
        ({}, False),
    ],
)
def test_phones_are_told_apart(headers: dict[str, str], phone: bool) -> None:
    assert on_phone(headers) is phone


SALT = b"a day's own salt"


@given(st.text(), st.text(), st.text(), st.text())
def test_one_visitor_has_one_hash(address: str, agent: str, other_address: str, other_agent: str) -> None:
    mine = visitor_hash(SALT, address, agent)
    assert mine == visitor_hash(SALT, address, agent)
    assert len(mine) == 32
    assert mine != visitor_hash(b"another day's one", address, agent)
    if (address, agent) != (other_address, other_agent) and "\0" not in address + other_address:
        assert mine != visitor_hash(SALT, other_address, other_agent)


def test_a_hash_gives_nothing_away() -> None:
    assert visitor_hash(SALT, "203.0.113.7", CHROME) == "4b356cd78bede7eda04a7b3d8ad76b94"
    assert visitor_hash(SALT, "\ud800", "") != ""


@pytest.mark.parametrize("salt", [b"", b"fifteen bytes.."])
def test_a_salt_that_can_be_guessed_is_refused(salt: bytes) -> None:
    with pytest.raises(ValueError, match="16 are needed"):
        visitor_hash(salt, "203.0.113.7", CHROME)
