"""What stations.toml says of a station. Who a device is at a moment: `directory/`."""

from collections.abc import Mapping

import msgspec


class Limit(msgspec.Struct, frozen=True):
    """Limits of one quantity for one place; base units and seconds, None: as in spec/channels.toml."""

    low: int | None = None
    high: int | None = None
    rate: int | None = None
    jump: int | None = None
    spike: int | None = None
    flat: int | None = None
    flat_within: int | None = None
    neighbour: int | None = None


class Station(msgspec.Struct, frozen=True):
    """One [[station]]. Degrees WGS 84; `interval_s` is the time between two readings.

    `id` names its readings in the journal and at every sink, for ever. `renamed`: the id that people see
    since it was renamed, or "". `retired`: the day (ISO 8601) since which nobody waits for it, or "".

    `limits`: by the name of a quantity (both its sensors) or of a channel (`distance-2`). `neighbours`: ids.
    """

    id: str
    dev_eui: str
    name: str
    kind: str
    interval_s: int = 600
    latitude: float | None = None
    longitude: float | None = None
    tenant: str = ""
    limits: Mapping[str, Limit] = {}
    neighbours: tuple[str, ...] = ()
    renamed: str = ""
    retired: str = ""

    @property
    def label(self) -> str:
        """The id that people see."""
        return self.renamed or self.id

    @property
    def shown(self) -> str:
        """The same behind its tenant, where there are tenants: how it is told."""
        return f"{self.tenant}/{self.label}" if self.tenant else self.label
