"""`luftpegel completion bash`: a script with which a shell completes verbs, options and files.

It is static: to complete a word starts no Python.
"""

import argparse
from pathlib import Path

import shtab

from luftpegel_tools.cli import whole_parser
from luftpegel_tools.command_line.walk import parsers_below

SHELLS = ("bash", "zsh", "fish")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the shell."""
    parser.add_argument("shell", choices=SHELLS, help="for which the script is printed")


def run(args: argparse.Namespace) -> int:
    """Print the script: 0 done."""
    parser = whole_parser()
    for below in parsers_below(parser):
        for action in below._actions:  # noqa: SLF001 - argparse has no other way
            if action.type is Path:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
    print(shtab.complete(parser, args.shell))
    return 0
