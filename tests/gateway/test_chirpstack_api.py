"""What `check` says of ChirpStack's API: each trouble made for real, with one cause and one next step."""

import http.server
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import grpc
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from chirpstack_world import ADMIN, FOREIGN, READER, REMOVED, TENANT, ApiWorld
from mqtt_world import authority, stranger  # noqa: F401

from luftpegel_gateway.config.files import BadConfig, load
from luftpegel_gateway.model.faults import OtherEndDown
from luftpegel_gateway.network_server import channel
from luftpegel_gateway.network_server.channel import Api
from luftpegel_gateway.network_server.faults import of_error
from luftpegel_gateway.network_server.visit import visit
from luftpegel_gateway.words.messages import say
from luftpegel_tools.cli import main
from luftpegel_tools.programs.broker import free_port

STATIONS = '[[station]]\nid = "LP-0001"\ndev_eui = "70b3d57ed0000001"\nname = "M"\nkind = "level"\n'


@pytest.fixture
def make_world(tmp_path, broker):
    made = []

    def make(**options):
        world = ApiWorld(tmp_path / "town-hall", broker.port, **options)
        world.stations.write_text(STATIONS)
        made.append(world)
        return world

    yield make
    for world in made:
        world.close()


@pytest.fixture
def world(make_world):
    return make_world()


@pytest.fixture
def check(capsys):
    """The code that `check` gives the source, "" for none, and what it said of it."""

    def run(world):
        main(["gateway", "check", "--config", str(world.config), "--lang", "en", "--json"])
        printed = capsys.readouterr().out
        rows = [one for one in json.loads(printed)["tried"] if one["part"] == "source_ok"]
        for key in (ADMIN, TENANT, READER, FOREIGN, REMOVED):
            assert key not in printed
        return rows[0]["code"], rows[0]["detail"]

    return run


def test_it_works_and_says_what_it_sees(world, check):
    code, seen = check(world)
    assert (code, seen.endswith(": Pegel")) == ("", True), seen
    world.give_key(ADMIN)
    world.write(api_tenant=None)
    assert check(world)[1].endswith("Musterstadt, Nachbarstadt")
    world.write(api_tenant="Musterstadt")
    assert check(world)[1].endswith(": Pegel")


@pytest.mark.parametrize(
    ("key", "code"), [("rubbish", "LP-509"), (REMOVED, "LP-510"), (FOREIGN, "LP-510"), (READER, "")]
)
def test_keys(world, check, key, code):
    """ChirpStack says UNAUTHENTICATED to all of these, with words or without."""
    world.give_key(key)
    assert check(world)[0] == code


def test_a_tenants_key_without_its_tenant(world, check):
    world.write(api_tenant=None)
    assert check(world)[0] == "LP-510"
    assert "api_tenant" in say("LP-510", "en")


def test_a_tenant_that_is_not_there(world, check):
    world.give_key(ADMIN)
    world.write(api_tenant="7d5b8b3e-9f0c-4c54-8a53-0d3f5e2c1a00")
    assert check(world)[0] == "LP-511"


def test_nobody_listens(world, check):
    world.write(api_port=free_port())
    assert check(world)[0] == "LP-502"


def test_an_unknown_host(world, check):
    world.write(api_host="chirpstack.invalid")
    assert check(world)[0] == "LP-503"


@pytest.fixture
def secured(make_world, authority):  # noqa: F811
    """An API with a certificate; its world."""

    def make(name="chirpstack", **certificate):
        file, key = authority.issue(name, **certificate)
        world = make_world(tls=(key.read_bytes(), file.read_bytes()))
        world.write(api_tls=True, api_ca_file=str(authority.file))
        return world

    return make


def test_with_tls(secured, check):
    world = secured()
    assert check(world)[0] == ""


def test_a_certificate_of_somebody_else(secured, check, stranger):  # noqa: F811
    world = secured()
    world.write(api_tls=True, api_ca_file=str(stranger.file))
    assert check(world)[0] == "LP-504"
    world.write(api_tls=True)
    assert check(world)[0] == "LP-504", "what the system trusts does not have it either"


def test_a_certificate_of_another_name(secured, check):
    assert check(secured(host="chirpstack.town.example"))[0] == "LP-505"


def test_a_certificate_out_of_date(secured, check):
    assert check(secured(days=(-9, -1)))[0] == "LP-506"


def test_tls_where_there_is_none_and_the_other_way_round(world, secured, check, authority):  # noqa: F811
    world.write(api_tls=True, api_ca_file=str(authority.file))
    assert check(world)[0] == "LP-507"
    other = secured()
    other.write()
    assert check(other)[0] == "LP-507"


class Proxy(http.server.BaseHTTPRequestHandler):
    """A web server, or ChirpStack's REST proxy: HTTP/1.1."""

    def do_GET(self):
        self.send_error(404)

    do_POST = do_PRI = do_GET  # noqa: N815

    def log_message(self, *_words):
        """Nothing."""


def test_a_web_server_is_no_api(world, check):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        world.write(api_port=server.server_port)
        assert check(world)[0] == "LP-508"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (grpc.StatusCode.UNIMPLEMENTED, "LP-508"),
        (grpc.StatusCode.PERMISSION_DENIED, "LP-510"),
        (grpc.StatusCode.NOT_FOUND, "LP-511"),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "LP-513"),
        (grpc.StatusCode.INTERNAL, "LP-514"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "LP-514"),
        (grpc.StatusCode.UNAVAILABLE, "LP-502"),
    ],
)
def test_what_the_server_says(world, check, status, code):
    world.spoiler.before = lambda _name: status
    assert check(world)[0] == code


class SaidError(Exception):
    """A grpc.RpcError as a client sees it."""

    def __init__(self, code, details):
        super().__init__(details)
        self._code, self._details = code, details

    def code(self):
        return self._code

    def details(self):
        return self._details


@pytest.mark.parametrize(
    ("status", "said", "code"),
    [
        # What gRPC makes of the page of a web server that does not pass gRPC on, as reported.
        (grpc.StatusCode.INTERNAL, "Received http2 header with status: 400", "LP-508"),
        (grpc.StatusCode.UNIMPLEMENTED, "Received http2 header with status: 404", "LP-508"),
        (grpc.StatusCode.UNAUTHENTICATED, "Received http2 header with status: 401", "LP-508"),
        (grpc.StatusCode.UNAVAILABLE, "Received http2 header with status: 502", "LP-508"),
        (grpc.StatusCode.UNKNOWN, "invalid content-type: text/html", "LP-508"),
        (grpc.StatusCode.UNAUTHENTICATED, None, "LP-510"),
        (grpc.StatusCode.UNAUTHENTICATED, "ExpiredSignature", "LP-509"),
        (grpc.StatusCode.INTERNAL, "x\n" * 10_000, "LP-514"),
    ],
)
def test_what_stands_before_the_server_says(world, status, said, code):
    fault = of_error(SaidError(status, said), options_of(world), "devices")
    assert (fault.code, len(fault.detail) < 400, "\n" in fault.detail) == (code, True, False)


def options_of(world):
    return load(world.config).sources[0].options


def test_who_does_not_answer_is_not_waited_for(world):
    held = threading.Event()
    world.spoiler.before = lambda _name: held.wait(60) and None
    began = time.monotonic()
    with Api(options_of(world), patience_s=0.5) as server, pytest.raises(OtherEndDown, match="LP-513"):
        server.read(server.devices.GetQueue, channel.api.GetDeviceQueueItemsRequest(), "queue")
    held.set()
    assert time.monotonic() - began < 30


def test_an_answer_without_end_is_cut(world):
    """No network server fills our memory."""
    for number in range(100):
        world.add(f"70b3d57ed0{number:06x}", "x" * 60_000)
    with Api(options_of(world)) as server:
        request = channel.api.ListDevicesRequest(application_id=world.application, limit=100)
        with pytest.raises(OtherEndDown, match="LP-514"):
            server.read(server.devices.List, request, "devices")


def test_a_web_proxy_of_the_environment_is_not_asked(world, monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    assert "Pegel" in visit(options_of(world))


@pytest.mark.parametrize(
    ("changes", "key", "code"),
    [
        ({"api_host": None}, "api_key_file", "LP-501"),
        ({"api_key_file": None}, "api_host", "LP-501"),
        ({"api_host": None, "api_key_file": None, "api_tenant": None, "commands_by": "api"}, "commands_by",
         "LP-501"),
        ({"api_ca_file": "stations.toml"}, "api_ca_file", "LP-501"),
        ({"api_ca_file": "stations.toml", "api_tls": True}, "api_ca_file", "LP-339"),
        ({"api_host": "http://chirpstack:8080"}, "api_host", "LP-327"),
        ({"commands_by": "pigeon"}, "commands_by", "LP-306"),
        ({"api_key_file": "nowhere"}, "api_key_file", "LP-326"),
    ],
)  # fmt: skip
def test_options_that_cannot_stand(world, changes, key, code):
    world.write(**changes)
    with pytest.raises(BadConfig) as bad:
        load(world.config)
    found = [(one.words["key"], one.code) for one in bad.value.mistakes]
    assert (key, code) in found


def test_a_key_in_clear_over_the_network_is_a_risk(world, capsys):
    world.write(api_host="chirpstack.town.example")
    main(["gateway", "check", "--config", str(world.config), "--lang", "en", "--no-dial"])
    assert "LP-500" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["import"], ["live"], ["check"]])
def test_without_grpc_it_says_what_to_install(world, words):
    """An environment without the part: its modules cannot be imported."""
    world.write(commands_by="api")
    program = (
        "import sys\n"
        "sys.modules |= dict.fromkeys(('grpc', 'chirpstack_api'))\n"
        "from luftpegel_tools.cli import main\n"
        f"sys.exit(main(['gateway', *{words!r}, '--config', {str(world.config)!r}, '--lang', 'en']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=100, check=False
    )
    assert 'pip install "luftpegel[chirpstack] @ ' in done.stdout + done.stderr
    assert done.returncode == (1 if words == ["check"] else 3)
