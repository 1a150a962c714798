"""What `luftpegel doctor` tells: causes and next steps (LP-665 to LP-674), what `monitor` tells of ports (LP-678), and what it says of what is well."""

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for

from collections.abc import Mapping

from luftpegel_gateway.words.text import Text

DOCTOR: Mapping[str, Text] = {
    "LP-665": Text(
        ("no board is seen on USB", "Plug one in with a cable that carries data, not only power; if it stays so on Windows or macOS: install the driver of its USB chip (CP210x, CH34x)."),
        ("keine Platine am USB zu sehen", "Eine mit einem Datenkabel anstecken, nicht einem reinen Ladekabel; bleibt es so unter Windows oder macOS: den Treiber ihres USB-Chips (CP210x, CH34x) installieren."),
    ),
    "LP-666": Text(
        ("{port} is not open to this user", "Let this user in: {step}"),
        ("{port} ist für diesen Benutzer nicht offen", "Den Benutzer zulassen: {step}"),
    ),
    "LP-667": Text(
        ("a board is plugged in ({detail}), and no driver serves it", "Load the driver: sudo modprobe {module}; where there is no such module, install the kernel's package with further modules."),
        ("eine Platine ist eingesteckt ({detail}), und kein Treiber bedient sie", "Den Treiber laden: sudo modprobe {module}; fehlt das Modul, das Kernelpaket mit weiteren Modulen installieren."),
    ),
    "LP-668": Text(
        ("{program} is running, which opens the ports of new boards and sends to them", "Keep it away from them: {step}"),
        ("{program} läuft; es öffnet die Ports neuer Platinen und sendet dorthin", "Es fernhalten: {step}"),
    ),
    "LP-669": Text(
        ("no usable MicroPython for {board}: {detail}", "Put the file of its maker into {folder}, and its name and sha256 into micropython.toml there (docs/doctor.md)."),
        ("kein brauchbares MicroPython für {board}: {detail}", "Die Datei des Herstellers nach {folder} legen, Name und sha256 dort in micropython.toml eintragen (docs/doctor.md)."),
    ),
    "LP-670": Text(
        ("{count} of {all} stations have no key yet, {detail} first", "luftpegel roster fill {file}"),
        ("{count} von {all} Stationen haben noch keinen Schlüssel, als erste {detail}", "luftpegel roster fill {file}"),
    ),
    "LP-671": Text(
        ("{detail} has a board, and is not in the roster", "Put its line back, or take the board out of use; a key that nobody lists is one that nobody withdraws."),
        ("{detail} hat eine Platine und steht nicht in der Liste", "Die Zeile wieder aufnehmen, oder die Platine stilllegen; einen Schlüssel, der nirgends steht, sperrt auch niemand."),
    ),
    "LP-672": Text(
        ("the computer's clock is wrong: {detail}", "Set the clock, or let it be set from the network; the ledger and a station's first time come from it."),
        ("die Uhr des Rechners geht falsch: {detail}", "Die Uhr stellen, oder aus dem Netz stellen lassen; das Protokoll und die erste Zeit einer Station kommen von ihr."),
    ),
    "LP-673": Text(
        ("only {free} MB are free in {folder}", "Make room: images, the ledger and labels of a town take some {needed} MB."),
        ("in {folder} sind nur {free} MB frei", "Platz schaffen: Abbilder, Protokoll und Etiketten einer Stadt brauchen etwa {needed} MB."),
    ),
    "LP-674": Text(
        ("{program} does not work here: {detail}", "Install it anew in this environment: pip install --force-reinstall {program}"),
        ("{program} funktioniert hier nicht: {detail}", "In dieser Umgebung neu installieren: pip install --force-reinstall {program}"),
    ),
    "LP-678": Text(
        ("The port {port} cannot be opened: {detail}.", "Close the program that has it open; for rights and drivers: luftpegel doctor"),
        ("Der Port {port} lässt sich nicht öffnen: {detail}.", "Das Programm schließen, das ihn offen hat; für Rechte und Treiber: luftpegel doctor"),
    ),
}  # fmt: skip

# Next steps that depend on the system, English and German.
STEPS: Mapping[str, tuple[str, str]] = {
    "join": ("sudo usermod -aG {group} {user}, then log out and in again.",
             "sudo usermod -aG {group} {user}, dann ab- und wieder anmelden."),
    "login": ("You are in the group {group} already, but not since this login: log out and in again.",
              "Sie sind schon in der Gruppe {group}, nur nicht seit dieser Anmeldung: ab- und wieder anmelden."),
    "owner": ("Ask who looks after this computer for access to it (mode and owner of the port).",
              "Wer den Rechner betreut, muss den Zugriff geben (Rechte und Eigentümer des Ports)."),
    "brltty": ("sudo apt remove brltty (it serves Braille displays and takes boards with a CH34x for one).",
               "sudo apt remove brltty (es bedient Braillezeilen und hält Platinen mit CH34x für eine)."),
    "ModemManager": ("sudo systemctl stop ModemManager while boards are worked on.",
                     "sudo systemctl stop ModemManager, solange an Platinen gearbeitet wird."),
}  # fmt: skip
WELL: Mapping[str, tuple[str, str]] = {
    "python": ("Luftpegel {version}, Python {python}, {system}", "Luftpegel {version}, Python {python}, {system}"),
    "tools": ("Tools: {detail}", "Werkzeuge: {detail}"),
    "usb": ("USB: {count} boards ({detail})", "USB: {count} Platinen ({detail})"),
    "micropython": ("MicroPython for {board}: {detail}, checksum right", "MicroPython für {board}: {detail}, Prüfsumme stimmt"),
    "roster": ("Roster {file}: {count} stations, {keys} keys, {boards} boards, nothing twice", "Liste {file}: {count} Stationen, {keys} Schlüssel, {boards} Platinen, nichts doppelt"),
    "stations": ("Station files: {count} sound", "Stationsdateien: {count} in Ordnung"),
    "clock": ("Clock: {detail} UTC, plausible", "Uhr: {detail} UTC, plausibel"),
    "clock_compared": ("Clock: {detail} s off {host}", "Uhr: {detail} s Abweichung von {host}"),
    "disk": ("Disk: {free} MB free", "Platte: {free} MB frei"),
    "ready": ("Ready.", "Bereit."),
    "not_ready": ("{count} to mend first.", "{count} vorher zu beheben."),
    "bundle": ("{file}: for support; no keys are in it.", "{file}: für die Hilfe; es sind keine Schlüssel darin."),
    "left_out": ("left out because it holds a key: {detail}", "weggelassen, weil ein Schlüssel darin steht: {detail}"),
}  # fmt: skip
