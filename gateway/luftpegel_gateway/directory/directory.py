"""The directory: which station a device is. It is read anew without a restart (`reload`).

The journal's thread asks while the event loop reloads: the tables are never changed, only exchanged whole, so
each answer is of the old list or of the new one. Whoever needs one list for a whole batch takes `tables`.
"""

from collections.abc import Iterable, Mapping

import msgspec

from luftpegel_gateway.model.station import Station


class Tables(msgspec.Struct, frozen=True):
    """One reading of stations.toml. `by_device`: (tenant, device EUI in lower case)."""

    stations: tuple[Station, ...]
    by_device: Mapping[tuple[str, str], Station]
    by_id: Mapping[tuple[str, str], Station]
    concerned: Mapping[tuple[str, str], tuple[Station, ...]]


class Directory:
    """The stations, found by device and by id."""

    def __init__(self, stations: Iterable[Station], tenants: Mapping[str, str] | None = None) -> None:
        """`tenants`: which tenant a source serves, by the source's name; "" for one that is not listed.

        ValueError: a device or an id stands twice within one tenant.
        """
        self._tenants = tenants or {}
        self.tables = _tables(stations)

    @property
    def stations(self) -> tuple[Station, ...]:
        """All stations, in the order of stations.toml."""
        return self.tables.stations

    def resolve(self, source: str, dev_eui: str) -> Station | None:
        """The station that a device of this source is, or None for a stranger."""
        return self.tables.by_device.get((self.tenant(source), dev_eui.lower()))

    def tenant(self, source: str) -> str:
        """The tenant that a source serves; "" for none."""
        return self._tenants.get(source, "")

    def by_id(self, station: str, tenant: str = "") -> Station | None:
        """The station whose readings have this id, or that people know by it; None: there is none."""
        return self.tables.by_id.get((tenant, station))

    def concerned(self, key: tuple[str, str]) -> tuple[Station, ...]:
        """Whom a reading of the station (tenant, id) concerns: itself if it has neighbours, and theirs."""
        return self.tables.concerned.get(key, ())

    def reload(self, stations: Iterable[Station]) -> None:
        """Take this list from now on; ValueError as in the constructor, and the old list stays."""
        self.tables = _tables(stations)


def _tables(stations: Iterable[Station]) -> Tables:
    listed = tuple(stations)
    present = [station for station in listed if not station.retired]
    by_id = {(station.tenant, station.id): station for station in listed}
    if len({_device(station) for station in present}) < len(present) or len(by_id) < len(listed):
        raise ValueError("a device or an id stands twice")
    # A board that moved on is the station where it hangs now, not the retired one.
    by_device = {_device(station): station for station in listed if station.retired}
    by_device |= {_device(station): station for station in present}
    by_id |= {(station.tenant, station.renamed): station for station in listed if station.renamed}
    concerned: dict[tuple[str, str], tuple[Station, ...]] = {}
    for station in listed:
        for name in (station.id, *station.neighbours) if station.neighbours else ():
            key = (station.tenant, name)
            concerned[key] = (*concerned.get(key, ()), station)
    return Tables(listed, by_device, by_id, concerned)


def _device(station: Station) -> tuple[str, str]:
    return station.tenant, station.dev_eui.lower()
