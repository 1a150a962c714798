"""What is told while boards are flashed and tested (LP-620 to LP-639)."""

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for

from collections.abc import Mapping

from luftpegel_gateway.words.text import Text

FLASH: Mapping[str, Text] = {
    "LP-620": Text(
        ("No board is plugged in at {detail}.",
         "Plug one in with a cable that carries data, not only power; on Linux be in the group dialout."),
        ("An {detail} ist keine Platine eingesteckt.",
         "Eine mit einem Kabel einstecken, das auch Daten überträgt; unter Linux der Gruppe dialout angehören."),
    ),
    "LP-621": Text(
        ("{port} cannot be opened: {detail}.",
         "End other programs that have it open (a monitor, Thonny, ModemManager), or give yourself the right: group dialout."),
        ("{port} lässt sich nicht öffnen: {detail}.",
         "Andere Programme beenden, die ihn offen haben (Monitor, Thonny, ModemManager), oder sich das Recht geben: Gruppe dialout."),
    ),
    "LP-622": Text(
        ("The board at {port} does not answer, neither MicroPython nor the chip itself: {detail}.",
         "Hold its BOOT button, press RESET, let go of BOOT; then plug it in anew. Still nothing: another cable."),
        ("Die Platine an {port} antwortet nicht, weder MicroPython noch der Chip selbst: {detail}.",
         "BOOT halten, RESET drücken, BOOT loslassen; dann neu einstecken. Hilft es nicht: ein anderes Kabel."),
    ),
    "LP-623": Text(
        ("This board has an {chip}; {station} wants another, and so do all that are still open.",
         "Take a board of the kind that the station file names (`board`), or correct the station file."),
        ("Diese Platine hat einen {chip}; {station} will einen anderen, wie alle, die noch offen sind.",
         "Eine Platine der Art nehmen, die in der Stationsdatei steht (`board`), oder die Stationsdatei berichtigen."),
    ),
    "LP-624": Text(
        ("Every station has its board already.",
         "Add stations to the roster; or, for a new board in place of an old one: --replace STATION."),
        ("Jede Station hat schon ihre Platine.",
         "Stationen in die Liste aufnehmen; oder, für eine neue Platine anstelle der alten: --replace STATION."),
    ),
    "LP-625": Text(
        ("{file} is missing or not as it should be: {detail}.",
         "Write it as docs/flash.md shows: for each board type the file of MicroPython and its SHA-256."),
        ("{file} fehlt oder ist nicht, wie sie sein soll: {detail}.",
         "Sie schreiben, wie docs/flash.md es zeigt: zu jeder Platinenart die Datei von MicroPython und ihre SHA-256."),
    ),
    "LP-626": Text(
        ("There is no MicroPython for {board}: {file} does not have it.",
         "Where there is internet: micropython.org/download, or mpflash download; then into the folder, with a line in micropython.toml (docs/mount.md names the file)."),
        ("Für {board} gibt es kein MicroPython: {file} hat es nicht.",
         "Wo es Internet gibt: micropython.org/download, oder mpflash download; dann in den Ordner, mit einer Zeile in micropython.toml (docs/mount.md nennt die Datei)."),
    ),
    "LP-627": Text(
        ("The checksum of {file} is not the one in micropython.toml: it is damaged, or another file.",
         "Fetch it anew; compare with `sha256sum` and with the maker's page before you change the line."),
        ("Die Prüfsumme von {file} ist nicht die in micropython.toml: beschädigt, oder eine andere Datei.",
         "Neu beschaffen; mit `sha256sum` und der Seite des Herstellers vergleichen, ehe die Zeile geändert wird."),
    ),
    "LP-628": Text(
        ("Writing to the board at {port} failed: {detail}.",
         "Plug it in anew: it begins again, with the same station. If it fails twice: another cable, a hub with its own supply, --baud 115200; then the board is broken."),
        ("Das Schreiben auf die Platine an {port} ist gescheitert: {detail}.",
         "Neu einstecken: es beginnt von vorn, mit derselben Station. Beim zweiten Mal: anderes Kabel, Hub mit eigenem Netzteil, --baud 115200; dann ist die Platine defekt."),
    ),
    "LP-629": Text(
        ("What lies in the flash of the board at {port} is not what was written: {detail}.",
         "Plug it in anew and try once more. If it stays: its flash is worn or broken, take another board (--replace)."),
        ("Im Flash der Platine an {port} liegt nicht, was geschrieben wurde: {detail}.",
         "Neu einstecken und noch einmal versuchen. Bleibt es so: der Flash ist defekt, eine andere Platine nehmen (--replace)."),
    ),
    "LP-630": Text(
        ("The board at {port} was pulled out.",
         "Plug it in again: it goes on with the same station."),
        ("Die Platine an {port} wurde herausgezogen.",
         "Wieder einstecken: es geht mit derselben Station weiter."),
    ),
    "LP-631": Text(
        ("MicroPython does not start on the board at {port}, though everything was written.",
         "Press RESET. If nothing comes: is the file in micropython.toml the one for this board (docs/mount.md), PSRAM and flash size?"),
        ("MicroPython startet auf der Platine an {port} nicht, obwohl alles geschrieben ist.",
         "RESET drücken. Kommt nichts: ist die Datei in micropython.toml die für diese Platine (docs/mount.md), PSRAM und Flashgröße?"),
    ),
    "LP-632": Text(
        ("What was read back from the board at {port} is not as it should be: {detail}.",
         "Plug it in anew: what differs is written again. If it stays: --erase."),
        ("Von der Platine an {port} kam nicht zurück, was dort sein soll: {detail}.",
         "Neu einstecken: was abweicht, wird neu geschrieben. Bleibt es so: --erase."),
    ),
    "LP-633": Text(
        ("{station} has a board already: {chip}.",
         "Plug that one in; or give the station this board instead: --replace {station}. The old one must not be used any more."),
        ("{station} hat schon eine Platine: {chip}.",
         "Diese einstecken; oder der Station die neue geben: --replace {station}. Die alte darf nicht mehr benutzt werden."),
    ),
    "LP-634": Text(
        ("Two boards have the same MAC {chip}: at {place} and at {other}.",
         "Put one of them aside: two boards of one MAC cannot be told apart, not even later."),
        ("Zwei Platinen haben dieselbe MAC {chip}: an {place} und an {other}.",
         "Eine davon beiseitelegen: zwei Platinen mit einer MAC sind nicht zu unterscheiden, auch später nicht."),
    ),
    "LP-635": Text(
        ("The self-test of {station} found a fault: {detail}",
         "Mend that (antenna, plug, sensor), plug the board in anew; luftpegel selftest --port … repeats it alone."),
        ("Der Selbsttest von {station} hat einen Fehler gefunden: {detail}",
         "Das beheben (Antenne, Stecker, Sensor), die Platine neu einstecken; luftpegel selftest --port … wiederholt ihn allein."),
    ),
    "LP-636": Text(
        ("{station} has had so many boards that no join numbers (DevNonce) are left.",
         "Give it a new DevEUI in the roster, `luftpegel roster fill`, and register that one in the network server."),
        ("{station} hatte so viele Platinen, dass keine Join-Nummern (DevNonce) übrig sind.",
         "Der Station in der Liste eine neue DevEUI geben, `luftpegel roster fill`, und diese im Netzserver anmelden."),
    ),
    "LP-637": Text(
        ("{file} is no MicroPython for an ESP32 with room for files: {detail}.",
         "Take the .bin of the board's page at micropython.org/download, not the .uf2 nor the .app-bin."),
        ("{file} ist kein MicroPython für einen ESP32 mit Platz für Dateien: {detail}.",
         "Die .bin von der Seite der Platine auf micropython.org/download nehmen, nicht .uf2 oder .app-bin."),
    ),
    "LP-638": Text(
        ("The board at {port} has a MicroPython that cannot be used: {detail}.",
         "Write everything anew, which also removes readings that it has not sent: --erase."),
        ("Die Platine an {port} hat ein MicroPython, das nicht zu gebrauchen ist: {detail}.",
         "Alles neu schreiben, womit auch noch nicht gesendete Messungen verschwinden: --erase."),
    ),
    "LP-639": Text(
        ("Something that belongs onto the board is missing or too large: {detail}.",
         "Without a key: luftpegel roster fill, or town.keys from its copy where stations are mounted already. Otherwise what the message names."),
        ("Etwas, das auf die Platine gehört, fehlt oder ist zu groß: {detail}.",
         "Ohne Schlüssel: luftpegel roster fill, oder town.keys aus der Kopie, wo Stationen schon montiert sind. Sonst das Genannte."),
    ),
}  # fmt: skip
