"""What a broker's answer to a batch means, entity by entity (ETSI GS CIM 009, 5.2.16, 5.2.17, 5.5.2)."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

REFUSED_TYPES = {"BadRequestData", "InvalidRequest", "OperationNotSupported"}  # 5.5.2
CONTEXT_AWAY = "LdContextNotAvailable"
NO_TENANT = ("NonexistentTenant", "NoTenant")
_PASSING = {401, 403, 404, 408, 409, 423, 425, 429}  # says nothing of the entity
MOST_WORDS = 200


class Outcome(msgspec.Struct):
    """What became of entities, by their ids: taken for good; refused for good, and why; neither, and why.

    `tired`: those of the refused that failed too often, without a word that they are wrong.
    """

    taken: set[str]
    refused: dict[str, str]
    later: dict[str, str]
    tired: set[str] = msgspec.field(default_factory=set)

    @classmethod
    def none(cls) -> "Outcome":
        """Nothing sent yet."""
        return cls(set(), {}, {})

    def add(self, other: "Outcome") -> None:
        """Both together."""
        self.taken |= other.taken
        self.refused |= other.refused
        self.later |= other.later


def read_multi(body: Any, sent: Sequence[str]) -> Outcome:
    """A 207: `success` and `errors`, or a list with one result an entity, as Scorpio had it for a while.

    An entity that stands in both was not taken; one that stands in neither is sent again.
    """
    found = Outcome.none()
    succeeded = set(_succeeded(body)) & set(sent)
    for entity, error in _errors(body):
        named = [entity] if entity in sent else [one for one in sent if one not in succeeded][:1]
        for one in named:
            (found.refused if _for_good(error) else found.later)[one] = words_of(error)
    told = found.refused.keys() | found.later.keys()
    found.taken = succeeded - told
    found.later |= {one: "no word about it" for one in sent if one not in succeeded | told}
    return found


def problem_type(body: bytes) -> str:
    """The last word of a ProblemDetails' type; "" where the body is none."""
    try:
        return _type(msgspec.json.decode(body))
    except msgspec.DecodeError:
        return ""


def words_of(error: Any) -> str:
    """A ProblemDetails for people, on one line."""
    if not isinstance(error, dict):
        return str(error)[:MOST_WORDS]
    parts = [_type(error), str(error.get("title") or ""), str(error.get("detail") or "")]
    return " ".join(" ".join(part for part in parts if part).split())[:MOST_WORDS] or "no reason given"


def _for_good(error: Any) -> bool:
    status = error.get("status", error.get("errorCode")) if isinstance(error, dict) else None
    if isinstance(status, int) and (status in _PASSING or status >= 500):
        return False
    return _type(error) in REFUSED_TYPES or (isinstance(status, int) and 400 <= status < 500)


def _type(error: Any) -> str:
    told = error.get("type") if isinstance(error, dict) else None
    return told.rsplit("/", 1)[-1] if isinstance(told, str) else ""


def _succeeded(body: Any) -> Iterator[str]:
    if isinstance(body, dict):
        for one in _list(body.get("success")):
            told = one.get("id") or one.get("entityId") if isinstance(one, dict) else one
            if isinstance(told, str):
                yield told
    for one in body if isinstance(body, list) else ():
        if isinstance(one, dict) and "failure" not in one and isinstance(one.get("id"), str):
            yield one["id"]


def _errors(body: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(body, dict):
        for one in _list(body.get("errors")):
            if isinstance(one, dict):
                yield one.get("entityId") or one.get("id"), one.get("error", one)
    for one in body if isinstance(body, list) else ():
        if isinstance(one, dict) and "failure" in one:
            failures = _list(one["failure"]) or [{}]
            yield one.get("id"), failures[0]


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
