"""A chart of one channel, drawn by the server as SVG: no script, and one sentence that says what it shows.

Gaps are gaps: no line is drawn over a missing value. Flagged values are crosses, so colour is never the only
sign.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from luftpegel_gateway.model.readings import Cell, Reading
from luftpegel_gateway.page.html import Html, join, tag
from luftpegel_gateway.words.texts import channel_text, moment, symbol, tell, value_text

WIDTH, HEIGHT = 640, 180
LEFT, RIGHT, TOP, BOTTOM = 64, 8, 12, 24


@dataclass(frozen=True, slots=True)
class Point:
    """One value at its time (unix seconds)."""

    seq: int
    time: int
    value: int
    flagged: bool


def points(readings: Sequence[Reading], channel: int) -> list[Point]:
    """The channel's values that have a time, oldest first."""
    found = [
        (reading, cell)
        for reading in readings
        if (cell := _cell(reading, channel)) and cell.value is not None
    ]
    return sorted(
        (Point(reading.seq, reading.time, cell.value, cell.quality != 0)
         for reading, cell in found if reading.time is not None and cell.value is not None),
        key=lambda point: point.seq,
    )  # fmt: skip


def chart(readings: Sequence[Reading], channel: int, language: str) -> Html:
    """The figure: title, picture and its sentence."""
    shown = points(readings, channel)
    name = channel_text(channel, language)
    if not shown:
        return tag("p", tell("no_chart", language, name=name))
    sentence = summary(shown, channel, language)
    picture = tag(
        "svg",
        tag("title", name, id=f"title-{channel}"),
        tag("desc", sentence, id=f"desc-{channel}"),
        _axes(shown, channel, language),
        *_curves(shown),
        role="img",
        aria_labelledby=f"title-{channel} desc-{channel}",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
    )
    return tag("figure", picture, tag("figcaption", sentence))


def summary(shown: Sequence[Point], channel: int, language: str) -> str:
    """The chart in one sentence."""
    low, high = min(point.value for point in shown), max(point.value for point in shown)
    return tell(
        "chart",
        language,
        name=channel_text(channel, language),
        begin=moment(shown[0].time, language),
        end=moment(shown[-1].time, language),
        low=value_text(channel, low, language),
        high=value_text(channel, high, language),
        last=value_text(channel, shown[-1].value, language),
        unit=symbol(channel),
    )


def _cell(reading: Reading, channel: int) -> Cell | None:
    return next((cell for cell in reading.cells if cell.channel == channel), None)


def _place(shown: Sequence[Point], point: Point) -> tuple[float, float]:
    """Where a point lies in the picture."""
    times, values = [item.time for item in shown], [item.value for item in shown]
    across = (point.time - min(times)) / (max(times) - min(times) or 1)
    up = (point.value - min(values)) / (max(values) - min(values) or 1)
    return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)


def _curves(shown: Sequence[Point]) -> list[Html]:
    """Lines through neighbours, and a cross on each flagged value."""
    marks = []
    for piece in _pieces(shown):
        places = [_place(shown, point) for point in piece]
        if len(places) == 1:
            marks.append(tag("circle", cx=f"{places[0][0]:.1f}", cy=f"{places[0][1]:.1f}", r=2, class_="dot"))
        else:
            marks.append(
                tag("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in places), class_="curve")
            )
        for point, (x, y) in zip(piece, places, strict=True):
            if point.flagged:
                cross = f"M{x - 4:.1f} {y - 4:.1f}l8 8m0-8l-8 8"
                marks.append(tag("path", d=cross, class_="flagged"))
    return marks


def _pieces(shown: Sequence[Point]) -> list[list[Point]]:
    """Runs of consecutive readings."""
    pieces: list[list[Point]] = []
    for point in shown:
        if pieces and point.seq == pieces[-1][-1].seq + 1:
            pieces[-1].append(point)
        else:
            pieces.append([point])
    return pieces


def _axes(shown: Sequence[Point], channel: int, language: str) -> Html:
    """Frame lines with the smallest and largest value and the first and last time."""
    low, high = (choose(point.value for point in shown) for choose in (min, max))
    bottom = HEIGHT - BOTTOM
    unit = symbol(channel)
    return join(
        tag("line", x1=LEFT, y1=TOP, x2=LEFT, y2=bottom, class_="axis"),
        tag("line", x1=LEFT, y1=bottom, x2=WIDTH - RIGHT, y2=bottom, class_="axis"),
        tag("text", value_text(channel, high, language), x=LEFT - 6, y=TOP + 10, text_anchor="end"),
        tag("text", unit, x=LEFT - 6, y=TOP + 26, text_anchor="end"),
        tag("text", value_text(channel, low, language), x=LEFT - 6, y=bottom, text_anchor="end"),
        tag("text", moment(shown[0].time, language), x=LEFT, y=HEIGHT - 6),
        tag("text", moment(shown[-1].time, language), x=WIDTH - RIGHT, y=HEIGHT - 6, text_anchor="end"),
    )
