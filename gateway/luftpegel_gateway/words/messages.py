"""Every message for people: what is wrong (one cause) and what to do next, by LP code, in German and English.

LP-2xx link and frames, LP-3xx operator and configuration, LP-4xx brokers, platforms, databases, disks, sinks
and the page, LP-5xx the network server's API; each file of this room says which it has. The words in braces
come from where it was found.
"""

import os
import re
from collections.abc import Mapping

from luftpegel_gateway.words.brokers import BROKERS
from luftpegel_gateway.words.databases import DATABASES
from luftpegel_gateway.words.installing import INSTALLING
from luftpegel_gateway.words.link import LINK
from luftpegel_gateway.words.network_server import NETWORK_SERVER
from luftpegel_gateway.words.operator import OPERATOR
from luftpegel_gateway.words.outputs import OUTPUTS
from luftpegel_gateway.words.parts import PARTS
from luftpegel_gateway.words.platforms import PLATFORMS
from luftpegel_gateway.words.pushing import PUSHING
from luftpegel_gateway.words.receiving import RECEIVING
from luftpegel_gateway.words.sensorthings import SENSORTHINGS
from luftpegel_gateway.words.setup import SETUP
from luftpegel_gateway.words.text import Text
from luftpegel_gateway.words.verbs import VERBS

LANGUAGES = ("en", "de")
CATALOGUE: Mapping[str, Text] = {
    **LINK, **OPERATOR, **SETUP, **BROKERS, **PLATFORMS, **DATABASES, **PARTS, **OUTPUTS, **PUSHING,
    **INSTALLING, **SENSORTHINGS, **NETWORK_SERVER, **RECEIVING, **VERBS,
}  # fmt: skip
# What readers of options call things.
_GERMAN = {
    "> 0": "> 0",
    "another than topic_prefix": "ein anderer als topic_prefix",
    "text without \\u0000": "Text ohne \\u0000",
    "an integer": "eine ganze Zahl",
    # tomllib's; braces stand for what it puts there.
    "Invalid statement": "das ist keine Anweisung",
    "Expected newline or end of document after a statement": "hinter der Anweisung muss die Zeile enden",
    "Expected {}": "erwartet wird {}",
    "Found invalid character {}": "ungültiges Zeichen {}",
    "Cannot declare {} twice": "{} steht zweimal da",
    "Cannot overwrite a value": "der Wert steht schon da",
    "Expected ']' at the end of a table declaration": "am Ende der Tabelle fehlt ]",
    "Expected ']]' at the end of an array declaration": "am Ende der Tabelle fehlt ]]",
    "Cannot mutate immutable namespace {}": "{} lässt sich nicht mehr ergänzen",
    "Cannot redefine namespace {}": "{} steht zweimal da",
    "Expected '=' after a key in a key/value pair": "hinter dem Schlüssel fehlt =",
    "Invalid initial character for a key part": "so beginnt kein Schlüssel",
    "Unclosed array": "eine Liste hat kein Ende",
    "Duplicate inline table key {}": "{} steht zweimal da",
    "Unclosed inline table": "eine Tabelle hat kein Ende",
    "Unescaped '\\' in a string": "vor \\ fehlt noch ein \\",
    "Invalid hex value": "keine Hexadezimalzahl",
    "Escaped character is not a Unicode scalar value": "dieses Zeichen gibt es in Unicode nicht",
    "Unterminated string": "ein Text hat kein Ende",
    "Illegal character {}": "unerlaubtes Zeichen {}",
    "Invalid date or datetime": "kein Tag und kein Zeitpunkt",
    "Invalid value": "kein gültiger Wert",
    "{} is not set": "{} ist nicht gesetzt",
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
    "a table [gateway]": "eine Tabelle [gateway]",
    "a table [page]": "eine Tabelle [page]",
    "tables [[source]]": "Tabellen [[source]]",
    "tables [[sink]]": "Tabellen [[sink]]",
    "tables [[station]]": "Tabellen [[station]]",
    "a value": "ein Wert",
    "something else": "etwas anderes",
    "No such file or directory": "es gibt sie nicht",
    "Permission denied": "der Zugriff ist verweigert",
    "Is a directory": "sie ist ein Ordner",
    "not UTF-8": "kein UTF-8",
    "empty": "leer",
    "too large": "zu groß",
    "no name of a variable": "das ist kein Name einer Variablen",
    "no name of a credential": "das ist kein Name eines Credentials",
    "systemd has given none": "systemd hat keine übergeben",
    "no certificate in PEM": "kein Zertifikat in PEM",
    "no key in PEM": "kein Schlüssel in PEM",
    "the key is encrypted": "der Schlüssel ist verschlüsselt",
    "the key does not belong to the certificate": "der Schlüssel gehört nicht zum Zertifikat",
    "nothing that a file of settings can hold": "nichts, was in einer solchen Datei stehen kann",
}
_PATTERNS = tuple(
    (re.compile(re.escape(text).replace(r"\{\}", "(.*)"), re.DOTALL), german)
    for text, german in _GERMAN.items()
    if "{}" in text
)
_WORDS = {"en": "Next step", "de": "Nächster Schritt"}


def parts_of(code: str, language: str, **words: object) -> tuple[str, str]:
    """Cause and next step. A code of the wire's decoder is told by LP-200, with its own detail."""
    text = CATALOGUE.get(code, CATALOGUE["LP-200"])
    cause, step = text.de if language == "de" else text.en
    if language == "de":
        words = {name: _in_german(word) for name, word in words.items()}
    return cause.format_map(_Blank(words)), step.format_map(_Blank(words))


def _in_german(word: object) -> object:
    """What a reader of options, or of TOML, has said."""
    text = str(word)
    if text in _GERMAN:
        return _GERMAN[text]
    for pattern, german in _PATTERNS:
        if found := pattern.fullmatch(text):
            return german.format(*found.groups())
    return word


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
