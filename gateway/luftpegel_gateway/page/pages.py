"""The two pages: all stations, and one station with its charts and their table."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from luftpegel_gateway.conditions.health import Trouble
from luftpegel_gateway.journal.sqlite.quarantine import Account
from luftpegel_gateway.model.quantities import name_of
from luftpegel_gateway.model.readings import Cell, Reading
from luftpegel_gateway.page.chart import chart
from luftpegel_gateway.page.html import Html, join, tag, void
from luftpegel_gateway.views.overview import View
from luftpegel_gateway.words.messages import parts_of
from luftpegel_gateway.words.texts import (
    channel_text,
    duration,
    moment,
    percent,
    quality_text,
    symbol,
    tell,
    value_text,
)
from luftpegel_wire.quality import OK

BREAK = void("br")
NOTICES = 10
HISTORY = 144  # readings: a day at ten minutes


def layout(title: str, language: str, path: str, *content: Html) -> str:
    """A whole document around the content."""
    other = "en" if language == "de" else "de"
    head = tag(
        "head",
        void("meta", charset="utf-8"),
        void("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{title} - {tell('title', language)}"),
        void("link", rel="stylesheet", href="/style.css"),
    )
    switch = tag(
        "a", tell("other_language", language), href=f"{path}?lang={other}", lang=other, hreflang=other
    )
    body = tag(
        "body",
        tag("a", tell("skip", language), href="#content", class_="skip"),
        tag("header", tag("strong", tell("title", language)), switch),
        tag("main", tag("h1", title), *content, id="content"),
    )
    return "<!DOCTYPE html>\n" + tag("html", head, body, lang=language)


def overview_page(
    seen: Sequence[View], counted: Account, troubles: Mapping[str, Trouble], now: int, language: str
) -> str:
    """All stations in one table, and how the gateway itself does."""
    heads = ("station", "state", "values", "heard", "complete", "battery")
    title = tell("stations", language)
    table = tag(
        "table",
        tag("caption", title),
        tag("thead", tag("tr", *(tag("th", tell(head, language), scope="col") for head in heads))),
        tag("tbody", *(_station_row(view, now, language) for view in seen)),
    )
    gateway = _gateway(counted, language)
    return layout(
        tell("overview", language),
        language,
        "/",
        _troubles(troubles, language),
        _scrolled(table, title),
        gateway,
    )


def station_page(
    view: View, readings: Sequence[Reading], reported: Sequence[tuple[int, str, str]], now: int, language: str
) -> str:
    """One station: its facts, a chart a channel, and the same numbers as a table."""
    channels = sorted({cell.channel for reading in readings for cell in reading.cells})
    shown = [
        join(tag("h2", channel_text(channel, language)), chart(readings, channel, language))
        for channel in channels
    ]
    path = f"/station/{quote(view.station.id)}"
    back = tag("p", tag("a", tell("back", language), href=f"/?lang={language}"))
    table = _table(readings, channels, language) if readings else tag("p", tell("no_readings", language))
    title = f"{view.station.id} {view.station.name}"
    return layout(
        title, language, path, back, _facts(view, now, language), *shown, table, _notices(reported, language)
    )


def missing_page(language: str) -> str:
    """The page for a path that is none."""
    back = tag("p", tag("a", tell("back", language), href=f"/?lang={language}"))
    return layout(tell("not_found", language), language, "/", back)


def _station_row(view: View, now: int, language: str) -> Html:
    station, state = view.station, view.state
    link = tag("a", station.id, href=f"/station/{quote(station.id)}?lang={language}")
    cells = view.newest.cells if view.newest else ()
    battery = [cell for cell in cells if name_of(cell.channel) == "battery"]
    counts = f"{state.received} {tell('received', language)}, {state.missing} {tell('missing', language)}"
    columns = (
        _state(view, now, language),
        _values([cell for cell in cells if cell not in battery], language),
        _age(state.taken_at, now, language),
        join(percent(state.completeness, language), BREAK, tag("span", counts, class_="soft")),
        _values(battery, language) if battery else Html("-"),
    )
    name = tag("th", link, BREAK, station.name, scope="row")
    return tag("tr", name, *(tag("td", column) for column in columns))


def _state(view: View, now: int, language: str) -> Html:
    if view.state.taken_at is None:
        return tag("span", tell("state_new", language), class_="soft")
    if view.silent(now):
        return tag("span", tell("state_silent", language), class_="warn")
    return tag("span", tell("state_ok", language))


def _age(then: int | None, now: int, language: str) -> str:
    return tell("never", language) if then is None else tell("ago", language, duration(now - then))


def _values(cells: Sequence[Cell], language: str) -> Html:
    return tag("ul", *(tag("li", _value(cell, language)) for cell in cells), class_="values")


def _value(cell: Cell, language: str) -> Html:
    """Name, value and unit, and the quality in words where it is not good."""
    told = f"{channel_text(cell.channel, language)} "
    if cell.value is not None:
        told += f"{value_text(cell.channel, cell.value, language)} {symbol(cell.channel)}"
    return join(
        told,
        None
        if cell.quality == OK
        else tag("span", f" {quality_text(cell.quality, language)}", class_="warn"),
    )


def _troubles(troubles: Mapping[str, Trouble], language: str) -> Html:
    """What is wrong now, with the next step; a status that screen readers announce."""
    if not troubles:
        return tag("p", tell("all_well", language), role="status")
    items = []
    for part, trouble in sorted(troubles.items()):
        cause, step = parts_of(trouble.code, language, detail=trouble.detail)
        since = tell("since", language, moment(int(trouble.since), language))
        text = f" {trouble.code} {cause} ({since}) {tell('next_step', language)}: {step}"
        items.append(tag("li", tag("strong", part), text))
    return tag("div", tag("ul", *items), role="alert", class_="warn")


def _gateway(counted: Account, language: str) -> Html:
    rows = [(tell("frames", language), counted.frames), (tell("quarantined", language), counted.quarantined)]
    rows += [(tell("waiting", language, sink), number) for sink, number in counted.waiting.items()]
    lines = [
        tag("tr", tag("th", name, scope="row"), tag("td", str(number), class_="number"))
        for name, number in rows
    ]
    return join(tag("h2", tell("gateway", language)), tag("table", tag("tbody", *lines)))


def _facts(view: View, now: int, language: str) -> Html:
    station, state = view.station, view.state
    place = None if station.latitude is None else f"{station.latitude:.5f}, {station.longitude:.5f}"
    signal = None if state.rssi is None else f"{state.rssi} dBm, SNR {state.snr} dB, DR{state.dr}"
    counts = f"{state.received} {tell('received', language)}, {state.missing} {tell('missing', language)}"
    facts = (
        ("state", _state(view, now, language)),
        ("heard", _age(state.taken_at, now, language)),
        ("complete", f"{percent(state.completeness, language)} ({counts})"),
        ("signal", signal),
        ("place", place),
    )
    rows = [
        tag("tr", tag("th", tell(key, language), scope="row"), tag("td", value))
        for key, value in facts
        if value
    ]
    return tag("table", tag("tbody", *rows))


def _notices(reported: Sequence[tuple[int, str, str]], language: str) -> Html:
    """The network server's log about this device, newest first."""
    if not reported:
        return Html("")
    items = [tag("li", f"{moment(then, language)} {code}: {text}") for then, code, text in reported]
    return join(tag("h2", tell("notices", language)), tag("ul", *items))


def _table(readings: Sequence[Reading], channels: Sequence[int], language: str) -> Html:
    """All values, newest first."""
    names = [f"{channel_text(channel, language)} [{symbol(channel)}]" for channel in channels]
    heads = [tell("time", language), tell("number", language), *names]
    title = tell("last_readings", language, len(readings))
    table = tag(
        "table",
        tag("caption", title),
        tag("thead", tag("tr", *(tag("th", head, scope="col") for head in heads))),
        tag("tbody", *(_reading_row(reading, channels, language) for reading in readings)),
    )
    return join(tag("h2", tell("table", language)), _scrolled(table, title))


def _scrolled(table: Html, title: str) -> Html:
    """A table wider than a small screen scrolls by itself, with the keyboard too: it takes the focus."""
    return tag("div", table, class_="scroll", tabindex=0, role="region", aria_label=title)


def _reading_row(reading: Reading, channels: Sequence[int], language: str) -> Html:
    cells = {cell.channel: cell for cell in reading.cells}
    values = [tag("td", _number(cells.get(channel), language), class_="number") for channel in channels]
    return tag(
        "tr", tag("th", moment(reading.time, language), scope="row"), tag("td", str(reading.seq)), *values
    )


def _number(cell: Cell | None, language: str) -> Html:
    if cell is None:
        return Html("-")
    number = None if cell.value is None else value_text(cell.channel, cell.value, language)
    if cell.quality == OK:
        return join(number)
    return join(number, tag("span", f" {quality_text(cell.quality, language)}", class_="warn"))
