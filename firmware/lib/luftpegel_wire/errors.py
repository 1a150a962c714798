# The one exception of the wire: whatever bytes come in, decoding gives a frame or raises this.


class WireError(ValueError):
    # .code is the stable LP code; the text says what is wrong with the frame (the sender's side is at fault).

    def __init__(self, code, text):
        super().__init__("%s: %s" % (code, text))
        self.code = code


TRUNCATED = "LP-210"  # ends too early, or says it is longer than it is
NOT_CANONICAL = "LP-211"  # CBOR that is not in the one deterministic form
UNKNOWN_VERSION = "LP-212"  # a newer station than this decoder
UNKNOWN_PORT = "LP-213"  # no frame of ours travels on this FPort
MALFORMED = "LP-214"  # CBOR is fine, its content is not a frame of this kind
OUT_OF_RANGE = "LP-215"  # a number beyond what the wire can carry
TOO_LARGE = "LP-216"  # (encoding) not even one reading fits into the payload
