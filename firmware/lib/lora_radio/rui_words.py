# The words of RAK's RUI3 modems, see words.py.

from lora_radio.words import downlink_of, integer, unix_seconds


def downlink(text):
    # `RX_1:-70:8:UNICAST:2:3e99` -> Received, or None. The signal-to-noise ratio is in whole dB.
    parts = text.split(":")
    if len(parts) != 6 or not parts[0].startswith("RX_"):
        return None
    received = downlink_of(parts[4], parts[5])
    if received is not None:
        received.rssi = integer(parts[1])
        snr = integer(parts[2])
        received.snr = None if snr is None else 10 * snr
    return received


def unix_time(text):
    # "12h30m49s on 04/30/2026" or "12h30m49s 30-04-2026" (UTC) -> Unix seconds, or None.
    american = "/" in text
    text = text.replace(" on ", " ")
    for mark in "hms/-":
        text = text.replace(mark, " ")
    fields = [integer(field) for field in text.split()]
    if len(fields) != 6:
        return None
    day, month = fields[3:5]
    if american:
        day, month = month, day
    return unix_seconds([fields[5], month, day] + fields[:3])
