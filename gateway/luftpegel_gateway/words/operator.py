"""Messages about the operator's files and commands (LP-3xx); how they are told: `messages.py`."""

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for

from collections.abc import Mapping

from luftpegel_gateway.words.text import Text

OPERATOR: Mapping[str, Text] = {
    "LP-301": Text(
        ("The file cannot be read: {reason}.", "Check its path (--config names gateway.toml) and who may read it."),
        ("Die Datei ist nicht lesbar: {reason}.", "Pfad (--config nennt gateway.toml) und Leserechte prüfen."),
    ),
    "LP-302": Text(
        ("This is not valid TOML: {reason}.", "Correct this line. Text needs quotes, tables stand in [brackets]."),
        ("Das ist kein gültiges TOML: {reason}.",
         "Diese Zeile berichtigen. Text braucht Anführungszeichen, Tabellen stehen in [Klammern]."),
    ),
    "LP-303": Text(
        ("Nobody reads the key '{key}'.", "Did you mean '{near}'?"),
        ("Den Schlüssel '{key}' liest niemand.", "War '{near}' gemeint?"),
    ),
    "LP-304": Text(
        ("'{key}' must be {expected}, but is {got}.", "Correct the value."),
        ("'{key}' muss {expected} sein, ist aber {got}.", "Den Wert berichtigen."),
    ),
    "LP-305": Text(
        ("'{key}' is missing here.", "Add it."),
        ("Hier fehlt '{key}'.", "Bitte ergänzen."),
    ),
    "LP-306": Text(
        ("'{key}' is {got}; possible is: {expected}.", "Correct the value."),
        ("'{key}' ist {got}; möglich ist: {expected}.", "Den Wert berichtigen."),
    ),
    "LP-307": Text(
        ("'{key}' = {value} stands twice (also: line {other}).", "Give each its own, or remove one."),
        ("'{key}' = {value} steht doppelt da (auch: Zeile {other}).", "Jedem ein eigenes geben oder eines entfernen."),
    ),
    "LP-308": Text(
        ("'{key}' names the file {path}, which cannot be used: {reason}.", "Check the path; it counts from the folder of this file."),
        ("'{key}' nennt die Datei {path}, die nicht brauchbar ist: {reason}.",
         "Den Pfad prüfen; er zählt vom Ordner dieser Datei aus."),
    ),
    "LP-309": Text(
        ("'{key}': others may read the secret in {path} (mode {mode}).", "Run: chmod 600 {path}"),
        ("'{key}': andere dürfen das Geheimnis in {path} lesen (Rechte {mode}).", "Ausführen: chmod 600 {path}"),
    ),
    "LP-310": Text(
        ("Stations without a place: {detail}.", "Give them latitude and longitude in stations.toml."),
        ("Stationen ohne Standort: {detail}.", "Ihnen in stations.toml latitude und longitude geben."),
    ),
    "LP-311": Text(
        ("'{key}' is \"{got}\"; it must look like \"{example}\".", "Correct the value."),
        ("'{key}' ist \"{got}\"; es muss aussehen wie \"{example}\".", "Den Wert berichtigen."),
    ),
    "LP-312": Text(
        ("The name \"{value}\" is taken.", "Give this table a name of its own: name = \"...\""),
        ("Der Name \"{value}\" ist vergeben.", "Dieser Tabelle einen eigenen Namen geben: name = \"...\""),
    ),
    "LP-313": Text(
        ("Nobody reads the key '{key}'.", "Remove it. Possible here: {known}."),
        ("Den Schlüssel '{key}' liest niemand.", "Entfernen. Möglich ist hier: {known}."),
    ),
    "LP-314": Text(
        ("'{key}' is no quantity that stations measure.", "Correct the name. Possible is: {known}."),
        ("'{key}' ist keine Größe, die Stationen messen.", "Den Namen berichtigen. Möglich ist: {known}."),
    ),
    "LP-315": Text(
        ("The limit low = {low} does not lie below high = {high}.", "Correct one of the two."),
        ("Die Grenze low = {low} liegt nicht unter high = {high}.", "Eine der beiden berichtigen."),
    ),
    "LP-316": Text(
        ("'{key}' = {value} lies outside of what the quantity can be: {range}.", "Give a limit within that, in the quantity's own unit (docs/channels.md)."),
        ("'{key}' = {value} liegt außerhalb dessen, was die Größe sein kann: {range}.",
         "Eine Grenze darin angeben, in der Einheit der Größe (docs/channels.md)."),
    ),
    "LP-317": Text(
        ("The neighbour \"{value}\" is no station of this file.", "Correct the id, or add the station."),
        ("Der Nachbar \"{value}\" ist keine Station dieser Datei.", "Die id berichtigen oder die Station eintragen."),
    ),
    "LP-318": Text(
        ("The station \"{value}\" is named as its own neighbour.", "Name only other stations."),
        ("Die Station \"{value}\" ist als ihr eigener Nachbar genannt.", "Nur andere Stationen nennen."),
    ),
    "LP-319": Text(
        ("'{key}' = {value} {unit} is finer than the quantity is told.", "Give a larger limit, in the quantity's own unit (docs/channels.md)."),
        ("'{key}' = {value} {unit} ist feiner, als die Größe übertragen wird.",
         "Eine größere Grenze angeben, in der Einheit der Größe (docs/channels.md)."),
    ),
    "LP-320": Text(
        ("The device is not in stations.toml: {detail}.",
         "Add a [[station]] with this dev_eui to stations.toml, then `luftpegel gateway quarantine replay`; the gateway need not be restarted."),
        ("Das Gerät steht nicht in stations.toml: {detail}.",
         "Eine [[station]] mit dieser dev_eui in stations.toml eintragen, dann `luftpegel gateway quarantine replay`; das Gateway muss nicht neu starten."),
    ),
    "LP-321": Text(
        ("'{key}' is an empty list: no device would be let in.", "Remove the line to let all in, or name some."),
        ("'{key}' ist eine leere Liste: kein Gerät käme durch.", "Die Zeile entfernen, um alle zuzulassen, oder welche nennen."),
    ),
    "LP-322": Text(
        ("'{key}': \"{got}\" fits no device EUI.", "Write 16 hexadecimal digits; * stands for any of them, ? for one: \"70b3d57e*\"."),
        ("'{key}': „{got}“ passt auf keine Geräte-EUI.", "16 Hexadezimalziffern schreiben; * steht für beliebige, ? für eine: \"70b3d57e*\"."),
    ),
    "LP-323": Text(
        ("'{key}' and '{other}' are two ways to log in; only one can be used.", "Remove one of them."),
        ("'{key}' und '{other}' sind zwei Arten der Anmeldung; nur eine geht.", "Eine davon entfernen."),
    ),
    "LP-330": Text(
        ("There is no quarantine entry {detail}.", "List them with `luftpegel gateway quarantine list`."),
        ("Einen Eintrag {detail} gibt es in der Quarantäne nicht.", "Mit `luftpegel gateway quarantine list` auflisten."),
    ),
    "LP-331": Text(
        ("There is no journal yet: {detail}.", "Start the gateway once with `luftpegel gateway run`."),
        ("Es gibt noch kein Journal: {detail}.", "Das Gateway einmal mit `luftpegel gateway run` starten."),
    ),
    "LP-332": Text(
        ("The running gateway does not answer this request: {detail}.",
         "Check with `luftpegel gateway status` and the log whether it works, run this as the gateway's user, and try again; a request that was under way is safe to repeat."),
        ("Das laufende Gateway beantwortet diese Anfrage nicht: {detail}.",
         "Mit `luftpegel gateway status` und dem Protokoll prüfen, ob es arbeitet, den Befehl als Benutzer des Gateways geben und erneut versuchen; eine angefangene Anfrage darf wiederholt werden."),
    ),
    "LP-333": Text(
        ("What to discard has to be confirmed: {detail}.",
         "Answer the question with y, or give --yes."),
        ("Was verworfen werden soll, muss bestätigt werden: {detail}.",
         "Die Frage mit j beantworten oder --yes angeben."),
    ),
    "LP-334": Text(
        ("There is no sink of this name: {detail}.", "Give a name that stands in gateway.toml (where none is given, the kind is the name)."),
        ("Ein Ziel dieses Namens gibt es nicht: {detail}.", "Einen Namen aus gateway.toml angeben (wo keiner steht, ist die Art der Name)."),
    ),
    "LP-335": Text(
        ("stations.toml has been changed and cannot be used: {detail}. The list from before stays in force.",
         "Correct it (`luftpegel gateway check` says what is wrong), then have it read again: SIGHUP, or `luftpegel gateway quarantine replay`."),
        ("stations.toml ist geändert worden und nicht brauchbar: {detail}. Die bisherige Liste gilt weiter.",
         "Die Datei berichtigen (`luftpegel gateway check` sagt, was falsch ist) und neu lesen lassen: SIGHUP, oder `luftpegel gateway quarantine replay`."),
    ),
}  # fmt: skip
