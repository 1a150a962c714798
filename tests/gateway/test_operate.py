"""docs/operate.md as somebody would type it: with a real broker, gateway and simulated town."""

import json
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from luftpegel_tools.programs.broker import free_port

PAGE = Path(__file__).parents[2] / "docs" / "operate.md"
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


class Terminal:
    """A shell in a folder: commands one after the other, those with & beside the rest."""

    def __init__(self, folder, replaced):
        self.folder, self.replaced, self.beside = folder, replaced, []
        program = folder / "bin" / "luftpegel"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m luftpegel_tools.cli "$@"\n')
        program.chmod(0o755)
        self.environment = {"PATH": f"{program.parent}:/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8"}

    def type(self, block):
        """What the commands of a block print."""
        printed = ""
        for line in block.strip().splitlines():
            command = line
            for written, here in self.replaced.items():
                command = command.replace(written, here)
            if command.endswith("&"):
                self.start(command[:-1])
            else:
                printed += self.run(command)
        return printed

    def run(self, command):
        done = subprocess.run(
            ["sh", "-c", command], cwd=self.folder, env=self.environment, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def start(self, command):
        with (self.folder / "beside.log").open("ab") as log:
            words, where = ["sh", "-c", f"exec {command}"], {"cwd": self.folder, "env": self.environment}
            self.beside.append(subprocess.Popen(words, stdout=log, stderr=log, **where))

    def end(self):
        for process in self.beside:
            process.send_signal(signal.SIGINT)
        for process in self.beside:
            process.wait(30)


@pytest.fixture
def terminal(tmp_path, broker):
    port = free_port()
    replaced = {"localhost:1883": f"127.0.0.1:{broker.port}"}
    terminal = Terminal(tmp_path, replaced)
    terminal.page = port
    terminal.broker = broker
    yield terminal
    terminal.end()


def test_the_page_is_as_long_as_it_says():
    assert len(BLOCKS) == 4


def test_from_nothing_to_data(terminal, until):
    files, check, run, look = BLOCKS
    terminal.type(files)
    config = terminal.folder / "gateway.toml"
    text = config.read_text().replace('host = "localhost"', 'host = "127.0.0.1"')
    text = text.replace("port = 1883", f"port = {terminal.broker.port}").replace("8080", str(terminal.page))
    config.write_text(text)
    assert "fail" not in terminal.type(check)
    terminal.type(run)
    newest = until(lambda: newest_of(terminal.page), (terminal.folder / "beside.log").read_text)
    assert {value["quantity"] for value in newest["values"]} >= {"distance"}
    until(lambda: "Everything works." in terminal.type("luftpegel gateway status || true"), "not all works")
    printed = terminal.type(look)
    assert "Everything works." in printed
    assert "distance" in printed


def newest_of(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/stations.json", timeout=10) as answer:
            return json.load(answer)[0]["newest"]
    except OSError:
        return None
