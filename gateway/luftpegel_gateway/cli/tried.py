"""What `check` has tried, one thing a row: it works, it should be mended, or it does not work and why."""

from typing import Literal

import msgspec

from luftpegel_gateway.words.messages import say
from luftpegel_gateway.words.texts import tell

State = Literal["ok", "warn", "fail", "skip"]


class Tried(msgspec.Struct, frozen=True):
    """`part`: a key of `words/texts.py`, into which `name` is filled; `detail`: what was seen."""

    state: State
    part: str
    name: str = ""
    code: str = ""
    detail: str = ""


def line(tried: Tried, language: str) -> str:
    """The row for people; what does not work with its cause and next step."""
    head = f" {tried.state:5} {tell(tried.part, language, tried.name)}"
    if tried.code:
        return f"{head}: {say(tried.code, language, detail=tried.detail)}"
    return f"{head}: {tried.detail}"
