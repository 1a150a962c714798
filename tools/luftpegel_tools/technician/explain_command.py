"""`luftpegel explain LP-231`: what an error code means, who tells it, and what to do. Needs no network."""

import argparse
import difflib
import json
import re
import sys
from collections.abc import Mapping

from luftpegel_gateway.words.messages import CATALOGUE as GATEWAY
from luftpegel_gateway.words.messages import language_of
from luftpegel_gateway.words.text import Text
from luftpegel_tools.technician.error_table import ERRORS
from luftpegel_tools.technician.remedies import REMEDIES
from luftpegel_tools.technician.words import CATALOGUE as TECHNICIAN

_MESSAGES: Mapping[str, Text] = {**GATEWAY, **TECHNICIAN}
_PLACE = re.compile(r"\{\w+\}")
_SAID = {
    "en": {"by": "told by", "next": "Next step", "unknown": "There is no error code {got}. Near it: {near}"},
    "de": {
        "by": "gemeldet von",
        "next": "Nächster Schritt",
        "unknown": "Den Fehlercode {got} gibt es nicht. Ähnlich: {near}",
    },
}
# Who tells a code, in German; one that is not here has a name for a name.
_BY_DE = {
    "station": "Station", "radio": "Funkmodul", "wire": "Format", "station file": "Stationsdatei",
    "virtual board": "virtuelle Platine", "image builder": "Bau des Abbilds", "decode": "decode",
    "town": "simulierte Stadt", "packages": "Pakete", "technician": "Technik-Werkzeug",
}  # fmt: skip


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("codes", nargs="*", metavar="CODE", help="such as LP-231 (default: all, a line each)")
    parser.add_argument("--lang", choices=("de", "en"), help="language (default: yours)")
    parser.add_argument("--json", action="store_true", help="the answer for machines")


def run(args: argparse.Namespace) -> int:
    """Explain: 0 done, 1 a code is not known."""
    language = language_of(args.lang)
    codes = [_written(code) for code in args.codes]
    if unknown := [code for code in codes if code not in ERRORS]:
        near = ", ".join(difflib.get_close_matches(unknown[0], ERRORS, 3, 0))
        print(_SAID[language]["unknown"].format(got=unknown[0], near=near), file=sys.stderr)
        return 1
    told = [explained(code, language) for code in codes or ERRORS]
    if args.json:
        print(json.dumps(told, ensure_ascii=False, indent=2))
    elif codes:
        print("\n".join(_whole(one, language) for one in told))
    else:
        print("\n".join(f"{one['code']}  {one['means']}" for one in told))
    return 0


def explained(code: str, language: str) -> dict[str, str]:
    """`code`, `by`, `means` and `next_step` of a code; … stands for what only the case can tell."""
    by, means = ERRORS[code]
    if message := _MESSAGES.get(code):
        cause, step = message.de if language == "de" else message.en
        cause, step = _PLACE.sub("…", cause), _PLACE.sub("…", step)
    else:
        remedy = REMEDIES[code]
        cause, step = (remedy.de, remedy.step_de) if language == "de" else (means, remedy.step_en)
    if language == "de":
        return {"code": code, "by": _BY_DE.get(by, by), "means": cause, "next_step": step}
    return {"code": code, "by": by, "means": means, "next_step": step}


def _whole(one: Mapping[str, str], language: str) -> str:
    said = _SAID[language]
    return (
        f"{one['code']} ({said['by']}: {one['by']})\n  {one['means']}\n  {said['next']}: {one['next_step']}"
    )


def _written(code: str) -> str:
    """As people type it: lp112, 112, LP 112."""
    found = re.fullmatch(r"\s*(?:lp)?[-_ ]?(\d{3})\s*", code, re.IGNORECASE)
    return f"LP-{found[1]}" if found else code
