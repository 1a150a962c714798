"""Node-RED 4 as a process under test: MQTT in, our own codec in a function node, file out.

Set up as kindly as we know: no editor, the codec loaded once, and only readings that are new are written,
known by number in memory. What it cannot do is acknowledge after writing: it answers the broker on arrival,
and its file is not synced.
"""

import json
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

from luftpegel_tools.figures.gateway.load import Name
from luftpegel_tools.figures.gateway.peers import MissingPeerError, installed, npm_install
from luftpegel_tools.figures.gateway.subject import TOPICS, LineOutput, Subject
from luftpegel_tools.generate.table import REPOSITORY
from luftpegel_tools.programs.broker import Broker

VERSION = "4.1.15"
_CODEC = REPOSITORY / "spec" / "codec" / "luftpegel.js"
_SETTINGS = """\
module.exports = {
  flowFile: "flows.json",
  httpAdminRoot: false,
  httpNodeRoot: false,
  disableEditor: true,
  credentialSecret: false,
  contextStorage: { default: { module: "memory" } },
  functionGlobalContext: { luftpegel: require("./codec.js"), newest: new Map() },
  logging: { console: { level: "info", metrics: false, audit: false } },
  telemetry: { enabled: false, updateNotification: false }
};
"""
_FUNCTION = """\
const up = msg.payload;
const said = global.get("luftpegel").decodeUplink({
  bytes: Buffer.from(up.data, "base64"), fPort: up.fPort, recvTime: new Date(up.time)
});
if (said.errors) {
  node.error(said.errors[0]);
  return null;
}
const station = Number(up.deviceInfo.deviceName.slice(-4));
const newest = global.get("newest");
const known = newest.has(station) ? newest.get(station) : -1;
const lines = [];
for (const reading of said.data.readings) {
  if (reading.seq <= known) {
    break;
  }
  const told = reading.values;
  lines.push([station, reading.seq, reading.time, told.temperature, told.humidity, told.pressure].join(","));
}
if (lines.length === 0) {
  return null;
}
newest.set(station, said.data.readings[0].seq);
msg.payload = lines.join("\\n");
return msg;
"""


def folder() -> Path:
    """Where it is installed. Raises MissingPeerError."""
    if shutil.which("node") is None:
        raise MissingPeerError("node is not installed")
    return installed(f"node-red-{VERSION}", lambda place: npm_install(place, f"node-red@{VERSION}"))


class NodeRed(Subject):
    """A reading has arrived when its line is in the file."""

    title = f"Node-RED {VERSION}"

    def __init__(self, folder: Path, broker: Broker, core: int) -> None:
        super().__init__(folder, broker, core)
        self._file = folder / "readings.csv"
        self._output = LineOutput(self._file)
        (folder / "codec.js").write_text(_CODEC.read_text() + "\nmodule.exports = { decodeUplink };\n")
        (folder / "settings.js").write_text(_SETTINGS)
        (folder / "flows.json").write_text(json.dumps(_flow(broker, self._file)))

    def start(self) -> None:
        """See `Subject`."""
        node = shutil.which("node")
        assert node is not None  # `folder` has looked
        program = folder() / "node_modules" / "node-red" / "red.js"
        settings = str(self.folder / "settings.js")
        self.run([node, str(program), "--userDir", str(self.folder), "--settings", settings])

    def arrived(self, names: Collection[Name]) -> set[Name]:
        """See `Subject`."""
        return self._output.seen() & set(names)

    def count(self) -> int:
        """See `Subject`."""
        return len(self._output.seen())


def _flow(broker: Broker, file: Path) -> list[dict[str, Any]]:
    """The flow as Node-RED's editor would save it."""
    tab = {"z": "town"}
    return [
        {"id": "town", "type": "tab", "label": "Luftpegel"},
        {
            "id": "broker",
            "type": "mqtt-broker",
            "broker": broker.host,
            "port": broker.port,
            "clientid": "node-red",
            "autoConnect": True,
            "usetls": False,
            "protocolVersion": "4",
            "keepalive": "60",
            "cleansession": False,
        },
        {
            **tab,
            "id": "in",
            "type": "mqtt in",
            "topic": TOPICS,
            "qos": "1",
            "datatype": "json",
            "broker": "broker",
            "wires": [["decode"]],
        },
        {
            **tab,
            "id": "decode",
            "type": "function",
            "func": _FUNCTION,
            "outputs": 1,
            "timeout": 0,
            "initialize": "",
            "finalize": "",
            "libs": [],
            "wires": [["out"]],
        },
        {
            **tab,
            "id": "out",
            "type": "file",
            "filename": str(file),
            "filenameType": "str",
            "appendNewline": True,
            "createDir": False,
            "overwriteFile": "false",
            "encoding": "none",
            "wires": [[]],
        },
    ]
