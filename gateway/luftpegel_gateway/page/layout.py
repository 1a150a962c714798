"""What every page has in common: the document around its content, and tables that fit small screens."""

from urllib.parse import quote

from luftpegel_gateway.model.station import Station
from luftpegel_gateway.page.html import Child, Html, tag, void
from luftpegel_gateway.words.texts import tell


def layout(title: str, language: str, path: str, *content: Child) -> str:
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


def name_of_station(station: Station) -> str:
    """The id that people see, behind its tenant's where there are tenants."""
    return station.shown


def station_path(station: Station) -> str:
    """Where a station's page is: /station/ID, or /station/TENANT/ID where there are tenants."""
    names = (station.tenant, station.label) if station.tenant else (station.label,)
    return "/station/" + "/".join(quote(name, safe="") for name in names)


def back_link(language: str) -> Html:
    """The way to all stations."""
    return tag("p", tag("a", tell("back", language), href=f"/?lang={language}"))


def scrolled(table: Html, title: str) -> Html:
    """A table wider than a small screen scrolls by itself, with the keyboard too: it takes the focus."""
    return tag("div", table, class_="scroll", tabindex=0, role="region", aria_label=title)


def facts_table(rows: list[tuple[str, Child]]) -> Html:
    """Names and what they are, one a row; a row without content is left out."""
    lines = [tag("tr", tag("th", name, scope="row"), tag("td", value)) for name, value in rows if value]
    return tag("table", tag("tbody", *lines))
