"""The battery's life for each spreading factor and interval, as an SVG: bars with their numbers."""

from collections.abc import Sequence
from xml.etree import ElementTree

from luftpegel_tools.technician.planning.budget import Row

_WIDTH, _HEIGHT, _LEFT, _FOOT, _TOP = 720, 340, 56, 60, 44
_FILLS = ("#08519c", "#3182bd", "#9ecae1", "#c6dbef")


def svg(rows: Sequence[Row], title: str, unit: str) -> bytes:
    """The chart; `unit` names the months of the axis."""
    chart = ElementTree.Element(
        "svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img"
    )
    ElementTree.SubElement(chart, "title").text = title
    ElementTree.SubElement(chart, "rect", width=str(_WIDTH), height=str(_HEIGHT), fill="white")
    _text(chart, _LEFT, 24, title, size=16)
    factors = list(dict.fromkeys(row.spreading_factor for row in rows))
    intervals = list(dict.fromkeys(row.interval_s for row in rows))
    most = max(row.battery_months for row in rows)
    group = (_WIDTH - _LEFT - 16) / len(factors)
    bar = group * 0.8 / len(intervals)
    floor = _HEIGHT - _FOOT
    for row in rows:
        at = factors.index(row.spreading_factor), intervals.index(row.interval_s)
        height = (floor - _TOP - 16) * row.battery_months / most
        left = _LEFT + at[0] * group + at[1] * bar
        fill = _FILLS[at[1] % len(_FILLS)]
        ElementTree.SubElement(
            chart, "rect", x=f"{left:.1f}", y=f"{floor - height:.1f}", width=f"{bar - 2:.1f}",
            height=f"{height:.1f}", fill=fill,
        )  # fmt: skip
        _text(
            chart,
            left + bar / 2 - 1,
            floor - height - 4,
            f"{row.battery_months:.0f}",
            anchor="middle",
            size=10,
        )
        _text(chart, left + bar / 2 - 1, floor + 14, f"{row.interval_s / 60:g}", anchor="middle", size=10)
    for number, factor in enumerate(factors):
        _text(chart, _LEFT + (number + 0.4) * group, floor + 32, f"SF{factor}", anchor="middle")
    _text(chart, _LEFT, _HEIGHT - 8, f"{unit}; min", size=11)
    drawn: bytes = ElementTree.tostring(chart, encoding="utf-8", xml_declaration=True)
    return drawn


def _text(
    parent: ElementTree.Element, x: float, y: float, text: str, *, anchor: str = "start", size: int = 12
) -> None:
    ElementTree.SubElement(
        parent, "text", {"x": f"{x:.1f}", "y": f"{y:.1f}", "font-size": str(size), "text-anchor": anchor,
                         "font-family": "sans-serif"},
    ).text = text  # fmt: skip
