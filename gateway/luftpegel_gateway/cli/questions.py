"""What `init` asks: each question with its key in the --answers file, its default, and a sentence of help."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from luftpegel_gateway.config import options
from luftpegel_gateway.config.wrong import Wrong

Answers = Mapping[str, Any]
Text = tuple[str, str]  # English, German
YES, NO = ("y", "yes", "j", "ja", "true"), ("n", "no", "nein", "false")
NOBODY = ""  # an answer left out


def flag(value: Any, _folder: Path) -> bool:
    """Yes or no, as people and as TOML write it."""
    word = str(value).strip().lower()
    if word not in (*YES, *NO):
        raise Wrong("LP-304", expected="true or false", got="text")
    return word in YES


def maybe(read: options.Reader) -> options.Reader:
    """What `read` takes, or nothing."""
    return lambda value, folder: NOBODY if value == NOBODY else read(value, folder)


def number(read: options.Reader) -> options.Reader:
    """A whole number, also as text from a terminal."""

    def convert(value: Any, folder: Path) -> Any:
        text = str(value).strip()
        return read(int(text) if re.fullmatch(r"\d{1,9}", text) else value, folder)

    return convert


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `default`: from the answers before; None: there is none. `when`: whether it is asked."""

    key: str
    ask: Text
    help: Text
    read: options.Reader
    default: Callable[[Answers], Any]
    when: Callable[[Answers], bool] = lambda _answers: True
    secret: bool = False


def _is(value: Any) -> Callable[[Answers], Any]:
    return lambda _answers: value


QUESTIONS = (
    Question("data", ("Folder for all data", "Ordner für alle Daten"),
             ("The journal and the store grow here; a relative path counts from gateway.toml.",
              "Hier wachsen Journal und Store; ein relativer Pfad zählt von gateway.toml aus."),
             options.text, _is("data")),
    Question("broker_host", ("Host of ChirpStack's MQTT broker", "Rechner des MQTT-Brokers von ChirpStack"),
             ("Its name or address alone, without mqtt:// and without a port.",
              "Nur Name oder Adresse, ohne mqtt:// und ohne Port."),
             options.host, _is("localhost")),
    Question("broker_tls", ("Does it speak TLS?", "Spricht er TLS?"),
             ("Yes for everything beyond this machine; else anybody on the way can read the password.",
              "Ja für alles außerhalb dieses Rechners; sonst liest jeder unterwegs das Passwort mit."),
             flag, lambda answers: answers["broker_host"] not in ("localhost", "127.0.0.1", "::1")),
    Question("broker_port", ("Its port", "Sein Port"),
             ("Usually 8883 with TLS and 1883 without.", "Meist 8883 mit TLS und 1883 ohne."),
             number(options.port), lambda answers: 8883 if answers["broker_tls"] else 1883),
    Question("broker_user", ("User name there (empty: none)", "Benutzername dort (leer: keiner)"),
             ("As the broker's administrator gave it to the gateway.",
              "Wie ihn der Verwalter des Brokers dem Gateway gegeben hat."),
             maybe(options.text), _is(NOBODY)),
    Question("broker_password", ("Its password", "Das Passwort"),
             ("It goes into a file of yours alone; env:NAME and credential:NAME are written as they are.",
              "Es kommt in eine Datei nur für Sie; env:NAME und credential:NAME bleiben, wie sie sind."),
             options.text, _is(None), lambda answers: bool(answers["broker_user"]), secret=True),
    Question("page", ("A status page in the browser?", "Eine Statusseite im Browser?"),
             ("It answers on this machine only, until [page] host says otherwise.",
              "Sie antwortet nur auf diesem Rechner, bis [page] host es anders sagt."),
             flag, _is(True)),
    Question("page_port", ("Its port", "Ihr Port"),
             ("Any that is free.", "Irgendein freier."),
             number(options.port), _is(8080), lambda answers: bool(answers["page"])),
    Question("station_id", ("Id of the first station (empty: later)", "Id der ersten Station (leer: später)"),
             ("Letters, digits, . _ -; it names the readings for ever.",
              "Buchstaben, Ziffern, . _ -; unter ihr liegen die Messwerte für immer."),
             maybe(options.matching(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", "LP-0001")), _is(NOBODY)),
    Question("station_dev_eui", ("Its DevEUI", "Ihre DevEUI"),
             ("16 hexadecimal digits, as on its label and in ChirpStack.",
              "16 Hexadezimalziffern, wie auf dem Aufkleber und in ChirpStack."),
             options.matching(r"[0-9A-Fa-f]{16}", "70b3d57ed0001234"), _is(None),
             lambda answers: bool(answers["station_id"])),
    Question("station_name", ("Its name", "Ihr Name"),
             ("What people call the place.", "Wie der Ort genannt wird."),
             options.text, _is(None), lambda answers: bool(answers["station_id"])),
    Question("station_kind", ("climate, air or level?", "climate, air oder level?"),
             ("Climate, air quality or water level.", "Klima, Luftqualität oder Wasserstand."),
             options.choice("climate", "air", "level"), _is("climate"),
             lambda answers: bool(answers["station_id"])),
)  # fmt: skip
