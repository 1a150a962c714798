"""Random and mutated frames for a device: what has no valid MIC changes nothing, and nothing raises.

Frames with a valid MIC and any content are among them: after each the device must be sane and able to send.
"""

import random

import lorawan_device
from lorawan_network import Network
from lorawan_town import APP_KEY, DEV_EUI, JOIN_EUI

from lorawan.mac import Mac
from lorawan.regions import band_of, eu868
from luftpegel_tools.desk import cryptolib

cryptolib.install()  # each part runs in a process of its own

CHECK_EVERY = 64  # refused frames between two looks at the whole state
COMMANDS = bytes(range(0x02, 0x0E))


class Fuzz:
    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.storage = lorawan_device.Storage()
        self.mac = Mac(eu868, self.storage, self.dice.randrange, DEV_EUI, JOIN_EUI, APP_KEY)
        self.network = Network(APP_KEY)
        self.now = 0
        self.counts = {"refused": 0, "accepted": 0, "joined": 0}
        self._unchecked = 0
        self.begin_join()

    def begin_join(self):
        self.mac.cancel()
        self.joining = True
        self.now = self.mac.next_join_at(self.now)
        self.network.join_request(self.mac.join_request(self.now).payload)
        self.valid = self.network.accept(self.dice.randrange(256), self.dice.randrange(256), self.cf_list())
        self.look()

    def cf_list(self):
        return self.dice.choice([b"", self.dice.randbytes(15) + b"\x00", self.dice.randbytes(16)])

    def begin_uplink(self):
        self.mac.windows_closed(self.now)
        self.mac.cancel()
        self.joining = False
        self.now = self.mac.next_transmission_at(0, self.now + 600_000)
        self.mac.link_check()
        transmission = self.mac.uplink(1, b"", self.dice.random() < 0.5, self.now)
        assert band_of(eu868, transmission.frequency_hz) is not None
        assert transmission.power_dbm <= eu868.MAX_EIRP
        assert band_of(eu868, transmission.rx1[1]) is not None
        self.network.uplink(transmission.payload)
        self.valid = self.network.downlink(**self.content())
        self.look()

    def content(self):
        dice = self.dice
        commands = b"".join(
            bytes([dice.choice(COMMANDS)]) + dice.randbytes(dice.randrange(6))
            for _ in range(dice.randrange(9))
        )
        fields = {name: dice.random() < 0.3 for name in ("confirmed", "ack", "pending")}
        kind = dice.randrange(3)
        if kind == 0:
            return fields | {"options": commands[:15]}
        if kind == 1:
            return fields | {"port": 0, "payload": commands}
        return fields | {
            "port": dice.randrange(1, 256),
            "payload": dice.randbytes(9),
            "options": commands[:15],
        }

    def look(self):
        """Remembers the whole state."""
        self.state = self.mac.dump(self.now), dict(self.storage.values), self.mac.busy
        self._unchecked = 0

    def unchanged(self):
        return self.state == (self.mac.dump(self.now), self.storage.values, self.mac.busy)

    def forged(self):
        """A frame that is not `self.valid`, in one of six ways."""
        dice = self.dice
        frame = bytearray(self.valid)
        kind = dice.randrange(6)
        if kind == 0:
            return dice.randbytes(dice.randrange(64))
        if kind == 1:
            return bytes(frame[: dice.randrange(len(frame))])
        if kind == 2:
            return bytes(frame) + dice.randbytes(dice.randrange(1, 9))
        if kind == 3:
            frame[dice.randrange(len(frame))] ^= 1 << dice.randrange(8)
        elif kind == 4:
            for _ in range(dice.randrange(1, 6)):
                frame[dice.randrange(len(frame))] = dice.randrange(256)
        else:
            frame[5:] = dice.randbytes(len(frame) - 5)
        return b"" if frame == self.valid else bytes(frame)

    def step(self):
        if self.dice.randrange(100):
            assert self.mac.received(lorawan_device.Packet(self.forged(), 0), self.now) == []
            self.counts["refused"] += 1
            self._unchecked += 1
            if self._unchecked >= CHECK_EVERY:
                assert self.unchanged()
                self._unchecked = 0
            return
        assert self.unchanged()
        packet = lorawan_device.Packet(self.valid, self.dice.randrange(-400, 400))
        assert self.mac.received(packet, self.now)
        self.counts["joined" if self.joining else "accepted"] += 1
        self.sane()
        if self.dice.randrange(40):
            self.begin_uplink()
        else:
            self.begin_join()

    def sane(self):
        session = self.mac.session
        channels = session.channels
        assert session.data_rate < 6
        assert session.power < 8
        assert 1 <= session.repeats <= 15
        assert 1 <= session.rx_delay <= 15
        assert session.rx2_rate < 6
        assert band_of(eu868, session.rx2_frequency) is not None
        assert channels.usable(session.data_rate)
        assert channels.frequencies[:3] == list(eu868.CHANNELS)
        for index in range(16):
            frequency = channels.frequencies[index]
            assert not frequency or band_of(eu868, frequency) is not None
            assert frequency or not channels.mask >> index & 1
        assert sum(len(answer) for answer in session.answers) <= 51
        before = self.mac.dump(self.now)
        assert self.mac.load(before, self.now, True)
        assert self.mac.dump(self.now) == before


def run(seed, count):
    """Counts of frames by fate; a finding is an AssertionError that names the frame."""
    fuzz = Fuzz(seed)
    for number in range(count):
        try:
            fuzz.step()
        except Exception as error:
            raise AssertionError(
                f"seed {seed}, frame {number}, valid {fuzz.valid.hex()}: {error!r}"
            ) from error
    return fuzz.counts
