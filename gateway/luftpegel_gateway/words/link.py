"""Messages about the link and its frames (LP-2xx); how they are told: `messages.py`."""

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for

from collections.abc import Mapping

from luftpegel_gateway.words.text import Text

LINK: Mapping[str, Text] = {
    "LP-200": Text(
        ("The frame cannot be decoded: {detail}.",
         "Show it with `luftpegel decode HEX --explain`. If the station is newer than this gateway, update the gateway and replay."),
        ("Der Frame ist nicht lesbar: {detail}.",
         "Mit `luftpegel decode HEX --explain` ansehen. Ist die Station neuer als dieses Gateway: Gateway aktualisieren und erneut einspielen."),
    ),
    "LP-250": Text(
        ("This is no event of ChirpStack v4: {detail}.",
         "Check that only ChirpStack v4 publishes below the topic of this source."),
        ("Das ist kein Ereignis von ChirpStack v4: {detail}.",
         "Prüfen, ob nur ChirpStack v4 unter dem Thema dieser Quelle veröffentlicht."),
    ),
    "LP-251": Text(
        ("The payload is still encrypted: the network server does not hold the application key.",
         "Give the network server the device's keys (join server settings), then wait for the next join."),
        ("Die Nutzdaten sind noch verschlüsselt: der Netzserver hat den Anwendungsschlüssel nicht.",
         "Dem Netzserver die Schlüssel des Geräts geben (Join-Server), dann die nächste Anmeldung abwarten."),
    ),
    "LP-253": Text(
        ("One reading of a station came again under its name with other content: {detail}. It is kept as it was first told.",
         "A single reading: nothing needs doing; look at the frame with `luftpegel gateway quarantine show ID`. If it happens again and again, see whether the page tells of two boards that share this station's id."),
        ("Ein Messwert einer Station kam unter seinem Namen mit anderem Inhalt wieder: {detail}. Er bleibt, wie er zuerst gemeldet wurde.",
         "Bei einem einzelnen ist nichts zu tun; den Frame zeigt `luftpegel gateway quarantine show ID`. Kommt es immer wieder vor: nachsehen, ob die Seite von zwei Boards unter der id dieser Station spricht."),
    ),
    "LP-254": Text(
        ("The gateway failed on this frame: {detail}.",
         "This is a mistake in the gateway. Please report it with `luftpegel gateway quarantine show ID`."),
        ("Das Gateway ist an diesem Frame gescheitert: {detail}.",
         "Das ist ein Fehler des Gateways. Bitte mit `luftpegel gateway quarantine show ID` melden."),
    ),
    "LP-255": Text(
        ("A number in the frame is impossible: {detail}.", "Check the firmware of the device."),
        ("Eine Zahl im Frame ist unmöglich: {detail}.", "Die Firmware des Geräts prüfen."),
    ),
    "LP-256": Text(
        ("This is an event of ChirpStack v3: {detail}.",
         "This source reads ChirpStack v4 only. Update the network server, or give its topics a prefix of their own and set topic_prefix of this source."),
        ("Das ist ein Ereignis von ChirpStack v3: {detail}.",
         "Diese Quelle liest nur ChirpStack v4. Den Netzserver aktualisieren, oder seinen Themen einen eigenen Vorsatz geben und topic_prefix dieser Quelle setzen."),
    ),
    "LP-257": Text(
        ("This is no message of The Things Stack v3: {detail}.", "Check that the source's topics or webhook are those of an application there, in JSON."),
        ("Das ist keine Nachricht von The Things Stack v3: {detail}.", "Prüfen, ob Themen oder Webhook dieser Quelle die einer Anwendung dort sind, in JSON."),
    ),
    "LP-258": Text(
        ("This is no uplink as http-push takes it: {detail}.", "Correct the program that posts; docs/sources.md says what an uplink must have."),
        ("Das ist kein Uplink, wie http-push ihn nimmt: {detail}.", "Das Programm berichtigen, das ihn schickt; docs/sources.md sagt, was ein Uplink haben muss."),
    ),
    "LP-261": Text(
        ("Two boards share the id of a station: {detail}. Their readings are kept apart, each under a life of its own.",
         "Give one of the boards a DevEUI and keys of its own, and a [[station]] of its own in stations.toml."),
        ("Zwei Boards teilen sich die id einer Station: {detail}. Ihre Messwerte werden auseinandergehalten, jedes unter einem eigenen Leben.",
         "Einem der Boards eine eigene DevEUI und eigene Schlüssel geben und in stations.toml eine eigene [[station]]."),
    ),
    "LP-262": Text(
        ("The clocks disagree about a time: {detail}. The reading is kept, and its time is marked as doubtful.",
         "Check the clocks of the radio gateways (GPS, NTP), of the network server and of this machine."),
        ("Die Uhren sind sich über eine Zeit nicht einig: {detail}. Der Messwert bleibt, seine Zeit ist als zweifelhaft markiert.",
         "Die Uhren der Funkgateways (GPS, NTP), des Netzservers und dieses Rechners prüfen."),
    ),
    "LP-263": Text(
        ("The downlink budget of a radio gateway is used up for this hour: {detail}. Requests for missing readings wait.",
         "Nothing needs doing: they go out in the next hours. If it lasts for days, add a radio gateway or look for what makes so many readings get lost."),
        ("Das Sendebudget eines Funkgateways ist für diese Stunde verbraucht: {detail}. Nachforderungen fehlender Messwerte warten.",
         "Es ist nichts zu tun: sie gehen in den nächsten Stunden hinaus. Dauert es Tage: ein Funkgateway ergänzen oder suchen, warum so viele Messwerte verloren gehen."),
    ),
    "LP-270": Text(
        ("There is no such station: {detail}.", "Give an id of stations.toml (`luftpegel gateway status` lists them)."),
        ("Eine solche Station gibt es nicht: {detail}.", "Eine id aus stations.toml angeben (`luftpegel gateway status` listet sie)."),
    ),
    "LP-271": Text(
        ("This cannot be sent to a station: {detail}.", "Write name=number, with one of the names and within the range."),
        ("Das kann man keiner Station senden: {detail}.", "Name=Zahl schreiben, mit einem der Namen und im Bereich."),
    ),
    "LP-272": Text(
        ("As many commands as may wait for one station wait already: {detail}.", "Wait until it has been heard, or cancel some: `luftpegel gateway commands`."),
        ("Für diese Station warten schon so viele Befehle, wie warten dürfen: {detail}.", "Warten, bis sie gehört worden ist, oder welche zurücknehmen: `luftpegel gateway commands`."),
    ),
    "LP-273": Text(
        ("No such command waits: {detail}.", "Look with `luftpegel gateway commands` which do; one that has ended cannot be taken back."),
        ("Ein solcher Befehl wartet nicht: {detail}.", "Mit `luftpegel gateway commands` nachsehen, welche warten; ein beendeter lässt sich nicht zurücknehmen."),
    ),
}  # fmt: skip
