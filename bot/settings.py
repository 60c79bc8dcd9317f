"""The environment, typed. A missing or weak secret stops the start and is named; it is never shown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

MIN_SECRET = 32
"""Characters: a Slack signing secret is 32 hexadecimal digits, and our own key is no shorter."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class SettingsError(Exception):
    """The environment is not fit to start with: a line for each variable and what it lacks."""


class Settings(BaseModel):
    """Names are those of the environment, in lower case. Each may also come as NAME_FILE."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    cercle_database_url: str = Field(default="sqlite:///data/cercle.sqlite3", repr=False)
    cercle_base_url: str = "http://127.0.0.1:8000"
    cercle_host: str = "127.0.0.1"
    cercle_port: int = Field(default=8000, ge=0, le=65535)
    cercle_worker_port: int = Field(default=0, ge=0, le=65535)
    cercle_secret_key: SecretStr = SecretStr("")
    cercle_metrics_token: SecretStr = SecretStr("")
    cercle_trusted_proxy: bool = False
    cercle_log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    cercle_dev_teams_anonymous: bool = False

    slack_signing_secret: SecretStr = SecretStr("")
    slack_bot_token: SecretStr = SecretStr("")
    slack_api_url: str = "https://slack.com/api/"

    microsoft_app_id: str = ""
    microsoft_app_password: SecretStr = SecretStr("")
    microsoft_app_tenant_id: str = ""
    microsoft_openid_url: str = ""
    microsoft_login_url: str = ""
    microsoft_service_hosts: str = ""

    @field_validator("cercle_base_url")
    @classmethod
    def _is_an_origin(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
            raise ValueError("an address without a path is needed, like https://cercle.example.org")
        return url.rstrip("/")

    @field_validator("cercle_database_url")
    @classmethod
    def _is_a_database(cls, url: str) -> str:
        if not (_is_a_sqlite_file(url) or _is_a_postgresql_database(url)):
            raise ValueError(
                "a SQLite file is needed, like sqlite:///data/cercle.sqlite3, or a PostgreSQL database, "
                "like postgresql+psycopg://user:password@host/cercle"
            )
        return url

    @property
    def slack(self) -> bool:
        return bool(self.slack_signing_secret.get_secret_value() or self.slack_bot_token.get_secret_value())

    @property
    def teams(self) -> bool:
        return bool(self.microsoft_app_id or self.microsoft_app_tenant_id or self.cercle_dev_teams_anonymous)

    @property
    def on_loopback(self) -> bool:
        return self.cercle_host in LOOPBACK

    def secrets(self) -> list[str]:
        """Every value that no log may hold, the database's password included."""
        kept = [v.get_secret_value() for v in self.__dict__.values() if isinstance(v, SecretStr)]
        password = urlsplit(self.cercle_database_url).password or ""
        return [secret for secret in (*kept, password, unquote(password)) if secret]

    def faults(self) -> list[str]:
        """What stops `cercle serve` from starting, a line each; empty when all is well."""
        return [*self._slack_faults(), *self._teams_faults(), *self._own_faults()]

    def _own_faults(self) -> list[str]:
        faults = []
        if not self.slack and not self.teams:
            faults.append(
                "No chat is connected: SLACK_SIGNING_SECRET and SLACK_BOT_TOKEN, or MICROSOFT_APP_ID…"
            )
        if len(self.cercle_secret_key.get_secret_value()) < MIN_SECRET:
            faults.append(f"CERCLE_SECRET_KEY needs at least {MIN_SECRET} random characters")
        if 0 < len(self.cercle_metrics_token.get_secret_value()) < MIN_SECRET:
            faults.append(f"CERCLE_METRICS_TOKEN needs at least {MIN_SECRET} random characters, or none")
        if self.cercle_base_url.startswith("http://") and not self.on_loopback:
            faults.append("CERCLE_BASE_URL has to start with https:// where others can reach it")
        return faults

    def _slack_faults(self) -> list[str]:
        if not self.slack:
            return []
        faults = []
        if len(self.slack_signing_secret.get_secret_value()) < MIN_SECRET:
            faults.append(
                f"SLACK_SIGNING_SECRET has {MIN_SECRET} characters: Basic Information, App Credentials"
            )
        if not self.slack_bot_token.get_secret_value().startswith("xoxb-"):
            faults.append("SLACK_BOT_TOKEN starts with xoxb-: OAuth & Permissions, after installing the app")
        return faults

    def _teams_faults(self) -> list[str]:
        if not self.teams:
            return []
        if self.cercle_dev_teams_anonymous:
            return [] if self.on_loopback else ["CERCLE_DEV_TEAMS_ANONYMOUS works on loopback only"]
        needed = {
            "MICROSOFT_APP_ID": self.microsoft_app_id,
            "MICROSOFT_APP_PASSWORD": self.microsoft_app_password.get_secret_value(),
            "MICROSOFT_APP_TENANT_ID": self.microsoft_app_tenant_id,
        }
        return [
            f"{name} is missing: the app registration in Microsoft Entra"
            for name, v in needed.items()
            if not v
        ]


def _is_a_sqlite_file(url: str) -> bool:
    file = url.removeprefix("sqlite:///")
    return file != url and file != "" and not file.endswith("/") and not file.startswith((":", "file:"))


def _is_a_postgresql_database(url: str) -> bool:
    """Where it is may also stand in the query, as for a socket: ?host=/run/postgresql."""
    try:
        parts = urlsplit(url)
        return parts.scheme == "postgresql+psycopg" and len(parts.path) > 1 and parts.port != 0
    except ValueError:
        return False


def load(environ: Mapping[str, str]) -> Settings:
    """Raises SettingsError for a value of the wrong form or a file that cannot be read."""
    values = {name.lower(): value for name, value in environ.items()}
    for name in Settings.model_fields:
        if path := values.get(f"{name}_file"):
            values[name] = _secret_in(name, path)
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        lines = (f"{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors(include_input=False))
        raise SettingsError("\n".join(lines)) from None


def _secret_in(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name.upper()}_FILE cannot be read: {type(error).__name__}") from None
