"""A double of The Things Stack v3: the four end device registries of its HTTP API, for one application.

Held against its published API reference: which field lives in which registry (a mask with another one is
refused), masks (what is not in one is neither written nor told), empty fields that are left out, EUIs in
upper case, errors as JSON with gRPC's code and a name in their message. Not modelled: LoRaWAN, events, users.
"""

import asyncio
import copy
import threading
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

RIGHTS = ("read", "write", "read keys", "write keys")
_FIELDS = {
    "": ("name", "description", "attributes", "locations", "network_server_address",
         "application_server_address", "join_server_address", "activated_at", "version_ids"),
    "js": ("root_keys", "network_server_address", "application_server_address"),
    "ns": ("lorawan_version", "lorawan_phy_version", "frequency_plan_id", "supports_join", "supports_class_c",
           "mac_settings"),
    "as": ("formatters",),
}  # fmt: skip
_PHY_OF = {"MAC_V1_0_4": ("RP002_V1_0_0", "RP002_V1_0_1", "RP002_V1_0_2", "RP002_V1_0_3", "RP002_V1_0_4")}
_LONGEST_FORMATTER = 40_960  # bytes
_STATUS = {3: 400, 5: 404, 6: 409, 7: 403, 9: 400, 16: 401}


class _ApiError(Exception):
    """An answer: gRPC code and message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class ThingsStack:
    """The double, on a thread and a free local port of its own. A context manager.

    `registries`: by "", "js", "ns", "as", then by device id. `before` and `after` may give an HTTP status to
    answer a request with, instead of doing it or once it is done.
    """

    def __init__(self, api_key: str, application: str, rights: tuple[str, ...] = RIGHTS) -> None:
        self._api_key = api_key
        self._application = application
        self.rights = rights
        self.registries: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in _FIELDS}
        self.calls: list[tuple[str, str]] = []
        self.before: Callable[[int], int | None] = lambda _number: None
        self.after: Callable[[int], int | None] = lambda _number: None
        self._loop = asyncio.new_event_loop()
        self._runner: web.AppRunner | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="things-stack")
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(30)
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "ThingsStack":
        """Use as a context manager."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Hang up on everybody."""
        self.close()

    def close(self) -> None:
        """End it."""
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> int:
        app = web.Application()
        app.router.add_get("/api/v3/applications/{application}", self._answer_application)
        for prefix, folder in (("", ""), ("js", "js/"), ("ns", "ns/"), ("as", "as/")):
            path = f"/api/v3/{folder}applications/{{application}}/devices"
            app.router.add_get(f"{path}/{{device}}", self._handler(prefix, self._get))
            app.router.add_put(f"{path}/{{device}}", self._handler(prefix, self._put))
            if not prefix:
                app.router.add_post(path, self._handler(prefix, self._post))
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        return int(self._runner.addresses[0][1])

    async def _stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer_application(self, request: web.Request) -> web.Response:
        try:
            self._admit(request)
        except _ApiError as error:
            return _told(error)
        return web.json_response({"ids": {"application_id": self._application}})

    def _handler(self, prefix: str, do: Callable[..., Any]) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.Response:
            self.calls.append((request.method, request.path))
            number = len(self.calls)
            if status := self.before(number):
                return web.json_response({"code": 14, "message": "unavailable"}, status=status)
            try:
                self._admit(request)
                body = await request.json() if request.can_read_body else {}
                answer = do(prefix, request, body)
            except _ApiError as error:
                return _told(error)
            if status := self.after(number):
                return web.json_response({"code": 14, "message": "unavailable"}, status=status)
            return web.json_response(answer)

        return handle

    def _admit(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bearer {self._api_key}":
            raise _ApiError(16, "error:pkg/auth:token (invalid token)")
        if request.match_info["application"] != self._application:
            raise _ApiError(7, "error:pkg/auth/rights:no_application_rights (no rights for application)")

    def _get(self, prefix: str, request: web.Request, _body: Any) -> dict[str, Any]:
        paths = [path for path in request.query.get("field_mask", "").split(",") if path]
        self._judge(prefix, paths, "read")
        device = self.registries[prefix].get(request.match_info["device"])
        if device is None:
            raise _ApiError(5, f"error:pkg/{prefix or 'is'}:device_not_found (end device not found)")
        return _masked(device, paths)

    def _post(self, prefix: str, _request: web.Request, body: Any) -> dict[str, Any]:
        device, paths = body["end_device"], body["field_mask"]["paths"]
        self._judge(prefix, paths, "write")
        ids = device["ids"]
        if ids["device_id"] in self.registries[""]:
            raise _ApiError(6, "error:pkg/identityserver/store:id_taken (ID already taken)")
        self._judge_euis("", ids)
        return self._store("", ids, device, paths)

    def _put(self, prefix: str, request: web.Request, body: Any) -> dict[str, Any]:
        device, paths = body["end_device"], body["field_mask"]["paths"]
        self._judge(prefix, paths, "write")
        ids = device["ids"]
        if ids["device_id"] != request.match_info["device"]:
            raise _ApiError(3, "error:pkg/ttnpb:identifiers (invalid identifiers)")
        if not prefix and ids["device_id"] not in self.registries[""]:
            raise _ApiError(5, "error:pkg/identityserver/store:end_device_not_found (end device not found)")
        if prefix:
            self._judge_euis(prefix, ids)
        if prefix == "ns":
            _judge_versions(device)
        if prefix == "as" and len(str(_at(device, "formatters.up_formatter_parameter"))) > _LONGEST_FORMATTER:
            raise _ApiError(3, "error:pkg/as:formatter_script_too_large (formatter script too large)")
        return self._store(prefix, ids, device, paths)

    def _store(self, prefix: str, ids: Any, device: Any, paths: list[str]) -> dict[str, Any]:
        stored = self.registries[prefix].setdefault(ids["device_id"], {"ids": copy.deepcopy(ids)})
        for path in paths:
            _set(stored, path, copy.deepcopy(_at(device, path)))
        return _masked(stored, paths)

    def _judge_euis(self, prefix: str, ids: Any) -> None:
        for other in self.registries[prefix].values():
            told = other["ids"]
            same = (told["dev_eui"], told["join_eui"]) == (ids["dev_eui"], ids["join_eui"])
            if same and told["device_id"] != ids["device_id"]:
                name = "duplicate_identifiers (duplicate identifiers)"
                if not prefix:
                    name = (
                        f"end_device_euis_taken (an end device with JoinEUI `{ids['join_eui']}` and DevEUI "
                        f"`{ids['dev_eui']}` is already registered as `{told['device_id']}` in application "
                        f"`{told['application_ids']['application_id']}`)"
                    )
                raise _ApiError(6, f"error:pkg/{prefix or 'identityserver'}:{name}")

    def _judge(self, prefix: str, paths: list[str], right: str) -> None:
        foreign = [path for path in paths if path.partition(".")[0] not in _FIELDS[prefix]]
        if foreign:
            raise _ApiError(3, f"error:pkg/{prefix or 'is'}:field_mask (invalid field mask: {foreign[0]})")
        needed = {right} | ({f"{right} keys"} if any("root_keys" in path for path in paths) else set())
        if not needed <= set(self.rights):
            raise _ApiError(7, "error:pkg/auth/rights:insufficient_application_rights (insufficient rights)")


def _judge_versions(device: Mapping[str, Any]) -> None:
    phy = device.get("lorawan_phy_version")
    if phy not in _PHY_OF.get(str(device.get("lorawan_version")), ()):
        raise _ApiError(3, f"error:pkg/ns:version (invalid LoRaWAN version combination: {phy})")
    if not str(device.get("frequency_plan_id", "")).startswith("EU_863_870"):
        raise _ApiError(5, "error:pkg/frequencyplans:not_found (frequency plan not found)")


def _told(error: _ApiError) -> web.Response:
    return web.json_response(
        {"code": error.code, "message": str(error), "details": []}, status=_STATUS[error.code]
    )


def _masked(device: Mapping[str, Any], paths: list[str]) -> dict[str, Any]:
    answer: dict[str, Any] = {"ids": device["ids"]}
    for path in paths:
        if (value := _at(device, path)) not in ("", 0, False, None, {}, []):
            _set(answer, path, value)
    return answer


def _at(device: Any, path: str) -> Any:
    for name in path.split("."):
        device = device.get(name, "") if isinstance(device, Mapping) else ""
    return device


def _set(device: dict[str, Any], path: str, value: Any) -> None:
    *folders, name = path.split(".")
    for folder in folders:
        device = device.setdefault(folder, {})
    device[name] = value
