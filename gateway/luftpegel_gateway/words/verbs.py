"""Messages about what an operator types (LP-55x); how they are told: `messages.py`."""

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for

from collections.abc import Mapping

from luftpegel_gateway.words.text import Text

VERBS: Mapping[str, Text] = {
    "LP-550": Text(
        ("There is no such station: {detail}.", "Did you mean: {near}? `luftpegel gateway station list` shows all."),
        ("Eine solche Station gibt es nicht: {detail}.", "Gemeint war vielleicht: {near}. `luftpegel gateway station list` zeigt alle."),
    ),
    "LP-551": Text(
        ("Several tenants have a station of this name: {detail}.", "Say which one is meant: {choices}."),
        ("Mehrere Mandanten haben eine Station dieses Namens: {detail}.", "Sagen, welche gemeint ist: {choices}."),
    ),
    "LP-552": Text(
        ("There is no such quantity: {detail}.", "Give one of: {near}; docs/channels.md has all."),
        ("Eine solche Größe gibt es nicht: {detail}.", "Eine von diesen angeben: {near}; alle stehen in docs/channels.md."),
    ),
    "LP-553": Text(
        ("'{key}' is the credential {name}, which systemd gives to the service alone; this command runs outside of it.",
         "Run it with the same credential: `sudo systemd-run --pipe --wait --collect -p User=luftpegel -p LoadCredential={name}:FILE luftpegel gateway check --config FILE`, with User and LoadCredential as `systemctl cat luftpegel-gateway` shows them; an encrypted one takes LoadCredentialEncrypted, and `sudo systemd-creds decrypt FILE -` shows whether it can be read. `check --no-dial` needs none."),
        ("'{key}' ist das Credential {name}, das systemd nur dem Dienst gibt; dieser Befehl läuft außerhalb.",
         "Ihn mit demselben Credential ausführen: `sudo systemd-run --pipe --wait --collect -p User=luftpegel -p LoadCredential={name}:DATEI luftpegel gateway check --config DATEI`, mit User und LoadCredential wie in `systemctl cat luftpegel-gateway`; ein verschlüsseltes nimmt LoadCredentialEncrypted, und `sudo systemd-creds decrypt DATEI -` zeigt, ob es lesbar ist. `check --no-dial` braucht keines."),
    ),
    "LP-554": Text(
        ("There are stores of several tenants: {detail}.", "Say whose with --tenant ID, or give a file with --store."),
        ("Es gibt Ablagen mehrerer Mandanten: {detail}.", "Mit --tenant ID sagen, wessen gemeint ist, oder mit --store eine Datei angeben."),
    ),
    "LP-555": Text(
        ("The file that remembers what stands in the files was removed or replaced, and cannot be written anew: {detail}. The gateway still holds it open; readings wait.",
         "Make room in the data folder and let the gateway's user write there; do not stop the gateway before this is over."),
        ("Die Datei, die weiß, was in den Dateien steht, wurde entfernt oder ersetzt und lässt sich nicht neu schreiben: {detail}. Das Gateway hält sie noch offen; Messwerte warten.",
         "Im Datenordner Platz schaffen und den Benutzer des Gateways dort schreiben lassen; das Gateway nicht anhalten, bevor das vorbei ist."),
    ),
    "LP-556": Text(
        ("The file that remembers what stands in the files was removed or replaced while in use: {detail}. All of it has been written anew; nothing is missing and nothing is there twice.",
         "Find out who tidies the data folder, and leave it to the gateway. What was put in its place lies beside it as .strange-1."),
        ("Die Datei, die weiß, was in den Dateien steht, wurde im Betrieb entfernt oder ersetzt: {detail}. Sie ist vollständig neu geschrieben; nichts fehlt, nichts steht doppelt da.",
         "Herausfinden, wer im Datenordner aufräumt, und ihn dem Gateway überlassen. Was an ihre Stelle gelegt wurde, liegt daneben als .strange-1."),
    ),
    "LP-557": Text(
        ("Only the service has the key of the API of source {detail}, so this command cannot ask its network server.",
         "Look there by ChirpStack's own pages; or give `api_key_file` a file (0600) that this user can read."),
        ("Nur der Dienst hat den Schlüssel der API der Quelle {detail}; dieser Befehl kann ihren Netzserver daher nicht fragen.",
         "Dort auf ChirpStacks eigenen Seiten nachsehen; oder bei `api_key_file` eine Datei (0600) angeben, die dieser Benutzer lesen kann."),
    ),
}  # fmt: skip
