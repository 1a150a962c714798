"""The page: without script, in two languages, nothing unescaped, and readable for machines."""

import asyncio
import contextlib
import html.parser
import itertools
import json
import re
import socket
import threading

import pytest

from luftpegel_gateway.model.faults import JournalDown
from luftpegel_gateway.model.intervals import Intervals
from luftpegel_gateway.model.quality import GROSS_RANGE
from luftpegel_gateway.model.readings import Cell, Reading
from luftpegel_gateway.model.state import Life, Link, StationState, Status
from luftpegel_gateway.model.station import Limit, Station
from luftpegel_gateway.page.chart import pieces, points
from luftpegel_gateway.page.html import tag
from luftpegel_gateway.page.language import language_of
from luftpegel_gateway.page.page import Page
from luftpegel_gateway.page.server import Request, serving
from luftpegel_gateway.page.style import STYLE
from luftpegel_gateway.words.quality import QUALITY
from luftpegel_wire import quality
from luftpegel_wire.quantities import channel_of

HOSTILE = '<script>alert("1")</script>'
NOW = 1_782_907_200  # 2026-07-01 12:00 UTC
TEMPERATURE, HUMIDITY, BATTERY = (channel_of(name) for name in ("temperature", "humidity", "battery"))
FIRST = Station("LP-0001", "70b3d57ed0000001", HOSTILE, "climate", limits={"temperature": Limit(high=4000)})
SECOND = Station("LP-0002", "70b3d57ed0000002", "Markt", "climate", latitude=48.1, longitude=11.5)


class Outline(html.parser.HTMLParser):
    """Checks that elements nest, and remembers them."""

    VOID = ("meta", "link", "br")

    def __init__(self, text):
        super().__init__()
        self.open, self.elements = [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, name):
        return [attributes for tag, attributes in self.elements if tag == name]


def reading(seq, time, temperature, **more):
    good = (Cell(HUMIDITY, 5000, quality.OK), Cell(BATTERY, 3600, quality.OK))
    return Reading(seq, time, (Cell(TEMPERATURE, *temperature), *good), **more)


def busy(reader):
    """Two stations; the first has a gap, a missing value and an implausible one, the second a new board."""
    values = {5: (None, quality.SILENT), 7: (9000, quality.OK, GROSS_RANGE)}
    numbers = [0, 1, 2, 3, 5, 6, 7, 8]
    seen = Intervals().add(numbers)
    link = Link(heard_at=(NOW - 300) * 1_000_000, taken_at=NOW - 300, rssi=-97, snr=7.5, dr=5, gateways=2)
    reader.known["", "LP-0001"] = StationState((Life(0, NOW - 6000, seen=seen),), link=link, frames=9)
    reader.readings["", "LP-0001"] = [
        (0, reading(seq, NOW - 300 - 600 * (8 - seq), values.get(seq, (2000 + 10 * seq, quality.OK))))
        for seq in numbers
    ]
    old = Life(0, NOW - 90 * 86400, seen=Intervals(((0, 1439),)))
    new = Life(1, NOW - 86400, "other-values", Intervals(((0, 143),)))
    status = Status((NOW - 3600) * 1_000_000, {"firmware": "0.2.0", "reset_cause": 1, "clock": 1})
    reader.known["", "LP-0002"] = StationState((old, new), link=link, status=status)
    reader.readings["", "LP-0002"] = [
        (1, reading(143, NOW - 300, (1850, quality.OK))),
        (1, reading(142, NOW - 900, (1850, quality.OK), unsure=True)),
        (0, reading(1439, NOW - 90000, (1234, quality.OK), revision=2)),
    ]
    reader.logged[FIRST.dev_eui] = [(NOW, "UPLINK_CODEC", HOSTILE)]
    reader.frames, reader.passed = 1234, {"filtered": 84422}


class Told:
    def __init__(self, subject, code, since=NOW - 3600, last_seen=NOW):
        self.subject, self.code, self.since, self.last_seen = subject, code, since, last_seen
        self.detail = HOSTILE


def explain(cell, station, language):
    """What the checks say, with a limit of the station's own."""
    if not cell.flags & GROSS_RANGE:
        return []
    return [("range", f"{cell.value} > {station.limits['temperature'].high} {language}")]


class Desk:
    """A page over lists: what it knows can be changed between two requests."""

    def __init__(self, reader):
        self.reader, self.conditions, self.stations, self.opened = reader, [], (FIRST, SECOND), 0
        self.page = Page(
            self.open,
            self,
            self,
            sinks=["store"],
            vital=["journal", "chirpstack"],
            explain=explain,
            clock=lambda: NOW,
        )

    def open(self):
        self.opened += 1
        return self.reader

    def current(self):
        return self.conditions

    def by_id(self, station, tenant=""):
        return next((one for one in self.stations if (one.id, one.tenant) == (station, tenant)), None)

    def get(self, path, **query):
        answer = asyncio.run(self.page.answer(Request(path, query)))
        return answer.status, answer.body

    def json(self, path):
        return json.loads(self.get(path)[1])


@pytest.fixture
def desk(reader):
    busy(reader)
    desk = Desk(reader)
    yield desk
    desk.page.close()


def text_of(body):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))


LANGUAGES = pytest.mark.parametrize("language", ["de", "en"])


@LANGUAGES
def test_overview(desk, language):
    status, body = desk.get("/", lang=language)
    outline, text = Outline(body), text_of(body)
    assert (status, HOSTILE in body) == (200, False)
    assert outline.all("html") == [{"lang": language}]
    assert outline.all("script") == []
    assert {cell["scope"] for cell in outline.all("th")} == {"col", "row"}
    assert any(link.get("href", "").startswith("/station/LP-0001") for link in outline.all("a"))
    completeness = {"de": "88,8 % 8 empfangen, 1 fehlend", "en": "88.8 % 8 received, 1 missing"}[language]
    assert completeness in text
    assert {"de": "100,0 % 1584 empfangen, 0 fehlend, über 2 Leben",
            "en": "100.0 % 1584 received, 0 missing, over 2 lives"}[language] in text  # fmt: skip
    assert {"de": "Alles in Ordnung.", "en": "Everything works."}[language] in text
    passed = {"de": "Filter der Quelle ausgenommen 84.422", "en": "the source's filter 84,422"}
    assert passed[language] in text


@LANGUAGES
def test_a_doubtful_time_is_told_at_its_value_and_above(desk, reader, language):
    reader.readings["", "LP-0002"][0] = (1, reading(143, NOW - 300, (1850, quality.OK), unsure=True))
    text = text_of(desk.get("/", lang=language)[1])
    assert {"de": "die Zeit ist zweifelhaft", "en": "time is doubtful"}[language] in text
    assert ("LP-262" in text, "Alles in Ordnung" in text, "Everything works" in text) == (True, False, False)


def test_the_newest_reading_is_the_newest_by_time(desk):
    """The old life has the higher number."""
    assert [found["newest"]["seq"] for found in desk.json("/api/stations.json")] == [8, 143]
    text = text_of(desk.get("/", lang="en")[1])
    assert ("18.50" in text, "12.34" in text) == (True, False)


@LANGUAGES
def test_station_page_has_charts_and_their_table(desk, language):
    status, body = desk.get("/station/LP-0001", lang=language)
    outline, text = Outline(body), text_of(body)
    assert (status, HOSTILE in body) == (200, False)
    pictures = outline.all("svg")
    assert len(pictures) == 3
    ids = {
        attributes["id"]
        for name, attributes in outline.elements
        if name in {"title", "desc"} and "id" in attributes
    }
    for picture in pictures:
        assert picture["role"] == "img"
        assert set(picture["aria-labelledby"].split()) <= ids
    assert {"de": "größter 90,00, letzter", "en": "highest 90.00, last"}[language] in text
    flag = {"de": "unplausibler Wert: 9000 > 4000 de", "en": "implausible value: 9000 > 4000 en"}
    silent = {"de": "Sensor antwortet nicht", "en": "sensor does not answer"}
    assert (flag[language] in text, silent[language] in text) == (True, True)
    assert f"UPLINK_CODEC: {HOSTILE}" in html.unescape(body)
    assert {"de": "Fehlende Nummern 4", "en": "Missing numbers 4"}[language] in text
    assert {"de": "von 2 Funkgateways gehört", "en": "heard by 2 radio gateways"}[language] in text
    # A gap and a missing value interrupt the line: 0..3, 5 has no temperature, 6..8; the others: 0..3, 5..8.
    assert len(outline.all("polyline")) == 2 + 2 + 2
    assert len(outline.all("tr")) == len(re.findall("<tr>", body))


@LANGUAGES
def test_a_station_with_a_new_board(desk, language):
    text = text_of(desk.get("/station/LP-0002", lang=language)[1])
    for words in {
        "de": [
            "Leben 1: ein neues Board zählt von 0 an seit 30.06.2026 12:00 UTC (ihre Frames widersprechen",
            "das erste Leben seit",
            "Letzter Start Strom eingeschaltet",
            "Uhr aus dem Netz",
            "143 Leben 1",
            "1439 Leben 0 berichtigt, Fassung 2",
            "die Zeit ist zweifelhaft",
        ],
        "en": [
            "life 1: a new board counts from 0 since 2026-06-30 12:00 UTC (its frames contradict",
            "the first life since",
            "Last start power switched on",
            "Clock from the network",
            "143 life 1",
            "1439 life 0 corrected, version 2",
            "time is doubtful",
        ],
    }[language]:
        assert words in text


@LANGUAGES
def test_two_boards_with_one_id(desk, reader, language):
    known = reader.known["", "LP-0002"]
    reader.known["", "LP-0002"] = StationState(known.lives, link=known.link, twin=0)
    words = {
        "de": "zwei Boards teilen sich diese id (Leben 0 + 1)",
        "en": "two boards share this id (life 0 + 1)",
    }
    assert words[language] in text_of(desk.get("/station/LP-0002", lang=language)[1])
    overview = text_of(desk.get("/", lang=language)[1])
    assert (words[language] in overview, "LP-261" in overview) == (True, True)


def test_two_boards_are_two_curves():
    readings = [(seq % 2, reading(seq // 2 + 100 * (seq % 2), NOW + seq, (seq, 0))) for seq in range(6)]
    runs = pieces(points(readings, TEMPERATURE))
    assert [[point.seq for point in run] for run in runs] == [[0, 1, 2], [100, 101, 102]]


def test_page_readyz_and_metrics_never_disagree(desk, reader, make_entry):
    """Each mixture of what can be wrong: the page, /readyz and /metrics tell the same."""
    wrong = {
        "LP-402": lambda on: desk.conditions.append(Told("chirpstack", "LP-402")) if on else None,
        "LP-420": lambda on: desk.conditions.append(Told("store", "LP-420")) if on else None,
        "quarantine": lambda on: reader.entries.append(make_entry(1)) if on else None,
        "silent": lambda on: reader.known.update({("", "LP-0001"): StationState(link=Link(taken_at=5))})
        if on
        else None,
    }
    for mixture in itertools.product([False, True], repeat=len(wrong)):
        busy(reader)
        desk.conditions, reader.entries = [], []
        for (_, make), on in zip(wrong.items(), mixture, strict=True):
            make(on)
        (status, body), (_, page) = desk.get("/readyz"), desk.get("/", lang="en")
        told, text = json.loads(body), text_of(page)
        assert told["well"] == (not any(mixture)) == ("Everything works." in text)
        assert f"luftpegel_well {int(told['well'])}\n" in desk.get("/metrics")[1]
        assert (status == 503) == mixture[0] == ("Readings do not come in now:" in text)
        assert told["troubles"] == ({"chirpstack": "LP-402"} if mixture[0] else {})
        assert len(told["findings"]) == sum(mixture) == page.count("<strong>") - 1
        assert all(found["code"] in text for found in told["findings"])


@LANGUAGES
def test_a_condition_says_cause_since_and_next_step(desk, language):
    desk.conditions = [Told("store", "LP-420", since=NOW - 86400)]
    _, body = desk.get("/", lang=language)
    text = text_of(body)
    assert HOSTILE not in body
    for words in {
        "de": ["Messwerte kommen an, aber nicht alles", "store : LP-420 Das Ziel antwortet nicht",
               "seit 30.06.2026 12:00 UTC, zuletzt gesehen 01.07.2026 12:00 UTC", "Nächster Schritt: Prüfen"],
        "en": ["Readings come in, but not everything", "store : LP-420 The sink does not answer",
               "since 2026-06-30 12:00 UTC, last seen 2026-07-01 12:00 UTC", "Next step: Check"],
    }[language]:  # fmt: skip
        assert words in text
    assert Outline(body).all("div")[0]["role"] == "alert"


@LANGUAGES
def test_a_station_of_which_no_clock_tells(desk, reader, language):
    """Heard while our clock stood in 2038, and not since."""
    reader.known["", "LP-0001"] = StationState((Life(0),), link=Link(taken_at=NOW + 400_000_000))
    text = text_of(desk.get("/station/LP-0001", lang=language)[1])
    assert {"de": "stumm", "en": "silent"}[language] in text
    assert {"de": "unbekannt: die Uhren", "en": "unknown: the clocks"}[language] in text


def test_while_the_journal_cannot_be_read(desk, reader):
    assert desk.get("/readyz")[0] == 200
    reader.down = JournalDown("LP-413", "malformed")
    for path in ("/", "/readyz", "/station/LP-0001", "/api/stations.json"):
        status, body = desk.get(path)
        assert (status, "LP-413" in body) == (503, True), path
    assert desk.json("/readyz")["troubles"] == {"journal": "LP-413"}
    status, body = desk.get("/metrics")
    assert (status, 'luftpegel_trouble{part="journal",code="LP-413"} 1\n' in body) == (200, True)
    assert desk.get("/healthz") == (200, "ok\n")
    opened, closed = desk.opened, reader.closed
    reader.down = None
    assert desk.get("/")[0] == 200
    assert (desk.opened, closed > 0) == (opened + 1, True)


def test_a_station_that_was_added_meanwhile(desk):
    assert desk.get("/station/LP-0003")[0] == 404
    desk.stations += (Station("LP-0003", "70b3d57ed0000003", "Neu", "air"),)
    assert desk.get("/station/LP-0003")[0] == 200
    assert "LP-0003" in desk.get("/")[1]


def test_stations_of_tenants(desk, reader):
    desk.stations = (Station("a/b", "70b3d57ed0000003", "Neu", "air", tenant="nord/süd"),)
    (link,) = [one["href"] for one in Outline(desk.get("/")[1]).all("a") if "station" in one["href"]]
    assert link == "/station/nord%2Fs%C3%BCd/a%2Fb?lang=en"
    assert 'station="a/b",tenant="nord/süd"' in desk.get("/metrics")[1]


def test_unknown_things_are_not_found(desk):
    paths = ("/x", "/station/x", "/../etc/passwd", "/station/<script>", "/station/", "/station/LP-0001/x")
    for path in paths:
        status, body = desk.get(path)
        assert (status, "<script>" in body) == (404, False)


class Served:
    """The page behind its own server, in a thread."""

    def __init__(self, page):
        self.page, self.ready = page, threading.Event()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.run)

    async def serve(self):
        self.end = asyncio.Event()
        async with serving("127.0.0.1", 0, self.page.answer) as self.port:
            self.ready.set()
            await self.end.wait()

    def run(self):
        self.loop.run_until_complete(self.serve())
        self.loop.close()

    def ask(self, request):
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.fixture
def served(desk):
    served = Served(desk.page)
    served.thread.start()
    assert served.ready.wait(30)
    yield served
    if served.thread.is_alive():
        served.loop.call_soon_threadsafe(served.end.set)
        served.thread.join(30)


def test_security_headers_and_methods(served):
    answer = served.ask(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"Content-Security-Policy: default-src 'none'; style-src 'self';" in answer
    assert answer.startswith(b"HTTP/1.1 200")
    head = served.ask(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert head.endswith(b"\r\n\r\n")
    for request, status in {
        b"POST / HTTP/1.1\r\nHost: x\r\n\r\n": b"405",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello": b"400",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n": b"400",
        b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n": b"400",
        b"GET /?" + b"a=b&" * 100 + b" HTTP/1.1\r\nHost: x\r\n\r\n": b"400",
        b"GET / HTTP/2\r\n\r\n": b"400",
        b"\x16\x03\x01\r\n\r\n": b"400",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 20000 + b"\r\n\r\n": b"400",
    }.items():
        assert served.ask(request).split(b" ")[1] == status, request[:60]


def test_a_connection_that_says_nothing_holds_up_no_end(served):
    """Browsers open connections ahead of need."""
    with socket.create_connection(("127.0.0.1", served.port)) as silent:
        assert served.ask(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").endswith(b"ok\n")
        served.loop.call_soon_threadsafe(served.end.set)
        served.thread.join(30)
        assert not served.thread.is_alive()
        with contextlib.suppress(ConnectionResetError):
            assert silent.recv(1) == b""


def test_for_machines(desk, reader, make_entry):
    stations = desk.json("/api/stations.json")
    assert (stations[0]["received"], stations[0]["missing"]) == (8, 1)
    assert stations[0]["newest"]["values"][0]["value"] == "20.80"
    reader.readings["", "LP-0001"].append((0, reading(9, NOW, (9000, quality.OK, GROSS_RANGE), unsure=True)))
    reader.entries, reader.waiting = [make_entry(1)], {"store": (20, NOW - 40)}
    metrics = desk.get("/metrics")[1]
    for line in (
        "luftpegel_frames_total 1234",
        "luftpegel_quarantined_frames 1",
        'luftpegel_passed_total{reason="filtered"} 84422',
        'luftpegel_waiting_readings{sink="store"} 20',
        'luftpegel_waiting_seconds{sink="store"} 40',
        'luftpegel_station_missing_readings{station="LP-0001"} 1',
        'luftpegel_station_life{station="LP-0002"} 1',
        'luftpegel_station_flag{station="LP-0001",quantity="temperature",flag="range"} 1',
        'luftpegel_station_flag{station="LP-0001",quantity="humidity",flag="time"} 1',
        f'luftpegel_station_heard_timestamp_seconds{{station="LP-0001"}} {NOW - 300}',
    ):
        assert f"{line}\n" in metrics
    samples = [line for line in metrics.splitlines() if not line.startswith("#")]
    assert all(
        re.fullmatch(r'luftpegel_[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.e+]+', line)
        for line in samples
    )
    assert len({line.split(" ")[0] for line in samples}) == len(samples)


def test_the_running_gateway_shows_what_came(site, server, station):
    """The whole way: a gateway of its own, a broker, a frame."""
    site.started()
    server.publish(station.topic(), station.uplink(3))
    site.wait_for(range(4))
    status, body = site.get("/", **{"Accept-Language": "fr;q=0.9, de;q=0.8"})
    Outline(body)
    assert (status, "4 empfangen, 0 fehlend" in text_of(body)) == (200, True)
    assert [found["received"] for found in json.loads(site.get("/api/stations.json")[1])] == [4, 0]
    assert "luftpegel_frames_total 1\n" in site.get("/metrics")[1]


@pytest.mark.parametrize(
    ("query", "header", "language"),
    [("", "", "en"), ("", "de-AT", "de"), ("", "en;q=0.1,de;q=0.2", "de"), ("en", "de", "en"),
     ("xx", "de", "de"), ("", "de;q=x", "en"), ("", "fr", "en")],
)  # fmt: skip
def test_language(query, header, language):
    assert language_of(Request("/", {"lang": query}, {"accept-language": header})) == language


def test_text_is_escaped_and_markup_is_not():
    assert tag("p", HOSTILE, tag("b", "&"), title='"') == (
        '<p title="&quot;">&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;<b>&amp;</b></p>'
    )


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("colour", "least"),
    [("ink", 4.5), ("soft", 4.5), ("link", 4.5), ("warn", 4.5), ("curve", 3), ("line", 3)],
)
def test_contrast(scheme, colour, least):
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    colours = dict(re.findall(r"--(\w+): (#\w{6})", blocks[scheme]))
    for ground in ("paper", "band"):
        light, dark = sorted((luminance(colours[colour]), luminance(colours[ground])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= least, (colour, ground)


def test_every_quality_has_words():
    assert set(QUALITY) == {*range(7), *range(8, 16)}
