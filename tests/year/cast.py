"""Members on every continent and in two chats, each at work at their own hours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.chat.event import Sender
from bot.chat.form import Value

HOMES = {"slack": "T1", "teams": "tenant"}


@dataclass(frozen=True)
class Wishes:
    """Hours as "09:00"; days as digits, Monday 0; `ceiling` in messages a week."""

    start: str = "09:00"
    end: str = "18:00"
    days: str = "01234"
    country: str = ""
    ceiling: int = 2

    @property
    def answers(self) -> dict[str, Value]:
        """What their form holds."""
        return {
            "consent": True,
            "networks": ("linkedin",),
            "day_start": self.start,
            "day_end": self.end,
            "days": tuple(self.days),
            "country": self.country,
            "ceiling": str(self.ceiling),
        }


@dataclass(frozen=True)
class Player:
    id: str
    zone: str
    wishes: Wishes
    home: str
    language: str

    @property
    def sender(self) -> Sender:
        return Sender(self.home, HOMES[self.home], self.id, self.id.title(), self.language, self.zone)

    @property
    def address(self) -> str:
        return f"{self.home}:{HOMES[self.home]}:{self.id}"


TABLE = """
Europe/Paris FR 09:00 18:00 01234 5
Pacific/Apia WS 08:00 16:30 01234 3
America/St_Johns CA-NL 08:30 16:30 01234 2
Asia/Kathmandu NP 10:00 17:00 01236 4
Pacific/Chatham NZ 09:00 17:00 01234 5
Australia/Lord_Howe AU-NSW 09:00 13:00 01234 3
Australia/Eucla - 07:45 15:45 012345 2
Australia/Adelaide AU-SA 09:00 17:30 01234 1
Pacific/Auckland NZ 09:00 18:00 01234 4
Pacific/Kiritimati KI 08:00 17:00 01234 2
Pacific/Honolulu US-HI 07:00 15:00 01234 2
Pacific/Marquesas - 08:00 12:00 01234 3
Asia/Tokyo JP 09:00 18:00 01234 2
Asia/Shanghai CN 09:00 18:00 01234 4
Asia/Kolkata IN 09:30 18:00 01234 5
Asia/Colombo LK 08:30 16:30 01234 2
Asia/Yangon MM 09:00 17:00 01234 3
Asia/Tehran IR 08:00 16:00 01256 4
Asia/Kabul AF 08:00 16:00 01236 1
Asia/Riyadh SA 08:00 17:00 01236 3
Asia/Jerusalem IL 09:00 18:00 01236 2
Asia/Beirut LB 00:00 04:00 01234 4
Asia/Dhaka BD 10:00 18:00 01236 3
Africa/Cairo EG 09:00 17:00 01236 5
Africa/Casablanca MA 08:30 16:30 01234 2
Africa/Johannesburg ZA 08:00 16:30 01234 3
Africa/Dakar SN 08:00 16:00 01234 2
Atlantic/Azores PT 09:00 17:00 01234 3
Atlantic/Reykjavik IS 09:00 17:00 13 5
Europe/London GB-SCT 09:00 17:30 01234 2
Europe/Dublin IE 01:00 05:00 0123456 3
Europe/Berlin DE-BY 22:00 06:00 01234 4
Europe/Athens GR 09:00 17:00 01234 1
Europe/Moscow RU 10:00 19:00 01234 2
America/New_York US 09:00 17:00 01234 3
America/Sao_Paulo BR 09:00 18:00 01234 2
America/Asuncion PY 07:00 15:00 01234 3
America/Santiago CL 09:00 18:30 01234 5
America/Havana CU 00:00 06:00 0123456 2
America/Los_Angeles US 10:00 18:00 01234 3
America/Anchorage US-AK 08:00 17:00 45 4
Antarctica/Troll - 06:00 14:00 0123456 3
"""
"""Zone, country, hours, days, ceiling. Half hours and quarters, both hemispheres' summers, a summer time of
half an hour and one of two, nights that it cuts through, weeks from Sunday to Thursday, weeks of two days."""


def _players() -> Iterator[Player]:
    for number, line in enumerate(TABLE.strip().splitlines()):
        zone, country, start, end, days, ceiling = line.split()
        wishes = Wishes(start, end, days, country.strip("-"), int(ceiling))
        id = zone.rpartition("/")[2].lower().replace("_", "")
        yield Player(
            id, zone, wishes, "teams" if number % 3 == 2 else "slack", "fr" if number % 4 == 0 else "en"
        )


CAST = tuple(_players())
LEAD = CAST[0]
"""Looks after the circle, and is a member of it like everybody else."""
EDITOR = Player("editor", "America/Toronto", Wishes(), "slack", "en")
"""Of the comms team, and not a member."""
