"""One line of the doctor's: well, better mended, or to be mended before work begins."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from luftpegel_tools.technician.words_doctor import STEPS, WELL

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`topic`: what was looked at. `code` with `words` for what is not well; else `topic` is a key of WELL.

    `told` replaces the catalogue's text: cause and next step of one who found the fault (a roster, a station
    file), who has told it in the language asked for.
    """

    state: State
    topic: str
    code: str = ""
    words: Mapping[str, object] = field(default_factory=dict)
    told: str = ""


def step_for(key: str, language: str, **words: object) -> str:
    """A next step that depends on the system."""
    return STEPS[key][language == "de"].format_map(words)


def well(key: str, language: str, **words: object) -> str:
    """A line about what is well."""
    return WELL[key][language == "de"].format_map(words)
