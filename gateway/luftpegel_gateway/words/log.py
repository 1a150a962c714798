"""What the running gateway writes into its log, in German; English stands where it is logged.

The keys are the texts as they are logged, with their places for values. A test holds that none is missing.
"""

import logging
from collections.abc import Mapping

LINES: Mapping[str, str] = {
    "%s: works": "%s: in Ordnung",
    "%s: %s %s": "%s: %s %s",
    "%s is not used: %s": "%s wird nicht benutzt: %s",
    "%s cannot be written: %s": "%s ist nicht schreibbar: %s",
    "%s: the recording is played": "%s: die Aufzeichnung ist abgespielt",
    "%s failed": "%s ist gescheitert",
    "%s is new, and gets the readings that are kept": "%s ist neu und bekommt die aufbewahrten Messwerte",
    "%s failed on one item": "%s ist an einem einzelnen Stück gescheitert",
    "a batch of %d failed (%r); looking for the one at fault":
        "ein Stapel von %d ist gescheitert (%r); gesucht wird, was ihn scheitern lässt",
    "failed on a message with topic %r": "gescheitert an einer Nachricht mit dem Topic %r",
    "cannot be put into quarantine: topic %r": "kann nicht in die Quarantäne: Topic %r",
    "an upstream failed after the commit": "eine Quelle ist nach dem Festschreiben gescheitert",
    "Observation %s is there twice, and may not be deleted":
        "die Observation %s gibt es doppelt, und sie darf nicht gelöscht werden",
    "%s: LP-422 Home Assistant is not told: %s": "%s: LP-422 Home Assistant erfährt nichts: %s",
    "control: %s": "Befehle: %s",
    "a request failed": "eine Anfrage ist gescheitert",
    "trying %s failed": "der Versuch mit %s ist gescheitert",
    "an HTTP request failed": "eine HTTP-Anfrage ist gescheitert",
    "MQTT client failed": "der MQTT-Client ist gescheitert",
    "the installed paho reads by itself (%s): slower, and nothing else":
        "das installierte paho liest selbst (%s): langsamer, sonst nichts",
    "the installed paho reads by itself: slower, and nothing else":
        "das installierte paho liest selbst: langsamer, sonst nichts",
    "running: stations: %d, sinks: %d": "läuft: Stationen: %d, Ziele: %d",
    "stopping": "hört auf",
    "stations read anew: %d": "Stationen neu gelesen: %d",
    "stations not read anew: %s; `luftpegel gateway check` says what is wrong":
        "Stationen nicht neu gelesen: %s; `luftpegel gateway check` sagt, was falsch ist",
    "the gateway failed: %s": "das Gateway ist gescheitert: %s",
}  # fmt: skip


def line_in(language: str, record: logging.LogRecord) -> str:
    """A record's text in one language. What other people's code logs stays as it is."""
    template = LINES.get(str(record.msg)) if language == "de" else None
    if template is None:
        return record.getMessage()
    return template % record.args if record.args else template
