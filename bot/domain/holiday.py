"""Public holidays: of a country, or of a part of it where the parts have their own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

COUNTRIES = ("FR", "BE", "CH", "LU", "CA", "GB", "IE", "DE", "ES", "IT")
"""The countries that somebody can choose, by ISO 3166."""
_PARTS = {
    "CA": "AB BC MB NB NL NS NT NU ON PE QC SK YT",
    "CH": "AG AI AR BE BL BS FR GE GL GR JU LU NE NW OW SG SH SO SZ TG TI UR VD VS ZG ZH",
    "DE": "BB BE BW BY HB HE HH MV NI NW RP SH SL SN ST TH",
    "ES": "AN AR AS CB CE CL CM CN CT EX GA IB MC MD ML NC PV RI VC",
    "GB": "ENG NIR SCT WLS",
}
PARTS: Mapping[str, tuple[str, ...]] = {code: tuple(parts.split()) for code, parts in _PARTS.items()}
"""The parts of the countries in which each part has its own holidays."""
PLACES = tuple(
    place for code in COUNTRIES for place in (code, *(f"{code}-{part}" for part in PARTS.get(code, ())))
)
"""Each country, followed by its parts."""


@lru_cache(maxsize=512)
def public_holidays(country: str, year: int) -> frozenset[date]:
    """Return the days off in a country ("FR") or in a part of it ("GB-SCT"). Where no part is chosen, or one
    that nobody knows, they are those of all its parts together. An unknown country has none."""
    code, _, part = country.upper().partition("-")
    chosen = _days_off(code, part, year) if part else None
    if chosen is not None:
        return chosen
    parts = (None, *PARTS.get(code, ()))
    return frozenset().union(*(_days_off(code, each, year) or () for each in parts))


def _days_off(code: str, part: str | None, year: int) -> frozenset[date] | None:
    """Return None for a country or a part that nobody knows."""
    import holidays  # 100 ms, which only those with a country pay

    try:
        return frozenset(holidays.country_holidays(code, subdiv=part, years=year))
    except NotImplementedError:
        return None
