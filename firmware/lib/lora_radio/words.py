# From the words of AT modems to values, and back. What is not a value becomes None: noise stops no station.
# The words of one modem only stand in a file of their own, since a station loads no more than it needs.

from binascii import hexlify, unhexlify

from lora_radio import Received


def to_hex(data):
    return hexlify(data).decode().upper()


def integer(text):
    try:
        return int(text)
    except ValueError:
        return None


def downlink_of(port, payload):
    # Port in digits, payload in hex -> Received, or None.
    port = integer(port)
    try:
        payload = unhexlify(payload)
    except ValueError:
        return None
    return None if port is None else Received(port, payload)


def unix_seconds(fields):
    # [year, month, day, hour, minute, second] (UTC) -> Unix seconds by the civil calendar, which begins in
    # March here; None for what is no moment.
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
