"""A number is rung by the clocks of its own country."""

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo

import phonenumbers
import pytest
from phonenumbers.tzdata import TIMEZONE_DATA

from leads import phones

NUMBERS = {
    "Kaliningrad, an hour behind Bucharest in summer": ("+74012555019", "Europe/Kaliningrad"),
    "South Sudan": ("+211912345678", "Africa/Juba"),
    "Morocco": ("+212612345678", "Africa/Casablanca"),
    "Algeria": ("+213551234567", "Africa/Algiers"),
    "Libya": ("+218912345678", "Africa/Tripoli"),
    "Nicaragua": ("+50581234567", "America/Managua"),
    "Palestine": ("+970599123456", "Asia/Gaza"),
    "Nepal": ("+9779812345678", "Asia/Katmandu"),
    "Darwin, half an hour from Adelaide": ("+61889345678", "Australia/Adelaide"),
    "Noronha": ("+558136191234", "America/Noronha"),
    "the Azores": ("+351296123456", "Atlantic/Azores"),
    "the Chatham Islands": ("+6433050123", "Pacific/Chatham"),
}


@pytest.mark.parametrize(("number", "zone"), NUMBERS.values(), ids=NUMBERS)
def test_a_number_has_the_clock_of_its_place(number: str, zone: str) -> None:
    assert zone in phones.time_zones(number)
    assert "Europe/Bucharest" not in phones.time_zones(number)


@cache
def clock(zone: str) -> tuple[timedelta | None, ...]:
    """The zone's offset from UTC, on each day of a year."""
    first = datetime(2026, 1, 1, 12, tzinfo=UTC)
    days = (first + timedelta(days=day) for day in range(365))
    return tuple(day.astimezone(ZoneInfo(zone)).utcoffset() for day in days)


def zones_of_countries() -> dict[str, set[str]]:
    """The zones of each country, according to the zone database."""
    found: dict[str, set[str]] = {}
    tables = (Path(folder) / "zone.tab" for folder in TZPATH)
    table = next(it for it in tables if it.exists())
    for line in table.read_text().splitlines():
        if not line.startswith("#"):
            country, _place, zone = line.split("\t")[:3]
            found.setdefault(country, set()).add(zone)
    return found


def test_no_range_of_the_library_has_the_clock_of_another_country() -> None:
    of_country, wrong = zones_of_countries(), set()
    for prefix, zones in TIMEZONE_DATA.items():
        code = next(
            int(prefix[:n]) for n in (1, 2, 3, 4)
            if int(prefix[:n]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE or n > len(prefix)
        )  # fmt: skip
        countries = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(code, ())
        theirs = {clock(zone) for it in countries for zone in of_country.get(it, ())}
        ours = phones._known(zones, code)
        wrong |= {(code, zone) for zone in ours if theirs and clock(zone) not in theirs}
    assert not wrong
