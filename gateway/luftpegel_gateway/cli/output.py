"""How verbs answer: text for people, JSON for machines, a log for journald."""

import argparse
import json
import logging

from luftpegel_gateway.model.faults import CannotStart, JournalDown
from luftpegel_gateway.words.messages import parts_of, say


def print_json(args: argparse.Namespace, answer: object) -> None:
    """The answer for machines, when it is asked for."""
    if args.json:
        print(json.dumps(answer, ensure_ascii=False, indent=2))


def refused(refusal: CannotStart | JournalDown, language: str) -> str:
    """Why a verb cannot do its work, and what to do."""
    words = refusal.words if isinstance(refusal, CannotStart) else {}
    return say(refusal.code, language, detail=refusal.detail, **words)


class JsonLines(logging.Formatter):
    """One JSON object a line, for journald and the like."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        line = {"time": record.created, "level": record.levelname.lower(), "message": record.getMessage()}
        if code := getattr(record, "code", None):
            cause, step = parts_of(code, self._language, detail=getattr(record, "detail", ""))
            line |= {"part": getattr(record, "part", ""), "code": code, "cause": cause, "next_step": step}
        return json.dumps(line, ensure_ascii=False)
