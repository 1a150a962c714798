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
    port = integer(parts[0])
    try:
        payload = unhexlify(parts[1][:-1])
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
    # "2026-04-30 12:30:49.465" (UTC) -> Unix seconds, or None. Days by the civil calendar, March first.
    fields = [integer(field) for field in text.split(".")[0].replace("-", " ").replace(":", " ").split()]
    if len(fields) != 6 or None in fields:
        return None
    year, month, day, hour, minute, second = fields
    if not (0 < month < 13 and 0 < day < 32 and hour < 24 and minute < 60 and second < 61):
        return None
    if month <= 2:
        year -= 1
        month += 12
    days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * month - 457) // 5 + day - 719469
    return ((days * 24 + hour) * 60 + minute) * 60 + second
