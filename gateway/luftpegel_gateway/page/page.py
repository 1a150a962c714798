"""The page's routes, and what each reads, in one thread with its own read-only connection."""

import asyncio
import json
import sqlite3
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from luftpegel_gateway.conditions.health import Health
from luftpegel_gateway.ingest.state import Station
from luftpegel_gateway.journal.sqlite.database import open_for_reading
from luftpegel_gateway.journal.sqlite.quarantine import Account, account
from luftpegel_gateway.page.metrics import Seen, metrics
from luftpegel_gateway.page.pages import HISTORY, NOTICES, missing_page, overview_page, station_page
from luftpegel_gateway.page.server import Request, Response
from luftpegel_gateway.page.style import STYLE
from luftpegel_gateway.views.overview import View, facts_of, history, notices, views

T = TypeVar("T")
Route = Callable[[Request], Awaitable[Response]]
STATION = "/station/"


class Page:
    """Answers requests about one journal."""

    def __init__(self, journal: Path, stations: Sequence[Station], sinks: Sequence[str], vital: Sequence[str],
                 health: Health) -> None:  # fmt: skip
        """`sinks`: names; `vital`: the parts without which no frame comes in (sources, journal)."""
        self._path = journal
        self._stations = stations
        self._sinks = sinks
        self._vital = set(vital)
        self._health = health
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="page")
        self._database: sqlite3.Connection | None = None
        self._routes: dict[str, Route] = {
            "/": self._overview,
            "/style.css": self._style,
            "/healthz": self._alive,
            "/readyz": self._ready,
            "/metrics": self._metrics,
            "/api/stations.json": self._stations_json,
        }

    async def answer(self, request: Request) -> Response:
        """The answer to one request."""
        if request.path.startswith(STATION):
            return await self._station(request)
        route = self._routes.get(request.path)
        return (
            Response(missing_page(language_of(request)), status=404)
            if route is None
            else await route(request)
        )

    def close(self) -> None:
        """Finish what is being read."""
        self._thread.shutdown(wait=True)
        if self._database is not None:
            self._database.close()

    async def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._query, query)

    def _query(self, query: Callable[[sqlite3.Connection], T]) -> T:
        if self._database is None:
            self._database = open_for_reading(self._path)
        return query(self._database)

    async def _seen(self) -> tuple[list[View], Account]:
        return await self._read(
            lambda database: (views(database, self._stations), account(database, self._sinks))
        )

    async def _overview(self, request: Request) -> Response:
        seen, counted = await self._seen()
        return Response(
            overview_page(seen, counted, self._health.troubles, int(time.time()), language_of(request))
        )

    async def _station(self, request: Request) -> Response:
        station = next(
            (known for known in self._stations if known.id == request.path.removeprefix(STATION)), None
        )
        if station is None:
            return Response(missing_page(language_of(request)), status=404)
        view, readings, reported = await self._read(
            lambda database: (
                views(database, [station])[0],
                history(database, station.id, HISTORY),
                notices(database, station.dev_eui, NOTICES),
            )
        )
        return Response(station_page(view, readings, reported, int(time.time()), language_of(request)))

    async def _style(self, _request: Request) -> Response:
        return Response(STYLE, "text/css", headers={"Cache-Control": "max-age=3600"})

    async def _alive(self, _request: Request) -> Response:
        return Response("ok\n", "text/plain")

    async def _ready(self, _request: Request) -> Response:
        """503 while a source or the journal does not work; a sink that is away does not stop the intake."""
        troubles = {
            part: trouble.code for part, trouble in self._health.troubles.items() if part in self._vital
        }
        return Response(json.dumps({"troubles": troubles}), "application/json", 503 if troubles else 200)

    async def _metrics(self, _request: Request) -> Response:
        seen, counted = await self._seen()
        return Response(metrics(Seen(seen, counted, self._health.troubles, time.time())), "text/plain")

    async def _stations_json(self, _request: Request) -> Response:
        seen, _ = await self._seen()
        now = int(time.time())
        return Response(
            json.dumps([facts_of(view, now) for view in seen], ensure_ascii=False), "application/json"
        )


def language_of(request: Request) -> str:
    """German or English: ?lang= first, then what the browser prefers."""
    asked = request.query.get("lang", "")
    preferred = [asked, *sorted_languages(request.headers.get("accept-language", ""))]
    return next(
        (known for word in preferred for known in ("de", "en") if word.lower().startswith(known)), "en"
    )


def sorted_languages(header: str) -> list[str]:
    """The languages of an Accept-Language header, most wanted first."""
    wanted = []
    for part in header.split(",")[:20]:
        word, _, weight = part.partition(";q=")
        try:
            wanted.append((float(weight or 1), word.strip()))
        except ValueError:
            continue
    return [word for _, word in sorted(wanted, key=lambda pair: -pair[0])]
