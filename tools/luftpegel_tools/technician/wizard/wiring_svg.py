"""The wiring as a picture: the board on the left, each part on the right, a straight wire for each pin.

A pin that several parts share stands there once for each: what is read at a bench is one part at a time.
"""

from xml.etree import ElementTree

from luftpegel_tools.station_files.station_plan import StationPlan
from luftpegel_tools.technician.wizard.wiring import colour, meaning, parts_of

_ROW, _GAP, _TOP, _MARGIN = 26, 34, 56, 16
_BOARD_W, _PART_W, _WIRE_W = 190, 150, 330


def svg(plan: StationPlan, language: str) -> bytes:
    """The picture, with a title; every wire's meaning is written on it."""
    parts = list(parts_of(plan))
    height = _TOP + sum(len(part.wires) * _ROW + _GAP for part in parts) + _MARGIN
    width = 2 * _MARGIN + _BOARD_W + _WIRE_W + _PART_W
    title = f"{plan.settings['station']}: {plan.settings['board']}"
    drawing = ElementTree.Element(
        "svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {width} {height}", role="img"
    )
    ElementTree.SubElement(drawing, "title").text = title
    _box(drawing, (0, 0), (width, height), "white", "none")
    _text(drawing, _MARGIN, 28, title, size=18)
    _box(drawing, (_MARGIN, _TOP - 10), (_BOARD_W, height - _TOP), "#e8f0e8", "#305030")
    right = _MARGIN + _BOARD_W + _WIRE_W
    y = _TOP + 6
    for part in parts:
        _text(drawing, right, y + 8, f"{part.name} ({part.place})", size=13)
        y += 14
        _box(drawing, (right, y), (_PART_W, len(part.wires) * _ROW), "#e8e8f4", "#303060")
        for wire in part.wires:
            at = y + _ROW / 2
            _text(drawing, right + 8, at + 4, wire.part_pin)
            start = _MARGIN + _BOARD_W if wire.board_pin else right - 40
            ElementTree.SubElement(
                drawing, "line",
                {"x1": str(start), "x2": str(right), "y1": f"{at:.0f}", "y2": f"{at:.0f}",
                 "stroke": colour(wire), "stroke-width": "2"},
            )  # fmt: skip
            if wire.board_pin:
                _text(drawing, start - 8, at + 4, wire.board_pin, anchor="end")
                _text(drawing, start + _WIRE_W / 2, at - 4, meaning(wire, language), anchor="middle", size=11)
            else:
                _text(drawing, start - 6, at + 4, meaning(wire, language), anchor="end", size=11)
            y += _ROW
        y += _GAP - 14
    drawn: bytes = ElementTree.tostring(drawing, encoding="utf-8", xml_declaration=True)
    return drawn


def _box(
    parent: ElementTree.Element, at: tuple[float, float], size: tuple[float, float], fill: str, line: str
) -> None:
    where = {"x": str(at[0]), "y": str(at[1]), "width": str(size[0]), "height": str(size[1])}
    ElementTree.SubElement(parent, "rect", {**where, "fill": fill, "stroke": line})


def _text(
    parent: ElementTree.Element, x: float, y: float, text: str, *, anchor: str = "start", size: int = 12
) -> None:
    ElementTree.SubElement(
        parent, "text",
        {"x": f"{x:.0f}", "y": f"{y:.0f}", "font-size": str(size), "text-anchor": anchor,
         "font-family": "sans-serif"},
    ).text = text  # fmt: skip
