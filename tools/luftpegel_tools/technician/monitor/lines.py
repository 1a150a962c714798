"""Bytes of a console into lines that a terminal can bear, however they are cut on the way."""

import codecs
import re

LONGEST = 4096  # characters; what has no end is cut here
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Lines:
    """Takes bytes as they come; hands out whole lines without their ends."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._open = ""

    def take(self, data: bytes) -> list[str]:
        """The lines that are whole now."""
        self._open += self._decoder.decode(data)
        *whole, self._open = re.split(r"\r*\n", self._open)
        while len(self._open) > LONGEST:
            whole.append(self._open[:LONGEST])
            self._open = self._open[LONGEST:]
        return [clean(line) for line in whole]

    def rest(self) -> str:
        """What stands there without an end, as a prompt does; it is handed out once. "" for nothing."""
        told, self._open = clean(self._open), ""
        return told


def clean(line: str) -> str:
    """Without what could move a cursor or change colours: a board shall not write over another's lines."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", _ESCAPE.sub("", line.rstrip("\r")))
