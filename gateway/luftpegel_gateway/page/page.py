"""The page's routes, and what each reads, in one thread with its own reader of the journal."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from luftpegel_gateway.journal.port import Reader
from luftpegel_gateway.model.faults import JournalDown
from luftpegel_gateway.model.station import Station
from luftpegel_gateway.page.language import language_of
from luftpegel_gateway.page.metrics import Seen, metrics
from luftpegel_gateway.page.overview import broken_page, missing_page, overview_page
from luftpegel_gateway.page.server import Request, Response
from luftpegel_gateway.page.station import Shown, station_page
from luftpegel_gateway.page.style import STYLE
from luftpegel_gateway.views.facts import facts_of
from luftpegel_gateway.views.stations import Overview, by_time, key_of, overview, view_of
from luftpegel_gateway.views.verdict import Conditions, Verdict, judge, unreadable
from luftpegel_gateway.words.quality import Explain, words_only

T = TypeVar("T")
Route = Callable[[Request], Awaitable[Response]]
STATION = "/station/"
NOTICES = 10
HISTORY = 144  # readings: a day at ten minutes


class Stations(Protocol):
    """Who knows the stations; they may change while the gateway runs."""

    @property
    def stations(self) -> Sequence[Station]:
        """All of them, in the order of stations.toml."""

    def by_id(self, station: str, tenant: str = "") -> Station | None:
        """One of them."""


class Page:
    """Answers requests about one journal. Used on the event loop; reads in a thread of its own."""

    def __init__(
        self,
        open_reader: Callable[[], Reader],
        directory: Stations,
        conditions: Conditions,
        *,
        sinks: Sequence[str],
        vital: Collection[str],
        explain: Explain = words_only,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`sinks`: names; `vital`: the parts without which no frame comes in (sources, journal).

        `open_reader` is called in the page's thread, again after the journal was down; may raise JournalDown.
        """
        self._open = open_reader
        self._directory = directory
        self._conditions = conditions
        self._sinks = sinks
        self._vital = vital
        self._explain = explain
        self._clock = clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="page")
        self._reader: Reader | None = None
        self._routes: dict[str, Route] = {
            "/": self._overview,
            "/style.css": self._style,
            "/healthz": self._alive,
            "/readyz": self._ready,
            "/metrics": self._metrics,
            "/api/stations.json": self._stations_json,
        }

    async def answer(self, request: Request) -> Response:
        """The answer to one request; 503 while the journal cannot be read."""
        route = self._station if request.path.startswith(STATION) else self._routes.get(request.path)
        if route is None:
            return Response(missing_page(language_of(request)), status=404)
        try:
            return await route(request)
        except JournalDown as down:
            verdict = unreadable(down, self._conditions.current(), self._vital, self._clock())
            return Response(broken_page(verdict, language_of(request)), status=503)

    def close(self) -> None:
        """Finish what is being read."""
        self._thread.submit(self._forget)
        self._thread.shutdown(wait=True)

    async def _read(self, query: Callable[[Reader], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._query, query)

    def _query(self, query: Callable[[Reader], T]) -> T:
        try:
            if self._reader is None:
                self._reader = self._open()
            return query(self._reader)
        except JournalDown:
            self._forget()
            raise

    def _forget(self) -> None:
        """Close the reader, so that the next query opens what is there then."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    async def _seen(self) -> Overview:
        now, stations = self._clock(), tuple(self._directory.stations)
        return await self._read(lambda reader: overview(reader, stations, self._sinks, now))

    async def _judged(self) -> Seen:
        """What is there and what is wrong with it; also while the journal cannot be read."""
        seen: Overview | None = None
        down: JournalDown | None = None
        try:
            seen = await self._seen()
        except JournalDown as error:
            down = error
        now, conditions = self._clock(), self._conditions.current()
        if down is not None:
            return Seen(None, unreadable(down, conditions, self._vital, now), now)
        return Seen(seen, judge(seen, conditions, self._vital, now), now)

    async def _overview(self, request: Request) -> Response:
        seen, language = await self._judged(), language_of(request)
        if seen.overview is None:
            return Response(broken_page(seen.verdict, language), status=503)
        return Response(overview_page(seen.overview, seen.verdict, seen.now, language, self._explain))

    async def _station(self, request: Request) -> Response:
        *tenant, name = request.path.removeprefix(STATION).rsplit("/", 1)
        station = self._directory.by_id(name, "".join(tenant))
        if station is None:
            return Response(missing_page(language_of(request)), status=404)
        now = self._clock()
        shown = await self._read(lambda reader: _shown(reader, station, now))
        return Response(station_page(shown, language_of(request), self._explain))

    async def _style(self, _request: Request) -> Response:
        return Response(STYLE, "text/css", headers={"Cache-Control": "max-age=3600"})

    async def _alive(self, _request: Request) -> Response:
        return Response("ok\n", "text/plain")

    async def _ready(self, _request: Request) -> Response:
        """503 while readings cannot come in; what else is not well stands beside it, as on the page."""
        verdict = (await self._judged()).verdict
        answer = {
            "troubles": {finding.subject: finding.code for finding in verdict.stopping},
            "well": verdict.well,
            "findings": _findings(verdict),
        }
        return Response(json.dumps(answer), "application/json", 200 if verdict.ready else 503)

    async def _metrics(self, _request: Request) -> Response:
        return Response(metrics(await self._judged()), "text/plain")

    async def _stations_json(self, _request: Request) -> Response:
        seen, now = await self._seen(), self._clock()
        facts = [facts_of(view, now) for view in seen.stations]
        return Response(json.dumps(facts, ensure_ascii=False), "application/json")


def _shown(reader: Reader, station: Station, now: float) -> Shown:
    view = view_of(reader, station, now)
    readings = by_time(reader.history(key_of(station), HISTORY), view.state, now)
    return Shown(view, readings, reader.notices(station.dev_eui, NOTICES, station.tenant), now)


def _findings(verdict: Verdict) -> list[dict[str, str]]:
    return [
        {"kind": found.kind, "subject": found.subject, "code": found.code} for found in verdict.findings
    ]
