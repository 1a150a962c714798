"""Messages about the connection to a platform over HTTP (LP-460 to LP-480); how they are told: `messages.py`.

Each cause is told apart by `transport/http_faults.py`; sources and sinks share them.
"""

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for

from collections.abc import Mapping

from luftpegel_gateway.words.text import Text

PLATFORMS: Mapping[str, Text] = {
    "LP-460": Text(
        ("The platform's host name is not known: {detail}.", "Correct url (or host), or check this machine's name server."),
        ("Den Hostnamen der Plattform kennt niemand: {detail}.", "url (oder host) berichtigen oder den Nameserver dieses Rechners prüfen."),
    ),
    "LP-461": Text(
        ("The platform cannot be reached: {detail}.", "Check that it runs, url (or host and port), proxy, and the firewall on the way. The gateway goes on trying."),
        ("Die Plattform ist nicht erreichbar: {detail}.", "Prüfen, ob sie läuft, dazu url (oder host und port), proxy und die Firewall auf dem Weg. Das Gateway versucht es weiter."),
    ),
    "LP-462": Text(
        ("The platform's certificate is not trusted: {detail}.", "Set ca_file to the certificate of the authority that signed it (of a self-signed one: to that certificate itself)."),
        ("Dem Zertifikat der Plattform wird nicht vertraut: {detail}.",
         "ca_file auf das Zertifikat der Stelle setzen, die es unterschrieben hat (bei einem selbst unterschriebenen: auf dieses selbst)."),
    ),
    "LP-463": Text(
        ("The platform's certificate is for another name: {detail}.", "Write url (or host) with a name that stands in the certificate, or have one made for this name."),
        ("Das Zertifikat der Plattform gilt für einen anderen Namen: {detail}.", "url (oder host) mit einem Namen schreiben, der im Zertifikat steht, oder eines für diesen Namen ausstellen lassen."),
    ),
    "LP-464": Text(
        ("The platform's certificate is out of date: {detail}.", "Have it renewed there. If it is valid, this machine's clock is wrong: `timedatectl`."),
        ("Das Zertifikat der Plattform ist nicht gültig zu dieser Zeit: {detail}.", "Dort erneuern lassen. Ist es gültig, geht die Uhr dieses Rechners falsch: `timedatectl`."),
    ),
    "LP-465": Text(
        ("The platform wants a certificate from us, or refuses ours: {detail}.", "Set cert_file and key_file to a certificate that the platform accepts and that is still valid."),
        ("Die Plattform verlangt ein Zertifikat von uns oder lehnt unseres ab: {detail}.", "cert_file und key_file auf ein Zertifikat setzen, das die Plattform annimmt und das noch gilt."),
    ),
    "LP-466": Text(
        ("What answers there speaks no TLS where url says https, or speaks only TLS where it says http: {detail}.", "Correct the scheme (http or https) or the port in url; with a database, tls and port."),
        ("Was dort antwortet, spricht kein TLS, wo url https sagt, oder nur TLS, wo http steht: {detail}.", "Das Schema (http oder https) oder den Port in url berichtigen; bei einer Datenbank tls und port."),
    ),
    "LP-467": Text(
        ("The connection to the platform broke: {detail}.", "Look into its log, and at the network on the way. The gateway goes on trying."),
        ("Die Verbindung zur Plattform ist abgerissen: {detail}.", "In ihr Protokoll sehen und auf das Netz dazwischen. Das Gateway versucht es weiter."),
    ),
    "LP-468": Text(
        ("The platform does not answer in time: {detail}.", "Look at its load, or raise timeout_s. The gateway goes on trying."),
        ("Die Plattform antwortet nicht rechtzeitig: {detail}.", "Ihre Auslastung ansehen oder timeout_s erhöhen. Das Gateway versucht es weiter."),
    ),
    "LP-470": Text(
        ("The platform does not accept the login: {detail}.", "Check username and password_file, token_file, or the oauth_ keys: is it the right one, and is it still valid?"),
        ("Die Plattform nimmt die Anmeldung nicht an: {detail}.", "username und password_file, token_file oder die Schlüssel oauth_ prüfen: sind es die richtigen, und gelten sie noch?"),
    ),
    "LP-471": Text(
        ("The platform (or a proxy) does not allow this: {detail}.", "Give this user, token or client the right to write there."),
        ("Die Plattform (oder ein Proxy) erlaubt das nicht: {detail}.", "Diesem Benutzer, Token oder Client dort das Schreiben erlauben."),
    ),
    "LP-472": Text(
        ("The platform takes nothing at the moment: {detail}.", "Nothing to do if it passes; if not, look at its load and its limits for this client. The gateway goes on trying, as late as it is asked to."),
        ("Die Plattform nimmt gerade nichts an: {detail}.",
         "Nichts zu tun, wenn es vorübergeht; sonst ihre Auslastung und ihre Grenzen für diesen Client ansehen. Das Gateway versucht es weiter, so spät, wie sie es verlangt."),
    ),
    "LP-473": Text(
        ("The platform fails: {detail}.", "Look into its log. The gateway goes on trying, and nothing is lost."),
        ("Die Plattform hat einen Fehler: {detail}.", "In ihr Protokoll sehen. Das Gateway versucht es weiter, verloren geht nichts."),
    ),
    "LP-474": Text(
        ("The platform sends us to another address: {detail}.", "Write that address into url if it is the right one (a login page means that the way in is another)."),
        ("Die Plattform verweist auf eine andere Adresse: {detail}.", "Diese Adresse in url schreiben, wenn sie richtig ist (eine Anmeldeseite heißt, dass der Zugang ein anderer ist)."),
    ),
    "LP-475": Text(
        ("There is nothing at this address: {detail}.", "Correct the path in url; where the answer names a database or bucket, correct its name or have it made."),
        ("Unter dieser Adresse gibt es nichts: {detail}.", "Den Pfad in url berichtigen; nennt die Antwort eine Datenbank oder ein Bucket, den Namen berichtigen oder es anlegen lassen."),
    ),
    "LP-476": Text(
        ("The answer is not what this kind of platform says: {detail}.", "Check url: is it the programming interface, and not a web page, a login page or a proxy?"),
        ("Die Antwort ist keine einer solchen Plattform: {detail}.", "url prüfen: ist es die Programmierschnittstelle und keine Webseite, Anmeldeseite oder ein Proxy?"),
    ),
    "LP-477": Text(
        ("No token is given to us: {detail}.", "Check oauth_url, oauth_client, oauth_secret_file and oauth_scope, and that the client may use client credentials."),
        ("Wir bekommen kein Token: {detail}.", "oauth_url, oauth_client, oauth_secret_file und oauth_scope prüfen, und ob der Client »client credentials« benutzen darf."),
    ),
    "LP-480": Text(
        ("{detail}: the login goes over the network in clear.", "Use https in url (and oauth_url); with a database, tls = true."),
        ("{detail}: die Anmeldung geht unverschlüsselt über das Netz.", "https in url (und oauth_url) benutzen; bei einer Datenbank tls = true."),
    ),
}  # fmt: skip
