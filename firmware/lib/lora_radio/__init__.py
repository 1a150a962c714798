# Radios behind one interface: the station sends a frame and gets what came back, whichever radio it has.
#
# A radio is a class with these:
#
#   KEEPS_SETTINGS              whether its settings outlive a deep sleep of the board.
#   Radio(...)                  an AT modem, which has BAUD and RXBUF: an open machine.UART, its reset Pin or
#                               None; our own MAC on a LoRa chip: see lorawan_radio.
#   configure: region ("EU868"), dev_eui (8 bytes, or None: the radio's own), join_eui (8 bytes), app_key
#                               (16 bytes), data_rate (int), adr (bool). A modem is written only what differs,
#                               and it is read back. The key is never printed and in no exception.
#   joined: bool                asks the radio, because its session may be older than this boot.
#   join: bool                  one attempt; False when the network did not answer. With anew=True also where
#                               there is a session, because the network may have forgotten it: our own MAC
#                               keeps that session until the network answers, a modem ends it.
#   max_payload: int            bytes that one frame may carry now, at most 242.
#   send: list of Received      takes port, payload, confirmed=False; returns after the receive windows.
#                               payload: bytes, or a function that makes them: it is called just before each
#                               try, so that a frame which waits for a free channel tells its true age. Then
#                               `acknowledged` tells whether the network confirmed it, `pending` whether it
#                               has more. NOT_JOINED means join() now, whatever joined() said.
#   network_time: int or None   Unix seconds (UTC) once the network has told the time; a call also makes the
#                               next frame ask the network anew, because a radio's clock drifts, but for
#                               ask=False.
#   behind                      by how many joins the network's count of them is behind the device's: then it
#                               answers, and the device must not take it. 0 usually, and if it is not told.
#   rx_offset_us, rx_spread_us  by how much downlinks come late by the board's clock, and how much it varies:
#                               means of the latest few, 0 before the first. None: the radio does not tell.
#   sleep, wake                 least power and back; the session is kept. Any other call wakes by itself.
#   off                         takes region; least power whatever it was at, without configure() before.
#
# Each of them raises RadioError, and nothing else, whatever a radio does. It never waits for ever.
# To add a radio: one file here, one line in DRIVERS.

# Kinds of failure: the number is that of the error code LP-2xx.
SILENT = 231  # no answer at all: supply, wiring, baud rate
BUSY = 232  # still at an earlier command
NOT_JOINED = 233  # no session: join() first
JOIN_FAILED = 234  # a join cannot even begin
NO_CHANNEL = 235  # duty cycle used up, try again in `wait_ms`
TOO_LONG = 236  # more than max_payload() now
PROTOCOL = 237  # an answer that makes no sense, or no end of it; a frame may or may not have gone out

LORAWAN_RADIO = ("lora_radio.lorawan_radio", "LorawanRadio")
DRIVERS = {  # name in station.json: module, class
    "wio_e5": ("lora_radio.wio_e5", "WioE5"),
    "rak3172": ("lora_radio.rak3172", "Rak3172"),
    "sx1262": LORAWAN_RADIO,
    "sx1276": LORAWAN_RADIO,
}


class RadioError(Exception):
    # `wait_ms`: with NO_CHANNEL or BUSY, when to try again; 0 when the radio did not say.
    def __init__(self, kind, text, wait_ms=0):
        super().__init__("LP-%d %s" % (kind, text))
        self.kind = kind
        self.wait_ms = wait_ms

    @property
    def code(self):
        return "LP-%d" % self.kind


class Received:
    # A downlink: port, payload (bytes), rssi (dBm) and snr (tenths of a dB), both None when not told.
    def __init__(self, port, payload, rssi=None, snr=None):
        self.port = port
        self.payload = payload
        self.rssi = rssi
        self.snr = snr


def open_driver(name):
    # The class of a radio by its name in station.json; KeyError for a name that nobody wrote a driver for.
    module, cls = DRIVERS[name]
    return getattr(__import__(module, None, None, (cls,)), cls)
