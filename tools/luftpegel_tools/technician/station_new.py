"""`luftpegel station new`: a station file from a few answers, with its wiring; `station wiring`: that alone.

What an option has answered is not asked; `--yes` takes the usual answer for all else. Nothing is written that
the check would refuse, and no file is replaced.
"""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from luftpegel_tools.station_files.station_file import judge, load_both
from luftpegel_tools.technician.whole_file import write_whole
from luftpegel_tools.technician.wizard.answers import QUESTIONS, Answers, Question, settings_of, toml_of
from luftpegel_tools.technician.wizard.wiring import parts_of, text_of
from luftpegel_tools.technician.wizard.wiring_svg import svg
from luftpegel_tools.technician.words import TroubleError

_LARGEST_NUMBER = 86_400
_SAID = {
    "en": {
        "written": "{file} is written.",
        "wiring": "Wiring:",
        "number": "a whole number",
        "of": "one of: {}",
    },
    "de": {
        "written": "{file} ist geschrieben.",
        "wiring": "Verdrahtung:",
        "number": "eine ganze Zahl",
        "of": "davon: {}",
    },
}


def configure_new(parser: argparse.ArgumentParser) -> None:
    """Add the options of `new`."""
    parser.add_argument("file", type=Path, metavar="FILE", help="station.toml to be written")
    parser.add_argument("--station", metavar="ID", help="id of the station")
    parser.add_argument("--board", metavar="NAME", help="board, as in docs/station.md")
    parser.add_argument("--sensor", action="append", metavar="DRIVER", help="a sensor; once for each")
    parser.add_argument("--radio", metavar="NAME", help="LoRa chip of the board, or modem")
    parser.add_argument("--region", metavar="NAME", help="LoRaWAN region")
    parser.add_argument("--interval", metavar="SECONDS", help="from one reading to the next")
    parser.add_argument("--yes", action="store_true", help="ask nothing: the usual answer for all else")
    _picture(parser)


def configure_wiring(parser: argparse.ArgumentParser) -> None:
    """Add the options of `wiring`."""
    parser.add_argument("file", type=Path, metavar="FILE", help="station.toml")
    _picture(parser)


def _picture(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--svg", type=Path, metavar="FILE.svg", help="the wiring as a picture, too")
    parser.add_argument("--json", action="store_true", help="the wiring for machines")


def new(args: argparse.Namespace, language: str) -> int:
    """Ask, check, write.

    Raises:
        TroubleError: LP-612, LP-675 to LP-677.
        StationFileError: the answers do not fit together.
    """
    if args.file.exists():
        raise TroubleError("LP-676", file=args.file)
    given = {
        "station": args.station, "board": args.board, "sensors": ",".join(args.sensor or ()) or None,
        "radio": args.radio, "region": args.region, "interval_s": args.interval,
    }  # fmt: skip
    answers: Answers = {}
    for question in QUESTIONS:
        answers[question.key] = _answer(question, given[question.key], answers, args.yes, language)
    settings = settings_of(answers)
    text = toml_of(settings)
    judge(args.file, text, language)
    _write(args.file, text.encode())
    if not args.json:
        print(_SAID[language]["written"].format(file=args.file))
    return wiring(args, language)


def wiring(args: argparse.Namespace, language: str) -> int:
    """The wiring of a station file as text, and as a picture where one is asked for."""
    _, plan = load_both(args.file, language)
    if args.svg:
        _write(args.svg, svg(plan, language))
    if args.json:
        parts = [asdict(part) for part in parts_of(plan)]
        print(json.dumps({"file": str(args.file), "parts": parts}, ensure_ascii=False))
    else:
        print(_SAID[language]["wiring"])
        print(text_of(plan, language))
    return 0


def _write(file: Path, content: bytes) -> None:
    try:
        write_whole(file, content)
    except OSError as error:
        raise TroubleError("LP-612", file=file, detail=error.strerror) from None


def _answer(question: Question, given: str | None, answers: Answers, yes: bool, language: str) -> object:
    """What an option gave, or the usual, or what is typed: until it is one of those that may be."""
    usual = question.default(answers)
    if given is None and yes:
        given = usual
    if given is not None:
        return _read(question, given, answers, language)
    if yes:
        raise TroubleError("LP-675", detail=question.key, option=_option(question))
    while True:
        try:
            return _read(question, _asked(question, answers, usual, language, input), answers, language)
        except TroubleError as trouble:
            if trouble.code != "LP-677":
                raise
            print(trouble.text(language), file=sys.stderr)


def _asked(
    question: Question, answers: Answers, usual: str | None, language: str, ask: Callable[[str], str]
) -> str:
    choices = question.choices(answers)
    for number, choice in enumerate(choices, 1):
        print(f"  {number:>2}  {choice}")
    tail = f" [{usual}]" if usual else ""
    try:
        typed = ask(f"{question.ask[language == 'de']}{tail}: ").strip()
    except EOFError:
        raise TroubleError("LP-675", detail=question.key, option=_option(question)) from None
    if not typed and usual:
        return usual
    words = [word.strip() for word in typed.split(",")] if question.several else [typed]
    named = [
        choices[int(word) - 1] if word.isdecimal() and 0 < int(word) <= len(choices) else word
        for word in words
    ]
    return ",".join(named)


def _read(question: Question, given: str, answers: Answers, language: str) -> object:
    choices = question.choices(answers)
    words = [word.strip() for word in given.split(",")] if question.several else [given]
    if choices and (wrong := [word for word in words if word not in choices]):
        wanted = _SAID[language]["of"].format(" ".join(choices))
        raise TroubleError("LP-677", got=repr(wrong[0]), wanted=wanted)
    if question.number:
        if not given.isdecimal() or int(given) > _LARGEST_NUMBER:
            raise TroubleError("LP-677", got=repr(given), wanted=_SAID[language]["number"])
        return int(given)
    return words if question.several else given


def _option(question: Question) -> str:
    return {"sensors": "--sensor", "interval_s": "--interval"}.get(question.key, f"--{question.key}")
