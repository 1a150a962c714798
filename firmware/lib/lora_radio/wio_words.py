# The words of the Wio-E5, see words.py.

from lora_radio.words import downlink_of, integer, to_hex, unix_seconds


def colons(eui):
    return ":".join([to_hex(eui[i : i + 1]) for i in range(len(eui))])


def first_word(text):
    return text.strip().split(" ")[0]


def downlink(text):
    # `PORT: 2; RX: "3E99"` -> Received, or None.
    parts = text.split("PORT: ")[-1].split('; RX: "')
    if len(parts) != 2 or not parts[1].endswith('"'):
        return None
    return downlink_of(parts[0], parts[1][:-1])


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
    fields = text.split(".")[0].replace("-", " ").replace(":", " ").split()
    return unix_seconds([integer(field) for field in fields])
