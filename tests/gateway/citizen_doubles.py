"""Doubles of openSenseMap and Sensor.Community, which cannot be had: they answer as the platforms' published
sources and documentation say, refuse what those refuse, recognise no repeats, and may be told to fail."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

from aiohttp import web


class Double:
    """A server on a free port; `script` has an answer (status, headers), or a way to fail, for each of the
    next requests: "hang" takes the values and says nothing, "cut" ends the connection before reading."""

    def __init__(self):
        self.taken = []
        self.requests = 0
        self.script = []

    async def __aenter__(self):
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.01)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_details):
        await self._runner.cleanup()

    async def _handle(self, request):
        self.requests += 1
        told = self.script.pop(0) if self.script else None
        if isinstance(told, tuple):
            return web.Response(status=told[0], headers=told[1])
        if told == "cut":
            request.transport.abort()
            return web.Response()
        answer = await self.answer(request)
        if told == "hang":
            await asyncio.sleep(3600)
        return answer


def refusal(status, message):
    return web.json_response({"code": "Refused", "message": message}, status=status)


class OpenSenseMap(Double):
    """`boxes`: box id -> (access token, sensor ids)."""

    def __init__(self, boxes):
        super().__init__()
        self.boxes = boxes

    async def answer(self, request):
        _, _, box, *rest = request.path.split("/")
        if box not in self.boxes:
            return refusal(404, "Box not found")
        token, sensors = self.boxes[box]
        if request.method == "GET":
            return web.json_response({"_id": box, "sensors": [{"_id": sensor} for sensor in sensors]})
        assert (rest, request.content_type) == (["data"], "application/json")
        if request.headers.get("Authorization") != token:
            return refusal(401, "Box access token not valid!")
        values = json.loads(await request.read())
        assert isinstance(values, list)
        if len(values) > 2500 or not all(fits(one, sensors) for one in values):
            return refusal(422, "Unprocessable Entity")
        self.taken += [(box, one["sensor"], one["value"], one["createdAt"]) for one in values]
        return web.Response(status=201, text="Measurements saved in box")


def fits(value, sensors):
    """Of this box, and not in the future."""
    created = datetime.fromisoformat(value["createdAt"])
    return value["sensor"] in sensors and created <= datetime.now(UTC) + timedelta(minutes=5)


class SensorCommunity(Double):
    """`registered`: (X-Sensor, X-PIN) pairs."""

    def __init__(self, registered):
        super().__init__()
        self.registered = registered

    async def answer(self, request):
        if request.path != "/v1/push-sensor-data/":
            return web.Response(status=404)
        node, pin = request.headers.get("X-Sensor"), request.headers.get("X-PIN")
        if node not in {known for known, _ in self.registered}:
            return web.json_response({"detail": "Node not found in database."}, status=403)
        if (node, pin) not in self.registered:
            return web.json_response(["sensor could not be selected."], status=400)
        told = json.loads(await request.read())
        values = told["sensordatavalues"]
        assert told["software_version"]
        assert all(isinstance(value["value"], str) for value in values)
        self.taken.append((node, pin, {value["value_type"]: value["value"] for value in values}))
        return web.json_response({"id": len(self.taken)}, status=201)
