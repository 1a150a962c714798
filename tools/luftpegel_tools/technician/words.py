"""What technicians are told: each code's cause and next step, German and English (LP-600 to LP-612).

A verb with codes of its own has them in a file `words_<verb>.py`, of the same shape, and a line in `CATALOGUE`.
"""

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for

from collections.abc import Mapping

from luftpegel_gateway.words.text import Text
from luftpegel_tools.station_files.texts import FIT
from luftpegel_tools.technician.words_doctor import DOCTOR
from luftpegel_tools.technician.words_flash import FLASH
from luftpegel_tools.technician.words_provision import PROVISION
from luftpegel_tools.technician.words_station import STATION

ROSTER: Mapping[str, Text] = {
    "LP-600": Text(
        ("The roster {file} cannot be read: {detail}.",
         "Check the path. From a spreadsheet, save it as “CSV UTF-8”."),
        ("Die Liste {file} ist nicht lesbar: {detail}.",
         "Den Pfad prüfen. Aus einer Tabellenkalkulation als „CSV UTF-8“ speichern."),
    ),
    "LP-601": Text(
        ("The roster {file} has no column {detail}.",
         "Add it to the first line; needed are: {needed}."),
        ("In der Liste {file} fehlt die Spalte {detail}.",
         "In der ersten Zeile ergänzen; nötig sind: {needed}."),
    ),
    "LP-602": Text(
        ("{file}:{line}: {column} is {got}; {wanted} is asked for.",
         "Correct the cell."),
        ("{file}:{line}: {column} ist {got}; verlangt ist {wanted}.",
         "Die Zelle berichtigen."),
    ),
    "LP-603": Text(
        ("{file}:{line}: {column} {got} stands in line {other} already.",
         "Each station has its own; correct one of the two."),
        ("{file}:{line}: {column} {got} steht schon in Zeile {other}.",
         "Jede Station hat eine eigene; eine der beiden berichtigen."),
    ),
    "LP-604": Text(
        ("{file}:{line}: column {column} is not known; {got} is meant, it seems.",
         "Correct its spelling in the first line, or choose a name that is further from it."),
        ("{file}:{line}: Die Spalte {column} ist nicht bekannt; gemeint ist wohl {got}.",
         "Die Schreibweise in der ersten Zeile berichtigen, oder einen weniger ähnlichen Namen wählen."),
    ),
    "LP-605": Text(
        ("{count} of the stations in {file} have no DevEUI yet, {detail} first.",
         "luftpegel roster fill {file}"),
        ("{count} Stationen in {file} haben noch keine DevEUI, als erste {detail}.",
         "luftpegel roster fill {file}"),
    ),
    "LP-606": Text(
        ("Others than its owner can read the file of keys {file}.",
         "chmod 600 {file}; and if somebody may have read it: new keys for stations that are not mounted yet."),
        ("Die Schlüsseldatei {file} ist nicht nur für ihren Eigentümer lesbar.",
         "chmod 600 {file}; und falls sie jemand gelesen haben kann: neue Schlüssel für noch nicht montierte Stationen."),
    ),
    "LP-607": Text(
        ("The file of keys {file} is damaged in line {line}: {detail}.",
         "Restore it from a copy. Do not make new keys for stations that are mounted: they keep the old ones."),
        ("Die Schlüsseldatei {file} ist in Zeile {line} beschädigt: {detail}.",
         "Aus einer Kopie wiederherstellen. Keine neuen Schlüssel für montierte Stationen anlegen: sie behalten die alten."),
    ),
    "LP-608": Text(
        ("The ledger {file} is damaged in line {line}.",
         "Move that line into another file and look at it; the ledger says which board has which key."),
        ("Das Protokoll {file} ist in Zeile {line} beschädigt.",
         "Diese Zeile in eine andere Datei legen und ansehen; das Protokoll sagt, welche Platine welchen Schlüssel hat."),
    ),
    "LP-609": Text(
        ("Another luftpegel is at work on {file}.",
         "Wait for it, or end it."),
        ("Ein anderes luftpegel arbeitet gerade mit {file}.",
         "Warten, bis es fertig ist, oder es beenden."),
    ),
}  # fmt: skip

LABEL: Mapping[str, Text] = {
    "LP-610": Text(
        ("The roster {file} has no station {got}.", "Correct the name; or add the station to the roster."),
        ("Die Liste {file} hat keine Station {got}.", "Den Namen berichtigen; oder die Station in die Liste aufnehmen."),
    ),
    "LP-611": Text(
        ("The address {got} is longer than {wanted} characters: nobody could read its code from the street.",
         "Choose a shorter address for the public pages (--pages)."),
        ("Die Adresse {got} ist länger als {wanted} Zeichen: ihr Code wäre von der Straße nicht lesbar.",
         "Eine kürzere Adresse für die öffentlichen Seiten wählen (--pages)."),
    ),
    "LP-612": Text(
        ("{file} cannot be written: {detail}.", "Name another file with --out, or close the program that has it open."),
        ("{file} kann nicht geschrieben werden: {detail}.", "Mit --out eine andere Datei nennen, oder das Programm schließen, das sie offen hat."),
    ),
}  # fmt: skip

CATALOGUE: Mapping[str, Text] = {**ROSTER, **LABEL, **FLASH, **PROVISION, **FIT, **DOCTOR, **STATION}
_NEXT = {"en": "Next step", "de": "Nächster Schritt"}


class TroubleError(Exception):
    """Something is wrong that a person must mend: a code, and the words for its text."""

    def __init__(self, code: str, **words: object) -> None:
        super().__init__(code)
        self.code, self.words = code, words

    def text(self, language: str) -> str:
        """The whole message on two lines."""
        return say(self.code, language, **self.words)

    def __str__(self) -> str:
        return self.text("en")


def say(code: str, language: str, **words: object) -> str:
    """Code, cause and next step on two lines. Raises KeyError for a code or a word that is not there."""
    cause, step = parts_of(code, language, **words)
    return f"{code} {cause}\n  {_NEXT[language]}: {step}"


def parts_of(code: str, language: str, **words: object) -> tuple[str, str]:
    """Cause and next step. Raises KeyError as `say` does."""
    text = CATALOGUE[code]
    cause, step = text.de if language == "de" else text.en
    return cause.format_map(words), step.format_map(words)
