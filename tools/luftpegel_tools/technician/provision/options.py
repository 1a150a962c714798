"""Options of `luftpegel provision`, of which `luftpegel town --register` has some."""

import argparse
from pathlib import Path

from luftpegel_tools.technician.provision import bulk

CODEC = Path(__file__).parents[4] / "spec" / "codec" / "luftpegel.js"


def add(parser: argparse._ActionsContainer) -> None:
    """What is registered, and how."""
    parser.add_argument("--tenant", metavar="T", help="ChirpStack's tenant, id or name; made where missing")
    parser.add_argument(
        "--application", default="luftpegel", metavar="A",
        help="its id or name; made where missing (default %(default)s)",
    )  # fmt: skip
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
    parser.add_argument(
        "--parallel", type=int, default=bulk.AT_ONCE, choices=range(1, 17), metavar="N",
        help="calls under way together (default %(default)s)",
    )  # fmt: skip


def add_chirpstack(parser: argparse._ActionsContainer) -> None:
    """Where ChirpStack's API is."""
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


def add_server(parser: argparse.ArgumentParser) -> None:
    """Which network server, and what only The Things Stack or a real town has."""
    parser.add_argument(
        "--server", choices=("chirpstack", "tts"), default="chirpstack", help="(default %(default)s)"
    )
    parser.add_argument("--gateways", type=Path, metavar="FILE", help="the table of radio gateways")
    parser.add_argument("--url", metavar="URL", help="tts: as https://eu1.cloud.thethings.network")
    parser.add_argument("--to", type=Path, metavar="FILE", help="tts: write its CSV instead (mode 0600)")
    parser.add_argument(
        "--frequency-plan", metavar="ID", help="tts: another one of the region (default EU_863_870_TTN)"
    )
