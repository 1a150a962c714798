"""How verbs answer: text for people, JSON for machines, and why not."""

import argparse
import json
import logging
import sys

from luftpegel_gateway.cli.logs import prefixed, to_journal
from luftpegel_gateway.model.faults import CannotStart, JournalDown, OtherEndDown
from luftpegel_gateway.words.messages import say


def print_json(args: argparse.Namespace, answer: object) -> None:
    """The answer for machines, when it is asked for."""
    if args.json:
        print(json.dumps(answer, ensure_ascii=False, indent=2))


def printable(value: object) -> str:
    """A value from elsewhere for a terminal: what would steer it is left out; "-" for None."""
    return "".join(sign for sign in str("-" if value is None else value) if sign.isprintable())


def refused(refusal: CannotStart | JournalDown | OtherEndDown, language: str) -> str:
    """Why a verb cannot do its work, and what to do."""
    words = refusal.words if isinstance(refusal, CannotStart) else {}
    return say(refusal.code, language, detail=refusal.detail, **words)


def complain(text: str) -> None:
    """Say on stderr what is wrong; under systemd so that `journalctl -p err` shows it."""
    print(prefixed(text, logging.ERROR) if to_journal(sys.stderr) else text, file=sys.stderr)
