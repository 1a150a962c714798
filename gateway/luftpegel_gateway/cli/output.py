"""How verbs answer: text for people, JSON for machines, a log for journald."""

import argparse
import json
import logging


def print_json(args: argparse.Namespace, answer: object) -> None:
    """The answer for machines, when it is asked for."""
    if args.json:
        print(json.dumps(answer, ensure_ascii=False, indent=2))


class JsonLines(logging.Formatter):
    """One JSON object a line, for journald and the like."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        line = {"time": record.created, "level": record.levelname.lower(), "message": record.getMessage()}
        return json.dumps(line, ensure_ascii=False)
