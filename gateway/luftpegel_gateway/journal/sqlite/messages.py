"""Messages of a batch as one compressed blob, and back, to the byte.

A ChirpStack event is 1.4 KB of JSON of which some 130 bytes are news; the rest repeats from frame to frame.
So a batch is compressed together, with a dictionary of what events look like, which helps the first frame;
and later, when there is time, together with its neighbours and as columns. The first byte names the
dictionary, and whether there are columns: what was written once can be read for ever.
"""

from collections.abc import Sequence

import msgspec
import zstandard

from luftpegel_gateway.journal.sqlite.columns import Turned, turn, turn_back
from luftpegel_gateway.model.events import Delivery

_DICTIONARIES = {
    1: b'{"deduplicationId":"","time":"2026-01-01T00:00:00.000000000+00:00","deviceInfo":{"tenantId":"",'
    b'"tenantName":"ChirpStack","applicationId":"","applicationName":"luftpegel","deviceProfileId":"","deviceProfileName":'
    b'"Luftpegel","deviceName":"","devEui":"70b3d57ed000","deviceClassEnabled":"CLASS_A","tags":{}},"devAddr":"",'
    b'"adr":true,"dr":5,"fCnt":1,"fPort":1,"confirmed":false,"data":"hAEZ","rxInfo":[{"gatewayId":"","uplinkId":1,'
    b'"gwTime":"2026-01-01T00:00:00.000000+00:00","nsTime":"2026-01-01T00:00:00.000000000+00:00",'
    b'"timeSinceGpsEpoch":"1400000000.000s","rssi":-97,"snr":7.5,"channel":1,"rfChain":1,"board":1,"antenna":1,'
    b'"location":{"latitude":50.0,"longitude":10.0,"altitude":100.0},"context":"","metadata":{"region_common_name":'
    b'"EU868","region_config_id":"eu868"},"crcStatus":"CRC_OK"}],"txInfo":{"frequency":868100000,"modulation":{"lora":'
    b'{"bandwidth":125000,"spreadingFactor":7,"codeRate":"CR_4_5"}}},"regionConfigId":"eu868"}'
    b"application/device/event/up chirpstack-mqtt",
}
_NEWEST = max(_DICTIONARIES)
_LEVEL = 1  # of a batch of events shorter than 3, and faster
_LEVEL_TURNED = 12  # once a message, in no hurry
_DECODE = msgspec.msgpack.Decoder(list[tuple[str, str, str, bytes, int | None, int]])
_COLUMNS = 0x80  # in the first byte: `columns.py`
MANY = 16  # messages that are worth turning
_Turned = tuple[list[tuple[str, str, str, int | None, int]], Turned]
_DECODE_TURNED = msgspec.msgpack.Decoder(_Turned)
LARGEST = 1 << 30  # bytes that a blob may unpack to: a damaged one must not ask for more


class Packer:
    """Packs and unpacks; one a thread."""

    def __init__(self) -> None:
        known = {
            number: zstandard.ZstdCompressionDict(text, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
            for number, text in _DICTIONARIES.items()
        }
        self._pack = zstandard.ZstdCompressor(level=_LEVEL, dict_data=known[_NEWEST])
        self._pack_small = zstandard.ZstdCompressor(level=_LEVEL_TURNED, dict_data=known[_NEWEST])
        self._unpack = {number: zstandard.ZstdDecompressor(dict_data=text) for number, text in known.items()}

    def pack(self, messages: Sequence[tuple[Delivery, int]]) -> bytes:
        """Deliveries, each with the moment when it came (Unix seconds, our clock)."""
        rows = [
            (one.source, one.kind, one.topic, one.payload, one.size, taken_at) for one, taken_at in messages
        ]
        return bytes([_NEWEST]) + self._pack.compress(msgspec.msgpack.encode(rows))

    def pack_small(self, messages: Sequence[tuple[Delivery, int]]) -> bytes:
        """The same in two thirds of the bytes and eight times the time, for what is not asked for soon."""
        turned = turn([one.payload for one, _ in messages]) if len(messages) >= MANY else None
        if turned is None:
            return self.pack(messages)
        envelopes = [(one.source, one.kind, one.topic, one.size, taken_at) for one, taken_at in messages]
        return bytes([_COLUMNS | _NEWEST]) + self._pack_small.compress(
            msgspec.msgpack.encode((envelopes, turned))
        )

    def unpack(self, blob: bytes) -> list[tuple[Delivery, int]]:
        """What `pack` wrote, by this version or an older one."""
        plain = self.plain(blob)
        if blob[0] & _COLUMNS:
            envelopes, turned = _DECODE_TURNED.decode(plain)
            return [
                (Delivery(source, kind, topic, payload, size), taken_at)
                for (source, kind, topic, size, taken_at), payload in zip(
                    envelopes, turn_back(turned), strict=True
                )
            ]
        rows = _DECODE.decode(plain)
        return [(Delivery(*row[:5]), row[5]) for row in rows]

    def compress(self, plain: bytes) -> bytes:
        """Any bytes, with the same dictionary."""
        return bytes([_NEWEST]) + self._pack.compress(plain)

    def plain(self, blob: bytes) -> bytes:
        """What `compress` was given."""
        return self._unpack[blob[0] & ~_COLUMNS].decompress(blob[1:], max_output_size=LARGEST)
