"""The image and its composition. There is no container engine where these tests run: the steps of the
Dockerfile are carried out by hand in an empty folder, and what comes out of them is started."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
SECRETS = {"cercle_secret_key", "slack_signing_secret", "slack_bot_token", "microsoft_app_password"}
ROOTED = re.compile(r"(?<![\w.])/(opt/cercle|src|data)\b")
"""The folders of the image that its steps name."""


@dataclass(frozen=True)
class Step:
    word: str
    rest: str


def steps(text: str) -> list[Step]:
    """The instructions of a Dockerfile, continued lines joined."""
    lines = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    return [Step(*line.split(maxsplit=1)) for line in lines if line.strip()]


DOCKERFILE = steps((ROOT / "Dockerfile").read_text())
FROM = [number for number, step in enumerate(DOCKERFILE) if step.word == "FROM"]
BUILD, FINAL = DOCKERFILE[FROM[0] : FROM[1]], DOCKERFILE[FROM[1] :]


def of(stage: list[Step], word: str) -> list[str]:
    return [step.rest for step in stage if step.word == word]


# The files themselves


def test_the_linter_finds_nothing() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, "--format", "json", ROOT / "Dockerfile"], capture_output=True, text=True)
    assert json.loads(done.stdout) == []


def test_the_image_is_small_rootless_and_healthy() -> None:
    assert [step.rest.split()[0] for step in DOCKERFILE if step.word == "FROM"] == ["python:3.11-slim"] * 2
    assert of(FINAL, "RUN") == []
    assert [user for user in of(FINAL, "USER") if not re.fullmatch(r"[1-9]\d+:[1-9]\d+", user)] == []
    assert of(FINAL, "VOLUME") == ['["/data"]']
    assert of(FINAL, "STOPSIGNAL") == ["SIGTERM"]
    assert of(FINAL, "EXPOSE") == ["8000"]
    assert of(FINAL, "CMD") == ['["cercle", "serve"]']
    assert len(of(FINAL, "HEALTHCHECK")) == 1


def test_nothing_is_installed_that_the_lock_file_does_not_name() -> None:
    installs = [command for command in of(BUILD, "RUN") if "pip install" in command]
    assert installs
    for command in installs:
        assert ("--require-hashes -r requirements.lock" in command) or ("--no-deps" in command)


def test_no_secret_is_baked_in() -> None:
    words = " ".join(step.rest for step in DOCKERFILE if step.word in ("ENV", "ARG"))
    assert not re.search(r"SECRET|TOKEN|PASSWORD", words)


def test_only_what_is_copied_is_sent_to_the_builder() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    assert "*" in ignored
    assert let_in == {source for copy in of(BUILD, "COPY") for source in copy.split()[:-1]}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return loaded


def test_the_composition_gives_away_nothing(compose: dict[str, Any]) -> None:
    service = compose["services"]["cercle"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["tmpfs"] == ["/tmp"]
    assert service["volumes"] == ["data:/data"]
    assert set(compose["volumes"]) == {"data"}
    assert [service["user"]] == of(FINAL, "USER")
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert not {"privileged", "cap_add", "network_mode", "pid", "devices"} & set(service)


def test_the_composition_hands_secrets_over_as_files(compose: dict[str, Any]) -> None:
    service = compose["services"]["cercle"]
    assert set(service["secrets"]) == set(compose["secrets"]) == SECRETS
    for name in SECRETS:
        assert service["environment"][f"{name.upper()}_FILE"] == f"/run/secrets/{name}"
        assert name.upper() not in service["environment"]
        assert compose["secrets"][name] == {"file": f"./secrets/{name}"}
    assert "/secrets/" in (ROOT / ".gitignore").read_text().splitlines()


class _Merged(yaml.SafeLoader):
    """Reads `!reset`, with which Compose empties what a service inherits."""


_Merged.add_constructor("!reset", lambda loader, node: loader.construct_sequence(node))


def test_the_composition_of_many_has_workers_that_nobody_calls(compose: dict[str, Any]) -> None:
    many = yaml.load((ROOT / "compose.postgres.yaml").read_text(), _Merged)
    services = many["services"]
    worker = services["worker"]
    assert worker["extends"] == {"file": "compose.yaml", "service": "cercle"}
    assert (worker["command"], worker["ports"]) == (["cercle", "worker"], [])
    assert "ports" not in services["postgres"]
    database = {"CERCLE_DATABASE_URL_FILE": "/run/secrets/cercle_database_url"}
    assert services["cercle"]["environment"] == database
    assert worker["environment"] == database | {"CERCLE_WORKER_PORT": "8000"}
    assert f":{worker['environment']['CERCLE_WORKER_PORT']}/healthz" in str(
        compose["services"]["cercle"]["healthcheck"]
    )
    for name in ("cercle_database_url", "postgres_password"):
        assert many["secrets"][name] == {"file": f"./secrets/{name}"}
    assert not set(many["secrets"]) & set(compose["secrets"])


def test_the_composition_asks_the_same_question_as_the_image(compose: dict[str, Any]) -> None:
    check = compose["services"]["cercle"]["healthcheck"]
    assert check["test"][:3] == ["CMD", "python", "-c"]
    assert "/healthz" in check["test"][3]
    (image,) = of(FINAL, "HEALTHCHECK")
    for name in ("interval", "timeout", "retries"):
        assert f"--{name}={check[name]}" in image


def test_the_lock_file_has_all_that_the_project_needs_with_hashes() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)", lock, re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {re.split(r"[<>=!~\[ ;]", wish)[0].lower() for wish in project["dependencies"]}
    assert needed <= set(pins)
    assert lock.count("--hash=sha256:") >= len(pins)


def test_ci_runs_everything_and_skips_nothing() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)
    text = script.read_text()
    assert "set -euo pipefail" in text
    assert text.index("npm ci") < text.index("CERCLE_REQUIRE_BROWSER=1") < text.index("make check")
    assert re.search(r"^check:.*\btest\b", (ROOT / "Makefile").read_text(), re.MULTILINE)


INDEXES = ("pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "npmjs" + ".com", "yarnpkg" + ".com")


def test_no_file_names_a_package_index() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: which files are tracked is not known")
    tracked = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).split("\0")
    files = [ROOT / name for name in tracked if name and (ROOT / name).is_file()]
    naming = [file for file in files if any(host.encode() in file.read_bytes() for host in INDEXES)]
    assert [str(file.relative_to(ROOT)) for file in naming] == []
    assert not any(re.search(r"^(?:--|-)(?:i|index-url|extra-index-url|find-links)\b", file.read_text(), re.M)
                   for file in files if file.suffix == ".lock")  # fmt: skip


# The steps, carried out


@dataclass(frozen=True)
class Image:
    """`root` stands for `/` of the image, as far as its steps name it."""

    root: Path
    environ: dict[str, str]

    def path(self, text: str) -> str:
        return ROOTED.sub(lambda found: f"{self.root}/{found[1]}", text)

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words,
            cwd=self.root / "data",
            env=self.environ | more,
            capture_output=True,
            text=True,
            timeout=120,
        )


def build(image: Image) -> None:
    """What an engine does with the first stage. What the second one copies stays where it is."""
    folder = image.root
    for step in BUILD:
        match step.word:
            case "WORKDIR":
                folder = Path(image.path(step.rest))
                folder.mkdir(parents=True, exist_ok=True)
            case "COPY":
                _copy(folder, step.rest.split())
            case "RUN":
                command = ["/bin/sh", "-ec", image.path(step.rest)]
                subprocess.run(command, cwd=folder, env=_builder(), check=True, timeout=500)
            case word:
                assert word == "FROM", word
    shutil.rmtree(image.root / "src")


def _copy(folder: Path, words: list[str]) -> None:
    *sources, target = words
    ignored = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("**/")]
    skip = shutil.ignore_patterns(*(line.removeprefix("**/") for line in ignored))
    for source in sources:
        place = folder / target
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, place, ignore=skip)
        else:
            shutil.copyfile(ROOT / source, place / source if target.endswith("/") else place)


def _builder() -> dict[str, str]:
    """The engine's own environment: Python on the path, and the way to its packages."""
    path = f"{Path(sys.base_prefix) / 'bin'}:/usr/bin:/bin"
    kept = {k: v for k, v in os.environ.items() if k.startswith(("PIP_", "SSL_", "REQUESTS_")) or k == "HOME"}
    return {"PATH": path, **kept}


def environment(root: Path) -> dict[str, str]:
    """What the second stage's ENV says."""
    words = " ".join(of(FINAL, "ENV")).replace("$PATH", "/usr/bin:/bin").split()
    pairs = dict(word.split("=", 1) for word in words)
    return {name: ROOTED.sub(lambda found: f"{root}/{found[1]}", value) for name, value in pairs.items()}


@pytest.fixture
def image(tmp_path: Path) -> Iterator[Image]:
    root = tmp_path / "image"
    (root / "opt").mkdir(parents=True)
    made = Image(root, environment(root) | {"CERCLE_HOST": "127.0.0.1", "HOME": str(root)})
    build(made)
    application = root / "opt"
    for path in [application, *application.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o222)
    yield made
    for folder in [application, *(path for path in application.rglob("*") if path.is_dir())]:
        folder.chmod(0o755)
    shutil.rmtree(root)


def posts(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file with its size and the moment of its last change."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in folder.rglob("*")
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def well_formed(port: int) -> dict[str, str]:
    """Settings of the right form, for a Slack that nobody answers for."""
    return {
        "CERCLE_PORT": str(port),
        "CERCLE_BASE_URL": f"http://127.0.0.1:{port}",
        "CERCLE_SECRET_KEY": "k" * 43,
        "SLACK_SIGNING_SECRET": "5" * 32,
        "SLACK_BOT_TOKEN": "xoxb-1-2-nobody",
        "SLACK_API_URL": f"http://127.0.0.1:{free_port()}/api/",
    }


def answered(url: str, process: subprocess.Popen[str], patience: float = 30) -> int:
    """The status at `url`, as soon as somebody listens there."""
    end = time.monotonic() + patience
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            time.sleep(0.1)
    process.kill()
    raise AssertionError(process.communicate())


def test_the_steps_make_a_bot_that_serves_stops_and_writes_only_its_data(image: Image) -> None:
    """In one test, for the steps take a minute."""
    before = posts(image.root / "opt")
    _has_no_tests_and_no_tools(image)
    _says_what_it_can_do(image)
    _migrates(image)
    _serves(image)
    assert posts(image.root / "opt") == before
    assert {path.name for path in image.root.iterdir()} == {"data", "opt"}


def _has_no_tests_and_no_tools(image: Image) -> None:
    packages = {path.name for path in image.root.glob("opt/cercle/lib/python*/site-packages/*")}
    assert {"bot", "handlers", "scheduler", "storage"} <= packages
    assert not {name for name in packages for tool in ("pytest*", "tests", "mypy*") if fnmatch(name, tool)}


def _says_what_it_can_do(image: Image) -> None:
    done = image.run("cercle", "--help")
    assert done.returncode == 0, done.stderr
    assert "serve" in done.stdout


def _migrates(image: Image) -> None:
    done = image.run("cercle", "migrate")
    assert done.returncode == 0, done.stderr
    assert (image.root / "data" / "cercle.sqlite3").is_file()


def _serves(image: Image) -> None:
    port = free_port()
    environ = image.environ | well_formed(port)
    assert _healthy(image, port) == 1
    with subprocess.Popen(
        json.loads(of(FINAL, "CMD")[0]),
        cwd=image.root / "data",
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        site = f"http://127.0.0.1:{port}"
        assert answered(f"{site}/healthz", process) == 200
        assert answered(f"{site}/readyz", process) == 200
        assert answered(f"{site}/s/{'x' * 22}", process) == 404
        assert answered(f"{site}/playground", process) == 404
        assert _healthy(image, port) == 0
        process.send_signal(getattr(signal, of(FINAL, "STOPSIGNAL")[0]))
        out, err = process.communicate(timeout=10)
    assert process.returncode == 0, err
    assert "/cercle lead " in out
    assert "Traceback" not in err
    assert {path.name for path in (image.root / "data").iterdir()} == {"cercle.sqlite3"}


def _healthy(image: Image, port: int) -> int:
    """The code that the image's own health check ends with."""
    (check,) = of(FINAL, "HEALTHCHECK")
    return image.run(*json.loads(check.partition("CMD ")[2]), CERCLE_PORT=str(port)).returncode
