"""The verb `init`: asks a few questions, writes gateway.toml, stations.toml and the secrets, then checks all.

The same questions are answered by a file (--answers) where nobody sits at a terminal. Nothing that is there
is replaced unasked, and what is replaced is kept with the ending .old.
"""

import argparse
import getpass
import os
import stat
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from luftpegel_gateway.cli.owners import give, owner_of
from luftpegel_gateway.cli.questions import QUESTIONS, Question
from luftpegel_gateway.config.editing import written
from luftpegel_gateway.config.files import BadConfig
from luftpegel_gateway.config.judged import JudgedFile, Mistake
from luftpegel_gateway.config.replacing import NEW, OLD
from luftpegel_gateway.config.wrong import Wrong
from luftpegel_gateway.model.faults import CannotStart
from luftpegel_gateway.words.messages import say
from luftpegel_gateway.words.texts import tell

HELP = "ask a few questions, write gateway.toml and stations.toml, check them"
SECRET_KEYS = {question.key for question in QUESTIONS if question.secret}
STATIONS, PASSWORD = "stations.toml", Path("secrets") / "broker-password"
YES = ("y", "j")


def init(args: argparse.Namespace, language: str, run: Callable[[], int]) -> int:
    """Ask, write, check. `run` runs `check` on what was written. CannotStart, BadConfig."""
    given = _given(args.answers) if args.answers else {}
    here = args.answers is None and sys.stdin.isatty()
    _refuse_unknown(given)
    if not args.answers and not here and not args.defaults:
        raise CannotStart("LP-359", "no terminal, no --answers, no --defaults")
    answers: dict[str, Any] = {}
    try:
        for question in QUESTIONS:
            if not question.when(answers):
                answers[question.key] = None
            elif here:
                answers[question.key] = _asked(question, answers, args.config.parent, language)
            else:
                answers[question.key] = _told(question, answers, given, args.config.parent)
        files = _files(args.config, answers)
        _permit([file for file in files if file.exists()], args, here=here, language=language)
    except (EOFError, KeyboardInterrupt):
        raise CannotStart("LP-359", "given up; nothing was written") from None
    for file, content in files.items():
        _write(file, content, secret=file.name == PASSWORD.name)
        if not args.json:
            print(tell("written", language, file))
    return run()


def _given(file: Path) -> dict[str, Any]:
    """The answers in a file. One with a password may be read by its owner alone: BadConfig LP-309."""
    judged = JudgedFile(file)
    mistakes = judged.mistakes
    if not mistakes:
        mode = stat.S_IMODE(file.stat().st_mode)
        secret = [key for key in SECRET_KEYS & set(judged.content) if not _elsewhere(judged.content[key])]
        if secret and mode & (stat.S_IRWXG | stat.S_IRWXO):
            words = {"key": secret[0], "path": file, "mode": f"{mode:04o}"}
            mistakes = [Mistake(file, judged.lines[secret[0],], "LP-309", words)]
    if mistakes:
        raise BadConfig(mistakes)
    return judged.content


def _refuse_unknown(given: Mapping[str, Any]) -> None:
    if unknown := set(given) - {question.key for question in QUESTIONS}:
        raise CannotStart("LP-359", f"nobody asks for {', '.join(sorted(unknown))}")


def _told(question: Question, answers: Mapping[str, Any], given: Mapping[str, Any], folder: Path) -> Any:
    """The answer of the file, or the default. CannotStart LP-359."""
    value = given.get(question.key, question.default(answers))
    if value is None:
        raise CannotStart("LP-359", question.key)
    try:
        return question.read(value, folder)
    except Wrong as wrong:
        shown = "" if question.secret else f" = {value!r}"
        raise CannotStart("LP-359", f"{question.key}{shown} ({wrong.code})") from None


def _asked(question: Question, answers: Mapping[str, Any], folder: Path, language: str) -> Any:
    """The answer of whoever sits there; asked until it can be used."""
    german = language == "de"
    default = question.default(answers)
    shown = default
    if isinstance(default, bool):
        shown = tell("yes" if default else "no", language)
    hint = f" [{shown}]" if shown not in (None, "") else ""
    print(f"\n{question.help[german]}")
    while True:
        prompt = f"{question.ask[german]}{hint}: "
        value = getpass.getpass(prompt) if question.secret else input(prompt)
        chosen = value.strip() or default
        try:
            return question.read("" if chosen is None else chosen, folder)
        except Wrong as wrong:
            print(say(wrong.code, language, key=question.key, **wrong.words))


def _elsewhere(value: Any) -> bool:
    """Whether an answer says where a secret is instead of telling it."""
    return isinstance(value, str) and value.startswith(("env:", "credential:"))


def _files(config: Path, answers: Mapping[str, Any]) -> dict[Path, str]:
    """What is to be written: path and content."""
    password = answers["broker_password"]
    files = {}
    source = {"kind": "chirpstack-mqtt", "host": answers["broker_host"], "port": answers["broker_port"]}
    if answers["broker_tls"]:
        source["tls"] = True
    if answers["broker_user"]:
        source["username"] = answers["broker_user"]
        source["password_file"] = password if _elsewhere(password) else str(PASSWORD)
        if not _elsewhere(password):
            files[config.parent / PASSWORD] = f"{password}\n"
    parts = [("[gateway]", {"data": answers["data"], "stations": STATIONS}), ("[[source]]", source),
             ("[[sink]]", {"kind": "store"})]  # fmt: skip
    if answers["page"]:
        parts.append(("[page]", {"port": answers["page_port"]}))
    files[config] = "# Every key: docs/gateway.md. After a change: luftpegel gateway check\n\n" + _toml(parts)
    files[config.parent / STATIONS] = _stations(answers)
    return files


def _stations(answers: Mapping[str, Any]) -> str:
    head = "# One [[station]] each; luftpegel gateway station add enters them.\n"
    if not answers["station_id"]:
        return head
    keys = ("id", "dev_eui", "name", "kind")
    return head + "\n" + _toml([("[[station]]", {key: answers[f"station_{key}"] for key in keys})])


def _toml(parts: list[tuple[str, dict[str, Any]]]) -> str:
    blocks = ["\n".join([head, *(f"{key} = {written(value)}" for key, value in values.items())])
              for head, values in parts]  # fmt: skip
    return "\n\n".join(blocks) + "\n"


def _permit(there: list[Path], args: argparse.Namespace, *, here: bool, language: str) -> None:
    """Replace files that are there only where that is wanted. CannotStart LP-361."""
    names = ", ".join(map(str, there))
    if there and not args.overwrite:
        answer = input(tell("overwrite", language, names)) if here else ""
        if not answer.strip().lower().startswith(YES):
            raise CannotStart("LP-361", names)


def _write(file: Path, content: str, *, secret: bool) -> None:
    """A file on the disk, whole or not at all; a secret is never anybody else's. CannotStart LP-361."""
    new, old = file.with_name(file.name + NEW), file.with_name(file.name + OLD)
    try:
        owner = owner_of(file.parent, *file.parent.parents)
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if secret else 0o777)
        new.unlink(missing_ok=True)
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if secret else 0o644)
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        if file.exists():
            old.unlink(missing_ok=True)
            old.hardlink_to(file)
        give((file.parent, new), owner)
        new.replace(file)
    except OSError as error:
        raise CannotStart("LP-361", f"{file}: {error.strerror}") from error


def options(parser: argparse.ArgumentParser) -> None:
    """Options of `init`; those of `check`, which it ends with, among them."""
    keys = ", ".join(question.key for question in QUESTIONS)
    parser.add_argument("--answers", type=Path, metavar="FILE", help=f"TOML with the answers: {keys}")
    parser.add_argument("--defaults", action="store_true", help="ask nothing: take every default")
    parser.add_argument("--overwrite", action="store_true", help="replace files; the old ones stay as .old")
    parser.add_argument("--no-dial", action="store_true", help="at the end, check the files only")
