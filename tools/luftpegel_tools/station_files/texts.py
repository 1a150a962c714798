"""What is said of a station whose parts do not fit together (LP-660 to LP-663), English and German."""

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for

from collections.abc import Mapping

from luftpegel_gateway.words.text import Text

FIT: Mapping[str, Text] = {
    "LP-660": Text(
        ("{region} has no data_rate {got} with {radio}",
         "choose one of: {known}; 0 reaches furthest, 5 costs least"),
        ("{region} hat keine data_rate {got} mit {radio}",
         "eine davon wählen: {known}; 0 reicht am weitesten, 5 kostet am wenigsten"),
    ),
    "LP-661": Text(
        ("the board {board} cannot have the radio {got}",
         "choose one of: {known}; or another board"),
        ("die Platine {board} kann das Funkmodul {got} nicht haben",
         "eines davon wählen: {known}; oder eine andere Platine"),
    ),
    "LP-662": Text(
        ("{one} and {other} answer at the same I2C address {address}",
         'give one of them its own "address", and set it so on the sensor (a pin or a solder bridge); or use another sensor'),
        ("{one} und {other} antworten an derselben I2C-Adresse {address}",
         'einem davon eine eigene "address" geben und sie am Sensor einstellen (Pin oder Lötbrücke); oder einen anderen Sensor nehmen'),
    ),
    "LP-663": Text(
        ("one reading of {channels} channels needs up to {need} bytes, and {key} leaves {room}",
         "{step}"),
        ("eine Messung von {channels} Kanälen braucht bis zu {need} Bytes, und {key} lässt {room}",
         "{step}"),
    ),
}  # fmt: skip
STEPS = {
    "frame_bytes": (
        "raise frame_bytes to {need} at least, or leave it out",
        "frame_bytes auf mindestens {need} anheben, oder weglassen",
    ),
    "data_rate": (
        'choose data_rate {enough} or higher, or leave quantities out with "only"',
        'data_rate {enough} oder höher wählen, oder Größen mit "only" weglassen',
    ),
}
