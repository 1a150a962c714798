"""Who hears what the board sends: a virtual rig's network, or a real network server's events over MQTT."""

import base64
import json
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from luftpegel_tools.rig.errors import RigError
from luftpegel_tools.rig.rig_file import WitnessPlan

POLL_S = 0.1


@dataclass(frozen=True)
class Heard:
    """One frame as the network server has it."""

    dev_eui: str
    f_cnt: int
    port: int
    payload: bytes


class Witness(Protocol):
    """Uplinks that came through, oldest first."""

    def uplinks(self) -> list[Heard]:
        """All since the witness was asked to listen."""


class VirtualWitness:
    """The network of a virtual rig; it can also be told to refuse, to fall silent, and to answer."""

    def __init__(self, bench: Any):
        self._bench = bench

    def uplinks(self) -> list[Heard]:
        """All that came through."""
        return [
            Heard(one["dev_eui"], one["f_cnt"], one["port"], bytes.fromhex(one["payload"]))
            for one in self._bench.ask("heard")["uplinks"]
        ]

    @property
    def joins(self) -> list[str]:
        """DevEUIs of all joins that were let in."""
        return list(self._bench.ask("heard")["joins"])

    @property
    def refused(self) -> int:
        """Modems' joins with a wrong key, or while the network was silent."""
        return int(self._bench.ask("heard")["refused"])

    def register(self, app_key: bytes | None) -> None:
        """The one key that is let in; None: whatever the board has."""
        self._bench.ask("register", app_key=app_key.hex() if app_key else None)

    def answers(self, on: bool) -> None:
        """Whether the network is there."""
        self._bench.ask("network_answers", on=on)

    def queue(self, port: int, payload: bytes) -> None:
        """Answer the next uplink with a payload."""
        self._bench.ask("downlink", port=port, payload=payload.hex())


class MqttWitness:
    """ChirpStack's uplink events of one device, from its broker."""

    def __init__(self, plan: WitnessPlan):
        from paho.mqtt import client as mqtt  # noqa: PLC0415 - few rigs have a real network
        from paho.mqtt.enums import CallbackAPIVersion  # noqa: PLC0415

        self._heard: list[Heard] = []
        self._subscribed = threading.Event()
        self._topic = f"application/+/device/{plan.dev_eui.lower()}/event/up"
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        if plan.user:
            password = Path(plan.password_file).read_text().strip() if plan.password_file else None
            self._client.username_pw_set(plan.user, password)
        self._client.on_connect = lambda client, *_: client.subscribe(self._topic, qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = lambda _client, _data, message: self._take(message.payload)
        self._client.connect(plan.host, plan.port)
        self._client.loop_start()
        if not self._subscribed.wait(10):
            raise RigError("LP-686", what=f"a subscription to {self._topic}", seconds=10)

    def _take(self, payload: bytes | bytearray) -> None:
        event = json.loads(payload)
        self._heard.append(
            Heard(
                event["deviceInfo"]["devEui"],
                event.get("fCnt", 0),  # protobuf's JSON leaves zeros out
                event.get("fPort", 0),
                base64.b64decode(event.get("data", "")),
            )
        )

    def uplinks(self) -> list[Heard]:
        """All since this witness began to listen."""
        return list(self._heard)

    def close(self) -> None:
        """Hang up."""
        self._client.disconnect()
        self._client.loop_stop()


def wait_for_uplink(witness: Witness, port: int, since: int, timeout_s: float = 30.0) -> Heard:
    """The first frame on `port` after the `since` oldest ones.

    Raises:
        RigError: LP-686 when none comes within `timeout_s`.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        for heard in witness.uplinks()[since:]:
            if heard.port == port:
                return heard
        if time.monotonic() > deadline:
            raise RigError("LP-686", what=f"a frame on port {port}", seconds=timeout_s)
        time.sleep(POLL_S)
