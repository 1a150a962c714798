"""The Things Stack v3 over its HTTP API: one device in four registries, in their order, each read back.

A registry that fails leaves the ones before it as they are: the next run finds them right and goes on at the
one that is lacking. Nothing is deleted, for a device may have joined in the meantime.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from typing import Any

from luftpegel_gateway.model.faults import OtherEndDown
from luftpegel_gateway.transport.http_client import Answer, HttpClient
from luftpegel_gateway.transport.http_faults import NOT_UNDERSTOOD
from luftpegel_tools.technician.provision import tts_devices
from luftpegel_tools.technician.provision.item import Difference, Item, State
from luftpegel_tools.technician.provision.tts_devices import Registry
from luftpegel_tools.technician.provision.wanted import Device
from luftpegel_tools.technician.words import TroubleError

BUSY = "LP-472"
_TRIES, _WAIT_S, _LONGEST_WAIT_S = 4, 1.0, 30.0
_CONFLICT, _NOT_FOUND = 409, 404
_LONGEST_MESSAGE = 300  # characters


class Server:
    """One application. Used on one event loop."""

    def __init__(
        self,
        client: HttpClient,
        application: str,
        registries: Callable[[Device], list[Registry]],
        may_replace: Callable[[Device, bool], bool],
    ) -> None:
        """`registries(device)`: what is wanted. `may_replace(device, activated)`: another key there."""
        self._client = client
        self._application = application
        self._registries = registries
        self._may_replace = may_replace

    async def judge_application(self) -> None:
        """TroubleError LP-659: there is no such application, for this key at least."""
        answer = await self._ask("GET", f"api/v3/applications/{self._application}")
        if not answer.well:
            raise TroubleError("LP-659", got=self._application, detail=_said(answer))

    async def look(self, device: Device) -> Item:
        """What is to be done about a device."""
        return (await self._look(device))[0]

    async def ensure(self, device: Device) -> Item:
        """Make a device as it is wanted; what was done. TroubleError, OtherEndDown."""
        first, there = await self._look(device)
        if not first.writes:
            return first
        for registry, message in zip(self._registries(device), there, strict=True):
            if message is None or tts_devices.differences(message, registry.paths):
                await self._write(device, registry, message)
        item = await self.look(device)
        if item.state is not State.SAME:
            fields = ", ".join(one.field for one in item.differences) or str(item.state)
            code = "LP-646" if tts_devices.CODEC_PATH in fields else "LP-647"
            raise item.trouble or TroubleError(code, what=f"device {device.station}", detail=fields)
        return first

    async def _look(self, device: Device) -> tuple[Item, list[Mapping[str, Any] | None]]:
        wanted = self._registries(device)
        there = [await self._read(device, registry) for registry in wanted]
        name, dev_eui = f"{device.station} {device.name}", device.dev_eui
        identity = there[0]
        if identity is None and not any(there):
            return Item("device", name, State.NEW, dev_eui), there
        if identity is not None and not _is_ours(identity, device):
            detail = str(tts_devices.at(identity, "ids.dev_eui"))
            trouble = TroubleError("LP-642", got=dev_eui, station=device.station, detail=detail)
            return Item("device", name, State.REFUSED, dev_eui, (), trouble), there
        found = [one for registry, message in zip(wanted, there, strict=True)
                 for one in _differences(registry, message)]  # fmt: skip
        activated = bool(identity and identity.get("activated_at"))
        other_key = any(one.field == "key" and one.there for one in found)
        if other_key and not self._may_replace(device, activated):
            trouble = TroubleError("LP-644", station=device.station)
            return Item("device", name, State.REFUSED, dev_eui, found, trouble), there
        return Item("device", name, State.CHANGED if found else State.SAME, dev_eui, found), there

    async def _read(self, device: Device, registry: Registry) -> Mapping[str, Any] | None:
        fields = tts_devices.mask(registry.paths) + ([] if registry.prefix else ["activated_at"])
        answer = await self._ask("GET", self._path(device, registry), params={"field_mask": ",".join(fields)})
        if answer.status == _NOT_FOUND:
            return None
        if not answer.well:
            raise _refused(device, registry, answer)
        message = answer.json()
        if not isinstance(message, Mapping):
            raise OtherEndDown(NOT_UNDERSTOOD, answer.words())
        return message

    async def _write(self, device: Device, registry: Registry, there: Mapping[str, Any] | None) -> None:
        content = tts_devices.body(device, self._application, there or {}, registry.paths)
        makes = there is None and not registry.prefix
        path = f"api/v3/applications/{self._application}/devices" if makes else self._path(device, registry)
        try:
            answer = await self._ask("POST" if makes else "PUT", path, json=content)
        except OtherEndDown:
            if not await self._is_there(device, registry):  # the answer alone was lost
                raise
            return
        if answer.well or (answer.status == _CONFLICT and await self._is_there(device, registry)):
            return
        raise _refused(device, registry, answer)

    async def _is_there(self, device: Device, registry: Registry) -> bool:
        message = await self._read(device, registry)
        return message is not None and not tts_devices.differences(message, registry.paths)

    def _path(self, device: Device, registry: Registry) -> str:
        name = tts_devices.device_id(device.station)
        return f"api/v3/{registry.prefix}applications/{self._application}/devices/{name}"

    async def _ask(self, method: str, path: str, **what: Any) -> Answer:
        """A request; one that comes too often is made again when the server says."""
        for left in reversed(range(_TRIES)):
            try:
                return await self._client.request(method, path, **what)
            except OtherEndDown as down:
                if down.code != BUSY or not left:
                    raise
                await asyncio.sleep(min(down.wait_s or _WAIT_S, _LONGEST_WAIT_S))
        raise AssertionError("the last attempt returns or raises")


def _is_ours(identity: Mapping[str, Any], device: Device) -> bool:
    """EUIs cannot be changed there: one of other EUIs under our name is another device."""
    names = ("ids.dev_eui", "ids.join_eui")
    dev_eui, join_eui = (str(tts_devices.at(identity, name)).lower() for name in names)
    euis = dev_eui, join_eui or "0" * 16
    return euis == (device.dev_eui, device.join_eui)


def _differences(registry: Registry, message: Mapping[str, Any] | None) -> list[Difference]:
    if message is None:
        return [Difference(registry.name, "", "new")]
    return tts_devices.differences(message, registry.paths)


def _refused(device: Device, registry: Registry, answer: Answer) -> TroubleError:
    words = _said(answer)
    if answer.status == _CONFLICT:
        return TroubleError("LP-642", got=device.dev_eui, station=device.station, detail=words)
    what = f"device {device.station}, {registry.name}"
    code = "LP-646" if registry.prefix == "as/" and "formatter" in words else "LP-650"
    return TroubleError(code, what=what, detail=words)


def _said(answer: Answer) -> str:
    """What the server says for people: the message of its error, without the name of its package."""
    try:
        message = str(answer.json()["message"])
    except (OtherEndDown, KeyError, TypeError):
        return answer.words()
    return f"{answer.status} {re.sub(r'^error:[^:]*:', '', message)[:_LONGEST_MESSAGE]}"
