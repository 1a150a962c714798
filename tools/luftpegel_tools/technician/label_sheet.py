"""Labels as a PDF: on A4 to be cut, or a page each for a printer of tape. QR codes are drawn squares."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import segno
from font_source_sans_pro import SourceSansPro, SourceSansProBold  # type: ignore[import-untyped]
from fpdf import FPDF
from fpdf.enums import WrapMode

from luftpegel_tools.technician.label import DeviceLabel, MastLabel

QUIET = 4  # squares of white around a code, as ISO/IEC 18004 wants them
_FONT, _BOLD = "Source Sans", "B"
_A4 = (210.0, 297.0)
_MARGIN, _GAP = 10.0, 2.0
_GREY = 190


@dataclass(frozen=True, slots=True)
class Form:
    """Width and height of a kind of label, in millimetres."""

    width: float
    height: float


DEVICE, MAST = Form(60, 24), Form(120, 74)
Label = DeviceLabel | MastLabel
Place = tuple[float, float]  # millimetres, to the right and down


def write_sheet(
    file: Path, labels: Sequence[Label], *, tape: bool = False, done: Callable[[], None] = lambda: None
) -> None:
    """Write the PDF; `done` is called after each label. Raises OSError."""
    pdf = FPDF(unit="mm", format=_A4)
    pdf.set_auto_page_break(False)
    pdf.set_title("Luftpegel")
    pdf.add_font(_FONT, "", SourceSansPro)
    pdf.add_font(_FONT, _BOLD, SourceSansProBold)
    for form, draw, kind in ((DEVICE, _draw_device, DeviceLabel), (MAST, _draw_mast, MastLabel)):
        chosen = [label for label in labels if isinstance(label, kind)]
        for (x, y), label in zip(_places(pdf, form, len(chosen), tape), chosen, strict=True):
            draw(pdf, x, y, label)  # type: ignore[arg-type]
            done()
    file.write_bytes(bytes(pdf.output()))


def _places(pdf: FPDF, form: Form, count: int, tape: bool) -> Iterator[Place]:
    """The upper left corners of `count` labels, with new pages where they are needed."""
    if tape:
        for _ in range(count):
            pdf.add_page(format=(form.width, form.height))
            yield 0, 0
        return
    columns = int((_A4[0] - 2 * _MARGIN + _GAP) // (form.width + _GAP))
    rows = int((_A4[1] - 2 * _MARGIN + _GAP) // (form.height + _GAP))
    for number in range(count):
        row, column = divmod(number % (columns * rows), columns)
        if row == column == 0:
            pdf.add_page(format=_A4)
        x, y = _MARGIN + column * (form.width + _GAP), _MARGIN + row * (form.height + _GAP)
        pdf.set_draw_color(_GREY)
        pdf.set_line_width(0.1)
        pdf.rect(x, y, form.width, form.height)  # to cut along
        yield x, y


def _draw_device(pdf: FPDF, x: float, y: float, label: DeviceLabel) -> None:
    side = _draw_code(pdf, x + 0.5, y + 0.5, DEVICE.height - 1, label.code)
    left, width = x + side + 1, DEVICE.width - side - 2.5
    _write(pdf, (left, y + 1), (width, 9), label.number, 24, style=_BOLD)
    _write(pdf, (left, y + 10), (width, 4.5), label.station, 11, style=_BOLD)
    _write(pdf, (left, y + 14.5), (width, 4), label.name, 9)
    _write(pdf, (left, y + 18.5), (width, 4), label.eui, 8)


def _draw_mast(pdf: FPDF, x: float, y: float, label: MastLabel) -> None:
    side = _draw_code(pdf, x + 2, y + 18, 46, label.address)
    left, width = x + side + 4, MAST.width - side - 7
    _write(pdf, (x + 5, y + 4), (MAST.width - 10, 9), label.name, 22, style=_BOLD)
    _write(pdf, (x + 5, y + 13), (MAST.width - 10, 6), f"{label.kind} {label.station}", 13)
    _write(pdf, (left, y + 26), (width, 7), label.see, 15, style=_BOLD)
    pdf.set_xy(left, y + 34)
    pdf.set_font(_FONT, "", 12)
    pdf.multi_cell(width, 5.5, label.address, wrapmode=WrapMode.CHAR, align="L")
    _write(pdf, (x + 5, y + 66), (MAST.width - 10, 5), label.owner, 10)


def _write(pdf: FPDF, place: Place, size: Place, text: str, points: float, *, style: str = "") -> None:
    """One line of text in a box: smaller where it would not fit, cut off before nobody could read it."""
    smallest = 6
    pdf.set_font(_FONT, style, points)
    while points > smallest and pdf.get_string_width(text) > size[0]:
        points -= 0.5
        pdf.set_font_size(points)
    while len(text) > 1 and pdf.get_string_width(text) > size[0]:
        text = text[:-2].rstrip() + "…"
    pdf.set_xy(*place)
    pdf.cell(*size, text)


def _draw_code(pdf: FPDF, x: float, y: float, side: float, text: str) -> float:
    """A QR code with its white margin in a square of `side` millimetres; returns `side`."""
    rows = segno.make_qr(text, error="m").matrix
    square = side / (len(rows) + 2 * QUIET)
    pdf.set_fill_color(0)
    for at, row in enumerate(rows):
        for start, length in _runs(row):
            pdf.rect(
                x + (QUIET + start) * square, y + (QUIET + at) * square, length * square, square, style="F"
            )
    return side


def _runs(row: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Start and length of each run of black: no hairlines between squares, and a smaller file."""
    start = None
    for at, black in enumerate([*row, 0]):
        if black and start is None:
            start = at
        elif not black and start is not None:
            yield start, at - start
            start = None
