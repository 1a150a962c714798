"""The one command `luftpegel`: a table of verbs, each a module that is imported only when it is called.

A verb's module offers `configure(parser)`, which adds its options (and sub-verbs), and `run(args) -> int`.
What needs a part that is not installed (the gateway's own packages always are) says how to install it.
What exit codes mean is in EXIT_CODES, and in docs/commands.md.
"""

import argparse
import importlib
import importlib.metadata
import os
import sys
from collections.abc import Sequence

from luftpegel_gateway.cli.usage import Parser, language_in, spoken, translate
from luftpegel_gateway.words.installing import missing, part_of
from luftpegel_gateway.words.messages import say
from luftpegel_gateway.words.usage import in_german

COMMANDS = {
    "demo": ("luftpegel_tools.town.demo_command", "a simulated town for a day; proof that nothing was lost"),
    "town": ("luftpegel_tools.town.town_command", "a living town; on request before a real network server"),
    "gateway": ("luftpegel_gateway.cli.command", "run the gateway, check its files, see its quarantine"),
    "export": ("luftpegel_gateway.cli.export", "data out of the gateway's store: CSV, JSON, Parquet, ZRXP"),
    "decode": (
        "luftpegel_tools.technician.decode_command",
        "show what a frame says, byte by byte with --explain",
    ),
    "roster": (
        "luftpegel_tools.technician.roster_command",
        "a town's table of stations: check it, make EUIs and keys",
    ),
    "flash": (
        "luftpegel_tools.technician.flash_command",
        "MicroPython, firmware and keys onto a roster's boards, many at once",
    ),
    "selftest": (
        "luftpegel_tools.technician.selftest_command",
        "whether a board's sensors, radio, battery and flash are well",
    ),
    "provision": (
        "luftpegel_tools.technician.provision_command",
        "register a town's stations at a network server: ChirpStack, The Things Stack",
    ),
    "label": ("luftpegel_tools.technician.label_command", "the labels of a town's stations, as a PDF"),
    "station": (
        "luftpegel_tools.technician.station_command",
        "check a station file, build what goes onto a board",
    ),
    "doctor": (
        "luftpegel_tools.technician.doctor_command",
        "find what will go wrong before it does: USB, files, keys, clock",
    ),
    "plan": (
        "luftpegel_tools.technician.plan_command",
        "airtime, duty cycle, fair use and battery of a station, before it is bought",
    ),
    "monitor": (
        "luftpegel_tools.technician.monitor_command",
        "the consoles of many boards at once, over unplugging and replugging",
    ),
    "completion": (
        "luftpegel_tools.command_line.completion_command",
        "a script with which bash, zsh or fish complete these commands",
    ),
    "explain": ("luftpegel_tools.technician.explain_command", "what an error code means, and what to do"),
    "board": ("luftpegel_tools.desk.board_command", "start a virtual board on a pseudo-terminal"),
}
# The part that a verb needs; of the gateway's verbs only what speaks protobuf or gRPC needs one.
NEEDS = {
    **dict.fromkeys(("demo", "town", "board"), "town"),
    **dict.fromkeys(("roster", "flash", "selftest", "label", "station"), "technician"),
    **dict.fromkeys(("doctor", "plan", "monitor", "completion"), "technician"),
}
EXIT_CODES = {
    0: "done, and nothing is wrong",
    1: "a problem was found, and is told",
    2: "wrong use: the command line cannot be",
    3: "hardware, a program or a part of Luftpegel is missing",
    4: "partly done: what is left is told",
}
MISSING = 3


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    chosen = next((word for word in arguments if not word.startswith("-")), None)
    language = language_in(arguments)
    try:
        try:
            with spoken(language):
                return _run(arguments, chosen, language)
        finally:  # here and not at the end of the process, where nobody could catch it; also after --help
            if sys.stdout is not None:
                sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has enough; what is still to be flushed goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except ModuleNotFoundError as absent:
        part = part_of(absent.name)
        if part is None:
            raise
        code, detail = missing(NEEDS.get(chosen or "", part))
        print(say(code, language, detail=detail), file=sys.stderr)
        return MISSING


def whole_parser() -> Parser:
    """The parser with the options of every verb whose part is installed, which takes a while to import."""
    parser, verbs = _bare_parser()
    for verb, verb_parser in verbs.items():
        try:
            importlib.import_module(COMMANDS[verb][0]).configure(verb_parser)
        except ModuleNotFoundError as absent:
            if part_of(absent.name) is None:
                raise
    return parser


def _bare_parser() -> tuple[Parser, dict[str, argparse.ArgumentParser]]:
    """The parser of the command, and those of its verbs, still without options."""
    parser = Parser(prog="luftpegel", description="Sensor stations and gateway for towns.")
    version = f"luftpegel {importlib.metadata.version('luftpegel')}"
    parser.add_argument("--version", action="version", version=version)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    return parser, {
        verb: verbs.add_parser(verb, help=text, description=text[0].upper() + text[1:] + ".")
        for verb, (_, text) in COMMANDS.items()
    }


def _add_version(parser: argparse.ArgumentParser) -> None:
    """--version, which people add to what they typed last; below a verb its help does not speak of it."""
    if "--version" not in parser._option_string_actions:  # noqa: SLF001 - two names may have one parser
        version = f"luftpegel {importlib.metadata.version('luftpegel')}"
        parser.add_argument("--version", action="version", version=version, help=argparse.SUPPRESS)
    for action in parser._actions:  # noqa: SLF001 - argparse tells its parts to nobody else
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for below in action.choices.values():
                _add_version(below)


def _run(arguments: Sequence[str], chosen: str | None, language: str) -> int:
    parser, verbs = _bare_parser()
    run = None
    if chosen in verbs:
        module = importlib.import_module(COMMANDS[chosen][0])
        module.configure(verbs[chosen])
        _add_version(verbs[chosen])
        run = module.run
    translate(parser, language)
    parsed = parser.parse_args(arguments)
    if run is None:
        parser.error(in_german("name a verb") if language == "de" else "name a verb")
    return int(run(parsed))


if __name__ == "__main__":
    sys.exit(main())
