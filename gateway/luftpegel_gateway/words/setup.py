"""Messages about setting a gateway up: secrets, hosts, places, `init`, `check` and `station` (LP-3xx)."""

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for

from collections.abc import Mapping

from luftpegel_gateway.words.text import Text

SETUP: Mapping[str, Text] = {
    "LP-324": Text(
        ("'{key}' is to come from the environment, and cannot: {reason}.", "Set the variable where the gateway is started, or name a file that only its owner may read."),
        ("'{key}' soll aus der Umgebung kommen und kann nicht: {reason}.", "Die Variable dort setzen, wo das Gateway gestartet wird, oder eine Datei nennen, die nur ihr Besitzer lesen darf."),
    ),
    "LP-325": Text(
        ("'{key}' is to come from systemd's credentials, and cannot: {reason}.", "Give the unit LoadCredential=NAME:FILE and write credential:NAME here; outside of the service there are none."),
        ("'{key}' soll aus den Credentials von systemd kommen und kann nicht: {reason}.", "Der Unit LoadCredential=NAME:DATEI geben und hier credential:NAME schreiben; außerhalb des Dienstes gibt es keine."),
    ),
    "LP-326": Text(
        ("The file that '{key}' names gives no secret: {reason}.", "Write where the secret is, never the secret itself: a file of mode 0600 (its path counts from the folder of this file), env:NAME or credential:NAME."),
        ("Die Datei, die '{key}' nennt, ergibt kein Geheimnis: {reason}.", "Hier steht, wo das Geheimnis liegt, nie es selbst: eine Datei mit Rechten 0600 (ihr Pfad zählt vom Ordner dieser Datei aus), env:NAME oder credential:NAME."),
    ),
    "LP-327": Text(
        ("'{key}' begins with {scheme}://; a host stands alone.", "Write the host's name only; the port goes to 'port', encryption to 'tls'."),
        ("'{key}' beginnt mit {scheme}://; ein Rechnername steht allein.", "Nur den Namen des Rechners schreiben; der Port gehört zu 'port', die Verschlüsselung zu 'tls'."),
    ),
    "LP-328": Text(
        ("'{key}' is no name or address of a host.", "Write it without port, path, user or blanks: \"broker.example\" or \"192.0.2.7\"; the port goes to 'port'."),
        ("'{key}' ist kein Name und keine Adresse eines Rechners.", "Ohne Port, Pfad, Benutzer und Leerzeichen schreiben: „broker.example“ oder „192.0.2.7“; der Port gehört zu 'port'."),
    ),
    "LP-329": Text(
        ("'{key}' = {path} can be no folder: {obstacle} is a file.", "Name another folder."),
        ("'{key}' = {path} kann kein Ordner sein: {obstacle} ist eine Datei.", "Einen anderen Ordner nennen."),
    ),
    "LP-338": Text(
        ("'{key}' stands here without '{other}': that is no place.", "Add '{other}', or remove '{key}'."),
        ("'{key}' steht hier ohne '{other}': das ist kein Ort.", "'{other}' ergänzen oder '{key}' entfernen."),
    ),
    "LP-339": Text(
        ("'{key}' cannot be used for TLS ({path}): {reason}.", "Take the file as the authority issued it, in PEM (\"-----BEGIN ...\"); certificate and key belong together, the key without a passphrase."),
        ("'{key}' taugt nicht für TLS ({path}): {reason}.", "Die Datei nehmen, wie die Zertifizierungsstelle sie ausgestellt hat, in PEM („-----BEGIN ...“); Zertifikat und Schlüssel gehören zusammen, der Schlüssel ohne Passphrase."),
    ),
    "LP-343": Text(
        ("There is no station here: every frame would go into quarantine.", "Add the first one: `luftpegel gateway station add LP-0001 --dev-eui 70b3d57ed0001234 --name \"Mill bridge\" --kind level`, with its own."),
        ("Hier steht keine Station: jeder Frame käme in Quarantäne.", "Die erste eintragen: `luftpegel gateway station add LP-0001 --dev-eui 70b3d57ed0001234 --name \"Mühlbach Brücke\" --kind level`, mit ihren eigenen Werten."),
    ),
    "LP-344": Text(
        ("The file is not UTF-8; it looks like {reason}.", "Save it as UTF-8 in the editor, and check umlauts on this line."),
        ("Die Datei ist kein UTF-8; sie sieht aus wie {reason}.", "Sie im Editor als UTF-8 speichern und die Umlaute in dieser Zeile prüfen."),
    ),
    "LP-345": Text(
        ("The file has more than {most} MiB: it cannot be a file of settings.", "Check the path: is it another file?"),
        ("Die Datei hat mehr als {most} MiB: das kann keine Datei mit Einstellungen sein.", "Den Pfad prüfen: ist es eine andere Datei?"),
    ),
    "LP-346": Text(
        ("The broker has dropped messages because its queues were full: {detail}.", "Set max_queued_messages 0 and persistence true in mosquitto.conf (docs/gateway.md); the count begins anew with the broker."),
        ("Der Broker hat Nachrichten verworfen, weil seine Warteschlangen voll waren: {detail}.", "In mosquitto.conf max_queued_messages 0 und persistence true setzen (docs/gateway.md); die Zählung beginnt mit dem Broker neu."),
    ),
    "LP-347": Text(
        ("This machine's clock is wrong: {detail}.", "Turn on time synchronisation (`timedatectl set-ntp true`), or give a machine without internet a clock of its own."),
        ("Die Uhr dieses Rechners geht falsch: {detail}.", "Die Zeitsynchronisation einschalten (`timedatectl set-ntp true`) oder einem Rechner ohne Internet eine eigene Uhr geben."),
    ),
    "LP-348": Text(
        ("The disk has less room than the gateway may need: {detail}.", "Make room, or lower keep_mib and quarantine_mib in gateway.toml."),
        ("Die Platte hat weniger Platz, als das Gateway brauchen darf: {detail}.", "Platz schaffen oder keep_mib und quarantine_mib in gateway.toml senken."),
    ),
    "LP-349": Text(
        ("The data folder cannot be used by this user: {detail}.", "Run the gateway and its commands as the folder's owner, or give the folder to this user with chown."),
        ("Dieser Benutzer kann den Datenordner nicht benutzen: {detail}.", "Gateway und Befehle als Besitzer des Ordners ausführen oder ihn mit chown diesem Benutzer geben."),
    ),
    "LP-358": Text(
        ("A certificate is out of date, or soon will be: {detail}.", "Have a new one issued and put it in the file's place; then restart the gateway."),
        ("Ein Zertifikat ist zeitlich nicht gültig, oder bald nicht mehr: {detail}.", "Ein neues ausstellen lassen, an die Stelle der Datei legen und das Gateway neu starten."),
    ),
    "LP-359": Text(
        ("An answer is missing or cannot be used: {detail}.", "Answer on the terminal, or give it in the --answers file; `luftpegel gateway init --help` lists them."),
        ("Eine Antwort fehlt oder ist nicht brauchbar: {detail}.", "Am Terminal antworten oder sie in der Datei von --answers geben; `luftpegel gateway init --help` nennt alle."),
    ),
    "LP-361": Text(
        ("There are files already; nothing was written: {detail}.", "Give another --config, or --overwrite: the old ones are then kept beside the new with the ending .old."),
        ("Es gibt schon Dateien; nichts wurde geschrieben: {detail}.", "Ein anderes --config angeben oder --overwrite: die alten bleiben dann mit der Endung .old daneben."),
    ),
    "LP-362": Text(
        ("There is no station \"{detail}\".", "`luftpegel gateway station list` shows all."),
        ("Eine Station „{detail}“ gibt es nicht.", "`luftpegel gateway station list` zeigt alle."),
    ),
    "LP-363": Text(
        ("The id \"{detail}\" is taken, or its readings are kept under it.", "Choose another id; a station's history stays under the id that it had first."),
        ("Die id „{detail}“ ist vergeben, oder unter ihr liegen Messwerte.", "Eine andere id wählen; die Messwerte einer Station bleiben unter ihrer ersten id."),
    ),
    "LP-364": Text(
        ("stations.toml could not be replaced: {detail}. It is as it was.", "Check the folder's rights and the disk, and run this as the file's owner."),
        ("stations.toml ließ sich nicht ersetzen: {detail}. Sie ist, wie sie war.", "Rechte des Ordners und Platte prüfen und den Befehl als Besitzer der Datei geben."),
    ),
    "LP-365": Text(
        ("The file has been changed so that it cannot be edited here: {detail}.", "Correct it by hand (`luftpegel gateway check` says what is wrong), then try again."),
        ("Die Datei lässt sich so hier nicht bearbeiten: {detail}.", "Von Hand berichtigen (`luftpegel gateway check` sagt, was falsch ist), dann erneut versuchen."),
    ),
    "LP-366": Text(
        ("Trying \"{detail}\" failed in the gateway itself.", "Report this with the output of `luftpegel gateway check --json`; what was tried besides is told truly."),
        ("Der Versuch bei „{detail}“ scheiterte im Gateway selbst.", "Das mit der Ausgabe von `luftpegel gateway check --json` melden; was sonst versucht wurde, stimmt."),
    ),
    "LP-367": Text(
        ("\"{detail}\" gives no answer in time.", "Check the way there: network, firewall, and whether the other end works."),
        ("„{detail}“ antwortet nicht rechtzeitig.", "Den Weg dorthin prüfen: Netz, Firewall, und ob die Gegenstelle arbeitet."),
    ),
    "LP-368": Text(
        ("There is no tenant \"{value}\".", "Correct it, or add [[tenant]] with this id to gateway.toml."),
        ("Einen Mandanten „{value}“ gibt es nicht.", "Ihn berichtigen oder in gateway.toml [[tenant]] mit dieser id eintragen."),
    ),
}  # fmt: skip
