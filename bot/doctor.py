"""`cercle doctor`: looks at settings, database and everything outside, and says how to mend what is wrong.
No line ever holds a secret."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from bot.clients import probe
from bot.domain.circle import Connection
from bot.settings import LOOPBACK, Settings
from storage import checkup
from storage.engines.connect import is_file, problems
from storage.engines.database import Unavailable

ROOM = 200 << 20
"""Bytes free beside the database under which the doctor warns: days of a busy circle, and the write-ahead
log of a large one."""
INSTALLED = (
    "Cercle cannot see who has it. An app setup policy installs it for your people, or a team has it: "
    "see docs/teams.md"
)
"""Nobody else can be written to one to one."""
SHOWN = 3
"""Damages of the database file that are told; the first ones say it all."""


class Mark(StrEnum):
    OK = "ok"
    SKIPPED = "skipped"
    MEND = "mend"


@dataclass(frozen=True, slots=True)
class Finding:
    """`about` names what was looked at; `note` says what is well, or how to mend what is not."""

    mark: Mark
    about: str
    note: str

    def __str__(self) -> str:
        return f"{self.mark:<8}{self.about}: {self.note}"


def examine(settings: Settings, say: Callable[[str], object]) -> int:
    """Say a line for each thing looked at; 0 when nothing needs mending, else 1."""
    marks = set()
    for look in (_settings, _database, _pages, _slack, _teams):
        for finding in look(settings):
            say(str(finding))
            marks.add(finding.mark)
    return 1 if Mark.MEND in marks else 0


def _ok(about: str, note: str) -> Finding:
    return Finding(Mark.OK, about, note)


def _mend(about: str, note: str) -> Finding:
    return Finding(Mark.MEND, about, note)


def _settings(settings: Settings) -> Iterator[Finding]:
    faults = settings.faults()
    for fault in faults:
        yield _mend("settings", fault)
    if not faults:
        yield _ok("settings", "complete")


def _database(settings: Settings) -> Iterator[Finding]:
    url = settings.cercle_database_url
    if not is_file(url):
        yield from _database_server(url)
        return
    file = checkup.file_of(url)
    if file.is_file():
        yield from _database_file(file, url)
    else:
        yield _mend("database", f"{file} does not exist: `cercle migrate` makes it")


def _database_file(file: Path, url: str) -> Iterator[Finding]:
    yield _room(file.parent)
    try:
        shape = _shape(checkup.revision(file))
        yield shape
        checkup.try_to_write(file)
        yield _ok("database", f"{file} can be written")
        if shape.mark is Mark.OK:
            yield from _connections(checkup.lost_connections(file))
    except sqlite3.Error as error:
        yield _mend("database", f"{file} cannot be used ({error}): its owner, its folder and the disk decide")
        return
    yield from _integrity(url)


def _database_server(url: str) -> Iterator[Finding]:
    place = checkup.place_of(url)
    try:
        shape = _shape(checkup.server_revision(url))
        yield shape
        if shape.mark is Mark.OK:
            checkup.try_to_write_there(url)
            yield _ok("database", f"{place} can be written")
            yield _queue(checkup.server_queue(url))
            yield from _connections(checkup.lost_connections_there(url))
    except Unavailable as error:
        yield _mend(
            "database", f"{place} cannot be used ({error}): CERCLE_DATABASE_URL, the server, or its rights"
        )


def _shape(now: str) -> Finding:
    head = checkup.head()
    if now != head:
        return _mend("database", f"at migration {now or 'none'}, {head} is needed: `cercle migrate`")
    return _ok("database", f"up to date (migration {head})")


def _queue(now: str) -> Finding:
    from scheduler import queue

    newest = queue.schema().newest
    if now < newest:
        return _mend("queue", f"Procrastinate at {now or 'none'}, {newest} is needed: `cercle migrate`")
    return _ok("queue", f"up to date (Procrastinate {now})")


def _connections(lost: Sequence[Connection]) -> Iterator[Finding]:
    """As the running Cercle noted them; it looks again every few minutes."""
    for connection in lost:
        since = f"not connected since {connection.lost_at:%Y-%m-%d %H:%M} UTC, so nothing is sent there"
        mend = "install the app again, and start Cercle with its new token"
        yield _mend(connection.platform, f"{since}: {mend}")


def _integrity(url: str) -> Iterator[Finding]:
    found = problems(url)
    for problem in found[:SHOWN]:
        yield _mend("database", f"damaged ({problem}): stop Cercle and put the last backup back")
    if not found:
        yield _ok("database", "nothing damaged, no reference astray")


def _room(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    if free < ROOM:
        return _mend("disk", f"{free >> 20} MB left in {folder}: {ROOM >> 20} MB are needed")
    return _ok("disk", f"{free >> 20} MB left")


def _pages(settings: Settings) -> Iterator[Finding]:
    """Whoever clicks in a chat has to reach this address, and so have Slack and Teams."""
    address = settings.cercle_base_url
    try:
        answer = probe.get(f"{address}/healthz")
    except probe.NobodyListens as error:
        if urlsplit(address).hostname in LOOPBACK:
            yield Finding(Mark.SKIPPED, "pages", f"nothing listens at {address}: run `cercle serve` first")
        else:
            yield _mend("pages", f"{address} does not answer ({error}): CERCLE_BASE_URL, or your proxy")
    except probe.Silent as error:
        yield _mend("pages", f"{address} does not answer ({error}): CERCLE_BASE_URL, or your proxy")
    else:
        if answer.status == 200 and answer.fields.get("status") == "ok":
            yield _ok("pages", f"{address} answers")
        else:
            yield _mend(
                "pages", f"{address}/healthz answers {answer.status}, and not as Cercle does: your proxy"
            )


def _slack(settings: Settings) -> Iterator[Finding]:
    token = settings.slack_bot_token.get_secret_value()
    if not token:
        return
    try:
        answer = probe.post(f"{settings.slack_api_url.rstrip('/')}/auth.test", token)
    except probe.Silent as error:
        yield _mend("slack", f"{settings.slack_api_url} does not answer ({error}): does a firewall stop it?")
        return
    if answer.fields.get("ok") is True:
        yield _ok("slack", f"the token works in {answer.fields.get('team', 'the workspace')}")
        yield from _scopes(answer.headers.get("x-oauth-scopes"))
    else:
        why = answer.fields.get("error", f"status {answer.status}")
        yield _mend("slack", f"SLACK_BOT_TOKEN is refused ({why}): reinstall the app and copy it again")


def _scopes(granted: str | None) -> Iterator[Finding]:
    """Slack names the scopes of a token in this header of each answer."""
    from bot.platforms.slack.surface import SCOPES

    if granted is None:
        return
    missing = set(SCOPES) - set(granted.replace(",", " ").split())
    if missing:
        yield _mend(
            "slack", f"scopes missing: {', '.join(sorted(missing))}. `cercle manifest slack` has them"
        )
    else:
        yield _ok("slack", "the token has every scope that is needed")


def _teams(settings: Settings) -> Iterator[Finding]:
    if not settings.teams or settings.cercle_dev_teams_anonymous:
        return
    from bot.platforms.teams.glue import TeamsSettings

    openid = settings.microsoft_openid_url or TeamsSettings.openid_url
    yield _document("Microsoft's keys", openid, "jwks_uri", "does a firewall stop it?")
    login = (settings.microsoft_login_url or TeamsSettings.login_url).rstrip("/")
    tenant = f"{login}/{settings.microsoft_app_tenant_id}/v2.0/.well-known/openid-configuration"
    yield _document("Microsoft's login", tenant, "token_endpoint", "MICROSOFT_APP_TENANT_ID, or a firewall")
    yield Finding(Mark.SKIPPED, "Teams app", INSTALLED)


def _document(about: str, url: str, field: str, mend: str) -> Finding:
    try:
        answer = probe.get(url)
    except probe.Silent as error:
        return _mend(about, f"{url} does not answer ({error}): {mend}")
    if answer.status != 200 or field not in answer.fields:
        return _mend(about, f"{url} answers {answer.status}: {mend}")
    return _ok(about, f"{urlsplit(url).hostname} answers")
