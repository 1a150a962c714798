"""The verb `check`: judges both files, then tries everything that the gateway will need.

It starts nothing and changes nothing: it may be run beside a gateway at work.
"""

import argparse
import asyncio
import logging
from collections.abc import Sequence
from types import ModuleType

import msgspec

from luftpegel_gateway import sinks, sources
from luftpegel_gateway.cli.machine import tried_here
from luftpegel_gateway.cli.output import print_json
from luftpegel_gateway.cli.site import DONE, PROBLEM, Site
from luftpegel_gateway.cli.tried import Tried, line
from luftpegel_gateway.config.files import Part
from luftpegel_gateway.model.faults import CannotStart, OtherEndDown
from luftpegel_gateway.model.probed import Probed
from luftpegel_gateway.words.messages import say
from luftpegel_gateway.words.texts import count_text, stations_text, tell

PATIENCE_S = 30.0  # for each source and sink; all are tried beside each other
log = logging.getLogger("luftpegel.gateway")


def check(args: argparse.Namespace, site: Site, language: str) -> int:
    """Both files are sound when this is called; without --no-dial, try the rest."""
    unplaced = [
        station.shown
        for station in site.stations
        if not station.retired and (station.latitude is None or station.longitude is None)
    ]
    if not args.json:
        _print_files(site, unplaced, language)
    tried: list[Tried] = []
    if not args.no_dial:
        files = (args.config, site.config.stations_file)
        tried += tried_here(site.config, files, language)
        tried += asyncio.run(dial(site.config.sources, site.config.sinks, language))
    failed = sum(one.state == "fail" for one in tried)
    if args.json:
        facts = {"stations": len(site.stations), "sources": list(site.sources), "sinks": list(site.sinks)}
        risks = [{"name": name, "code": code} for name, code in site.risks]
        print_json(
            args, {**facts, "without_place": unplaced, "risks": risks, "tried": msgspec.to_builtins(tried)}
        )
    else:
        _print_tried(tried, failed, language)
    return PROBLEM if failed else DONE


def _print_files(site: Site, unplaced: Sequence[str], language: str) -> None:
    counted = stations_text(len(site.stations), language)
    print(f" ok    {tell('config_ok', language)}: {counted}, {', '.join([*site.sources, *site.sinks])}")
    if unplaced:
        print(f" warn  {say('LP-310', language, detail=', '.join(unplaced))}")
    for name, code in site.risks:
        print(f" warn  {say(code, language, detail=name)}")


def _print_tried(tried: Sequence[Tried], failed: int, language: str) -> None:
    for one in tried:
        print(line(one, language))
    if failed:
        counts = count_text(failed, language), count_text(len(tried), language)
        print(tell("some_failed", language, *counts))
    elif tried:
        print(tell("all_tried", language))


async def dial(from_here: Sequence[Part], to: Sequence[Part], language: str) -> list[Tried]:
    """Each source and each sink, beside each other, in the order of gateway.toml."""
    trials = [_dial("source_ok", part, sources.module_of(part.kind), language) for part in from_here]
    trials += [_dial("sink_ok", part, sinks.module_of(part.kind), language) for part in to]
    return [one for rows in await asyncio.gather(*trials) for one in rows]


async def _dial(part_key: str, part: Part, module: ModuleType, language: str) -> list[Tried]:
    if not hasattr(module, "probe"):
        return [Tried("skip", part_key, part.name, detail=tell("not_tried", language))]
    try:
        async with asyncio.timeout(PATIENCE_S):
            found = await module.probe(part.options, part.name)
    except (OtherEndDown, CannotStart) as down:
        return [Tried("fail", part_key, part.name, down.code, down.detail)]
    except TimeoutError:
        return [Tried("fail", part_key, part.name, "LP-367", part.name)]
    except Exception as error:
        log.exception("trying %s failed", part.name)
        return [Tried("fail", part_key, part.name, "LP-366", f"{part.name}: {type(error).__name__}")]
    seen = found if isinstance(found, Probed) else Probed(str(found or ""))
    rows = [Tried("ok", part_key, part.name, detail=seen.seen or tell("works", language))]
    return rows + [Tried("warn", part_key, part.name, fault.code, fault.detail) for fault in seen.warnings]


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--no-dial", action="store_true", help="judge the files only: try no broker, sink, port or disk"
    )


VERBS = (
    ("check", check, "judge both files and try what they name: brokers, sinks, port, disk, clock", _options),
)
