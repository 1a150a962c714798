"""A roster's stations at ChirpStack: what is shown, written, refused, and never touched."""

import json
import logging
import subprocess
import sys
import time
from pathlib import Path

import grpc
import pytest
from chirpstack_api import api
from chirpstack_api.common import common_pb2
from tests.gateway.mqtt_world import authority, stranger  # noqa: F401
from tests.technician.provision_world import ADMIN, READER, TENANT, Town

from luftpegel_gateway.network_server import channel
from luftpegel_tools.cli import main
from luftpegel_tools.network_server.chirpstack.records import Session
from luftpegel_tools.technician.ledger import Ledger, ledger_file

CODE = grpc.StatusCode
CODEC = (Path(__file__).parents[2] / "spec" / "codec" / "luftpegel.js").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    monkeypatch.setattr(channel, "AGAIN_S", 0.01)


@pytest.fixture
def town(tmp_path):
    made = Town(tmp_path / "town")
    yield made
    made.close()


@pytest.fixture
def done(town, capsys):
    """A town that is registered."""
    assert town.apply() == 0
    capsys.readouterr()
    return town


def device(town, number=1):
    return next(
        record for record in town.records.devices.values()
        if record.device.tags["luftpegel-id"] == f"LP-{number:04}"
    )  # fmt: skip


def profile(town, kind="level"):
    return next(one for one in town.records.profiles.values() if one.name == f"Luftpegel {kind} EU868")


def ledger(town):
    return Ledger(ledger_file(town.roster))


def test_fifty_devices(tmp_path, capsys):
    town = Town(tmp_path / "town", 50)
    town.spoiler.before = lambda _at, _name: time.sleep(0.005)  # as long as a database takes
    try:
        assert town.apply("--parallel", "6") == 0
        town.assert_complete(50)
        assert "56 written, read back and compared; 0 were so already." in capsys.readouterr().out
        assert 1 < town.spoiler.most_at_once <= 6
        assert all(ledger(town).done(f"LP-{number:04}", "registered") for number in range(1, 51))
        lines = len(list(ledger(town)))
        assert town.apply() == 0
        assert len(list(ledger(town))) == lines == 50
    finally:
        town.close()


def test_plan_writes_nothing(town, capsys):
    assert town.plan() == 0
    told = capsys.readouterr().out
    assert "8 new, 0 changed, 0 same, 0 foreign, 0 refused" not in told
    assert "9 new, 0 changed, 0 same, 0 foreign, 0 refused" in told
    assert not town.records.tenants
    assert not list(ledger(town))
    assert not any("Create" in name for name in town.spoiler.calls)


def test_the_profile_is_right(done):
    found = profile(done)
    assert found.payload_codec_script == CODEC
    assert found.payload_codec_runtime == api.CodecRuntime.JS
    assert (found.mac_version, found.reg_params_revision) == (
        common_pb2.MacVersion.LORAWAN_1_0_4,
        common_pb2.RegParamsRevision.RP002_1_0_3,
    )
    assert found.adr_algorithm_id == "default"
    assert found.device_status_req_interval == 1
    assert found.supports_otaa
    assert not found.supports_class_b
    assert not found.supports_class_c


def test_what_changed_is_shown_and_mended(done, capsys):
    device(done).device.name = "Umbenannt"
    device(done).device.tags["owner"] = "Bauhof"
    device(done, 2).device.tags["luftpegel-kind"] = "level"
    profile(done).mac_version = common_pb2.MacVersion.LORAWAN_1_1_0
    profile(done).payload_codec_script = "function decodeUplink() {}"
    profile(done).uplink_interval = 3600
    assert done.plan() == 0
    told = capsys.readouterr().out
    assert "name: Umbenannt -> Ort 1" in told
    assert "tags.luftpegel-kind: level -> climate" in told
    assert "mac_version: LORAWAN_1_1_0 -> LORAWAN_1_0_4" in told
    assert f"payload_codec_script: 26 characters -> {len(CODEC)} characters" in told
    assert "0 new, 3 changed, 6 same" in told
    assert done.apply() == 0
    done.assert_complete()
    assert device(done).device.tags["owner"] == "Bauhof"  # the town's own stays


def test_nobody_is_asked_without_a_terminal(town, capsys):
    assert main(town.words("apply")) == 2
    assert capsys.readouterr().err.startswith("LP-648")
    assert not town.records.tenants


@pytest.mark.parametrize(("typed", "code"), [("y", 0), ("J", 0), ("n", 2), ("", 2)])
def test_somebody_is_asked(town, monkeypatch, typed, code):
    asked = []
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda prompt: (asked.append(prompt), typed)[1])
    assert main(town.words("apply")) == code
    assert asked == ["Apply? [y/N] "]
    assert bool(town.records.tenants) is (code == 0)


def test_foreign_devices_stay(done, capsys):
    other = api.Device(
        dev_eui="0102030405060708", name="Parkplatz", device_profile_id=profile(done).id,
        application_id=device(done).device.application_id,
    )  # fmt: skip
    done.records.add_device(other)
    assert done.apply() == 0
    assert "foreign   device      0102030405060708 Parkplatz" in capsys.readouterr().out
    assert "0102030405060708" in done.records.devices


def test_never_a_key(town, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    told = ""
    for spoil in (None, (CODE.INTERNAL, "key {key}"), (CODE.INVALID_ARGUMENT, "key {key}")):
        for verb in ("plan", "apply"):
            for more in ([], ["--json"]):
                if spoil:
                    device(town).keys.nwk_key = "f" * 32
                    words = spoil[0], spoil[1].format(key=next(iter(town.keys().values())))
                    town.spoiler.before = lambda _at, name, words=words: words if "Keys" in name else None
                main(town.words(verb, *(["--yes"] if verb == "apply" else []), *more))
    printed = capfd.readouterr()
    told += printed.out + printed.err + caplog.text + ledger_file(town.roster).read_text()
    for key in town.keys().values():
        assert key not in told.lower()
    assert ADMIN not in told
    assert "f" * 32 not in told


def test_a_mounted_station_keeps_its_key(done, capsys):
    device(done).keys.nwk_key = "5" * 32
    eui = device(done).device.dev_eui
    ledger(done).write(station="LP-0001", dev_eui=eui, chip="aabbccddeeff", step="keys")
    assert done.apply() == 4
    printed = capsys.readouterr()
    assert "LP-644 LP-0001 is in use" in printed.out
    assert device(done).keys.nwk_key == "5" * 32
    assert done.apply("--replace-key", "LP-0001") == 0
    done.assert_complete()


def test_a_joined_device_keeps_its_key(done):
    device(done).keys.nwk_key = "5" * 32
    device(done).session = Session(1, bytes(16), bytes(16))
    assert done.plan() == 1
    assert done.apply() == 4
    assert device(done).keys.nwk_key == "5" * 32


def test_a_key_that_nobody_uses_is_replaced(done):
    device(done).keys.nwk_key = "5" * 32
    assert done.apply() == 0
    done.assert_complete()


def test_nonces_are_forgotten_only_when_told(done, capsys):
    device(done).used_nonces = {1, 2, 3}
    device(done, 2).used_nonces = {4}
    device(done).device.name = "Umbenannt"
    assert done.apply() == 0
    assert device(done).used_nonces == {1, 2, 3}
    assert main(done.words("apply", "--flush-nonces", "LP-0001")) == 2  # asks
    assert done.apply("--flush-nonces", "LP-0001") == 0
    assert "LP-0001: its earlier join numbers are forgotten" in capsys.readouterr().out
    assert device(done).used_nonces == set()
    assert device(done, 2).used_nonces == {4}
    assert ledger(done).done("LP-0001", "nonces flushed")
    assert done.apply("--flush-nonces", "LP-0099") == 1
    assert "LP-610" in capsys.readouterr().err


@pytest.mark.parametrize("language", ["en", "de"])
def test_quota(town, capsys, language):
    tenant = town.tenant_key(max_device_count=2)
    town.give_key(TENANT)
    words = town.words("apply", "--yes", "--parallel", "1", "--lang", language, tenant=tenant)
    assert main(words) == 4
    assert "LP-0003: LP-645" in capsys.readouterr().err
    assert len(town.records.devices) == 2
    town.records.tenants[tenant].max_device_count = 0
    assert main(words) == 0
    town.assert_complete()


def test_a_tenants_own_key(town, capsys):
    tenant = town.tenant_key()
    town.give_key(TENANT)
    assert town.apply() == 1  # by name: such a key may not list tenants
    assert "LP-510" in capsys.readouterr().err
    assert town.apply(tenant=tenant) == 0
    town.assert_complete()


def test_a_key_that_may_only_read(town, capsys):
    tenant = town.tenant_key()
    town.give_key(READER)
    assert town.plan(tenant=tenant) == 0
    assert town.apply(tenant=tenant) == 1
    assert "LP-510" in capsys.readouterr().err
    assert not town.records.devices


def test_another_regions_profile(done, capsys):
    profile(done).region = common_pb2.Region.US915
    assert done.plan() == 1
    told = capsys.readouterr().out
    assert "LP-643 device profile Luftpegel level EU868 is for another region (US915)" in told
    assert done.apply() == 4
    assert profile(done).region == common_pb2.Region.US915
    assert "1 failed, 1 not begun" in capsys.readouterr().err  # the others are as they should be


def test_taken_in_another_application(done, capsys):
    other = done.records.add_application(
        api.Application(name="Alt", tenant_id=next(iter(done.records.tenants)))
    )
    device(done).device.application_id = other
    assert done.plan() == 1
    assert done.apply() == 4
    assert "LP-642" in capsys.readouterr().err
    assert device(done).device.application_id == other


def test_taken_by_a_tenant_that_our_key_does_not_see(town, capsys):
    tenant = town.tenant_key()
    town.give_key(TENANT)
    records = town.records
    other = records.add_tenant(api.Tenant(name="Nachbarstadt"))
    application = records.add_application(api.Application(name="Pegel", tenant_id=other))
    theirs = records.add_profile(api.DeviceProfile(name="P", tenant_id=other))
    eui = next(iter(town.keys()))
    records.add_device(
        api.Device(dev_eui=eui, name="X", application_id=application, device_profile_id=theirs)
    )
    records.add_gateway(api.Gateway(gateway_id="0016c001f1500001", name="Y", tenant_id=other))
    assert town.apply(tenant=tenant) == 4
    told = capsys.readouterr().err
    assert f"LP-642 The DevEUI {eui} of LP-0001 is registered elsewhere" in told
    assert "LP-651" in told
    assert records.devices[eui].device.application_id == application
    assert len(records.devices) == 3


def test_the_codec_is_refused(town, capsys):
    words = CODE.INVALID_ARGUMENT, "payload codec script is too long"
    town.spoiler.before = lambda _at, name: words if name == "DeviceProfileService/Create" else None
    assert town.apply() == 4
    assert "LP-646" in capsys.readouterr().err
    town.spoiler.heal()
    assert town.apply("--no-codec") == 0
    town.assert_complete()
    assert profile(town).payload_codec_script == ""
    assert town.apply("--codec", str(town.folder / "none.js")) == 1
    assert "LP-649" in capsys.readouterr().err


def test_what_is_read_back_differs(town, capsys):
    real = town.records.add_device

    def other(wanted):
        real(wanted)
        town.records.devices[wanted.dev_eui].device.tags["luftpegel-id"] = "LP-9999"

    town.records.add_device = other
    assert town.apply() == 4
    assert "LP-647 What was read back is not what was written" in capsys.readouterr().err
    assert not ledger(town).done("LP-0001", "registered")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda town: town.grpc.close(), "LP-502"),
        (lambda town: town.give_key("wrong"), "LP-509"),
        (lambda town: town.key.chmod(0o644), "LP-653"),
        (lambda town: town.key.unlink(), "LP-653"),
    ],
)
@pytest.mark.parametrize("language", ["en", "de"])
def test_it_cannot_be_reached(town, capsys, change, code, language):
    change(town)
    assert town.apply("--lang", language) == 1
    told = capsys.readouterr().err
    assert told.startswith(code)
    assert ("Nächster Schritt" if language == "de" else "Next step") in told


def test_nothing_says_where(town, capsys):
    assert main(["provision", "plan", str(town.roster), "--lang", "en"]) == 2
    assert "LP-652" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("server", "code"),
    [
        (["--api-host", "chirpstack.invalid"], "LP-500"),
        (["--server", "tts", "--url", "http://tts.invalid"], "LP-480"),
    ],
)
def test_keys_in_clear_are_told(town, capsys, server, code):
    assert town.plan(*server) == 1
    assert capsys.readouterr().err.startswith(code)


def test_tls(tmp_path, capsys, authority, stranger):  # noqa: F811
    certificate, key = authority.issue("chirpstack")
    town = Town(tmp_path / "town", 1, tls=(key.read_bytes(), certificate.read_bytes()))
    try:
        assert town.plan() == 1
        assert "LP-507" in capsys.readouterr().err
        assert town.plan("--api-tls", "--api-ca-file", str(stranger.file)) == 1
        assert "LP-504" in capsys.readouterr().err
        assert town.apply("--api-tls", "--api-ca-file", str(authority.file)) == 0
        town.assert_complete(1)
    finally:
        town.close()


def test_when_the_server_goes_away_the_others_are_not_tried(tmp_path, capsys):
    town = Town(tmp_path / "town", 20)
    try:
        def away(_at, name):
            return CODE.UNAVAILABLE if name.startswith("DeviceService/Create") else None

        town.spoiler.before = away
        assert town.apply("--parallel", "2") == 4
        assert "not begun" in capsys.readouterr().err
        assert town.spoiler.calls.count("DeviceService/Create") <= 6
        town.spoiler.heal()
        assert town.apply() == 0
        town.assert_complete(20)
    finally:
        town.close()


def test_stations_toml(town, tmp_path, capsys):
    config = tmp_path / "gateway.toml"
    config.write_text(
        '[gateway]\ndata = "data"\nstations = "stations.toml"\n\n[[source]]\nkind = "chirpstack-mqtt"\n'
        f'host = "127.0.0.1"\napi_host = "127.0.0.1"\napi_port = {town.grpc.port}\n'
        f'api_key_file = "{town.key}"\n\n[[sink]]\nkind = "store"\n'
    )
    (tmp_path / "stations.toml").write_text(
        '# Our stations.\n[[station]]\nid = "LP-0500"  # the old one\ndev_eui = "70b3d57ed0000500"\n'
        'name = "Alt"\nkind = "air"\n'
    )
    words = [
        "provision", "apply", str(town.roster), "--tenant", "Musterstadt", "--application", "Pegel",
        "--gateways", str(town.folder / "gateways.csv"), "--config", str(config), "--yes", "--lang", "en",
    ]  # fmt: skip
    assert main(words) == 0
    town.assert_complete()
    text = (tmp_path / "stations.toml").read_text()
    assert text.startswith('# Our stations.\n[[station]]\nid = "LP-0500"  # the old one\n')
    assert text.count("[[station]]") == 4
    assert "stations.toml is changed: 3 stations added" in capsys.readouterr().out
    assert main(words) == 0
    assert (tmp_path / "stations.toml").read_text() == text
    # and the gateway's own import finds nothing more to do
    words = ["gateway", "import", "--config", str(config), "--tenant", "Musterstadt", "--lang", "en"]
    assert main(words) == 0
    assert "Nothing to import" in capsys.readouterr().out


def test_for_machines(town, capsys):
    assert town.plan("--json") == 0
    items = json.loads(capsys.readouterr().out)["items"]
    assert [item["what"] for item in items] == [
        "tenant", "application", *["profile"] * 3, "gateway", *["device"] * 3,
    ]  # fmt: skip
    assert town.apply("--json") == 0
    assert json.loads(capsys.readouterr().out) == {"written": 9, "same": 0, "not_begun": 0, "failed": []}


def test_german(town, capsys):
    assert town.plan("--lang", "de") == 0
    assert "  neu       Gerät" in capsys.readouterr().out


def test_the_things_stack_needs_no_grpc(town):
    program = (
        "import sys; from luftpegel_tools.cli import main\n"
        f"assert main(['provision', 'plan', {str(town.roster)!r}, '--server', 'tts', '--to', 'x']) == 0\n"
        "assert 'grpc' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
