"""The pictures of docs/mount.md, drawn as SVG: a station on its mast, and a number in blinks."""

from collections.abc import Iterator
from xml.sax.saxutils import escape

_STYLE = (
    "text{font:14px sans-serif;fill:#222}line,rect,path,circle{stroke:#222;fill:none;stroke-width:2}"
    ".water{stroke:#27c}.on{fill:#e90;stroke:none}.ground{stroke:#863}"
)
_LONG, _SHORT, _GAP, _PAUSE = 90, 20, 30, 80  # pixels: a tenth of the milliseconds


def mast() -> str:
    """Antenna, housing, labels, sensor and water."""
    shapes = [
        '<line x1="120" y1="60" x2="120" y2="360"/>',
        '<line class="ground" x1="60" y1="360" x2="180" y2="360"/>',
        '<line x1="150" y1="30" x2="150" y2="100"/>',
        '<rect x="125" y="100" width="60" height="70"/>',
        '<path d="M155 170 q0 40 20 40 t20 -30 L300 150"/>',
        '<line x1="120" y1="150" x2="300" y2="150"/>',
        '<rect x="290" y="150" width="20" height="24"/>',
        '<line stroke-dasharray="4" x1="300" y1="176" x2="300" y2="318"/>',
        '<path class="water" d="M230 320 q15 -8 30 0 t30 0 t30 0 t30 0"/>',
        '<rect x="98" y="215" width="44" height="30"/>',
    ]
    words = [
        (165, 45, "antenna upright, clear of metal"),
        (195, 118, "housing, cable from below"),
        (195, 210, "drip loop"),
        (318, 168, "sensor, straight down"),
        (310, 250, "at least 30 cm of air"),
        (10, 265, "label at eye level"),
    ]
    return _svg(520, 380, [*shapes, *(_text(*word) for word in words)])


def blinks(number: int) -> str:
    """A number's tens as long blinks and its ones as short ones."""
    shapes, x = list[str](), 10
    for width in _widths(number):
        shapes.append(f'<rect class="on" x="{x}" y="20" width="{width}" height="30"/>')
        x += width + _GAP
    shapes.append(_text(x + _PAUSE // 2, 40, "…"))
    tens, ones = divmod(number, 10)
    shapes.append(_text(10, 75, f"{tens} long = {tens * 10}, {ones} short = {ones}"))
    return _svg(x + _PAUSE + 10, 90, shapes)


def _widths(number: int) -> Iterator[int]:
    yield from [_LONG] * (number // 10)
    yield from [_SHORT] * (number % 10)


def _text(x: int, y: int, words: str) -> str:
    return f'<text x="{x}" y="{y}">{escape(words)}</text>'


def _svg(width: int, height: int, shapes: list[str]) -> str:
    body = "\n".join(f" {shape}" for shape in shapes)
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n <style>{_STYLE}</style>\n{body}\n</svg>\n'
