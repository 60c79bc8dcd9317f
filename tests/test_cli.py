"""The `cercle` command, as somebody types it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
import yaml

from bot.app import VERBS

COMMANDS = ("serve", "worker", "migrate", "doctor", "demo", "manifest")
WEAK = "canary-weak"
SLACK = {
    "CERCLE_SECRET_KEY": "k" * 43,
    "SLACK_SIGNING_SECRET": "5" * 32,
    "SLACK_BOT_TOKEN": "xoxb-1-2-canary",
}
TEAMS = {
    "CERCLE_SECRET_KEY": "k" * 43,
    "MICROSOFT_APP_ID": "11111111-2222-3333-4444-555555555555",
    "MICROSOFT_APP_PASSWORD": "canary-password",
    "MICROSOFT_APP_TENANT_ID": "66666666-7777-8888-9999-000000000000",
}


def cercle(folder: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """In a folder of its own and an environment that holds nothing else."""
    return subprocess.run(
        [sys.executable, "-m", "bot", *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "NO_COLOR": "1", "COLUMNS": "120", **environ},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_help_names_every_command(tmp_path: Path) -> None:
    done = cercle(tmp_path, "--help")
    assert done.returncode == 0
    for command in COMMANDS:
        assert re.search(rf"\b{command}\b", done.stdout), command


def test_an_unknown_command_is_refused(tmp_path: Path) -> None:
    done = cercle(tmp_path, "conquer")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({}, ["SLACK_SIGNING_SECRET", "MICROSOFT_APP_ID", "CERCLE_SECRET_KEY"]),
        ({**SLACK, "CERCLE_SECRET_KEY": WEAK}, ["CERCLE_SECRET_KEY"]),
        ({**SLACK, "SLACK_SIGNING_SECRET": WEAK}, ["SLACK_SIGNING_SECRET"]),
        ({**SLACK, "SLACK_BOT_TOKEN": WEAK}, ["SLACK_BOT_TOKEN"]),
        ({**TEAMS, "MICROSOFT_APP_PASSWORD": ""}, ["MICROSOFT_APP_PASSWORD"]),
        ({**TEAMS, "MICROSOFT_APP_TENANT_ID": ""}, ["MICROSOFT_APP_TENANT_ID"]),
        ({**TEAMS, "MICROSOFT_APP_ID": ""}, ["MICROSOFT_APP_ID"]),
        ({**SLACK, "CERCLE_PORT": WEAK}, ["CERCLE_PORT"]),
        ({**SLACK, "CERCLE_BASE_URL": f"ftp://{WEAK}"}, ["CERCLE_BASE_URL"]),
        ({**SLACK, "CERCLE_DATABASE_URL": f"postgresql://u:{WEAK}@db/c"}, ["CERCLE_DATABASE_URL"]),
        ({**SLACK, "CERCLE_DATABASE_URL": WEAK}, ["CERCLE_DATABASE_URL"]),
        ({**SLACK, "CERCLE_LOG_LEVEL": WEAK}, ["CERCLE_LOG_LEVEL"]),
        ({**SLACK, "CERCLE_HOST": "0.0.0.0"}, ["CERCLE_BASE_URL"]),
        ({**SLACK, "CERCLE_DEV_TEAMS_ANONYMOUS": "1", "CERCLE_HOST": "0.0.0.0",
          "CERCLE_BASE_URL": "https://cercle.example"}, ["CERCLE_DEV_TEAMS_ANONYMOUS"]),
        ({**SLACK, "SLACK_BOT_TOKEN_FILE": f"/nowhere/{WEAK}"}, ["SLACK_BOT_TOKEN_FILE"]),
    ],
)  # fmt: skip
def test_a_missing_or_weak_secret_stops_the_start_and_is_named(
    tmp_path: Path, environ: dict[str, str], named: list[str]
) -> None:
    done = cercle(tmp_path, "serve", **environ)
    assert done.returncode == 2
    assert done.stdout == ""
    for name in named:
        assert name in done.stderr
    for value in (WEAK, "canary", "k" * 43, "5" * 32):
        assert value not in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_secret_may_come_as_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text(WEAK + "\n")
    done = cercle(tmp_path, "serve", **{**SLACK, "SLACK_BOT_TOKEN": "", "SLACK_BOT_TOKEN_FILE": str(secret)})
    assert done.returncode == 2
    assert "SLACK_BOT_TOKEN starts with xoxb-" in done.stderr
    assert WEAK not in done.stderr


def test_migrate_makes_the_database_and_may_be_run_again(tmp_path: Path) -> None:
    for _ in range(2):
        done = cercle(tmp_path, "migrate")
        assert (done.returncode, done.stdout) == (0, "The database is up to date.\n")
    assert (tmp_path / "data" / "cercle.sqlite3").is_file()


def test_the_doctor_says_what_to_mend(tmp_path: Path) -> None:
    done = cercle(tmp_path, "doctor", CERCLE_SECRET_KEY=WEAK)
    assert done.returncode == 1
    assert "mend    settings: CERCLE_SECRET_KEY" in done.stdout
    assert WEAK not in done.stdout + done.stderr


def test_the_manifest_for_slack_names_every_verb_and_the_address(tmp_path: Path) -> None:
    done = cercle(tmp_path, "manifest", "slack", CERCLE_BASE_URL="https://cercle.example")
    assert done.returncode == 0, done.stderr
    manifest = yaml.safe_load(done.stdout)
    (command,) = manifest["features"]["slash_commands"]
    assert command["url"] == "https://cercle.example/slack/events"
    assert command["usage_hint"].split(" | ") == [verb.name for verb in VERBS]
    out = tmp_path / "slack.yaml"
    cercle(tmp_path, "manifest", "slack", str(out), CERCLE_BASE_URL="https://cercle.example")
    assert out.read_text() == done.stdout


def test_the_manifest_for_teams_is_a_package(tmp_path: Path) -> None:
    known = {"CERCLE_BASE_URL": "https://cercle.example", "MICROSOFT_APP_ID": TEAMS["MICROSOFT_APP_ID"]}
    done = cercle(tmp_path, "manifest", "teams", **known)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(BytesIO((tmp_path / "cercle-teams.zip").read_bytes())) as package:
        assert {"manifest.json", "color.png", "outline.png"} <= set(package.namelist())
        manifest = json.loads(package.read("manifest.json"))
    assert manifest["bots"][0]["botId"] == TEAMS["MICROSOFT_APP_ID"]
    lists = manifest["bots"][0]["commandLists"]
    assert {command["title"] for one in lists for command in one["commands"]} <= {
        name for verb in VERBS for name in verb.names
    }


@pytest.mark.parametrize("platform", ["slack", "teams"])
def test_a_manifest_needs_an_address_that_others_reach(tmp_path: Path, platform: str) -> None:
    done = cercle(tmp_path, "manifest", platform, MICROSOFT_APP_ID=TEAMS["MICROSOFT_APP_ID"])
    assert done.returncode == 2
    assert "https" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_manifest_for_teams_needs_the_bots_id(tmp_path: Path) -> None:
    done = cercle(tmp_path, "manifest", "teams", CERCLE_BASE_URL="https://cercle.example")
    assert done.returncode == 2
    assert "MICROSOFT_APP_ID" in done.stderr
