"""The gateway that the configuration describes, as far as the verbs need it."""

import contextlib
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from luftpegel_gateway.config.files import Config
from luftpegel_gateway.control.handlers import Handlers
from luftpegel_gateway.journal.port import Reader
from luftpegel_gateway.journal.sqlite import to_version_1, version_2
from luftpegel_gateway.model.station import Station

DONE, PROBLEM, WRONG_USE, PARTLY = 0, 1, 2, 4
Exported = to_version_1.Exported | version_2.Exported


@dataclass(frozen=True, slots=True)
class Site:
    """`data`: its folder. `sources` and `sinks`: names. `risks`: a name and an LP code each.

    `config`: both files as they were judged; `files`: where they are, by their usual names. `stores`: the
    file of each sink that has one at a path of its own.

    `open_reader` raises CannotStart LP-331 when there is no journal yet, JournalDown when it is damaged;
    `alone` opens the journal for writing, under the folder's lock. `export` writes it for an old gateway,
    under the same lock: where to, which sinks are to get everything again, and of which release.
    """

    data: Path
    stations: Sequence[Station]
    sources: Sequence[str]
    sinks: Sequence[str]
    run: Callable[[], Coroutine[None, None, None]]
    open_reader: Callable[[], Reader]
    alone: Callable[[], contextlib.AbstractContextManager[Handlers]]
    export: Callable[[Path, Sequence[str], str], Exported]
    config: Config
    risks: Sequence[tuple[str, str]] = ()
    files: Mapping[str, Path] = field(default_factory=dict)
    stores: Mapping[str, Path] = field(default_factory=dict)
