"""A plan and what became of it, for people and for machines. No key is ever shown."""

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from luftpegel_gateway.transport.http_client import hidden
from luftpegel_gateway.words import messages
from luftpegel_tools.technician.provision.bulk import Trouble
from luftpegel_tools.technician.provision.item import Item, State
from luftpegel_tools.technician.words import TroubleError

_STATES = {
    "en": {State.NEW: "new", State.CHANGED: "changed", State.SAME: "same", State.FOREIGN: "foreign", State.REFUSED: "refused"},
    "de": {State.NEW: "neu", State.CHANGED: "geändert", State.SAME: "gleich", State.FOREIGN: "fremd", State.REFUSED: "abgelehnt"},
}
_WHAT = {
    "en": {},
    "de": {"tenant": "Tenant", "application": "Anwendung", "profile": "Profil", "gateway": "Gateway", "device": "Gerät"},
}  # fmt: skip
_SAID = {
    "en": {
        "at": "{server}, tenant {tenant}, application {application}: {stations} stations.",
        "ask": "Apply? [y/N] ",
        "asked": "{writes} of {all} things change",
        "nothing": "Nothing to do: the network server has all of it.",
        "done": "{done} written, read back and compared; {kept} were so already.",
        "failed": "{failed} failed, {open} not begun. Run it again: what is done is not done twice.",
        "flush": "  flush    join numbers  {station}",
        "flushed": "{station}: its earlier join numbers are forgotten; it may join again.",
        "stations": "{file} is changed: {added} stations added; the one from before is {old}.",
        "stations_same": "{file} has all of them.",
        "file": "{file}: {stations} stations with their keys. In the console: End devices, Import end devices, The Things Stack CSV. Then delete the file.",
        "file_plan": "{file} would get {stations} stations with their keys.",
        "hint": "The gateway's stations.toml: luftpegel gateway import",
        "none": "no key",
        "other": "another key",
        "field": "the right key in the field of LoRaWAN 1.1",
    },
    "de": {
        "at": "{server}, Tenant {tenant}, Anwendung {application}: {stations} Stationen.",
        "ask": "Anwenden? [j/N] ",
        "asked": "{writes} von {all} ändern sich",
        "nothing": "Nichts zu tun: der Netzserver hat alles.",
        "done": "{done} geschrieben, zurückgelesen und verglichen; {kept} waren schon so.",
        "failed": "{failed} gescheitert, {open} nicht begonnen. Noch einmal ausführen: Erledigtes geschieht nicht doppelt.",
        "flush": "  leeren   Join-Nummern  {station}",
        "flushed": "{station}: die früheren Join-Nummern sind vergessen; sie kann sich wieder anmelden.",
        "stations": "{file} ist geändert: {added} Stationen eingetragen; die vorige ist {old}.",
        "stations_same": "{file} hat alle.",
        "file": "{file}: {stations} Stationen mit ihren Schlüsseln. In der Konsole: End devices, Import end devices, The Things Stack CSV. Danach die Datei löschen.",
        "file_plan": "{file} bekäme {stations} Stationen mit ihren Schlüsseln.",
        "hint": "Die stations.toml des Gateways: luftpegel gateway import",
        "none": "kein Schlüssel",
        "other": "ein anderer Schlüssel",
        "field": "der richtige Schlüssel im Feld von LoRaWAN 1.1",
    },
}  # fmt: skip


class Voice:
    """Says things in one language; `secrets` are taken out of whatever a server says."""

    def __init__(self, language: str, secrets: Iterable[str] = ()) -> None:
        self.language = language
        self._secrets = tuple(secrets)

    def say(self, what: str, **words: object) -> str:
        """One of our sentences."""
        return _SAID[self.language][what].format_map(words)

    def trouble(self, trouble: Trouble) -> str:
        """Code, cause and next step."""
        if isinstance(trouble, TroubleError):
            text = trouble.text(self.language)
        else:
            text = messages.say(trouble.code, self.language, detail=trouble.detail)
        return hidden(text, self._secrets)

    def plan(self, items: Sequence[Item]) -> Iterator[str]:
        """A line for each thing that is not as it is wanted, one for each difference, and the sums."""
        states = _STATES[self.language]
        for item in items:
            if item.state is not State.SAME:
                yield f"  {states[item.state]:<9} {self._what(item.what):<11} {item.id:<16} {item.name}".rstrip()
                if item.state in (State.CHANGED, State.REFUSED):
                    yield from self._differences(item)
                if item.trouble is not None:
                    yield "    " + self.trouble(item.trouble).replace("\n", "\n    ")
        count = Counter(item.state for item in items)
        yield ", ".join(f"{count[state]} {states[state]}" for state in State)

    def _differences(self, item: Item) -> Iterator[str]:
        said = _SAID[self.language]
        for one in item.differences:
            if one.field == "key":
                told = {"": said["none"], "app_key": said["field"]}.get(one.there, said["other"])
                yield f"      key: {told}"
            else:
                yield f"      {one.field}: {one.there or '-'} -> {one.here or '-'}"

    def _what(self, what: str) -> str:
        return _WHAT[self.language].get(what, what)


def facts(item: Item) -> dict[str, Any]:
    """An item for machines."""
    return {
        "what": item.what,
        "id": item.id,
        "name": item.name,
        "state": str(item.state),
        "code": item.trouble.code if item.trouble is not None else None,
        "differences": [{"field": one.field, "there": one.there, "here": one.here} for one in item.differences],
    }
