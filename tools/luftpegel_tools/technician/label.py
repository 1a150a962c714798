"""What stands on a station's two labels: the small one on its board, the one for everybody on its mast.

The board's has the number that the board blinks, so that the two cannot be mixed up, and a QR code by which a
network server's app takes the device in (LoRa Alliance TR005, section 4). The mast's has the public address
of the station's page. Neither tells a key: a label can be read by anybody.
"""

from dataclasses import dataclass

from luftpegel_tools.technician.roster import Entry
from luftpegel_tools.technician.words import TroubleError

NO_PROFILE = "00000000"  # vendor and profile of a device that has none from the LoRa Alliance
# A QR code's small alphanumeric form (ISO/IEC 18004, 7.3.4), without the colon that parts fields.
_PLAIN = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./")
_LONGEST_ADDRESS = 120  # characters; with more, the code's squares get too small to be read from the street
_SAID = {
    "en": {
        "level": "Water level gauge", "climate": "Climate station", "air": "Air quality station",
        "see": "See what it measures:", "owner": "Property of {town}. Please leave it in place.",
    },
    "de": {
        "level": "Pegelmessstelle", "climate": "Klimastation", "air": "Luftmessstelle",
        "see": "Messwerte ansehen:", "owner": "Eigentum: {town}. Bitte nicht entfernen.",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DeviceLabel:
    """On the board: 24 mm high, for tape or sheet."""

    number: str
    station: str
    name: str
    eui: str
    code: str


@dataclass(frozen=True, slots=True)
class MastLabel:
    """On the mast: 120 mm wide, with the address of the station's public page."""

    kind: str
    station: str
    name: str
    see: str
    address: str
    owner: str


def device_label(entry: Entry, profile: str = NO_PROFILE) -> DeviceLabel:
    """The board's label. `profile`: 8 hex digits, vendor and profile."""
    eui = entry.dev_eui.upper()
    grouped = " ".join(eui[at : at + 4] for at in range(0, len(eui), 4))
    return DeviceLabel(str(entry.number), entry.station, entry.name, grouped, tr005(entry, profile))


def mast_label(entry: Entry, pages: str, town: str, language: str) -> MastLabel:
    """The mast's label. `pages`: address of the town's pages (https://…); `town`: its name, "" for none."""
    said = _SAID[language]
    address = f"{pages.rstrip('/')}/s/{entry.station}"
    if len(address) > _LONGEST_ADDRESS:
        raise TroubleError("LP-611", got=address, wanted=_LONGEST_ADDRESS)
    owner = said["owner"].format(town=town) if town else ""
    return MastLabel(said[entry.kind], entry.station, entry.name, said["see"], address, owner)


def tr005(entry: Entry, profile: str = NO_PROFILE) -> str:
    """The text of the QR code: LW:D0:JoinEUI:DevEUI:profile, and the station's id as serial number.

    An id with small letters goes in as capitals, which TR005 has alone.
    """
    serial = entry.station.upper()
    extension = f":S{serial}" if _PLAIN.issuperset(serial) else ""
    return f"LW:D0:{entry.join_eui}:{entry.dev_eui}:{profile}".upper() + extension
