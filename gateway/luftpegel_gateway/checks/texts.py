"""The sentences of the flags, by their words (model/quality.py); the words in braces come from `explain`."""

from collections.abc import Mapping

TEXTS: Mapping[str, Mapping[str, str]] = {
    "range": {
        "en": "outside of what the quantity can be: {low} to {high}",
        "de": "außerhalb dessen, was die Größe sein kann: {low} bis {high}",
    },
    "local-range": {
        "en": "usual is {local_low} to {local_high}",
        "de": "üblich ist {local_low} bis {local_high}",
    },
    "spike": {
        "en": "by more than {spike} against the values before and after",
        "de": "um mehr als {spike} gegen die Werte davor und danach",
    },
    "rate": {
        "en": "changed faster than {rate} a minute, or by more than {jump} at once",
        "de": "änderte sich schneller als {rate} in der Minute oder um mehr als {jump} auf einmal",
    },
    "clock": {
        "en": "its time is not later than that of the reading before",
        "de": "seine Zeit liegt nicht nach der des Messwerts davor",
    },
    "flat": {
        "en": "has rested within {flat_within} for more than {hours} hours",
        "de": "ruht seit mehr als {hours} Stunden innerhalb von {flat_within}",
    },
    "attenuated": {
        "en": "has moved by no more than {weak} in {weak_hours} hours",
        "de": "hat sich in {weak_hours} Stunden um nicht mehr als {weak} bewegt",
    },
    "freezing": {
        "en": "the water is below {freezing}: it, or the sensor in it, may be ice",
        "de": "das Wasser hat weniger als {freezing}: es oder der Sensor darin kann vereist sein",
    },
    "humid": {
        "en": "measured at more than {humid} humidity",
        "de": "bei mehr als {humid} Luftfeuchte gemessen",
    },
    "contradictory": {
        "en": "other values of the same reading say that it cannot be: {together}",
        "de": "andere Werte derselben Messung sagen, dass es nicht sein kann: {together}",
    },
    "neighbour": {
        "en": "by more than {neighbour} from their median",
        "de": "um mehr als {neighbour} von deren Median",
    },
    "time": {
        "en": "the clocks that tell its time disagree",
        "de": "die Uhren, die seine Zeit angeben, widersprechen sich",
    },
    "recorded": {
        "en": "played from a recording",
        "de": "aus einer Aufzeichnung eingespielt",
    },
    # What `together` is.
    "air": {
        "en": "the dew point would lie above {dew_point} or above the temperature",
        "de": "der Taupunkt läge über {dew_point} oder über der Temperatur",
    },
    "parts": {
        "en": "a part would be more than its whole",
        "de": "ein Teil wäre mehr als sein Ganzes",
    },
}
