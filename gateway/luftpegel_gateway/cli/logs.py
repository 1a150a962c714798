"""The running gateway's log: what an operator reads, in the operator's language, as text or as JSON.

A line with a code has its part, cause and next step. Under systemd each line begins with its priority
(sd-daemon(3)), so that `journalctl -p err` finds what is broken. What comes again and again is told once and
then counted. No line has a secret, and none can pass for two.
"""

import json
import logging
import os
import sys
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, TextIO

from luftpegel_gateway.config.secrets import Secret
from luftpegel_gateway.words.log import line_in
from luftpegel_gateway.words.messages import parts_of
from luftpegel_gateway.words.texts import count_text, duration, tell

WINDOW_S = 3600.0  # for so long what has been told is only counted
QUIET_S = 60.0  # and told once more, with its number, when it has not come for so long
LOOK_S = 10.0
STATES = 10  # changes of one part's state that are told in a window; of anything else one
MOST_KINDS = 500
SHORTEST_SECRET = 4
HIDDEN = "***"
_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_DEBUG = 7


def to_journal(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether systemd's journal reads this stream (systemd.exec(5): its device and inode)."""
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environment.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def prefixed(text: str, level: int) -> str:
    """A text for the journal: each of its lines with its priority."""
    number = next((number for least, number in _PRIORITIES if level >= least), _DEBUG)
    return "\n".join(f"<{number}>{line}" for line in text.splitlines())


def secrets_in(values: Any) -> Iterator[str]:
    """Every secret in what was read of gateway.toml, however deep."""
    if isinstance(values, Secret):
        yield str(values)
    elif isinstance(values, Mapping):
        yield from (found for value in values.values() for found in secrets_in(value))
    elif isinstance(values, list | tuple):
        yield from (found for value in values for found in secrets_in(value))


class Lines(logging.Formatter):
    """One line a record, and those of a traceback below it."""

    def __init__(self, language: str, *, as_json: bool, journal: bool, secrets: Iterable[str] = ()) -> None:
        """`journal`: systemd's reads it, and knows the time. `secrets`: what no line may have."""
        super().__init__()
        self._language = language
        self._json = as_json
        self._journal = journal
        self._secrets = sorted({one for one in secrets if len(one) >= SHORTEST_SECRET}, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """The record in words."""
        facts = self._facts(record)
        text = json.dumps(facts, ensure_ascii=False) if self._json else self._text(record, facts)
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return prefixed(text, record.levelno) if self._journal else text

    def _facts(self, record: logging.LogRecord) -> dict[str, object]:
        facts: dict[str, object] = {"time": record.created, "level": record.levelname.lower()}
        code, part = getattr(record, "code", ""), getattr(record, "part", "")
        facts["message"] = line_in(self._language, record)
        if code:
            cause, step = parts_of(code, self._language, detail=getattr(record, "detail", ""))
            facts |= {"part": part, "code": code, "cause": cause, "next_step": step}
        elif part:
            facts["part"] = part
        if more := getattr(record, "more", 0):
            facts |= {"more": more, "more_in_s": round(getattr(record, "more_in_s", 0.0))}
        if record.exc_info and record.exc_info[0] is not None:
            facts["exception"] = "".join(traceback.format_exception(*record.exc_info))
        return facts

    def _text(self, record: logging.LogRecord, facts: Mapping[str, object]) -> str:
        said = str(facts["message"])
        if "code" in facts:
            step = tell("next_step", self._language)
            said = f"{facts['part']}: {facts['code']} {facts['cause']} {step}: {facts['next_step']}"
        if "more" in facts:
            count = count_text(int(str(facts["more"])), self._language)
            said += f" ({tell('log_more', self._language, count, duration(float(str(facts['more_in_s']))))})"
        said = said.replace("\r", "\\r").replace("\n", "\\n")
        if not self._journal:
            said = f"{self.formatTime(record)} {record.levelname} {said}"
        return f"{said}\n{facts['exception']}".rstrip() if "exception" in facts else said


class _Kind:
    """What is known of records of one kind. Times: seconds of the steady clock."""

    __slots__ = ("began", "last", "pending", "pending_since", "seen", "told")

    def __init__(self, now: float) -> None:
        self.began = self.seen = self.pending_since = now
        self.told = self.pending = 0
        self.last: logging.LogRecord | None = None


class Limited(logging.Handler):
    """Hands records on; of a kind that comes too often, how many there were and the last of them.

    The last word on a part is always told, a little later: a log that ends with "works" would lie.
    """

    def __init__(
        self, to: logging.Handler, clock: Callable[[], float] = time.monotonic, most: int = MOST_KINDS
    ) -> None:
        super().__init__()
        self._to = to
        self._clock = clock
        self._most = most
        self._kinds: OrderedDict[object, _Kind] = OrderedDict()

    @property
    def kinds(self) -> int:
        """How many kinds are remembered."""
        return len(self._kinds)

    def emit(self, record: logging.LogRecord) -> None:
        """See logging.Handler; called under the handler's lock."""
        now = self._clock()
        self._tell_due(now)
        kind_of = _kind_of(record)
        if kind_of is None:
            self._to.handle(record)
            return
        kind = self._kinds.setdefault(kind_of, _Kind(now))
        self._kinds.move_to_end(kind_of)
        if not kind.pending and now - kind.began >= WINDOW_S:
            kind.began, kind.told = now, 0
        kind.seen = now
        if kind.told < (STATES if hasattr(record, "part") else 1):
            kind.told += 1
            self._to.handle(record)
        else:
            kind.pending_since = kind.pending_since if kind.pending else now
            kind.pending += 1
            kind.last = record
        while len(self._kinds) > self._most:
            _, oldest = self._kinds.popitem(last=False)
            self._tell(oldest, now)

    def look(self) -> None:
        """Tell what has been counted and is due; to be called now and then."""
        with self.lock:  # type: ignore[union-attr]
            self._tell_due(self._clock())

    def close(self) -> None:
        """Tell all that has been counted."""
        with self.lock:  # type: ignore[union-attr]
            now = self._clock()
            for kind in self._kinds.values():
                self._tell(kind, now)
        super().close()

    def _tell_due(self, now: float) -> None:
        due = [
            kind
            for kind in self._kinds.values()
            if kind.pending and (now - kind.seen >= QUIET_S or now - kind.pending_since >= WINDOW_S)
        ]
        for kind in sorted(due, key=lambda one: one.seen):
            self._tell(kind, now)

    def _tell(self, kind: _Kind, now: float) -> None:
        """The last record of a kind, with how many others there were since one was told."""
        if kind.last is None:
            return
        record = logging.makeLogRecord(kind.last.__dict__)
        record.more, record.more_in_s = kind.pending, now - kind.pending_since
        record.exc_info = None  # the first one had it
        kind.last, kind.pending = None, 0
        self._to.handle(record)


def _kind_of(record: logging.LogRecord) -> object | None:
    """What makes two records the same fault, whatever it was seen at; None: this one is always told."""
    if part := getattr(record, "part", ""):
        return "part", part
    if record.levelno < logging.WARNING:
        return None
    trace = record.exc_info[2] if record.exc_info else None
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = (trace.tb_frame.f_code.co_filename, trace.tb_lineno) if trace else ()
    kind = record.exc_info[0] if record.exc_info else None
    return record.name, str(record.msg), kind, place


def begin(language: str, *, as_json: bool, secrets: Collection[str], stream: TextIO | None = None) -> Limited:
    """Log to stderr from now on, everything that any part of this process logs."""
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Lines(language, as_json=as_json, journal=to_journal(stream), secrets=secrets))
    limited = Limited(handler)
    logging.basicConfig(level=logging.INFO, handlers=[limited], force=True)
    return limited
