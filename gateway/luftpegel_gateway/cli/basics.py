"""The verbs `run` and `status`."""

import argparse
import asyncio
import logging
import time
from collections.abc import Collection, Sequence
from contextlib import closing

import msgspec

from luftpegel_gateway.cli import logs
from luftpegel_gateway.cli.output import print_json
from luftpegel_gateway.cli.site import DONE, PROBLEM, Site
from luftpegel_gateway.control.client import NobodyListens, connected
from luftpegel_gateway.control.protocol import Conditions, Told
from luftpegel_gateway.directory.naming import Key, meant, named
from luftpegel_gateway.model.faults import CannotStart, JournalDown
from luftpegel_gateway.page.findings import sentence, subject_of
from luftpegel_gateway.page.layout import name_of_station
from luftpegel_gateway.page.pieces import age_text
from luftpegel_gateway.views.facts import facts_of
from luftpegel_gateway.views.stations import Overview, View, key_of, overview
from luftpegel_gateway.views.verdict import JOURNAL, Verdict, judge, unreadable
from luftpegel_gateway.words.passed import reason_text
from luftpegel_gateway.words.texts import count_text, percent, tell

log = logging.getLogger("luftpegel.gateway")


def run(args: argparse.Namespace, site: Site, language: str) -> int:
    """Run the gateway."""
    parts = [part.options for part in (*site.config.sources, *site.config.sinks)]
    as_json = args.json or site.config.log == "json"
    limited = logs.begin(language, as_json=as_json, secrets=list(logs.secrets_in(parts)))
    try:
        asyncio.run(_run(site, limited))
    except (CannotStart, JournalDown):
        raise
    except Exception as error:
        log.critical("the gateway failed: %s", error, exc_info=True)
        return PROBLEM
    finally:
        limited.close()
    return DONE


async def _run(site: Site, limited: logs.Limited) -> None:
    """The gateway, and beside it a look now and then at what the log has only counted."""

    async def look() -> None:
        while True:
            await asyncio.sleep(logs.LOOK_S)
            limited.look()

    looking = asyncio.create_task(look())
    try:
        await site.run()
    finally:
        looking.cancel()


def status(args: argparse.Namespace, site: Site, language: str) -> int:
    """The same as the page: what is not well, the stations, where messages are."""
    now = time.time()
    wanted = _wanted(args, site)
    conditions = _conditions(site, now)
    vital = (JOURNAL, *site.sources)
    try:
        with closing(site.open_reader()) as reader:
            seen = overview(reader, site.stations, site.sinks, now)
    except (CannotStart, JournalDown) as lost:
        if conditions is None:
            raise
        seen = None
        code = "LP-414" if lost.code == "LP-331" else lost.code  # a gateway runs, so there was one
        verdict = unreadable(JournalDown(code, lost.detail), conditions, vital, now)
    else:
        verdict = judge(seen, conditions or (), vital, now)
    running = conditions is not None
    if args.json:
        print_json(args, _facts(_only(seen, wanted), verdict, now) | {"running": running})
    else:
        _print(_only(seen, wanted), verdict, now, language, running=running)
    return DONE if verdict.well and running else PROBLEM


def _wanted(args: argparse.Namespace, site: Site) -> set[Key]:
    """The stations that are asked for; none: all. CannotStart LP-270, LP-550, LP-551."""
    known = named(site.stations).values()
    return {meant(word, known).key for word in args.stations}


def _only(seen: Overview | None, wanted: Collection[Key]) -> Overview | None:
    if seen is None or not wanted:
        return seen
    return Overview([view for view in seen.stations if key_of(view.station) in wanted], seen.account)


def _conditions(site: Site, now: float) -> Sequence[Told] | None:
    """What the running gateway says is wrong, or that it says nothing; None when none runs."""
    try:
        with connected(site.data) as client:
            return client.ask(Conditions()).conditions
    except NobodyListens:
        return None
    except CannotStart as silence:
        return [Told("control", silence.code, silence.detail, now, now)]


def _facts(seen: Overview | None, verdict: Verdict, now: float) -> dict[str, object]:
    account: dict[str, object] = {} if seen is None else msgspec.to_builtins(seen.account)
    return account | {
        "well": verdict.well,
        "ready": verdict.ready,
        "findings": msgspec.to_builtins(verdict.findings),
        "stations": [facts_of(view, now) for view in seen.stations] if seen is not None else None,
    }


def _print(seen: Overview | None, verdict: Verdict, now: float, language: str, *, running: bool) -> None:
    if seen is not None:
        _print_account(seen, now, language)
    if not running:
        print(tell("not_running", language))
    elif verdict.well:
        print(tell("all_well", language))
    else:
        print(tell("comes_in" if verdict.ready else "stands_still", language))
    for finding in verdict.findings:
        print(f"  {subject_of(finding, language)}: {sentence(finding, language)}")


def _print_account(seen: Overview, now: float, language: str) -> None:
    account = seen.account
    for view in seen.stations:
        print(_station_line(view, now, language))
    counts = [
        (tell("frames", language), account.frames),
        (tell("quarantined", language), account.quarantined),
    ]
    counts += [(tell("waiting", language, sink), number) for sink, number in account.waiting.items()]
    counts += [
        (tell("passed", language, reason_text(reason, language)), number)
        for reason, number in sorted(account.passed.items())
    ]
    for name, number in counts:
        print(f"{name}: {count_text(number, language)}")


def _station_line(view: View, now: float, language: str) -> str:
    state = view.state
    counts = f"{state.received} {tell('received', language)}, {state.missing} {tell('missing', language)}"
    share = percent(state.completeness, language)
    age = age_text(view, now, language)
    gone = f", {tell('retired_on', language, view.station.retired)}" if view.station.retired else ""
    return f"{name_of_station(view.station):12} {view.station.name:24} {share:>8}  {counts}, {age}{gone}"


def _no_options(_parser: argparse.ArgumentParser) -> None:
    """None besides those of all verbs."""


def _status_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "stations", nargs="*", metavar="STATION", help="only the lines of these (of a tenant: TENANT/ID)"
    )


VERBS = (
    ("run", run, "run the gateway until it gets SIGTERM or Ctrl-C", _no_options),
    ("status", status, "what is not well, stations, completeness, what waits for which sink",
     _status_options),
)  # fmt: skip
