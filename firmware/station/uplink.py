# One conversation with the network: newest readings, a status once a day, readings asked for again, and what
# comes back. Nothing here can cost a reading: all lie in the journal, and a frame that fails is made up for
# by the next. What comes down is noted, and answered once, at the end: no network can keep a station busy.

from binascii import crc32

from lora_radio import SILENT, RadioError
from luftpegel_wire import PORT_BACKFILL, PORT_CONFIG, PORT_READINGS, WireError, decode
from luftpegel_wire.quality import MISSING
from station import clock

# Of one wake: frames, and seconds after which none is begun.
_MOST_FRAMES, _LONGEST_S = 8, 300
# Boards that were switched on together do not speak together: so many milliseconds they are spread over, anew
# for each reading.
_SPREAD_MS = 3000
# The network is asked to confirm a frame of readings each two hours (a little less: no two wakes take equally
# long), and each frame while it does not; where the next reading is far, twice more at once. So many in a row
# without a word: it has forgotten this station, as one that was set up anew has.
CONFIRMED_EVERY_S, _FAR_S = 6600, 1200
_FORGOTTEN = 3
# The network's time is asked for again, to learn how the clock drifts: after an hour, then once a day.
_TIME_SOON_S, _TIME_EVERY_S = 3600, 86400
# Airtime that the account of all lives is charged with for a frame: 51 bytes, by data rate.
_FRAME_MS = (2800, 1500, 700, 400, 200, 120, 70, 20)

# What writes readings, and what reads or writes other frames: never both at once.
_READINGS = ("luftpegel_wire.readings", "luftpegel_wire.column", "luftpegel_wire.rangecoder")
_OTHER_FRAMES = ("luftpegel_wire.frames", "luftpegel_wire.frames_reader", "luftpegel_wire.cbor_reader")


def wire_rows(rows, columns, top, bottom, now):
    # Journal rows (newest first, from number `top`) as rows of one frame: numbered without a gap, absent
    # where the journal has none, ending where the columns change. bottom: last number to account for, None:
    # what there is. now: (board second, era, offset), see clock.age_of.
    from luftpegel_wire.readings import Row

    expected = top
    newer = None
    for row in rows:
        if bottom is not None and row.seq < bottom:
            break
        if not columns.same_columns(row.layout):
            return
        while expected > row.seq:
            yield _absent(Row, expected, columns)
            expected -= 1
        yield Row(row.seq, _age(row, now), _interval(row, newer), row.values, row.quality)
        newer = row
        expected -= 1
    while bottom is not None and expected >= bottom:
        yield _absent(Row, expected, columns)
        expected -= 1


def _absent(row, seq, columns):
    width = len(columns.channels)
    return row(seq, None, None, (None,) * width, (MISSING,) * width, absent=True)


def _age(row, now):
    return clock.age_of(row.time, row.era, row.offset, now)


def _interval(row, newer):
    # Seconds from a row to the next newer one; None where no clock joins them.
    return None if newer is None else _age(row, (newer.time, newer.era, newer.offset))


def on_slots(rows, interval):
    # Rows whose true time is that of a slot, give or take what reckoning costs, have it whole: steps stay
    # even.
    for row in rows:
        if row.offset:
            off = (row.time + row.offset + clock.ON_TIME_S) % interval - clock.ON_TIME_S
            if abs(off) <= clock.ON_TIME_S:
                row.offset -= off
        yield row


def first(rows, most):
    # At most so many; 0: all.
    for row in rows:
        yield row
        most -= 1
        if not most:
            return


class Uplink:
    # nvs: blobs "app_key", "dev_eui", "join_eui". radio: see lora_radio. now_s() -> board second.
    # feed(): the watchdog. forget(names): gives back the heap of modules. sleep_ms(n).

    def __init__(self, settings, state, nvs, radio, now_s, feed, forget, sleep_ms):  # noqa: PLR0917 - the parts
        self.settings = settings
        self.state = state
        self.nvs = nvs
        self.radio = radio
        self.now_s = now_s
        self.feed = feed
        self.forget = forget
        self.sleep_ms = sleep_ms
        self._frames = _MOST_FRAMES
        self._until = now_s() + _LONGEST_S

    def run(self, journal, row):
        # row: the newest reading. Whatever happens, the radio is asleep afterwards.
        silent = False
        try:
            self._converse(journal, row)
        except WireError as error:
            print(error)
        except RadioError as error:
            print(error)
            self.state.radio_setup = 0
            silent = error.kind == SILENT
        finally:
            self.feed()
            if not silent:
                self._rest()

    def _rest(self):
        # A modem or chip that stays awake empties the battery.
        try:
            self.radio.sleep()
        except RadioError as error:
            print(error)
            self.state.radio_setup = 0

    def _converse(self, journal, row):
        state = self.state
        if self.now_s() < state.quiet_until:
            return
        if not self._join(row.seq):
            return
        self.spread(_SPREAD_MS, row.seq)
        asks = self.now_s() >= state.time_next or not state.offset
        if asks:
            self.radio.network_time()  # asks the network with the frame that follows
        if asks and self._begins_era(journal, row):
            # The time first: without it, what the last life has left unsent would travel without its age.
            self._tell(journal, row)
            self._learn_time()
            asks = False
        self._send_newest(journal, row)
        if asks:
            self._learn_time()
        self._tell(journal, row)
        self._send_again(journal, row)
        if state.owes:
            self.forget(*_READINGS)
            self._apart("telling", "answer", self)

    def _begins_era(self, journal, row):
        older = next(journal.walk(row.seq - 1), None) if row.seq else None
        return older is not None and older.era != row.era

    def _tell(self, journal, row):
        if self.now_s() >= self.state.status_next or self.state.trouble:
            self.forget(*_READINGS)
            self._apart("telling", "send_status", self, journal.oldest(), row.seq)

    def spread(self, over_ms, seq):
        # By DevEUI and number: two boards may meet once, not for ever.
        name = self._blob("dev_eui", 8) or self.settings["station"].encode()
        self.sleep_ms(crc32(name + seq.to_bytes(4, "little")) % over_ms)

    def _send_newest(self, journal, row):
        # Asks for a confirmation when it is due; where it does not come and the next reading is far, again.
        state = self.state
        try:
            while True:
                confirmed = self.now_s() >= state.confirmed_next
                self._send_rows(journal, row.layout, row.seq, confirmed=confirmed)
                again = confirmed and state.interval > _FAR_S and 0 < state.unheard < _FORGOTTEN
                if not again or self._frames < _MOST_FRAMES // 2:
                    break
        except WireError as error:
            print("%s. Next: raise data_rate or frame_bytes, or measure less with this station" % error)
            if self.now_s() >= state.status_next:
                state.trouble = 216
        if state.unheard >= _FORGOTTEN:
            self._join(row.seq)

    # --- joining ---

    def _join(self, seq):
        # Whether there is a session, or one could be had now.
        state = self.state
        setup = crc32(repr(sorted(self.settings["radio"].items())).encode())
        if not self.radio.KEEPS_SETTINGS or state.radio_setup != setup:
            self.configure()
            state.radio_setup = setup
        joined = self.radio.joined()
        if joined and state.unheard < _FORGOTTEN:
            return True
        if self.now_s() < state.join_next:
            return joined
        return self._apart("joining", "join", self, state.unheard >= _FORGOTTEN, seq)

    def _apart(self, name, function, *arguments):
        # Something seldom, whose module gives its heap back afterwards.
        module = __import__("station." + name, None, None, (function,))
        try:
            return getattr(module, function)(*arguments)
        finally:
            module = None  # type: ignore[assignment]  # what it was goes
            self.forget("station." + name)

    def configure(self):
        radio = self.settings["radio"]
        key = self._blob("app_key", 16)
        if key is None:
            raise RadioError(239, "no app_key in this board. Next: provision the station")
        self.radio.configure(
            radio["region"],
            self._blob("dev_eui", 8),
            self._blob("join_eui", 8),
            key,
            radio["data_rate"],
            radio["adr"],
        )

    def _blob(self, name, size):
        found = bytearray(size)
        try:
            self.nvs.get_blob(name, found)
        except OSError:
            return None
        return bytes(found)

    # --- frames ---

    def room(self):
        # Bytes that a frame may have now: asked when it goes, for waiting answers of the MAC take some.
        return min(self.radio.max_payload(), self.settings["radio"]["frame_bytes"])

    def _send_rows(self, journal, columns, top, bottom=None, confirmed=False):
        # Sends the rows from `top` downwards that fit; returns how many.
        taken = 0

        def frame():
            nonlocal taken
            from luftpegel_wire.readings import encode_readings

            state = self.state
            now_s = self.now_s()
            offset = clock.true_ms(state, 1000 * now_s) // 1000 - now_s
            known = (0, state.offset_at, state.era, state.offset, state.drift)
            walk = on_slots(journal.walk(top, known), state.interval)
            now = now_s, state.era, offset
            rows = first(wire_rows(walk, columns, top, bottom, now), self.settings["history"])
            payload, taken = encode_readings(columns.channels, rows, self.room(), columns.steps)
            rows = walk = encode_readings = None  # type: ignore[assignment]  # what it was goes
            self.forget(*_READINGS)  # the radio needs the heap now; a second try loads them again
            return payload

        self.send(PORT_READINGS, frame, confirmed)
        print("sent %d readings, %d and older" % (taken, top))
        return taken

    def _send_again(self, journal, row):
        # One frame a wake of what was asked for again, from the newest number of the range downwards.
        ranges = self.state.ranges
        if ranges:
            self.forget(*_OTHER_FRAMES)
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
                    self.state.ask(top + 1, end - top - 1)
            if wanted[1] > 0:
                return
            ranges.pop(0)

    def _learn_time(self):
        state = self.state
        seconds = self.radio.network_time(False)
        if not seconds:
            return
        now = self.now_s()
        known = state.offset
        if clock.learn(state, now, seconds - now):
            state.time_next = now + (_TIME_EVERY_S if known else _TIME_SOON_S)
        else:
            state.time_next = 0  # the next wake brings a second witness
            print("LP-227 the network's clock contradicts what is known: it waits for a second answer. Next:")
            print("if this comes again, look at the clocks of gateways and network server")

    def send(self, port, payload, confirmed=False):
        self.feed()
        if not self._frames or self.now_s() > self._until:
            print("this wake has sent enough")
            return
        self._frames -= 1
        rate = self.settings["radio"]["data_rate"]
        self.state.air_ms = min(self.state.air_ms + _FRAME_MS[min(rate, 7)], 0xFFFFFF)
        downlinks = self.radio.send(port, payload, confirmed)
        if confirmed:
            self._note(self.radio.acknowledged or downlinks)
        elif downlinks:
            self.is_heard()
        for downlink in downlinks:
            self._heed(downlink)

    def _note(self, heard):
        # The network did, or did not, confirm a frame.
        state = self.state
        if heard:
            self.is_heard()
        else:
            state.unheard = min(state.unheard + 1, 0xFF)

    def is_heard(self):
        state = self.state
        state.joins_anew = 0
        state.join_since = state.join_next = state.joins_failed = state.unheard = 0
        state.confirmed_next = self.now_s() + CONFIRMED_EVERY_S

    # --- downlinks ---

    def _heed(self, downlink):
        self.forget(*_READINGS)
        try:
            frame = decode(downlink.port, downlink.payload)
        except WireError as error:
            print("a downlink is passed over:", error)
            return
        if downlink.port == PORT_BACKFILL:
            self.state.ask(frame.first_seq, frame.count)
        elif downlink.port == PORT_CONFIG:
            self.forget(*_OTHER_FRAMES)
            state = self.state
            state.asked = self._apart("remote", "change", self.nvs, self.settings, state, frame.fields)
            state.owes, state.token = 1, frame.token

