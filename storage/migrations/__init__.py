"""The migrations: Alembic's scripts, which bring a database to the shape of `storage.tables`."""

from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL

FOLDER = Path(__file__).parent


def config(address: URL) -> Config:
    """Return what Alembic's commands need for the database at `address`."""
    made = Config()
    made.set_main_option("script_location", str(FOLDER))
    made.attributes["url"] = address
    return made


def scripts() -> ScriptDirectory:
    """Return the scripts in `versions`."""
    return ScriptDirectory(str(FOLDER), file_template="v%(rev)s_%(slug)s", messaging_opts={"quiet": True})
