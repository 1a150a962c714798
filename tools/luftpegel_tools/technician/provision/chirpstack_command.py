"""`luftpegel provision` at a ChirpStack: options, what is printed, and the gateway's stations.toml."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from luftpegel_gateway.cli.command import site_of
from luftpegel_gateway.cli.network_server import source_with_api
from luftpegel_gateway.cli.site import Site
from luftpegel_gateway.cli.stations_file import edit, tell_gateway
from luftpegel_gateway.config import files
from luftpegel_gateway.network_server import plan as import_plan
from luftpegel_gateway.network_server.channel import Api
from luftpegel_gateway.network_server.inventory import Device as Listed
from luftpegel_gateway.network_server.inventory import Inventory, Named
from luftpegel_gateway.network_server.options import place, warnings
from luftpegel_gateway.words import messages
from luftpegel_tools.technician.provision.chirpstack_plan import Policy
from luftpegel_tools.technician.provision.chirpstack_run import Run
from luftpegel_tools.technician.provision.item import Item, State
from luftpegel_tools.technician.provision.job import DONE, PARTLY, PROBLEM, Job, api_key, print_json
from luftpegel_tools.technician.provision.result import Result
from luftpegel_tools.technician.provision.show import Voice, facts
from luftpegel_tools.technician.provision.wanted import Device, Wanted
from luftpegel_tools.technician.words import TroubleError

SERVER = "chirpstack"


def run(job: Job) -> int:
    """Plan, or plan and apply."""
    args, voice = job.args, job.voice
    site, options = _connection(args)
    for _, code in warnings(options):  # every station's key would go over the network in clear
        print(messages.say(code, voice.language, detail=place(options)), file=sys.stderr)
    if job.wanted.tenant is None and options.get("api_tenant"):
        job = replace(job, wanted=replace(job.wanted, tenant=options["api_tenant"]))
    policy = Policy(
        codec=job.codec(),
        status_per_day=args.status_per_day,
        mounted=job.mounted,
        replace_keys=args.replace_key,
    )
    with Api(options) as server:
        run_ = Run(server, job.wanted, policy, args.parallel)
        items = run_.plan()
        if not args.json:
            _print_plan(job, f"ChirpStack {place(options)}", items)
        if args.provision_verb == "plan":
            if args.json:
                print_json({"items": [facts(item) for item in items]})
            return PROBLEM if any(item.state is State.REFUSED for item in items) else DONE
        result = _apply(job, run_, items)
    if not result.well:
        print(voice.say("failed", failed=len(result.troubles), open=result.not_begun), file=sys.stderr)
        return PARTLY if result.written + result.kept else PROBLEM
    _enter(args, job.wanted, voice, site)
    return DONE


def _print_plan(job: Job, server: str, items: Sequence[Item]) -> None:
    voice = job.voice
    tenant, application = items[0].name, items[1].name
    stations = len(job.wanted.devices)
    print(voice.say("at", server=server, tenant=tenant, application=application, stations=stations))
    for line in voice.plan(items):
        print(line)
    for station in job.args.flush_nonces:
        print(voice.say("flush", station=station))


def _apply(job: Job, run_: Run, items: Sequence[Item]) -> Result:
    args, voice = job.args, job.voice
    writes = sum(item.writes for item in items)
    if writes or args.flush_nonces:
        job.confirm(writes + len(args.flush_nonces), len(items))

    def registered(device: Device) -> None:
        job.registered(device, SERVER, items[1].name)

    result = Result()
    for told in run_.apply(registered, args.flush_nonces):
        if isinstance(told, Result):
            result = told
            continue
        job.flushed(told)
        if not args.json:
            print(voice.say("flushed", station=told))
    for name, trouble in result.troubles:
        print(f"{name}: {voice.trouble(trouble)}", file=sys.stderr)
    if args.json:
        print_json(result.facts())
    else:
        print(voice.say("done", done=result.written, kept=result.kept) if writes else voice.say("nothing"))
    return result


def _enter(args: argparse.Namespace, wanted: Wanted, voice: Voice, site: Site | None) -> None:
    """The stations into stations.toml, as `gateway import` would do; or how to."""
    if site is None:
        if not args.json:
            print(voice.say("hint"))
        return
    tenant = source_with_api(site, args.source).tenant
    found = import_plan.make(_as_listed(wanted), site.stations, tenant, kind=None, prefer=import_plan.LOCAL)
    done = edit(site, partial(import_plan.apply, found, tenant), dry_run=False)
    file = site.config.stations_file.resolve().name
    lines = [voice.say("stations_same", file=file)]
    if done.old is not None:
        lines = [
            voice.say("stations", file=file, added=len(found.added), old=done.old.name),
            tell_gateway(site, voice.language),
        ]
    if not args.json:
        print("\n".join(lines))


def _as_listed(wanted: Wanted) -> Inventory:
    """What an import would read at the network server now."""
    application = Named("", wanted.application)
    devices = tuple(_listed(device, application) for device in wanted.devices)
    known = frozenset(device.dev_eui for device in devices)
    return Inventory(Named("", wanted.tenant or ""), (application,), devices, known)


def _listed(device: Device, application: Named) -> Listed:
    return Listed(
        dev_eui=device.dev_eui,
        name=device.name,
        application=application.id,
        application_name=application.name,
        region=device.region,
        tags=device.tags,
        variables=device.place,
    )


def _connection(args: argparse.Namespace) -> tuple[Site | None, dict[str, Any]]:
    """The gateway's site, where one is named, and the API's options."""
    if args.config is not None:
        site = site_of(files.load(args.config, may_be_empty=True), args.config)
        return site, dict(source_with_api(site, args.source).options)
    if args.api_host is None or args.api_key is None:
        raise TroubleError("LP-652", detail="--api-host" if args.api_host is None else "--api-key")
    return None, {
        "api_host": args.api_host,
        "api_port": args.api_port,
        "api_key_file": api_key(args.api_key),
        "api_tls": args.api_tls,
        "api_ca_file": args.api_ca_file,
    }
