"""What a broker shows of an attribute, read back: when, of which reading, which telling of it. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from luftpegel_gateway.sinks.ngsi_entities import Mark
from luftpegel_gateway.sinks.ngsi_models import short


def seconds_of(instance: Mapping[str, Any]) -> int | None:
    """`observedAt` as Unix seconds; None where it has none."""
    try:
        return round(datetime.fromisoformat(instance["observedAt"]).timestamp())
    except (KeyError, TypeError, ValueError):
        return None


def is_of(instance: Mapping[str, Any], mark: Mark) -> bool:
    """Whether it is of this reading; one that does not say which is taken for it."""
    return _sub(instance, "reading") in (None, f"{mark.life}/{mark.seq}")


def revision_of(instance: Mapping[str, Any]) -> int:
    """Which telling of its reading it is; 0 where it does not say."""
    told = _sub(instance, "revision")
    return int(told) if isinstance(told, int | float) else 0


def mark_of(instance: Any) -> Mark | None:
    """Which reading of ours the broker has there; None: none, or it does not say."""
    if not isinstance(instance, dict) or (time := seconds_of(instance)) is None:
        return None
    life, _, seq = str(_sub(instance, "reading")).partition("/")
    if not (life.isdecimal() and seq.isdecimal()):
        return None
    return Mark(time, int(life), int(seq), revision_of(instance))


def outdates(there: Mark, ours: Mark) -> bool:
    """Whether what the broker has makes ours superfluous: newer, this very telling, or a later one."""
    if there.name == ours.name:
        return there.revision > ours.revision or there == ours
    return there > ours


def _sub(instance: Mapping[str, Any], name: str) -> Any:
    """The value of a property of a property, however its name is told."""
    return next(
        (
            found.get("value")
            for key, found in instance.items()
            if short(key) == name and isinstance(found, dict)
        ),
        None,
    )
