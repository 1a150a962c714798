"""What goes wrong around a rig, told with a code, the cause and the next step, in English and in German."""

import locale
from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "LP-680": (
        "{place}: {detail}. Next: correct that line; docs/hil.md lists what a rig.toml may say",
        "{place}: {detail}. Nächster Schritt: die Zeile berichtigen; docs/hil.md nennt alle Einträge",
    ),
    "LP-681": (
        "no board on {port}: {detail}. Next: check the cable and the name of the port",
        "keine Platine an {port}: {detail}. Nächster Schritt: Kabel und Namen des Anschlusses prüfen",
    ),
    "LP-682": (
        (
            "the board on {port} does not come to its prompt within {seconds:g} s. Next: press its reset "
            "button; if that changes nothing, flash MicroPython anew"
        ),
        (
            "die Platine an {port} meldet sich nicht binnen {seconds:g} s. Nächster Schritt: ihren Reset-"
            "Knopf drücken; hilft das nicht, MicroPython neu aufspielen"
        ),
    ),
    "LP-683": (
        "the virtual board did not start: {detail}. Next: pip install 'luftpegel[town]'",
        "die virtuelle Platine startet nicht: {detail}. Nächster Schritt: pip install 'luftpegel[town]'",
    ),
    "LP-684": (
        (
            "the power command {command} failed: {detail}. Next: run it by hand; the user needs the right to"
            " switch the port"
        ),
        (
            "der Schaltbefehl {command} schlug fehl: {detail}. Nächster Schritt: ihn von Hand ausführen; der"
            " Benutzer braucht das Recht zum Schalten"
        ),
    ),
    "LP-685": (
        "no board is called {name!r}. Next: choose one of {known}, or add it to rig.toml",
        (
            "keine Platine heißt {name!r}. Nächster Schritt: eine von {known} wählen, oder sie in rig.toml "
            "eintragen"
        ),
    ),
    "LP-686": (
        (
            "the network has not heard {what} within {seconds:g} s. Next: look whether a gateway is in reach"
            " and the device is registered"
        ),
        (
            "das Netz hat {what} binnen {seconds:g} s nicht gehört. Nächster Schritt: prüfen, ob ein Gateway"
            " in Reichweite und das Gerät angemeldet ist"
        ),
    ),
    "LP-687": (
        (
            "a file on the board is not what was written: {path}. Next: run again; if it repeats, the flash "
            "is worn"
        ),
        (
            "eine Datei auf der Platine ist nicht, was geschrieben wurde: {path}. Nächster Schritt: "
            "wiederholen; bleibt es so, ist der Flash verschlissen"
        ),
    ),
}


class RigError(Exception):
    """`code` is one of TEXTS; the message has code, cause and next step in the locale's language."""

    def __init__(self, code: str, **details: object):
        english, german = TEXTS[code]
        language = locale.getlocale(locale.LC_MESSAGES)[0] or ""
        text = (german if language.startswith("de") else english).format(**details)
        super().__init__(f"{code} {text}.")
        self.code = code


class MissingRoleError(Exception):
    """The rig has nothing for a role; the text says what would give it one."""
