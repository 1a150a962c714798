"""Pieces of HTML that both pages show: a station's state, its age, and values with what is said of them."""

from collections.abc import Sequence

from luftpegel_gateway.model.quality import words_of
from luftpegel_gateway.model.readings import Cell, Reading
from luftpegel_gateway.model.station import Station
from luftpegel_gateway.page.html import Html, join, tag, void
from luftpegel_gateway.views.heard import was_heard
from luftpegel_gateway.views.stations import View
from luftpegel_gateway.words.quality import Explain, flag_text, remarks
from luftpegel_gateway.words.station import twin_text
from luftpegel_gateway.words.texts import channel_text, duration, percent, symbol, tell, value_text

BREAK = void("br")
PLAIN = {"ok": "", "retired": "soft", "new": "soft", "silent": "warn"}


def state_piece(view: View, now: float, language: str) -> Html:
    """In order, silent, not heard yet; and whether two boards share its id, heard or not."""
    condition = view.condition(now)
    twin = None if view.state.twin is None else tag("span", twin_text(view.state, language), class_="warn")
    if condition == "twin":
        return join(twin)
    told = tag("span", tell(f"state_{condition}", language), class_=PLAIN[condition] or None)
    return told if twin is None else join(told, BREAK, twin)


def age_text(view: View, now: float, language: str) -> str:
    """'5 min ago', 'never', or that no clock tells."""
    if not was_heard(view.state.link):
        return tell("never", language)
    ago = view.ago(now)
    return tell("unknown_ago", language) if ago is None else tell("ago", language, duration(ago))


def completeness_piece(view: View, language: str) -> Html:
    """The share of readings that are here, over all lives, and how many."""
    state = view.state
    counts = f"{state.received} {tell('received', language)}, {state.missing} {tell('missing', language)}"
    if len(state.lives) > 1:
        counts += f", {tell('lives', language, len(state.lives))}"
    return join(percent(state.completeness, language), BREAK, tag("span", counts, class_="soft"))


def doubt_piece(cell: Cell, station: Station, language: str, explain: Explain) -> Html | None:
    """What is said of a value, each on its own; None when nothing is."""
    said = remarks(cell, station, language, explain)
    return join(*(tag("span", text, class_="warn remark") for text in said)) if said else None


def time_doubt_piece(reading: Reading, language: str) -> Html | None:
    """The doubt about a whole reading's time, said once."""
    words = words_of(reading.flags)
    return join(*(tag("span", flag_text(word, language), class_="warn remark") for word in words)) or None


def value_list(cells: Sequence[Cell], station: Station, language: str, explain: Explain) -> Html:
    """Name, value and unit of each cell, with its doubts."""
    lines = []
    for cell in cells:
        told = f"{channel_text(cell.channel, language)} "
        if cell.value is not None:
            told += f"{value_text(cell.channel, cell.value, language)} {symbol(cell.channel)}"
        lines.append(tag("li", told, doubt_piece(cell, station, language, explain)))
    return tag("ul", *lines, class_="values")
