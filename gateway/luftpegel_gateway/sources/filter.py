"""Which of a network server's devices are ours: the filter of one [[source]]. Pure.

A town's network server has devices of other vendors too. `applications` (ids or names) and `devices` (device
EUIs) say whose events are read at all; `*` and `?` stand for any characters and any one. Nothing else is
special: names of applications have brackets. What a filter keeps out is passed over and counted. `others`
says what becomes of a device that the filter lets in and stations.toml does not know: "quarantine" keeps its
frames until it is entered there, "count" passes them over too, "pass" hands them to
the sinks that take raw frames.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from luftpegel_gateway.config.options import Option, Wrong, choice
from luftpegel_gateway.model.events import Passed

FILTERED = "filtered"
NOT_OURS = "device unknown"
_DEVICE = re.compile(r"[0-9a-f*?]+")
_SEPARATORS = str.maketrans("", "", "-:. ")
_DIGITS = 16


class Described(Protocol):
    """What the filter looks at: an event of a device."""

    @property
    def dev_eui(self) -> str:
        """16 lower-case hex digits."""

    @property
    def application(self) -> str:
        """The network server's id of the application."""

    @property
    def application_name(self) -> str:
        """Its name there."""


class Filter(msgspec.Struct, frozen=True):
    """One source's filter; the default lets everything in. `applications`, `devices`: None is any."""

    applications: re.Pattern[str] | None = None
    devices: re.Pattern[str] | None = None
    others: str = "quarantine"
    tenant: str = ""

    def passes(self, event: Described) -> bool:
        """Whether this event is to be read. An event that is Passed already must not be asked about."""
        if self.devices is not None and not self.devices.fullmatch(event.dev_eui):
            return False
        if self.applications is None:
            return True
        return any(self.applications.fullmatch(name) for name in (event.application, event.application_name))

    def kept_out(self, event: Described) -> Passed | None:
        """How to count an event that this filter keeps out; None for one that is to be read."""
        return None if self.passes(event) else Passed(FILTERED, event.dev_eui)

    def unknown(self, event: Described) -> Passed | None:
        """How to count the event of a device that stations.toml does not know; None: quarantine (LP-320)."""
        return None if self.others == "quarantine" else Passed(NOT_OURS, event.dev_eui)


    def passed_to(self) -> str | None:
        """Whose sinks get the frames of unknown devices raw, a tenant; None: nobody's."""
        return self.tenant if self.others == "pass" else None


def make(options: Mapping[str, Any], tenant: str = "") -> Filter:
    """The filter of a source, from its options as OPTIONS reads them. `tenant`: whose source it is."""
    return Filter(_any_of(options["applications"]), _any_of(options["devices"]), options["others"], tenant)


def application_patterns(value: Any, _folder: Path) -> tuple[str, ...]:
    """Ids or names of applications, also with * and ?."""
    return tuple(text.strip() for text in _texts(value))


def device_patterns(value: Any, _folder: Path) -> tuple[str, ...]:
    """Device EUIs, also with * and ?, in lower case without separators. LP-322 for what fits no EUI."""
    patterns = []
    for text in _texts(value):
        plain = text.translate(_SEPARATORS).lower()
        digits = len(plain) - plain.count("*")
        fits = digits <= _DIGITS if "*" in plain else digits == _DIGITS
        if not fits or not _DEVICE.fullmatch(plain):
            raise Wrong("LP-322", got=text)
        patterns.append(plain)
    return tuple(patterns)


OPTIONS = {
    "applications": Option(application_patterns, None),
    "devices": Option(device_patterns, None),
    "others": Option(choice("quarantine", "count", "pass"), "quarantine"),
}


def _texts(value: Any) -> list[str]:
    """A list of texts; LP-321 for an empty one, which would let nothing in."""
    if not isinstance(value, list):
        raise Wrong("LP-304", expected="a list of texts", got="no list")
    for text in value:
        if not isinstance(text, str):
            raise Wrong("LP-304", expected="a list of texts", got="a list of something else")
        if not text.strip():
            raise Wrong("LP-306", expected="text that is not empty", got='""')
    if not value:
        raise Wrong("LP-321")
    return value


def _any_of(patterns: Sequence[str] | None) -> re.Pattern[str] | None:
    if patterns is None:
        return None
    return re.compile("|".join(_expression(text) for text in patterns), re.IGNORECASE | re.DOTALL)


def _expression(pattern: str) -> str:
    once = re.sub(r"\*+", "*", pattern)  # several in a row say no more, but cost time
    return re.escape(once).replace(r"\*", ".*").replace(r"\?", ".")
