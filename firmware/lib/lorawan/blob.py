# The Mac as bytes and back: a version, what duty cycle and join back-off remember, the session, and a seal
# (CMAC under the AppKey over region, DevEUI and all bytes), which tells damage and strangers.

import struct

from .backoff import JoinBackoff
from .channels import COUNT, hertz
from .crypto import cmac
from .dutycycle import SLOT_MS, SLOTS, Ledger
from .session import Session

VERSION = 1

# Version, flags (1 joined, 2 owes an acknowledgement), time of the dump (s); for how many seconds
# the ledger and the Mac want silence; MaxDCycle; join back-off: seconds since its start or _NEVER, period,
# airtime spent (ms).
_HEAD = "<BBIIIBIHH"
_NEVER = 0xFFFFFFFF
# The session: these attributes; both keys; masks of the channels: enabled, used, defined beside the default
# ones, with a moved downlink.
_ATTRIBUTES = (
    "address",
    "number",
    "up",
    "down",
    "data_rate",
    "power",
    "repeats",
    "adr_count",
    "rx_delay",
    "rx1_offset",
    "rx2_rate",
    "rx2_frequency",
)
_BODY = "<4sIIIBBBHBBBI16s16sHHHH"


def dump(mac, now):
    session, ledger, backoff = mac.session, mac.ledger, mac.backoff
    flags = 0
    if session:
        flags = 1 | session.owes_ack << 1
    ledger.advance(now)
    data = struct.pack(
        _HEAD,
        VERSION,
        flags,
        now // 1000,
        _seconds(ledger.silent_until - now),
        _seconds(mac.quiet_until - now),
        ledger.exponent,
        _NEVER if backoff.started is None else _seconds(now - backoff.started),
        backoff.period,
        backoff.spent,
    )
    data += b"".join([_packed_slots(slots or ()) for slots in ledger.spent])
    if session:
        data += _packed_session(session)
    return data + _seal(mac, data)


def load(mac, data, now, exact):
    data = bytes(data)
    start = struct.calcsize(_HEAD)
    if len(data) < start + 4 or data[0] != VERSION or _seal(mac, data[:-4]) != data[-4:]:
        mac.ledger = Ledger(mac.region.BANDS)
        mac.backoff = JoinBackoff()
        mac.session = None
        return False
    _, flags, dumped, silent, quiet, exponent, ago, period, spent = struct.unpack(_HEAD, data[:start])
    # A clock that has begun anew counts as one that has stood still.
    then = min(now, 1000 * dumped)
    ledger, backoff = mac.ledger, mac.backoff
    ledger.exponent = exponent
    ledger.silent_until = then + 1000 * silent
    ledger.slot = then // SLOT_MS
    mac.quiet_until = then + 1000 * quiet
    backoff.started = None if ago == _NEVER else then - 1000 * ago
    backoff.period = period
    backoff.spent = spent
    for band in range(len(ledger.spent)):
        ledger.spent[band], start = _unpacked_slots(data, start)
    mac.session = _unpacked_session(mac.region, data[start:-4], flags) if flags & 1 else None
    return mac.resume(exact)


def _seal(mac, data):
    return cmac(mac.app_key, mac.region.NAME.encode() + mac.dev_eui + data)[:4]


def _seconds(ms):
    return max(0, ms + 999) // 1000


def _packed_slots(slots):
    # How many follow, then 3 bytes each; zeros at the end are left out.
    used = max([index + 1 for index in range(len(slots)) if slots[index]] or (0,))
    return bytes((used,)) + b"".join([slot.to_bytes(3, "little") for slot in slots[:used]])


def _unpacked_slots(data, at):
    used = data[at]
    end = at + 1 + 3 * used
    slots = [int.from_bytes(data[i : i + 3], "little") for i in range(at + 1, end, 3)]
    return (slots + [0] * (SLOTS - used) if used else None), end


def _packed_session(session):
    channels = session.channels
    fixed = len(session.region.CHANNELS)
    defined = [index for index in range(fixed, COUNT) if channels.frequencies[index]]
    moved = [index for index in range(COUNT) if channels.downlinks[index]]
    values = [getattr(session, name) for name in _ATTRIBUTES]
    values += session.keys
    data = struct.pack(_BODY, *(values + [channels.mask, channels.used, _mask(defined), _mask(moved)]))
    data += b"".join([_field(channels.frequencies[i]) + channels.ranges[i : i + 1] for i in defined])
    data += b"".join([_field(channels.downlinks[i]) for i in moved])
    return data + b"".join([bytes((len(answer),)) + answer for answer in session.answers])


def _unpacked_session(region, data, flags):
    at = struct.calcsize(_BODY)
    body = struct.unpack(_BODY, data[:at])
    session = Session(region, body[0], body[12:14], 0, 0, False)
    for name, value in zip(_ATTRIBUTES, body):
        setattr(session, name, value)
    session.owes_ack = flags & 2 != 0
    channels = session.channels
    channels.mask, channels.used, defined, moved = body[14:]
    for index in _indexes(defined):
        channels.frequencies[index] = hertz(data[at:])
        channels.ranges[index] = data[at + 3]
        at += 4
    for index in _indexes(moved):
        channels.downlinks[index] = hertz(data[at:])
        at += 3
    while at < len(data):
        end = at + 1 + data[at]
        session.answers.append(data[at + 1 : end])
        at = end
    return session


def _mask(indexes):
    return sum([1 << index for index in indexes])


def _indexes(mask):
    return [index for index in range(COUNT) if mask >> index & 1]


def _field(frequency):
    return (frequency // 100).to_bytes(3, "little")
