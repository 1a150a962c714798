"""What the town tells: the same happening for people and for programs."""

import json

import pytest
from chirpstack_api import gw

from luftpegel_tools.town.diagnosis import Diagnosis
from luftpegel_tools.town.event_output import as_json, as_text
from luftpegel_tools.town.pace import ANSWER_US
from luftpegel_tools.town.sniffer import Happening
from luftpegel_tools.virtual_time.clock import VirtualClock

TUNING = {"frequency_hz": 868_300_000, "sf": 9, "lost": False}
FRAME = {"f_cnt": 3, "f_port": 1, "bytes": 23, "confirmed": False, "ack": False}


@pytest.mark.parametrize(
    ("what", "details", "text"),
    [
        ("join-request", {"dev_nonce": 5}, "asks to join, DevNonce 5, SF9 at 868.3 MHz"),
        ("join-accept", {}, "is let in, SF9 at 868.3 MHz"),
        ("uplink", FRAME | {"lost": True}, "sends frame 3, port 1, 23 bytes, SF9 at 868.3 MHz, LOST"),
        (
            "downlink",
            FRAME | {"confirmed": True, "ack": True},
            "gets frame 3, port 1, 23 bytes, wants an answer, acknowledges, SF9 at 868.3 MHz",
        ),
        ("downlink", FRAME | {"f_port": None, "bytes": 0}, "gets frame 3, no payload, SF9 at 868.3 MHz"),
    ],
)
def test_a_frame_as_a_line(what, details, text):
    happening = Happening(1_777_593_605.25, what, "LP-0001", TUNING | details)
    assert as_text(happening) == f"00:00:05 LP-0001 {text}"
    told = json.loads(as_json(happening))
    assert told.items() >= {"event": what, "station": "LP-0001", "frequency_hz": 868_300_000}.items()
    assert told["time"] == "2026-05-01T00:00:05.250+00:00"


def test_what_concerns_no_station():
    ack = Happening(
        0, "tx-ack", details={"gateway": "00aa", "downlink_id": 1, "statuses": ["TOO_LATE", "OK"]}
    )
    assert as_text(ack) == "00:00:00 gateway 00aa is told to send: TOO_LATE, OK"
    assert "station" not in json.loads(as_json(ack))


class Doubting:
    """Diagnosis of a town, and what they told."""

    def __init__(self):
        self.clock, self.told = VirtualClock(), []
        self.doubts = Diagnosis(self.clock, "eu868", self.told.append)

    def joins(self, station, *, lost=False):
        self.doubts.happened(Happening(0, "join-request", station, {"lost": lost}))

    def acks(self, *statuses):
        items = [gw.DownlinkTxAckItem(status=gw.TxAckStatus.Value(status)) for status in statuses]
        self.doubts.ordered(gw.DownlinkTxAck(items=items))

    def codes(self):
        self.clock.run_until(self.clock.now_us + ANSWER_US)
        return [happening.details["text"].partition(":")[0] for happening in self.told]


@pytest.fixture
def doubting():
    return Doubting()


def test_a_join_that_nobody_answers_is_doubted_once_a_station(doubting):
    for station in ("A", "B", "A"):
        doubting.joins(station)
    assert doubting.codes() == ["LP-379", "LP-379"]
    doubting.joins("A")
    assert doubting.codes() == ["LP-379", "LP-379"]
    doubting.doubts.happened(Happening(0, "join-accept", "A", {"lost": False}))
    doubting.joins("A")
    assert doubting.codes() == ["LP-379"] * 3


def test_a_join_that_no_gateway_heard_is_nobodys_fault(doubting):
    doubting.joins("A", lost=True)
    assert doubting.codes() == []


def test_an_answered_join_is_not_doubted(doubting):
    doubting.joins("A")
    doubting.acks("TOO_LATE", "OK")
    assert doubting.codes() == []


def test_orders_that_cannot_be_sent_are_told_again_only_after_one_that_could(doubting):
    doubting.acks("TOO_LATE", "TOO_LATE")
    doubting.acks("TX_FREQ")
    doubting.acks("OK")
    doubting.acks()
    assert doubting.codes() == ["LP-385", "LP-385"]
    assert "TOO_LATE, TOO_LATE" in doubting.told[0].details["text"]
    assert "no item" in doubting.told[1].details["text"]
