"""One station's page: its facts, what it tells of itself, a chart a channel, and the numbers as a table."""

from collections.abc import Sequence

import msgspec

from luftpegel_gateway.model.readings import Cell, Reading
from luftpegel_gateway.model.state import Life, Link, NetworkTold, Status
from luftpegel_gateway.model.station import Station
from luftpegel_gateway.page.chart import chart
from luftpegel_gateway.page.html import Child, Html, join, tag
from luftpegel_gateway.page.layout import (
    back_link,
    facts_table,
    layout,
    name_of_station,
    scrolled,
    station_path,
)
from luftpegel_gateway.page.pieces import (
    BREAK,
    age_text,
    completeness_piece,
    doubt_piece,
    state_piece,
    time_doubt_piece,
)
from luftpegel_gateway.views.stations import InLife, View
from luftpegel_gateway.words.quality import Explain
from luftpegel_gateway.words.station import life_text, status_lines
from luftpegel_gateway.words.texts import channel_text, moment, symbol, tell, value_text

GAPS_SHOWN = 10


class Shown(msgspec.Struct, frozen=True):
    """All that a station's page is made from. `readings`: newest first by time."""

    view: View
    readings: Sequence[InLife]
    notices: Sequence[tuple[int, str, str]]
    now: float


def station_page(shown: Shown, language: str, explain: Explain) -> str:
    """The whole page."""
    view, readings = shown.view, shown.readings
    channels = sorted({cell.channel for _, reading in readings for cell in reading.cells})
    charts = [
        join(tag("h2", channel_text(channel, language)), chart(readings, channel, language))
        for channel in channels
    ]
    return layout(
        f"{name_of_station(view.station)} {view.station.name}",
        language,
        station_path(view.station),
        back_link(language),
        _facts(view, shown.now, language),
        _status(view.state.status, language),
        *charts,
        _table(view, readings, channels, language, explain)
        if readings
        else tag("p", tell("no_readings", language)),
        _notices(shown.notices, language),
    )


def _facts(view: View, now: float, language: str) -> Html:
    station, state = view.station, view.state
    known = station.latitude is not None and station.longitude is not None
    rows: list[tuple[str, Child]] = [
        (tell("state", language), state_piece(view, now, language)),
        (tell("heard", language), age_text(view, now, language)),
        (tell("complete", language), completeness_piece(view, language)),
        (tell("life", language), _lives(state.lives, language)),
        (tell("gaps", language), _gaps(state.life, language)),
        (tell("signal", language), _signal(state.link, language)),
        (tell("network", language), _network(state.network, language)),
        (tell("place", language), f"{station.latitude:.5f}, {station.longitude:.5f}" if known else None),
    ]
    return facts_table(rows)


def _lives(lives: Sequence[Life], language: str) -> Html:
    """The current life first, and those before it."""
    told: list[Child] = []
    for life in reversed(lives):
        told += [BREAK, life_text(life, language)]
    return join(*told[1:])


def _gaps(life: Life, language: str) -> str:
    """The newest gaps of the current life; how many more there are."""
    gaps = sorted(life.gaps, reverse=True)
    told = [str(first) if first == last else f"{first}\u2013{last}" for first, last in gaps[:GAPS_SHOWN]]
    rest = len(gaps) - GAPS_SHOWN
    return ", ".join([*told, tell("more", language, rest)] if rest > 0 else told)


def _signal(link: Link, language: str) -> str | None:
    """What is known of the newest frame's reception."""
    known = ((link.rssi, "{} dBm"), (link.snr, "SNR {} dB"), (link.dr, "DR{}"), (link.gateway or None, "{}"))
    told = ", ".join(text.format(value) for value, text in known if value is not None)
    return tell("gateways", language, told, link.gateways) if told and link.gateways > 1 else told or None


def _network(told: NetworkTold | None, language: str) -> str | None:
    """What the network server was told of battery and margin."""
    if told is None:
        return None
    battery = tell("mains", language) if told.external else None
    if told.battery is not None:
        battery = f"{tell('battery', language)} {told.battery:.0f} %"
    margin = None if told.margin is None else tell("margin", language, told.margin)
    return ", ".join([part for part in (battery, margin) if part is not None]) or None


def _status(status: Status | None, language: str) -> Html:
    if status is None:
        return Html("")
    rows: list[tuple[str, Child]] = [(tell("time", language), moment(status.at // 1_000_000, language))]
    rows += status_lines(status.fields, language)
    return join(tag("h2", tell("told", language)), facts_table(rows))


def _notices(reported: Sequence[tuple[int, str, str]], language: str) -> Html:
    """The network server's log about this device, newest first."""
    if not reported:
        return Html("")
    items = [tag("li", f"{moment(then, language)} {code}: {text}") for then, code, text in reported]
    return join(tag("h2", tell("notices", language)), tag("ul", *items))


def _table(
    view: View, readings: Sequence[InLife], channels: Sequence[int], language: str, explain: Explain
) -> Html:
    """All values, newest first."""
    names = [f"{channel_text(channel, language)} [{symbol(channel)}]" for channel in channels]
    heads = [tell("time", language), tell("number", language), *names]
    title = tell("last_readings", language, len(readings))
    several = len({life for life, _ in readings}) > 1
    rows = [
        tag(
            "tr",
            tag("th", moment(reading.time, language), time_doubt_piece(reading, language), scope="row"),
            tag("td", *_number(life, reading, language, several=several)),
            *_cells(reading, view.station, channels, language, explain),
        )
        for life, reading in readings
    ]
    table = tag(
        "table",
        tag("caption", title),
        tag("thead", tag("tr", *(tag("th", head, scope="col") for head in heads))),
        tag("tbody", *rows),
    )
    return join(tag("h2", tell("table", language)), scrolled(table, title))


def _number(life: int, reading: Reading, language: str, *, several: bool) -> list[Child]:
    """A reading's number, its life where the table has several, and whether it was corrected afterwards."""
    told: list[Child] = [str(reading.seq)]
    if several:
        told += [BREAK, tag("span", tell("life_of", language, life), class_="soft")]
    if reading.revision:
        told += [BREAK, tag("span", tell("corrected", language, reading.revision), class_="soft")]
    return told


def _cells(
    reading: Reading, station: Station, channels: Sequence[int], language: str, explain: Explain
) -> list[Html]:
    cells = {cell.channel: cell for cell in reading.cells}
    return [
        tag("td", *_value(cells.get(channel), station, language, explain), class_="number")
        for channel in channels
    ]


def _value(cell: Cell | None, station: Station, language: str, explain: Explain) -> tuple[Child, ...]:
    if cell is None:
        return ("-",)
    number = None if cell.value is None else value_text(cell.channel, cell.value, language)
    return number, doubt_piece(cell, station, language, explain)
