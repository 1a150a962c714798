"""A TOML file that is read whole and judged whole: each mistake has its line, and all are told at once."""

import codecs
import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from luftpegel_gateway.config.options import REQUIRED, Option, Wrong
from luftpegel_gateway.config.toml_lines import Path as KeyPath
from luftpegel_gateway.config.toml_lines import error_line, line_of, lines_of
from luftpegel_gateway.words.messages import say

LARGEST = 16 * 2**20  # bytes; ten thousand stations have three million


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong in a file: where, which code, and the words of its message."""

    file: Path
    line: int
    code: str
    words: Mapping[str, object]

    def text(self, language: str) -> str:
        """The mistake for people: file, line (0: it would be a new one), cause, next step."""
        line = f":{self.line}" if self.line else ""
        return f"{self.file}{line}: {say(self.code, language, **self.words)}"


def read_text(file: Path) -> str:
    """The text of a file of settings; a byte order mark at its beginning, as some editors write it, goes.

    OSError; UnicodeDecodeError: no UTF-8; Wrong LP-345: larger than any such file is.
    """
    with file.open("rb") as opened:
        content = opened.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise Wrong("LP-345", most=LARGEST // 2**20)
    return content.removeprefix(codecs.BOM_UTF8).decode("utf-8")


def _encoding(content: bytes) -> str:
    """What a file seems to be that is no UTF-8."""
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in content[:64]
    return "UTF-16" if wide else "ISO 8859-1 or Windows-1252"


class JudgedFile:
    """One TOML file: its values, its lines, and the mistakes found in it so far."""

    def __init__(self, file: Path) -> None:
        self.path = file
        self.mistakes: list[Mistake] = []
        self.failed: set[KeyPath] = set()  # where a value could not be read
        self.lines: dict[KeyPath, int] = {}
        self.content: dict[str, Any] = {}
        try:
            raw = read_text(file)
            self.content = tomllib.loads(raw)
            self.lines = lines_of(raw.replace("\r\n", "\n"))
        except OSError as error:
            self._add(1, "LP-301", reason=error.strerror)
        except UnicodeDecodeError as error:
            self._add(error.object.count(b"\n", 0, error.start) + 1, "LP-344", reason=_encoding(error.object))
        except Wrong as wrong:
            self._add(1, wrong.code, **wrong.words)
        except tomllib.TOMLDecodeError as error:
            self._add(error_line(error, raw), "LP-302", reason=str(error).split(" (at ")[0])
        except (RecursionError, ValueError):  # brackets without end, numbers of thousands of digits
            self._add(1, "LP-302", reason="nothing that a file of settings can hold")

    def _add(self, line: int, code: str, **words: object) -> None:
        self.mistakes.append(Mistake(self.path, line, code, words))

    def wrong(self, place: KeyPath, code: str, **words: object) -> None:
        """Note a mistake at `place`."""
        self._add(line_of(self.lines, place), code, **words)

    def read(self, place: KeyPath, table: Any, options: Mapping[str, Option]) -> dict[str, Any]:
        """A table by its options, defaults filled in; what is wrong is noted, and None in the result."""
        if not isinstance(table, dict):
            self.wrong(place, "LP-304", key=place[0], expected=f"a table [{place[0]}]", got="a value")
            return dict.fromkeys(options)
        self.unknown(place, table, options)
        return {key: self._value((*place, key), table, key, option) for key, option in options.items()}

    def unknown(self, place: KeyPath, table: Mapping[str, Any], known: Mapping[str, Any]) -> None:
        """Note every key that nobody reads, with the one that was probably meant."""
        for key in table:
            if key not in known:
                near = difflib.get_close_matches(key, list(known), 1, 0.5)
                hint = {"near": near[0]} if near else {"known": ", ".join(known)}
                self.wrong((*place, key), "LP-303" if near else "LP-313", key=key, **hint)

    def _value(self, place: KeyPath, table: Mapping[str, Any], key: str, option: Option) -> Any:
        if key not in table:
            if option.default is REQUIRED:
                self.failed.add(place)
                self.wrong(place[:-1], "LP-305", key=key)
                return None
            return option.default
        try:
            return option.read(table[key], self.path.parent)
        except Wrong as wrong:
            self.failed.add(place)
            self.wrong(place, wrong.code, key=key, **wrong.words)
            return None

    def tables(self, key: str) -> list[tuple[KeyPath, dict[str, Any]]]:
        """The elements of an array of tables, each with its place."""
        found = self.content.get(key, [])
        if not isinstance(found, list) or not all(isinstance(table, dict) for table in found):
            self.wrong((key,), "LP-304", key=key, expected=f"tables [[{key}]]", got="something else")
            return []
        return [((key, index), table) for index, table in enumerate(found)]
