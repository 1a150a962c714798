# From the words of AT modems to values, and back. What is not a value becomes None: noise stops no station.

from binascii import hexlify, unhexlify

from lora_radio import Received


def to_hex(data):
    return hexlify(data).decode().upper()


def colons(eui):
    return ":".join([to_hex(eui[i : i + 1]) for i in range(len(eui))])


def first_word(text):
    return text.strip().split(" ")[0]


def integer(text):
    try:
        return int(text)
    except ValueError:
        return None


def downlink(text):
    # `PORT: 2; RX: "3E99"` -> Received, or None.
    parts = text.split("PORT: ")[-1].split('; RX: "')
    if len(parts) != 2 or not parts[1].endswith('"'):
        return None
    return _received(parts[0], parts[1][:-1])


def event_downlink(text):
    # `RX_1:-70:8:UNICAST:2:3e99` -> Received, or None. The signal-to-noise ratio is in whole dB.
    parts = text.split(":")
    if len(parts) != 6 or not parts[0].startswith("RX_"):
        return None
    received = _received(parts[4], parts[5])
    if received is not None:
        received.rssi = integer(parts[1])
        snr = integer(parts[2])
        received.snr = None if snr is None else 10 * snr
    return received


def _received(port, payload):
    # From the words of a downlink; None if they are damaged.
    port = integer(port)
    try:
        payload = unhexlify(payload)
    except ValueError:
        return None
    return None if port is None else Received(port, payload)


def signal(text):
    # `RXWIN1, RSSI -84, SNR 6.0` -> (-84, 60): dBm, tenths of a dB.
    rssi = snr = None
    for part in text.split(", "):
        if part.startswith("RSSI "):
            rssi = integer(part[5:])
        elif part.startswith("SNR "):
            whole, _, tenth = part[4:].partition(".")
            snr = integer(whole + (tenth[:1] or "0"))
    return rssi, snr


def unix_time(text):
    # "2026-04-30 12:30:49.465" (UTC) -> Unix seconds, or None.
    fields = _integers(text.split(".")[0], "-:")
    return _seconds(*fields) if len(fields) == 6 else None


def rui_time(text):
    # "12h30m49s on 04/30/2026" or "12h30m49s 30-04-2026" (UTC) -> Unix seconds, or None.
    fields = _integers(text.replace(" on ", " "), "hms/-")
    if len(fields) != 6:
        return None
    hour, minute, second, day, month, year = fields
    if "/" in text:
        day, month = month, day
    return _seconds(year, month, day, hour, minute, second)


def _integers(text, separators):
    for separator in separators:
        text = text.replace(separator, " ")
    return [integer(field) for field in text.split()]


def _seconds(year, month, day, hour, minute, second):  # noqa: PLR0917 - a moment has six fields
    # Unix seconds by the civil calendar, which begins in March here; None for what is no moment.
    if None in (year, month, day, hour, minute, second):
        return None
    if not (0 < month < 13 and 0 < day < 32 and hour < 24 and minute < 60 and second < 61):
        return None
    if month <= 2:
        year -= 1
        month += 12
    days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * month - 457) // 5 + day - 719469
    return ((days * 24 + hour) * 60 + minute) * 60 + second
