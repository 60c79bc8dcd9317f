"""`make manifests`. What is in the files is tested in tests/platforms."""

from __future__ import annotations

from pathlib import Path

from manifests import build


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_every_file_is_written(tmp_path: Path) -> None:
    build.write(tmp_path)
    assert contents(tmp_path) == build.built()
    assert set(contents(tmp_path)) == {
        name for name in contents(build.FOLDER) if not name.endswith((".py", ".pyc"))
    }


def test_what_is_not_built_any_more_goes(tmp_path: Path) -> None:
    build.write(tmp_path)
    (tmp_path / "teams" / "de.json").write_text("{}")
    (tmp_path / "slack.yaml").write_text("old")
    build.write(tmp_path)
    assert contents(tmp_path) == build.built()
