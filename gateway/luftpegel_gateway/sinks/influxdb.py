"""Write readings to InfluxDB, or to what speaks its line protocol over HTTP. Points: docs/influxdb.md.

A point's name is series and time, so what comes again overwrites itself. A server may take a part of a batch
and say of the rest only how many; the batch is then halved until the guilty lines stand alone.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from luftpegel_gateway.config.options import Option, Wrong, choice, text
from luftpegel_gateway.model.faults import Fault
from luftpegel_gateway.model.observations import Item, Rejection
from luftpegel_gateway.sinks import Context, SinkDown
from luftpegel_gateway.sinks.influxdb_lines import lines_of
from luftpegel_gateway.transport import http_faults, http_options
from luftpegel_gateway.transport.http_client import Answer, HttpClient
from luftpegel_gateway.transport.http_options import HTTP_OPTIONS

KIND = "influxdb"
OPTIONS = {
    **HTTP_OPTIONS,
    "version": Option(choice("1", "2"), "1"),
    "database": Option(text, None),
    "retention_policy": Option(text, None),
    "org": Option(text, None),
    "bucket": Option(text, None),
}
warnings = http_options.warnings
REVISES = True
BATCH = 1000  # readings
LINES = 5000  # in a request
REFUSED = "LP-497"
NOT_FOUND, TOO_LARGE, FAILS = 404, 413, 500
ABOUT_LINES = (400, TOO_LARGE, 422)
_NEEDED = ("database", "org", "bucket")
_PATHS = {"1": "write", "2": "api/v2/write"}
_PARAMETERS = {
    "1": (("db", "database"), ("rp", "retention_policy")),
    "2": (("org", "org"), ("bucket", "bucket")),
}
_PARTIAL = b"partial write"  # some servers say so with status 500
_OF_LINES = re.compile(rb"partial write|unable to parse|field type conflict")
_NOTHING = re.compile(rb"requires points|empty|no (?:points|data|lines)", re.IGNORECASE)  # said to a mere try
_DROPPED = re.compile(rb"\bdropped=(\d{1,9})\b")
_TRY = b"# luftpegel\n"  # a comment: read like a batch, and nothing is written

Line = tuple[int, str]  # place of the item, line


def wrong(options: Mapping[str, Any]) -> Iterator[tuple[str, Wrong]]:
    """Options that cannot stand as they do: (key, what is wrong)."""
    yield from http_options.wrong(options)
    known = [key for _, key in _PARAMETERS[options["version"]]]
    for key in known:
        if options[key] is None and key in _NEEDED:
            yield key, Wrong("LP-305")
    for key in sorted({key for keys in _PARAMETERS.values() for _, key in keys}.difference(known)):
        if options[key] is not None:
            yield key, Wrong("LP-313", known=", ".join(known))


class InfluxDB:
    """One database or bucket."""

    def __init__(self, context: Context) -> None:
        """Raises CannotStart: files for TLS cannot be read."""
        options = context.options
        version = options["version"]
        self._client = HttpClient(options, context.name)
        self._path = _PATHS[version]
        self._parameters = {"precision": "ms"} | {
            name: options[key] for name, key in _PARAMETERS[version] if options[key] is not None
        }
        self._headers = {"Content-Type": "text/plain; charset=utf-8"}
        if version == "2" and options["token_file"] is not None:
            self._headers["Authorization"] = f"Token {options['token_file']}"

    async def start(self) -> None:
        """See `Sink`."""

    async def stop(self) -> None:
        """See `Sink`."""
        await self._client.close()

    async def deliver(self, items: Sequence[Item]) -> list[Rejection]:
        """See `Sink`."""
        lines = lines_of(items)
        refused: dict[int, str] = {}
        for place in range(0, len(lines), LINES):
            await self._write(lines[place : place + LINES], refused)
        return [Rejection(items[place], Fault(REFUSED, words)) for place, words in sorted(refused.items())]

    async def probe(self) -> None:
        """Write nothing, with all that a batch has. Raises OtherEndDown where that is not taken."""
        answer = await self._post(_TRY)
        if not answer.well and not _NOTHING.search(answer.body):
            raise SinkDown(http_faults.NOT_UNDERSTOOD, answer.words())

    async def _write(self, lines: Sequence[Line], refused: dict[int, str]) -> None:
        """Post until the server has each line or has refused it; these in `refused`, by place of the item."""
        answer = await self._post("\n".join(line for _, line in lines).encode("utf-8", "replace") + b"\n")
        if answer.well:
            return
        if len(lines) == 1 or _all_dropped(answer, len(lines)):
            if not _OF_LINES.search(answer.body):
                await self.probe()
            refused |= {place: answer.words() for place, _ in lines}
            return
        half = len(lines) // 2
        for part in (lines[:half], lines[half:]):
            await self._write(part, refused)

    async def _post(self, body: bytes) -> Answer:
        """Whether it was taken, or refused for what it is. Raises OtherEndDown for every other answer."""
        answer = await self._client.request(
            *("POST", self._path), body=body, params=self._parameters, headers=self._headers, judges=(FAILS,)
        )
        if answer.status in ABOUT_LINES or (answer.well and not answer.body.strip()):
            return answer
        if answer.status == FAILS:
            if _PARTIAL in answer.body:
                return answer
            raise SinkDown(http_faults.BROKEN, answer.words())
        code = http_faults.NO_SUCH_PATH if answer.status == NOT_FOUND else http_faults.NOT_UNDERSTOOD
        raise SinkDown(code, answer.words())


def _all_dropped(answer: Answer, lines: int) -> bool:
    """Whether the server says that it took none of them."""
    dropped = _DROPPED.search(answer.body)
    return _PARTIAL in answer.body and dropped is not None and int(dropped[1]) >= lines


def create(context: Context) -> InfluxDB:
    """The sink of one [[sink]] with kind "influxdb". Raises CannotStart."""
    return InfluxDB(context)


async def probe(options: Mapping[str, Any], name: str) -> None:
    """Whether a server is there that lets us write to the database. Raises OtherEndDown."""
    sink = InfluxDB(Context(name, options, Path()))
    try:
        await sink.probe()
    finally:
        await sink.stop()
