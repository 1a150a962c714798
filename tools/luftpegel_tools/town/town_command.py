"""`luftpegel town`: a living town, by itself, with its gateways at the broker of a real network server, or as
the network server of somebody's own gateway."""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from luftpegel_tools.backhaul.broker_address import BrokerAddress
from luftpegel_tools.technician.provision import options as register_options
from luftpegel_tools.town import event_output
from luftpegel_tools.town.gateway_process import Entry, Gateway, station_toml
from luftpegel_tools.town.open_town import OpenTown, today
from luftpegel_tools.town.options import CANNOT_START, duration_s, ended_by_signals, interval_s, kinds, share
from luftpegel_tools.town.pace import keep_real_time
from luftpegel_tools.town.register import register
from luftpegel_tools.town.registration import as_text, registration
from luftpegel_tools.town.sniffer import Happening, Sniffer
from luftpegel_tools.town.spots import spot_of
from luftpegel_tools.town.station import TownStation, entry_of
from luftpegel_tools.town.station_kinds import CHIP, KINDS
from luftpegel_tools.town.town import EPOCH, Town, Wishes, identities
from luftpegel_tools.virtual_board.engine import ENGINES

EXIT_DONE, EXIT_NOT_JOINED, EXIT_WRONG_USE, EXIT_MISSING = 0, 1, 2, 3
PASSWORD_VARIABLE = "LUFTPEGEL_MQTT_PASSWORD"  # noqa: S105 - where it is, not what it is
REGIONS = ("eu868",)
_SPEED = 60.0  # of a town of its own: an interval of ten minutes in ten seconds
_STAGGER_US = 10_000_000
_LOOK_EVERY_US = 1_000_000


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--network",
        metavar="URL",
        help="the broker of a real network server: mqtt[s]://[user@]host[:port]; "
        f"the password is read from {PASSWORD_VARIABLE}",
    )
    parser.add_argument(
        "--gateway",
        metavar="URL",
        help="the broker that a gateway of yours reads from: the town plays its network server there, "
        "in real time",
    )
    parser.add_argument(
        "--list",
        action="store_true",
        help="print what the network server must know beforehand (with --gateway: stations.toml), and end",
    )
    parser.add_argument(
        "--register",
        action="store_true",
        help="register gateways and stations at a real ChirpStack by its API; then, with --network, go on",
    )
    registering = parser.add_argument_group("with --register")
    register_options.add(registering)
    register_options.add_chirpstack(registering)
    registering.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--region", choices=REGIONS, default=REGIONS[0], help="(default %(default)s)")
    parser.add_argument(
        "--prefix", help="of the gateways' topics, where the network server's is not the region's name"
    )
    pace = parser.add_mutually_exclusive_group()
    pace.add_argument(
        "--realtime", action="store_true", help="the time of day, at its pace; as --network needs"
    )
    pace.add_argument(
        "--speed", type=_speed, help=f"seconds of the town in a second (default {_SPEED:g} without --network)"
    )
    parser.add_argument(
        "--stations",
        type=kinds,
        default=tuple(KINDS),
        metavar="KIND,...",
        help=f"(default {','.join(KINDS)})",
    )
    parser.add_argument(
        "--interval", type=interval_s, default=600, metavar="SECONDS", help="between readings (default 600)"
    )
    parser.add_argument("--seed", type=int, default=1, help="another seed, other keys and other weather")
    parser.add_argument(
        "--loss", type=share, default=0.0, help="share of frames lost each way (default %(default)s)"
    )
    parser.add_argument(
        "--engine", choices=tuple(ENGINES), default="pip", help="the MicroPython (default %(default)s)"
    )
    parser.add_argument(
        "--for",
        dest="duration",
        type=duration_s,
        metavar="TIME",
        help="of the town's time, such as 90s, 5m, 2h (default: until Ctrl-C)",
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="FOLDER",
        help="with --network: where the stations' flash is kept, and with it the numbers of their joins, "
        "which a network server accepts but once (default: below ~/.local/state/luftpegel)",
    )
    parser.add_argument("--json", action="store_true", help="a line of JSON for each thing that happens")


def run(args: argparse.Namespace) -> int:
    """Run the town: 0 done, 1 a station never joined, 2 wrong use, 3 broker or engine cannot be had."""
    try:
        network, applications = _address(args, args.network), _address(args, args.gateway)
    except ValueError as error:
        print(error, file=sys.stderr)
        return EXIT_WRONG_USE
    life = _Life(args)
    try:
        with ended_by_signals():
            if args.list:
                return life.introduce()
            if args.register:
                code = life.register()
                if code != EXIT_DONE or network is None:
                    return code
            return life.alone(applications) if network is None else life.open(network)
    except CANNOT_START as error:
        print(error, file=sys.stderr)
        return EXIT_MISSING
    except KeyboardInterrupt:
        return EXIT_DONE


class _Life:
    """One run of the command."""

    def __init__(self, args: argparse.Namespace) -> None:
        self._args = args
        self._joined: set[str | None] = set()
        self._over = False
        self._wishes = Wishes(
            kinds=args.stations,
            seed=args.seed,
            loss=args.loss,
            engine=args.engine,
            radio=CHIP,
            interval_s=args.interval,
            epoch=today() if args.network or args.gateway or args.realtime else EPOCH,
        )

    @property
    def _prefix(self) -> str:
        args = self._args
        return str(args.region if args.prefix is None else args.prefix)

    def introduce(self) -> int:
        """Tell what the network server must know."""
        if self._args.gateway:
            entries = _entries(self._wishes)
            lines = "".join(map(station_toml, entries)).splitlines()
            self._say({"event": "stations", "stations": [asdict(entry) for entry in entries]}, lines)
            return EXIT_DONE
        wanted = registration(self._wishes, self._args.region, self._prefix)
        self._say({"event": "registration"} | wanted, as_text(wanted))
        return EXIT_DONE

    def register(self) -> int:
        """Have ChirpStack know it."""
        folder = self._folder()
        return EXIT_MISSING if folder is None else register(self._args, self._wishes, folder)

    def _folder(self) -> Path | None:
        """Where the stations' flash is kept; None, and told: it cannot be used."""
        folder: Path = self._args.state or _own_folder(self._args.seed)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            print(
                f"LP-386: the stations' folder {folder} cannot be used ({error.strerror}). "
                "Next: name another with --state.",
                file=sys.stderr,
            )
            return None
        return folder

    def open(self, address: BrokerAddress) -> int:
        """Before a real network server."""
        self.introduce()
        folder = self._folder()
        if folder is None:
            return EXIT_MISSING
        with OpenTown(folder, self._wishes, address, self._prefix, self._tell) as town:
            town.switch_on(_STAGGER_US)
            return self._live(town, [])

    def alone(self, applications: BrokerAddress | None) -> int:
        """With broker and network server of its own; its gateway, too, or somebody's at `applications`."""
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="luftpegel-town-")))
            town = stack.enter_context(Town(folder, self._wishes, applications))
            checks = [town.broker.check]
            if applications is None:
                checks.insert(0, self._with_gateway(stack, folder, town))
            assert town.coverage is not None
            Sniffer(town.clock, town.coverage, town.stations, self._tell)
            if self._args.realtime or applications is not None:
                keep_real_time(town.clock)
            else:
                town.clock.set_speed(self._args.speed or _SPEED)
            town.switch_on(_STAGGER_US)
            return self._live(town, checks)

    def _with_gateway(self, stack: ExitStack, folder: Path, town: Town) -> Callable[[], None]:
        """Start a gateway, tell where it is; the answer raises when it has ended."""
        gateway = Gateway(folder / "gateway", town.broker, [station.entry for station in town.stations])
        stack.callback(gateway.stop)
        gateway.start()
        gateway.wait_ready()
        self._say(*_places(town, gateway))
        return gateway.check

    def _live(self, town: Town | OpenTown, checks: Sequence[Callable[[], None]]) -> int:
        if self._args.duration is not None:
            town.clock.call_later(round(self._args.duration * 1_000_000), self._end)
        if checks:
            self._look(town, checks)
        try:
            town.clock.serve(lambda: self._over, lambda: False)
        finally:
            for station in town.stations:
                self._sum_up(station)
        return EXIT_DONE if len(self._joined) == len(town.stations) else EXIT_NOT_JOINED

    def _end(self) -> None:
        self._over = True

    def _look(self, town: Town | OpenTown, checks: Sequence[Callable[[], None]]) -> None:
        for check in checks:
            check()
        town.clock.call_later(_LOOK_EVERY_US, self._look, town, checks)

    def _tell(self, happening: Happening) -> None:
        if happening.what == "join-accept" and not happening.details["lost"]:
            self._joined.add(happening.station)
        print((event_output.as_json if self._args.json else event_output.as_text)(happening), flush=True)

    def _sum_up(self, station: TownStation) -> None:
        tally, name = station.link.tally, station.identity.id
        joined = name in self._joined
        text = (
            f"{name} {station.identity.kind}: {'joined' if joined else 'never joined'}, "
            f"{tally.uplinks} uplinks ({tally.uplinks_lost} lost), "
            f"{tally.downlinks} downlinks ({tally.downlinks_lost} lost)"
        )
        self._say({"event": "end", "station": name, "joined": joined} | asdict(tally), [text])

    def _say(self, record: Mapping[str, Any], lines: Sequence[str]) -> None:
        print(json.dumps(record) if self._args.json else "\n".join(lines), flush=True)


def _places(town: Town, gateway: Gateway) -> tuple[Mapping[str, Any], Sequence[str]]:
    """Where a town of its own can be looked at."""
    broker = f"mqtt://{town.broker.host}:{town.broker.port}"
    return (
        {"event": "town", "broker": broker, "application_id": town.application_id, "page": gateway.page},
        [f"broker: {broker}, application {town.application_id}", f"status page: {gateway.page}"],
    )


def _address(args: argparse.Namespace, url: str | None) -> BrokerAddress | None:
    """The broker of somebody else's; a ValueError says what is wrong with the options."""
    if url is None:
        return None
    if args.speed is not None:
        raise ValueError("A real network server or gateway keeps the time of day: without --speed.")
    if args.network is not None and args.gateway is not None:
        raise ValueError("--network and --gateway: before a real network server, that one feeds the gateway.")
    address = BrokerAddress.parse(url)
    if address.password is None and address.username is not None:
        return replace(address, password=os.environ.get(PASSWORD_VARIABLE))
    return address


def _entries(wishes: Wishes) -> list[Entry]:
    """The town's stations, as stations.toml has them."""
    return [
        entry_of(identity, spot_of(number).place(number, wishes.seed, wishes.epoch), wishes.interval_s)
        for number, identity in enumerate(identities(wishes), 1)
    ]


def _own_folder(seed: int) -> Path:
    """Where the stations of a seed keep their flash; one network server or another makes no difference."""
    base = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return base / "luftpegel" / f"town-{seed}"


def _speed(text: str) -> float:
    value = float(text)
    if not 0 < value <= 100_000:
        raise argparse.ArgumentTypeError(f"{text} is not a speed above 0, up to 100000")
    return value
