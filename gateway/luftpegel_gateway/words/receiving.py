"""Messages of the sources `http-push` (its signature), `usb-receiver` and `replay` (from LP-520 on); see
`messages.py`."""

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for

from collections.abc import Mapping

from luftpegel_gateway.words.text import Text

RECEIVING: Mapping[str, Text] = {
    "LP-520": Text(
        ("The clock of a program that signs what it posts is {detail}; what it posts is refused.", "Set both machines by NTP, or allow more with window_s."),
        ("Die Uhr eines Programms, das Signiertes schickt, weicht von unserer ab ({detail}); was es schickt, wird abgewiesen.", "Beide Rechner per NTP stellen, oder mit window_s mehr zulassen."),
    ),
}  # fmt: skip
