"""One gateway: what it hears, what it agrees to send and when, and the errors of ChirpStack's protocol."""

import pytest
from chirpstack_api import gw

from luftpegel_tools.air.shared_air import Frame, SharedAir, Tuning
from luftpegel_tools.backhaul import messages
from luftpegel_tools.lora_gateways.lora_gateway import SimulatedGateway, Site
from luftpegel_tools.lora_gateways.schedule import CAPACITY, LEAD_US, MAX_ADVANCE_US
from luftpegel_tools.virtual_time.clock import VirtualClock

ROLLOVER = 1 << 32


class Bench:
    def __init__(self, signal=(-90, 7.5), **site):
        self.clock = VirtualClock(epoch=1_780_000_000)
        self.air = SharedAir(self.clock)
        self.on_air = []
        self.air.observers.append(self.on_air.append)
        self.site = Site("0016c001f1500001", **site)
        self.gateway = SimulatedGateway(self.site, self.clock, self.air, lambda *_: signal, seed="test")
        first = self.hear()
        self.counter_at_0 = int.from_bytes(first.rx_info.context, "big") if first else 0

    def hear(self, frequency_hz=868_100_000, sf=7, bandwidth_hz=125_000, inverted=False, **fields):
        """A frame that ends now."""
        tuning = Tuning(frequency_hz, sf, bandwidth_hz, inverted, fields.pop("sync_word", 0x34))
        now_us = self.clock.now_us
        return self.gateway.hear(
            Frame(object(), tuning, 14, True, b"uplink", now_us - 50_000, now_us, 8, **fields)
        )

    def context(self):
        """Of an uplink that would end now."""
        return messages.context(self.counter_at_0 + self.clock.now_us)

    def item(self, delay_us=1_000_000, context=None, timing=None, **fields):
        given = {
            "frequency": 868_100_000,
            "power": 16,
            "modulation": messages.lora(7, 125_000, inverted=True),
            "timing": timing or gw.Timing(delay=gw.DelayTimingInfo(delay=messages.duration(delay_us))),
            "context": self.context() if context is None else context,
        } | fields
        return gw.DownlinkFrameItem(phy_payload=b"downlink", tx_info=gw.DownlinkTxInfo(**given))

    def order(self, *items):
        ack = self.gateway.order(
            gw.DownlinkFrame(downlink_id=7, gateway_id=self.site.gateway_id, items=items)
        )
        assert (ack.downlink_id, ack.gateway_id) == (7, self.site.gateway_id)
        return [gw.TxAckStatus.Name(item.status) for item in ack.items]


@pytest.fixture
def bench():
    made = Bench()
    made.clock.run_until(10_000_000)
    return made


def test_an_uplink_is_told_with_all_that_belongs_to_it(bench):
    frame = bench.hear(867_300_000, 12)
    info = frame.rx_info
    assert frame.phy_payload == b"uplink"
    assert frame.tx_info.frequency == 867_300_000
    lora = frame.tx_info.modulation.lora
    assert (lora.spreading_factor, lora.bandwidth, lora.code_rate) == (12, 125_000, gw.CodeRate.CR_4_5)
    assert not lora.polarization_inversion
    assert (info.gateway_id, info.rssi, info.snr) == (bench.site.gateway_id, -90, 7.5)
    assert (info.channel, info.rf_chain, info.crc_status) == (4, 1, gw.CRCStatus.CRC_OK)
    assert len(info.context) == 4
    assert info.gw_time.seconds == bench.clock.epoch + 10
    assert gw.UplinkFrame.FromString(frame.SerializeToString()) == frame


@pytest.mark.parametrize("has_gps", [True, False])
def test_rx_info_has_what_concentratord_fills_in(has_gps):
    """Concentratord 4.7.1, sx1302, wrapper/mod.rs: uplink_to_proto."""
    bench = Bench(has_gps=has_gps)
    bench.clock.run_until(10_000_000)
    info = gw.UplinkFrame.FromString(bench.hear(867_300_000, 12).SerializeToString()).rx_info
    filled = {
        "gateway_id", "uplink_id", "gw_time", "rssi", "snr", "channel", "rf_chain", "context", "crc_status",
    }  # fmt: skip
    ours = {"location"}  # ChirpStack takes it over instead of what is registered
    if has_gps:
        filled.add("time_since_gps_epoch")
    assert {field.name for field, _ in info.ListFields()} == filled | ours


@pytest.mark.parametrize(
    "fields",
    [
        {"inverted": True},  # another gateway's downlink
        {"frequency_hz": 869_525_000},
        {"bandwidth_hz": 250_000},
        {"sync_word": 0x12},
    ],
)
def test_what_a_gateway_does_not_receive(bench, fields):
    assert bench.hear() is not None
    assert bench.hear(**fields) is None


def test_out_of_reach():
    assert Bench(signal=None).hear() is None


def test_the_context_counts_microseconds_and_rolls_over(bench):
    first = bench.hear().rx_info.context
    assert first == bench.context()
    bench.clock.run_until(bench.clock.now_us + ROLLOVER - 1)
    last = bench.hear().rx_info.context
    assert int.from_bytes(last, "big") == (int.from_bytes(first, "big") - 1) % ROLLOVER


def test_an_order_is_sent_at_its_time(bench):
    heard_us = bench.clock.now_us
    assert bench.order(bench.item()) == ["OK"]
    bench.clock.run_until(heard_us + 2_000_000)
    (frame,) = bench.on_air
    assert frame.start_us == heard_us + 1_000_000
    assert frame.tuning == Tuning(868_100_000, 7, 125_000, inverted=True, sync_word=0x34)
    assert (frame.payload, frame.power_dbm, frame.preamble) == (b"downlink", 16, 8)


@pytest.mark.parametrize("before_rollover_us", [100_000, 500_000, 999_999])
def test_an_order_is_sent_at_its_time_over_a_rollover(bench, before_rollover_us):
    counter = int.from_bytes(bench.context(), "big")
    heard_us = bench.clock.now_us + ROLLOVER - counter - before_rollover_us
    bench.clock.run_until(heard_us)
    assert int.from_bytes(bench.context(), "big") == ROLLOVER - before_rollover_us
    assert bench.order(bench.item()) == ["OK"]
    bench.clock.run_until(heard_us + 2_000_000)
    assert [frame.start_us for frame in bench.on_air] == [heard_us + 1_000_000]


@pytest.mark.parametrize(
    ("ahead_us", "status"),
    [
        (LEAD_US, "OK"),
        (LEAD_US - 1, "TOO_LATE"),
        (0, "TOO_LATE"),
        (-3_000_000, "TOO_LATE"),
        (MAX_ADVANCE_US, "OK"),
        (MAX_ADVANCE_US + 1, "TOO_EARLY"),
    ],
)
def test_neither_too_late_nor_too_early(bench, ahead_us, status):
    item = bench.item(delay_us=4_000_000)
    at_us = bench.clock.now_us + 4_000_000
    if ahead_us <= 4_000_000:
        bench.clock.run_until(at_us - ahead_us)
    else:
        item = bench.item(delay_us=ahead_us)
    assert bench.order(item) == [status]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"frequency": 862_999_999}, "TX_FREQ"),
        ({"frequency": 870_000_001}, "TX_FREQ"),
        ({"power": 30}, "TX_POWER"),
        ({"power": 29}, "OK"),
        ({"context": b"\x01\x02\x03"}, "INTERNAL_ERROR"),
        ({"context": b""}, "INTERNAL_ERROR"),
        ({"timing": gw.Timing()}, "INTERNAL_ERROR"),
        ({"timing": gw.Timing(immediately=gw.ImmediatelyTimingInfo())}, "INTERNAL_ERROR"),
        ({"modulation": gw.Modulation(fsk=gw.FskModulationInfo(datarate=50_000))}, "INTERNAL_ERROR"),
        ({"modulation": gw.Modulation()}, "INTERNAL_ERROR"),
        ({"modulation": messages.lora(6, 125_000)}, "INTERNAL_ERROR"),
        ({"modulation": messages.lora(7, 0)}, "INTERNAL_ERROR"),
    ],
)
def test_what_a_gateway_cannot_send(bench, fields, status):
    assert bench.order(bench.item(**fields)) == [status]
    bench.clock.run_until(bench.clock.now_us + 5_000_000)
    assert len(bench.on_air) == (status == "OK")


def test_a_frame_that_is_too_long_is_refused(bench):
    item = bench.item()
    item.phy_payload = bytes(256)
    assert bench.order(item) == ["INTERNAL_ERROR"]
    item.phy_payload = bytes(255)
    assert bench.order(item) == ["OK"]


def test_the_first_item_that_can_be_sent_is(bench):
    items = [bench.item(power=99), bench.item(delay_us=2_000_000), bench.item(delay_us=3_000_000)]
    assert bench.order(*items) == ["TX_POWER", "OK", "IGNORED"]
    bench.clock.run_until(bench.clock.now_us + 5_000_000)
    assert len(bench.on_air) == 1


def test_an_order_without_items_sends_nothing(bench):
    assert bench.order() == []


def test_frames_do_not_collide(bench):
    assert bench.order(bench.item(1_000_000)) == ["OK"]
    for delay_us in (1_000_000, 990_000, 1_030_000):
        assert bench.order(bench.item(delay_us)) == ["COLLISION_PACKET"]
    assert bench.order(bench.item(1_500_000)) == ["OK"]
    bench.clock.run_until(bench.clock.now_us + 1_010_000)  # the first is on the air now
    assert bench.order(bench.item(50_000), bench.item(700_000)) == ["COLLISION_PACKET", "OK"]


def test_the_queue_is_finite(bench):
    for number in range(CAPACITY):
        assert bench.order(bench.item(1_000_000 * (number + 1))) == ["OK"]
    assert bench.order(bench.item(100_000_000)) == ["QUEUE_FULL"]


def test_a_gateway_is_deaf_while_it_sends(bench):
    bench.order(bench.item(1_000_000))
    bench.clock.run_until(bench.clock.now_us + 1_010_000)
    assert bench.hear() is None
    bench.clock.run_until(bench.clock.now_us + 200_000)
    assert bench.hear() is not None


@pytest.mark.parametrize(("has_gps", "status"), [(True, "OK"), (False, "GPS_UNLOCKED")])
def test_gps_time_needs_gps(has_gps, status):
    bench = Bench(has_gps=has_gps)
    at_us = 5_000_000
    gps_us = messages.gps_us(bench.clock.epoch * 1_000_000 + at_us)
    timing = gw.Timing(gps_epoch=gw.GPSEpochTimingInfo(time_since_gps_epoch=messages.duration(gps_us)))
    assert bench.order(bench.item(timing=timing)) == [status]
    bench.clock.run_until(10_000_000)
    assert [frame.start_us for frame in bench.on_air] == ([at_us] if has_gps else [])


def test_a_downlink_carries_a_crc_unless_told_not_to(bench):
    plain = bench.item(1_000_000)
    without = bench.item(2_000_000)
    without.tx_info.modulation.lora.no_crc = True
    without.tx_info.modulation.lora.preamble = 12
    assert bench.order(plain) == bench.order(without) == ["OK"]
    bench.clock.run_until(bench.clock.now_us + 5_000_000)
    assert [(frame.crc, frame.preamble) for frame in bench.on_air] == [(True, 8), (False, 12)]
