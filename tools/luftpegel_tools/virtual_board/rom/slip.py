"""SLIP framing, in which Espressif's bootloaders speak: frames between C0, with C0 and DB escaped in them."""

END, ESCAPE, ESCAPED_END, ESCAPED_ESCAPE = 0xC0, 0xDB, 0xDC, 0xDD
MOST_BYTES = 1 << 16  # larger than any block of any loader


def frame(data: bytes) -> bytes:
    """The bytes on the line for one packet."""
    return b"\xc0" + data.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + b"\xc0"


class SlipReader:
    """Takes a stream apart: what lies outside of frames, is empty, too long or badly escaped is dropped."""

    def __init__(self) -> None:
        self._packet: bytearray | None = None
        self._escaped = False

    def feed(self, data: bytes) -> list[bytes]:
        """The packets that these bytes complete."""
        packets = []
        for byte in data:
            if byte == END:
                if self._packet:
                    packets.append(bytes(self._packet))
                    self._packet = None  # its end; the next frame brings its own beginning
                else:
                    self._packet = bytearray()
                self._escaped = False
            elif self._packet is not None:
                self._take(byte)
        return packets

    def _take(self, byte: int) -> None:
        assert self._packet is not None
        if self._escaped:
            self._escaped = False
            if byte not in (ESCAPED_END, ESCAPED_ESCAPE):
                self._packet = None
                return
            byte = END if byte == ESCAPED_END else ESCAPE
        elif byte == ESCAPE:
            self._escaped = True
            return
        self._packet.append(byte)
        if len(self._packet) > MOST_BYTES:
            self._packet = None
