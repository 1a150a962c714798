"""Messages about data that leave as files, to citizen networks, and by `luftpegel export` (LP-336, LP-337,
LP-424 to LP-429); how they are told: `messages.py`.
"""

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for

from collections.abc import Mapping

from luftpegel_gateway.words.text import Text

OUTPUTS: Mapping[str, Text] = {
    "LP-336": Text(
        ("'{key}': {path} is what {other} writes already; two would destroy it for each other.", "Give each its own path (or folder)."),
        ("'{key}': {path} schreibt schon {other}; zwei würden es einander zerstören.", "Jedem einen eigenen Pfad (oder Ordner) geben."),
    ),
    "LP-337": Text(
        ("For Parquet the package pyarrow is needed, and it is not there: {detail}.", "In the checkout that this was installed from, with the pip of the gateway's environment: pip install \"luftpegel[parquet] @ file://$PWD\" (docs/install.md)."),
        ("Für Parquet wird das Paket pyarrow gebraucht, und es fehlt: {detail}.", "Im Checkout, aus dem installiert wurde, mit dem pip der Umgebung des Gateways: pip install \"luftpegel[parquet] @ file://$PWD\" (docs/install.md)."),
    ),
    "LP-424": Text(
        ("The folder for the files cannot be written: {detail}.", "Give the gateway's user the right to write there, and make room on the disk. Nothing is lost: the files are written when it is possible."),
        ("In den Ordner für die Dateien kann nicht geschrieben werden: {detail}.",
         "Dem Benutzer des Gateways dort das Schreiben erlauben und Platz schaffen. Verloren geht nichts: die Dateien werden geschrieben, sobald es geht."),
    ),
    "LP-425": Text(
        ("openSenseMap does not take the access token of a box, or does not know the box or a sensor of it: {detail}.",
         "Correct box, token_file and sensors of this station in gateway.toml, restart the gateway, then `luftpegel gateway quarantine replay`."),
        ("openSenseMap nimmt das Zugangstoken einer Box nicht an oder kennt die Box oder einen Sensor nicht: {detail}.",
         "box, token_file und sensors dieser Station in gateway.toml berichtigen, das Gateway neu starten, dann `luftpegel gateway quarantine replay`."),
    ),
    "LP-426": Text(
        ("openSenseMap refuses a value: {detail}.", "Check that the sensor belongs to this box, then `luftpegel gateway quarantine replay`; a time in the future is a station's clock."),
        ("openSenseMap lehnt einen Wert ab: {detail}.", "Prüfen, ob der Sensor zu dieser Box gehört, dann `luftpegel gateway quarantine replay`; eine Zeit in der Zukunft ist die Uhr einer Station."),
    ),
    "LP-427": Text(
        ("Sensor.Community does not know a station, or not this sensor of it: {detail}.",
         "Register the id and the sensor type at Sensor.Community, or correct id and sensors in gateway.toml."),
        ("Sensor.Community kennt eine Station nicht oder nicht diesen Sensor von ihr: {detail}.",
         "Kennung und Sensortyp bei Sensor.Community anmelden, oder id und sensors in gateway.toml berichtigen."),
    ),
    "LP-428": Text(
        ("The store cannot be read: {detail}.", "Give its file with --store, or a [[sink]] of kind \"store\" in gateway.toml; run this as the gateway's user. A store that an older gateway wrote is brought up to date by starting the gateway once."),
        ("Die Ablage ist nicht lesbar: {detail}.",
         "Ihre Datei mit --store angeben, oder ein [[sink]] der Art \"store\" in gateway.toml; den Befehl als Benutzer des Gateways geben. Eine Ablage eines älteren Gateways wird auf den Stand gebracht, wenn das Gateway einmal startet."),
    ),
    "LP-429": Text(
        ("The data cannot be written: {detail}.", "Make room, or choose another file with --to."),
        ("Die Daten können nicht geschrieben werden: {detail}.", "Platz schaffen oder mit --to eine andere Datei wählen."),
    ),
}  # fmt: skip
