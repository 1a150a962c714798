"""thingsboard-gateway as a process under test: MQTT connector, a converter of ours, a platform of sorts.

Set up as kindly as we know: no rate limits, its fastest storage (memory), its logs silent, the rest as it is
shipped. Its platform is a second mosquitto, where a subscriber of ours answers the one question that it asks
before it sends, and counts what arrives. It acknowledges on arrival.
"""

import json
import threading
from collections.abc import Collection
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from luftpegel_tools.figures.gateway.load import Name
from luftpegel_tools.figures.gateway.peers import installed, pip_install
from luftpegel_tools.figures.gateway.processes import cores, pin
from luftpegel_tools.figures.gateway.subject import TOPICS, Subject, SubjectError
from luftpegel_tools.generate.table import REPOSITORY
from luftpegel_tools.programs.broker import Broker

VERSION = "3.8.5"
_CONVERTER = "LuftpegelConverter"
_WIRE = REPOSITORY / "firmware" / "lib"
_START = "import os; os.chdir({!r}); from thingsboard_gateway.tb_gateway import main; main()"
_UNLIMITED = "0:0,"
_LIMITS = ("rateLimits", "dpRateLimits", "messagesRateLimits", "deviceMessagesRateLimits", "deviceRateLimits",
           "deviceDpRateLimits")  # fmt: skip
_LOGGERS = ("database", "service", "connector", "converter", "tb_connection", "storage", "extension")
_QUESTION, _ANSWER = "v1/devices/me/rpc/request/", "v1/devices/me/rpc/response/"
_TELEMETRY = "v1/gateway/telemetry"
_SUBSCRIBE_PATIENCE_S = 10.0


def folder() -> Path:
    """Where it is installed. Raises MissingPeerError."""
    name = f"thingsboard-gateway-{VERSION}"
    return installed(name, lambda place: pip_install(place, f"thingsboard-gateway=={VERSION}"))


class ThingsboardGateway(Subject):
    """A reading has arrived when the platform's broker hands it to a subscriber."""

    title = f"thingsboard-gateway {VERSION}"

    def __init__(self, folder: Path, broker: Broker, core: int) -> None:
        super().__init__(folder, broker, core)
        self._platform = Platform(folder / "platform")
        (folder / "logs").mkdir()
        files = {
            "tb_gateway.json": _main(self._platform.broker),
            "mqtt.json": _connector(broker),
            "logs.json": _silent(),
            "connected_devices.json": {},
        }
        for name, content in files.items():
            (folder / name).write_text(json.dumps(content))

    def start(self) -> None:
        """See `Subject`."""
        place = folder()
        for packages in place.glob("lib/python3*/site-packages"):
            converter = Path(__file__).with_name("thingsboard_converter.py").read_text()
            (packages / "thingsboard_gateway/extensions/mqtt/luftpegel_converter.py").write_text(converter)
        environment = {"TB_GW_CONFIG_DIR": str(self.folder), "PYTHONPATH": str(_WIRE)}
        # It writes its logs into the folder where it is started.
        self.run([str(place / "bin" / "python"), "-c", _START.format(str(self.folder))], environment)

    def close(self) -> None:
        """See `Subject`."""
        super().close()
        self._platform.close()

    def arrived(self, names: Collection[Name]) -> set[Name]:
        """See `Subject`."""
        return self._platform.seen & set(names)

    def count(self) -> int:
        """See `Subject`."""
        return len(self._platform.seen)


class Platform:
    """What of ThingsBoard the gateway needs: a broker, an answer about limits, a subscriber that looks."""

    def __init__(self, folder: Path) -> None:
        self.seen: set[Name] = set()
        self.broker = Broker(folder)
        pin(self.broker.pid, cores()[1])
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="platform")
        self._client.on_message = self._message
        ready = threading.Event()
        self._client.on_subscribe = lambda *_details: ready.set()
        self._client.connect(self.broker.host, self.broker.port)
        self._client.subscribe([(_QUESTION + "+", 1), (_TELEMETRY, 1)])
        self._client.loop_start()
        if not ready.wait(_SUBSCRIBE_PATIENCE_S):
            raise SubjectError("the platform's subscriber gets no answer from its broker")

    def close(self) -> None:
        """End both."""
        self._client.disconnect()
        self._client.loop_stop()
        self.broker.stop()

    def _message(self, client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        if message.topic == _TELEMETRY:
            for device, entries in json.loads(message.payload).items():
                self.seen.update((int(device[-4:]), entry["values"]["seq"]) for entry in entries)
        else:
            number = message.topic.removeprefix(_QUESTION)
            client.publish(_ANSWER + number, json.dumps(_SESSION_LIMITS), qos=1)


_SESSION_LIMITS = {
    "maxPayloadSize": 65536,
    "maxInflightMessages": 500,
    "rateLimits": {},
    "gatewayRateLimits": {},
}


def _main(platform: Broker) -> dict[str, Any]:
    """tb_gateway.json: as it is shipped, but for the limits, the platform's address and its statistics."""
    return {
        "thingsboard": {
            "host": platform.host,
            "port": platform.port,
            "remoteShell": False,
            "remoteConfiguration": False,
            "statistics": {"enable": False},
            "deviceFiltering": {"enable": False},
            "maxPayloadSizeBytes": 8196,
            "minPackSendDelayMS": 50,
            "minPackSizeToSend": 500,
            "checkConnectorsConfigurationInSeconds": 60,
            "handleDeviceRenaming": True,
            "security": {"type": "accessToken", "accessToken": "benchmark"},
            "qos": 1,
            "reportStrategy": {"type": "ON_RECEIVED"},
            "checkingDeviceActivity": {"checkDeviceInactivity": False},
            **dict.fromkeys(_LIMITS, _UNLIMITED),
        },
        "storage": {"type": "memory", "read_records_count": 100, "max_records_count": 1_000_000},
        "grpc": {"enabled": False},
        "connectors": [{"type": "mqtt", "name": "town", "configuration": "mqtt.json"}],
    }


def _connector(broker: Broker) -> dict[str, Any]:
    """mqtt.json: a session that persists, and our converter, one for all of its workers."""
    return {
        "name": "town",
        "logLevel": "ERROR",
        "broker": {
            "host": broker.host,
            "port": broker.port,
            "clientId": "thingsboard-gateway",
            "version": 5,
            "maxMessageNumberPerWorker": 10,
            "maxNumberOfWorkers": 100,
            "cleanSession": False,
            "cleanStart": False,
            "sessionExpiryInterval": 3600,
            "security": {"type": "anonymous"},
        },
        "mapping": [
            {
                "topicFilter": TOPICS,
                "subscriptionQos": 1,
                "converter": {"type": "custom", "extension": _CONVERTER, "sharedGlobal": True},
            }
        ],
        "requestsMapping": {},
    }


def _silent() -> dict[str, Any]:
    """logs.json: errors only, on the console."""
    handler = {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "level": "ERROR"}
    quiet = {"handlers": ["console"], "level": "ERROR", "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"console": handler},
        "loggers": dict.fromkeys(_LOGGERS, quiet),
        "root": {"level": "ERROR", "handlers": ["console"]},
    }
