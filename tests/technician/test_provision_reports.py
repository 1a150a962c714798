"""What users of network servers have reported about registering many devices, each tried on ours."""

import csv

import grpc
import pytest
from chirpstack_api import api
from chirpstack_api.common import common_pb2
from tests.technician.provision_world import Town
from tests.technician.test_provision import device, profile
from tests.technician.test_provision_tts import APPLICATION, KEY, assert_complete, run

from luftpegel_tools.cli import main
from luftpegel_tools.network_server.things_stack import ThingsStack
from luftpegel_tools.technician.provision import tts_devices


@pytest.fixture
def town(tmp_path):
    made = Town(tmp_path / "town")
    yield made
    made.close()


@pytest.fixture
def done(town, capsys):
    assert town.apply() == 0
    capsys.readouterr()
    return town


@pytest.fixture
def stack(town):
    town.give_key(KEY)
    with ThingsStack(KEY, APPLICATION) as running:
        yield running


def test_devices_without_keys(done, capsys):
    """Devices added in bulk by the API, "but the application key is not added"."""
    for record in done.records.devices.values():
        record.keys = None
    assert done.plan() == 0
    assert capsys.readouterr().out.count("key: no key") == 3
    assert done.apply() == 0
    done.assert_complete()


def test_the_key_in_the_wrong_field(done, capsys):
    """With LoRaWAN 1.0.x the AppKey has to be in `nwk_key`; in `app_key` no join ever succeeds."""
    keys = device(done).keys
    keys.app_key, keys.nwk_key = keys.nwk_key, "0" * 32
    device(done).used_nonces = {1}  # it tries all the time
    assert done.plan() == 0
    assert "key: the right key in the field of LoRaWAN 1.1" in capsys.readouterr().out
    assert done.apply() == 0
    done.assert_complete()


def test_an_empty_network_key_is_never_sent(town):
    """Without `nwk_key` the server says "Invalid string length"."""
    seen = []
    real = town.records.set_keys
    town.records.set_keys = lambda keys: (seen.append(keys.nwk_key), real(keys))
    assert town.apply() == 0
    assert sorted(seen) == sorted(town.keys().values())


def test_two_profiles_of_one_name(done, capsys):
    """Any number of profiles may have one name; none of them is taken by chance."""
    twin = api.DeviceProfile()
    twin.CopyFrom(profile(done))
    done.records.add_profile(twin)
    assert done.plan() == 1
    told = capsys.readouterr().err
    assert told.startswith("LP-641 ChirpStack has several things of one name: device profile Luftpegel level")
    assert done.apply() == 1


def test_a_profile_of_another_lorawan(done):
    """A profile of LoRaWAN 1.1 for a device of 1.0.x, and the join fails."""
    found = profile(done)
    found.mac_version = common_pb2.MacVersion.LORAWAN_1_1_0
    found.reg_params_revision = common_pb2.RegParamsRevision.B
    assert done.apply() == 0
    assert profile(done).mac_version == common_pb2.MacVersion.LORAWAN_1_0_4
    assert profile(done).reg_params_revision == common_pb2.RegParamsRevision.RP002_1_0_3


def test_a_new_key_forgets_no_nonces(done):
    """The numbers of joins are used up for good; nothing flushes them on the way."""
    device(done).used_nonces = {1, 2}
    device(done).keys.nwk_key = "5" * 32
    assert done.apply() == 0
    assert device(done).used_nonces == {1, 2}
    assert not any("Nonces" in name for name in done.spoiler.calls)


def test_the_server_that_cannot_keep_up(tmp_path):
    """One request a device at the same time, and the server answers none in time."""
    town = Town(tmp_path / "many", 20)
    try:
        assert town.apply("--parallel", "2") == 0
        assert town.spoiler.most_at_once <= 2
    finally:
        town.close()


@pytest.mark.parametrize(
    "eaten",
    ["70b3d57ed000123", "7.0B3E+15", "70,3E+15", "1234567890123450", "0x70b3d57ed0001234", "'70b3d57ed00012"],
)
def test_a_spreadsheet_has_eaten_digits(town, capsys, eaten):
    """Leading zeros gone, long numbers in scientific notation."""
    lines = town.roster.read_text().splitlines()
    cells = lines[1].split(",")
    cells[4] = f'"{eaten}"'
    town.roster.write_text("\n".join([lines[0], ",".join(cells), *lines[2:]]) + "\n")
    assert town.apply() == 1
    told = capsys.readouterr().err
    # all digits and the right length: such an EUI can be; then it is one without a key
    assert told.startswith("LP-640" if len(eaten) == 16 else "LP-602")
    assert not town.records.devices


def test_semicolons(town, tmp_path):
    """The importer takes no commas. And a name with a semicolon stays one."""
    text = town.roster.read_text().replace("Ort 1", "Wehr; Nord")
    town.roster.write_text(text)
    file = tmp_path / "tts.csv"
    assert main(["provision", "apply", str(town.roster), "--server", "tts", "--to", str(file)]) == 0
    rows = list(csv.reader(file.read_text().splitlines(), delimiter=";"))
    assert {len(row) for row in rows} == {10}
    assert rows[1][3] == "Wehr; Nord"


def test_one_bad_device_ends_no_import(town, stack):
    """An import of 25 ends at the first trouble, and nobody knows which it was."""
    eui = list(town.keys())[1].upper()
    stack.registries["ns"]["old"] = {"ids": {"device_id": "old", "dev_eui": eui, "join_eui": "0" * 16}}
    assert run(town, "apply", stack) == 4
    assert set(stack.registries["as"]) == {"lp-0001", "lp-0003"}


def test_a_device_in_one_registry_of_four(town, stack):
    """It is in the identity server and nowhere else, and the console shows "other cluster"."""
    assert run(town, "apply", stack) == 0
    for name in ("js", "ns", "as"):
        del stack.registries[name]["lp-0002"]
    assert run(town, "apply", stack) == 0
    assert_complete(town, stack)
    assert stack.registries[""]["lp-0002"]["network_server_address"] == "127.0.0.1"


def test_left_behind_by_a_deletion(town, stack, capsys):
    """A device deleted from the identity server alone blocks its EUIs in the others."""
    eui = next(iter(town.keys())).upper()
    ids = {"device_id": "eui-old", "dev_eui": eui, "join_eui": "0" * 16}
    stack.registries["js"]["eui-old"] = {"ids": ids}
    assert run(town, "apply", stack) == 4
    assert "LP-642" in capsys.readouterr().err
    del stack.registries["js"]["eui-old"]
    assert run(town, "apply", stack) == 0
    assert_complete(town, stack)


def test_regional_parameters_that_the_server_does_not_have(town, stack, capsys, monkeypatch):
    """A version of the regional parameters that the network server does not know."""
    monkeypatch.setattr(tts_devices, "PHY_VERSION", "RP001_V1_0_3_REV_A")
    assert run(town, "apply", stack) == 1
    told = capsys.readouterr().err
    assert "LP-650 The network server refuses this: device LP-0001, network server: 400 version (inva" in told
    monkeypatch.undo()
    assert run(town, "apply", stack) == 0
    assert_complete(town, stack)


def test_a_frequency_plan_of_another_region(town, stack, capsys):
    """Devices of Europe under an American plan: joins are heard, answers never."""
    assert run(town, "apply", stack, "--frequency-plan", "US_902_928_FSB_2") == 1
    assert capsys.readouterr().err.startswith("LP-643 --frequency-plan US_902_928_FSB_2 is for another")
    assert not any(stack.registries.values())
    assert run(town, "apply", stack, "--frequency-plan", "EU_863_870") == 0


def test_a_status_that_nobody_foresaw(town, capsys):
    town.spoiler.before = lambda _at, name: (
        (grpc.StatusCode.DATA_LOSS, "?") if name == "DeviceService/Create" else None
    )
    assert town.apply() == 4
    assert "LP-514" in capsys.readouterr().err
    town.spoiler.heal()
    assert town.apply() == 0
    town.assert_complete()
