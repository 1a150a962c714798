"""Messages of the sources `http-push` (its signature), `usb-receiver` and `replay` (from LP-520 on); see
`messages.py`."""

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for

from collections.abc import Mapping

from luftpegel_gateway.words.text import Text

RECEIVING: Mapping[str, Text] = {
    "LP-520": Text(
        ("The clock of a program that signs what it posts is {detail}; what it posts is refused.", "Set both machines by NTP, or allow more with window_s."),
        ("Die Uhr eines Programms, das Signiertes schickt, weicht von unserer ab ({detail}); was es schickt, wird abgewiesen.", "Beide Rechner per NTP stellen, oder mit window_s mehr zulassen."),
    ),
    "LP-521": Text(
        ("The receiver's port is not there: {detail}.", "Plug the receiver in, and check its cable and port in gateway.toml (`ls /dev/serial/by-id`). The gateway goes on as soon as it is there."),
        ("Der Anschluss des Empfängers ist nicht da: {detail}.", "Den Empfänger einstecken, Kabel und port in gateway.toml prüfen (`ls /dev/serial/by-id`). Das Gateway macht weiter, sobald er da ist."),
    ),
    "LP-522": Text(
        ("The gateway may not open the receiver's port: {detail}.", "Give its user the group of serial ports: `sudo usermod -aG dialout luftpegel`, then restart the gateway."),
        ("Das Gateway darf den Anschluss des Empfängers nicht öffnen: {detail}.", "Seinem Benutzer die Gruppe der seriellen Anschlüsse geben: `sudo usermod -aG dialout luftpegel`, dann das Gateway neu starten."),
    ),
    "LP-523": Text(
        ("Another program has the receiver's port: {detail}.", "End it (`sudo fuser -v` and the port tells which); the gateway goes on trying. Beside a running gateway this is the gateway itself, and all is well."),
        ("Ein anderes Programm hat den Anschluss des Empfängers: {detail}.", "Es beenden (`sudo fuser -v` und der Anschluss sagt, welches); das Gateway versucht es weiter. Neben einem laufenden Gateway ist es dieses selbst, und alles ist gut."),
    ),
    "LP-524": Text(
        ("What is at this port is no receiver of Luftpegel: {detail}.", "Check that port names the right device (`ls /dev/serial/by-id`) and baud fits; then restart the board."),
        ("Was an diesem Anschluss ist, ist kein Empfänger von Luftpegel: {detail}.", "Prüfen, ob port das richtige Gerät nennt (`ls /dev/serial/by-id`) und baud passt; dann das Board neu starten."),
    ),
    "LP-525": Text(
        ("A frame by plain LoRa is not what the station's key makes: {detail}.", "If all frames of the station are: its line in keys_file is wrong, correct it and replay. If few: somebody sends in its name, or the air has changed it; nothing needs doing."),
        ("Ein Frame über einfaches LoRa ist nicht das, was der Schlüssel der Station ergibt: {detail}.", "Sind es alle Frames der Station: ihre Zeile in keys_file ist falsch, berichtigen und erneut einspielen. Sind es wenige: jemand sendet in ihrem Namen, oder die Luft hat ihn verändert; es ist nichts zu tun."),
    ),
    "LP-526": Text(
        ("There is no key for a device that is heard by plain LoRa: {detail}.", "Enter it in keys_file of the source, restart the gateway, and replay what waits: `luftpegel gateway quarantine replay`."),
        ("Für ein Gerät, das über einfaches LoRa gehört wird, gibt es keinen Schlüssel: {detail}.", "Ihn in keys_file der Quelle eintragen, das Gateway neu starten und einspielen, was wartet: `luftpegel gateway quarantine replay`."),
    ),
    "LP-527": Text(
        ("This is no line of a receiver: {detail}.", "Check that receiver and gateway are of versions that fit (docs/usb-receiver.md)."),
        ("Das ist keine Zeile eines Empfängers: {detail}.", "Prüfen, ob Empfänger und Gateway von passender Version sind (docs/usb-receiver.md)."),
    ),
    "LP-528": Text(
        ("'{key}': line {line} is none of a station's key: {reason}.", "Write in each line a DevEUI, a blank, and the station's key of 32 hexadecimal digits."),
        ("'{key}': Zeile {line} ist keine mit dem Schlüssel einer Station: {reason}.", "In jede Zeile eine DevEUI, ein Leerzeichen und den Schlüssel der Station aus 32 hexadezimalen Ziffern schreiben."),
    ),
    "LP-529": Text(
        ("The receiver speaks another version than this gateway: {detail}.", "Update the older of both."),
        ("Der Empfänger spricht eine andere Version als dieses Gateway: {detail}.", "Den älteren von beiden aktualisieren."),
    ),
    "LP-530": Text(
        ("A receiver had no room for frames, because nobody took them for too long: {detail} since it started.", "Nothing needs doing if the gateway was away: stations send each reading many times. Else look for what else kept the gateway from the port."),
        ("Ein Empfänger hatte keinen Platz für Frames, weil sie zu lange niemand abgeholt hat: {detail} seit seinem Start.", "War das Gateway weg, ist nichts zu tun: Stationen senden jeden Messwert viele Male. Sonst suchen, was das Gateway vom Anschluss ferngehalten hat."),
    ),
    "LP-531": Text(
        ("More frames that nobody can read come by plain LoRa than are kept: {detail} were dropped.", "Look at those that were kept: `luftpegel gateway quarantine list`. If they are of a station of yours, enter or correct its key."),
        ("Über einfaches LoRa kommen mehr unlesbare Frames, als aufgehoben werden: {detail} wurden verworfen.", "Die aufgehobenen ansehen: `luftpegel gateway quarantine list`. Sind sie von einer eigenen Station: deren Schlüssel eintragen oder berichtigen."),
    ),
    "LP-532": Text(
        ("{detail}: the name of this port goes by the order of plugging in, and may be another device tomorrow.", "Set port to its name in /dev/serial/by-id."),
        ("{detail}: der Name dieses Anschlusses geht nach der Reihenfolge des Einsteckens und kann morgen ein anderes Gerät sein.", "Für port seinen Namen in /dev/serial/by-id eintragen."),
    ),
    "LP-533": Text(
        ("The recording cannot be played: {detail}.", "Correct file of this source, or make one: `luftpegel gateway record --to FILE`."),
        ("Die Aufzeichnung lässt sich nicht abspielen: {detail}.", "file dieser Quelle berichtigen oder eine machen: `luftpegel gateway record --to DATEI`."),
    ),
    "LP-534": Text(
        ("A line of the recording is none: {detail}.", "docs/sources.md says which lines can be played; the others of this recording are not touched by it."),
        ("Eine Zeile der Aufzeichnung ist keine: {detail}.", "docs/sources.md sagt, welche Zeilen sich abspielen lassen; die anderen dieser Aufzeichnung berührt das nicht."),
    ),
}  # fmt: skip
