"""Every transcript in the documentation is what the commands really print."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from luftpegel_gateway.config import files, stations
from luftpegel_gateway.config.options import REQUIRED, Option
from luftpegel_gateway.sinks import files as files_sink
from luftpegel_gateway.sinks import (
    influxdb,
    ngsi_ld,
    opensensemap,
    postgresql,
    sensor_community,
    sensorthings,
    store,
    webhook,
)
from luftpegel_gateway.sinks import mqtt as mqtt_sink
from luftpegel_gateway.sources import chirpstack_mqtt, http_push, replay, tts_mqtt, tts_webhook, usb_receiver
from luftpegel_gateway.transport.http_options import HTTP_OPTIONS
from luftpegel_gateway.transport.mqtt import BROKER_OPTIONS

CONNECTION = ("proxy", "timeout_s", "ca_file", "cert_file", "key_file")  # of the citizen networks
REPOSITORY = Path(__file__).resolve().parents[1]
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
_TRANSCRIPT = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Pages whose transcripts want a place of their own, and the test that types them there.
ELSEWHERE = {
    "doctor.md": "tests/technician/test_docs.py",
    "flash.md": "tests/technician/test_flash_docs.py",
    "hil.md": "tests/rig/test_docs.py",
    "label.md": "tests/technician/test_docs.py",
    "provision.md": "tests/technician/test_provision_docs.py",
    "roster.md": "tests/technician/test_docs.py",
}
_LINK = re.compile(r"\[[^\]]*\]\(([^)#:]+)(?:#[^)]*)?\)")


def transcripts() -> Iterator[tuple[str, str, str]]:
    """(page, command, what it should print)"""
    for page in PAGES:
        if page.name in ELSEWHERE:
            continue
        for block in _TRANSCRIPT.findall(page.read_text(encoding="utf-8")):
            for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                command, _, output = part.partition("\n")
                yield page.name, command, output


def test_there_are_transcripts() -> None:
    assert {page for page, _, _ in transcripts()} >= {"wire.md"}


@pytest.mark.parametrize(("page", "test"), ELSEWHERE.items())
def test_pages_that_are_typed_elsewhere(page: str, test: str) -> None:
    assert (REPOSITORY / "docs" / page).is_file()
    assert f'"{page}"' in (REPOSITORY / test).read_text(encoding="utf-8")


@pytest.mark.parametrize(("page", "command", "output"), list(transcripts()))
def test_transcript(page: str, command: str, output: str) -> None:
    program, *arguments = shlex.split(command)
    assert program == "luftpegel", f"{page} shows a program that this test does not run: {program}"
    done = subprocess.run(
        [sys.executable, "-m", "luftpegel_tools.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
        timeout=60,
    )
    assert done.stdout + done.stderr == output


def test_the_gateways_page_has_every_key_with_its_default() -> None:
    tables = {
        "`[gateway]`": files.GATEWAY_OPTIONS,
        "`[page]`": files.PAGE_OPTIONS,
        "`[[station]]`": stations.OPTIONS,
        "source `chirpstack-mqtt`": _without_broker(chirpstack_mqtt.OPTIONS),
        "source `tts-mqtt`": _without_broker(tts_mqtt.OPTIONS),
        "source `tts-webhook`": tts_webhook.OPTIONS,
        "source `http-push`": http_push.OPTIONS,
        "source `replay`": replay.OPTIONS,
        "source `usb-receiver`": usb_receiver.OPTIONS,
        "sink `store`": store.OPTIONS,
        "sink `postgresql`": postgresql.OPTIONS,
        "sink `mqtt`": _without_broker(mqtt_sink.OPTIONS),
        "sink `ngsi-ld`": _without_http(ngsi_ld.OPTIONS),
        "sink `sensorthings`": _without_http(sensorthings.OPTIONS),
        "sink `webhook`": _without_http(webhook.OPTIONS),
        "sink `influxdb`": _without_http(influxdb.OPTIONS),
        "sinks over HTTP": HTTP_OPTIONS,
        "both with a broker": BROKER_OPTIONS,
        "sink `files`": files_sink.OPTIONS,
        "sink `opensensemap`": _own(opensensemap.OPTIONS),
        "sink `sensor-community`": _own(sensor_community.OPTIONS),
        "both citizen networks": {key: opensensemap.OPTIONS[key] for key in CONNECTION},
    }
    expected = {
        (where, key): _told(option.default)
        for where, table in tables.items()
        for key, option in table.items()
    }
    listed = {(where, key): default for where, key, default in _keys() if where in tables}
    assert listed == expected


def _without_broker(options: Mapping[str, Option]) -> dict[str, Option]:
    return {key: option for key, option in options.items() if BROKER_OPTIONS.get(key) is not option}


def _without_http(options: Mapping[str, Option]) -> dict[str, Option]:
    return {key: option for key, option in options.items() if HTTP_OPTIONS.get(key) is not option}


def _own(options: Mapping[str, Option]) -> dict[str, Option]:
    return {key: option for key, option in options.items() if key not in CONNECTION}


def _told(default: object) -> str:
    """A default as the page writes it."""
    if default is REQUIRED:
        return "must"
    if isinstance(default, bool):
        return str(default).lower()
    return str(default) if default else ""


def _keys() -> Iterator[tuple[str, str, str]]:
    """(place, key, default) of each row below "Every key"."""
    page = (REPOSITORY / "docs" / "gateway.md").read_text(encoding="utf-8")
    part = page.partition("## Every key")[2].partition("\n## ")[0]
    where = ""
    for row in part.split("\n"):
        if row.startswith("|") and not row.startswith("|--"):
            place, keys, default, _ = (cell.strip() for cell in row.strip("|").split("|"))
            where = place or where
            yield from ((where, key, default) for key in re.findall(r"`([a-z_]+)`", keys))


@pytest.mark.parametrize("page", PAGES)
def test_no_merge_was_left_half_done(page: Path) -> None:
    assert not re.search(r"^(<{7}|={7}|>{7})", page.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("page", [*PAGES, REPOSITORY / "CONTRIBUTING.md", REPOSITORY / "SECURITY.md"])
def test_links_lead_somewhere(page: Path) -> None:
    for target in _LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
