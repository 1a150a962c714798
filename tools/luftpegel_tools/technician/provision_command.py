"""`luftpegel provision`: register a roster's stations at a network server, with their keys, at any time.

`plan` shows what would change, `apply` shows it, asks, writes, reads back and compares. Nothing is deleted.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

from luftpegel_gateway.words.messages import language_of
from luftpegel_tools.technician.keys import Keys, keys_file
from luftpegel_tools.technician.ledger import Ledger, ledger_file
from luftpegel_tools.technician.provision import options
from luftpegel_tools.technician.provision.gateway_table import read_gateways
from luftpegel_tools.technician.provision.job import Job, guarded
from luftpegel_tools.technician.provision.show import Voice
from luftpegel_tools.technician.provision.wanted import of_roster
from luftpegel_tools.technician.roster import Roster, read_roster
from luftpegel_tools.technician.words import TroubleError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verbs `plan` and `apply`."""
    verbs = parser.add_subparsers(dest="provision_verb", required=True, metavar="VERB")
    for verb, text in (("plan", "show what would change"), ("apply", "show what changes, ask, and do it")):
        one = verbs.add_parser(verb, help=text, description=text[0].upper() + text[1:] + ".")
        one.add_argument("roster", type=Path, metavar="TOWN.CSV", help="the table of stations")
        options.add(one)
        options.add_server(one)
        options.add_chirpstack(one)
        if verb == "apply":
            one.add_argument("--yes", action="store_true", help="do not ask")
        one.add_argument("--lang", choices=("de", "en"), help="of messages (default: yours)")
        one.add_argument("--json", action="store_true", help="the answer for machines")


def run(args: argparse.Namespace) -> int:
    """Run the chosen verb: 0 done, 1 a problem, 2 wrong use or not confirmed, 4 some things failed."""
    plain = Voice(language_of(args.lang))
    return guarded(plain, lambda: _run(args, plain.language))


def _run(args: argparse.Namespace, language: str) -> int:
    roster = read_roster(args.roster)
    keys = Keys(keys_file(args.roster))
    secrets = [key.hex() for entry in roster if (key := keys.of(entry.dev_eui))]
    voice = Voice(language, [*secrets, *map(str.upper, secrets)])
    _known(roster, [*args.replace_key, *args.flush_nonces])
    wanted = of_roster(
        roster,
        keys,
        tenant=args.tenant,
        application=args.application,
        gateways=read_gateways(args.gateways) if args.gateways else (),
        language=language,
    )
    job = Job(args, wanted, Ledger(ledger_file(args.roster)), voice)
    return guarded(voice, lambda: _server(args)(job))


def _known(roster: Roster, stations: list[str]) -> None:
    for station in stations:
        if roster.station(station) is None:
            raise TroubleError("LP-610", file=roster.file, got=station)


def _server(args: argparse.Namespace) -> Callable[[Job], int]:
    """What speaks to the server that is named; each needs parts of its own."""
    if args.server == "tts":
        from luftpegel_tools.technician.provision import tts_command  # noqa: PLC0415

        return tts_command.run
    from luftpegel_tools.technician.provision import chirpstack_command  # noqa: PLC0415 - needs grpc

    return chirpstack_command.run
