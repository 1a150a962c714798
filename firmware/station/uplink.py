# One conversation with the network: newest readings, a status once a day, readings asked for again, and what
# comes back. Nothing here can cost a reading: all lie in the journal, and a frame that fails is made up for
# by the next.

import gc
from binascii import crc32

from lora_radio import SILENT, RadioError
from luftpegel_wire import PORT_BACKFILL, PORT_CONFIG, PORT_READINGS, PORT_STATUS, WireError, decode
from luftpegel_wire.quality import MISSING
from luftpegel_wire.readings import Row, encode_readings
from station import clock
from station.flash import change_interval

FIRMWARE = "0.3.0"
_STATUS_EVERY_S = 86400
# The network is asked to confirm a frame of readings each six hours, and hourly while it does not (a little
# less: no two wakes take equally long). So many in a row without a word: it has forgotten this station, as
# one that was set up anew has.
_CONFIRMED_EVERY_S, _CONFIRMED_AGAIN_S = 21300, 3300
_FORGOTTEN = 6
_NOT_FOUND = -0x1102  # ESP_ERR_NVS_NOT_FOUND

# What a status and a request have loaded, and readings do not need.
_OTHER_FRAMES = ("luftpegel_wire.frames", "luftpegel_wire.frames_reader", "luftpegel_wire.cbor_reader")

# Join back-off (LoRaWAN 1.0.4, section 7): (seconds since the first failure, least seconds between attempts).
# A join at SF12 is 1.5 s on air; allowed are 36 s in the first hour, 36 s in the next ten, 8.7 s a day
# thereafter.
_BACKOFF = ((3600, 150), (39600, 1800), (1 << 32, 15300))


def wire_rows(rows, columns, top, bottom, now):
    # Journal rows (newest first, from number `top`) as rows of one frame: numbered without a gap, absent
    # where the journal has none, ending where the columns change. bottom: last number to account for, None:
    # what there is. now: (board second, era, offset), see clock.age_of.
    expected = top
    newer = None
    for row in rows:
        if bottom is not None and row.seq < bottom:
            break
        if not columns.same_columns(row.layout):
            return
        while expected > row.seq:
            yield _absent(expected, columns)
            expected -= 1
        age = clock.age_of(row.time, row.layout.era, row.layout.offset, now)
        yield Row(row.seq, age, _interval(row, newer), row.values, row.quality)
        newer = row
        expected -= 1
    while bottom is not None and expected >= bottom:
        yield _absent(expected, columns)
        expected -= 1


def _absent(seq, columns):
    width = len(columns.channels)
    return Row(seq, None, None, (None,) * width, (MISSING,) * width, absent=True)


def _interval(row, newer):
    # Seconds from a row to the next newer one; None where no clock joins them.
    if newer is None:
        return None
    return clock.age_of(
        row.time, row.layout.era, row.layout.offset, (newer.time, newer.layout.era, newer.layout.offset)
    )


class Uplink:
    # nvs: blobs "app_key", "dev_eui", "join_eui". radio: see lora_radio. now_s() -> board second.
    # feed(): the watchdog. forget(names): gives back the heap of modules.

    def __init__(self, settings, state, nvs, radio, now_s, feed, forget):  # noqa: PLR0917 - the station's parts
        self._settings = settings
        self._state = state
        self._nvs = nvs
        self._radio = radio
        self._now_s = now_s
        self._feed = feed
        self._forget = forget

    def run(self, journal, row):
        # row: the newest reading.
        try:
            try:
                self._converse(journal, row)
            except WireError as error:
                print("%s. Next: raise data_rate, or measure less with this station" % error)
            except RadioError as error:
                if error.kind == SILENT:
                    raise
                print(error)
                self._state.radio_setup = 0
            self._feed()
            self._radio.sleep()  # after a failure, too: a modem that stays awake empties the battery
        except RadioError as error:
            print(error)
            self._state.radio_setup = 0

    def _converse(self, journal, row):
        if not self._join():
            return
        status_due = self._now_s() >= self._state.status_next
        ask_time = status_due or not self._state.offset
        if ask_time:
            self._learn_time()  # asks the network with the frame that follows
        self._send_rows(journal, row.layout, row.seq, confirmed=self._now_s() >= self._state.confirmed_next)
        if ask_time:
            self._learn_time()
        if status_due:
            self._send_status(journal, row)
        self._send_again(journal, row)

    # --- joining ---

    def _join(self):
        # Whether there is a session, or one could be had now.
        state = self._state
        setup = crc32(repr(sorted(self._settings["radio"].items())).encode())
        if not self._radio.KEEPS_SETTINGS or state.radio_setup != setup:
            self._configure()
            state.radio_setup = setup
        joined = self._radio.joined()
        forgotten = state.unheard >= _FORGOTTEN
        if joined and not forgotten:
            return True
        now = self._now_s()
        if now < state.join_next:
            return joined
        self._configure()
        self._feed()
        if self._attempt(forgotten):
            self._is_heard()
            return True
        self._back_off(now)
        return self._radio.joined()

    def _attempt(self, anew):
        # Whether the network let us in. While there is a session, no trouble with another one may end the
        # conversation.
        try:
            return self._radio.join(anew)
        except RadioError as error:
            if not self._radio.joined():
                raise
            print(error)
            return False

    def _back_off(self, now):
        state = self._state
        if not state.joins_failed:
            state.join_since = now
        state.joins_failed = min(state.joins_failed + 1, 0xFFFF)
        for since, pause in _BACKOFF:
            if now - state.join_since < since:
                state.join_next = now + pause
                break
        print(
            "LP-238 the network does not answer the join (attempt %d). Next: check that this station is"
            % state.joins_failed
        )
        print("registered with this key, and that a gateway is in reach; it goes on trying by itself.")

    def _configure(self):
        radio = self._settings["radio"]
        key = self._blob("app_key", 16)
        if key is None:
            raise RadioError(239, "no app_key in this board. Next: provision the station")
        self._radio.configure(
            radio["region"],
            self._blob("dev_eui", 8),
            self._blob("join_eui", 8),
            key,
            radio["data_rate"],
            radio["adr"],
        )

    def _blob(self, name, size):
        # None where there is none. One of another length is refused: padded, it would be nobody's key.
        found = bytearray(size + 1)
        try:
            length = self._nvs.get_blob(name, found)
        except OSError as error:
            if error.args[0] == _NOT_FOUND:
                return None
            length = size + 1  # or more
        if length != size:
            raise RadioError(
                239, "%s in this board is not %d bytes long. Next: provision the station" % (name, size)
            )
        return bytes(found[:size])

    # --- frames ---

    def _room(self):
        # Bytes that a frame may have now: asked when it goes, for waiting answers of the MAC take some.
        return min(self._radio.max_payload(), self._settings["radio"]["frame_bytes"])

    def _send_rows(self, journal, columns, top, bottom=None, confirmed=False):
        # Sends the rows from `top` downwards that fit; returns how many.
        taken = 0

        def frame():
            nonlocal taken
            now = self._now_s(), self._state.era, self._state.offset
            rows = wire_rows(journal.walk(top), columns, top, bottom, now)
            payload, taken = encode_readings(columns.channels, rows, self._room(), columns.steps)
            return payload

        self._send(PORT_READINGS, frame, confirmed)
        print("sent %d readings, %d and older" % (taken, top))
        return taken

    def _send_again(self, journal, row):
        # One frame a wake of what was asked for again, from the newest number of the range downwards.
        ranges = self._state.ranges
        if ranges:
            self._forget(*_OTHER_FRAMES)
        while ranges:
            wanted = ranges[0]
            wanted[1] = min(wanted[1], row.seq + 1 - wanted[0])
            if wanted[1] > 0:
                top = wanted[0] + wanted[1] - 1
                columns = next((old.layout for old in journal.walk(top) if old.seq >= wanted[0]), row.layout)
                taken = self._send_rows(journal, columns, top, wanted[0])
                end = sum(wanted)  # the network's answer may have joined more to this range, at both ends
                wanted[1] = min(end, top + 1 - taken) - wanted[0]
                if end > top + 1:
                    self._state.ask(top + 1, end - top - 1)
            if wanted[1] > 0:
                return
            ranges.pop(0)

    def _learn_time(self):
        seconds = self._radio.network_time()
        if seconds:
            self._state.offset = seconds - self._now_s()

    def _send_status(self, journal, row):
        from luftpegel_wire import encode_status

        state = self._state
        gc.collect()
        fields = {
            "firmware": FIRMWARE,
            "reset_cause": state.cause,
            "oldest_seq": journal.oldest(),
            "newest_seq": row.seq,
            "interval_s": state.interval,
            "heap_free": gc.mem_free(),
            "crash": state.crashes,
            "clock": 1 if state.offset else 0,
            "faults": state.faults,
        }
        if self._radio.rx_offset_us is not None:
            fields["rx_offset_us"] = self._radio.rx_offset_us
            fields["rx_spread_us"] = self._radio.rx_spread_us
        self._send(PORT_STATUS, lambda: encode_status(fields, self._room()))
        state.status_next = self._now_s() + _STATUS_EVERY_S

    def _send(self, port, payload, confirmed=False):
        self._feed()
        downlinks = self._radio.send(port, payload, confirmed)
        if confirmed:
            self._note(self._radio.acknowledged)
        for downlink in downlinks:
            self._heed(downlink)

    def _note(self, heard):
        # The network did, or did not, confirm a frame.
        state = self._state
        if heard:
            self._is_heard()
        else:
            state.unheard = min(state.unheard + 1, 0xFF)
            state.confirmed_next = self._now_s() + _CONFIRMED_AGAIN_S

    def _is_heard(self):
        state = self._state
        state.join_since = state.join_next = state.joins_failed = state.unheard = 0
        state.confirmed_next = self._now_s() + _CONFIRMED_EVERY_S

    # --- downlinks ---

    def _heed(self, downlink):
        try:
            frame = decode(downlink.port, downlink.payload)
        except WireError as error:
            print("a downlink is passed over:", error)
            return
        if downlink.port == PORT_BACKFILL:
            self._state.ask(frame.first_seq, frame.count)
        elif downlink.port == PORT_CONFIG:
            self._configure_station(frame)

    def _configure_station(self, frame):
        # Takes over what is sound of a configuration, and answers with what is in force now.
        interval = frame.fields.get("interval_s")
        if type(interval) is int and clock.MIN_INTERVAL_S <= interval <= clock.MAX_INTERVAL_S:
            change_interval(self._nvs, self._settings, interval)
            self._state.interval = interval
        from luftpegel_wire import encode_config

        self._send(PORT_CONFIG, encode_config(frame.token, {"interval_s": self._state.interval}))
