"""`mosquitto_sub > file`, the limit: the broker's own client writes down what it gets, and that is all."""

from collections.abc import Collection
from pathlib import Path

from luftpegel_tools.figures.gateway.load import Load, Name
from luftpegel_tools.figures.gateway.subject import TOPICS, Subject
from luftpegel_tools.programs.broker import Broker
from luftpegel_tools.programs.debian import find_program


class MosquittoSub(Subject):
    """It counts messages, not readings, for it does not look into them."""

    title = "mosquitto_sub > file"

    def __init__(self, folder: Path, broker: Broker, core: int) -> None:
        super().__init__(folder, broker, core)
        self._file = folder / "events.jsonl"
        self._read = 0
        self._lines = 0

    def start(self) -> None:
        """See `Subject`."""
        program = find_program("mosquitto_sub", "mosquitto-clients")
        address = ["-h", self.broker.host, "-p", str(self.broker.port)]
        session = ["-i", "limit", "-c", "-q", "1", "-t", TOPICS]
        self.run([*program.argv_prefix, *address, *session], dict(program.env), self._file)

    def arrived(self, names: Collection[Name]) -> set[Name]:
        """Nothing is asked for by name here."""
        raise NotImplementedError

    def count(self) -> int:
        """See `Subject`."""
        with self._file.open("rb") as lines:
            lines.seek(self._read)
            while piece := lines.read(1 << 20):
                self._read += len(piece)
                self._lines += piece.count(b"\n")
        return self._lines

    def expected(self, load: Load, frames: int) -> int:
        """See `Subject`."""
        return load.messages_after(frames)
