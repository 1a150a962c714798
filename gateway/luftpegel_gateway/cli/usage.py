"""A command line that explains itself in the operator's language.

argparse asks gettext for its own words, which knows a machine's catalogues and none of a program; so it is
given ours while it works. Help texts and what types say of a value are exchanged by `words/usage.py`.
"""

# ruff: noqa: SLF001 - argparse tells its texts to nobody else

import argparse
import contextlib
from collections.abc import Iterator, Sequence
from typing import NoReturn

from luftpegel_gateway.words.messages import language_of
from luftpegel_gateway.words.usage import ARGPARSE, in_german


def language_in(words: Sequence[str]) -> str:
    """The language that a command line asks for by --lang, or the environment's."""
    asked = None
    for place, word in enumerate(words):
        if word.startswith("--lang="):
            asked = word.removeprefix("--lang=")
        elif word == "--lang" and place + 1 < len(words):
            asked = words[place + 1]
    return language_of(asked if asked in {"de", "en"} else None)


@contextlib.contextmanager
def spoken(language: str) -> Iterator[None]:
    """argparse speaks this language inside the context."""
    if language != "de":
        yield
        return
    before = {name: getattr(argparse, name) for name in ("_", "ngettext")}
    argparse._ = lambda text: ARGPARSE.get(text, text)  # type: ignore[attr-defined]
    argparse.ngettext = lambda one, many, count: ARGPARSE[one if count == 1 else many]  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(argparse, name, value)


class Parser(argparse.ArgumentParser):
    """Says in the operator's language what a value must be; its sub-parsers are such ones too."""

    language = "en"

    def error(self, message: str) -> NoReturn:
        """See argparse: prints the usage and what is wrong, and ends with 2."""
        head, colon, said = message.partition(": ")
        if self.language == "de" and colon:
            message = f"{head}{colon}{in_german(said)}"
        super().error(message)


def translate(parser: argparse.ArgumentParser, language: str) -> None:
    """Exchange every help text of a parser and those below it."""
    if language != "de":
        return
    if isinstance(parser, Parser):
        parser.language = language
    parser.description = parser.description and in_german(parser.description)
    for group in parser._action_groups:
        group.title = group.title and in_german(group.title)
    for action in parser._actions:
        if action.help and action.help != argparse.SUPPRESS:
            action.help = in_german(action.help)
        if isinstance(action, argparse._SubParsersAction):
            for choice in action._choices_actions:
                choice.help = choice.help and in_german(choice.help)
            for below in action.choices.values():
                translate(below, language)
