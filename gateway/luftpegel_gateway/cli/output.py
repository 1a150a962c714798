"""How verbs answer: text for people, JSON for machines, a log for journald."""

import argparse
import json
import logging

from luftpegel_gateway.words.messages import parts_of


def print_json(args: argparse.Namespace, answer: object) -> None:
    """The answer for machines, when it is asked for."""
    if args.json:
        print(json.dumps(answer, ensure_ascii=False, indent=2))


def printable(value: object) -> str:
    """A value from elsewhere for a terminal: what would steer it is left out; "-" for None."""
    return "".join(sign for sign in str("-" if value is None else value) if sign.isprintable())


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
