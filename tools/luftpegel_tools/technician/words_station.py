"""What `luftpegel station new` tells of answers (LP-675 to LP-677)."""

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for

from collections.abc import Mapping

from luftpegel_gateway.words.text import Text

STATION: Mapping[str, Text] = {
    "LP-675": Text(
        ("There is no answer to: {detail}.", "Give it with {option}, or run this in a terminal without --yes."),
        ("Es fehlt die Antwort auf: {detail}.", "Mit {option} angeben, oder dies in einem Terminal ohne --yes ausführen."),
    ),
    "LP-676": Text(
        ("{file} is there already.", "Name another file, or move that one away: nothing is overwritten."),
        ("{file} gibt es schon.", "Eine andere Datei nennen, oder diese wegräumen: überschrieben wird nichts."),
    ),
    "LP-677": Text(
        ("{got} is not one of the answers; asked for is {wanted}.", "Choose again."),
        ("{got} ist keine der Antworten; gefragt ist {wanted}.", "Noch einmal wählen."),
    ),
}  # fmt: skip
