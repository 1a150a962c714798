"""Every message for people: what is wrong (one cause) and what to do next, by LP code, in German and English.

LP-2xx link and frames, LP-3xx operator and configuration, LP-4xx brokers, disks and sinks. The words in
braces come from the place that found it.
"""

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for

import os
from collections.abc import Mapping
from dataclasses import dataclass

LANGUAGES = ("en", "de")


@dataclass(frozen=True, slots=True)
class Text:
    """One message: cause and next step in each language."""

    en: tuple[str, str]
    de: tuple[str, str]


CATALOGUE: Mapping[str, Text] = {
    "LP-200": Text(
        ("The frame cannot be decoded: {detail}.",
         "Show it with `luftpegel decode HEX --explain`. If the station is newer than this gateway, update the gateway and replay."),
        ("Der Frame ist nicht lesbar: {detail}.",
         "Mit `luftpegel decode HEX --explain` ansehen. Ist die Station neuer als dieses Gateway: Gateway aktualisieren und erneut einspielen."),
    ),
    "LP-250": Text(
        ("This is no event of ChirpStack v4: {detail}.",
         "Check that only ChirpStack v4 publishes below the topic of this source."),
        ("Das ist kein Ereignis von ChirpStack v4: {detail}.",
         "Prüfen, ob nur ChirpStack v4 unter dem Thema dieser Quelle veröffentlicht."),
    ),
    "LP-251": Text(
        ("The payload is still encrypted: the network server does not hold the application key.",
         "Give the network server the device's keys (join server settings), then wait for the next join."),
        ("Die Nutzdaten sind noch verschlüsselt: der Netzserver hat den Anwendungsschlüssel nicht.",
         "Dem Netzserver die Schlüssel des Geräts geben (Join-Server), dann die nächste Anmeldung abwarten."),
    ),
    "LP-253": Text(
        ("A reading came again under the same name with other content: {detail}.",
         "The station has probably lost its memory and counts from the start: give it a new id in stations.toml, restart the gateway, then `luftpegel gateway quarantine replay`."),
        ("Ein Messwert kam unter demselben Namen mit anderem Inhalt wieder: {detail}.",
         "Wahrscheinlich hat die Station ihr Gedächtnis verloren und zählt von vorn: ihr in stations.toml eine neue id geben, Gateway neu starten, dann `luftpegel gateway quarantine replay`."),
    ),
    "LP-254": Text(
        ("The gateway failed on this frame: {detail}.",
         "This is a mistake in the gateway. Please report it with `luftpegel gateway quarantine show ID`."),
        ("Das Gateway ist an diesem Frame gescheitert: {detail}.",
         "Das ist ein Fehler des Gateways. Bitte mit `luftpegel gateway quarantine show ID` melden."),
    ),
    "LP-255": Text(
        ("A number in the frame is impossible: {detail}.", "Check the firmware of the device."),
        ("Eine Zahl im Frame ist unmöglich: {detail}.", "Die Firmware des Geräts prüfen."),
    ),
    "LP-256": Text(
        ("This is an event of ChirpStack v3: {detail}.",
         "This source reads ChirpStack v4 only. Update the network server, or give its topics a prefix of their own and set topic_prefix of this source."),
        ("Das ist ein Ereignis von ChirpStack v3: {detail}.",
         "Diese Quelle liest nur ChirpStack v4. Den Netzserver aktualisieren, oder seinen Themen einen eigenen Vorsatz geben und topic_prefix dieser Quelle setzen."),
    ),
    "LP-301": Text(
        ("The file cannot be read: {reason}.", "Check its path and who may read it."),
        ("Die Datei ist nicht lesbar: {reason}.", "Pfad und Leserechte prüfen."),
    ),
    "LP-302": Text(
        ("This is not valid TOML: {reason}.", "Correct this line. Text needs quotes, tables stand in [brackets]."),
        ("Das ist kein gültiges TOML: {reason}.",
         "Diese Zeile berichtigen. Text braucht Anführungszeichen, Tabellen stehen in [Klammern]."),
    ),
    "LP-303": Text(
        ("Nobody reads the key '{key}'.", "Did you mean '{near}'?"),
        ("Den Schlüssel '{key}' liest niemand.", "War '{near}' gemeint?"),
    ),
    "LP-304": Text(
        ("'{key}' must be {expected}, but is {got}.", "Correct the value."),
        ("'{key}' muss {expected} sein, ist aber {got}.", "Den Wert berichtigen."),
    ),
    "LP-305": Text(
        ("'{key}' is missing here.", "Add it."),
        ("Hier fehlt '{key}'.", "Bitte ergänzen."),
    ),
    "LP-306": Text(
        ("'{key}' is {got}; possible is: {expected}.", "Correct the value."),
        ("'{key}' ist {got}; möglich ist: {expected}.", "Den Wert berichtigen."),
    ),
    "LP-307": Text(
        ("'{key}' = {value} stands twice (also: {other}).", "Give each its own, or remove one."),
        ("'{key}' = {value} steht doppelt da (auch: {other}).", "Jedem ein eigenes geben oder eines entfernen."),
    ),
    "LP-308": Text(
        ("'{key}' names the file {path}, which cannot be used: {reason}.", "Check the path; it counts from the folder of this file."),
        ("'{key}' nennt die Datei {path}, die nicht brauchbar ist: {reason}.",
         "Den Pfad prüfen; er zählt vom Ordner dieser Datei aus."),
    ),
    "LP-309": Text(
        ("'{key}': others may read the secret in {path} (mode {mode}).", "Run: chmod 600 {path}"),
        ("'{key}': andere dürfen das Geheimnis in {path} lesen (Rechte {mode}).", "Ausführen: chmod 600 {path}"),
    ),
    "LP-310": Text(
        ("Stations without a place: {detail}.", "Give them latitude and longitude in stations.toml."),
        ("Stationen ohne Standort: {detail}.", "Ihnen in stations.toml latitude und longitude geben."),
    ),
    "LP-311": Text(
        ("'{key}' is \"{got}\"; it must look like \"{example}\".", "Correct the value."),
        ("'{key}' ist \"{got}\"; es muss aussehen wie \"{example}\".", "Den Wert berichtigen."),
    ),
    "LP-312": Text(
        ("The name \"{value}\" is taken.", "Give this table a name of its own: name = \"...\""),
        ("Der Name \"{value}\" ist vergeben.", "Dieser Tabelle einen eigenen Namen geben: name = \"...\""),
    ),
    "LP-313": Text(
        ("Nobody reads the key '{key}'.", "Remove it. Possible here: {known}."),
        ("Den Schlüssel '{key}' liest niemand.", "Entfernen. Möglich ist hier: {known}."),
    ),
    "LP-314": Text(
        ("'{key}' is no quantity that stations measure.", "Correct the name. Possible is: {known}."),
        ("'{key}' ist keine Größe, die Stationen messen.", "Den Namen berichtigen. Möglich ist: {known}."),
    ),
    "LP-315": Text(
        ("The limit low = {low} does not lie below high = {high}.", "Correct one of the two."),
        ("Die Grenze low = {low} liegt nicht unter high = {high}.", "Eine der beiden berichtigen."),
    ),
    "LP-316": Text(
        ("'{key}' = {value} lies outside of what the quantity can be: {range}.", "Give a limit within that, in the quantity's own unit (docs/channels.md)."),
        ("'{key}' = {value} liegt außerhalb dessen, was die Größe sein kann: {range}.",
         "Eine Grenze darin angeben, in der Einheit der Größe (docs/channels.md)."),
    ),
    "LP-317": Text(
        ("The neighbour \"{value}\" is no station of this file.", "Correct the id, or add the station."),
        ("Der Nachbar \"{value}\" ist keine Station dieser Datei.", "Die id berichtigen oder die Station eintragen."),
    ),
    "LP-318": Text(
        ("The station \"{value}\" is named as its own neighbour.", "Name only other stations."),
        ("Die Station \"{value}\" ist als ihr eigener Nachbar genannt.", "Nur andere Stationen nennen."),
    ),
    "LP-319": Text(
        ("'{key}' = {value} {unit} is finer than the quantity is told.", "Give a larger limit, in the quantity's own unit (docs/channels.md)."),
        ("'{key}' = {value} {unit} ist feiner, als die Größe übertragen wird.",
         "Eine größere Grenze angeben, in der Einheit der Größe (docs/channels.md)."),
    ),
    "LP-320": Text(
        ("The device is not in stations.toml: {detail}.",
         "Add a [[station]] with this dev_eui to stations.toml, restart the gateway, then `luftpegel gateway quarantine replay`."),
        ("Das Gerät steht nicht in stations.toml: {detail}.",
         "Eine [[station]] mit dieser dev_eui in stations.toml eintragen, Gateway neu starten, dann `luftpegel gateway quarantine replay`."),
    ),
    "LP-321": Text(
        ("'{key}' is an empty list: no device would be let in.", "Remove the line to let all in, or name some."),
        ("'{key}' ist eine leere Liste: kein Gerät käme durch.", "Die Zeile entfernen, um alle zuzulassen, oder welche nennen."),
    ),
    "LP-322": Text(
        ("'{key}': \"{got}\" fits no device EUI.", "Write 16 hexadecimal digits; * stands for any of them, ? for one: \"70b3d57e*\"."),
        ("'{key}': „{got}“ passt auf keine Geräte-EUI.", "16 Hexadezimalziffern schreiben; * steht für beliebige, ? für eine: \"70b3d57e*\"."),
    ),
    "LP-330": Text(
        ("There is no quarantine entry {detail}.", "List them with `luftpegel gateway quarantine list`."),
        ("Einen Eintrag {detail} gibt es in der Quarantäne nicht.", "Mit `luftpegel gateway quarantine list` auflisten."),
    ),
    "LP-331": Text(
        ("There is no journal yet: {detail}.", "Start the gateway once with `luftpegel gateway run`."),
        ("Es gibt noch kein Journal: {detail}.", "Das Gateway einmal mit `luftpegel gateway run` starten."),
    ),
    "LP-401": Text(
        ("The broker is not connected: {detail}.", "Check that it runs, and host and port of the source. The gateway goes on trying."),
        ("Keine Verbindung zum Broker: {detail}.", "Prüfen, ob er läuft, und host und port der Quelle. Das Gateway versucht es weiter."),
    ),
    "LP-402": Text(
        ("The broker refuses the connection: {detail}.", "Check username, password_file and client_id of the source."),
        ("Der Broker lehnt die Verbindung ab: {detail}.", "username, password_file und client_id der Quelle prüfen."),
    ),
    "LP-403": Text(
        ("The broker refuses the subscription: {detail}.", "Allow this user to read these topics (access list of the broker)."),
        ("Der Broker lehnt das Abonnement ab: {detail}.", "Diesem Benutzer das Lesen dieser Themen erlauben (Zugriffsliste des Brokers)."),
    ),
    "LP-404": Text(
        ("The network server publishes with QoS 0: what is on the way when a link breaks is lost.",
         "Set qos=1 in [integration.mqtt] of ChirpStack."),
        ("Der Netzserver veröffentlicht mit QoS 0: was unterwegs ist, wenn eine Verbindung abreißt, ist verloren.",
         "In ChirpStack unter [integration.mqtt] qos=1 setzen."),
    ),
    "LP-410": Text(
        ("The journal cannot write: {detail}. Nothing is acknowledged until it can; nothing is lost.", "Make room on the disk of the data folder."),
        ("Das Journal kann nicht schreiben: {detail}. Bis dahin wird nichts quittiert; es geht nichts verloren.",
         "Auf dem Datenträger des Datenordners Platz schaffen."),
    ),
    "LP-411": Text(
        ("The store cannot write: {detail}.", "Make room, and check that the file is a database of this gateway."),
        ("Der Speicher kann nicht schreiben: {detail}.", "Platz schaffen und prüfen, ob die Datei eine Datenbank dieses Gateways ist."),
    ),
    "LP-412": Text(
        ("The data folder cannot be used: {detail}.", "Check that it may be written, and that no other gateway runs on it."),
        ("Der Datenordner ist nicht benutzbar: {detail}.", "Prüfen, ob er beschreibbar ist und kein anderes Gateway darauf läuft."),
    ),
    "LP-413": Text(
        ("The journal is damaged or cannot be read: {detail}. Nothing more is acknowledged.", "Keep the data folder, check the disk, and start again with a copy of the last backup; the broker holds what is not acknowledged."),
        ("Das Journal ist beschädigt oder nicht lesbar: {detail}. Es wird nichts mehr quittiert.",
         "Den Datenordner aufheben, den Datenträger prüfen und mit der letzten Sicherung neu beginnen; der Broker behält, was nicht quittiert ist."),
    ),
    "LP-420": Text(
        ("The sink does not answer: {detail}.", "Check that it runs, and its host and port. Readings wait in the journal."),
        ("Das Ziel antwortet nicht: {detail}.", "Prüfen, ob es läuft, und seine Werte host und port. Messwerte warten im Journal."),
    ),
    "LP-421": Text(
        ("The sink has another reading under this name: {detail}.", "Check whether two stations share an id, or whether the journal was removed and the store kept."),
        ("Das Ziel hat unter diesem Namen einen anderen Messwert: {detail}.",
         "Prüfen, ob zwei Stationen eine id teilen oder das Journal gelöscht und der Speicher behalten wurde."),
    ),
    "LP-422": Text(
        ("The sink refuses readings: {detail}.", "Allow this user to write (access list). Readings wait in the journal."),
        ("Das Ziel lehnt Messwerte ab: {detail}.", "Diesem Benutzer das Schreiben erlauben (Zugriffsliste). Messwerte warten im Journal."),
    ),
    "LP-423": Text(
        ("A sink failed on this frame: {detail}.", "This is a mistake in the gateway: report it with the log, then `luftpegel gateway quarantine replay` with the next version."),
        ("Ein Ziel ist an diesem Frame gescheitert: {detail}.", "Das ist ein Fehler des Gateways: mit dem Protokoll melden, dann mit der nächsten Fassung `luftpegel gateway quarantine replay`."),
    ),
    "LP-405": Text(
        ("The files for TLS cannot be used: {detail}.", "Check ca_file, cert_file and key_file: PEM, and the key belongs to the certificate."),
        ("Die Dateien für TLS sind nicht brauchbar: {detail}.", "ca_file, cert_file und key_file prüfen: PEM, und der Schlüssel gehört zum Zertifikat."),
    ),
    "LP-430": Text(
        ("The page cannot be served: {detail}.", "Choose another port in [page]."),
        ("Die Seite kann nicht angeboten werden: {detail}.", "In [page] einen anderen port wählen."),
    ),
}  # fmt: skip
# What readers of options call things.
_GERMAN = {
    "a whole number": "eine ganze Zahl",
    "a number": "eine Zahl",
    "text": "Text",
    "text in quotes": "Text in Anführungszeichen",
    "text that is not empty": "Text, der nicht leer ist",
    "true or false": "true oder false",
    "a list": "eine Liste",
    "a list of texts": "eine Liste von Texten",
    "no list": "keine Liste",
    "a list of something else": "eine Liste von etwas anderem",
    "a table": "eine Tabelle",
    "a value": "ein Wert",
    "something else": "etwas anderes",
    "No such file or directory": "es gibt sie nicht",
    "Permission denied": "der Zugriff ist verweigert",
    "Is a directory": "sie ist ein Ordner",
    "not UTF-8": "kein UTF-8",
    "empty": "leer",
}
_WORDS = {"en": "Next step", "de": "Nächster Schritt"}


def parts_of(code: str, language: str, **words: object) -> tuple[str, str]:
    """Cause and next step. A code of the wire's decoder is told by LP-200, with its own detail."""
    text = CATALOGUE.get(code, CATALOGUE["LP-200"])
    cause, step = text.de if language == "de" else text.en
    if language == "de":
        words = {name: _GERMAN.get(str(word), word) for name, word in words.items()}
    return cause.format_map(_Blank(words)), step.format_map(_Blank(words))


def say(code: str, language: str, **words: object) -> str:
    """The whole message on two lines."""
    cause, step = parts_of(code, language, **words)
    return f"{code} {cause}\n  {_WORDS[language]}: {step}"


def language_of(asked: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """The language asked for, else that of the environment (LC_ALL, LC_MESSAGES, LANG), else English."""
    told = asked or next(
        (environment[key] for key in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(key)), ""
    )
    return "de" if told.lower().startswith("de") else "en"


class _Blank(dict[str, object]):
    """Words for a message; one that the finder did not give shows as a question mark instead of failing."""

    def __missing__(self, key: str) -> str:
        return "?"
