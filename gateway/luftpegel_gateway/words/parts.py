"""Messages about disks, sinks and the page (LP-41x to LP-43x); how they are told: `messages.py`."""

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for

from collections.abc import Mapping

from luftpegel_gateway.words.text import Text

PARTS: Mapping[str, Text] = {
    "LP-410": Text(
        ("The journal cannot write: {detail}. Nothing is acknowledged until it can; nothing is lost.", "Make room on the disk of the data folder."),
        ("Das Journal kann nicht schreiben: {detail}. Bis dahin wird nichts quittiert; es geht nichts verloren.",
         "Auf dem Datenträger des Datenordners Platz schaffen."),
    ),
    "LP-411": Text(
        ("The store cannot write: {detail}. Readings wait in the journal.", "Make room (a store of an earlier version is copied once, which takes its size three times), and check that the file is a database of this gateway."),
        ("Der Speicher kann nicht schreiben: {detail}. Messwerte warten im Journal.",
         "Platz schaffen (ein Speicher einer früheren Fassung wird einmal kopiert, das braucht seine Größe dreimal) und prüfen, ob die Datei eine Datenbank dieses Gateways ist."),
    ),
    "LP-412": Text(
        ("The data folder cannot be used: {detail}.", "Check that it may be written, and that no other gateway runs on it."),
        ("Der Datenordner ist nicht benutzbar: {detail}.", "Prüfen, ob er beschreibbar ist und kein anderes Gateway darauf läuft."),
    ),
    "LP-413": Text(
        ("The journal is damaged or cannot be read: {detail}. Nothing more is acknowledged.", "Keep the data folder, check the disk, and start again with a copy of the last backup; the broker holds what is not acknowledged."),
        ("Das Journal ist beschädigt oder nicht lesbar: {detail}. Es wird nichts mehr quittiert.",
         "Den Datenordner aufheben, den Datenträger prüfen und mit der letzten Sicherung neu beginnen; der Broker behält, was nicht quittiert ist."),
    ),
    "LP-414": Text(
        ("The journal's file was removed or replaced while the gateway runs: {detail}. Nothing more is acknowledged.",
         "Put the file back (the moved or the saved one, under its old name), then restart the gateway; the broker holds what is not acknowledged."),
        ("Die Datei des Journals wurde im laufenden Betrieb entfernt oder ersetzt: {detail}. Es wird nichts mehr quittiert.",
         "Die Datei zurücklegen (die verschobene oder die gesicherte, unter dem alten Namen), dann das Gateway neu starten; der Broker behält, was nicht quittiert ist."),
    ),
    "LP-415": Text(
        ("The journal is of a newer version than this gateway: {detail}.",
         "Start the newer gateway again, or go back with the backup that was made beside the journal before it was changed."),
        ("Das Journal stammt von einer neueren Fassung als dieses Gateway: {detail}.",
         "Wieder das neuere Gateway starten, oder mit der Sicherung zurückgehen, die vor der Umstellung neben dem Journal angelegt wurde."),
    ),
    "LP-416": Text(
        ("More comes in than the journal takes: {detail}. What has no room is sent again later; nothing is lost.", "Look at the journal's own trouble, or at what publishes so much."),
        ("Es kommt mehr herein, als das Journal aufnimmt: {detail}. Was keinen Platz hat, wird später erneut gesendet; es geht nichts verloren.",
         "Nach der Störung des Journals sehen, oder danach, was so viel veröffentlicht."),
    ),
    "LP-417": Text(
        ("The journal is of an earlier version: {detail}.",
         "Start the gateway: it makes a backup beside the journal and brings it up to date."),
        ("Das Journal stammt von einer früheren Fassung: {detail}.",
         "Das Gateway starten: Es legt neben dem Journal eine Sicherung an und stellt es um."),
    ),
    "LP-418": Text(
        ("The journal could not be brought up to date, and is as it was: {detail}.", "Make room on the disk of the data folder and start again."),
        ("Das Journal konnte nicht umgestellt werden und ist, wie es war: {detail}.",
         "Auf dem Datenträger des Datenordners Platz schaffen und neu starten."),
    ),
    "LP-420": Text(
        ("The sink does not answer: {detail}.", "Check that it runs, and its host and port. Readings wait in the journal."),
        ("Das Ziel antwortet nicht: {detail}.", "Prüfen, ob es läuft, und seine Werte host und port. Messwerte warten im Journal."),
    ),
    "LP-421": Text(
        ("The sink has another reading under this name: {detail}.", "Check whether two stations share an id, or whether the journal was removed and the store kept."),
        ("Das Ziel hat unter diesem Namen einen anderen Messwert: {detail}.",
         "Prüfen, ob zwei Stationen eine id teilen oder das Journal gelöscht und der Speicher behalten wurde."),
    ),
    "LP-422": Text(
        ("The sink refuses readings: {detail}.", "Allow this user to write (access list). When it refuses all, readings wait in the journal; what it refused alone is in quarantine: `luftpegel gateway quarantine replay`."),
        ("Das Ziel lehnt Messwerte ab: {detail}.",
         "Diesem Benutzer das Schreiben erlauben (Zugriffsliste). Lehnt es alle ab, warten Messwerte im Journal; einzeln abgelehnte liegen in der Quarantäne: `luftpegel gateway quarantine replay`."),
    ),
    "LP-423": Text(
        ("A sink failed on this frame: {detail}.", "This is a mistake in the gateway: report it with the log, then `luftpegel gateway quarantine replay` with the next version."),
        ("Ein Ziel ist an diesem Frame gescheitert: {detail}.", "Das ist ein Fehler des Gateways: mit dem Protokoll melden, dann mit der nächsten Fassung `luftpegel gateway quarantine replay`."),
    ),
    "LP-433": Text(
        ("The port of this source cannot be opened: {detail}.", "Give it another port, or end the program that has this one. The gateway goes on trying."),
        ("Der Anschluss dieser Quelle lässt sich nicht öffnen: {detail}.", "Ihr einen anderen port geben oder das Programm beenden, das diesen hat. Das Gateway versucht es weiter."),
    ),
    "LP-434": Text(
        ("The network server takes no commands from us: {detail}.", "Check url and downlink_key_file: the key needs the right to write downlinks. Readings come in all the same."),
        ("Der Netzserver nimmt keine Befehle von uns an: {detail}.", "url und downlink_key_file prüfen: der Schlüssel braucht das Recht, Downlinks zu schreiben. Messwerte kommen trotzdem an."),
    ),
    "LP-430": Text(
        ("The page cannot be served: {detail}.", "Choose another port in [page]."),
        ("Die Seite kann nicht angeboten werden: {detail}.", "In [page] einen anderen port wählen."),
    ),
}  # fmt: skip
