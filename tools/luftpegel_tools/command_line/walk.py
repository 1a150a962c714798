"""Every parser of a command line."""

# ruff: noqa: SLF001 - argparse tells its parts to nobody else

import argparse
from collections.abc import Iterator


def parsers_below(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """A parser, then those of its verbs, in their order."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from parsers_below(below)


def is_leaf(parser: argparse.ArgumentParser) -> bool:
    """Whether a parser has no verbs below it."""
    return not any(isinstance(action, argparse._SubParsersAction) for action in parser._actions)
