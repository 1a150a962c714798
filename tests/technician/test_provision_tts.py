"""A roster's stations at The Things Stack: its CSV, and its four registries with faults between them."""

import csv
import json
import stat

import pytest
from tests.technician.provision_world import Town

from luftpegel_tools.cli import main
from luftpegel_tools.network_server.things_stack import ThingsStack
from luftpegel_tools.technician.ledger import Ledger, ledger_file
from luftpegel_tools.technician.provision import tts_devices, tts_server
from luftpegel_tools.technician.words import TroubleError

KEY = "NNSXS.THE-KEY"
APPLICATION = "musterstadt-pegel"


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    monkeypatch.setattr(tts_server, "_WAIT_S", 0.01)


@pytest.fixture
def town(tmp_path):
    made = Town(tmp_path / "town")
    made.close()  # no ChirpStack here
    made.give_key(KEY)
    return made


@pytest.fixture
def stack():
    with ThingsStack(KEY, APPLICATION) as running:
        yield running


def run(town, verb, stack, *more, application=APPLICATION):
    words = ["provision", verb, str(town.roster), "--server", "tts", "--application", application]
    words += ["--url", stack.url, "--api-key", str(town.key), "--lang", "en", *more]
    return main([*words, "--yes"] if verb == "apply" else words)


def assert_complete(town, stack, count=3):
    keys = town.keys()
    ids = {f"lp-{number:04}" for number in range(1, count + 1)}
    for devices in stack.registries.values():
        assert set(devices) == ids
    for name in ids:
        identity, join, network, application = (stack.registries[one][name] for one in ("", "js", "ns", "as"))
        dev_eui = identity["ids"]["dev_eui"].lower()
        assert join["root_keys"]["app_key"]["key"] == keys[dev_eui]
        assert "nwk_key" not in join["root_keys"]
        assert network["lorawan_version"] == "MAC_V1_0_4"
        assert network["lorawan_phy_version"] == "RP002_V1_0_3"
        assert network["supports_join"] is True
        assert identity["attributes"]["luftpegel-id"] == name.upper()
        assert identity["locations"]["user"]["longitude"] == 6.3
        assert application["formatters"]["up_formatter"] == "FORMATTER_JAVASCRIPT"


def test_the_csv(town, tmp_path, capsys):
    file = tmp_path / "tts.csv"
    file.write_text("older, for everybody")
    words = ["provision", "apply", str(town.roster), "--server", "tts", "--to", str(file), "--lang", "en"]
    assert main(words) == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    content = file.read_bytes()
    assert content.startswith(b"id;dev_eui;join_eui;name;description;frequency_plan_id;lorawan_version;")
    rows = list(csv.DictReader(content.decode().splitlines(), delimiter=";"))
    assert [row["id"] for row in rows] == ["lp-0001", "lp-0002", "lp-0003"]
    keys = town.keys()
    for row in rows:
        assert row["app_key"].lower() == keys[row["dev_eui"].lower()]
        assert row["join_eui"] == "0" * 16
        assert (row["lorawan_version"], row["lorawan_phy_version"]) == ("MAC_V1_0_4", "RP002_V1_0_3")
        assert row["frequency_plan_id"] == "EU_863_870_TTN"
    assert "nwk_key" not in rows[0]
    told = capsys.readouterr()
    assert not any(key in (told.out + told.err).lower() for key in keys.values())


def test_plan_writes_no_csv(town, tmp_path):
    words = ["provision", "plan", str(town.roster), "--server", "tts", "--to", str(tmp_path / "tts.csv")]
    assert main(words) == 0
    assert not (tmp_path / "tts.csv").exists()


def test_the_api(town, stack, capsys):
    assert run(town, "plan", stack) == 0
    assert "3 new, 0 changed" in capsys.readouterr().out
    assert not any(stack.registries.values())
    assert run(town, "apply", stack) == 0
    assert_complete(town, stack)
    assert Ledger(ledger_file(town.roster)).done("LP-0001", "registered")
    stack.calls.clear()
    assert run(town, "apply", stack) == 0
    assert {method for method, _ in stack.calls} == {"GET"}
    printed = capsys.readouterr()
    assert "Nothing to do" in printed.out
    assert not any(key in (printed.out + printed.err).lower() for key in town.keys().values())


def test_in_the_order_of_the_reference(town, stack):
    assert run(town, "apply", stack, "--parallel", "1") == 0
    written = [path.split("/")[3] for method, path in stack.calls if method != "GET"]
    assert written == ["applications", "js", "ns", "as"] * 3


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_fault_at_each_call(tmp_path, when):
    number, made = 0, []
    while True:
        number += 1
        town = Town(tmp_path / f"town-{when}-{number}", 1)
        town.close()
        town.give_key(KEY)
        with ThingsStack(KEY, APPLICATION) as stack:
            setattr(stack, when, lambda at, number=number: 500 if at == number else None)
            made.append(run(town, "apply", stack))
            calls = len(stack.calls)
            stack.before = stack.after = lambda _at: None
            assert run(town, "apply", stack) == 0
            assert_complete(town, stack, 1)
        if calls < number:
            break
    assert made[-1] == 0
    assert 1 in made
    assert number > 12


def test_too_many_requests(town, stack):
    stack.before = lambda at: 429 if at % 3 == 0 else None
    assert run(town, "apply", stack) == 0
    assert_complete(town, stack)


def test_one_that_fails_holds_up_no_other(town, stack, capsys):
    eui = next(iter(town.keys())).upper()
    stack.registries[""]["by-hand"] = {
        "ids": {"device_id": "by-hand", "dev_eui": eui, "join_eui": "0" * 16,
                "application_ids": {"application_id": "another"}},
    }  # fmt: skip
    assert run(town, "apply", stack) == 4
    told = capsys.readouterr().err
    assert f"LP-642 The DevEUI {eui.lower()} of LP-0001" in told
    assert "`by-hand` in application `another`" in told
    assert set(stack.registries["as"]) == {"lp-0002", "lp-0003"}


def test_another_device_under_our_name(town, stack):
    ids = {"device_id": "lp-0001", "dev_eui": "00" * 8, "join_eui": "00" * 8}
    stack.registries[""]["lp-0001"] = {"ids": ids}
    assert run(town, "plan", stack) == 1
    assert run(town, "apply", stack) == 4
    assert stack.registries[""]["lp-0001"] == {"ids": ids}


def test_a_device_in_use_keeps_its_key(town, stack):
    assert run(town, "apply", stack) == 0
    stack.registries["js"]["lp-0001"]["root_keys"]["app_key"]["key"] = "5" * 32
    stack.registries[""]["lp-0001"]["activated_at"] = "2026-05-01T00:00:00Z"
    assert run(town, "plan", stack) == 1
    assert run(town, "apply", stack) == 4
    assert stack.registries["js"]["lp-0001"]["root_keys"]["app_key"]["key"] == "5" * 32
    assert run(town, "apply", stack, "--replace-key", "LP-0001") == 0
    assert_complete(town, stack)


def test_the_towns_own_attributes_stay(town, stack):
    assert run(town, "apply", stack) == 0
    identity = stack.registries[""]["lp-0001"]
    identity["attributes"] |= {"owner": "Bauhof"}
    identity["name"] = "Umbenannt"
    assert run(town, "apply", stack) == 0
    assert identity["attributes"]["owner"] == "Bauhof"
    assert identity["name"] == "Ort 1"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda town, _stack: town.give_key("wrong"), "LP-470"),
        (lambda _town, stack: setattr(stack, "rights", ("read", "write")), "LP-471"),
        (lambda _town, stack: setattr(stack, "before", lambda _at: 503), "LP-472"),
    ],
)
def test_troubles(town, stack, capsys, change, code):
    change(town, stack)
    assert run(town, "apply", stack) == 1
    assert capsys.readouterr().err.startswith(code)
    assert not any(stack.registries.values())


def test_no_such_application(town, stack, capsys):
    assert run(town, "plan", stack, application="another") == 1
    assert capsys.readouterr().err.startswith(("LP-659", "LP-471"))


def test_the_codec_is_too_long(town, stack, tmp_path, capsys):
    long = tmp_path / "long.js"
    long.write_text("/" * 50_000)
    assert run(town, "apply", stack, "--codec", str(long)) == 1
    assert "LP-646" in capsys.readouterr().err
    assert run(town, "apply", stack) == 0
    assert_complete(town, stack)


@pytest.mark.parametrize("station", ["LP", "-", "A" * 32 + "-----"])
def test_ids_that_cannot_be(station):
    if len(tts_devices.re.sub(r"-+", "-", station.lower()).strip("-")) > 2:
        assert tts_devices.device_id(station) == "a" * 32
        return
    with pytest.raises(TroubleError) as told:
        tts_devices.device_id(station)
    assert told.value.code == "LP-658"


def test_for_machines(town, stack, capsys):
    assert run(town, "apply", stack, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"written": 3, "same": 0, "not_begun": 0, "failed": []}
