"""`make manifests`: write the files in this folder from the code, for an example address and app."""

from __future__ import annotations

from pathlib import Path

from bot.app import VERBS, words
from bot.platforms.slack import manifest as slack
from bot.platforms.teams import manifest as teams

FOLDER = Path(__file__).parent
BASE_URL = "https://cercle.example.org"
APP_ID = "00000000-0000-0000-0000-000000000000"


def built() -> dict[str, bytes]:
    """Return the content of each file, by its path in this folder."""
    package = teams.files(BASE_URL, APP_ID, VERBS, words)
    return {
        "slack.yaml": slack.text(BASE_URL, VERBS).encode(),
        **{f"teams/{name}": content for name, content in package.items()},
    }


def write(folder: Path) -> None:
    """Make `folder` hold what is built, and its `teams` nothing else."""
    files = {folder / name: content for name, content in built().items()}
    (folder / "teams").mkdir(exist_ok=True)
    for stray in set((folder / "teams").iterdir()) - files.keys():
        stray.unlink()
    for file, content in files.items():
        file.write_bytes(content)


if __name__ == "__main__":
    write(FOLDER)
