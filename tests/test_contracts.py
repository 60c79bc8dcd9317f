"""Every import contract in pyproject.toml bites: a violation planted in a copy of the sources breaks it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("bot", "handlers", "scheduler", "storage")
CONTRACTS = {
    contract["id"]: contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}
LINT = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]

PLANTS = [
    ("layers", "bot/chat/card.py", "import bot.context"),
    ("layers", "bot/domain/share.py", "from bot.chat import card"),
    ("layers", "storage/people.py", "import handlers.home"),
    ("layers", "handlers/home/handlers.py", "import scheduler.pump"),
    ("layers", "scheduler/pump/loop.py", "import bot.web"),
    ("layers", "bot/dispatch.py", "import bot.app"),
    ("no-stray-modules", "bot/utils.py", "import re"),
    ("platforms-see-chat", "bot/platforms/slack/render.py", "from bot.domain import member"),
    ("platforms-see-chat", "bot/platforms/teams/parse.py", "import storage.people"),
    ("platforms-are-strangers", "bot/platforms/playground/render.py", "import bot.platforms.slack.render"),
    ("platforms-are-strangers", "bot/platforms/zulip/__init__.py", "import bot.platforms.teams.parse"),
    ("features-are-strangers", "handlers/sharing/service.py", "import handlers.team.service"),
    ("features-are-strangers", "handlers/kudos/__init__.py", "import handlers.home.cards"),
    ("cards-are-pure", "handlers/posts/cards.py", "import storage.posts"),
    ("cards-are-pure", "handlers/sharing/cards.py", "import handlers.sharing.service"),
    ("cards-are-pure", "handlers/team/cards.py", "from bot.context import Context"),
    ("vocabulary-is-plain", "bot/chat/reply.py", "import asyncio"),
    ("vocabulary-is-plain", "bot/domain/working_time.py", "import structlog"),
    ("slack-in-one-folder", "bot/app.py", "import slack_sdk"),
    ("slack-in-one-folder", "bot/platforms/teams/render.py", "from slack_bolt.async_app import AsyncApp"),
    ("botbuilder-in-one-folder", "bot/web/health.py", "from botbuilder.core import TurnContext"),
    ("botbuilder-in-one-folder", "handlers/home/service.py", "import msal"),
    ("web-server-at-the-edge", "handlers/posts/service.py", "from aiohttp import web"),
    ("web-server-at-the-edge", "scheduler/pump/delivery.py", "import aiohttp"),
    ("one-door-out", "scheduler/timetable.py", "import httpx"),
    ("one-door-out", "bot/platforms/slack/messenger.py", "import httpx"),
    ("sql-stays-in-storage", "handlers/membership/service.py", "from sqlalchemy import select"),
    ("sql-stays-in-storage", "bot/app.py", "import alembic"),
    ("engines-are-strangers", "storage/engines/database.py", "import storage.engines.sqlite"),
    ("engines-are-strangers", "storage/engines/database.py", "from storage.engines.postgres import Postgres"),
    ("engines-are-strangers", "storage/engines/sqlite.py", "from storage.engines import postgres"),
    ("engines-are-strangers", "storage/engines/postgres.py", "from storage.engines.connect import connect"),
    ("engines-are-strangers", "storage/engines/mysql.py", "import re"),
    ("clocks-stay-in-the-scheduler", "bot/app.py", "import apscheduler.schedulers"),
    ("clocks-stay-in-the-scheduler", "storage/jobs.py", "from procrastinate import App"),
]


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """The sources again, where they may be spoilt."""
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*.py"):
            copy = tmp_path / file.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    return tmp_path


def broken(folder: Path) -> tuple[set[str], str]:
    """The ids of the contracts that are broken in `folder`, and what import-linter said."""
    environ = os.environ | {"COLUMNS": "240", "NO_COLOR": "1"}
    done = subprocess.run(LINT, cwd=folder, env=environ, capture_output=True, text=True, timeout=60)
    said = done.stdout + done.stderr
    kept_or_not = dict(re.findall(r"^(.+) (KEPT|BROKEN)(?: \(.*\))?$", said, re.MULTILINE))
    assert set(kept_or_not) == set(CONTRACTS.values()), said
    found = {id for id, name in CONTRACTS.items() if kept_or_not[name] == "BROKEN"}
    assert bool(found) == bool(done.returncode), said
    return found, said


def test_the_sources_keep_every_contract(sources: Path) -> None:
    found, said = broken(sources)
    assert not found, said


@pytest.mark.parametrize(("contract", "file", "line"), PLANTS)
def test_a_planted_import_breaks_its_contract(sources: Path, contract: str, file: str, line: str) -> None:
    place = sources / file
    place.parent.mkdir(exist_ok=True)
    place.write_text((place.read_text() if place.exists() else "") + f"\n{line}\n")
    found, said = broken(sources)
    assert contract in found
    assert file.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".") in said


def test_every_contract_is_proved() -> None:
    assert {contract for contract, _, _ in PLANTS} == set(CONTRACTS)
