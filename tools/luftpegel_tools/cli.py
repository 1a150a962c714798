"""The one command `luftpegel`: a table of verbs, each a module that is imported only when it is called.

A verb's module offers `configure(parser)`, which adds its options (and sub-verbs), and `run(args) -> int`.
What needs a part that is not installed (the gateway's own packages always are) says how to install it.
Exit codes: 0 done, 1 found a problem, 2 wrong use, 3 hardware or a program missing, 4 partly done.
"""

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
    "label": ("luftpegel_tools.technician.label_command", "the labels of a town's stations, as a PDF"),
    "station": (
        "luftpegel_tools.technician.station_command",
        "check a station file, build what goes onto a board",
    ),
    "explain": ("luftpegel_tools.technician.explain_command", "what an error code means, and what to do"),
    "board": ("luftpegel_tools.desk.board_command", "start a virtual board on a pseudo-terminal"),
}
# The part that a verb needs; of the gateway's verbs only what speaks protobuf or gRPC needs one.
NEEDS = {
    **dict.fromkeys(("demo", "town", "board"), "town"),
    **dict.fromkeys(("roster", "label", "station"), "technician"),
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


def _run(arguments: Sequence[str], chosen: str | None, language: str) -> int:
    parser = Parser(prog="luftpegel", description="Sensor stations and gateway for towns.")
    version = importlib.metadata.version("luftpegel")
    parser.add_argument("--version", action="version", version=f"luftpegel {version}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    run = None
    for verb, (module_name, text) in COMMANDS.items():
        verb_parser = verbs.add_parser(verb, help=text, description=text[0].upper() + text[1:] + ".")
        if verb == chosen:
            module = importlib.import_module(module_name)
            module.configure(verb_parser)
            run = module.run
    translate(parser, language)
    parsed = parser.parse_args(arguments)
    if run is None:
        parser.error(in_german("name a verb") if language == "de" else "name a verb")
    return int(run(parsed))


if __name__ == "__main__":
    sys.exit(main())
