"""Messages about ChirpStack's API (LP-500 to LP-519); how they are told: `messages.py`."""

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for

from collections.abc import Mapping

from luftpegel_gateway.words.text import Text

NETWORK_SERVER: Mapping[str, Text] = {
    "LP-500": Text(
        ("{detail}: the key of ChirpStack's API goes over the network in clear.", "Use TLS: put a web server with the town's certificate in front of it, then api_tls = true and its api_port."),
        ("{detail}: der Schlüssel der API von ChirpStack geht unverschlüsselt über das Netz.",
         "TLS benutzen: einen Webserver mit dem Zertifikat der Stadt davorstellen, dann api_tls = true und dessen api_port."),
    ),
    "LP-501": Text(
        ("'{key}' stands here without '{other}'.", "Add '{other}', or remove '{key}'."),
        ("'{key}' steht hier ohne '{other}'.", "'{other}' ergänzen oder '{key}' entfernen."),
    ),
    "LP-502": Text(
        ("ChirpStack's API cannot be reached: {detail}.", "Check that ChirpStack runs, api_host and api_port, and the firewall on the way."),
        ("Die API von ChirpStack ist nicht erreichbar: {detail}.", "Prüfen, ob ChirpStack läuft, dazu api_host, api_port und die Firewall auf dem Weg."),
    ),
    "LP-503": Text(
        ("The host name of ChirpStack's API is not known: {detail}.", "Correct api_host, or check this machine's name server."),
        ("Den Hostnamen der API von ChirpStack kennt niemand: {detail}.", "api_host berichtigen oder den Nameserver dieses Rechners prüfen."),
    ),
    "LP-504": Text(
        ("The certificate of ChirpStack's API is not trusted: {detail}.", "Set api_ca_file to the certificate of the authority that signed it (of a self-signed one: to that certificate itself)."),
        ("Dem Zertifikat der API von ChirpStack wird nicht vertraut: {detail}.",
         "api_ca_file auf das Zertifikat der Stelle setzen, die es unterschrieben hat (bei einem selbst unterschriebenen: auf dieses selbst)."),
    ),
    "LP-505": Text(
        ("The certificate of ChirpStack's API is for another name: {detail}.", "Set api_host to a name that stands in the certificate, or have one made for this name."),
        ("Das Zertifikat der API von ChirpStack gilt für einen anderen Namen: {detail}.", "api_host auf einen Namen setzen, der im Zertifikat steht, oder eines für diesen Namen ausstellen lassen."),
    ),
    "LP-506": Text(
        ("The certificate of ChirpStack's API is out of date: {detail}.", "Renew it there. If it is valid, this machine's clock is wrong: `timedatectl`."),
        ("Das Zertifikat der API von ChirpStack ist nicht gültig zu dieser Zeit: {detail}.", "Dort erneuern. Ist es gültig, geht die Uhr dieses Rechners falsch: `timedatectl`."),
    ),
    "LP-507": Text(
        ("One end of the connection to ChirpStack's API speaks TLS, and the other does not: {detail}.", "ChirpStack itself speaks none (port 8080, api_tls = false); a web server in front of it usually does (port 443, api_tls = true)."),
        ("Ein Ende der Verbindung zur API von ChirpStack spricht TLS, das andere nicht: {detail}.",
         "ChirpStack selbst spricht keines (Port 8080, api_tls = false); ein Webserver davor meist schon (Port 443, api_tls = true)."),
    ),
    "LP-508": Text(
        ("What answers there is not ChirpStack's gRPC API: {detail}.", "Use ChirpStack's own port (8080), not that of its REST proxy (8090); a web server on the way must pass on gRPC (HTTP/2; nginx: grpc_pass)."),
        ("Was dort antwortet, ist nicht die gRPC-API von ChirpStack: {detail}.",
         "ChirpStacks eigenen Port benutzen (8080), nicht den seines REST-Proxys (8090); ein Webserver auf dem Weg muss gRPC weiterreichen (HTTP/2; nginx: grpc_pass)."),
    ),
    "LP-509": Text(
        ("ChirpStack does not know this API key: {detail}.", "Make one in this very ChirpStack (API keys → Add), and put it alone into api_key_file."),
        ("ChirpStack kennt diesen API-Schlüssel nicht: {detail}.", "In eben diesem ChirpStack einen anlegen (API keys → Add) und ihn allein in api_key_file schreiben."),
    ),
    "LP-510": Text(
        ("This API key may not do that: {detail}.", "It is another tenant's, was deleted, may only read, or asks for a device that ChirpStack does not have. With a tenant's key set api_tenant to that tenant's id (it stands in the address of its page)."),
        ("Dieser API-Schlüssel darf das nicht: {detail}.",
         "Er gehört zu einem anderen Tenant, wurde gelöscht, darf nur lesen, oder es geht um ein Gerät, das ChirpStack nicht hat. Beim Schlüssel eines Tenants api_tenant auf dessen Id setzen (sie steht in der Adresse seiner Seite)."),
    ),
    "LP-511": Text(
        ("ChirpStack does not have this: {detail}.", "Correct the name or id; names are case-sensitive."),
        ("Das gibt es in ChirpStack nicht: {detail}.", "Name oder Id berichtigen; auf Groß- und Kleinschreibung kommt es an."),
    ),
    "LP-512": Text(
        ("There are several to choose from: {detail}.", "Name one: --tenant, --application (also several times), --source; of `live`: some stations."),
        ("Es gibt mehrere zur Auswahl: {detail}.", "Eines nennen: --tenant, --application (auch mehrmals), --source; bei `live`: einige Stationen."),
    ),
    "LP-513": Text(
        ("ChirpStack's API does not answer in time: {detail}.", "Look at ChirpStack's log and load, and at the network on the way."),
        ("Die API von ChirpStack antwortet nicht rechtzeitig: {detail}.", "Nach Protokoll und Last von ChirpStack und nach dem Netz auf dem Weg sehen."),
    ),
    "LP-514": Text(
        ("ChirpStack's API fails: {detail}.", "Look into ChirpStack's log; its database or Redis may be down."),
        ("Die API von ChirpStack scheitert: {detail}.", "Ins Protokoll von ChirpStack sehen; seine Datenbank oder Redis steht vielleicht."),
    ),
    "LP-515": Text(
        ("No source of gateway.toml names ChirpStack's API: {detail}.", "Give the [[source]] api_host and api_key_file (docs/sources.md)."),
        ("Keine Quelle in gateway.toml nennt die API von ChirpStack: {detail}.", "Der [[source]] api_host und api_key_file geben (docs/sources.md)."),
    ),
    "LP-516": Text(
        ("What changes has to be confirmed: {detail}.", "Answer the question with y, or give --yes."),
        ("Was sich ändert, muss bestätigt werden: {detail}.", "Die Frage mit j beantworten oder --yes angeben."),
    ),
    "LP-517": Text(
        ("A command is not put into ChirpStack's queue: {detail}. It is tried again after some uplinks.", "Mend what is said here; with a key that may only read, make one that may also write."),
        ("Ein Befehl kommt nicht in die Warteschlange von ChirpStack: {detail}. Nach einigen Uplinks wird es wieder versucht.",
         "Beheben, was hier steht; darf der Schlüssel nur lesen, einen anlegen, der auch schreiben darf."),
    ),
    "LP-518": Text(
        ("The command stays in ChirpStack's queue, beside what is not only ours: {detail}.", "Let it go down (the station's answer is then ignored), or give --flush: it empties the whole queue of this device."),
        ("Der Befehl bleibt in der Warteschlange von ChirpStack, neben anderem als unserem: {detail}.",
         "Ihn senden lassen (die Antwort der Station wird dann übergangen), oder --flush angeben: das leert die ganze Warteschlange dieses Geräts."),
    ),
    "LP-519": Text(
        ("ChirpStack's list changes while it is read: {detail}.", "Try again when nobody adds or removes devices there."),
        ("Die Liste von ChirpStack ändert sich beim Lesen: {detail}.", "Noch einmal versuchen, wenn dort niemand Geräte anlegt oder löscht."),
    ),
}  # fmt: skip
