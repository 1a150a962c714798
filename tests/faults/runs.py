"""Has each fault happen once to all sinks, or all sources, of a town; tests and table read what came of it.

All far ends are there in every run, so one that is away or slow can hold up the others, were that possible.
"""

import os
import random
import time
import traceback

from tests.faults.far_ends import FAR_ENDS, FarEnd, class_of
from tests.faults.faults import FAULTS
from tests.faults.near_ends import NEAR_ENDS
from tests.faults.town import Town, until
from tests.servers.influxdb import InfluxDB

SINKS, SOURCES = "sink", "source"
COUNTED_S = 30  # until what was confirmed shows where it is counted
CARRIER = "chirpstack-mqtt"  # tells the readings where sinks are under fault


def class_of_part(group, kind):
    """The class of a part's other end."""
    return class_of(kind) if group == SINKS else NEAR_ENDS[kind]


def kinds_of(group):
    """All kinds, in the order of the table; LUFTPEGEL_PARTS names some of them."""
    only = os.environ.get("LUFTPEGEL_PARTS", "").split()
    return [kind for kind in (FAR_ENDS if group == SINKS else NEAR_ENDS) if not only or kind in only]


def cells():
    """(group, fault, kind, why it cannot be or "") of the whole table."""
    for group in (SINKS, SOURCES):
        for fault in FAULTS:
            for kind in kinds_of(group):
                yield group, fault, kind, class_of_part(group, kind).without.get(fault, "")


class Servers:
    """The real servers, started when they are first asked for."""

    def __init__(self, request, folder):
        self._request, self._folder = request, folder
        self._ends = []

    def folder(self, name):
        found = self._folder / name
        found.mkdir()
        return found

    def postgresql(self):
        return self._request.getfixturevalue("postgresql")

    def frost(self):
        return self._request.getfixturevalue("frost")

    def influxdb(self):
        server = InfluxDB(self._folder / "influxdb server")
        self._ends.append(server.kill)
        return server

    def close(self):
        for end in self._ends:
            end()


class Runs:
    """`cell(group, fault, kind)`; each run is made when it is first asked for."""

    def __init__(self, servers, folder, zygote, seed):
        self._servers, self._folder, self._zygote, self._seed = servers, folder, zygote, seed
        self._ends, self.results = {}, {}

    def cell(self, group, fault, kind):
        """What came of it. Raises what the run raised."""
        if (group, fault) not in self.results:
            try:
                self.results[group, fault] = self._run(group, fault)
            except Exception as error:
                self.results[group, fault] = error
                traceback.print_exc()
        found = self.results[group, fault]
        if isinstance(found, Exception):
            raise AssertionError(f"{fault} could not be carried out: {found}") from found
        return found[kind]

    def _end(self, group, kind):
        if (group, kind) not in self._ends:
            self._ends[group, kind] = class_of_part(group, kind)(self._servers)
        return self._ends[group, kind]

    def _run(self, group, fault):
        parts = [self._end(group, kind) for kind in kinds_of(group)]
        hit = [part for part in parts if fault not in part.without]
        number = 1 + list(FAULTS).index(fault) + (len(FAULTS) if group == SOURCES else 0)
        sinks, sources = (parts, [self._end(SOURCES, CARRIER)]) if group == SINKS else ([], parts)
        town = Town(self._folder / f"{group} {fault}", number, sources, sinks, self._zygote)
        began = time.monotonic()
        try:
            town.start()
            FAULTS[fault](town, hit, random.Random(f"{self._seed} {group} {fault}"))
            return self._counted(town, parts)
        finally:
            for part in parts:
                part.calm()
                part.back()
            town.end()
            print(f"{group} {fault}: {time.monotonic() - began:.1f} s, {town.codes_seen}")

    def _counted(self, town, parts):
        """All is well again: what is there, when nothing waits any more."""
        for part in parts:
            part.calm()
        until(lambda: town.troubles() is not None, town.told)
        for source in town.sources:
            source.settle()
        until(lambda: town.has_all(parts), lambda: self._missing(town, parts))
        ends = time.monotonic() + COUNTED_S
        found = {part.kind: town.cell(part) for part in parts}
        while any(cell.lost for cell in found.values()) and time.monotonic() < ends:
            time.sleep(0.2)
            found = {part.kind: town.cell(part) for part in parts}
        if isinstance(parts[0], FarEnd):
            assert town.witnessed() == set(town.sent)
        return found

    @staticmethod
    def _missing(town, parts):
        return f"{[(part.kind, town.cell(part)) for part in parts]}\n{town.told()}"

    def close(self):
        for end in self._ends.values():
            end.close()
