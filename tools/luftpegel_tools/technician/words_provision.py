"""What technicians are told while stations are registered at a network server, and keys moved (LP-640 to LP-659)."""

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for

from collections.abc import Mapping

from luftpegel_gateway.words.text import Text

PROVISION: Mapping[str, Text] = {
    "LP-640": Text(
        ("{count} of the stations in {file} have no key yet, {detail} first.", "luftpegel roster fill {file}"),
        ("{count} Stationen in {file} haben noch keinen Schlüssel, als erste {detail}.", "luftpegel roster fill {file}"),
    ),
    "LP-641": Text(
        ("ChirpStack has several things of one name: {what} {got} ({detail}).",
         "Delete or rename there the one that no device uses; of tenant and application, the id may be given instead of the name."),
        ("ChirpStack hat mehrere dieses Namens: {what} {got} ({detail}).",
         "Dort löschen oder umbenennen, was kein Gerät benutzt; bei Tenant und Anwendung kann statt des Namens die Id angegeben werden."),
    ),
    "LP-642": Text(
        ("The DevEUI {got} of {station} is registered elsewhere already (there: {detail}).",
         "Find it in ChirpStack's other applications and tenants and delete it there, or give the station another DevEUI if its board is not flashed yet."),
        ("Die DevEUI {got} von {station} ist schon anderswo registriert (dort: {detail}).",
         "In den anderen Anwendungen und Tenants von ChirpStack suchen und dort löschen, oder der Station eine andere DevEUI geben, wenn ihre Platine noch nicht bespielt ist."),
    ),
    "LP-643": Text(
        ("{got} is for another region ({region}) than the station files say ({wanted}).",
         "Correct `region` in the station file; or rename the profile in ChirpStack, then a new one is made; for The Things Stack leave out --frequency-plan."),
        ("{got} gilt für eine andere Region ({region}), als die Stationsdateien sagen ({wanted}).",
         "`region` in der Stationsdatei berichtigen; oder das Profil in ChirpStack umbenennen, dann wird ein neues angelegt; bei The Things Stack --frequency-plan weglassen."),
    ),
    "LP-644": Text(
        ("{station} is in use, and the network server has another key than town.keys.",
         "Find out which of the two its board has. If it is the one in town.keys: again with --replace-key {station}. If not: restore the right town.keys."),
        ("{station} ist in Betrieb, und der Netzserver hat einen anderen Schlüssel als town.keys.",
         "Feststellen, welchen von beiden die Platine hat. Ist es der in town.keys: noch einmal mit --replace-key {station}. Sonst: die richtige town.keys wiederherstellen."),
    ),
    "LP-645": Text(
        ("The network server takes no more: {what}: {detail}.",
         "Have its operator raise the tenant's limit, or remove devices there that nobody needs; then run this again."),
        ("Der Netzserver nimmt keine mehr an: {what}: {detail}.",
         "Den Betreiber die Grenze des Tenants erhöhen lassen, oder dort nicht mehr gebrauchte Geräte entfernen; dann noch einmal ausführen."),
    ),
    "LP-646": Text(
        ("The network server does not take the payload codec: {what}: {detail}.",
         "Readings come all the same, for the gateway decodes by itself: name another file with --codec, or leave it out with --no-codec."),
        ("Der Netzserver nimmt den Payload-Codec nicht an: {what}: {detail}.",
         "Messwerte kommen trotzdem, denn das Gateway dekodiert selbst: mit --codec eine andere Datei nennen oder ihn mit --no-codec weglassen."),
    ),
    "LP-647": Text(
        ("What was read back is not what was written: {what}: {detail}.",
         "Run this again. If it stays: somebody else writes there too, or the server is older than 4.0; its version stands in its web interface."),
        ("Zurückgelesen wurde etwas anderes als geschrieben: {what}: {detail}.",
         "Noch einmal ausführen. Bleibt es: dort schreibt noch jemand, oder der Server ist älter als 4.0; die Version steht in seiner Oberfläche."),
    ),
    "LP-648": Text(
        ("What changes at the network server has to be confirmed: {detail}.", "Answer the question with y, or give --yes."),
        ("Was sich am Netzserver ändert, muss bestätigt werden: {detail}.", "Die Frage mit j beantworten oder --yes angeben."),
    ),
    "LP-649": Text(
        ("The payload codec {file} cannot be read: {detail}.", "Run this from a checkout, or name the file with --codec, or leave it out with --no-codec."),
        ("Der Payload-Codec {file} ist nicht lesbar: {detail}.", "Aus einem Checkout ausführen, die Datei mit --codec nennen oder ihn mit --no-codec weglassen."),
    ),
    "LP-650": Text(
        ("The network server refuses this: {what}: {detail}.", "Correct what it names, in the roster or the station file; if it names nothing of these, report it."),
        ("Der Netzserver lehnt das ab: {what}: {detail}.", "Berichtigen, was er nennt, in der Liste oder der Stationsdatei; nennt er nichts davon, bitte melden."),
    ),
    "LP-651": Text(
        ("The radio gateway {got} is registered elsewhere already (there: {detail}).", "Have its owner delete it there, or take it out of the table of gateways: its frames come all the same if it is shared."),
        ("Das Funk-Gateway {got} ist schon anderswo registriert (dort: {detail}).", "Dort vom Eigentümer löschen lassen, oder es aus der Tabelle der Gateways nehmen: geteilt liefert es die Frames trotzdem."),
    ),
    "LP-652": Text(
        ("It is not said how to reach the network server: {detail}.", "Give --api-host and --api-key, or --config gateway.toml whose [[source]] names them; for The Things Stack --url and --api-key, or --to FILE."),
        ("Es fehlt, wie der Netzserver zu erreichen ist: {detail}.", "--api-host und --api-key angeben, oder --config gateway.toml, deren [[source]] sie nennt; bei The Things Stack --url und --api-key, oder --to DATEI."),
    ),
    "LP-653": Text(
        ("The API key cannot be read: {detail}.", "Name a file of your own with mode 0600 (chmod 600), env:NAME or credential:NAME."),
        ("Der API-Schlüssel ist nicht lesbar: {detail}.", "Eine eigene Datei mit Modus 0600 nennen (chmod 600), env:NAME oder credential:NAME."),
    ),
    "LP-654": Text(
        ("The passphrase is wrong, or {file} is damaged.", "Try the passphrase again; if you are sure of it, take another copy of the file."),
        ("Die Passphrase ist falsch, oder {file} ist beschädigt.", "Die Passphrase noch einmal versuchen; ist sie sicher richtig, eine andere Kopie der Datei nehmen."),
    ),
    "LP-655": Text(
        ("{file} is no file of exported keys that this luftpegel knows: {detail}.", "Check the path; a file of a newer luftpegel needs a newer luftpegel."),
        ("{file} ist keine Datei mit exportierten Schlüsseln, die dieses luftpegel kennt: {detail}.", "Den Pfad prüfen; eine Datei von einem neueren luftpegel braucht ein neueres."),
    ),
    "LP-656": Text(
        ("{file} has other keys than {other} for {count} devices, {detail} first; nothing was imported.",
         "Find out which one the boards have; move the other file away."),
        ("{file} hat für {count} Geräte andere Schlüssel als {other}, als erstes {detail}; nichts wurde übernommen.",
         "Feststellen, welche die Platinen haben; die andere Datei beiseitelegen."),
    ),
    "LP-657": Text(
        ("The passphrase cannot be used: {detail}.", "Choose one of at least {wanted} characters; it is read from the terminal, or from where --passphrase says (a file of mode 0600, env:NAME)."),
        ("Die Passphrase ist so nicht brauchbar: {detail}.", "Eine von mindestens {wanted} Zeichen wählen; sie wird vom Terminal gelesen, oder von dort, wo --passphrase sagt (Datei mit Modus 0600, env:NAME)."),
    ),
    "LP-658": Text(
        ("The stations {got} and {other} would be one device at The Things Stack: {detail}.", "Give one of them another id: there it is in lower case, with digits and single hyphens, 3 to 36 characters."),
        ("Die Stationen {got} und {other} wären bei The Things Stack ein Gerät: {detail}.", "Einer von beiden eine andere Id geben: dort besteht sie aus Kleinbuchstaben, Ziffern und einzelnen Bindestrichen, 3 bis 36 Zeichen."),
    ),
    "LP-659": Text(
        ("The Things Stack has no application {got}, or the key may not see it: {detail}.", "Make it in the console (Applications, Create), and in it an API key that may read and write devices and their keys."),
        ("The Things Stack hat keine Anwendung {got}, oder der Schlüssel darf sie nicht sehen: {detail}.", "In der Konsole anlegen (Applications, Create), und darin einen API-Schlüssel, der Geräte und ihre Schlüssel lesen und schreiben darf."),
    ),
}  # fmt: skip
