"""Messages about databases that readings go to (LP-490 to LP-496); how they are told: `messages.py`.

What is wrong with the way to them, `platforms.py` tells. Causes: `transport/postgresql.py`.
"""

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for

from collections.abc import Mapping

from luftpegel_gateway.words.text import Text

DATABASES: Mapping[str, Text] = {
    "LP-490": Text(
        ("The database server's rules do not let us in: {detail}.", "Add a line for this user, database and address to pg_hba.conf there and reload it; where it wants TLS, set tls = true (and cert_file where it wants a certificate)."),
        ("Die Regeln des Datenbankservers lassen uns nicht ein: {detail}.",
         "Dort in pg_hba.conf eine Zeile für diesen Benutzer, diese Datenbank und Adresse ergänzen und neu laden; verlangt er TLS, tls = true setzen (und cert_file, wo er ein Zertifikat verlangt)."),
    ),
    "LP-491": Text(
        ("There is no such database: {detail}.", "Correct database, or have it made: `CREATE DATABASE`."),
        ("Diese Datenbank gibt es nicht: {detail}.", "database berichtigen oder sie anlegen lassen: `CREATE DATABASE`."),
    ),
    "LP-492": Text(
        ("The user may not write to the tables: {detail}.", "Have the owner of the tables run the SQL that lies in the data folder, with psql."),
        ("Der Benutzer darf die Tabellen nicht schreiben: {detail}.", "Den Eigentümer der Tabellen die SQL-Datei aus dem Datenordner mit psql ausführen lassen."),
    ),
    "LP-493": Text(
        ("The tables are not there (or older), and the user may not make them: {detail}.", "Have the database's owner run the SQL that lies in the data folder, with psql, or give the user the right CREATE on the database."),
        ("Die Tabellen fehlen (oder sind älter), und der Benutzer darf sie nicht anlegen: {detail}.",
         "Den Eigentümer der Datenbank die SQL-Datei aus dem Datenordner mit psql ausführen lassen oder dem Benutzer das Recht CREATE auf die Datenbank geben."),
    ),
    "LP-494": Text(
        ("The database can only be read: {detail}.", "Correct host: this is a standby, write to the primary. If it is the primary, somebody switched it (or this user) to read-only."),
        ("Die Datenbank lässt sich nur lesen: {detail}.", "host berichtigen: das ist ein Standby, geschrieben wird auf dem Primary. Ist es der, hat ihn (oder diesen Benutzer) jemand auf read-only gestellt."),
    ),
    "LP-495": Text(
        ("The database server's disk is full: {detail}.", "Make room there. Readings wait in the journal, and nothing is lost."),
        ("Die Platte des Datenbankservers ist voll: {detail}.", "Dort Platz schaffen. Die Messwerte warten im Journal, verloren geht nichts."),
    ),
    "LP-496": Text(
        ("The tables are not those of this gateway: {detail}.", "If they are of a newer gateway, update this one. If somebody changed them, or the schema luftpegel is another program's, undo that or use another database."),
        ("Die Tabellen sind nicht die dieses Gateways: {detail}.",
         "Sind sie von einem neueren Gateway, dieses aktualisieren. Hat jemand sie geändert, oder gehört das Schema luftpegel einem anderen Programm: rückgängig machen oder eine andere Datenbank benutzen."),
    ),
}  # fmt: skip
