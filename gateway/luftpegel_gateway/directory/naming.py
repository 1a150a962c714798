"""Which station somebody means who types a name: the id that people see, or the one that its readings have.

A station that was renamed answers to both, and so does one that stations.toml has no more but whose readings
are still kept. Pure.
"""

import difflib
from collections.abc import Collection, Iterable

import msgspec

from luftpegel_gateway.model.faults import CannotStart
from luftpegel_gateway.model.station import Station

Key = tuple[str, str]  # tenant, the id that its readings have
UNKNOWN, NEARLY, SEVERAL = "LP-270", "LP-550", "LP-551"
MOST_NEAR = 3


class Named(msgspec.Struct, frozen=True):
    """A station by the names that it answers to. `label`: the id that people see."""

    key: Key
    label: str

    @property
    def shown(self) -> str:
        """How it is told: behind its tenant where there is one."""
        return f"{self.key[0]}/{self.label}" if self.key[0] else self.label


def named(stations: Iterable[Station], keys: Iterable[Key] = ()) -> dict[Key, Named]:
    """Everybody by the name of the readings: those of stations.toml, and `keys` that are only kept."""
    found = {key: Named(key, key[1]) for key in sorted(keys)}
    return found | {
        key: Named(key, station.label) for station in stations if (key := (station.tenant, station.id))
    }


def meant(word: str, known: Collection[Named]) -> Named:
    """Who is meant by ID or TENANT/ID.

    CannotStart LP-270, LP-550 (there is none, and who is nearest), LP-551 (several tenants have one).
    """
    tenant, slash, name = word.rpartition("/")
    found = [
        one for one in known if name in {one.label, one.key[1]} and (not slash or one.key[0] == tenant)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise CannotStart(SEVERAL, word, choices=", ".join(sorted(one.shown for one in found)))
    near = nearest(word, [name for one in known for name in (one.shown, one.label)])
    raise CannotStart(NEARLY if near else UNKNOWN, word, near=near)


def nearest(word: str, names: Iterable[str]) -> str:
    """The names that were probably meant, with commas between; nothing where none is near."""
    found = difflib.get_close_matches(word, list(dict.fromkeys(names)), MOST_NEAR, 0.6)
    return ", ".join(found)
