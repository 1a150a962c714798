"""`luftpegel provision --server tts`: by The Things Stack's HTTP API, or the CSV that its console imports."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from yarl import URL

from luftpegel_gateway.config.wrong import Wrong
from luftpegel_gateway.model.faults import CannotStart, OtherEndDown
from luftpegel_gateway.transport import http_options
from luftpegel_gateway.transport.http_client import HttpClient
from luftpegel_gateway.words import messages
from luftpegel_gateway.words.messages import language_of
from luftpegel_tools.technician.provision import tts_devices
from luftpegel_tools.technician.provision.bulk import WHOLE_SERVER, Outcome
from luftpegel_tools.technician.provision.item import Item, State
from luftpegel_tools.technician.provision.job import (
    DONE,
    PARTLY,
    PROBLEM,
    Job,
    api_key,
    print_json,
)
from luftpegel_tools.technician.provision.result import Result
from luftpegel_tools.technician.provision.show import facts
from luftpegel_tools.technician.provision.tts_devices import Registry
from luftpegel_tools.technician.provision.tts_server import Server
from luftpegel_tools.technician.provision.wanted import Device
from luftpegel_tools.technician.whole_file import PRIVATE, write_whole
from luftpegel_tools.technician.words import TroubleError

SERVER = "tts"


def run(job: Job) -> int:
    """Plan, or plan and apply; or write the file."""
    args = job.args
    tts_devices.judge_ids(job.wanted.devices)
    for device in job.wanted.devices:
        tts_devices.plan_of(device, args.frequency_plan)
    if args.flush_nonces:
        raise TroubleError("LP-650", what="--flush-nonces", detail="The Things Stack: resets_join_nonces")
    if args.to is not None:
        return _write_file(job)
    return asyncio.run(_by_api(job, _client(args)))


def _write_file(job: Job) -> int:
    """For its owner alone: each line has a key in it."""
    args, devices = job.args, job.wanted.devices
    content = tts_devices.csv_of(devices, args.frequency_plan)
    if args.provision_verb == "apply":
        try:
            write_whole(args.to, content, PRIVATE)
        except OSError as error:
            raise TroubleError("LP-612", file=args.to, detail=error.strerror) from None
    said = "file" if args.provision_verb == "apply" else "file_plan"
    if args.json:
        print_json({"file": str(args.to), "stations": len(devices)})
    else:
        print(job.voice.say(said, file=args.to, stations=len(devices)))
    return DONE


async def _by_api(job: Job, client: HttpClient) -> int:
    args, voice = job.args, job.voice
    server = _server(job, client)
    try:
        await server.judge_application()
        looked = [one async for one in _each(server.look, job.wanted.devices, args.parallel)]
        broken = next((one.trouble for one in looked if one.trouble is not None), None)
        if broken is not None:
            raise broken
        order = {device.dev_eui: number for number, device in enumerate(job.wanted.devices)}
        items = [one.result for one in looked if one.result is not None]
        items.sort(key=lambda item: order[item.id])
        if not args.json:
            place, stations = f"The Things Stack {URL(args.url).host}", len(items)
            print(voice.say("at", server=place, tenant="-", application=args.application, stations=stations))
            print("\n".join(voice.plan(items)))
        if args.provision_verb == "plan":
            if args.json:
                print_json({"items": [facts(item) for item in items]})
            return PROBLEM if any(item.state is State.REFUSED for item in items) else DONE
        return await _apply(job, server, items)
    finally:
        await client.close()


async def _apply(job: Job, server: Server, items: Sequence[Item]) -> int:
    args, voice = job.args, job.voice
    writes = sum(item.writes for item in items)
    if writes:
        job.confirm(writes, len(items))
    result = Result()
    async for one in _each(server.ensure, job.wanted.devices, args.parallel):
        result.count(one.thing.station, one)
        if one.result is not None and one.result.trouble is None:
            job.registered(one.thing, SERVER, args.application)
    for name, trouble in result.troubles:
        print(f"{name}: {voice.trouble(trouble)}", file=sys.stderr)
    if args.json:
        print_json(result.facts())
    else:
        print(voice.say("done", done=result.written, kept=result.kept) if writes else voice.say("nothing"))
    if result.well:
        return DONE
    print(voice.say("failed", failed=len(result.troubles), open=result.not_begun), file=sys.stderr)
    return PARTLY if result.written + result.kept else PROBLEM


async def _each(
    do: Callable[[Device], Coroutine[Any, Any, Item]], devices: Sequence[Device], at_once: int
) -> Any:
    """As `bulk.each`, on an event loop."""
    turns, halt = asyncio.Semaphore(at_once), asyncio.Event()

    async def one(device: Device) -> Outcome[Device, Item]:
        async with turns:
            if halt.is_set():
                return Outcome(device)
            try:
                return Outcome(device, await do(device))
            except (TroubleError, OtherEndDown) as trouble:
                if trouble.code in WHOLE_SERVER:
                    halt.set()
                return Outcome(device, trouble=trouble)

    for done in asyncio.as_completed([one(device) for device in devices]):
        yield await done


def _server(job: Job, client: HttpClient) -> Server:
    args, codec, host = job.args, job.codec(), str(URL(job.args.url).host)

    def wanted(device: Device) -> list[Registry]:
        return tts_devices.registries(device, host, args.frequency_plan, codec)

    def may_replace(device: Device, activated: bool) -> bool:
        in_use = activated or job.mounted(device.station)
        return not in_use or device.station in args.replace_key

    return Server(client, args.application, wanted, may_replace)


def _client(args: argparse.Namespace) -> HttpClient:
    """A client with the API key. TroubleError LP-652, LP-653; CannotStart."""
    if args.url is None or args.api_key is None:
        raise TroubleError("LP-652", detail="--url" if args.url is None else "--api-key")
    try:
        url = http_options.url(args.url, args.roster.parent)
    except Wrong as wrong:
        raise CannotStart(wrong.code, str(wrong.words.get("got", ""))) from None
    options = {key: option.default for key, option in http_options.HTTP_OPTIONS.items()}
    options |= {"url": url, "token_file": api_key(args.api_key), "ca_file": args.api_ca_file}
    for _, code in http_options.warnings(options):
        print(messages.say(code, language_of(args.lang), detail=url), file=sys.stderr)
    return HttpClient(options, SERVER)
