"""docs/operate.md as somebody would type it: with a real broker, gateway, FROST-Server and simulated town."""

import json
import re
import signal
import subprocess
import sys
import urllib.request
from datetime import datetime
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
        for written, here in self.replaced.items():
            block = block.replace(written, here)
        for command in commands(block):
            if command.endswith("&"):
                self.start(command[:-1])
            elif job := re.fullmatch(r"kill %(\d) && wait %\1", command):
                self.end_job(int(job[1]))
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

    def end_job(self, number):
        job = self.beside[number - 1]
        job.terminate()
        assert job.wait(60) == 0, (self.folder / "beside.log").read_text()

    def end(self):
        for process in self.beside:
            process.send_signal(signal.SIGINT)
        for process in self.beside:
            process.wait(30)


def commands(block):
    """Line by line; what stands up to END belongs to its line."""
    lines = iter(block.strip().splitlines())
    for line in lines:
        more = [*iter(lines.__next__, "END"), "END"] if line.endswith("<<'END'") else []
        yield "\n".join([line, *more])


@pytest.fixture
def terminal(tmp_path, broker, frost):
    port = free_port()
    replaced = {
        "localhost:1883": f"127.0.0.1:{broker.port}",
        "http://frost.town.example:8080/FROST-Server/v1.1": frost.url("closed"),
        "the password": "write",
        'username = "luftpegel"': 'username = "write"',
    }
    terminal = Terminal(tmp_path, replaced)
    terminal.page = port
    terminal.broker = broker
    yield terminal
    terminal.end()


def test_the_page_is_as_long_as_it_says():
    assert len(BLOCKS) == 6


def test_from_nothing_to_data_on_the_page_and_in_frost(terminal, until, frost):
    files, check, run, look, onto_frost, status = BLOCKS
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
    assert "fail" not in terminal.type(onto_frost)
    until(lambda: "Everything works." in terminal.type(f"{status.strip()} || true"), "not all works")
    exported = readings(terminal.type("luftpegel export --format jsonl"))
    assert exported
    until(lambda: results(frost) >= exported, lambda: f"{results(frost)} of {exported}")


def readings(exported):
    """What the gateway has stored, as (station, time, value)."""
    rows = map(json.loads, exported.splitlines())
    return {(row["station"], datetime.fromisoformat(row["time"]), row["value"]) for row in rows}


def results(frost):
    """The same, as the server has it."""
    query = {"$expand": "Datastream($expand=Thing)"}
    return {
        (
            found["Datastream"]["Thing"]["properties"]["station"],
            datetime.fromisoformat(found["phenomenonTime"]),
            found["result"],
        )
        for found in frost.all("Observations", **query)
    }


def newest_of(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/stations.json", timeout=10) as answer:
            return json.load(answer)[0]["newest"]
    except OSError:
        return None
