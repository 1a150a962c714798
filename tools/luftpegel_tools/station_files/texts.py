"""What is said of a station whose parts do not fit together (LP-660 to LP-664), English and German."""

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for

from collections.abc import Mapping

from luftpegel_gateway.words.text import Text

FIT: Mapping[str, Text] = {
    "LP-660": Text(
        ("{region} has no data_rate {got} with {radio}",
         "choose 0 to {highest}: 0 reaches furthest, the highest costs least"),
        ("{region} hat keine data_rate {got} mit {radio}",
         "0 bis {highest} wählen: 0 reicht am weitesten, die höchste kostet am wenigsten"),
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
        ("one reading of {channels} channels needs up to {need} bytes, and frame_bytes leaves {room}",
         "raise frame_bytes to {need} at least, or leave it out"),
        ("eine Messung von {channels} Kanälen braucht bis zu {need} Bytes, und frame_bytes lässt {room}",
         "frame_bytes auf mindestens {need} anheben, oder weglassen"),
    ),
    "LP-664": Text(
        ("one reading of {channels} channels needs up to {need} bytes, and data_rate leaves {room}",
         'choose data_rate {enough} or higher, or leave quantities out with "only"'),
        ("eine Messung von {channels} Kanälen braucht bis zu {need} Bytes, und data_rate lässt {room}",
         'data_rate {enough} oder höher wählen, oder Größen mit "only" weglassen'),
    ),
}  # fmt: skip
