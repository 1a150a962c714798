"""The verb `import`: ChirpStack's devices into stations.toml.

It reads, shows what would change, asks, and then edits the file as `station add` does: comments and order
stay, the result is judged before it takes the old one's place. It removes no station, and doing it twice
changes nothing more. Exit code 4: done, but for devices that somebody has to say more about.
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from luftpegel_gateway.cli.network_server import api_of, source_with_api
from luftpegel_gateway.cli.output import print_json, printable
from luftpegel_gateway.cli.site import DONE, PARTLY, Site
from luftpegel_gateway.cli.stations_file import Edited, edit, tell_gateway
from luftpegel_gateway.config.files import Part
from luftpegel_gateway.model.faults import CannotStart
from luftpegel_gateway.sources import filter as source_filter
from luftpegel_gateway.words.texts import count_text, stations_text, tell

UNCONFIRMED = "LP-516"
YES = ("y", "j")
LOCAL, CHIRPSTACK = "local", "chirpstack"
# Why a device is left out (network_server/plan.py) -> its text.
REASONS = {
    "foreign": "import_foreign", "disabled": "import_is_disabled", "no-kind": "import_no_kind",
    "bad-kind": "import_bad_kind", "bad-id": "import_bad_id", "taken-id": "import_taken_id",
    "retired": "import_retired",
}  # fmt: skip


def import_stations(args: argparse.Namespace, site: Site, language: str) -> int:
    """Enter the devices of a network server as stations."""
    from luftpegel_gateway.network_server import plan  # noqa: PLC0415 - grpc is a part that may be missing

    source = source_with_api(site, args.source)
    inventory = _read(args, source)

    first = plan.make(inventory, site.stations, source.tenant, kind=args.kind, prefer=args.prefer)
    if not args.json:
        _print(inventory, first, language)
    change = partial(plan.apply, first, source.tenant)
    done = shown = edit(site, change, dry_run=True)
    if first.changes and not args.dry_run:
        _confirm(args, first, language)
        done = edit(site, _unchanged(shown, change), dry_run=False)
    if args.json:
        print_json(args, _facts(inventory, first, done))
    else:
        _print_done(first, done, site, language)
    if done.old is not None:
        told = tell_gateway(site, language)
        if not args.json:
            print(told)
    return PARTLY if any(one.reason in plan.WRONG for one in first.left_out) else DONE


def _unchanged(shown: Edited, change: Callable[[str], str]) -> Callable[[str], str]:
    """`change`, if it does what was shown and agreed to. CannotStart LP-364: the file is another one now."""

    def again(text: str) -> str:
        if text != shown.before:
            raise CannotStart("LP-364", "somebody else has just changed it")
        return change(text)

    return again


def _read(args: argparse.Namespace, source: Part) -> Any:
    from luftpegel_gateway.network_server import inventory as listing  # noqa: PLC0415

    sieve = source_filter.make(source.options)
    filtered = source.options["applications"] is not None
    with api_of(source) as server:
        tenant = listing.choose_tenant(server, args.tenant or source.options["api_tenant"])
        applications = listing.choose_applications(
            server, tenant, args.application, (lambda one: _lets_in(sieve, one)) if filtered else None
        )
        ours = partial(_passes, sieve)
        only = {"profiles": args.device_profile, "tags": dict(args.tag), "passes": ours}
        return listing.read(server, tenant, applications, **only)


def _lets_in(sieve: source_filter.Filter, application: Any) -> bool:
    """Whether the source's filter reads an application at all."""
    names = (application.id, application.name)
    return sieve.applications is None or any(sieve.applications.fullmatch(name) for name in names)


def _passes(sieve: source_filter.Filter, device: Any) -> bool:
    """Whether the source reads the events of a device: else its frames would never come."""
    return sieve.devices is None or bool(sieve.devices.fullmatch(device.dev_eui))


def _confirm(args: argparse.Namespace, plan: Any, language: str) -> None:
    """Ask, unless --yes. CannotStart: nobody is there to answer, or the answer is no."""
    if args.yes:
        return
    values = sum(one.written for one in plan.differs)
    if not args.json and sys.stdin.isatty():
        answer = input(tell("import_ask", language, stations_text(len(plan.added), language), values))
        if answer.strip().lower().startswith(YES):
            return
    raise CannotStart(UNCONFIRMED, tell("import_asked", language, len(plan.added), values))


def _print(inventory: Any, plan: Any, language: str) -> None:
    names = ", ".join(printable(one.name) for one in inventory.applications)
    devices = count_text(len(inventory.devices), language)
    print(tell("import_read", language, printable(inventory.tenant.name), names, devices))
    for one in plan.added:
        values: Mapping[str, Any] = one.values
        told = (values["id"], values["dev_eui"], values["kind"], printable(values["name"]), one.region)
        print(tell("import_add", language, *told).rstrip())
    for one in plan.differs:
        key = "import_write" if one.written else "import_keep"
        print(tell(key, language, one.station, one.key, printable(one.here), printable(one.there)))
    for station in plan.gone:
        print(tell("import_gone", language, station))
    for station in plan.disabled:
        print(tell("import_disabled", language, station))
    for one in plan.left_out:
        reason = tell(REASONS[one.reason], language, printable(one.detail))
        print(tell("import_left_out", language, one.dev_eui, printable(one.name), reason))


def _print_done(plan: Any, done: Edited, site: Site, language: str) -> None:
    if not plan.changes:
        print(tell("import_nothing", language))
    elif done.old is None:
        print("\n".join(done.difference))
        print(tell("not_changed", language))
    else:
        print(tell("changed", language, site.config.stations_file.resolve().name, done.old.name))


def _facts(inventory: Any, plan: Any, done: Edited) -> dict[str, Any]:
    return {
        "tenant": inventory.tenant.name,
        "applications": [one.name for one in inventory.applications],
        "devices": len(inventory.devices),
        "changed": done.old is not None,
        "difference": done.difference,
        **msgspec.to_builtins(plan),
    }


def _tag(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise argparse.ArgumentTypeError(f"'{text}' is not KEY=VALUE")
    return key.strip(), value.strip()


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--source", metavar="NAME", help="the [[source]] whose API is asked")
    parser.add_argument("--tenant", metavar="T", help="ChirpStack's tenant: id or name (default: api_tenant)")
    parser.add_argument(
        "--application", action="append", default=[], metavar="A",
        help="ChirpStack's application: id or name; may be repeated (default: those of the source's filter)",
    )  # fmt: skip
    parser.add_argument(
        "--device-profile", action="append", default=[], metavar="P",
        help="only devices of this device profile, by id or name; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--tag", action="append", default=[], type=_tag, metavar="KEY=VALUE", help="only devices of this tag"
    )
    parser.add_argument("--kind", choices=("climate", "air", "level"), help="of devices whose tags lack it")
    parser.add_argument(
        "--prefer", choices=(LOCAL, CHIRPSTACK), default=LOCAL,
        help="whose name and place counts where both have one (default: local)",
    )  # fmt: skip
    parser.add_argument("--dry-run", action="store_true", help="show what would change, write nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask")


VERBS = (("import", import_stations, "enter the devices of ChirpStack as stations", _options),)
