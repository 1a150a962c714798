"""Days and times that people write on a command line, as Unix seconds."""

import argparse
import zoneinfo
from datetime import date, datetime, timedelta, tzinfo


def since(text: str, zone: tzinfo | None) -> int:
    """The beginning of a day, or a moment. ArgumentTypeError."""
    return _moment(text, zone, 0)


def until(text: str, zone: tzinfo | None) -> int:
    """The end of a day, which is meant whole, or a moment, which is not meant any more."""
    return _moment(text, zone, 1)


def zone_of(name: str) -> tzinfo:
    """A time zone by its name. ArgumentTypeError."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise argparse.ArgumentTypeError(f"{name!r} is no time zone like Europe/Berlin") from error


def _moment(text: str, zone: tzinfo | None, days: int) -> int:
    """`zone`: of what has no offset; None: this machine's."""
    try:
        try:
            day = date.fromisoformat(text) + timedelta(days)
            found = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - the zone follows
        except ValueError:
            found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            found = found.replace(tzinfo=zone) if zone else found.astimezone()
        return int(found.timestamp())
    except (ValueError, OverflowError, OSError) as error:
        expected = "a day like 2026-11-01 or a time like 2026-11-01T06:00"
        raise argparse.ArgumentTypeError(f"{text!r} is not {expected}") from error
