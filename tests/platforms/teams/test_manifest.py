from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft4Validator

from bot.chat.router import Router, Verb, join
from bot.locales import Translator
from bot.platforms.teams import icons, manifest
from bot.platforms.teams.surface import MAX_COMMANDS
from handlers import FEATURES

STALE = "the committed manifest is not what the code makes: run `make manifests`"
ROOT = Path(__file__).parents[3]
SCHEMAS = ROOT / "tests" / "schemas" / "teams"
COMMITTED = ROOT / "manifests" / "teams"
BASE = "https://cercle.example.org"
APP = "11111111-2222-3333-4444-555555555555"

NOBODY = "00000000-0000-0000-0000-000000000000"

router: Router[None] = Router()


@router.command("join", "rejoindre", hint="verb.join")
@router.command("pause", hint="verb.pause")
@router.command("secret")
def hear(context: None, event: object, rest: str) -> None:
    """A verb that is heard."""


VERBS = list(router.heard())


def words(language: str, key: str) -> str:
    return f"{language}: {key}"


def built(verbs: list[Verb] = VERBS, base: str = BASE) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(manifest.package(base, APP, verbs, words))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def problems(name: str, content: Any) -> list[str]:
    schema = json.loads((SCHEMAS / name).read_text("utf-8"))
    return [
        f"{error.instance_path}: {error.message}" for error in Draft4Validator(schema).iter_errors(content)
    ]


def test_the_package_is_flat_and_whole() -> None:
    assert sorted(built()) == ["color.png", "fr.json", "manifest.json", "outline.png"]


def test_the_manifest_is_one_teams_takes() -> None:
    assert problems("MicrosoftTeams.schema.json", json.loads(built()["manifest.json"])) == []


def test_every_language_file_is_one_teams_takes() -> None:
    assert problems("MicrosoftTeams.Localization.schema.json", json.loads(built()["fr.json"])) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [("name", {"short": "x" * 31}), ("colour", "#fff"), ("id", "cercle"), ("bots", [{}, {}])],
)
def test_the_schema_refuses_what_teams_would(key: str, value: Any) -> None:
    wrong = json.loads(built()["manifest.json"]) | {key: value}
    assert problems("MicrosoftTeams.schema.json", wrong)


def test_the_commands_are_those_the_code_hears() -> None:
    [commands] = json.loads(built()["manifest.json"])["bots"][0]["commandLists"]
    hinted = [verb for verb in router.heard() if verb.hint]
    assert [command["title"] for command in commands["commands"]] == [verb.name for verb in hinted]
    assert [command["description"] for command in commands["commands"]] == ["en: verb.pause", "en: verb.join"]


def test_french_commands_stand_at_the_same_places() -> None:
    strings = json.loads(built()["fr.json"])
    path = "bots[0].commandLists[0].commands"
    assert (strings[f"{path}[0].title"], strings[f"{path}[1].title"]) == ("pause", "rejoindre")
    assert strings[f"{path}[1].description"] == "fr: verb.join"


def test_the_most_teams_suggests_is_the_most_we_list() -> None:
    many = [Verb((f"verb{n}",), "hint") for n in range(MAX_COMMANDS + 1)]
    content = json.loads(built(many)["manifest.json"])
    assert problems("MicrosoftTeams.schema.json", content) == []
    assert len(content["bots"][0]["commandLists"][0]["commands"]) == MAX_COMMANDS


def test_without_commands_there_is_no_list() -> None:
    content = json.loads(built([])["manifest.json"])
    assert problems("MicrosoftTeams.schema.json", content) == []
    assert content["bots"][0]["commandLists"] == []


def test_the_same_code_makes_the_same_bytes() -> None:
    assert manifest.package(BASE, APP, VERBS, words) == manifest.package(BASE, APP, VERBS, words)


def test_the_address_gives_the_domain() -> None:
    content = json.loads(built(base="https://chat.example.org:8443/")["manifest.json"])
    assert content["validDomains"] == ["chat.example.org"]
    assert content["developer"]["websiteUrl"] == "https://chat.example.org:8443"


def test_an_address_without_https_is_refused() -> None:
    with pytest.raises(ValueError, match="https"):
        manifest.package("http://localhost:8080", APP, VERBS, words)


def pixels(png: bytes) -> tuple[int, int, bytes]:
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height, depth, kind = struct.unpack(">2I2B", png[16:26])
    assert (png[12:16], depth, kind) == (b"IHDR", 8, 6)
    length = struct.unpack(">I", png[33:37])[0]
    assert png[37:41] == b"IDAT"
    return width, height, zlib.decompress(png[41 : 41 + length])


def test_the_colour_icon_has_its_size_and_no_hole() -> None:
    width, height, rows = pixels(icons.color())
    assert (width, height) == (192, 192)
    assert all(
        set(rows[row + 4 : row + 1 + 4 * width : 4]) == {255} for row in range(0, len(rows), 1 + 4 * width)
    )


def test_the_outline_icon_is_white_on_nothing() -> None:
    width, height, rows = pixels(icons.outline())
    assert (width, height) == (32, 32)
    lines = [rows[row + 1 : row + 1 + 4 * width] for row in range(0, len(rows), 1 + 4 * width)]
    colours = {line[at : at + 3] for line in lines for at in range(0, len(line), 4)}
    assert colours == {b"\xff\xff\xff"}
    assert lines[0][3] == 0
    assert lines[16][4 * 16 + 3] == 255


def real_package() -> dict[str, bytes]:
    """With the app's own commands and words, and an address and an id for show."""
    heard = list(join(feature.router for feature in FEATURES).heard())
    return manifest.files(BASE, NOBODY, heard, lambda language, key: Translator(language)(key))


def test_the_committed_package_is_what_the_code_makes() -> None:
    made = real_package()
    assert sorted(path.name for path in COMMITTED.iterdir()) == sorted(made), STALE
    for name, content in made.items():
        committed = (COMMITTED / name).read_bytes()
        if name.endswith(".png"):
            assert pixels(committed) == pixels(content), STALE
        else:
            assert committed == content, STALE


def test_the_committed_package_is_one_teams_takes() -> None:
    made = real_package()
    assert problems("MicrosoftTeams.schema.json", json.loads(made["manifest.json"])) == []
    assert problems("MicrosoftTeams.Localization.schema.json", json.loads(made["fr.json"])) == []
