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


def outdates(attribute: Any, mark: Mark) -> bool:
    """Whether the broker's attribute makes ours superfluous: it is newer, or this very telling."""
    if not isinstance(attribute, dict) or (time := seconds_of(attribute)) is None:
        return False
    if _sub(attribute, "reading") == f"{mark.life}/{mark.seq}":
        return revision_of(attribute) > mark.revision or (
            revision_of(attribute) == mark.revision and time == mark.time
        )
    return time > mark.time


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
