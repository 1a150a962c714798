"""Requests and answers: one line of JSON each, in turn, on one connection. Pure.

    {"verb": "replay", "ids": [3, 4]}  {"outcomes": [{"id": 3}, {"id": 4, "code": "LP-320", "detail": "..."}]}
    {"verb": "discard", "ids": [5]}    {"discarded": 1}
    {"verb": "reload"}                 {"stations": 12}
    {"verb": "conditions"}             {"conditions": [{"subject": "town", "code": "LP-420", ...}]}
    {"verb": "send", "station": "LP-0001", "settings": {"interval_s": 600}, ...}       {"token": 17}
    {"verb": "cancel", "station": "LP-0001", "token": 17}                              {}
    {"verb": "offer", "sink": "town", "since": 1782907200, "until": null, ...}         {}
    anything else                      {"error": {"code": "LP-332", "detail": "..."}}

A request is bounded (`MOST_IDS`, `MOST_STATIONS`), so that each is answered soon; whoever has more sends
several.
"""

from typing import Annotated, TypeVar

import msgspec

from luftpegel_gateway.model.faults import Fault

LARGEST_LINE = 65_536  # bytes of a request; of an answer: ANSWER_LINE
ANSWER_LINE = 16 * LARGEST_LINE
MOST_IDS = 500
MOST_STATIONS = 200  # with the longest names of tenant and station they fit into a line
_Ids = Annotated[list[Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]], msgspec.Meta(max_length=MOST_IDS)]


class Replay(msgspec.Struct, tag_field="verb", tag="replay", frozen=True):
    """Take these entries of the quarantine through the gateway again."""

    ids: _Ids


class Discard(msgspec.Struct, tag_field="verb", tag="discard", frozen=True):
    """Remove these entries from the quarantine for good."""

    ids: _Ids


class Reload(msgspec.Struct, tag_field="verb", tag="reload", frozen=True):
    """Read stations.toml anew."""


class Conditions(msgspec.Struct, tag_field="verb", tag="conditions", frozen=True):
    """Tell what is wrong now."""


class Send(msgspec.Struct, tag_field="verb", tag="send", frozen=True):
    """Queue a command for a station: settings by the wire's names."""

    station: str
    settings: dict[str, int]
    expires_s: Annotated[int, msgspec.Meta(ge=60, le=366 * 86400)]
    tenant: str = ""


class Cancel(msgspec.Struct, tag_field="verb", tag="cancel", frozen=True):
    """Take back a command that has not been answered."""

    station: str
    token: int
    tenant: str = ""


class OfferAgain(msgspec.Struct, tag_field="verb", tag="offer", frozen=True):
    """Have a sink get these readings again: measured since..until (Unix seconds), of these stations."""

    sink: str
    since: int | None = None
    until: int | None = None
    stations: Annotated[tuple[tuple[str, str], ...], msgspec.Meta(max_length=MOST_STATIONS)] = ()


Request = Replay | Discard | Reload | Conditions | Send | Cancel | OfferAgain


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one entry: resolved when there is no code."""

    id: int
    code: str = ""
    detail: str = ""


class Told(msgspec.Struct, frozen=True):
    """One condition of the running gateway; times are Unix seconds of its clock."""

    subject: str
    code: str
    detail: str
    since: float
    last_seen: float


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to any request; `error` says why there is no other."""

    outcomes: tuple[Outcome, ...] = ()
    discarded: int = 0
    stations: int = 0
    conditions: tuple[Told, ...] = ()
    token: int = 0
    error: Fault | None = None


class BadLine(ValueError):  # noqa: N818 - the other side's mistake
    """A line that is no request, or no answer."""


_Message = TypeVar("_Message")
_REQUEST: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
_ANSWER = msgspec.json.Decoder(Answer)
_ENCODER = msgspec.json.Encoder()


def parse_request(line: bytes) -> Request:
    """The request in a line; BadLine for anything else, whatever the bytes."""
    return _parse(_REQUEST, line)


def parse_answer(line: bytes) -> Answer:
    """The answer in a line; BadLine for anything else."""
    return _parse(_ANSWER, line)


def line_of(message: Request | Answer) -> bytes:
    """A message as its line."""
    return _ENCODER.encode(message) + b"\n"


def _parse(decoder: msgspec.json.Decoder[_Message], line: bytes) -> _Message:
    try:
        return decoder.decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BadLine(str(error)) from error
