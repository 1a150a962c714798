"""`luftpegel provision`: register a roster's stations at a network server, with their keys, at any time.

`plan` shows what would change, `apply` shows it, asks, writes, reads back and compares. Nothing is deleted.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from luftpegel_gateway.config.files import BadConfig
from luftpegel_gateway.model.faults import CannotStart, OtherEndDown
from luftpegel_gateway.words.messages import language_of
from luftpegel_tools.station_files.station_file import StationFileError
from luftpegel_tools.technician.keys import Keys, keys_file
from luftpegel_tools.technician.ledger import Ledger, ledger_file
from luftpegel_tools.technician.provision import bulk
from luftpegel_tools.technician.provision.gateway_table import read_gateways
from luftpegel_tools.technician.provision.job import PROBLEM, WRONG_USE, Job
from luftpegel_tools.technician.provision.show import Voice
from luftpegel_tools.technician.provision.wanted import of_roster
from luftpegel_tools.technician.roster import Roster, read_roster
from luftpegel_tools.technician.words import TroubleError

CODEC = Path(__file__).parents[3] / "spec" / "codec" / "luftpegel.js"
_UNCONFIRMED = ("LP-648", "LP-652")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verbs `plan` and `apply`."""
    verbs = parser.add_subparsers(dest="provision_verb", required=True, metavar="VERB")
    for verb, text in (("plan", "show what would change"), ("apply", "show what changes, ask, and do it")):
        one = verbs.add_parser(verb, help=text, description=text[0].upper() + text[1:] + ".")
        one.add_argument("roster", type=Path, metavar="TOWN.CSV", help="the table of stations")
        _what(one)
        _where(one)
        if verb == "apply":
            one.add_argument("--yes", action="store_true", help="do not ask")
        one.add_argument("--lang", choices=("de", "en"), help="of messages (default: yours)")
        one.add_argument("--json", action="store_true", help="the answer for machines")


def run(args: argparse.Namespace) -> int:
    """Run the chosen verb: 0 done, 1 a problem, 2 wrong use or not confirmed, 4 some things failed."""
    voice = Voice(language_of(args.lang))
    try:
        roster = read_roster(args.roster)
        keys = Keys(keys_file(args.roster))
        secrets = [key.hex() for entry in roster if (key := keys.of(entry.dev_eui))]
        voice = Voice(voice.language, [*secrets, *map(str.upper, secrets)])
        _known(roster, [*args.replace_key, *args.flush_nonces])
        wanted = of_roster(
            roster,
            keys,
            tenant=args.tenant,
            application=args.application,
            gateways=read_gateways(args.gateways) if args.gateways else (),
            language=voice.language,
        )
        return _server(args)(Job(args, wanted, Ledger(ledger_file(args.roster)), voice))
    except (TroubleError, CannotStart, OtherEndDown) as trouble:
        print(voice.trouble(trouble), file=sys.stderr)
        return WRONG_USE if trouble.code in _UNCONFIRMED else PROBLEM
    except StationFileError as error:
        print(error, file=sys.stderr)
        return PROBLEM
    except BadConfig as bad:
        for mistake in bad.mistakes:
            print(mistake.text(voice.language), file=sys.stderr)
        return WRONG_USE


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


def _what(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--server", choices=("chirpstack", "tts"), default="chirpstack", help="(default %(default)s)"
    )
    parser.add_argument("--tenant", metavar="T", help="ChirpStack's tenant, id or name; made where missing")
    parser.add_argument(
        "--application", default="luftpegel", metavar="A",
        help="id or name; made where missing (default %(default)s)",
    )
    parser.add_argument("--gateways", type=Path, metavar="FILE", help="the table of radio gateways")
    parser.add_argument("--codec", type=Path, default=CODEC, metavar="FILE", help="another payload codec")
    parser.add_argument("--no-codec", action="store_true", help="leave the payload codec as it is there")
    parser.add_argument(
        "--status-per-day", type=int, default=1, metavar="N", choices=range(25),
        help="how often the network asks each station for its battery (default %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--replace-key", action="append", default=[], metavar="STATION",
        help="replace the network server's key of this station although it is in use; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--flush-nonces", action="append", default=[], metavar="STATION",
        help="have its join numbers forgotten, after its board has lost its flash; may be repeated",
    )  # fmt: skip


def _where(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, metavar="GATEWAY.TOML",
        help="take the API from its [[source]], and enter the stations in its stations.toml",
    )  # fmt: skip
    parser.add_argument("--source", metavar="NAME", help="which [[source]], where several have an API")
    parser.add_argument("--api-host", metavar="HOST", help="of ChirpStack's API")
    parser.add_argument("--api-port", type=int, default=8080, metavar="PORT", help="(default %(default)s)")
    parser.add_argument("--api-key", metavar="WHERE", help="a file of mode 0600, env:NAME or credential:NAME")
    parser.add_argument("--api-tls", action="store_true", help="TLS, as where a web server stands in front")
    parser.add_argument("--api-ca-file", type=Path, metavar="FILE", help="whom to trust, PEM")
    parser.add_argument("--url", metavar="URL", help="https://eu1.cloud.thethings.network")
    parser.add_argument("--to", type=Path, metavar="FILE", help="tts: write its CSV instead (mode 0600)")
    parser.add_argument(
        "--frequency-plan", default="EU_863_870_TTN", metavar="ID", help="tts: its id (default %(default)s)"
    )
    parser.add_argument("--parallel", type=int, default=bulk.AT_ONCE, choices=range(1, 17), metavar="N",
                        help="calls under way together (default %(default)s)")  # fmt: skip
