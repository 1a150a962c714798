"""The signature of a message that is posted, as Standard Webhooks has it: who wrote it, and when.

HMAC-SHA256 over `webhook-id`, `webhook-timestamp` (Unix seconds) and the body, with dots between. The sink
`webhook` signs, the source `http-push` judges. Pure: clocks are handed in.
"""

import base64
import binascii
import hmac
from collections.abc import Iterator, Mapping
from typing import Any

from luftpegel_gateway.config.options import Wrong

SECRET_MARK = "whsec_"  # noqa: S105 - before a secret in Base64
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
VERSION = "v1"
MOST_SIGNATURES = 8  # that one message may have beside each other, while keys are changed
_LONGEST_ID, _LONGEST_TIME = 256, 12


class Unsigned(ValueError):  # noqa: N818 - an outcome
    """A message that is not taken for what it says. `off_s`: by how much its clock differs from ours
    (seconds, positive: ahead), where only that is wrong."""

    def __init__(self, reason: str, off_s: int = 0) -> None:
        super().__init__(reason)
        self.off_s = off_s


def wrong(options: Mapping[str, Any]) -> Iterator[tuple[str, Wrong]]:
    """Options that cannot stand as they do: (key, what is wrong)."""
    try:
        secret_bytes(options["secret_file"] or "")
    except ValueError:
        yield "secret_file", Wrong("LP-311", example="whsec_ and Base64", got="whsec_…")


def signature(given: str, key: str, timestamp: int, body: bytes) -> str:
    """The signature of one message. `key`: its id; `timestamp`: Unix seconds; `given`: the secret."""
    signed = b".".join((key.encode(), str(timestamp).encode(), body))
    return f"{VERSION}," + base64.b64encode(hmac.digest(secret_bytes(given), signed, "sha256")).decode()


def secret_bytes(given: str) -> bytes:
    """`whsec_` and Base64, or any other text as it is. ValueError: Base64 that is none."""
    if not given.startswith(SECRET_MARK):
        return given.encode()
    try:
        return base64.b64decode(given[len(SECRET_MARK) :], validate=True)
    except binascii.Error as error:
        raise ValueError("no Base64 after whsec_") from error


def seems_signed(headers: Mapping[str, str]) -> bool:
    """Whether a message has all three headers in a form that can be judged."""
    key, told = headers.get(ID, ""), headers.get(TIMESTAMP, "")
    return (
        0 < len(key) <= _LONGEST_ID
        and key.isascii()
        and key.isprintable()
        and 0 < len(told) <= _LONGEST_TIME
        and told.isascii()
        and told.isdigit()
        and bool(headers.get(SIGNATURE))
    )


def judge(given: str, headers: Mapping[str, str], body: bytes, now: float, window_s: int) -> str:
    """The id of a message that is signed with this secret, at a time at most `window_s` from `now` (Unix
    seconds). Raises Unsigned, with `off_s` only for one whose signature is right."""
    if not seems_signed(headers):
        raise Unsigned("not signed")
    key, told = headers[ID], int(headers[TIMESTAMP])
    wanted = signature(given, key, told, body).encode()
    # headers may have any bytes; each is compared, so that time tells nothing
    shown = [one.encode(errors="surrogateescape") for one in headers[SIGNATURE].split(" ", MOST_SIGNATURES)]
    if not any([hmac.compare_digest(one, wanted) for one in shown[:MOST_SIGNATURES]]):  # noqa: C419
        raise Unsigned("signed with another secret, or changed on the way")
    if abs(off := told - round(now)) > window_s:
        raise Unsigned("signed too long ago, or ahead of time", off)
    return key
