"""Which day or month of a place a time belongs to, and the file that is named after it."""

import zoneinfo
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any

from luftpegel_gateway.config.options import Wrong, text
from luftpegel_gateway.sinks.value_rows import dated

UNDATED = "undated"  # sorts behind all dates, so that it never expires
_FORMS = {"day": "%Y-%m-%d", "month": "%Y-%m"}
_WINTER, _SUMMER = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)


def zone(value: Any, folder: Path) -> zoneinfo.ZoneInfo:
    """The reader of an option: a name of the IANA time zone database."""
    given = text(value, folder)
    try:
        return zoneinfo.ZoneInfo(given)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Wrong("LP-311", example="Europe/Berlin", got=given) from error


def without_summer_time(found: tzinfo) -> timezone:
    """The zone's standard time all the year, as gauges keep it: each hour of the year is there once."""
    offsets = [moment.astimezone(found).utcoffset() or timedelta() for moment in (_WINTER, _SUMMER)]
    return timezone(min(offsets))


class Days:
    """Parts of time, as `2026-11-26` or `2026-11`, which sort by time."""

    def __init__(self, found: tzinfo, period: str) -> None:
        """`period`: "day" or "month"."""
        self.zone = found
        self._form = _FORMS[period]
        self._by_month = period == "month"

    def part_of(self, time: int | None) -> str:
        """The part of a time (Unix seconds); UNDATED where it is not known."""
        known = dated(time)
        if known is None:
            return UNDATED
        return datetime.fromtimestamp(known, UTC).astimezone(self.zone).strftime(self._form)

    def folder_of(self, part: str) -> str:
        """The folder of a part's files: its month, or its year; so that no folder grows for ever."""
        return part if part == UNDATED else part[:4] if self._by_month else part[:7]
