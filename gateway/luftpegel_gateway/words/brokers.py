"""Messages about the connection to a broker (LP-401 to LP-409, LP-440 to LP-449); how they are told:
`messages.py`.

Each cause is told apart by `transport/mqtt_faults.py`; sources and sinks share them.
"""

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for

from collections.abc import Mapping

from luftpegel_gateway.words.text import Text

BROKERS: Mapping[str, Text] = {
    "LP-401": Text(
        ("The broker is not connected: {detail}.", "Check that it runs, its log, and host and port of this source or sink. The gateway goes on trying."),
        ("Keine Verbindung zum Broker: {detail}.",
         "Prüfen, ob er läuft, was in seinem Protokoll steht, und host und port dieser Quelle oder dieses Ziels. Das Gateway versucht es weiter."),
    ),
    "LP-402": Text(
        ("The broker refuses the connection: {detail}.", "Check username, password_file and client_id, and what the broker allows this user."),
        ("Der Broker lehnt die Verbindung ab: {detail}.", "username, password_file und client_id prüfen, und was der Broker diesem Benutzer erlaubt."),
    ),
    "LP-403": Text(
        ("The broker refuses the subscription: {detail}.", "Allow this user to read these topics (access list of the broker)."),
        ("Der Broker lehnt das Abonnement ab: {detail}.", "Diesem Benutzer das Lesen dieser Themen erlauben (Zugriffsliste des Brokers)."),
    ),
    "LP-404": Text(
        ("The network server publishes with QoS 0: what is on the way when a link breaks is lost.",
         "Set qos=1 in [integration.mqtt] of ChirpStack."),
        ("Der Netzserver veröffentlicht mit QoS 0: was unterwegs ist, wenn eine Verbindung abreißt, ist verloren.",
         "In ChirpStack unter [integration.mqtt] qos=1 setzen."),
    ),
    "LP-405": Text(
        ("The files for TLS cannot be used: {detail}.", "Check ca_file, cert_file and key_file: PEM, and the key belongs to the certificate."),
        ("Die Dateien für TLS sind nicht brauchbar: {detail}.", "ca_file, cert_file und key_file prüfen: PEM, und der Schlüssel gehört zum Zertifikat."),
    ),
    "LP-406": Text(
        ("'{key}' stands here without tls = true: nothing would be encrypted.", "Add tls = true (and usually port = 8883), or remove '{key}'."),
        ("'{key}' steht hier ohne tls = true: nichts würde verschlüsselt.", "tls = true ergänzen (und meist port = 8883) oder '{key}' entfernen."),
    ),
    "LP-407": Text(
        ("{detail}: the password goes over the network in clear.", "Use TLS: tls = true, port = 8883, and ca_file with the certificate of the authority that signed the broker's."),
        ("{detail}: das Passwort geht unverschlüsselt über das Netz.",
         "TLS benutzen: tls = true, port = 8883 und ca_file mit dem Zertifikat der Stelle, die das des Brokers unterschrieben hat."),
    ),
    "LP-408": Text(
        ("The broker takes nobody at the moment: {detail}.", "Look into the broker's log: it is overloaded, at a limit, or being moved. The gateway goes on trying."),
        ("Der Broker nimmt gerade niemanden an: {detail}.", "Ins Protokoll des Brokers sehen: er ist überlastet, an einer Grenze oder zieht um. Das Gateway versucht es weiter."),
    ),
    "LP-409": Text(
        ("What answers there does not speak MQTT as it must: {detail}.", "Check host and port: is it a broker, and its MQTT port (usually 1883, with TLS 8883)?"),
        ("Was dort antwortet, spricht kein richtiges MQTT: {detail}.", "host und port prüfen: ist es ein Broker, und sein Anschluss für MQTT (meist 1883, mit TLS 8883)?"),
    ),
    "LP-440": Text(
        ("The broker's host name is not known: {detail}.", "Correct host, or check this machine's name server."),
        ("Den Hostnamen des Brokers kennt niemand: {detail}.", "host berichtigen oder den Nameserver dieses Rechners prüfen."),
    ),
    "LP-441": Text(
        ("The broker cannot be reached: {detail}.", "Check that it runs, host and port, and the firewall on the way. The gateway goes on trying."),
        ("Der Broker ist nicht erreichbar: {detail}.", "Prüfen, ob er läuft, dazu host, port und die Firewall auf dem Weg. Das Gateway versucht es weiter."),
    ),
    "LP-442": Text(
        ("The broker's certificate is not trusted: {detail}.", "Set ca_file to the certificate of the authority that signed it (of a self-signed one: to that certificate itself)."),
        ("Dem Zertifikat des Brokers wird nicht vertraut: {detail}.",
         "ca_file auf das Zertifikat der Stelle setzen, die es unterschrieben hat (bei einem selbst unterschriebenen: auf dieses selbst)."),
    ),
    "LP-443": Text(
        ("The broker's certificate is for another name: {detail}.", "Set host to a name that stands in the certificate, or have one made for this name."),
        ("Das Zertifikat des Brokers gilt für einen anderen Namen: {detail}.", "host auf einen Namen setzen, der im Zertifikat steht, oder eines für diesen Namen ausstellen lassen."),
    ),
    "LP-444": Text(
        ("The broker's certificate is out of date: {detail}.", "Renew it at the broker. If it is valid, this machine's clock is wrong: `timedatectl`."),
        ("Das Zertifikat des Brokers ist nicht gültig zu dieser Zeit: {detail}.", "Am Broker erneuern. Ist es gültig, geht die Uhr dieses Rechners falsch: `timedatectl`."),
    ),
    "LP-445": Text(
        ("TLS cannot be agreed with this port: {detail}.", "Use the broker's TLS port (usually 8883), or leave tls out where the broker has none. If port and TLS are right, the broker behind it is down or its TLS is too old."),
        ("Mit diesem Anschluss kommt kein TLS zustande: {detail}.",
         "Den TLS-Anschluss des Brokers benutzen (meist 8883) oder tls weglassen, wenn er keinen hat. Stimmt beides, läuft der Broker dahinter nicht oder sein TLS ist zu alt."),
    ),
    "LP-446": Text(
        ("This port of the broker speaks TLS, and the gateway does not: {detail}.", "Set tls = true and ca_file, or use the port without TLS (usually 1883)."),
        ("Dieser Anschluss des Brokers spricht TLS, das Gateway nicht: {detail}.", "tls = true und ca_file setzen oder den Anschluss ohne TLS benutzen (meist 1883)."),
    ),
    "LP-447": Text(
        ("The broker wants a certificate from us, or refuses ours: {detail}.", "Set cert_file and key_file to a certificate that the broker's authority has signed and that is still valid."),
        ("Der Broker verlangt ein Zertifikat von uns oder lehnt unseres ab: {detail}.",
         "cert_file und key_file auf ein Zertifikat setzen, das die Stelle des Brokers unterschrieben hat und das noch gilt."),
    ),
    "LP-448": Text(
        ("The broker is too old for MQTT 5: {detail}.", "Set protocol = \"3.1.1\", or update the broker."),
        ("Der Broker ist zu alt für MQTT 5: {detail}.", "protocol = \"3.1.1\" setzen oder den Broker erneuern."),
    ),
    "LP-449": Text(
        ("Another client logs in with the same client id, and the broker throws each out for the other: {detail}.", "Give each gateway, source and sink a client_id of its own. Frames are not lost, but they come slowly."),
        ("Ein anderer Client meldet sich mit derselben Client-Kennung an, und der Broker wirft jeden für den anderen hinaus: {detail}.",
         "Jedem Gateway, jeder Quelle und jedem Ziel eine eigene client_id geben. Frames gehen nicht verloren, kommen aber langsam."),
    ),
}  # fmt: skip
