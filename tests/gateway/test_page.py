"""The page: without script, in two languages, nothing unescaped, and readable for machines."""

import html.parser
import json
import re
import socket

import pytest

from luftpegel_gateway.page.html import tag
from luftpegel_gateway.page.page import language_of
from luftpegel_gateway.page.server import Request
from luftpegel_gateway.page.style import STYLE
from luftpegel_gateway.words.texts import QUALITY

HOSTILE = '<script>alert("1")</script>'


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


@pytest.fixture
def busy_site(site, server, station, make_station, until):
    """Two stations; one has a gap, a missing value and an implausible one."""
    stations = site.folder / "stations.toml"
    stations.write_text(stations.read_text().replace("Mühlbach", HOSTILE.replace('"', '\\"')))
    values = {5: (None, 5000), 7: (9000, 5000)}
    other = make_station(value=lambda seq: values.get(seq, station.value(seq)))
    site.started()
    server.publish(other.topic(), other.uplink(3, history=4))
    server.publish(other.topic(), other.uplink(8, history=4))
    site.wait_for([0, 8])
    complaint = {"level": "ERROR", "code": "UPLINK_CODEC", "description": HOSTILE}
    server.publish(station.topic("log"), other.event(b"", **complaint))
    until(lambda: site.journal("SELECT count(*) FROM notice") == [(1,)], "not taken")
    return site


@pytest.mark.parametrize(("language", "word"), [("de", "Vollständigkeit"), ("en", "Completeness")])
def test_overview(busy_site, language, word):
    status, body = busy_site.get("/", **{"Accept-Language": f"fr;q=0.9, {language};q=0.8"})
    outline = Outline(body)
    assert (status, word in body, HOSTILE in body) == (200, True, False)
    assert outline.all("html") == [{"lang": language}]
    assert outline.all("script") == []
    assert {cell["scope"] for cell in outline.all("th")} == {"col", "row"}
    assert any(link.get("href", "").startswith("/station/LP-0001") for link in outline.all("a"))


def test_station_page_has_charts_and_their_table(busy_site):
    status, body = busy_site.get("/station/LP-0001?lang=de")
    outline = Outline(body)
    assert (status, HOSTILE in body) == (200, False)
    pictures = outline.all("svg")
    assert len(pictures) == 2
    ids = {
        attributes["id"]
        for name, attributes in outline.elements
        if name in {"title", "desc"} and "id" in attributes
    }
    for picture in pictures:
        assert picture["role"] == "img"
        assert set(picture["aria-labelledby"].split()) <= ids
    assert "größter 90,00, letzter" in body
    assert "unplausibler Wert" in body
    assert "UPLINK_CODEC: &lt;script&gt;" in body
    # A gap and a missing value interrupt the line: 0..3, 5 has no temperature, 6..8.
    assert len(outline.all("polyline")) == 2 + 2
    assert len(outline.all("tr")) == len(re.findall("<tr>", body))


def test_unknown_things_are_not_found(busy_site):
    for path in ("/x", "/station/x", "/../etc/passwd", "/station/%3Cscript%3E"):
        status, body = busy_site.get(path)
        assert (status, "<script>" in body) == (404, False)


def test_security_headers_and_methods(busy_site):
    def ask(request):
        with socket.create_connection(("127.0.0.1", busy_site.page)) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    answer = ask(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"Content-Security-Policy: default-src 'none'; style-src 'self';" in answer
    head = ask(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert head.endswith(b"\r\n\r\n")
    for request, status in {
        b"POST / HTTP/1.1\r\n\r\n": b"405",
        b"GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello": b"400",
        b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n": b"400",
        b"GET http://[ HTTP/1.1\r\n\r\n": b"400",
        b"GET /?" + b"a=b&" * 100 + b" HTTP/1.1\r\n\r\n": b"400",
        b"GET / HTTP/2\r\n\r\n": b"400",
        b"\x16\x03\x01\r\n\r\n": b"400",
        b"GET / HTTP/1.1\r\nX: " + b"x" * 20000 + b"\r\n\r\n": b"431",
    }.items():
        assert ask(request).split(b" ")[1] == status, request[:60]


def test_for_machines(busy_site):
    stations = json.loads(busy_site.get("/api/stations.json")[1])
    assert (stations[0]["received"], stations[0]["missing"]) == (8, 1)
    assert stations[0]["newest"]["values"][0]["value"] == "20.80"
    assert busy_site.get("/healthz") == (200, "ok\n")
    metrics = busy_site.get("/metrics")[1]
    assert 'luftpegel_station_missing_readings{station="LP-0001"} 1\n' in metrics
    samples = [line for line in metrics.splitlines() if not line.startswith("#")]
    assert all(
        re.fullmatch(r'luftpegel_[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.e+]+', line)
        for line in samples
    )


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
