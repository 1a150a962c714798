"""The source "usb-receiver" with the real gateway, at a pseudo-terminal with a board's ring."""

import asyncio
import contextlib
import errno
import fcntl
import json
import os
import pty
import random
import select
import threading
import time
import tty
from pathlib import Path

import pytest

from luftpegel_direct import frame, line
from luftpegel_direct.ring import Ring
from luftpegel_gateway.config.options import Wrong
from luftpegel_gateway.ingest import counters
from luftpegel_gateway.model.events import Passed, Uplink
from luftpegel_gateway.model.faults import OtherEndDown, Refused
from luftpegel_gateway.model.intervals import Intervals
from luftpegel_gateway.sources import usb_receiver
from luftpegel_gateway.sources.receiver_events import parse, payload_of
from luftpegel_gateway.sources.receiver_keys import station_keys
from luftpegel_gateway.sources.receiver_memory import Allowance, Repeats
from luftpegel_gateway.transport import aes, serial_port

ID, PATIENCE_S, KILLS = bytes.fromhex("0011223344556677"), 60, 12
KEYS = {"70b3d57ed0000001": bytes(range(16)), "70b3d57ed0000002": bytes(range(16, 32))}


class Receiver:
    """A board in receiver role: the ring of the firmware's library behind a pseudo-terminal.

    `link` is where the gateway finds it, as udev makes it: unplugged, it is gone.
    """

    def __init__(self, link):
        self.link, self.master, self.thread = link, None, None
        self.lock, self.luck = threading.Lock(), random.Random(11)
        self.noise = 0.0
        self.silent = False
        self.reset()

    def reset(self):
        self.began, self.ring = time.monotonic(), Ring(ID, self.luck.randrange(2**32))

    def now(self):
        return int(time.monotonic() - self.began)

    def plug(self):
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.slave = slave
        self.end = threading.Event()
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(slave))
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def unplug(self):
        if self.thread is None:
            return
        self.end.set()
        self.thread.join(PATIENCE_S)
        self.link.unlink(missing_ok=True)
        os.close(self.slave)
        os.close(self.master)
        self.thread = None

    def run(self):
        lines, greeted = line.Lines(), -10
        while not self.end.is_set():
            ready, _, _ = select.select([self.master], [], [], 0.02)
            out = []
            with self.lock:
                if ready:
                    try:
                        said = os.read(self.master, 4096)
                    except OSError:
                        time.sleep(0.02)  # nobody has it open
                        continue
                    for one in lines.feed(said):
                        with contextlib.suppress(ValueError):
                            out += self.ring.answer(line.read(one), self.now())
                if self.now() - greeted >= 10:
                    greeted = self.now()
                    out.append(self.ring.hello(self.now()))
                out += self.ring.due(self.now())
            if not self.silent:
                self.write(b"".join(map(self.spoil, out)))

    def spoil(self, one):
        """A line as a bad cable, a banner or a reset in the middle leaves it."""
        if self.luck.random() >= self.noise:
            return one
        cut = self.luck.randrange(len(one))
        return self.luck.choice(
            [one[:cut], one[cut:], b"\xff\x00@" + one, one[:cut] + b"rst:0x1\r\n", b"@F 12" + one]
        )

    def write(self, data):
        while data and not self.end.is_set():
            _, ready, _ = select.select([], [self.master], [], 0.1)
            if ready:
                data = data[os.write(self.master, data[:512]) :]

    def hear(self, packet, rssi=-97, snr4=30):
        with self.lock:
            self.ring.put(packet, rssi, snr4, self.now())

    def empty(self):
        return len(self.ring) == 0


@pytest.fixture
def receiver(site):
    receiver = Receiver(site.folder / "port")
    site.config.write_text(
        f'[gateway]\ndata = "data"\nstations = "stations.toml"\n\n[[source]]\nkind = "usb-receiver"\n'
        f'port = "port"\nkeys_file = "keys"\n\n[[sink]]\nkind = "store"\n\n[page]\nport = {site.page}\n'
    )
    keys = site.folder / "keys"
    keys.write_text(
        "# our stations\n\n" + "".join(f"{name} {key.hex()}  # x\n" for name, key in KEYS.items())
    )
    keys.chmod(0o600)
    yield receiver
    if receiver.thread:
        receiver.unplug()


def sealed(station, newest, *, counter=None, key=None, port=1):
    key = key or KEYS.get(station.dev_eui, bytes(16))
    counter = newest if counter is None else counter
    keys = frame.keys_of(aes, key)
    return frame.seal(aes, keys, bytes.fromhex(station.dev_eui), counter, port, station.payload(newest))


def test_readings_come_and_are_acknowledged_after_the_commit(site, receiver, station, until):
    receiver.plug()
    site.started()
    receiver.hear(sealed(station, 0))
    site.wait_for([0])
    assert abs(site.state().link.heard_at / 1e6 - time.time()) < PATIENCE_S
    for seq in range(1, 5):
        receiver.hear(sealed(station, seq))
    site.wait_for(range(5))
    until(receiver.empty, "not acknowledged")
    state = site.state()
    assert (state.link.gateway, state.link.rssi, state.link.snr) == (ID.hex(), -97, 7.5)
    assert (state.frames, state.repeated_frames, state.counters.ranges) == (5, 0, ((0, 4),))
    assert site.codes() == []
    log = site.log.read_text()
    assert not any(key.hex() in log for key in KEYS.values())
    site.stop()
    assert "Traceback" not in log


def test_kills_and_noise_under_load_lose_nothing_and_double_nothing(site, receiver, make_station, until):
    stations = [make_station(), make_station(dev_eui="70b3d57ed0000002")]
    receiver.noise = 0.2
    receiver.plug()
    sent, luck, ended = [0, 0], random.Random(5), threading.Event()

    def send():
        while not ended.is_set():
            if len(receiver.ring) < 40:
                number = luck.randrange(2)
                receiver.hear(sealed(stations[number], sent[number]))
                sent[number] += 1
            time.sleep(0.03)

    def acknowledged():
        return sum(sent) - len(receiver.ring)

    thread = threading.Thread(target=send)
    site.start()
    thread.start()
    for kill in range(KILLS):
        before = acknowledged()
        deadline = time.monotonic() + 120
        while acknowledged() < before + 4:
            assert time.monotonic() < deadline, site.log.read_text()[-3000:]
            time.sleep(0.02)
        time.sleep(luck.uniform(0, 0.3))
        site.kill()
        if kill % 4 == 3:
            receiver.unplug()
            receiver.plug()
        site.start()
    ended.set()
    thread.join(PATIENCE_S)
    deadline = time.monotonic() + 120
    while not receiver.empty() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert receiver.empty(), site.log.read_text()[-3000:]
    assert receiver.ring.lost == 0
    assert min(sent) > 25
    for number, name in enumerate(("LP-0001", "LP-0002")):
        while len(site.stored(name)) < sent[number] and time.monotonic() < deadline + 120:
            time.sleep(0.1)
        rows = site.rows("SELECT seq FROM readings WHERE station = ? AND channel = 2", name)
        assert sorted(seq for (seq,) in rows) == list(range(sent[number]))
        state = site.state(name)
        assert state.counters.ranges == ((0, sent[number] - 1),)
        assert state.frames == sent[number]  # what was told again is no new frame
    assert site.codes() == []
    site.stop()


def test_a_receiver_that_starts_anew_goes_on(site, receiver, station, until):
    receiver.plug()
    site.started()
    receiver.hear(sealed(station, 0))
    site.wait_for([0])
    with receiver.lock:
        receiver.reset()  # its numbers begin again at 0, under another boot
    receiver.write(b"@F 1a2b\xffrst:0x1 (POWERON_RESET)\r\n")
    receiver.hear(sealed(station, 1))
    site.wait_for([0, 1])
    until(receiver.empty, "not acknowledged")
    site.stop()


def test_hot_plug(site, receiver, station, until):
    """Not there, there, gone, there again: a trouble that clears by itself, and nothing lost."""
    site.start()
    until(lambda: site.troubles() == {"usb-receiver": "LP-521"}, site.log.read_text)
    receiver.hear(sealed(station, 0))
    receiver.plug()
    site.wait_for([0])
    until(lambda: site.troubles() == {}, site.log.read_text)
    receiver.unplug()
    until(lambda: site.troubles() == {"usb-receiver": "LP-521"}, site.log.read_text)
    receiver.hear(sealed(station, 1))
    receiver.plug()
    until(lambda: site.troubles() == {}, site.log.read_text)
    site.wait_for([0, 1])
    site.stop()


def test_a_port_that_another_program_has(site, receiver, station, until):
    receiver.plug()
    with receiver.link.open("rb+", buffering=0) as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        site.start()
        until(lambda: site.troubles() == {"usb-receiver": "LP-523"}, site.log.read_text)
    until(lambda: site.troubles() == {}, site.log.read_text)
    site.stop()


def test_a_device_that_is_none(site, receiver, station, until):
    receiver.link.write_text("a file")
    site.start()
    until(lambda: site.troubles() == {"usb-receiver": "LP-524"}, site.log.read_text)
    receiver.plug()
    until(lambda: site.troubles() == {}, site.log.read_text)
    receiver.write(b"@H 9 0011223344556677 1a2b3c4d 1 0 0*" + b"%08X\n" % 0)  # no line at all
    receiver.hear(sealed(station, 0))
    site.wait_for([0])
    site.stop()


@pytest.mark.parametrize(("number", "code"), [
    (errno.EACCES, "LP-522"), (errno.ENOENT, "LP-521"), (errno.EBUSY, "LP-523"), (errno.ENODEV, "LP-521"),
    (errno.EIO, "LP-521"), (errno.ENOTTY, "LP-524"), (errno.ENXIO, "LP-521"),
])  # fmt: skip
def test_each_cause_has_its_code(monkeypatch, number, code):
    serial = serial_port.library()

    class Port(serial.Serial):
        def open(self):
            raise serial.SerialException(number, "could not open port")

    monkeypatch.setattr(serial, "Serial", Port)
    with pytest.raises(OtherEndDown) as down:
        serial_port.Port(Path("/dev/x"), 115200)
    assert down.value.code == code


def test_a_board_is_neither_reset_nor_told_that_nobody_listens(receiver):
    """One control line alone resets an ESP32; with DTR cleared, a board with USB of its own sends nothing."""
    receiver.plug()
    port = serial_port.Port(receiver.link, 115200)
    assert (port._port.dtr, port._port.rts) == (True, True)
    port.close()


def test_a_silent_device_is_told(receiver, monkeypatch):
    """Another board, a modem, a wrong speed: what is there says no line, or nothing."""
    monkeypatch.setattr(usb_receiver, "ASK_S", 1.5)
    options = {"port": receiver.link, "baud": 115200}
    receiver.silent = True
    receiver.plug()
    with pytest.raises(OtherEndDown, match=r"LP-524.*silent"):
        asyncio.run(usb_receiver.probe(options, "x"))
    talking = threading.Timer(0.3, receiver.write, [b"\xff\x80gibberish\n" * 10])
    talking.start()
    with pytest.raises(OtherEndDown, match=r"LP-524.*make no sense"):
        asyncio.run(usb_receiver.probe(options, "x"))
    talking.join()
    receiver.silent = False
    monkeypatch.setattr(usb_receiver, "ASK_S", 20)
    assert asyncio.run(usb_receiver.probe(options, "x")).seen.endswith(ID.hex())
    with receiver.link.open("rb+", buffering=0) as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        found = asyncio.run(usb_receiver.probe(options, "x"))
    assert [fault.code for fault in found.warnings] == ["LP-523"]  # most likely it is the gateway itself
    receiver.unplug()
    with pytest.raises(OtherEndDown, match="LP-521"):
        asyncio.run(usb_receiver.probe(options, "x"))


def test_a_newer_receiver_is_told():
    with pytest.raises(OtherEndDown, match="LP-529"):
        usb_receiver._refuse_newer(Path("x"), ("H", 2, ID, 1, 1, 0, 0))


def test_strangers_forgers_and_recordings(site, receiver, make_station, until):
    receiver.plug()
    site.started()
    one, unknown = make_station(), make_station(dev_eui="70b3d57ed0000099")
    recorded = [sealed(one, seq) for seq in range(20)]
    for packet in recorded:
        receiver.hear(packet)
    site.wait_for(range(20))
    until(receiver.empty, "not acknowledged")
    for packet in (recorded[0], recorded[3]):  # a recording, sent again
        receiver.hear(packet)
    receiver.hear(b"\x40another vendor's LoRaWAN frame")
    receiver.hear(sealed(one, 21, key=bytes(16)))
    receiver.hear(sealed(unknown, 0))
    until(receiver.empty, "not acknowledged")
    assert sorted(site.codes()) == ["LP-525", "LP-526"]
    state, passed = site.state(), site.account("store").passed
    assert state.frames == 20
    assert passed == {"counter used": 2, "no frame of a station": 1}
    with receiver.lock:
        before = state.link.heard_at
    assert site.state().link.heard_at == before  # a recording says nothing of today
    site.stop()


def test_a_flood_of_what_nobody_can_read_is_bounded(site, receiver, make_station, until):
    receiver.plug()
    site.started()
    station = make_station()
    for number in range(260):
        until(lambda: len(receiver.ring) < 60, "never taken")
        receiver.hear(sealed(station, 0, counter=number, key=bytes(16)))
    until(receiver.empty, "not acknowledged")
    until(lambda: site.troubles() == {"usb-receiver": "LP-531"}, site.log.read_text)
    assert 200 <= len(site.entries()) <= 202
    receiver.hear(sealed(station, 0))
    site.wait_for([0])
    site.stop()


def test_what_waits_for_its_key_is_read_when_it_has_one(site, receiver, station, until, capsys):
    keys = site.folder / "keys"
    whole = keys.read_text()
    keys.write_text("70b3d57ed0000002 " + "00" * 16 + "\n")
    receiver.plug()
    site.started()
    receiver.hear(sealed(station, 0))
    until(lambda: site.codes() == ["LP-526"], site.log.read_text)
    until(receiver.empty, "not acknowledged")
    site.stop()
    keys.write_text(whole)
    from luftpegel_tools import cli  # noqa: PLC0415

    assert cli.main(["gateway", "quarantine", "replay", "--config", str(site.config)]) == 0
    site.started()
    site.wait_for([0])
    site.stop()


# The pure parts.


def test_counters_out_of_order_each_once():
    known = Intervals()
    for number in (5, 3, 9, 4, 2000):
        assert not counters.used(known, number)
        known = counters.use(known, number)
        assert counters.used(known, number)
    assert counters.used(known, 6)  # too old to tell
    assert counters.used(known, 2000 - counters.WINDOW)
    assert not counters.used(known, 2000 - counters.WINDOW + 1)
    for number in range(2002, 2002 + 2 * 500, 2):
        known = counters.use(known, number)
    assert len(known.ranges) <= counters.MOST_RANGES
    assert not counters.used(known, 3001 + 1)
    assert not counters.used(counters.use(known, 2**32 - 2), 2**32 - 1)


def test_keys_are_read_and_never_shown(tmp_path):
    file = tmp_path / "keys"

    def read(text):
        file.write_text(text)
        file.chmod(0o600)
        return station_keys("keys", tmp_path)

    found = read("\n# x\n70-B3-D5-7E-D0-00-00-01 " + "AB" * 16 + " # ours\n")
    assert found == {"70b3d57ed0000001": b"\xab" * 16}
    assert "ab" * 16 not in repr(found).lower() + str(found).lower() + f"{found!r}"
    for text in ("x", "70b3d57ed0000001", "70b3d57ed0000001 00", "70b3d57ed0000001 " + "zz" * 16,
                 ("70b3d57ed0000001 " + "00" * 16 + "\n") * 2,
                 "70b3d57ed0000001 " + "00" * 16 + " 1"):  # fmt: skip
        with pytest.raises(Wrong) as wrong:
            read(text)
        assert wrong.value.code == "LP-528"
        assert "00" * 8 not in str(wrong.value.words)
    file.chmod(0o644)
    with pytest.raises(Wrong) as wrong:
        station_keys("keys", tmp_path)
    assert wrong.value.code == "LP-309"


def test_bounds_of_memory():
    repeats = Repeats(100)
    for number in range(1000):
        repeats.add(number)
        repeats.take(number)
    assert sum(repeats.knows(number) for number in range(1000)) == 100
    allowance = Allowance(10)
    assert sum(allowance.spend(1000.0) for _ in range(50)) == 10
    assert allowance.refused == 40
    assert allowance.spend(1000.0 + 8640)
    assert not allowance.spend(1000.0 + 8640)


@pytest.mark.parametrize(("port", "codes"), [
    ("/dev/ttyUSB0", ["LP-532"]), ("/dev/ttyACM12", ["LP-532"]), ("/dev/serial/by-id/usb-Heltec", []),
    ("/dev/ttyAMA0", []),
])  # fmt: skip
def test_a_name_by_order_is_told(port, codes):
    assert [code for _, code in usb_receiver.warnings({"port": Path(port)})] == codes


def test_any_damage_gives_an_event_or_a_refusal(station):
    luck = random.Random(seed := random.randrange(2**32))
    print("seed", seed)
    strange = [None, "", "x" * 300, -1, 2**70, 1.5, True, [], {}, "\ud800", 1e400]
    packet = sealed(station, 3)
    seen = set()
    for _ in range(20_000):
        damaged = bytearray(packet)
        if luck.random() < 0.5:
            damaged[luck.randrange(len(damaged))] ^= luck.randint(1, 255)
        written = line.heard(1, 2, 3, 4, -90, 5, bytes(damaged))[:-1]
        if luck.random() < 0.3:
            written = written[: luck.randrange(len(written))]
        body = json.loads(payload_of(ID.hex(), written, 1_795_694_400_000_000))
        body = {key: luck.choice(strange) if luck.random() < 0.1 else value for key, value in body.items()}
        try:
            event = parse("", json.dumps(body).encode(), keys=KEYS)
        except Refused as refused:
            seen.add(refused.code)
        else:
            seen.add(type(event))
            if isinstance(event, Uplink):
                assert (event.data, event.f_cnt) == (station.payload(3), 3)
    assert seen == {"LP-525", "LP-526", "LP-527", Passed, Uplink}
