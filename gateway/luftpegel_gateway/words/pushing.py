"""Messages of the sinks that push to platforms: `ngsi-ld`, `webhook` (LP-485 to LP-489) and `influxdb` (LP-497);
see `messages.py`.
"""

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for

from collections.abc import Mapping

from luftpegel_gateway.words.text import Text

PUSHING: Mapping[str, Text] = {
    "LP-485": Text(
        ("What answers there is no NGSI-LD broker: {detail}.", "Correct url: it is what stands before /ngsi-ld/v1 in the broker's addresses."),
        ("Was dort antwortet, ist kein NGSI-LD-Broker: {detail}.", "url berichtigen: es ist das, was in den Adressen des Brokers vor /ngsi-ld/v1 steht."),
    ),
    "LP-486": Text(
        ("The broker cannot load the @context: {detail}.", "Let the broker reach the address of the context, or leave out the key context: then everything is sent inline."),
        ("Der Broker kann den @context nicht laden: {detail}.", "Dem Broker den Weg zur Adresse des Kontexts öffnen oder den Schlüssel context weglassen: dann wird alles mitgeschickt."),
    ),
    "LP-487": Text(
        ("The broker has no such tenant: {detail}.", "Have it created there, or correct NGSILD-Tenant in headers."),
        ("Diesen Mandanten hat der Broker nicht: {detail}.", "Ihn dort anlegen lassen oder NGSILD-Tenant in headers berichtigen."),
    ),
    "LP-488": Text(
        ("The platform refuses this for good: {detail}.", "The platform says why. When the cause is gone: `luftpegel gateway quarantine replay`."),
        ("Die Plattform lehnt dies endgültig ab: {detail}.", "Die Plattform sagt, warum. Ist die Ursache behoben: `luftpegel gateway quarantine replay`."),
    ),
    "LP-489": Text(
        ("The platform takes nothing, not even a test: {detail}.", "Ask those who run it; the readings wait until it takes something."),
        ("Die Plattform nimmt nichts an, auch keine Probe: {detail}.", "Bei denen nachfragen, die sie betreiben; die Messwerte warten, bis sie etwas annimmt."),
    ),
    "LP-497": Text(
        ("The time series database refuses a value of this reading for good: {detail}.", "It says why: mostly somebody else writes the same measurement with other types, or the time lies outside what is kept. Then: `luftpegel gateway quarantine replay`."),
        ("Die Zeitreihen-Datenbank lehnt einen Wert dieses Messwerts endgültig ab: {detail}.", "Sie sagt, warum: meist schreibt jemand anders dieselbe Messung mit anderen Typen, oder die Zeit liegt außerhalb dessen, was aufgehoben wird. Danach: `luftpegel gateway quarantine replay`."),
    ),
}  # fmt: skip
