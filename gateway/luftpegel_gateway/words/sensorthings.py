"""Messages of the sink `sensorthings` (LP-481 to LP-484); see `messages.py`."""

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for

from collections.abc import Mapping

from luftpegel_gateway.words.text import Text

SENSORTHINGS: Mapping[str, Text] = {
    "LP-481": Text(
        ("The SensorThings server takes nothing of what is to be set up or written: {detail}.", "Ask those who run it, with these words of its; the readings wait until it takes something."),
        ("Der SensorThings-Server nimmt nichts an von dem, was anzulegen oder zu schreiben ist: {detail}.", "Mit diesen Worten des Servers bei denen nachfragen, die ihn betreiben; die Messwerte warten, bis er etwas annimmt."),
    ),
    "LP-482": Text(
        ("The SensorThings server takes other values, but never this one: {detail}.", "The server says why. When the cause is gone: `luftpegel gateway quarantine replay`."),
        ("Der SensorThings-Server nimmt andere Werte, aber niemals diesen: {detail}.", "Der Server sagt, warum. Ist die Ursache behoben: `luftpegel gateway quarantine replay`."),
    ),
    "LP-483": Text(
        ("What answers there is no SensorThings 1.1 service: {detail}.", "Correct url: it ends with the version, as in https://HOST/FROST-Server/v1.1."),
        ("Was dort antwortet, ist kein Dienst nach SensorThings 1.1: {detail}.", "url berichtigen: sie endet mit der Version, wie in https://HOST/FROST-Server/v1.1."),
    ),
    "LP-484": Text(
        ("Something of a station was deleted on the SensorThings server: {detail}.", "Nothing to do: it is made anew with the next try. If it was not meant to be deleted, ask who did it: what was in it is gone there, and can be sent again (`luftpegel gateway again`)."),
        ("Auf dem SensorThings-Server wurde etwas von einer Station gelöscht: {detail}.", "Nichts zu tun: beim nächsten Versuch wird es neu angelegt. War das Löschen nicht gewollt, fragen, wer es war: was darin stand, ist dort weg und kann noch einmal geschickt werden (`luftpegel gateway again`)."),
    ),
}  # fmt: skip
