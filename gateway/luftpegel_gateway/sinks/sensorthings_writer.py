"""Writing rows: many in one CreateObservations, and the answer to each of them read.

The answer to a data array is a list with a link, or "error ...", for each row; the status says little (201
although rows failed, 200 for long answers, 500 for all because of one). What failed in company is tried
alone, and refused only when the server says so then.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence

from luftpegel_gateway.model.names import Name
from luftpegel_gateway.sinks import SinkDown
from luftpegel_gateway.sinks.sensorthings_api import VANISHED, Api, Entity, at, gone
from luftpegel_gateway.sinks.sensorthings_directory import Address
from luftpegel_gateway.sinks.sensorthings_rows import COMPONENTS, Row
from luftpegel_gateway.transport import http_faults
from luftpegel_gateway.transport.http_client import Answer

TRIES = 5  # so often a row may fail alone, in a server that takes others, before it is refused
HOPELESS = 3  # so many failures one after the other, and it is the server
_NO_ARRAYS = (404, 405, 501)
Refused = dict[Name, str]


class Writer:
    """One server. `took`: it has taken a row since the start."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._arrays = True
        self._failures: Counter[Name] = Counter()
        self.took = False

    async def create(self, rows: Sequence[Row], addresses: Mapping[Name, Address]) -> Refused:
        """Write rows that are not there; what is refused for good, and why. Raises OtherEndDown."""
        if not rows:
            return {}
        alone = list(rows)
        if self._arrays and len(rows) > 1:
            answer = await self._api.post("CreateObservations", _arrays(rows, addresses), (500, 501))
            alone = self._left(rows, addresses, answer)
        return await self._singly(alone, addresses)

    async def change(self, rows: Mapping[Name, tuple[Row, Entity]]) -> Refused:
        """Correct Observations that are there. Raises OtherEndDown."""
        answers = await asyncio.gather(
            *(self._api.change("Observations", there["@iot.id"], row.body()) for row, there in rows.values())
        )
        refused: Refused = {}
        for name, answer in zip(rows, answers, strict=True):
            if gone(answer):
                raise SinkDown(VANISHED, answer.words())
            if answer.well:
                self.took = True
            else:
                refused[name] = answer.words()
        return refused

    def _left(self, rows: Sequence[Row], addresses: Mapping[Name, Address], answer: Answer) -> list[Row]:
        """The rows that are not there after a CreateObservations."""
        if answer.status in _NO_ARRAYS:
            self._arrays = False
        if not answer.well:
            return list(rows)
        told = answer.json()
        if not isinstance(told, list) or len(told) != len(rows):
            raise SinkDown(http_faults.NOT_UNDERSTOOD, answer.words())
        ordered = [row for group in _by_stream(rows, addresses).values() for row in group]
        left = [row for row, said in zip(ordered, told, strict=True) if str(said).startswith("error")]
        self.took = self.took or len(left) < len(rows)
        return left

    async def _singly(self, rows: Sequence[Row], addresses: Mapping[Name, Address]) -> Refused:
        refused: Refused = {}
        failed: dict[Name, str] = {}
        for row in rows:
            address = addresses[row.name]
            body = {**row.body(), "FeatureOfInterest": {"@iot.id": address.feature}}
            path = f"{at('Datastreams', address.datastream)}/Observations"
            answer = await self._api.post(path, body, (500,))
            if answer.well:
                self.took = True
                self._failures.pop(row.name, None)
            elif answer.status == 500:
                failed[row.name] = answer.words()
                if len(failed) >= HOPELESS and not self.took:
                    break
            elif gone(answer):
                raise SinkDown(VANISHED, answer.words())
            else:
                refused[row.name] = answer.words()
        return refused | self._tired(failed)

    def _tired(self, failed: Mapping[Name, str]) -> Refused:
        """Those that failed too often, where others are taken. Raises SinkDown for the others."""
        self._failures.update(failed.keys())
        tired = {name: why for name, why in failed.items() if self.took and self._failures[name] >= TRIES}
        for name, why in failed.items():
            if name not in tired:
                raise SinkDown(http_faults.BROKEN, why)
        for name in tired:
            del self._failures[name]
        return tired


def _by_stream(rows: Sequence[Row], addresses: Mapping[Name, Address]) -> dict[object, list[Row]]:
    """In the order in which they are sent, and answered."""
    groups: dict[object, list[Row]] = {}
    for row in rows:
        groups.setdefault(addresses[row.name].datastream, []).append(row)
    return groups


def _arrays(rows: Sequence[Row], addresses: Mapping[Name, Address]) -> list[Entity]:
    return [
        {
            "Datastream": {"@iot.id": stream},
            "components": list(COMPONENTS),
            "dataArray@iot.count": len(group),
            "dataArray": [row.listed(addresses[row.name].feature) for row in group],
        }
        for stream, group in _by_stream(rows, addresses).items()
    ]
