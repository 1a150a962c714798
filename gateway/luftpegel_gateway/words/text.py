"""What every message is made of."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """One message: cause and next step in each language."""

    en: tuple[str, str]
    de: tuple[str, str]
