"""gateway.toml and stations.toml: read whole, judged whole, refused with file, line, cause and next step.

Nothing is opened or started here. Every mistake is found in one go, so that an operator mends the file once.
"""

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from luftpegel_gateway import sinks, sources
from luftpegel_gateway.config.judged import JudgedFile, Mistake
from luftpegel_gateway.config.options import (
    Option,
    Wrong,
    choice,
    host,
    matching,
    number,
    path,
    port,
    text,
    whole,
)
from luftpegel_gateway.config.secrets import READ, reading
from luftpegel_gateway.config.stations import NO_STATIONS, read_stations
from luftpegel_gateway.config.toml_lines import Path as KeyPath
from luftpegel_gateway.config.toml_lines import line_of
from luftpegel_gateway.model.station import Station

ID = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
GATEWAY_OPTIONS = {
    "data": Option(path),
    "stations": Option(path),
    "linger_ms": Option(whole(0, 1000), 5),
    "keep_days": Option(whole(1, 36500), 31),
    "keep_mib": Option(whole(16, 10_000_000), 4096),
    "quarantine_days": Option(whole(1, 36500), 400),
    "quarantine_mib": Option(whole(1, 1_000_000), 64),
    "downlink_s_per_hour": Option(number(0, 360), 9.0),
    "language": Option(choice("de", "en"), None),
    "log": Option(choice("text", "json"), "text"),
}
TENANT_OPTIONS = {"id": Option(matching(ID, "town")), "name": Option(text, None)}
PAGE_OPTIONS = {"host": Option(host, "127.0.0.1"), "port": Option(port, 8080)}
JOURNAL = "journal.sqlite"  # in the data folder
# Parts of the gateway that report troubles under these names themselves.
RESERVED = ("journal", "intake", "retention", "control", "stations")
NAME = Option(matching(ID, "chirpstack"), None)
KIND = {"kind": Option(text)}
PART_OPTIONS = {**KIND, "name": NAME, "tenant": Option(text, "")}
MISSING = "LP-305"
ALL = "*"  # tenants of a sink: every one


@dataclass(frozen=True, slots=True)
class Part:
    """One [[source]] or [[sink]]: its kind, its name (unique), its options as read by its own table, and
    where it stands in the file.

    `tenant`: whose stations it serves; "" where there are no tenants, "*" (a sink): all.
    """

    kind: str
    name: str
    options: Mapping[str, Any]
    place: KeyPath = ()
    tenant: str = ""


@dataclass(frozen=True, slots=True)
class Config:
    """Both files, judged. `page` is (host, port), or None when there is no [page]."""

    data: Path
    stations_file: Path
    stations: tuple[Station, ...]
    sources: tuple[Part, ...]
    sinks: tuple[Part, ...]
    page: tuple[str, int] | None
    linger_s: float
    keep_days: int
    keep_mib: int
    quarantine_days: int
    quarantine_mib: int
    language: str | None
    log: str
    tenants: tuple[str, ...]
    downlink_s_per_hour: float


class BadConfig(Exception):  # noqa: N818 - told to the operator, not to a programmer
    """The files cannot be used; `mistakes` has all of them in order of their lines."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("; ".join(mistake.text("en") for mistake in mistakes))
        self.mistakes = mistakes


def load(file: Path, *, may_be_empty: bool = False, secrets: str = READ) -> Config:
    """Both files. Raises BadConfig with every mistake found. `may_be_empty`: also without a station.

    `secrets`: which of them are read (config/secrets.py). Only with READ may sources and sinks be made of it.
    """
    with reading(secrets):
        return _load(file, may_be_empty=may_be_empty)


def _load(file: Path, *, may_be_empty: bool) -> Config:
    main = JudgedFile(file)
    if main.mistakes:
        raise BadConfig(main.mistakes)
    main.unknown((), main.content, dict.fromkeys(("gateway", "source", "sink", "page", "tenant")))
    if "gateway" not in main.content:
        main.wrong((), "LP-305", key="[gateway]")
    gateway = main.read(("gateway",), main.content.get("gateway", {}), GATEWAY_OPTIONS)
    page = main.read(("page",), main.content["page"], PAGE_OPTIONS) if "page" in main.content else None
    tenants = _tenants(main)
    names = set(RESERVED)
    tables = (("source", sources.SOURCES), ("sink", sinks.SINKS))
    parts = {key: _parts(main, key, kinds, names, tenants) for key, kinds in tables}
    _judge_ports(main, parts["source"], page)
    if gateway["data"]:
        if obstacle := no_folder(gateway["data"]):
            main.wrong(("gateway", "data"), "LP-329", key="data", path=gateway["data"], obstacle=obstacle)
        _judge_files(main, parts["sink"], gateway["data"])
    stations, mistakes = read_stations(gateway["stations"], tenants) if gateway["stations"] else ((), [])
    if may_be_empty:
        mistakes = [mistake for mistake in mistakes if mistake.code != NO_STATIONS]
    if mistakes := sorted(main.mistakes, key=lambda mistake: mistake.line) + mistakes:
        raise BadConfig(mistakes)
    return Config(
        data=gateway["data"],
        stations_file=gateway["stations"],
        stations=stations,
        sources=parts["source"],
        sinks=parts["sink"],
        page=(page["host"], page["port"]) if page else None,
        linger_s=gateway["linger_ms"] / 1000,
        keep_days=gateway["keep_days"],
        keep_mib=gateway["keep_mib"],
        quarantine_days=gateway["quarantine_days"],
        quarantine_mib=gateway["quarantine_mib"],
        language=gateway["language"],
        log=gateway["log"],
        tenants=tenants,
        downlink_s_per_hour=gateway["downlink_s_per_hour"],
    )


def no_folder(folder: Path) -> Path | None:
    """What is in the way of a folder here: the first part of its path that is there and is none."""
    for part in (folder, *folder.parents):
        with contextlib.suppress(OSError):  # a path through a file, or one that we may not look into
            if part.exists():
                return None if part.is_dir() else part
    return None


def _judge_files(main: JudgedFile, parts: Sequence[Part], data: Path) -> None:
    """Note every sink whose file or folder another part writes already."""
    taken = {(data / JOURNAL).resolve(): "journal"}
    for part in parts:
        module = sinks.module_of(part.kind)
        if not hasattr(module, "files"):
            continue
        for key, written in module.files(part.options, part.name, data):
            if written is None or (*part.place, key) in main.failed:  # it is a mistake of its own
                continue
            other = taken.setdefault(written.resolve(), part.name)
            if other != part.name:
                main.wrong((*part.place, key), "LP-336", key=key, path=written, other=other)


def _judge_ports(main: JudgedFile, parts: Sequence[Part], page: Mapping[str, Any] | None) -> None:
    """Note every source that listens where the page or another source does already."""
    taken = {(page["host"], page["port"]): line_of(main.lines, ("page", "port"))} if page else {}
    for part in parts:
        module = sources.module_of(part.kind)
        if not hasattr(module, "listens"):
            continue
        where, line = module.listens(part.options), line_of(main.lines, (*part.place, "port"))
        other = taken.setdefault(where, line)
        if None not in where and other != line:
            main.wrong((*part.place, "port"), "LP-307", key="port", value=where[1], other=other)


def risks(config: Config) -> Iterator[tuple[str, str]]:
    """What may stand in the files but should not: the name of a source or sink, and an LP code."""
    parts = [(part, sources.module_of(part.kind)) for part in config.sources]
    parts += [(part, sinks.module_of(part.kind)) for part in config.sinks]
    for part, module in parts:
        if hasattr(module, "warnings"):
            yield from ((part.name, code) for _, code in module.warnings(part.options))


def _tenants(main: JudgedFile) -> tuple[str, ...]:
    """The tenants of [[tenant]], and "", which whoever names none belongs to."""
    found = [""]
    for place, table in main.tables("tenant"):
        tenant = main.read(place, table, TENANT_OPTIONS)["id"]
        if tenant in found:
            main.wrong((*place, "id"), "LP-312", value=tenant)
        elif tenant is not None:
            found.append(tenant)
    return tuple(found)


def _parts(
    main: JudgedFile, key: str, kinds: Mapping[str, str], names: set[str], tenants: Collection[str]
) -> tuple[Part, ...]:
    """All [[source]] or [[sink]] tables, at least one; their names are added to `names`, which are taken."""
    parts = []
    tables = main.tables(key)
    if not tables and not any(mistake.words.get("key") == key for mistake in main.mistakes):
        main.wrong((), "LP-305", key=f"[[{key}]]")
    for place, table in tables:
        part = _part(main, key, place, table, kinds)
        if part is not None and part.tenant not in (*tenants, *([ALL] if key == "sink" else ()), None):
            main.wrong((*place, "tenant"), "LP-368", value=part.tenant)
        if part is not None and part.name in names:
            main.wrong((*place, "name"), "LP-312", value=part.name)
        elif part is not None:
            names.add(part.name)
            parts.append(part)
    return tuple(parts)


def _beside_each_other(
    module: ModuleType, options: Mapping[str, Any], *, sound: bool
) -> list[tuple[str, Wrong]]:
    """What a kind says of its options beside each other; where some could not be read (not `sound`), as far
    as it gets."""
    found: list[tuple[str, Wrong]] = []
    if hasattr(module, "wrong"):
        try:
            for one in module.wrong(options):
                found.append(one)  # noqa: PERF402 - what was said before it stumbles counts
        except (AttributeError, KeyError, TypeError, ValueError):
            if sound:
                raise
    return found


def _part(
    main: JudgedFile, key: str, place: KeyPath, table: dict[str, Any], kinds: Mapping[str, str]
) -> Part | None:
    kind = main.read(place, {key: table[key] for key in ("kind",) if key in table}, KIND)["kind"]
    if kind is None:
        return None
    if kind not in kinds:
        expected = ", ".join(f'"{word}"' for word in kinds)
        main.wrong((*place, "kind"), "LP-306", key="kind", expected=expected, got=repr(kind))
        return None
    module = sources.module_of(kind) if key == "source" else sinks.module_of(kind)
    before = len(main.mistakes)
    options = main.read(place, table, {**PART_OPTIONS, **module.OPTIONS})
    sound = len(main.mistakes) == before
    for option, wrong in _beside_each_other(module, options, sound=sound):
        # Where an option cannot be read, what follows from it is no mistake; one that is missing is.
        if sound or (wrong.code == MISSING and option not in table and (*place, option) not in main.failed):
            main.wrong((*place, option), wrong.code, key=option, **wrong.words)
    return Part(kind, options["name"] or kind, options, place, options["tenant"])
