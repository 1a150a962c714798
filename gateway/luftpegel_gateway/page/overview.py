"""The first page: what is not well, all stations in one table, and where messages are."""

from luftpegel_gateway.journal.port import Account
from luftpegel_gateway.model.quantities import name_of
from luftpegel_gateway.page.findings import findings_piece
from luftpegel_gateway.page.html import Html, join, tag
from luftpegel_gateway.page.layout import back_link, layout, name_of_station, scrolled, station_path
from luftpegel_gateway.page.pieces import (
    BREAK,
    age_text,
    completeness_piece,
    state_piece,
    time_doubt_piece,
    value_list,
)
from luftpegel_gateway.views.stations import Overview, View
from luftpegel_gateway.views.verdict import Verdict
from luftpegel_gateway.words.passed import reason_text
from luftpegel_gateway.words.quality import Explain
from luftpegel_gateway.words.texts import count_text, tell

HEADS = ("station", "state", "values", "heard", "complete", "battery")


def overview_page(seen: Overview, verdict: Verdict, now: float, language: str, explain: Explain) -> str:
    """All stations in one table, and how the gateway itself does."""
    title = tell("stations", language)
    table = tag(
        "table",
        tag("caption", title),
        tag("thead", tag("tr", *(tag("th", tell(head, language), scope="col") for head in HEADS))),
        tag("tbody", *(_row(view, now, language, explain) for view in seen.stations)),
    )
    return layout(
        tell("overview", language),
        language,
        "/",
        findings_piece(verdict, language),
        scrolled(table, title),
        _gateway(seen.account, language),
    )


def broken_page(verdict: Verdict, language: str) -> str:
    """What can be said while the journal cannot be read."""
    return layout(tell("no_journal", language), language, "/", findings_piece(verdict, language))


def missing_page(language: str) -> str:
    """The page for a path that is none."""
    return layout(tell("not_found", language), language, "/", back_link(language))


def _row(view: View, now: float, language: str, explain: Explain) -> Html:
    station = view.station
    link = tag("a", name_of_station(station), href=f"{station_path(station)}?lang={language}")
    columns = (
        state_piece(view, now, language),
        _values(view, language, explain, battery=False),
        age_text(view, now, language),
        completeness_piece(view, language),
        _values(view, language, explain, battery=True),
    )
    name = tag("th", link, BREAK, station.name, scope="row")
    return tag("tr", name, *(tag("td", column) for column in columns))


def _values(view: View, language: str, explain: Explain, *, battery: bool) -> Html:
    """The newest values: those of the battery, or all the others."""
    if view.newest is None:
        return Html("-")
    _, reading = view.newest
    cells = [cell for cell in reading.cells if (name_of(cell.channel) == "battery") is battery]
    if not cells:
        return Html("-")
    doubt = None if battery else time_doubt_piece(reading, language)
    return join(value_list(cells, view.station, language, explain), doubt)


def _gateway(account: Account, language: str) -> Html:
    rows = [(tell("frames", language), account.frames), (tell("quarantined", language), account.quarantined)]
    if account.discarded:
        rows.append((tell("discarded", language), account.discarded))
    rows += [(tell("waiting", language, sink), number) for sink, number in account.waiting.items()]
    rows += [
        (tell("passed", language, reason_text(reason, language)), number)
        for reason, number in sorted(account.passed.items())
    ]
    lines = [
        tag("tr", tag("th", name, scope="row"), tag("td", count_text(number, language), class_="number"))
        for name, number in rows
    ]
    return join(tag("h2", tell("gateway", language)), tag("table", tag("tbody", *lines)))
