"""A change of stations.toml by a command: judged before it replaces the file, told to a running gateway."""

import difflib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from luftpegel_gateway.cli.site import Site
from luftpegel_gateway.config.files import BadConfig
from luftpegel_gateway.config.judged import JudgedFile, Mistake, read_text
from luftpegel_gateway.config.replacing import alone_in, replace
from luftpegel_gateway.config.stations import read_stations
from luftpegel_gateway.config.wrong import Wrong
from luftpegel_gateway.control.client import NobodyListens, connected
from luftpegel_gateway.control.protocol import Reload
from luftpegel_gateway.model.faults import CannotStart
from luftpegel_gateway.words.texts import stations_text, tell


class Edited(NamedTuple):
    """The text before, the lines that differ, and where that file is now; None: nothing was written."""

    before: str
    difference: list[str]
    old: Path | None


def edit(site: Site, change: Callable[[str], str], *, dry_run: bool) -> Edited:
    """Change the file, if there is anything to change. BadConfig: it would be wrong; CannotStart."""
    file = site.config.stations_file.resolve()  # a link stays one
    with alone_in(file.parent):
        before = file.read_bytes()
        text, after = _changed(file, change)
        if dry_run and text != after:
            _judge_text(site, file, after)
        old = None if dry_run or text == after else _replace(site, file, before, after)
    return Edited(text, _difference(text, after), old)


def tell_gateway(site: Site, language: str) -> str:
    """Have a running gateway read the file; what became of that. CannotStart: it does not take it."""
    try:
        with connected(site.data) as client:
            return tell("gateway_took", language, stations_text(client.ask(Reload()).stations, language))
    except NobodyListens:
        return tell("gateway_later", language)


def _changed(file: Path, change: Callable[[str], str]) -> tuple[str, str]:
    """The text before and after. BadConfig: it is no TOML; CannotStart: this cannot be changed in it."""
    judged = JudgedFile(file)
    if judged.mistakes:
        raise BadConfig(judged.mistakes)
    text = read_text(file)
    try:
        return text, change(text)
    except Wrong as wrong:
        raise CannotStart(wrong.code, str(wrong.words["detail"])) from wrong


def _difference(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    return [line for line in lines if not line.startswith(("---", "+++"))]


def _judge_text(site: Site, file: Path, text: str) -> None:
    """What `_judge` says of a text that is not to be written where the file is."""
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / file.name
        trial.write_bytes(text.encode())
        _judge(site, file, trial)


def _judge(site: Site, file: Path, trial: Path) -> None:
    """BadConfig, told of `file`, when the stations in `trial` cannot stand."""
    _, mistakes = read_stations(trial, site.config.tenants)
    if mistakes:
        there = len(read_text(file).splitlines())  # a line beyond it is only to be written
        lines = [found.line if found.line <= there else 0 for found in mistakes]
        told = zip(lines, mistakes, strict=True)
        raise BadConfig([Mistake(file, line, found.code, found.words) for line, found in told])


def _replace(site: Site, file: Path, before: bytes, after: str) -> Path:
    return replace(file, before, after.encode(), lambda trial: _judge(site, file, trial))
