"""Non-volatile storage as the ESP32 has it: namespaces of integers and blobs, in a file that survives
everything.

Stricter than the chip: what was not committed is lost at the next reset, so that firmware which forgets to
commit fails here and not in the field.
"""

import json
import os
from pathlib import Path
from typing import Any

I32, BLOB = 1, 2
NOT_FOUND = -0x1102
KEY_TOO_LONG = -0x1109
NOT_ENOUGH_SPACE = -0x1105
MAX_KEY = 15


class NvsError(Exception):
    """`code` is the ESP-IDF error number."""

    def __init__(self, code: int):
        super().__init__(hex(-code))
        self.code = code


class Nvs:
    """Values by (namespace, key, kind); `set` stages, `commit` makes durable, `revert` forgets what is
    staged.
    """

    def __init__(self, path: Path):
        self._path = path
        self._stored: dict[str, dict[str, Any]] = json.loads(path.read_text()) if path.exists() else {}
        self._staged = json.loads(json.dumps(self._stored))
        self.full = False  # nothing more can be written, as on a worn or foreign-filled partition

    def get(self, namespace: str, key: str, kind: int) -> bytes:
        """The value's bytes (an i32: four, little endian); NvsError NOT_FOUND."""
        entry = self._staged.get(namespace, {}).get(key)
        if entry is None or entry["kind"] != kind:
            raise NvsError(NOT_FOUND)
        return bytes.fromhex(entry["value"])

    def set(self, namespace: str, key: str, kind: int, value: bytes) -> None:
        """Stage a value."""
        if not 0 < len(key) <= MAX_KEY:
            raise NvsError(KEY_TOO_LONG)
        if self.full:
            raise NvsError(NOT_ENOUGH_SPACE)
        self._staged.setdefault(namespace, {})[key] = {"kind": kind, "value": value.hex()}

    def erase(self, namespace: str, key: str) -> None:
        """Stage the removal of a value; NvsError NOT_FOUND."""
        if self._staged.get(namespace, {}).pop(key, None) is None:
            raise NvsError(NOT_FOUND)

    def commit(self) -> None:
        """Make what is staged durable, as a whole."""
        text = json.dumps(self._staged, sort_keys=True)
        fresh = self._path.with_suffix(".new")
        with fresh.open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(self._path)
        self._stored = json.loads(text)

    def revert(self) -> None:
        """Forget what was not committed (a reset)."""
        self._staged = json.loads(json.dumps(self._stored))

    def content(self) -> dict[str, dict[str, int | bytes]]:
        """Everything that is durable: namespace -> key -> integer or blob."""
        return {
            namespace: {key: self._value(entry) for key, entry in entries.items()}
            for namespace, entries in self._stored.items()
        }

    def replace(self, content: dict[str, dict[str, int | bytes]]) -> None:
        """Have this content and no other, durably."""
        self._staged = {namespace: {} for namespace in content}
        for namespace, values in content.items():
            self.provision(namespace, **values)
        self.commit()

    def provision(self, namespace: str, **values: int | bytes) -> None:
        """Write values durably, as the provisioning tool would."""
        for key, value in values.items():
            if isinstance(value, int):
                self.set(namespace, key, I32, value.to_bytes(4, "little", signed=True))
            else:
                self.set(namespace, key, BLOB, value)
        self.commit()

    def blob(self, namespace: str, key: str) -> bytes:
        """A stored blob; KeyError when there is none."""
        return self._peek(namespace, key, BLOB)

    def i32(self, namespace: str, key: str) -> int:
        """A stored integer; KeyError when there is none."""
        return int.from_bytes(self._peek(namespace, key, I32), "little", signed=True)

    @staticmethod
    def _value(entry: dict[str, Any]) -> int | bytes:
        value = bytes.fromhex(entry["value"])
        return int.from_bytes(value, "little", signed=True) if entry["kind"] == I32 else value

    def _peek(self, namespace: str, key: str, kind: int) -> bytes:
        entry = self._stored[namespace][key]
        if entry["kind"] != kind:
            raise KeyError(key)
        return bytes.fromhex(entry["value"])
