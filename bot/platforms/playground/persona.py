"""Who can be played: the people of one invented workspace."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from bot.chat.event import Sender

PLATFORM = "playground"
WORKSPACE = "playground"
CHANNELS = ("#general", "#cafe")

_LOCALES = {"fr": "fr-FR", "en": "en-GB"}


class Role(Enum):
    """What a person is in the story. The programme knows nothing of it: it only words the first hints."""

    COMMS = "comms"
    AMBASSADOR = "ambassador"
    NEWCOMER = "newcomer"
    COLLEAGUE = "colleague"


@dataclass(frozen=True, slots=True)
class Persona:
    """`id` is the platform's user id: lower-case letters. `zone` is an IANA name."""

    id: str
    name: str
    language: str
    role: Role = Role.AMBASSADOR
    zone: str = "Europe/Paris"

    @property
    def address(self) -> str:
        return self.sender.address

    @property
    def sender(self) -> Sender:
        return Sender(PLATFORM, WORKSPACE, self.id, self.name, _LOCALES[self.language], self.zone)


PERSONAS = (
    Persona("camille", "Camille", "fr", Role.COMMS),
    Persona("ines", "Inès", "fr"),
    Persona("tom", "Tom", "en", zone="Europe/London"),
    Persona("awa", "Awa", "fr", zone="Africa/Dakar"),
    Persona("hugo", "Hugo", "fr", zone="America/Montreal"),
    Persona("priya", "Priya", "en", zone="Asia/Kolkata"),
    Persona("lou", "Lou", "fr", Role.NEWCOMER),
    Persona("sam", "Sam", "en", Role.COLLEAGUE, zone="Europe/Dublin"),
)


def channel_address(channel: str) -> str:
    return address(channel)


def address(id: str) -> str:
    """Of a person, a channel or the bot."""
    return f"{PLATFORM}:{WORKSPACE}:{id}"
